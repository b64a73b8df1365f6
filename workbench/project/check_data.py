"""The rules about data: is there some, does the drawing read what it holds, and do the sizes agree?"""

from __future__ import annotations

from dataclasses import replace

from workbench.data.base import Field
from workbench.graph import edit
from workbench.graph.graph import Graph, Node
from workbench.graph.problem import Fix, Problem, Severity
from workbench.graph.shape import Axis, Shape
from workbench.layers import LAYERS
from workbench.project.check import Found, Subject, graph_fix, recipe_fix
from workbench.project.feeding import field_of, fields_of_kind, find_field, given_shape, input_for, input_nodes, kind_read, with_preprocessing
from workbench.project.project import DataChoice, Project
from workbench.text import Text

_KIND_WORDS: dict[str, str] = {
    "image": Text("images"), "text": Text("texts"), "number": Text("numbers"), "category": Text("categories"), "audio": Text("sounds"),
    "series": Text("series"),
}


def data_chosen(subject: Subject) -> list[Found]:
    """A project needs data."""
    if subject.project.data.source:
        return []
    fix = Fix(Text("Use the handwritten digits"), lambda project: replace(project, data=DataChoice("sample:digits")))
    reason, severity = Text("A network learns from examples."), under_way(subject)
    return [Problem("data.missing", Text("No data has been chosen yet."), reason=reason, severity=severity, fixes=(fix,))]


def under_way(subject: Subject) -> Severity:
    """Returns how bad it is that data or objective is missing: where neither was chosen yet, a drawing is under way and nothing is wrong."""
    return Severity.ERROR if subject.project.data.source or subject.project.objectives else Severity.WARNING


def inputs_read_fields(subject: Subject) -> list[Found]:
    """Every input must name a field of the right kind."""
    if subject.dataset is None:
        return []
    found: list[Found] = []
    for node in input_nodes(subject.graph):
        field, kind = find_field(subject.dataset, field_of(node)), kind_read(node)
        if field is None:
            message = Text("{node} reads {field}, which the data does not have.", node=node.path, field=field_of(node))
            known = ", ".join(item.name for item in subject.dataset.fields)
            found.append(Problem("input.field-missing", message, node.id, Text("It has {names}.", names=known), fixes=_other_fields(subject, node)))
        elif field.kind != kind:
            message = Text("{node} takes {kind}, but {field} holds {other}.", node=node.path, kind=_KIND_WORDS[kind], field=field.name,
                           other=_KIND_WORDS[field.kind])
            found.append(Problem("input.field-kind", message, node.id, fixes=(*_other_fields(subject, node), *_other_input(node, field))))
    return found


def _other_fields(subject: Subject, node: Node) -> tuple[Fix[Project], ...]:
    assert subject.dataset is not None
    fields = fields_of_kind(subject.dataset, kind_read(node), [objective.target for objective in subject.project.objectives])
    return tuple(_read(node, field) for field in fields[:3])


def _read(node: Node, field: Field) -> Fix[Project]:
    return graph_fix(Text("Read {field}", field=field.name), lambda graph: edit.set_params(graph, node.id, field=field.name))


def _other_input(node: Node, field: Field) -> tuple[Fix[Project], ...]:
    layer = input_for(field.kind)
    label = Text("Make it an input for {kind}", kind=_KIND_WORDS[field.kind])
    return (graph_fix(label, lambda graph: edit.replace_layer(graph, node.id, layer, {"field": field.name})),) if layer else ()


def input_sizes(subject: Subject) -> list[Found]:
    """Every input must have the size of what it is given."""
    found: list[Found] = []
    for node in input_nodes(subject.graph):
        given, drawn = _given(subject, node), subject.inferred.output_shapes(node.id).get("output")
        if given is None or drawn is None:
            continue
        if Axis.HEIGHT in given.axes:
            found += _image_size(node, given, drawn)
        elif given.vocabulary is not None and drawn.vocabulary is not None and given.vocabulary > drawn.vocabulary:
            found.append(_vocabulary(node, given, given.vocabulary, drawn.vocabulary))
        found += _longest(node, given, drawn) if Axis.TOKEN in given.axes else []
    return found


