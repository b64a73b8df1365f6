"""Draws an autoencoder, for data that has images and nothing to tell about them: it squeezes each one and paints it again."""

from __future__ import annotations

from types import MappingProxyType

from workbench.data.base import Dataset, FieldKind
from workbench.data.summary import image_size
from workbench.project.feeding import fields_of_kind
from workbench.project.project import Choice, DataChoice, ObjectiveChoice, Project, Recipe
from workbench.project.sketch import Sketch

_LARGEST_PX, _STEP_PX = 64, 4
_MANY_ROWS = 5000


def propose_painting(dataset: Dataset) -> Project | None:
    """Returns a project for data that has only images; None where it has none.

    The image is halved twice and doubled twice, so its sides are brought to multiples of four where they are none.

    Args:
        dataset: The opened data.
    """
    field = next(iter(fields_of_kind(dataset, FieldKind.IMAGE)), None)
    if field is None or len(dataset.fields) > 1:
        return None
    channels, height, width = image_size(dataset, field.name)
    scale = min(1.0, _LARGEST_PX / max(height, width))
    sides = [max(2 * _STEP_PX, round(side * scale / _STEP_PX) * _STEP_PX) for side in (height, width)]
    changed = [field.height, field.width] != sides
    sketch = Sketch()
    sketch.add("image_input", field.name, field=field.name, channels=channels, height=sides[0], width=sides[1])
    for filters in (32, 64):
        sketch.chain(("conv2d", {"filters": filters, "kernel": 3, "stride": 2}), "relu")
    sketch.add("conv2d", "code", filters=8, kernel=1)
    sketch.chain("tanh", ("conv_transpose2d", {"filters": 32}), "relu", ("conv_transpose2d", {"filters": channels}))
    sketch.add("output", "painted")
    recipe = Recipe(Choice("adamw", MappingProxyType({"learning_rate": 0.003})), epochs=30 if len(dataset) < _MANY_ROWS else 10, batch_size=32)
    sizes = {field.name: MappingProxyType({"height": sides[0], "width": sides[1]})} if changed else {}
    return Project(
        graph=sketch.laid_out(), data=DataChoice(dataset.source, preprocessing=MappingProxyType(sizes)), recipe=recipe,
        objectives=(ObjectiveChoice("reconstruction", "painted", field.name),),
    )
