"""A repeated group written out: each repetition as a group of its own, for whoever wants to change one of them or reads nodes alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from workbench.graph.graph import Edge, Graph, Node, PortRef, Tie
from workbench.graph.grouping import group_paths, group_record, set_group
from workbench.graph.names import free_name
from workbench.graph.repeat import MAX_STEPS, Loop, loops, repeated_paths, repetition_id, set_repeat, steps_of

_GAP_PX = 72.0


def written_out(graph: Graph, paths: Iterable[str] | None = None, parameters: Mapping[str, Iterable[str]] | None = None) -> Graph:
    """Returns a drawing in which repeated groups hold each repetition as a group within (`blocks.block0`, `blocks.block1`).

    The nodes of the first repetition keep their ids.

    Args:
        graph: The drawing.
        paths: The groups; None for all, inner ones included.
        parameters: The trained parameters of each node; those of shared repetitions are tied.
    """
    known = {node: tuple(names) for node, names in (parameters or {}).items()}
    if steps_of(graph) > MAX_STEPS:
        return graph
    wanted = None if paths is None else set(paths)
    chosen = [loop.path for loop in loops(graph) if wanted is None or loop.path in wanted]
    for path in reversed(chosen):
        loop = next((loop for loop in loops(graph) if loop.path == path), None)
        graph = graph if loop is None or loop.source is None or len(loop.results) != 1 else _written(graph, loop, known)
    return graph


def with_seams(graph: Graph) -> Graph:
    """Returns a drawing in which each repeated group stands twice, for rules that look along wires: the end of one meets the next one's start."""
    paths = repeated_paths(graph)
    for path in paths:
        graph = set_repeat(graph, path, 2)
    return written_out(graph, paths) if paths else graph


def drawn_id(graph: Graph, node: str) -> str:
    """Returns the node of a drawing that a node of `with_seams` or of `written_out` stands for."""
    return node if node in graph else node.rstrip("@").partition("@")[0]


def _written(graph: Graph, loop: Loop, known: dict[str, tuple[str, ...]]) -> Graph:
    inside = [graph[node] for node in graph.nodes if node in loop.members]
    stem = singular(loop.path.rpartition(".")[2])
    ids = [{node.id: repetition_id(graph, node.id, (number,)) for node in inside} for number in range(loop.times)]
    known |= {copied: known.get(node, ()) for each in ids for node, copied in each.items()}
    names: list[str] = []
    for number in range(loop.times):
        names.append(free_name(f"{stem}{number}", names))
    height = max(node.position[1] for node in inside) - min(node.position[1] for node in inside) + _GAP_PX
    nodes: dict[str, Node] = {}
    for node in graph:
        copies = range(loop.times) if node.id in loop.members else ()
        nodes |= {ids[number][node.id]: _copied(node, loop, ids, number, (names[number], height, known)) for number in copies}
        if node.id not in loop.members:
            lower = node.position[1] > max(other.position[1] for other in inside)
            nodes[node.id] = replace(node, position=(node.position[0], node.position[1] + (loop.times - 1) * height)) if lower else node
    unrolled = replace(graph.with_nodes(nodes), edges=tuple(edge for edge in graph.edges for edge in _edges(edge, loop, ids)))
    return _with_records(set_repeat(unrolled, loop.path, 1, False, ""), graph, loop, names)


def singular(name: str) -> str:
    """Returns what one of several is called: `block` of `blocks`, `layer` of `layers`; the same name where it is no plural."""
    if name.endswith("ies") and len(name) > 4:
        return f"{name[:-3]}y"
    return name[:-1] if name.endswith("s") and not name.endswith("ss") and len(name) > 2 else name


def _copied(
    node: Node, loop: Loop, ids: list[dict[str, str]], number: int, how: tuple[str, float, Mapping[str, tuple[str, ...]]],
) -> Node:
    """Returns a node of one repetition."""
    name, height, known = how
    own = {tie.parameter: replace(tie, node=ids[number].get(tie.node, tie.node)) for tie in node.ties}
    shared = {each: Tie(each, node.id, each) for each in known.get(node.id, ())} if loop.shared and number else {}
    place = node.position[0], node.position[1] + number * height
    group = f"{loop.path}.{name}{node.group[len(loop.path):]}"
    return replace(node, id=ids[number][node.id], group=group, position=place, ties=tuple({**shared, **own}.values()))


def _edges(edge: Edge, loop: Loop, ids: list[dict[str, str]]) -> list[Edge]:
    """Returns what one wire becomes."""
    last = len(ids) - 1
    result = loop.results[0]
    if edge.target.node not in loop.members:
        return [Edge(PortRef(ids[last].get(edge.source.node, edge.source.node), edge.source.port), edge.target)]
    found: list[Edge] = []
    for number, here in enumerate(ids):
        source = edge.source
        if source.node in loop.members:
            source = PortRef(here[source.node], source.port)
        elif source == loop.source and number:
            source = PortRef(ids[number - 1][result.node], result.port)
        found.append(Edge(source, PortRef(here[edge.target.node], edge.target.port)))
    return found


def _with_records(graph: Graph, before: Graph, loop: Loop, names: list[str]) -> Graph:
    """Lets each copy of an inner group keep what was said of it."""
    for inner in group_paths(before):
        if inner.startswith(f"{loop.path}."):
            for name in names:
                graph = set_group(graph, f"{loop.path}.{name}{inner[len(loop.path):]}", **group_record(before, inner))
    return graph


__all__ = ["drawn_id", "singular", "with_seams", "written_out"]
