"""The rubber band."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from workbench.app.pages.build.gestures.gesture import Gesture
from workbench.app.theme import Theme


class SelectGesture(Gesture):
    """Selects the cards that a rectangle touches; with Shift or Ctrl, beside those that were selected before."""

    cursor = Qt.CursorShape.CrossCursor

    def __init__(self, view, origin: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        super().__init__(view, origin)
        keep = modifiers & (Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier)
        self._before = self.scene.selected
        self._kept = self._before if keep else frozenset()
        self._rect = QRectF()
        if not keep:
            self.scene.select(())

    def drag(self, point: QPointF, modifiers: Qt.KeyboardModifier, at: QPoint) -> None:
        """Selects what the rectangle touches by now."""
        self._rect = QRectF(self.origin, point).normalized()
        self.scene.select(self._kept | {card.id for card in self.scene.cards_in(self._rect)})

    def cancel(self) -> None:
        """Selects again what was selected before."""
        self.scene.select(self._before)

    def paint(self, painter: QPainter, theme: Theme) -> None:
        """Paints the rectangle."""
        wash = QColor(theme.accent)
        wash.setAlpha(28)
        painter.setPen(QPen(QColor(theme.accent), 0))
        painter.setBrush(wash)
        painter.drawRect(self._rect)
