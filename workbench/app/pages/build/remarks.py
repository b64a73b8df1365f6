"""Frames and notes on the canvas: how they look, and what is under the pointer."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from workbench.app.pages.build.card import interface_font
from workbench.app.theme import Theme
from workbench.graph.remarks import Remark

TITLE_PX = 24.0
_CORNER_PX = 16.0
_EDGE_PX = 6.0
_COLOURS = {"grey": "#64748B", "blue": "#3B82F6", "green": "#10B981", "amber": "#F59E0B", "red": "#EF4444", "violet": "#8B5CF6"}


def colour_of(remark: Remark) -> QColor:
    """Returns the full colour of a frame or note."""
    return QColor(_COLOURS.get(remark.colour, _COLOURS["grey"]))


class RemarksLayer:
    """The frames and notes of one drawing.

    Attributes:
        remarks: In the order of the drawing.
        selected: The id of the selected one, or "".
    """

    def __init__(self) -> None:
        self.remarks: tuple[Remark, ...] = ()
        self.selected = ""
        self._boxes: dict[str, QRectF] = {}

    def show(self, remarks: tuple[Remark, ...]) -> None:
        """Takes others."""
        self.remarks = remarks
        self._boxes = {remark.id: QRectF(*remark.box) for remark in remarks}
        if self.selected not in self._boxes:
            self.selected = ""

    def box(self, remark: str) -> QRectF:
        """Returns where one shows."""
        return self._boxes[remark]

    def around(self, box: QRectF) -> QRectF:
        """Returns the rectangle around another one and all frames and notes."""
        for own in self._boxes.values():
            box = box.united(own)
        return box

    def put(self, remark: str, box: QRectF) -> None:
        """Moves one under the hand, without touching the graph."""
        self._boxes[remark] = box

    def at(self, point: QPointF) -> tuple[Remark, bool] | None:
        """Returns what is under a point, and whether it is the corner that resizes; the inside of a frame is empty ground."""
        for remark in reversed(self.remarks):
            box = self._boxes[remark.id]
            if not box.adjusted(-_EDGE_PX, -_EDGE_PX, _EDGE_PX, _EDGE_PX).contains(point):
                continue
            corner = QRectF(box.right() - _CORNER_PX, box.bottom() - _CORNER_PX, _CORNER_PX + _EDGE_PX, _CORNER_PX + _EDGE_PX)
            inner = box.adjusted(_EDGE_PX, TITLE_PX, -_EDGE_PX, -_EDGE_PX)
            if corner.contains(point):
                return remark, True
            if remark.kind == "note" or not inner.contains(point):
                return remark, False
        return None

    def paint(self, painter: QPainter, rect: QRectF, zoom: float, look: Theme) -> None:
        """Paints those that touch a rectangle."""
        for remark in self.remarks:
            if self._boxes[remark.id].intersects(rect):
                self._paint(painter, remark, zoom, look)

    def _paint(self, painter: QPainter, remark: Remark, zoom: float, look: Theme) -> None:
        box, colour = self._boxes[remark.id], colour_of(remark)
        wash = QColor(colour)
        wash.setAlpha(24 if remark.kind == "frame" else 44)
        painter.setBrush(wash)
        chosen = remark.id == self.selected
        painter.setPen(QPen(QColor(look.accent) if chosen else colour, (2.0 if chosen else 1.0)))
        painter.drawRoundedRect(box, 8, 8)
        if chosen:
            painter.drawLine(QPointF(box.right() - 12, box.bottom() - 4), QPointF(box.right() - 4, box.bottom() - 12))
        if zoom < 0.2:
            return
        painter.setPen(QColor(look.text))
        painter.setFont(interface_font(13, remark.kind == "frame"))
        if remark.kind == "frame":
            title = QRectF(box.left() + 10, box.top(), box.width() - 20, TITLE_PX)
            painter.drawText(title, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, remark.text)
        else:
            painter.drawText(box.adjusted(10, 8, -10, -8), Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap, remark.text)
