"""Layers of a drawing: which node stands in which row, and in which order, with few crossings.

After Sugiyama, Tagawa and Toda, "Methods for visual understanding of hierarchical system structures" (1981): longest-path layers, a
chain of dummies for each wire that passes rows, barycentre sweeps down and up.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Pairs = Sequence[tuple[int, int]]
_SWEEPS = 24
_PATIENCE = 4
_MOST_DUMMIES = 120_000


class Cancelled(Exception):  # noqa: N818 (no error: somebody asked for it)
    """Raised inside the layout when nobody waits for it any more."""


@dataclass(slots=True)
class Layered:
    """Nodes in rows. Numbers from `real` on are dummies.

    Attributes:
        real: How many real nodes there are.
        layers: The rows, each from left to right.
        above: For every node its neighbours in the row above.
        below: For every node its neighbours in the row below.
    """

    real: int
    layers: list[list[int]]
    above: list[list[int]]
    below: list[list[int]]

    def positions(self) -> list[int]:
        """Returns the place of every node in its row."""
        place = [0] * len(self.above)
        for layer in self.layers:
            for index, node in enumerate(layer):
                place[node] = index
        return place


def layered(count: int, pairs: Pairs, cancelled: Callable[[], bool]) -> Layered:
    """Returns nodes 0 to `count` - 1 in rows so that pairs point down; where they go round in a circle, one pair points up.

    Raises:
        Cancelled: `cancelled()` became true.
    """
    forward = _without_circles(count, pairs)
    rank = _ranks(count, forward)
    if cancelled():
        raise Cancelled
    found = _with_dummies(count, forward, rank)
    _first_order(found)
    _sweep(found, cancelled)
    return found


def _lists(count: int, pairs: Pairs) -> tuple[list[list[int]], list[list[int]]]:
    above: list[list[int]] = [[] for _ in range(count)]
    below: list[list[int]] = [[] for _ in range(count)]
    for source, target in pairs:
        below[source].append(target)
        above[target].append(source)
    return above, below


def _without_circles(count: int, pairs: Pairs) -> list[tuple[int, int]]:
    """Leaves out pairs that close a circle, found by a walk from the nodes that nothing leads to."""
    above, below = _lists(count, pairs)
    state = [0] * count
    closing: set[tuple[int, int]] = set()
    for start in sorted(range(count), key=lambda node: bool(above[node])):
        stack = [(start, 0)] if not state[start] else []
        while stack:
            node, index = stack.pop()
            state[node] = 1
            if index == len(below[node]):
                state[node] = 2
                continue
            stack.append((node, index + 1))
            target = below[node][index]
            if state[target] == 1:
                closing.add((node, target))
            elif not state[target]:
                stack.append((target, 0))
    return [pair for pair in dict.fromkeys(pairs) if pair not in closing and pair[0] != pair[1]]


def _ranks(count: int, pairs: Pairs) -> list[int]:
    """Returns rows by longest path; a node that feeds more than it is fed moves down next to what it feeds."""
    above, below = _lists(count, pairs)
    waiting = [len(sources) for sources in above]
    ready = [node for node in range(count) if not waiting[node]]
    rank = [0] * count
    for node in ready:
        for target in below[node]:
            rank[target] = max(rank[target], rank[node] + 1)
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    for node in reversed(ready):
        if len(below[node]) > len(above[node]):
            rank[node] = min(rank[target] for target in below[node]) - 1
    return rank


def _with_dummies(count: int, pairs: Pairs, rank: Sequence[int]) -> Layered:
    spans = [rank[target] - rank[source] for source, target in pairs]
    longest = _longest_span(spans)
    layers: list[list[int]] = [[] for _ in range(max(rank, default=0) + 1)]
    for node in range(count):
        layers[rank[node]].append(node)
    above: list[list[int]] = [[] for _ in range(count)]
    below: list[list[int]] = [[] for _ in range(count)]
    for (source, target), span in zip(pairs, spans, strict=True):
        if span > longest:
            continue
        last = source
        for row in range(rank[source] + 1, rank[target]):
            dummy = len(above)
            layers[row].append(dummy)
            above.append([last])
            below.append([])
            below[last].append(dummy)
            last = dummy
        below[last].append(target)
        above[target].append(last)
    return Layered(count, layers, above, below)


def _longest_span(spans: Sequence[int]) -> int:
    """Returns how many rows a wire may pass and still get dummies, so that a drawing of long wires stays within bounds."""
    total = 0
    for span in sorted(spans):
        total += span - 1
        if total > _MOST_DUMMIES:
            return span - 1
    return max(spans, default=1)


def _first_order(drawing: Layered) -> None:
    """Orders rows by a walk from the top, so that branches start out side by side and in the order of their wires."""
    seen = [False] * len(drawing.above)
    order: list[int] = []
    for top in (node for layer in drawing.layers for node in layer):
        stack = [top]
        while stack:
            node = stack.pop()
            if not seen[node]:
                seen[node] = True
                order.append(node)
                stack.extend(reversed(drawing.below[node]))
    place = [0] * len(order)
    for index, node in enumerate(order):
        place[node] = index
    for layer in drawing.layers:
        layer.sort(key=place.__getitem__)


def _sweep(drawing: Layered, cancelled: Callable[[], bool]) -> None:
    best, best_layers = crossings(drawing), [list(layer) for layer in drawing.layers]
    idle = 0
    for sweep in range(_SWEEPS):
        if not best or idle == _PATIENCE:
            break
        if cancelled():
            raise Cancelled
        _one_sweep(drawing, down=sweep % 2 == 0)
        now = crossings(drawing)
        idle = 0 if now < best else idle + 1
        if now < best:
            best, best_layers = now, [list(layer) for layer in drawing.layers]
    drawing.layers = best_layers


def _one_sweep(drawing: Layered, down: bool) -> None:
    neighbours = drawing.above if down else drawing.below
    place = drawing.positions()
    for layer in drawing.layers if down else reversed(drawing.layers):
        keys = {node: _mean([place[other] for other in neighbours[node]], place[node]) for node in layer}
        layer.sort(key=keys.__getitem__)
        for index, node in enumerate(layer):
            place[node] = index


def _mean(places: list[int], own: int) -> float:
    return sum(places) / len(places) if places else own


def crossings(drawing: Layered) -> int:
    """Returns how many pairs of wires between neighbouring rows cross."""
    place = drawing.positions()
    total = 0
    for layer in drawing.layers:
        passed: list[int] = []
        for node in layer:
            ends = sorted(place[other] for other in drawing.below[node])
            total += sum(len(passed) - bisect_right(passed, end) for end in ends)
            for end in ends:
                insort(passed, end)
    return total
