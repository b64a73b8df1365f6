"""A layer dragged in from the palette: a ghost of its card, and the wire it would go into."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from workbench.app.pages.build.blocks import BLOCK_MARK
from workbench.app.pages.build.card import GRID_PX, HEIGHT_PX, WIDTH_PX, interface_font
from workbench.app.pages.build.gestures.gesture import Gesture
from workbench.app.pages.build.wire import Wire
from workbench.app.theme import Theme

LAYER_MIME = "application/x-workbench-layer"


class DropGesture(Gesture):
    """Follows a layer from the palette over the canvas."""

    def __init__(self, view, origin: QPointF, layer: str, label: str, colour: str) -> None:
        super().__init__(view, origin)
        self._layer, self._label, self._colour = layer, label, colour
        self._point = origin
        self._wire: Wire | None = None

    def follow(self, point: QPointF) -> None:
        """Moves the ghost."""
        self._point = QPointF(round(point.x() / GRID_PX) * GRID_PX, round(point.y() / GRID_PX) * GRID_PX)
        self._wire = self.scene.wire_at(point, 14.0)
        self.scene.repaint_wanted.emit()

    def drop(self) -> None:
        """Adds the layer, into the wire below where there is one."""
        if self._layer.startswith(BLOCK_MARK):
            self.view.block_dropped.emit(self._layer, self._point, self._wire.edge if self._wire is not None else None)
            return
        if self._wire is not None and self.view.commands.add_on_edge(self._layer, self._wire.edge):
            return
        self.view.commands.add(self._layer, (self._point.x(), self._point.y()))

    def paint(self, painter: QPainter, theme: Theme) -> None:
        """Paints the ghost and marks the wire."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self._wire is not None:
            painter.setPen(QPen(QColor(theme.accent), 3))
            painter.drawPath(self._wire.path)
        box = QRectF(self._point.x() - WIDTH_PX / 2, self._point.y() - HEIGHT_PX / 2, WIDTH_PX, HEIGHT_PX)
        painter.setOpacity(0.85)
        painter.setPen(QPen(QColor(theme.accent), 1.5, Qt.PenStyle.DashLine))
        painter.setBrush(QColor(theme.surface))
        painter.drawRoundedRect(box, 7, 7)
        painter.fillRect(QRectF(box.left() + 9, box.top() + 9.5, 4, 27), QColor(self._colour))
        painter.setPen(QColor(theme.text))
        painter.setFont(interface_font(13, True))
        painter.drawText(box.adjusted(23, 0, -10, 0), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self._label)
        painter.setOpacity(1.0)
