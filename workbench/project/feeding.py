"""Which field feeds which input, which field each output learns, and where the width of an output is set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from workbench.data.base import Dataset, Field, FieldKind
from workbench.data.target import TARGET_NAMES, UNTELLING, likely_target
from workbench.graph import edit
from workbench.graph.bypass import without_bypassed
from workbench.graph.graph import Graph, Node
from workbench.graph.shape import Shape
from workbench.layers import LAYERS
from workbench.objectives import OBJECTIVES
from workbench.project.project import DataChoice, ObjectiveChoice, Project

OBJECTIVE_OF: dict[FieldKind, str] = {FieldKind.CATEGORY: "classification", FieldKind.NUMBER: "regression", FieldKind.MASK: "segmentation"}


def kind_read(node: Node) -> str:
    """Returns the kind of field that feeds a node; "" where it is no input."""
    layer = LAYERS.get(node.layer)
    return layer.reads if layer is not None else ""


def input_for(kind: str) -> str:
    """Returns the name of the layer that takes fields of a kind in; "" where there is none."""
    return next((layer.name for layer in LAYERS if layer.reads == kind), "")


def input_nodes(graph: Graph) -> list[Node]:
    """Returns the nodes where data enters, in the order of the drawing."""
    return [node for node in graph if kind_read(node)]


def output_nodes(graph: Graph) -> list[Node]:
    """Returns the nodes where results leave, in the order of the drawing."""
    return [node for node in graph if is_output(node)]


def is_output(node: Node) -> bool:
    """Whether a result leaves at a node."""
    layer = LAYERS.get(node.layer)
    return layer is not None and layer.role == "output"


def field_of(node: Node) -> str:
    """Returns the name of the dataset field that feeds an input node."""
    return str(node.params.get("field") or node.name)


def input_fields(project: Project) -> list[str]:
    """Returns the names of the fields that the model reads, each once, in the order of the drawing."""
    return list(dict.fromkeys(field_of(node) for node in input_nodes(project.graph)))


def target_fields(project: Project) -> list[str]:
    """Returns the names of the fields that are learned, each once."""
    return list(dict.fromkeys(objective.target for objective in project.objectives))


def find_field(dataset: Dataset, name: str) -> Field | None:
    """Returns the field of that name, or None."""
    return next((field for field in dataset.fields if field.name == name), None)


def fields_of_kind(dataset: Dataset, kind: str, without: Iterable[str] = ()) -> list[Field]:
    """Returns the fields of one kind that are not named in `without`."""
    left_out = set(without)
    return [field for field in dataset.fields if field.kind == kind and field.name not in left_out]


def given_shape(data: DataChoice, field: Field, shapes: Mapping[str, Shape] | None = None) -> Shape | None:
    """Returns the shape of a batch of a field as the data gives it, as far as that is known before it is prepared."""
    if shapes and field.name in shapes:
        return shapes[field.name]
    choice = data.preprocessing.get(field.name, {})
    if field.kind == FieldKind.IMAGE:
        size = {key: choice.get(key) or getattr(field, key) for key in ("channels", "height", "width")}
        return Shape.of(channel=size["channels"], height=size["height"], width=size["width"]) if all(size.values()) else None
    return Shape.of("int64", len(field.categories)) if field.kind == FieldKind.CATEGORY else None


def width_setter(graph: Graph, output: str) -> tuple[str, str] | None:
    """Returns the node and the parameter that decide how wide an output is, or None where no single one does."""
    graph, node, seen = without_bypassed(graph), output, set[str]()
    while node not in seen:
        seen.add(node)
        wires = graph.incoming(node)
        if len(wires) != 1:
            return None
        node = wires[0].source.node
        if node not in graph:
            return None
        layer = LAYERS.get(graph[node].layer)
        if layer is not None and layer.weighs and layer.width_param:
            return node, layer.width_param
        if layer is None or not layer.keeps_width:
            return None
    return None


def width_wanted(objective: ObjectiveChoice, field: Field, shape: Shape | None) -> int:
    """Returns how wide the output of an objective must be, 0 where any will do or it is not known yet.

    Args:
        objective: It must exist.
        field: What it learns.
        shape: The shape of a batch of that field, where it is known: the vocabulary of a text stands there.
    """
    entry = OBJECTIVES[objective.name]
    vocabulary = shape.vocabulary or 0 if shape is not None and FieldKind.TEXT in entry.targets else 0
    return entry.expected_output(field).width or vocabulary


def with_width(graph: Graph, output: str, width: int) -> Graph:
    """Returns the drawing with an output of another width: the layer that decides it is changed, or a linear layer added."""
    setter = width_setter(graph, output)
    if setter is not None:
        return edit.set_params(graph, setter[0], **{setter[1]: width})
    return edit.insert_before(graph, output, "input", "linear", {"units": width})[0]


def objective_for(field: Field, output: str) -> ObjectiveChoice | None:
    """Returns the usual objective for a field, or None where nothing learns that kind."""
    name = OBJECTIVE_OF.get(field.kind)
    return ObjectiveChoice(name, output, field.name) if name else None


def with_preprocessing(project: Project, field: str, params: Mapping[str, Any]) -> Project:
    """Returns the project with some preprocessing parameters of one field changed."""
    old = project.data.preprocessing
    new = MappingProxyType({**old, field: MappingProxyType({**old.get(field, {}), **params})})
    return replace(project, data=replace(project.data, preprocessing=new))


__all__ = [
    "OBJECTIVE_OF", "TARGET_NAMES", "UNTELLING", "field_of", "fields_of_kind", "find_field", "given_shape", "input_fields", "input_for",
    "input_nodes", "is_output", "kind_read", "likely_target", "objective_for", "output_nodes", "target_fields", "width_setter", "width_wanted",
    "with_preprocessing", "with_width",
]
