"""Frames and notes that follow the cards they belong to, where a step moved many of them."""

from __future__ import annotations

from collections.abc import Mapping

from workbench.graph.drawing import Drawing, drawn
from workbench.graph.graph import Graph
from workbench.graph.layout import CARD_HEIGHT_PX, CARD_WIDTH_PX
from workbench.graph.remarks import Box, Remark, change_remark, remarks_of

NEAR_PX = 240.0
"""A note further than this from every card belongs to none of them."""
Place = tuple[float, float]
Extent = tuple[float, float, float, float]


def follow(before: Graph, after: Graph) -> Graph:
    """Returns a drawing whose frames hold the cards they held, with the same margins, and whose notes stand beside what they stood beside.

    Args:
        before: The drawing before the step; what stands in a frame, and which card a note is nearest to, is seen there.
        after: The drawing after it.
    """
    remarks = remarks_of(after)
    if not remarks or (before.nodes is after.nodes and before.extra == after.extra):
        return after
    old, new = drawn(before), drawn(after)
    for remark in remarks:
        box = _moved(remark, old, new)
        if box != remark.box:
            after = change_remark(after, remark.id, box=box)
    return after


def _moved(remark: Remark, old: Drawing, new: Drawing) -> Box:
    members = [card for card, node in old.nodes.items() if remark.kind == "frame" and _within(node.position, remark.box)]
    kept = list(dict.fromkeys(new.card_of(node) for node in old.members(members)))
    there = [new.nodes[card].position for card in kept if card in new.nodes]
    if there:
        return _refit(remark.box, _extent([old.nodes[card].position for card in members]), _extent(there))
    dx, dy = _step_of_nearest(remark.box, old, new)
    left, top, width, height = remark.box
    return left + dx, top + dy, width, height


def _within(place: Place, box: Box) -> bool:
    left, top, width, height = box
    return left <= place[0] <= left + width and top <= place[1] <= top + height


def _extent(places: list[Place]) -> Extent:
    xs, ys = [x for x, _ in places], [y for _, y in places]
    return min(xs), min(ys), max(xs), max(ys)


def _refit(box: Box, old: Extent, new: Extent) -> Box:
    """Returns the box with the same margins around another extent."""
    left, top, width, height = box
    right, bottom = left + width - old[2] + new[2], top + height - old[3] + new[3]
    left, top = left - old[0] + new[0], top - old[1] + new[1]
    return left, top, right - left, bottom - top


def _step_of_nearest(box: Box, old: Drawing, new: Drawing) -> Place:
    """Returns by how much the card moved that is nearest to a box; nothing where none is near."""
    near = ((_distance(box, node.position), card) for card, node in old.nodes.items())
    distance, card = min(near, default=(NEAR_PX, ""))
    if distance >= NEAR_PX:
        return 0.0, 0.0
    goal = _place_in(new, old.members((card,))[0])
    (x, y), (new_x, new_y) = old.nodes[card].position, goal or old.nodes[card].position
    return new_x - x, new_y - y


def _place_in(drawing: Drawing, node: str) -> Place | None:
    nodes: Mapping[str, object] = drawing.nodes
    card = drawing.card_of(node)
    return drawing.nodes[card].position if card in nodes else None


def _distance(box: Box, place: Place) -> float:
    """Returns how far the edges of a box and of a card are apart."""
    left, top, width, height = box
    across = max(left - (place[0] + CARD_WIDTH_PX / 2), place[0] - CARD_WIDTH_PX / 2 - (left + width), 0.0)
    down = max(top - (place[1] + CARD_HEIGHT_PX / 2), place[1] - CARD_HEIGHT_PX / 2 - (top + height), 0.0)
    return (across * across + down * down) ** 0.5
