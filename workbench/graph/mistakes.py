"""The problems that inference itself finds at a node, with their repairs."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from workbench.catalogue import reason_of
from workbench.errors import CatalogueError
from workbench.graph import edit
from workbench.graph.graph import Edge, Graph, Node, PortRef, is_name
from workbench.graph.names import free_name, is_group_path, taken_names
from workbench.graph.ports import LayerRules, Port
from workbench.graph.problem import Fix, Problem
from workbench.graph.shape import Shape
from workbench.text import Text

Found = Problem[Graph]


def repair(label: str, change: Callable[[Graph], Graph], *nodes: str) -> Fix[Graph]:
    """Returns a fix that does nothing where one of the nodes it needs has gone since."""
    return Fix(label, lambda graph: change(graph) if all(node in graph for node in nodes) else graph)


def remove_node(node: Node) -> Fix[Graph]:
    """Returns the fix that takes a node out and closes the gap."""
    return repair(Text("Remove {node}", node=node.path), lambda graph: edit.remove_nodes(graph, (node.id,), reconnect=True), node.id)


def remove_wire(graph: Graph, edge: Edge) -> Fix[Graph]:
    """Returns the fix that takes a wire away."""
    source, target = called(graph, edge.source.node), called(graph, edge.target.node)
    label = Text("Remove the wire from {source} to {target}", source=source, target=target)
    return Fix(label, lambda graph: edit.disconnect(graph, edge))


def called(graph: Graph, node: str) -> str:
    """Returns how a node is called in a sentence, also where it does not exist."""
    return graph[node].path if node in graph else node


def unknown_layer(node: Node, layers: LayerRules) -> Found:
    """There is no such layer: the node is kept and shown, but cannot be built."""
    fixes = [
        repair(
            Text("Make it {layer}", layer=name),
            lambda graph, name=name: edit.replace_layer(graph, node.id, name, graph[node.id].params), node.id,
        )
        for name in difflib.get_close_matches(node.layer, names_of(layers), 2, 0.6)
    ]
    return Problem(
        "layer.unknown", Text("{node}: there is no layer called {layer} here.", node=node.path, layer=node.layer), node.id,
        _why_absent(node.layer, layers), fixes=(*fixes, remove_node(node)),
    )


def _why_absent(layer: str, layers: LayerRules) -> str:
    """Returns what the catalogue knows of a layer that it does not have, with what to do."""
    known = getattr(layers, "why_absent", lambda _layer: None)(layer)
    return known or Text(
        "The drawing may come from a newer version, or need somebody's own layer: its file belongs into your layers folder. "
        "Its parameters are kept."
    )


def names_of(layers: LayerRules) -> list[str]:
    """Returns the names in a catalogue or mapping of layers; none where it does not tell."""
    names = getattr(layers, "names", None) or (layers.keys if isinstance(layers, Mapping) else list)
    return list(names())


def bad_params(node: Node, error: CatalogueError) -> list[Found]:
    """One problem for each parameter that cannot be."""
    report = getattr(error.__cause__, "errors", None)
    if report is None:
        return [Problem("params.invalid", error.message, node.id, error.hint, fixes=(_all_defaults(node),))]
    return [_bad_param(node, item) for item in report()]


def _bad_param(node: Node, item: Mapping[str, Any]) -> Found:
    field = str(item["loc"][0]) if item["loc"] else "?"
    if item["type"] == "missing":
        message = Text("{node}: {field} is missing.", node=node.path, field=field)
    else:
        message = Text("{node}: {field} cannot be {value}.", node=node.path, field=field, value=repr(item.get("input"))[:80])
    return Problem("params.invalid", message, node.id, reason_of(item), fixes=_param_fixes(node, item))


def _param_fixes(node: Node, item: Mapping[str, Any]) -> tuple[Fix[Graph], ...]:
    name = str(item["loc"][0]) if item["loc"] else ""
    fixes: list[Fix[Graph]] = []
    limits: Mapping[str, Any] = item.get("ctx") or {}
    limit = next((limits[key] for key in ("ge", "le") if key in limits), None)
    if limit is not None and len(item["loc"]) == 1:
        change = _set_param(node.id, name, limit)
        fixes.append(repair(Text("Set {field} to {value}", field=name, value=limit), change, node.id))
    if name in node.params:
        known = item["type"] != "extra_forbidden"
        label = Text("Set {field} back to its default", field=name) if known else Text("Remove {field}", field=name)
        fixes.append(repair(label, lambda graph: edit.unset_params(graph, node.id, name), node.id))
    return tuple(fixes) or (_all_defaults(node),)


def _set_param(id: str, name: str, value: Any) -> Callable[[Graph], Graph]:
    return lambda graph: edit.set_params(graph, id, **{name: value})


def _all_defaults(node: Node) -> Fix[Graph]:
    change: Callable[[Graph], Graph] = lambda graph: edit.unset_params(graph, node.id, *graph[node.id].params)  # noqa: E731
    return repair(Text("Set all parameters back to their defaults"), change, node.id)


def too_many_wires(graph: Graph, node: Node, port: Port, wires: Sequence[Edge], layers: LayerRules) -> Found:
    """Several wires end in a port that takes one."""
    names = [called(graph, edge.source.node) for edge in wires]
    keep = [
        repair(
            Text("Keep only the wire from {source}", source=name),
            lambda graph, edge=edge: edit.connect(graph, edge, replacing=True), node.id, edge.source.node,
        )
        for edge, name in zip(wires[::-1], names[::-1], strict=True) if edge.source.node in graph
    ]
    sources = ", ".join(names)
    message = Text(
        "{node} has {count} wires into its {port}: from {sources}.", node=node.path, count=len(wires), port=port.name, sources=sources,
    )
    merges = [_merge(node, port, layer) for layer in ("add", "concatenate") if layers.get(layer) is not None]
    return Problem("port.two-wires", message, node.id, Text("This port takes one."), port.name, fixes=(*keep[:1], *merges, *keep[1:3]))


def _merge(node: Node, port: Port, layer: str) -> Fix[Graph]:
    label = Text("Add them first") if layer == "add" else Text("Concatenate them first")
    return repair(label, lambda graph: _merged(graph, node.id, port.name, layer), node.id)


def _merged(graph: Graph, id: str, port: str, layer: str) -> Graph:
    wires = edit.wires_into(graph, id, port)
    if len(wires) < 2:
        return graph
    graph, new = edit.insert_on_edge(graph, wires[0], layer, ports=("inputs", "output"))
    for edge in wires[1:]:
        graph = edit.connect(edit.disconnect(graph, edge), Edge(edge.source, PortRef(new, "inputs")))
    return graph


def no_such_input(graph: Graph, node: Node, edge: Edge, ports: Sequence[Port]) -> Found:
    """A wire ends in an input that the layer does not have."""
    message = Text(
        "{node} has no input called {port}; a wire from {source} ends there.",
        node=node.path, port=edge.target.port, source=called(graph, edge.source.node),
    )
    moves = [_rewire(edge, Edge(edge.source, PortRef(node.id, port.name)), port.name) for port in ports[:2]]
    return Problem("edge.no-such-port", message, node.id, port=edge.target.port, fixes=(*moves, remove_wire(graph, edge)))


def no_such_output(graph: Graph, node: Node, edge: Edge, ports: Iterable[str]) -> Found:
    """A wire begins at an output that the layer does not have."""
    message = Text(
        "{source} has no output called {port}; a wire to {node} begins there.",
        node=node.path, port=edge.source.port, source=called(graph, edge.source.node),
    )
    moves = [_rewire(edge, Edge(PortRef(edge.source.node, port), edge.target), port) for port in list(ports)[:2]]
    return Problem("edge.no-such-port", message, node.id, port=edge.target.port, fixes=(*moves, remove_wire(graph, edge)))


def _rewire(old: Edge, new: Edge, port: str) -> Fix[Graph]:
    def change(graph: Graph) -> Graph:
        return edit.connect(edit.disconnect(graph, old), new)

    return repair(Text("Move the wire to {port}", port=port), change, old.source.node, old.target.node)


def missing_input(node: Node, port: Port, candidates: Sequence[tuple[Node, str]], before: Sequence[tuple[Node, str]] = (), out: str = "") -> Found:
    """Nothing is connected to a port that needs something.

    Args:
        node: The node.
        port: The port.
        candidates: Nodes with their output port that feeds nothing yet and could feed it, best first.
        before: Nodes with their output port behind which it could stand, best first.
        out: The output port that then feeds what they fed, "" for none.
    """
    fixes = [_wire_up(source, Edge(PortRef(source.id, port_out), PortRef(node.id, port.name))) for source, port_out in candidates]
    fixes += [_put_behind(source, PortRef(source.id, port_out), PortRef(node.id, port.name), out) for source, port_out in before]
    message = Text("{node} has nothing connected to its {port}.", node=node.path, port=port.name)
    return Problem("port.missing", message, node.id, port.help, port.name, fixes=(*fixes, remove_node(node)))


def _wire_up(source: Node, edge: Edge) -> Fix[Graph]:
    label = Text("Connect it to {source}", source=source.path)
    return repair(label, lambda graph: edit.connect(graph, edge), source.id, edge.target.node)


def _put_behind(source: Node, leaving: PortRef, entered: PortRef, out: str) -> Fix[Graph]:
    def change(graph: Graph) -> Graph:
        edges = tuple(Edge(PortRef(entered.node, out), edge.target) if out and edge.source == leaving else edge for edge in graph.edges)
        return replace(graph, edges=(*edges, Edge(leaving, entered)))

    return repair(Text("Connect it after {source}", source=source.path), change, source.id, entered.node)


def rule_failed(node: Node, error: Exception) -> Found:
    """The shape rule of a layer broke: a fault of the layer, not of the drawing."""
    message = Text("{node}: the shape rule of {layer} failed.", node=node.path, layer=node.layer)
    reason = Text("{kind}: {reason}. This is a fault of the layer.", kind=type(error).__name__, reason=str(error)[:200])
    return Problem("layer.rule-failed", message, node.id, reason, fixes=(remove_node(node),))


def empty_axis(node: Node, shape: Shape) -> Found | None:
    """Returns a problem where an axis has no element left, or None."""
    for index, dim in enumerate(shape.dims):
        if dim.constant is not None and dim.constant < 1:
            message = Text("{node}: {axis} would be {size}.", node=node.path, axis=Text(shape.axes[index]), size=dim.constant)
            return Problem("shape.empty", message, node.id, Text("Nothing would be left of the data."), fixes=(remove_node(node),))
    return None


def bad_name(graph: Graph, node: Node) -> Found | None:
    """Returns a problem where the name or group cannot be a submodule's, or None."""
    if not is_name(node.name):
        name = free_name(node.name, taken_names(graph, node.group, (node.id,)))
        message = Text("{name} cannot name a node.", name=repr(node.name))
        reason = Text("A name is ASCII letters, digits and underscores, and no word that Python or torch modules use.")
        return Problem("name.impossible", message, node.id, reason, fixes=(_renamed(node, name),))
    if not is_group_path(node.group):
        message = Text("{node} stands in a group that cannot be called {group}.", node=node.name, group=repr(node.group))
        fix = repair(Text("Take it out of the group"), lambda graph: _out_of_group(graph, node.id), node.id)
        return Problem("name.group-impossible", message, node.id, Text("A group is a submodule."), fixes=(fix,))
    return None


def _out_of_group(graph: Graph, id: str) -> Graph:
    return edit.change_node(graph, id, group="", name=free_name(graph[id].name, taken_names(graph, "", (id,))))


def duplicate_name(graph: Graph, node: Node, other: str) -> Found:
    """Two nodes, or a node and a group, have one path."""
    name = free_name(node.name, taken_names(graph, node.group))
    message = Text("{other} and another node are both called {name}.", other=other, name=node.path)
    reason = Text("Names become submodules, so each may be used once.")
    return Problem("name.duplicate", message, node.id, reason, fixes=(_renamed(node, name),))


def _renamed(node: Node, name: str) -> Fix[Graph]:
    def change(graph: Graph) -> Graph:
        return edit.change_node(graph, node.id, name=free_name(name, taken_names(graph, graph[node.id].group, (node.id,))))

    return repair(Text("Rename it to {name}", name=name), change, node.id)
