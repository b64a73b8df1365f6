"""A layer dragged in from the palette: a ghost of its card, and the wire it would go into, or the card it would stand behind."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from workbench.app.pages.build.blocks import BLOCK_MARK
from workbench.app.pages.build.card import GRID_PX, HEIGHT_PX, WIDTH_PX, Card, interface_font
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
        self._card: Card | None = None

    def follow(self, point: QPointF) -> None:
        """Moves the ghost."""
        self._point = QPointF(round(point.x() / GRID_PX) * GRID_PX, round(point.y() / GRID_PX) * GRID_PX)
        self._card = self.scene.card_at(point)
        self._wire = self.scene.wire_at(point, 14.0) if self._card is None else None
        self.scene.repaint_wanted.emit()

    def drop(self) -> None:
        """Adds the layer: into the wire below, behind the card below, or where there is room."""
        commands, place = self.view.commands, self.scene.free_place(self._point)
        if self._layer.startswith(BLOCK_MARK):
            spot = self._point if self._wire is not None else place
            self.view.block_dropped.emit(self._layer, spot, self._wire.edge if self._wire is not None else None)
        elif self._wire is not None and commands.add_on_edge(self._layer, self._wire.edge):
            return
        elif self._card is None or not self._follows(self._card):
            commands.add(self._layer, (place.x(), place.y()))
        elif self._card.count:
            commands.add(self._layer, (place.x(), place.y()), self.scene.drawing.real(self._card.id, self._card.outputs[0]))
        else:
            commands.add_after(self._layer, self._card.id)

    def _follows(self, card: Card) -> bool:
        """Whether the layer could stand behind a card."""
        entry = self.view.commands.layers.get(self._layer)
        return bool(card.outputs) and card.id not in self.scene.drawing.outside and (entry is None or bool(entry.inputs))

    def paint(self, painter: QPainter, theme: Theme) -> None:
        """Paints the ghost and marks the wire."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self._wire is not None:
            painter.setPen(QPen(QColor(theme.accent), 3))
            painter.drawPath(self._wire.path)
        elif self._card is not None and self._follows(self._card):
            painter.setPen(QPen(QColor(theme.accent), 3))
            painter.drawLine(self._card.rect.bottomLeft() + QPointF(6, 4), self._card.rect.bottomRight() + QPointF(-6, 4))
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
