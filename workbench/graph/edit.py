"""Edits: pure functions that return the changed drawing and leave the one they are given as it is.

Where nothing changes, the same object comes back, so that no step of history is made of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from workbench.graph.fragment import copy_fragment, duplicate, paste_fragment
from workbench.graph.graph import Edge, Graph, Node, PortRef, Tie, frozen, is_name
from workbench.graph.grouping import fold, group, rename_group, ungroup, with_renamed
from workbench.graph.names import free_name, named_after_layer, new_id, node_name, taken_names
from workbench.graph.order import reachable_from

LAYER_PITCH_PX = 72.0
Ports = tuple[str, str]


def add_node(
    graph: Graph, layer: str, *, params: Mapping[str, Any] | None = None, name: str | None = None,
    position: tuple[float, float] | None = None, group: str = "", id: str = "",
) -> tuple[Graph, str]:
    """Adds a node without wires.

    Args:
        graph: The drawing.
        layer: The name of a catalogue entry.
        params: Raw parameters; what is left out takes its default.
        name: The wanted name; where it is taken or impossible, the nearest free one. None names it after the layer.
        position: The centre of the card in pixels; None puts it below everything else.
        group: The path of the group.
        id: The wanted id; "" makes a new one.

    Returns:
        The drawing and the id of the node.

    Raises:
        ValueError: The id is in use.
    """
    if id in graph:
        raise ValueError(f"the id {id!r} is in use")
    chosen = node_name(graph, layer, group) if name is None else free_name(name, taken_names(graph, group))
    place = _below(graph) if position is None else (float(position[0]), float(position[1]))
    node = Node(id or new_id(), layer, chosen, frozen(params or {}), place, group)
    return graph.with_nodes({**graph.nodes, node.id: node}), node.id


def _below(graph: Graph) -> tuple[float, float]:
    if not graph.nodes:
        return 0.0, 0.0
    lowest = max(graph, key=lambda node: node.position[1])
    return lowest.position[0], lowest.position[1] + LAYER_PITCH_PX


def remove_nodes(graph: Graph, ids: Iterable[str], reconnect: bool = False) -> Graph:
    """Removes nodes, their wires, and what was tied to them.

    Args:
        graph: The drawing.
        ids: The nodes.
        reconnect: Whether what followed a removed node is wired to what its first input came from.
    """
    gone = {node for node in ids if node in graph}
    if not gone:
        return graph
    bridge = {node: _first_source(graph, node, gone) for node in gone} if reconnect else {}
    edges: list[Edge] = []
    for edge in graph.edges:
        source = bridge.get(edge.source.node) if edge.source.node in gone else edge.source
        if source is not None and edge.target.node not in gone:
            kept = edge if source is edge.source else Edge(source, edge.target)
            edges += [kept] if kept is edge or kept not in edges else []
    nodes = {key: _untied(node, gone) for key, node in graph.nodes.items() if key not in gone}
    return replace(graph.with_nodes(nodes), edges=tuple(edges))


def _first_source(graph: Graph, node: str, gone: set[str]) -> PortRef | None:
    seen: set[str] = set()
    while node not in seen:
        seen.add(node)
        incoming = graph.incoming(node)
        if not incoming or incoming[0].source.node not in gone:
            return incoming[0].source if incoming else None
        node = incoming[0].source.node
    return None


def _untied(node: Node, gone: set[str]) -> Node:
    if not any(tie.node in gone for tie in node.ties):
        return node
    return replace(node, ties=tuple(tie for tie in node.ties if tie.node not in gone))


def connect(graph: Graph, edge: Edge, replacing: bool = False) -> Graph:
    """Draws a wire; one that is there already changes nothing.

    Args:
        graph: The drawing.
        edge: The wire.
        replacing: Whether it takes the place of all wires that end in the same port.

    Raises:
        ValueError: One of its nodes does not exist.
    """
    for end in (edge.source, edge.target):
        if end.node not in graph:
            raise ValueError(f"there is no node {end.node!r}")
    if edge in graph.incoming(edge.target.node) and not replacing:
        return graph
    kept = tuple(other for other in graph.edges if other.target != edge.target) if replacing else graph.edges
    edges = (*kept, edge)
    return graph if edges == graph.edges else replace(graph, edges=edges)


def disconnect(graph: Graph, edge: Edge) -> Graph:
    """Removes a wire."""
    if edge not in graph.edges:
        return graph
    return replace(graph, edges=tuple(other for other in graph.edges if other != edge))


def change_node(graph: Graph, id: str, **changes: Any) -> Graph:
    """Returns the drawing with some fields of one node changed.

    Raises:
        ValueError: There is no such node.
    """
    if id not in graph:
        raise ValueError(f"there is no node {id!r}")
    node = graph[id]
    if all(getattr(node, name) == value for name, value in changes.items()):
        return graph
    changed = graph.with_nodes({**graph.nodes, id: replace(node, **changes)})
    return with_renamed(graph, changed) if changes.get("name", node.name) != node.name else changed


def set_params(graph: Graph, id: str, **params: Any) -> Graph:
    """Changes some raw parameters of a node."""
    old = graph[id].params
    new = {**old, **{name: frozen(value) for name, value in params.items()}}
    same = len(new) == len(old) and all(type(old[name]) is type(value) and old[name] == value for name, value in new.items())
    return graph if same else graph.with_nodes({**graph.nodes, id: replace(graph[id], params=frozen(new))})


def unset_params(graph: Graph, id: str, *names: str) -> Graph:
    """Takes parameters back to their defaults, or away where the layer has no such parameter."""
    return change_node(graph, id, params=frozen({key: value for key, value in graph[id].params.items() if key not in names}))


def rename(graph: Graph, id: str, name: str) -> Graph:
    """Gives a node another name.

    Raises:
        ValueError: The name is impossible or taken in its group.
    """
    if not is_name(name):
        raise ValueError(f"{name!r} cannot name a node")
    if name in taken_names(graph, graph[id].group, (id,)):
        raise ValueError(f"the name {name!r} is taken")
    return change_node(graph, id, name=name)


def move(graph: Graph, positions: Mapping[str, tuple[float, float]]) -> Graph:
    """Puts nodes at other positions, in pixels."""
    changed = {
        node: replace(graph[node], position=(float(x), float(y)))
        for node, (x, y) in positions.items() if node in graph and graph[node].position != (x, y)
    }
    return graph.with_nodes({**graph.nodes, **changed}) if changed else graph


def insert_on_edge(
    graph: Graph, edge: Edge, layer: str, params: Mapping[str, Any] | None = None, ports: Ports = ("input", "output"),
) -> tuple[Graph, str]:
    """Puts a new node into a wire; what comes after moves down to make room.

    Args:
        graph: The drawing.
        edge: The wire.
        layer: The new layer.
        params: Its raw parameters.
        ports: Its input port and its output port.

    Raises:
        ValueError: There is no such wire.
    """
    if edge not in graph.edges:
        raise ValueError(f"there is no wire {edge}")
    source, target = graph[edge.source.node], graph[edge.target.node]
    graph = _make_room(graph, source, target)
    place = (source.position[0] + target.position[0]) / 2, source.position[1] + LAYER_PITCH_PX
    graph, new = add_node(graph, layer, params=params, position=place, group=source.group if source.group == target.group else "")
    index = graph.edges.index(edge)
    out = Edge(PortRef(new, ports[1]), edge.target)
    edges = (*graph.edges[:index], out, *graph.edges[index + 1:], Edge(edge.source, PortRef(new, ports[0])))
    return replace(graph, edges=edges), new


def _make_room(graph: Graph, source: Node, target: Node) -> Graph:
    missing = 2 * LAYER_PITCH_PX - (target.position[1] - source.position[1])
    below = reachable_from(graph, (target.id,))
    if missing <= 0 or source.id in below:
        return graph
    return _lowered(graph, below, missing)


def _lowered(graph: Graph, nodes: Iterable[str], by: float) -> Graph:
    return move(graph, {node: (graph[node].position[0], graph[node].position[1] + by) for node in nodes})


def insert_after(
    graph: Graph, id: str, layer: str, params: Mapping[str, Any] | None = None, port: str = "output",
    ports: Ports = ("input", "output"),
) -> tuple[Graph, str]:
    """Puts a new node behind an output port; everything the port fed, the new node feeds now."""
    node = graph[id]
    below = reachable_from(graph, (edge.target.node for edge in graph.outgoing(id))) - {id}
    graph = _lowered(graph, below, LAYER_PITCH_PX)
    place = node.position[0], node.position[1] + LAYER_PITCH_PX
    graph, new = add_node(graph, layer, params=params, position=place, group=node.group)
    source, out = PortRef(id, port), PortRef(new, ports[1])
    edges = tuple(Edge(out, edge.target) if edge.source == source else edge for edge in graph.edges)
    return replace(graph, edges=(*edges, Edge(source, PortRef(new, ports[0])))), new


def insert_before(
    graph: Graph, id: str, port: str, layer: str, params: Mapping[str, Any] | None = None, ports: Ports = ("input", "output"),
) -> tuple[Graph, str]:
    """Puts a new node in front of an input port; of a variadic port `inputs.1` means its second wire."""
    wires = wires_into(graph, id, port)
    if wires:
        return insert_on_edge(graph, wires[0], layer, params, ports)
    x, y = graph[id].position
    graph, new = add_node(graph, layer, params=params, position=(x, y - LAYER_PITCH_PX), group=graph[id].group)
    return connect(graph, Edge(PortRef(new, ports[1]), PortRef(id, port.split(".")[0]))), new


def wires_into(graph: Graph, id: str, port: str) -> tuple[Edge, ...]:
    """Returns the wires into a port; of a variadic port `inputs.1` means its second wire alone."""
    name, dot, number = port.partition(".")
    wires = tuple(edge for edge in graph.incoming(id) if edge.target.port == name)
    return wires[int(number):][:1] if dot and number.isdigit() else wires


def replace_layer(graph: Graph, id: str, layer: str, params: Mapping[str, Any] | None = None) -> Graph:
    """Makes a node another layer; wires stay, and so does a name that a person gave."""
    node = graph[id]
    name = node_name(graph, layer, node.group, (id,)) if named_after_layer(node) and layer != node.layer else node.name
    return change_node(graph, id, layer=layer, params=frozen(params or {}), name=name, ties=())


def tie(graph: Graph, id: str, parameter: str, owner: str, other: str = "") -> Graph:
    """Lets a node share a parameter of another node.

    Args:
        graph: The drawing.
        id: The node that gives up its own parameter.
        parameter: The name of that parameter.
        owner: The node whose parameter is used instead.
        other: The name there; "" for the same name.

    Raises:
        ValueError: One of the nodes does not exist, or the two are one.
    """
    if owner not in graph or owner == id:
        raise ValueError(f"cannot share with {owner!r}")
    kept = tuple(each for each in graph[id].ties if each.parameter != parameter)
    return change_node(graph, id, ties=(*kept, Tie(parameter, owner, other or parameter)))


def untie(graph: Graph, id: str, parameter: str) -> Graph:
    """Gives a node its own parameter back."""
    return change_node(graph, id, ties=tuple(each for each in graph[id].ties if each.parameter != parameter))


def each(graph: Graph, ids: Iterable[str], change: Callable[[Node], Node]) -> Graph:
    """Changes several nodes at once."""
    changed = {node: change(graph[node]) for node in ids if node in graph}
    return graph.with_nodes({**graph.nodes, **changed}) if changed else graph


__all__ = [
    "LAYER_PITCH_PX", "add_node", "change_node", "connect", "copy_fragment", "disconnect", "duplicate", "each", "fold", "group", "insert_after",
    "insert_before", "insert_on_edge", "move", "paste_fragment", "remove_nodes", "rename", "rename_group", "replace_layer", "set_params", "tie",
    "ungroup", "unset_params", "untie", "wires_into",
]
