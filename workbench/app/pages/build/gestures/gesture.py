"""What every gesture is: it begins with a press, follows the pointer, and is finished or given up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QPainter

from workbench.app.theme import Theme

if TYPE_CHECKING:
    from workbench.app.pages.build.view import CanvasView


class Gesture:
    """One way of working with the mouse.

    Attributes:
        view: The canvas.
        origin: Where it began, in scene pixels.
        cursor: The pointer's shape meanwhile.
    """

    cursor = Qt.CursorShape.ArrowCursor

    def __init__(self, view: CanvasView, origin: QPointF) -> None:
        self.view, self.origin = view, origin

    @property
    def scene(self):
        """The scene of the view."""
        return self.view.canvas

    def drag(self, point: QPointF, modifiers: Qt.KeyboardModifier, at: QPoint) -> None:
        """Follows the pointer.

        Args:
            point: Where it is, in scene pixels.
            modifiers: The keys held down.
            at: Where it is on the screen, for tooltips and menus.
        """

    def finish(self, point: QPointF, modifiers: Qt.KeyboardModifier, at: QPoint) -> None:
        """Does what was meant; the button was let go."""

    def cancel(self) -> None:
        """Takes everything back; Escape was pressed or the window went away."""

    def paint(self, painter: QPainter, theme: Theme) -> None:
        """Paints what belongs to the gesture over the canvas, in scene pixels."""
