"""Draws a network that suits the data, for `auto`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType

from workbench.data.base import Dataset, Field, FieldKind
from workbench.data.prose import is_prose
from workbench.errors import DataError
from workbench.graph import edit
from workbench.graph.graph import Graph, PortRef
from workbench.project.adapt import LARGEST_SIDE_PX
from workbench.project.augmenting import mirrored_alike
from workbench.project.feeding import OBJECTIVE_OF, UNTELLING, fields_of_kind, find_field, likely_target
from workbench.project.project import Choice, ObjectiveChoice, Project, Recipe
from workbench.project.propose_painting import propose_painting
from workbench.project.propose_writing import own_lengths, propose_writing
from workbench.project.sketch import Sketch
from workbench.text import Text

_SMALLEST_MAP_PX = 4
_MOST_UNITS = 512
_PHOTO_PX = 48


@dataclass(frozen=True, slots=True)
class Scale:
    """How large a network data of some size deserves: few rows are learned by heart by a large one, many need room.

    Attributes:
        filters: Of the first convolution; twice as many after each halving, up to `most_filters`.
        rounds: Convolutions at each size of the image.
        width: Of embeddings and recurrent layers.
        units: Of each hidden layer of a table.
        hidden: How many of those there are.
        dropout: The share dropped before the answer.
        epochs: Rounds of training.
    """

    filters: int
    most_filters: int
    rounds: int
    width: int
    units: int
    hidden: int
    dropout: float
    epochs: int


SMALL = Scale(16, 64, 1, 32, 32, 1, 0.3, 40)
MIDDLE = Scale(32, 128, 1, 64, 64, 2, 0.2, 20)
LARGE = Scale(32, 256, 2, 128, 128, 3, 0.1, 10)
SMALL_ROWS, LARGE_ROWS = 1000, 20_000


def scale_of(rows: int) -> Scale:
    """Returns how large a network so many rows deserve."""
    return SMALL if rows < SMALL_ROWS else MIDDLE if rows < LARGE_ROWS else LARGE


def propose(dataset: Dataset, target_name: str = "") -> Project:
    """Returns a project that reads what `dataset` has and learns what is most likely meant; sizes of inputs are left to `adapt`.

    Args:
        dataset: The opened data.
        target_name: The field to learn, where somebody said so.

    Raises:
        DataError: There is nothing to read or nothing to learn.
    """
    chosen = find_field(dataset, target_name) if target_name else None
    target = chosen or likely_target(dataset) or next(iter(fields_of_kind(dataset, FieldKind.MASK)), None)
    if target is None or target.kind not in OBJECTIVE_OF:
        writing = propose_writing(dataset, target)
        if writing is not None:
            return replace(writing, name=_title(dataset), data=replace(writing.data, source=dataset.source), template="auto")
    painting = propose_painting(dataset) if target is None else None
    if painting is not None:
        return replace(painting, name=_title(dataset), template="auto")
    fields = _readable(dataset, target) if target is not None else []
    if target is None or not fields:
        raise DataError(
            Text("No network can be proposed for {source}: it needs something to read and something to learn.", source=dataset.source),
            Text("Data needs at least one field to read and one category, number or mask to learn."),
        )
    scale, answers = scale_of(len(dataset)), max(len(target.categories), 1)
    sketch = Sketch()
    if target.kind == FieldKind.MASK:
        _pixels(sketch, fields[0], scale, answers)
    else:
        _joined(sketch, [_branch(sketch, field, scale, answers) for field in fields])
        if all(field.kind in (FieldKind.NUMBER, FieldKind.CATEGORY) for field in fields):
            _hidden(sketch, scale, answers)
        sketch.add("linear", units=answers)
    sketch.add("output", "answer")
    recipe = Recipe(optimizer=Choice("adamw", MappingProxyType({"learning_rate": 0.003})), epochs=scale.epochs, batch_size=64)
    return Project(
        name=_title(dataset), graph=_labelled(sketch.laid_out(), fields),
        data=replace(own_lengths(fields), source=dataset.source, augmentation=_varied(fields, target, len(dataset))),
        objectives=(ObjectiveChoice(OBJECTIVE_OF[target.kind], "answer", target.name),), recipe=recipe, template="auto",
    )


def _labelled(graph: Graph, fields: list[Field]) -> Graph:
    """Shows columns whose names cannot be written in ASCII by their own names; those of the nodes stay numbered."""
    for field in fields:
        node = graph.named(field.name)
        if node is not None and field.label and not isinstance(field.label, Text) and not field.label.isascii():
            graph = edit.change_node(graph, node.id, label=field.label)
    return graph


def _varied(fields: list[Field], target: Field, rows: int) -> tuple[Choice, ...]:
    """Returns how training rows are varied: few photos are mirrored, which hardly ever makes them something else; small pictures may be letters."""
    photos = [field for field in fields if field.kind == FieldKind.IMAGE and field.channels == 3 and not 0 < field.height < _PHOTO_PX]
    alike = target.kind == FieldKind.CATEGORY and mirrored_alike(target.categories)
    return (Choice("flip"),) if photos and alike and rows < LARGE_ROWS else ()


def _readable(dataset: Dataset, target: Field) -> list[Field]:
    """Returns the fields to read. Beside images, sounds or texts the other columns are most often ids and other answers, so they are left out."""
    untelling = [field.name for field in dataset.fields if field.type in UNTELLING]
    rich = [fields_of_kind(dataset, kind, [target.name, *untelling]) for kind in (FieldKind.IMAGE, FieldKind.AUDIO, FieldKind.SERIES, FieldKind.TEXT)]
    plain = [
        field for field in dataset.fields
        if field.name not in (target.name, *untelling) and field.kind in (FieldKind.NUMBER, FieldKind.CATEGORY) and _usable(field)
    ]
    if plain:  # names, addresses and codes beside a table are not worth reading
        rich[-1] = [field for field in rich[-1] if is_prose(dataset, field)]
    present = [fields for fields in (rich[:1] if target.kind == FieldKind.MASK else rich) if fields]
    if target.kind == FieldKind.MASK:
        return present[0] if present else []
    if len(present) == 1:
        return present[0][:2]
    return [fields[0] for fields in present] or plain


def _usable(field: Field) -> bool:
    return field.kind != FieldKind.CATEGORY or len(field.categories) > 1


def _joined(sketch: Sketch, ends: list[PortRef]) -> PortRef:
    sketch.end = ends[0]
    return ends[0] if len(ends) == 1 else sketch.add("concatenate", after=tuple(ends), port="inputs")


def _hidden(sketch: Sketch, scale: Scale, answers: int) -> None:
    """Draws the hidden layers of a table, none narrower than twice the answers."""
    units = _at_least(scale.units, answers)
    for index in range(scale.hidden):
        sketch.chain(("linear", {"units": units}), "relu")
        if index < scale.hidden - 1 or scale.hidden == 1:
            sketch.chain(("dropout", {"rate": scale.dropout}))


def _at_least(size: int, answers: int) -> int:
    """Returns a size that leaves room for so many answers: a power of two from twice as many on."""
    return max(size, min(1 << (2 * answers - 1).bit_length(), _MOST_UNITS))


def _branch(sketch: Sketch, field: Field, scale: Scale, answers: int) -> PortRef:
    """Draws what reads one field, down to one vector per row."""
    sketch.end = None
    if field.kind == FieldKind.IMAGE:
        return _image(sketch, field, scale, answers)
    if field.kind == FieldKind.TEXT:
        return _text(sketch, field, scale)
    if field.kind in (FieldKind.SERIES, FieldKind.AUDIO):
        return _steps(sketch, field, scale)
    if field.kind == FieldKind.CATEGORY:
        sketch.add("category_input", field.name, field=field.name, categories=max(len(field.categories), 1))
        return sketch.add("embedding", width=min(16, max(2, len(field.categories) // 2)))
    return sketch.add("number_input", field.name, field=field.name)


def _image(sketch: Sketch, field: Field, scale: Scale, answers: int) -> PortRef:
    """Halves the image until it is small, with more filters each time."""
    side = min(field.height or 32, field.width or 32, LARGEST_SIDE_PX)
    sketch.add("image_input", field.name, field=field.name, channels=field.channels or 1, height=field.height or 32, width=field.width or 32)
    filters = scale.filters
    while side >= 2 * _SMALLEST_MAP_PX or filters == scale.filters:
        _convolutions(sketch, filters, scale.rounds)
        sketch.add("max_pool2d")
        side, filters = side // 2, min(filters * 2, scale.most_filters)
    _convolutions(sketch, _at_least(filters, answers), 1)
    return sketch.chain("global_average_pool", ("dropout", {"rate": scale.dropout}))


def _pixels(sketch: Sketch, field: Field, scale: Scale, answers: int) -> None:
    """Answers at every pixel: the image stays as large as it is, and windows widen to see far around each."""
    sketch.add("image_input", field.name, field=field.name, channels=field.channels or 1, height=field.height or 32, width=field.width or 32)
    for gap in (1, 2, 4, 8):
        sketch.chain(("conv2d", {"filters": scale.filters, "kernel": 3, "dilation": gap, "bias": False}), "batch_norm2d", "relu")
    sketch.add("conv2d", filters=answers, kernel=1)


def _convolutions(sketch: Sketch, filters: int, rounds: int) -> None:
    for _ in range(rounds):
        sketch.chain(("conv2d", {"filters": filters, "kernel": 3, "bias": False}), "batch_norm2d", "relu")


def _text(sketch: Sketch, field: Field, scale: Scale) -> PortRef:
    """Reads word by word; of many texts, all words at once."""
    sketch.add("text_input", field.name, field=field.name)
    sketch.add("embedding", width=scale.width)
    if scale is LARGE:
        block = {"layers": 2, "heads": 4, "feed_forward": 2 * scale.width, "dropout": scale.dropout}
        sketch.chain("positional_encoding", ("transformer_encoder", block))
    else:
        sketch.chain(("dropout", {"rate": scale.dropout}), ("lstm", {"units": scale.width}))
    return sketch.chain("mean_over_time")


def _steps(sketch: Sketch, field: Field, scale: Scale) -> PortRef:
    """Reads measurements step by step; of a sound, the loudness of its pitches."""
    if field.kind == FieldKind.AUDIO:
        rate = field.rate or 8000
        sketch.add("audio_input", field.name, field=field.name, samples=field.length or rate, rate=rate)
        sketch.add("mel_spectrogram", rate=rate)
    else:
        sketch.add("series_input", field.name, field=field.name, length=field.length or 64, features=max(field.features, 1))
    sketch.chain(("conv1d", {"filters": scale.width, "kernel": 5}), "relu", ("gru", {"units": scale.width, "bidirectional": True}))
    return sketch.chain("mean_over_time", ("dropout", {"rate": scale.dropout}))


def _title(dataset: Dataset) -> str:
    name = dataset.source.rstrip("/\\").replace("\\", "/").rpartition("/")[2].partition(":")[2] or dataset.source.rstrip("/").rpartition("/")[2]
    words = name.partition(".")[0].replace("_", " ").replace("-", " ").strip()
    return words[:1].upper() + words[1:] or "Project"


