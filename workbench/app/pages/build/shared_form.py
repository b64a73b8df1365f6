"""Forms for more than one layer: what several have in common, and what a group exposes."""

from __future__ import annotations

from typing import Any

from pydantic import create_model

from workbench.app.language import say
from workbench.catalogue import Params
from workbench.graph.block import exposed_of
from workbench.graph.graph import Graph
from workbench.graph.grouping import members_of

Places = dict[str, tuple[tuple[str, str], ...]]
Form = tuple[type[Params] | None, Places, dict[str, Any]]


def shared_form(graph: Graph, nodes: list[str], layers: Any) -> Form:
    """Returns the form of the parameters that all of some layers have: its model, what each field changes, and the values of the first."""
    kinds = {layer for node in nodes if (layer := layers.get(graph[node].layer)) is not None}
    if len(nodes) < 2 or not kinds or any(graph[node].layer not in layers for node in nodes):
        return None, {}, {}
    first, *others = sorted(kinds, key=lambda kind: kind.name)
    common = {
        name: (info.annotation, info) for name, info in first.Params.model_fields.items()
        if all(_same(info, other.Params.model_fields.get(name)) for other in others)
    }
    places = {name: tuple((node, name) for node in nodes) for name in common}
    values = {name: graph[nodes[0]].params[name] for name in common if name in graph[nodes[0]].params}
    return (_model(common), places, values) if common else (None, {}, {})


def _same(info: Any, other: Any) -> bool:
    return other is not None and other.annotation == info.annotation


def exposed_form(graph: Graph, path: str, layers: Any) -> Form:
    """Returns the form of the exposed parameters of a group."""
    by_path = {graph[node].path[len(path) + 1:]: graph[node] for node in members_of(graph, path)}
    fields: dict[str, Any] = {}
    places: Places = {}
    values: dict[str, Any] = {}
    for inner, name in exposed_of(graph, path):
        node = by_path[inner]
        layer = layers.get(node.layer)
        info = layer.Params.model_fields.get(name) if layer is not None else None
        if info is None:
            continue
        key = f"exposed{len(fields)}"
        fields[key], places[key] = (info.annotation, info), ((node.id, name),)
        if name in node.params:
            values[key] = node.params[name]
    titles = {key: f"{graph[place[0][0]].name} · {say(fields[key][1].title or place[0][1])}" for key, place in places.items()}
    return (_model(fields, titles), places, values) if fields else (None, {}, {})


def _model(fields: dict[str, Any], titles: dict[str, str] | None = None) -> Any:
    model: Any = create_model("SharedParams", __base__=Params, **fields)
    for key, title in (titles or {}).items():
        model.model_fields[key].title = title
    return model
