"""Moving and resizing frames and notes; a frame takes the cards in it along."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtWidgets import QApplication

from workbench.app.pages.build.card import GRID_PX
from workbench.app.pages.build.gestures.gesture import Gesture
from workbench.graph.remarks import SMALLEST_PX, Remark, framed


class RemarkGesture(Gesture):
    """Drags a frame or a note, or with its lower right corner changes its size."""

    cursor = Qt.CursorShape.ArrowCursor

    def __init__(self, view, origin: QPointF, remark: Remark, corner: bool) -> None:
        super().__init__(view, origin)
        self._remark, self._corner = remark, corner
        self._box = QRectF(*remark.box)
        self._moved = False
        drawing = self.scene.drawing
        cards = {drawing.card_of(node) for node in framed(self.scene.graph, remark)} if not corner else set()
        self._starts = {card: self.scene.cards[card].node.position for card in cards if card in self.scene.cards}
        self.scene.select(())
        self.scene.remarks.selected = remark.id

    def drag(self, point: QPointF, modifiers: Qt.KeyboardModifier, at: QPoint) -> None:
        """Follows the hand on the grid."""
        step = point - self.origin
        if not self._moved and step.manhattanLength() * self.view.zoom < QApplication.startDragDistance():
            return
        self._moved = True
        dx, dy = (round(part / GRID_PX) * GRID_PX for part in (step.x(), step.y()))
        self.scene.remarks.put(self._remark.id, self._changed(dx, dy))
        self.scene.shift({card: (x + dx, y + dy) for card, (x, y) in self._starts.items()})

    def _changed(self, dx: float, dy: float) -> QRectF:
        if not self._corner:
            return self._box.translated(dx, dy)
        return QRectF(self._box.left(), self._box.top(), max(SMALLEST_PX, self._box.width() + dx), max(SMALLEST_PX, self._box.height() + dy))

    def finish(self, point: QPointF, modifiers: Qt.KeyboardModifier, at: QPoint) -> None:
        """Makes one edit of it."""
        box = self.scene.remarks.box(self._remark.id)
        if self._moved:
            centres = {card: self.scene.cards[card].rect.center() for card in self._starts}
            places = self.scene.drawing.moved(self.scene.graph, {card: (place.x(), place.y()) for card, place in centres.items()})
            self.view.commands.move_remark(self._remark.id, (box.x(), box.y(), box.width(), box.height()), places)

    def cancel(self) -> None:
        """Puts everything back."""
        self.scene.remarks.put(self._remark.id, self._box)
        self.scene.shift(self._starts)
