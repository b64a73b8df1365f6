"""Groups: a path that several nodes share; the submodule they stand in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from workbench.graph.graph import Graph, is_name
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
    parent = _common([node.group for node in chosen])
    members = {node.id for node in chosen}
    taken = taken_names(graph, parent, members) | {_next_step(node.group, parent) for node in chosen}
    step = free_name(name if is_name(name) else "block", taken, numbered=not is_name(name))
    path = _joined(parent, step)
    moved = {node.id: replace(node, group=_joined(path, node.group[len(parent):].lstrip("."))) for node in chosen}
    return _with_free_names(graph.with_nodes({**graph.nodes, **moved}), path), path


def _next_step(path: str, parent: str) -> str:
    rest = path[len(parent):].lstrip(".")
    return rest.split(".", 1)[0]


def _common(paths: list[str]) -> str:
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
    return graph.with_nodes({**graph.nodes, **moved})


def rename_group(graph: Graph, path: str, name: str) -> Graph:
    """Gives a group another name; where it is taken, the next free number is added."""
    members = members_of(graph, path)
    if not path or not members:
        return graph
    parent = path.rpartition(".")[0]
    new = _joined(parent, free_name(name, taken_names(graph, parent, members)))
    moved = {key: replace(graph[key], group=new + graph[key].group[len(path):]) for key in members}
    return graph.with_nodes({**graph.nodes, **moved})


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
