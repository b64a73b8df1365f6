"""Orders and reach: which node comes before which."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable

from workbench.graph.graph import Graph


def topological(graph: Graph) -> list[str]:
    """Returns node ids so that every edge points forward; of the nodes that could come next, the one added first.

    Nodes on a cycle and after it are left out, as are edges whose ends do not exist.
    """
    ids = list(graph.nodes)
    rank = {node: index for index, node in enumerate(ids)}
    waiting, following = _counted(graph, rank)
    ready = [index for index, count in enumerate(waiting) if not count]
    order: list[str] = []
    while ready:
        index = heapq.heappop(ready)
        order.append(ids[index])
        for target in following[index]:
            waiting[target] -= 1
            if not waiting[target]:
                heapq.heappush(ready, target)
    return order


def _counted(graph: Graph, rank: dict[str, int]) -> tuple[list[int], list[list[int]]]:
    """Returns how many wires enter each node, and where its wires lead, both by rank."""
    waiting = [0] * len(rank)
    following: list[list[int]] = [[] for _ in rank]
    for edge in graph.edges:
        source, target = rank.get(edge.source.node), rank.get(edge.target.node)
        if source is not None and target is not None:
            waiting[target] += 1
            following[source].append(target)
    return waiting, following


def find_cycle(graph: Graph, among: Iterable[str] | None = None) -> list[str] | None:
    """Returns the ids around one cycle, in the direction of the wires, or None.

    Args:
        graph: The drawing.
        among: Look among these nodes only.
    """
    if among is not None:
        graph = part(graph, among)
    left = set(graph.nodes) - set(topological(graph))
    if not left:
        return None
    current = next(node for node in graph.nodes if node in left)
    path: list[str] = []
    place: dict[str, int] = {}
    while current not in place:
        place[current] = len(path)
        path.append(current)
        current = next(edge.source.node for edge in graph.incoming(current) if edge.source.node in left)
    return path[place[current]:][::-1]


def find_cycles(graph: Graph, limit: int = 16) -> list[list[str]]:
    """Returns cycles that share no node, at most `limit`."""
    left = set(graph.nodes) - set(topological(graph))
    cycles: list[list[str]] = []
    while left and len(cycles) < limit and (cycle := find_cycle(graph, left)):
        cycles.append(cycle)
        left -= set(cycle)
    return cycles


def reachable_from(graph: Graph, ids: Iterable[str]) -> set[str]:
    """Returns `ids` and every node that their outputs lead to."""
    wires = graph.wires_by_source()
    return _walk(graph, ids, lambda node: [edge.target.node for edge in wires.get(node, ())])


def reaching(graph: Graph, ids: Iterable[str]) -> set[str]:
    """Returns `ids` and every node whose output leads to one of them."""
    wires = graph.wires_by_target()
    return _walk(graph, ids, lambda node: [edge.source.node for edge in wires.get(node, ())])


def _walk(graph: Graph, ids: Iterable[str], next_to: Callable[[str], list[str]]) -> set[str]:
    seen = {node for node in ids if node in graph.nodes}
    stack = list(seen)
    while stack:
        for node in next_to(stack.pop()):
            if node not in seen and node in graph.nodes:
                seen.add(node)
                stack.append(node)
    return seen


def part(graph: Graph, ids: Iterable[str]) -> Graph:
    """Returns some nodes of a graph and the edges between them."""
    kept = set(ids)
    nodes = {node.id: node for node in graph if node.id in kept}
    edges = tuple(edge for edge in graph.edges if edge.source.node in nodes and edge.target.node in nodes)
    return Graph(edges=edges).with_nodes(nodes)
