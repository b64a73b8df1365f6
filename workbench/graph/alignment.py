"""Where the nodes of ordered rows stand from left to right: straight chains, centred branches.

After Brandes and Koepf, "Fast and simple horizontal coordinate assignment" (2001): nodes are aligned with a middle neighbour from
each of four corners, blocks are packed by longest paths, and every node takes the middle of its four places. As each of the four
keeps neighbours apart, so does their middle.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from workbench.graph.layering import Cancelled, Layered

Gap = Callable[[int, int], float]


def aligned(drawing: Layered, gap: Gap, cancelled: Callable[[], bool]) -> list[float]:
    """Returns an x for every node, dummies included.

    Args:
        drawing: The ordered rows.
        gap: The least distance between the centres of two neighbours, given from left to right.
        cancelled: Whether to stop.

    Raises:
        Cancelled: `cancelled()` became true.
    """
    crossed = _crossed_segments(drawing)
    found: list[list[float]] = []
    for upwards in (False, True):
        for leftwards in (False, True):
            if cancelled():
                raise Cancelled
            layers = [layer[::-1] if leftwards else layer for layer in (drawing.layers[::-1] if upwards else drawing.layers)]
            roots = _blocks(layers, drawing.below if upwards else drawing.above, crossed, drawing.real)
            places = _packed(layers, roots, _mirrored(gap) if leftwards else gap)
            found.append([-place for place in places] if leftwards else places)
    return _middle(found)


def _mirrored(gap: Gap) -> Gap:
    return lambda left, right: gap(right, left)


def _crossed_segments(drawing: Layered) -> set[tuple[int, int]]:
    """Returns the wires, as (upper, lower), that cross the straight inside of a long wire and must give way to it."""
    place = drawing.positions()
    crossed: set[tuple[int, int]] = set()
    for upper, lower in pairwise(drawing.layers):
        left, start = 0, 0
        for index, node in enumerate(lower):
            inner = _inner_neighbour(drawing, node)
            if inner is None and index < len(lower) - 1:
                continue
            right = place[inner] if inner is not None else len(upper) - 1
            for other in lower[start:index + 1]:
                crossed.update(
                    (source, other) for source in drawing.above[other]
                    if not left <= place[source] <= right and (source < drawing.real or other < drawing.real)
                )
            start, left = index + 1, right
    return crossed


def _inner_neighbour(drawing: Layered, node: int) -> int | None:
    """Returns the dummy above a dummy."""
    if node < drawing.real or not drawing.above[node]:
        return None
    return drawing.above[node][0] if drawing.above[node][0] >= drawing.real else None


def _blocks(
    layers: Sequence[Sequence[int]], neighbours: Sequence[Sequence[int]], crossed: set[tuple[int, int]], real: int
) -> list[int]:
    """Aligns each node with a middle neighbour in the row before, where that crosses no other alignment; returns block roots.

    Where a card has both cards and passing wires above it, it goes with the cards: the trunk stays straight, wires that skip bend.
    """
    count = len(neighbours)
    roots, taken, place = list(range(count)), [False] * count, [0] * count
    for layer in layers:
        for index, node in enumerate(layer):
            place[node] = index
    for layer in layers[1:]:
        reached = -1
        for node in layer:
            cards = [other for other in neighbours[node] if other < real] if node < real else []
            near = sorted(cards or neighbours[node], key=place.__getitem__)
            for middle in dict.fromkeys(((len(near) - 1) // 2, len(near) // 2)) if near else ():
                other = near[middle]
                free = not taken[other] and (other, node) not in crossed and (node, other) not in crossed
                if free and place[other] > reached:
                    roots[node], taken[other], reached = roots[other], True, place[other]
                    break
    return roots


def _packed(layers: Sequence[Sequence[int]], roots: Sequence[int], gap: Gap) -> list[float]:
    """Packs blocks to the left as far as their neighbours let them, then those with room on the right towards it."""
    after: dict[int, dict[int, float]] = {root: {} for root in dict.fromkeys(roots)}
    waiting = dict.fromkeys(after, 0)
    for layer in layers:
        for left, right in pairwise(layer):
            a, b = roots[left], roots[right]
            if b not in after[a]:
                waiting[b] += 1
            after[a][b] = max(after[a].get(b, 0.0), gap(left, right))
    ready = [root for root, count in waiting.items() if not count]
    places = dict.fromkeys(after, 0.0)
    for root in ready:
        for other, distance in after[root].items():
            places[other] = max(places[other], places[root] + distance)
            waiting[other] -= 1
            if not waiting[other]:
                ready.append(other)
    for root in reversed(ready):
        if after[root]:
            places[root] = max(places[root], min(places[other] - distance for other, distance in after[root].items()))
    return [places[root] for root in roots]


def _middle(found: list[list[float]]) -> list[float]:
    """Brings the four places of every node together at the narrowest one's edges and returns the mean of the middle two."""
    narrow = min(found, key=lambda places: max(places) - min(places))
    left, right = min(narrow), max(narrow)
    shifts = [right - max(places) if index % 2 else left - min(places) for index, places in enumerate(found)]
    result: list[float] = []
    for four in zip(*found, strict=True):
        ordered = sorted(place + shift for place, shift in zip(four, shifts, strict=True))
        result.append((ordered[1] + ordered[2]) / 2)
    return result
