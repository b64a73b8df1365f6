"""Orders and reach: which node comes before which."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable

from workbench.graph.difference import Difference
from workbench.graph.graph import Graph


def topological(graph: Graph) -> list[str]:
    """Returns node ids so that every edge points forward; of the nodes that could come next, the one added first.

    Nodes on a cycle and after it are left out, as are edges whose ends do not exist.
    """
    ids, fed = list(graph.nodes), graph.wires_by_source()
    rank = {node: index for index, node in enumerate(ids)}
    waiting = _waiting(graph)
    ready = [index for index, node in enumerate(ids) if not waiting.get(node)]
    order: list[str] = []
    while ready:
        index = heapq.heappop(ready)
        while index >= 0:
            node, freed = ids[index], -1
            order.append(node)
            for edge in fed.get(node, ()):
                target = edge.target.node
                if target in rank:
                    waiting[target] -= 1
                    if not waiting[target]:
                        if freed >= 0:
                            heapq.heappush(ready, freed)
                        freed = rank[target]
            # Along a chain, the node just freed is mostly the next one: then the heap stays as it is.
            index = heapq.heappushpop(ready, freed) if freed >= 0 else -1
    return order


def _waiting(graph: Graph) -> dict[str, int]:
    """Returns for each node that wires enter how many come from a node that exists."""
    entering = graph.wires_by_target()
    waiting = dict(zip(entering, map(len, entering.values()), strict=True))
    if not graph.wires_by_source().keys() <= graph.nodes.keys():
        waiting = {node: sum(edge.source.node in graph.nodes for edge in edges) for node, edges in entering.items()}
    return waiting


def order_after(order: list[str], before: Graph, now: Graph, change: Difference) -> list[str] | None:
    """Returns the topological order of a drawing from that of the one before, where the change lets it be told at once.

    That is so where no new or removed node feeds another and no other wires changed: such a node comes last, whatever it waits for.
    """
    if len(order) != len(before) or len(before) - len(change.removed) + len(change.added) != len(now):
        return None
    fed, fed_before = now.wires_by_source(), before.wires_by_source()
    ends = {*change.added, *change.removed}
    loose = all(edge.target.node in ends and edge.source.node not in ends for edge in (*change.gone, *change.drawn))
    if not loose or any(node in fed for node in change.added) or any(node in fed_before for node in change.removed):
        return None
    kept = [node for node in before.nodes if node not in change.removed] if change.removed else list(before.nodes)
    if [*kept, *change.added] != list(now.nodes):
        return None
    return [*(node for node in order if node not in change.removed), *change.added] if ends else order


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