def _given(subject: Subject, node: Node) -> Shape | None:
    """Returns the shape that the data gives an input, as far as it is known."""
    name = field_of(node)
    field = find_field(subject.dataset, name) if subject.dataset is not None else None
    if field is None or field.kind != kind_read(node):
        return None
    return given_shape(subject.project.data, field, subject.shapes)


def _image_size(node: Node, given: Shape, drawn: Shape) -> list[Found]:
    if given == drawn:
        return []
    channels, height, width = (int(given[axis]) for axis in ("channel", "height", "width"))
    message = Text("{node} takes {drawn}, but the images are {given}.", node=node.path, drawn=_image(drawn), given=_image(given))
    fixes: list[Fix[Project]] = [_set_size(node, channels, height, width)]
    if drawn["channel"] == given["channel"] or int(drawn["channel"]) in (1, 3):
        fixes.append(_convert(node, drawn))
    return [Problem("input.size-differs", message, node.id, Text("Channels × height × width must be the same."), fixes=tuple(fixes))]


def _image(shape: Shape) -> str:
    return f"{shape['channel']}×{shape['height']}×{shape['width']}"


def _set_size(node: Node, channels: int, height: int, width: int) -> Fix[Project]:
    label = Text("Set the input to {channels}×{height}×{width}", channels=channels, height=height, width=width)
    return graph_fix(label, lambda graph: edit.set_params(graph, node.id, channels=channels, height=height, width=width))


def _convert(node: Node, drawn: Shape) -> Fix[Project]:
    channels, height, width = (int(drawn[axis]) for axis in ("channel", "height", "width"))
    params = {"channels": channels, "height": height, "width": width}
    return Fix(Text("Convert the images to {size}", size=_image(drawn)), lambda project: with_preprocessing(project, field_of(node), params))


def _vocabulary(node: Node, shape: Shape, given: int, drawn: int) -> Found:
    name = next(name for name, size in LAYERS[node.layer].sized(shape).items() if size == given)
    message = Text("{node} knows {drawn} values, but the data has {given}.", node=node.path, drawn=drawn, given=given)
    fix = graph_fix(Text("Set {name} to {given}", name=name, given=given), lambda graph: edit.set_params(graph, node.id, **{name: given}))
    reason = Text("A value beyond the last one has no place in the table of an embedding.")
    return Problem("input.vocabulary-small", message, node.id, reason, fixes=(fix,))


def _longest(node: Node, given: Shape, drawn: Shape) -> list[Found]:
    longest, limit = (next((symbol.maximum for symbol in shape["token"].symbols()), None) for shape in (given, drawn))
    if longest is None or limit is None or longest <= limit:
        return []
    message = Text("{node} takes up to {limit} tokens, but texts are cut at {longest}.", node=node.path, limit=limit, longest=longest)
    fixes = (
        graph_fix(Text("Set the longest text to {longest}", longest=longest), lambda graph: _set_longest(graph, node, longest)),
        Fix(
            Text("Cut texts at {limit} tokens", limit=limit), lambda project: with_preprocessing(project, field_of(node), {"maximum_length": limit})
        ),
    )
    return [Problem("input.length-short", message, node.id, Text("A position beyond the last one has no code."), fixes=fixes)]


def _set_longest(graph: Graph, node: Node, longest: int) -> Graph:
    return edit.set_params(graph, node.id, maximum_length=longest)


def batch_fits(subject: Subject) -> list[Found]:
    """A batch must not be larger than the training split."""
    batch, rows = subject.project.recipe.batch_size, subject.rows
    if not rows or batch <= rows:
        return []
    size = max(1, 2 ** (max(rows // 8, 1).bit_length() - 1))
    message = Text("A batch of {batch} rows is more than the {rows} rows to train on.", batch=batch, rows=rows)
    fix = recipe_fix(Text("Use batches of {size}", size=size), batch_size=size)
    return [Problem("recipe.batch-too-large", message, reason=Text("Every epoch would be one step."), severity=Severity.WARNING, fixes=(fix,))]


RULES = (data_chosen, inputs_read_fields, input_sizes, batch_fits)
