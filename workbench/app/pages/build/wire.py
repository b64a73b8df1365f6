"""One wire on the canvas: its curve, the shape it carries, and whether it can be."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

from PySide6.QtCore import QLineF, QPointF, QRectF
from PySide6.QtGui import QPainterPath

from workbench.app.pages.build.card import Card
from workbench.app.pages.build.routing import LONG_PX, CardsIn, lane_for, lane_path
from workbench.graph.graph import Edge
from workbench.graph.shape import Shape

LABEL_PX = 150
_STRAIGHT_PX = 1.5
_SAMPLES = 14


@dataclass(slots=True, eq=False)
class Wire:
    """What the canvas knows about one edge.

    Attributes:
        edge: The edge as last shown.
        source, target: The cards it joins.
        leaves, enters: The ports of these cards.
        line: From the output port to the input port, in scene pixels; moved in place.
        shape: What travels along it, where that is known.
        text: The small text beside it.
        reason: Why it cannot be, or "".
        quiet: Whether the text may stay away: the source passes its input's shape on unchanged.
        gathers: Whether several wires end at its target.
        selected: Whether it is selected.
        lane: Where a long wire runs past cards, as `routing.lane_for` gives it; None for the direct curve.
        known: The shapes of the source as last seen; the same object again means that nothing changed.
    """

    edge: Edge
    source: Card
    target: Card
    leaves: str = "output"
    enters: str = "input"
    line: QLineF = field(default_factory=QLineF)
    shape: Shape | None = None
    text: str = ""
    reason: str = ""
    quiet: bool = False
    gathers: bool = False
    selected: bool = False
    lane: float | None = None
    known: object = None
    _path: QPainterPath | None = None
    _bounds: tuple[float, float, float, float] | None = None

    def place(self) -> None:
        """Takes both ends from the cards."""
        self.line.setPoints(self.source.output_point(self.leaves), self.target.input_point(self.enters))
        self._path = self._bounds = None

    def route(self, cards_in: CardsIn) -> None:
        """Chooses the way past the cards."""
        lane = lane_for(self.line, curve(self.line.p1(), self.line.p2()), cards_in) if self.line.dy() >= LONG_PX else None
        if lane != self.lane:
            self.lane, self._path, self._bounds = lane, None, None

    def slide(self, dx: float) -> None:
        """Takes the way past the cards along, where both ends and all between them moved alike."""
        if self.lane is not None:
            self.lane, self._bounds = self.lane + dx, None

    @property
    def straight(self) -> bool:
        """Whether a line does: the ports are one above the other."""
        return self.lane is None and abs(self.line.dx()) < _STRAIGHT_PX and self.line.dy() > 0

    @property
    def path(self) -> QPainterPath:
        """The curve in scene pixels."""
        if self._path is None:
            ends = self.line.p1(), self.line.p2()
            self._path = curve(*ends) if self.lane is None else lane_path(*ends, self.lane)
        return self._path

    def bounds(self) -> tuple[float, float, float, float]:
        """Returns left, top, right and bottom of curve and text."""
        if self._bounds is None:
            self._bounds = self._around()
        return self._bounds

    def _around(self) -> tuple[float, float, float, float]:
        line, reach = self.line, _reach(self.line.p1(), self.line.p2())
        upward = reach if line.dy() < reach else 0.0
        lane = line.x1() if self.lane is None else self.lane
        return (
            min(line.x1(), line.x2(), lane) - LABEL_PX, min(line.y1(), line.y2()) - upward - 4,
            max(line.x1(), line.x2(), lane) + LABEL_PX, max(line.y1(), line.y2()) + upward + 4,
        )

    def rect(self) -> QRectF:
        """Returns `bounds()` as a rectangle."""
        left, top, right, bottom = self.bounds()
        return QRectF(left, top, right - left, bottom - top)

    def label_anchor(self, forks: bool = False) -> tuple[QPointF, bool]:
        """Returns where the text stands, and whether it ends there (text to the left of the wire) or begins there.

        Where wires gather, the text keeps to the source, otherwise to the target, so that the texts of a fork do not meet.

        Args:
            forks: Whether another wire leaves the same card to the right; then a straight one has its text on the left.
        """
        if self.straight:
            return QPointF(self.line.x1() + (-10 if forks else 10), (self.line.y1() + self.line.y2()) / 2), forks
        rightward = self.line.dx() > 0 if self.lane in (None, self.line.x1(), self.line.x2()) else self.lane > self.line.x1()
        if self.gathers:
            away = -10 if rightward else 10
            return QPointF(self.line.x1() + away, self.line.y1() + 13), rightward
        away = 10 if rightward else -10
        return QPointF(self.line.x2() + away, self.line.y2() - 13), not rightward

    def distance(self, point: QPointF) -> float:
        """Returns how far a point is from the curve, in scene pixels."""
        if self.straight:
            return _from_segment(point, self.line.p1(), self.line.p2())
        points = [self.path.pointAtPercent(step / _SAMPLES) for step in range(_SAMPLES + 1)]
        return min(_from_segment(point, start, end) for start, end in pairwise(points))


def curve(start: QPointF, end: QPointF) -> QPainterPath:
    """Returns a curve that leaves downwards and arrives from above."""
    path = QPainterPath(start)
    reach = _reach(start, end)
    path.cubicTo(QPointF(start.x(), start.y() + reach), QPointF(end.x(), end.y() - reach), end)
    return path


def _reach(start: QPointF, end: QPointF) -> float:
    down = end.y() - start.y()
    return max(20.0, down * 0.5) if down > 0 else min(40.0 - down * 0.3, 240.0)


def _from_segment(point: QPointF, start: QPointF, end: QPointF) -> float:
    dx, dy = end.x() - start.x(), end.y() - start.y()
    square = dx * dx + dy * dy
    along = 0.0 if not square else max(0.0, min(1.0, ((point.x() - start.x()) * dx + (point.y() - start.y()) * dy) / square))
    return QLineF(point, QPointF(start.x() + along * dx, start.y() + along * dy)).length()
