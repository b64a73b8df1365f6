"""Which way a long wire takes, so that it does not hide behind cards."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QLineF, QPointF, QRectF
from PySide6.QtGui import QPainterPath

LONG_PX = 72.0
_TURN_PX = 26.0
_CLEAR_PX = 8.0
_SAMPLES = 10

CardsIn = Callable[[QRectF], list[QRectF]]
"""Returns the rectangles of the cards in an area, the wire's own two left out."""


def lane_for(line: QLineF, direct: QPainterPath, cards_in: CardsIn) -> float | None:
    """Returns the x at which a long downward wire runs past the cards, or None where the direct curve is free.

    Args:
        line: From port to port.
        direct: The curve without a lane.
        cards_in: Finds the cards in the way.
    """
    if line.dy() < LONG_PX:
        return None
    left, right = min(line.x1(), line.x2()), max(line.x1(), line.x2())
    blocking = cards_in(QRectF(left - 4, line.y1() + 6, right - left + 8, line.dy() - 12))
    if not any(_touches(direct, card) for card in blocking):
        return None
    wanted = [line.x1(), line.x2()]
    for card in blocking:
        wanted += [card.right() + _CLEAR_PX, card.left() - _CLEAR_PX]
    return min(wanted, key=lambda x: (_in_the_way(x, line, cards_in), abs(x - line.x1()) + abs(x - line.x2())))


def _touches(path: QPainterPath, card: QRectF) -> bool:
    box = card.adjusted(-3, 0, 3, 0)
    return any(box.contains(path.pointAtPercent(step / _SAMPLES)) for step in range(1, _SAMPLES))


def _in_the_way(x: float, line: QLineF, cards_in: CardsIn) -> int:
    return len(cards_in(QRectF(x - 3, line.y1() + 6, 6, line.dy() - 12)))


def lane_path(start: QPointF, end: QPointF, lane: float) -> QPainterPath:
    """Returns the path that turns into the lane below the start, and out of it above the end."""
    turn = min(_TURN_PX, (end.y() - start.y()) / 3)
    path = QPainterPath(start)
    _bend(path, start, QPointF(lane, start.y() + turn))
    path.lineTo(lane, end.y() - turn)
    _bend(path, QPointF(lane, end.y() - turn), end)
    return path


def lane_lines(line: QLineF, lane: float) -> list[QLineF]:
    """Returns the same way in three straight lines, for a view from far away."""
    turn = min(_TURN_PX, line.dy() / 3)
    above, below = QPointF(lane, line.y1() + turn), QPointF(lane, line.y2() - turn)
    return [QLineF(line.p1(), above), QLineF(above, below), QLineF(below, line.p2())]


def _bend(path: QPainterPath, start: QPointF, end: QPointF) -> None:
    middle = (start.y() + end.y()) / 2
    path.cubicTo(QPointF(start.x(), middle + 4), QPointF(end.x(), middle - 4), end)
