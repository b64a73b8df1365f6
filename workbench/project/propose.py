"""Draws a network that suits the data, for `auto`."""

from __future__ import annotations

from types import MappingProxyType

from workbench.data.base import Dataset, Field, FieldKind
from workbench.errors import DataError
from workbench.graph.graph import PortRef
from workbench.project.adapt import LARGEST_SIDE_PX
from workbench.project.feeding import OBJECTIVE_OF, fields_of_kind, likely_target
from workbench.project.project import Choice, DataChoice, ObjectiveChoice, Project, Recipe
from workbench.project.sketch import Sketch
from workbench.text import Text

_SMALLEST_MAP_PX = 4


def propose(dataset: Dataset) -> Project:
    """Returns a project that reads everything `dataset` has and learns what is most likely meant; sizes are left to `adapt`.

    Raises:
        DataError: There is nothing to read or nothing to learn.
    """
    target = likely_target(dataset)
    inputs = [field for field in dataset.fields if target is None or field.name != target.name]
    if target is None or not inputs:
        raise DataError(
            Text("No network can be proposed for {source}: it needs something to read and something to learn.", source=dataset.source),
            Text("Data needs at least one field to read and one category or number to learn."),
        )
    sketch = Sketch()
    joined = _joined(sketch, [_branch(sketch, field) for field in _readable(dataset, target)])
    if all(field.kind in (FieldKind.NUMBER, FieldKind.CATEGORY) for field in inputs):
        sketch.end = joined
        sketch.chain(("linear", {"units": 64}), "relu", ("dropout", {"rate": 0.1}), ("linear", {"units": 64}), "relu")
    sketch.add("linear", units=max(len(target.categories), 1))
    sketch.add("output", "answer")
    recipe = Recipe(optimizer=Choice("adamw", MappingProxyType({"learning_rate": 0.003})), epochs=20, batch_size=64)
    return Project(
        name=_title(dataset), graph=sketch.laid_out(), data=DataChoice(dataset.source),
        objectives=(ObjectiveChoice(OBJECTIVE_OF[target.kind], "answer", target.name),), recipe=recipe, template="auto",
    )


def _readable(dataset: Dataset, target: Field) -> list[Field]:
    """Returns the fields to read. Beside images or texts the other columns are most often ids and other answers, so they are left out."""
    for kind in (FieldKind.IMAGE, FieldKind.TEXT):
        fields = fields_of_kind(dataset, kind, [target.name])
        if fields:
            return fields[:2]
    return [field for field in dataset.fields if field.name != target.name]


def _joined(sketch: Sketch, ends: list[PortRef]) -> PortRef:
    return ends[0] if len(ends) == 1 else sketch.add("concatenate", after=tuple(ends), port="inputs")


def _branch(sketch: Sketch, field: Field) -> PortRef:
    """Draws what reads one field, down to one vector per row."""
    sketch.end = None
    if field.kind == FieldKind.IMAGE:
        return _image(sketch, field)
    if field.kind == FieldKind.TEXT:
        return _text(sketch, field)
    if field.kind == FieldKind.CATEGORY:
        sketch.add("category_input", field.name, field=field.name, categories=max(len(field.categories), 1))
        return sketch.add("embedding", width=min(16, max(2, len(field.categories) // 2)))
    return sketch.add("number_input", field.name, field=field.name)


def _image(sketch: Sketch, field: Field) -> PortRef:
    """Halves the image until it is small, with more filters each time."""
    side = min(field.height or 32, field.width or 32, LARGEST_SIDE_PX)
    sketch.add("image_input", field.name, field=field.name, channels=field.channels or 1, height=field.height or 32, width=field.width or 32)
    filters = 32
    while side >= 2 * _SMALLEST_MAP_PX or filters == 32:
        sketch.chain(("conv2d", {"filters": filters, "kernel": 3, "bias": False}), "batch_norm2d", "relu", "max_pool2d")
        side, filters = side // 2, min(filters * 2, 128)
    sketch.chain(("conv2d", {"filters": filters, "kernel": 3, "bias": False}), "batch_norm2d", "relu", "global_average_pool")
    return sketch.chain(("dropout", {"rate": 0.2}))


def _text(sketch: Sketch, field: Field) -> PortRef:
    sketch.add("text_input", field.name, field=field.name)
    sketch.chain(("embedding", {"width": 64}), ("dropout", {"rate": 0.2}))
    sketch.chain(("lstm", {"units": 64}))
    return sketch.chain("mean_over_time")


def _title(dataset: Dataset) -> str:
    name = dataset.source.rstrip("/\\").replace("\\", "/").rpartition("/")[2].partition(":")[2] or dataset.source.rstrip("/").rpartition("/")[2]
    return name.partition(".")[0].replace("_", " ").replace("-", " ").capitalize() or "Project"


