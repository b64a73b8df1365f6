"""Automatic layout, top to bottom: where the cards of a drawing stand.

Deterministic: the same nodes and wires, the same places. Parts that are not joined stand side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from workbench.graph.alignment import aligned
from workbench.graph.graph import Graph
from workbench.graph.layering import Cancelled, Layered, layered

CARD_WIDTH_PX = 196.0
CARD_HEIGHT_PX = 46.0
LAYER_PITCH_PX = 72.0
GRID_PX = 16.0
GROUP_PADDING_PX = 14.0
GROUP_TITLE_PX = 8.0
_CARD_GAP_PX = 28.0
_WIRE_WIDTH_PX = 16.0
_PART_GAP_PX = 64.0
_PAGE_PROPORTION = 1.6

Position = tuple[float, float]
Positions = dict[str, Position]


def layout(graph: Graph, ids: Iterable[str] | None = None, cancelled: Callable[[], bool] = lambda: False) -> Positions:
    """Returns new centres for the cards, in pixels: x on the grid, rows one pitch apart.

    Args:
        graph: The drawing.
        ids: Lay out these nodes only; the middle of their upper edge stays where it is.
        cancelled: Asked now and then; once true, the result is empty.
    """
    chosen = set(graph.nodes) if ids is None else {node for node in ids if node in graph}
    try:
        parts = [_part(graph, members, cancelled) for members in _joined(graph, chosen)]
    except Cancelled:
        return {}
    places = _packed(parts)
    return places if ids is None else _anchored(graph, places)


def _joined(graph: Graph, chosen: set[str]) -> list[list[str]]:
    """Returns the parts that no wire joins, each in the order of the drawing, the part with the first node first."""
    near: dict[str, list[str]] = {node: [] for node in graph.nodes if node in chosen}
    for edge in graph.edges:
        if edge.source.node in near and edge.target.node in near:
            near[edge.source.node].append(edge.target.node)
            near[edge.target.node].append(edge.source.node)
    part_of: dict[str, int] = {}
    parts: list[list[str]] = []
    for start in near:
        if start not in part_of:
            _mark(start, len(parts), near, part_of)
            parts.append([])
    for node in near:
        parts[part_of[node]].append(node)
    return parts


def _mark(start: str, number: int, near: dict[str, list[str]], part_of: dict[str, int]) -> None:
    stack = [start]
    part_of[start] = number
    while stack:
        for other in near[stack.pop()]:
            if other not in part_of:
                part_of[other] = number
                stack.append(other)


def _part(graph: Graph, members: list[str], cancelled: Callable[[], bool]) -> Positions:
    """Lays out one part; its left and upper edges are at 0."""
    number = {node: index for index, node in enumerate(members)}
    pairs = [
        (number[edge.source.node], number[edge.target.node]) for node in members for edge in graph.incoming(node)
        if edge.source.node in number
    ]
    drawing = layered(len(members), pairs, cancelled)
    xs = aligned(drawing, _gap(drawing), cancelled)
    rank = {node: row for row, layer in enumerate(drawing.layers) for node in layer}
    left = min(xs[:len(members)])
    return {
        node: (_on_grid(xs[index] - left) + CARD_WIDTH_PX / 2, rank[index] * LAYER_PITCH_PX + CARD_HEIGHT_PX / 2)
        for node, index in number.items()
    }


def _gap(drawing: Layered) -> Callable[[int, int], float]:
    def gap(left: int, right: int) -> float:
        widths = (CARD_WIDTH_PX if node < drawing.real else _WIRE_WIDTH_PX for node in (left, right))
        return sum(widths) / 2 + _CARD_GAP_PX

    return gap


def _on_grid(value: float) -> float:
    return round(value / GRID_PX) * GRID_PX


def _packed(parts: list[Positions]) -> Positions:
    """Puts parts side by side, in rows about as wide as a page, and brings the first node to x = 0."""
    sizes = [_size(part) for part in parts]
    area = sum((width + _PART_GAP_PX) * (height + _PART_GAP_PX) for width, height in sizes)
    page = max([width for width, _ in sizes] + [(area * _PAGE_PROPORTION) ** 0.5])
    places: Positions = {}
    x = y = tallest = 0.0
    for part, (width, height) in zip(parts, sizes, strict=True):
        if x and x + width > page:
            x, y, tallest = 0.0, y + tallest + _PART_GAP_PX, 0.0
        places |= _shifted(part, x, y)
        x = _on_grid(x + width + _PART_GAP_PX + GRID_PX / 2)
        tallest = max(tallest, height)
    first = next(iter(places.values()), (0.0, 0.0))
    return _shifted(places, -first[0], -CARD_HEIGHT_PX / 2)


def _size(part: Positions) -> tuple[float, float]:
    return max(x for x, _ in part.values()) + CARD_WIDTH_PX / 2, max(y for _, y in part.values()) + CARD_HEIGHT_PX / 2


def _shifted(places: Positions, dx: float, dy: float) -> Positions:
    return {node: (x + dx, y + dy) for node, (x, y) in places.items()}


def _anchored(graph: Graph, places: Positions) -> Positions:
    """Moves a new layout so that the middle of its upper edge is where the nodes had it."""
    if not places:
        return places
    (x, y), (old_x, old_y) = _upper_middle(places), _upper_middle({node: graph[node].position for node in places})
    return _shifted(places, old_x - x, old_y - y)


def _upper_middle(places: Positions) -> Position:
    xs, ys = [x for x, _ in places.values()], [y for _, y in places.values()]
    return (min(xs) + max(xs)) / 2, min(ys)
