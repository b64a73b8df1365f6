"""Parts of a drawing: copied as text, pasted with new ids and free names."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace

from workbench.errors import GraphError
from workbench.graph.file import edge_record, loads, node_record, parse_json, plain
from workbench.graph.graph import Edge, Graph, Node, PortRef, Tie
from workbench.graph.grouping import group_paths, group_record, set_group
from workbench.graph.names import free_name, is_group_path, new_id, taken_names
from workbench.graph.order import part
from workbench.text import Text

PASTE_OFFSET_PX = 32.0
_MARK = "workbench_fragment"


def copy_fragment(graph: Graph, ids: Iterable[str]) -> str:
    """Returns some nodes and the wires between them as text for the clipboard."""
    chosen = part(graph, ids)
    nodes, edges = [node_record(node) for node in chosen], [edge_record(edge) for edge in chosen.edges]
    records = {path: plain(group_record(graph, path)) for path in group_paths(chosen) if group_record(graph, path)}
    document = {_MARK: 1, "nodes": nodes, "edges": edges, **({"groups": records} if records else {})}
    return json.dumps(document, sort_keys=True, ensure_ascii=False)


def paste_fragment(
    graph: Graph, text: str, position: tuple[float, float] | None = None, inside: str = "",
) -> tuple[Graph, tuple[str, ...]]:
    """Adds what `copy_fragment` gave.

    Args:
        graph: The drawing.
        text: The text from the clipboard.
        position: Where the middle of the fragment goes, in pixels; None puts it a little below and to the right of where it was.
        inside: The group it goes into; what comes from there stays as deep as it was. "" keeps each node's own group.

    Returns:
        The drawing and the ids of the new nodes.

    Raises:
        GraphError: The text is no fragment.
    """
    document = parse_json(text)
    if not isinstance(document, dict) or _MARK not in document:
        raise GraphError(Text("The clipboard holds no part of a drawing."), Text("Copy some nodes first."))
    fragment = loads(_as_drawing(document))
    return insert(graph, _relative(fragment, inside), _offset(list(fragment), position), inside)


def _relative(fragment: Graph, inside: str) -> Graph:
    """Returns a fragment whose nodes forget the group that they are put into again."""
    if not inside:
        return fragment
    nodes = {
        node.id: replace(node, group=node.group[len(inside):].lstrip(".")) if f"{node.group}.".startswith(f"{inside}.") else node
        for node in fragment
    }
    return fragment.with_nodes(nodes)


def _as_drawing(document: dict[str, object]) -> str:
    """Returns a fragment's document as the text of a drawing."""
    kept = {key: document[key] for key in ("nodes", "edges", "groups") if key in document}
    return json.dumps({"nodes": [], **kept, "schema_version": 1})


def _offset(nodes: Sequence[Node], position: tuple[float, float] | None) -> tuple[float, float]:
    if position is None or not nodes:
        return PASTE_OFFSET_PX, PASTE_OFFSET_PX
    xs, ys = [node.position[0] for node in nodes], [node.position[1] for node in nodes]
    return position[0] - (min(xs) + max(xs)) / 2, position[1] - (min(ys) + max(ys)) / 2


def duplicate(graph: Graph, ids: Iterable[str]) -> tuple[Graph, tuple[str, ...]]:
    """Adds copies of some nodes and of the wires between them; returns the drawing and the new ids."""
    return insert(graph, replace(part(graph, ids), extra=graph.extra), (PASTE_OFFSET_PX, PASTE_OFFSET_PX))


def insert(graph: Graph, fragment: Graph, offset: tuple[float, float] = (0.0, 0.0), group: str = "") -> tuple[Graph, tuple[str, ...]]:
    """Adds another drawing to this one, under new ids and free names.

    Args:
        graph: The drawing.
        fragment: What is added.
        offset: By how much it is moved, in pixels.
        group: The group it is put into; "" keeps each node's own.
    """
    ids = {node.id: new_id() for node in fragment}
    nodes = dict(graph.nodes)
    groups = _free_groups(graph, fragment, group)
    taken: dict[str, set[str]] = {}
    for node in fragment:
        path = groups[node.group]
        names = taken.setdefault(path, taken_names(graph, path))
        name = free_name(node.name, names)
        names.add(name)
        nodes[ids[node.id]] = replace(_moved(node, offset), id=ids[node.id], name=name, group=path, ties=_renewed(node, ids, graph))
    edges = tuple(
        Edge(PortRef(ids[edge.source.node], edge.source.port), PortRef(ids[edge.target.node], edge.target.port))
        for edge in fragment.edges
    )
    merged = replace(graph.with_nodes(nodes), edges=graph.edges + edges)
    for path, new in groups.items():
        for depth in range(1, path.count(".") + 2 if path else 0):
            merged = _with_record(merged, fragment, ".".join(path.split(".")[:depth]), path, new)
    return merged, tuple(ids.values())


def _with_record(graph: Graph, fragment: Graph, above: str, path: str, new: str) -> Graph:
    """Returns the drawing with what the fragment says of one group, where that group came in under a name of its own."""
    record = group_record(fragment, above)
    steps = new.split(".")
    there = ".".join(steps[:len(steps) - path.count(".") + above.count(".")])
    fresh = all(node.id not in fragment.nodes for node in graph if node.group == there) and not group_record(graph, there)
    return set_group(graph, there, **record) if record and fresh else graph


def _moved(node: Node, offset: tuple[float, float]) -> Node:
    return replace(node, position=(node.position[0] + offset[0], node.position[1] + offset[1]))


def _renewed(node: Node, ids: dict[str, str], graph: Graph) -> tuple[Tie, ...]:
    """Ties within the fragment follow it; ties to a node that is in the drawing stay; others go."""
    return tuple(
        replace(tie, node=ids.get(tie.node, tie.node)) for tie in node.ties if tie.node in ids or tie.node in graph
    )


def _free_groups(graph: Graph, fragment: Graph, into: str) -> dict[str, str]:
    """Returns the new path of each group of a fragment: one whose every node was copied comes as a group of its own."""
    paths: dict[str, str] = {}
    for path in {node.group: None for node in fragment}:
        path_there = path if is_group_path(path) else ""
        paths[path] = ".".join(step for step in (into, path_there) if step)
    whole = _whole_groups(graph, fragment, paths)
    for top, free in whole.items():
        for path, there in paths.items():
            if there == top or there.startswith(f"{top}."):
                paths[path] = free + there[len(top):]
    return paths


def _whole_groups(graph: Graph, fragment: Graph, paths: dict[str, str]) -> dict[str, str]:
    """Returns free names for the outermost groups that are in both drawings and of which the fragment holds every node."""
    renamed: dict[str, str] = {}
    inside = {node.id for node in fragment}
    for path in sorted(set(paths.values()) - {""}):
        top = path.split(".")[0]
        there = [node.id for node in graph if node.group == top or node.group.startswith(f"{top}.")]
        if top not in renamed and (not there or inside.issuperset(there)):
            renamed[top] = free_name(top, taken_names(graph, ""))
    return renamed
