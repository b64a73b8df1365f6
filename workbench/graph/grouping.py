"""Groups: a path that several nodes share; the submodule they stand in.

What is said of a group beside its members (folded, as a block with exposed parameters) stands in `graph.extra["groups"]` under its path.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from workbench.graph.graph import Graph, Node, frozen, is_name
from workbench.graph.names import free_name, taken_names


def group(graph: Graph, ids: Iterable[str], name: str = "block") -> tuple[Graph, str]:
    """Puts nodes into a new group inside the deepest group that holds them all.

    Args:
        graph: The drawing.
        ids: The nodes.
        name: The wanted name; where it is taken, the next free number is added.

    Returns:
        The drawing and the path of the group; the same drawing and "" where there is no node.
    """
    chosen = [graph[key] for key in ids if key in graph]
    if not chosen:
        return graph, ""
    parent = common_path([node.group for node in chosen])
    members = {node.id for node in chosen}
    taken = taken_names(graph, parent, members) | {_next_step(node.group, parent) for node in chosen}
    step = free_name(name if is_name(name) else "block", taken, numbered=not is_name(name))
    path = _joined(parent, step)
    moved = {node.id: replace(node, group=_joined(path, node.group[len(parent):].lstrip("."))) for node in chosen}
    inside = f"{parent}." if parent else ""
    whole = [inner for inner in _records(graph) if inner.startswith(inside) and members.issuperset(members_of(graph, inner))]
    renamed = {inner: _joined(path, inner[len(parent):].lstrip(".")) for inner in whole}
    after = _with_free_names(graph.with_nodes({**graph.nodes, **moved}), path)
    return _with_records(graph, after, {path: "", **renamed}), path


def _next_step(path: str, parent: str) -> str:
    rest = path[len(parent):].lstrip(".")
    return rest.split(".", 1)[0]


def common_path(paths: Sequence[str]) -> str:
    """Returns the deepest group that holds all of some groups, "" where that is the whole drawing."""
    split = [path.split(".") if path else [] for path in paths]
    shared: list[str] = []
    for steps in zip(*split, strict=False):
        if len(set(steps)) > 1:
            break
        shared.append(steps[0])
    return ".".join(shared)


def members_of(graph: Graph, path: str) -> list[str]:
    """Returns the nodes in a group and in the groups within it."""
    return [node.id for node in graph if node.group == path or node.group.startswith(f"{path}.")]


def ungroup(graph: Graph, path: str) -> Graph:
    """Dissolves a group: its nodes and inner groups move one level up and are renamed where their name is taken there."""
    members = members_of(graph, path)
    if not path or not members:
        return graph
    parent = path.rpartition(".")[0]
    taken = taken_names(graph, parent, members)
    steps: dict[str, str] = {}
    moved = {}
    for member in members:
        node = graph[member]
        inner = node.group[len(path):].lstrip(".")
        first = inner.split(".", 1)[0] if inner else node.name
        key = f"{first}." if inner else member
        if key not in steps:
            steps[key] = free_name(first, taken)
            taken.add(steps[key])
        moved[member] = replace(node, group=_joined(parent, steps[key] + inner[len(first):])) if inner else replace(
            node, group=parent, name=steps[key]
        )
    renamed = {f"{path}.{key[:-1]}": _joined(parent, step) for key, step in steps.items() if key.endswith(".")}
    return _with_records(graph, graph.with_nodes({**graph.nodes, **moved}), {path: "", **renamed})


def rename_group(graph: Graph, path: str, name: str) -> Graph:
    """Gives a group another name; where it is taken, the next free number is added."""
    members = members_of(graph, path)
    if not path or not members:
        return graph
    parent = path.rpartition(".")[0]
    new = _joined(parent, free_name(name, taken_names(graph, parent, members)))
    moved = {key: replace(graph[key], group=new + graph[key].group[len(path):]) for key in members}
    return _with_records(graph, graph.with_nodes({**graph.nodes, **moved}), {path: new})


def group_paths(graph: Graph) -> list[str]:
    """Returns the path of every group, each before the groups within it."""
    return group_steps({node.group: None for node in graph if node.group})


def group_steps(paths: Iterable[str], inside: str = "") -> list[str]:
    """Returns some groups and all those around them, each before the groups within it; with `inside` only those within that one."""
    found: dict[str, None] = {}
    for path in paths:
        steps = path.split(".") if path else []
        found.update((".".join(steps[:count]), None) for count in range(1 + (inside.count(".") + 1 if inside else 0), len(steps) + 1))
    return list(found)


def group_record(graph: Graph, path: str) -> Mapping[str, Any]:
    """Returns what is said of a group beside its members."""
    record = _records(graph).get(path)
    return record if isinstance(record, Mapping) else {}


def set_group(graph: Graph, path: str, **fields: Any) -> Graph:
    """Says something of a group; None takes a field away."""
    record = {**group_record(graph, path), **fields}
    return _with_extra(graph, {**_records(graph), path: {key: value for key, value in record.items() if value is not None}})


def fold(graph: Graph, path: str, folded: bool = True) -> Graph:
    """Shows a group as one card, or its members again; what stands below moves up or down to close the gap or make room."""
    members = [graph[node] for node in members_of(graph, path)]
    if not members or folded == is_folded(graph, path):
        return graph
    rows = [node.position[1] for node in members]
    top, height = min(rows), max(rows) - min(rows)
    inside = {node.id for node in members}
    below = [node for node in graph if node.id not in inside and node.position[1] > (top + height if folded else top)]
    moved = {node.id: _lowered(node, -height if folded else height) for node in below} if height else {}
    return set_group(graph.with_nodes({**graph.nodes, **moved}) if moved else graph, path, folded=folded or None)


def _lowered(node: Node, by: float) -> Node:
    return replace(node, position=(node.position[0], node.position[1] + by))


def is_folded(graph: Graph, path: str) -> bool:
    """Whether a group shows as one card."""
    return group_record(graph, path).get("folded") is True


def folded_paths(graph: Graph, inside: str = "") -> list[str]:
    """Returns the groups within another one, or all, that show as one card and stand in no other such group."""
    wanted = [path for path in _records(graph) if is_folded(graph, path) and (not inside or path.startswith(f"{inside}."))]
    outermost = [path for path in wanted if not any(path.startswith(f"{other}.") for other in wanted)]
    there = {node.group for node in graph if node.group} if outermost else set[str]()
    return [path for path in outermost if any(group == path or group.startswith(f"{path}.") for group in there)]


def _records(graph: Graph) -> Mapping[str, Any]:
    records = graph.extra.get("groups")
    return records if isinstance(records, Mapping) else {}


def _with_extra(graph: Graph, records: Mapping[str, Any]) -> Graph:
    """Returns the drawing with other records; empty ones, and those of groups that are gone, go."""
    there = set(group_paths(graph))
    kept = {path: record for path, record in records.items() if record and path in there}
    extra = {key: value for key, value in graph.extra.items() if key != "groups"} | ({"groups": kept} if kept else {})
    return graph if frozen(extra) == graph.extra else replace(graph, extra=MappingProxyType({key: frozen(extra[key]) for key in extra}))


def _with_records(before: Graph, graph: Graph, renamed: Mapping[str, str]) -> Graph:
    """Lets records follow groups that were renamed; the nearest renamed group above decides, "" stands for one that is gone."""
    if not _records(graph):
        return graph
    kept: dict[str, Any] = {}
    for path, record in _records(graph).items():
        above = max((old for old in renamed if path == old or path.startswith(f"{old}.")), key=len, default=None)
        new = path if above is None else renamed[above] + path[len(above):] if renamed[above] else ""
        kept |= {new: _with_places(record, _paths(before, path), _paths(graph, new))} if new else {}
    return _with_extra(graph, kept)


def with_renamed(before: Graph, after: Graph) -> Graph:
    """Lets what is said of groups (exposed parameters, what a repetition passes on) follow nodes that were renamed.

    Args:
        before: The drawing before the nodes were renamed.
        after: The drawing since.
    """
    return _with_records(before, after, {})


def _paths(graph: Graph, group: str) -> dict[str, str]:
    """Returns by id the path within a group of every node in it."""
    return {node.id: node.path[len(group) + 1:] for node in graph if node.group == group or node.group.startswith(f"{group}.")}


def _with_places(record: Any, old: Mapping[str, str], new: Mapping[str, str]) -> Any:
    """Returns what is said of a group with other paths for nodes that have moved or been renamed within it."""
    if not isinstance(record, Mapping) or old == new:
        return record
    goes = {path: new[node] for node, path in old.items() if node in new}
    changed: dict[str, Any] = {}
    rows, passed = record.get("exposed"), record.get("passed")
    if isinstance(rows, (list, tuple)):
        changed["exposed"] = [_renamed_row(row, goes) for row in rows]
    if isinstance(passed, str):
        node, _, port = passed.rpartition(".")
        changed["passed"] = f"{goes.get(node, node)}.{port}"
    return {**record, **changed} if changed else record


def _renamed_row(row: Any, goes: Mapping[str, str]) -> Any:
    readable = isinstance(row, (list, tuple)) and len(row) == 2 and isinstance(row[0], str)
    return [goes.get(row[0], row[0]), row[1]] if readable else row


def _joined(*steps: str) -> str:
    return ".".join(step for step in steps if step)


def _with_free_names(graph: Graph, path: str) -> Graph:
    """Renames nodes whose name is taken within a group that was just made."""
    taken: set[str] = {_next_step(node.group, path) for node in graph if node.group.startswith(f"{path}.")}
    changed = {}
    for node in graph:
        if node.group == path:
            name = free_name(node.name, taken)
            taken.add(name)
            changed[node.id] = node if name == node.name else replace(node, name=name)
    return graph.with_nodes({**graph.nodes, **changed})
