"""Automatic layout, top to bottom: where the cards of a drawing stand.

Deterministic: the same nodes and wires, the same places. Parts that are not joined stand side by side. An open group is laid out by
itself first, and then placed like one large card: its members stay together, and nothing else stands among them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import ceil

from workbench.graph.alignment import aligned
from workbench.graph.graph import Graph
from workbench.graph.grouping import common_path
from workbench.graph.layering import Cancelled, Layered, Pairs, layered

CARD_WIDTH_PX = 196.0
CARD_HEIGHT_PX = 46.0
LAYER_PITCH_PX = 72.0
GRID_PX = 16.0
GROUP_PADDING_PX = 14.0
"""What lies between the border of an open group and its cards, on every side."""
GROUP_TITLE_PX = 8.0
"""What the border of an open group has below that for its title."""
_CARD_GAP_PX = 28.0
_ROW_GAP_PX = LAYER_PITCH_PX - CARD_HEIGHT_PX
_WIRE_WIDTH_PX = 16.0
_PART_GAP_PX = 64.0
_PAGE_PROPORTION = 1.6
_STEP_PX = GRID_PX / 2

Position = tuple[float, float]
Positions = dict[str, Position]
Asked = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class _Block:
    """A card, or a group with all that stands in it.

    Attributes:
        left, right: How far it reaches to either side of the wire that enters it.
        height: From its upper to its lower edge.
        places: The centres of its cards, from that wire and from its upper edge.
    """

    left: float
    right: float
    height: float
    places: Positions


def layout(graph: Graph, ids: Iterable[str] | None = None, cancelled: Asked = lambda: False) -> Positions:
    """Returns new centres for the cards, in pixels: x on the grid, y on half of it.

    Args:
        graph: The drawing.
        ids: Lay out these nodes only; the middle of their upper edge stays where it is.
        cancelled: Asked now and then; once true, the result is empty.
    """
    wanted = set(graph.nodes) if ids is None else set(ids)
    chosen = [node for node in graph.nodes if node in wanted]
    try:
        places = _level(graph, chosen, common_path([graph[node].group for node in chosen]), cancelled).places
    except Cancelled:
        return {}
    first = next(iter(places.values()), (0.0, 0.0))
    return _shifted(places, -first[0], -CARD_HEIGHT_PX / 2) if ids is None else _anchored(graph, places)


def _level(graph: Graph, members: Sequence[str], path: str, cancelled: Asked) -> _Block:
    """Lays out the nodes of one group, each group within it as one block; the left and the upper edge are at 0."""
    children: dict[str, list[str]] = {}
    for node in members:
        rest = graph[node].group[len(path):].lstrip(".")
        children.setdefault(f"{rest.split('.')[0]}." if rest else node, []).append(node)
    number = {node: index for index, child in enumerate(children.values()) for node in child}
    pairs = [
        (number[edge.source.node], number[edge.target.node]) for node in members for edge in graph.incoming(node)
        if edge.source.node in number
    ]
    blocks = [
        _group(graph, child, f"{path}.{name}".strip("."), cancelled) if name.endswith(".") else _card(child[0])
        for name, child in children.items()
    ]
    return _packed([_part(blocks, part, pairs, cancelled) for part in _joined(len(blocks), pairs)])


def _card(node: str) -> _Block:
    return _Block(CARD_WIDTH_PX / 2, CARD_WIDTH_PX / 2, CARD_HEIGHT_PX, {node: (0.0, CARD_HEIGHT_PX / 2)})


def _group(graph: Graph, members: list[str], path: str, cancelled: Asked) -> _Block:
    """Lays out a group, with room for its border, and hangs it up by its first node that a wire from outside enters."""
    inner = _level(graph, members, path, cancelled)
    inside = set(members)
    entered = [node for node in members if any(edge.source.node not in inside for edge in graph.incoming(node))]
    left = [node for node in members if any(edge.target.node not in inside for edge in graph.outgoing(node))]
    anchor = min(entered, key=lambda node: inner.places[node][1]) if entered else max(left or members, key=lambda node: inner.places[node][1])
    x, top, bottom = inner.places[anchor][0], _stepped(GROUP_PADDING_PX), _stepped(GROUP_PADDING_PX + GROUP_TITLE_PX)
    return _Block(
        x - inner.left + GROUP_PADDING_PX, inner.right - x + GROUP_PADDING_PX, top + inner.height + bottom, _shifted(inner.places, -x, top)
    )


def _stepped(value: float) -> float:
    return _STEP_PX * ceil(value / _STEP_PX)


def _joined(count: int, pairs: Pairs) -> list[list[int]]:
    """Returns the parts that no wire joins, each in order, the part with the first one first."""
    near: list[list[int]] = [[] for _ in range(count)]
    for source, target in pairs:
        near[source].append(target)
        near[target].append(source)
    part_of = [-1] * count
    parts: list[list[int]] = []
    for start in range(count):
        if part_of[start] < 0:
            _mark(start, len(parts), near, part_of)
            parts.append([])
        parts[part_of[start]].append(start)
    return parts


def _mark(start: int, number: int, near: Sequence[Sequence[int]], part_of: list[int]) -> None:
    stack = [start]
    part_of[start] = number
    while stack:
        for other in near[stack.pop()]:
            if part_of[other] < 0:
                part_of[other] = number
                stack.append(other)


def _part(blocks: Sequence[_Block], members: Sequence[int], pairs: Pairs, cancelled: Asked) -> _Block:
    """Lays out blocks that wires join, as one block."""
    number = {block: index for index, block in enumerate(members)}
    joined = [(number[source], number[target]) for source, target in pairs if source in number and source != target]
    drawing = layered(len(members), joined, cancelled)
    mine = [blocks[member] for member in members]
    xs = aligned(drawing, _gap(drawing, mine), cancelled)
    first = min(xs[:len(mine)])
    places: Positions = {}
    left, right, y = 0.0, 0.0, 0.0
    for layer in drawing.layers:
        height = max((mine[node].height for node in layer if node < drawing.real), default=CARD_HEIGHT_PX)
        for node in (node for node in layer if node < drawing.real):
            block, x = mine[node], _on_grid(xs[node] - first)
            places |= _shifted(block.places, x, y + round((height - block.height) / 2 / _STEP_PX) * _STEP_PX)
            left, right = min(left, x - block.left), max(right, x + block.right)
        y += height + _ROW_GAP_PX
    return _Block(-left, right, y - _ROW_GAP_PX, places)


def _gap(drawing: Layered, blocks: Sequence[_Block]) -> Callable[[int, int], float]:
    def gap(left: int, right: int) -> float:
        reach = blocks[left].right if left < drawing.real else _WIRE_WIDTH_PX / 2
        back = blocks[right].left if right < drawing.real else _WIRE_WIDTH_PX / 2
        wide = reach + back + _CARD_GAP_PX
        return ceil(wide / GRID_PX) * GRID_PX if max(left, right) < drawing.real else wide

    return gap


def _on_grid(value: float) -> float:
    return round(value / GRID_PX) * GRID_PX


def _packed(parts: Sequence[_Block]) -> _Block:
    """Puts parts side by side, in rows about as wide as a page."""
    widths = [part.left + part.right for part in parts]
    area = sum((width + _PART_GAP_PX) * (part.height + _PART_GAP_PX) for width, part in zip(widths, parts, strict=True))
    page = max([*widths, (area * _PAGE_PROPORTION) ** 0.5])
    places: Positions = {}
    x = y = tallest = widest = 0.0
    for part, width in zip(parts, widths, strict=True):
        if x and x + width > page:
            x, y, tallest = 0.0, y + tallest + _PART_GAP_PX, 0.0
        middle = ceil((x + part.left) / GRID_PX) * GRID_PX
        places |= _shifted(part.places, middle, y)
        widest, tallest = max(widest, middle + part.right), max(tallest, part.height)
        x += ceil((width + _PART_GAP_PX) / GRID_PX) * GRID_PX
    return _Block(0.0, widest, y + tallest, places)


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
