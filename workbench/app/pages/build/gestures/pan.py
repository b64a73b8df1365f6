"""Dragging the paper: middle button, or the space bar and the left one."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, Qt

from workbench.app.pages.build.gestures.gesture import Gesture


class PanGesture(Gesture):
    """Moves the view along with the pointer."""

    cursor = Qt.CursorShape.ClosedHandCursor

    def __init__(self, view, origin: QPointF, at: QPoint) -> None:
        super().__init__(view, origin)
        self._last = at

    def drag(self, point: QPointF, modifiers: Qt.KeyboardModifier, at: QPoint) -> None:
        """Moves the view by what the pointer moved on the screen."""
        step = at - self._last
        self._last = at
        self.view.pan(step.x(), step.y())
