"""Moving cards, with snap; a loose card dropped on a wire goes into it."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QApplication

from workbench.app.pages.build.card import GRID_PX, Card
from workbench.app.pages.build.gestures.gesture import Gesture
from workbench.app.pages.build.wire import Wire
from workbench.app.theme import Theme

_ALIGN_PX = 7.0


class MoveGesture(Gesture):
    """Moves the selected cards: onto the grid, or in line with a neighbour; Alt moves freely.

    Attributes:
        moved: Whether the pointer went far enough to mean it.
    """

    cursor = Qt.CursorShape.ArrowCursor

    def __init__(self, view, origin: QPointF, card: Card, modifiers: Qt.KeyboardModifier) -> None:
        super().__init__(view, origin)
        self._card = card
        self._many = bool(modifiers & (Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier))
        self._was_selected = card.id in self.scene.selected
        self.moved = False
        self._wire: Wire | None = None
        if not self._was_selected:
            self.scene.select(self.scene.selected | {card.id} if self._many else {card.id})
        self._starts = {node: self.scene.cards[node].node.position for node in self.scene.selected}

    def drag(self, point: QPointF, modifiers: Qt.KeyboardModifier, at: QPoint) -> None:
        """Moves the cards under the hand."""
        step = point - self.origin
        if not self.moved and step.manhattanLength() * self.view.zoom < QApplication.startDragDistance():
            return
        self.moved = True
        dx, dy = self._snapped(step, bool(modifiers & Qt.KeyboardModifier.AltModifier))
        self.scene.shift({node: (x + dx, y + dy) for node, (x, y) in self._starts.items()})
        self._wire = self._wire_below()
        self.view.hint(self._wire is not None)

    def _snapped(self, step: QPointF, freely: bool) -> tuple[float, float]:
        if freely or self._card.id not in self._starts:
            return step.x(), step.y()
        x, y = self._starts[self._card.id]
        left = self._aligned(x + step.x())
        return left - x, round((y + step.y()) / (GRID_PX / 2)) * (GRID_PX / 2) - y

    def _aligned(self, x: float) -> float:
        """Returns the centre of a neighbour that is nearly above or below, or else the grid."""
        graph, card = self.scene.graph, self._card.id
        ends = [edge.source.node for edge in graph.incoming(card)] + [edge.target.node for edge in graph.outgoing(card)]
        centres = [graph[node].position[0] for node in ends if node in graph and node not in self._starts]
        near = min(centres, key=lambda centre: abs(centre - x), default=None)
        return near if near is not None and abs(near - x) < _ALIGN_PX else round(x / GRID_PX) * GRID_PX

    def _wire_below(self) -> Wire | None:
        """Returns the wire that a single loose card would go into."""
        node = self._card
        graph = self.scene.graph
        if len(self._starts) != 1 or node.count or not node.inputs or not node.outputs or graph.incoming(node.id) or graph.outgoing(node.id):
            return None
        return self.scene.wire_at(node.rect.center(), 14.0)

    def finish(self, point: QPointF, modifiers: Qt.KeyboardModifier, at: QPoint) -> None:
        """Makes one edit of it; a press without a move selects."""
        if not self.moved:
            self._click()
            return
        places = {node: _centre(self.scene.cards[node]) for node in self._starts}
        if self._wire is not None:
            self.view.commands.put_on_edge(self._card.id, self._wire.edge, places[self._card.id])
        else:
            self.view.commands.move(self.scene.drawing.moved(self.scene.graph, places))

    def _click(self) -> None:
        if self._many and self._was_selected:
            self.scene.select(self.scene.selected - {self._card.id})
        elif not self._many:
            self.scene.select({self._card.id})

    def cancel(self) -> None:
        """Puts the cards back."""
        self.scene.shift(self._starts)

    def paint(self, painter: QPainter, theme: Theme) -> None:
        """Marks the wire that the card would go into."""
        if self._wire is not None:
            painter.setPen(QPen(QColor(theme.accent), 3))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPath(self._wire.path)


def _centre(card: Card) -> tuple[float, float]:
    return card.rect.center().x(), card.rect.center().y()
