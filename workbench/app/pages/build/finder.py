"""Find in the drawing: type a part of a name or a kind; Enter goes to the next layer that has it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit

from workbench.app.language import tr
from workbench.app.pages.build.view import CanvasView

_MARGIN_PX = 16


class Finder(QLineEdit):
    """A field in the upper left corner of the canvas.

    Args:
        view: The canvas.
        go_to: Called with the id of a node that was found.
    """

    def __init__(self, view: CanvasView, go_to: Callable[[str], None]) -> None:
        super().__init__(view)
        self._view, self._go_to = view, go_to
        self._last = ""
        self.setObjectName("build.finder")
        self.setAccessibleName(tr("Find in the drawing"))
        self.setPlaceholderText(tr("Find in the drawing"))
        self.setToolTip(tr("Enter goes to the next one, Escape closes"))
        self.setFixedWidth(220)
        self.textEdited.connect(lambda: self.find_next(from_start=True))
        self.installEventFilter(self)
        self.hide()

    def place(self) -> None:
        """Puts the field into its corner."""
        self.move(_MARGIN_PX, _MARGIN_PX)

    def start(self) -> None:
        """Shows the field and takes the keyboard."""
        self.place()
        self.show()
        self.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.selectAll()

    def find_next(self, from_start: bool = False) -> None:
        """Goes to the next layer whose name or kind holds the words."""
        words = self.text().strip().casefold()
        canvas = self._view.canvas
        lines = {node.id: f"{node.path} {node.label}" for node in canvas.graph}
        lines |= {card.id: f"{lines[card.id]} {card.subtitle}" for card in canvas.cards.values() if card.id in lines}
        found = [node for node, line in lines.items() if words and words in line.casefold()]
        self.setProperty("wrong", "true" if words and not found else "false")
        self.style().polish(self)
        if found:
            place = found.index(self._last) + 1 if self._last in found and not from_start else 0
            self._last = found[place % len(found)]
            self._go_to(self._last)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            # Taken here, as a line edit passes Return on to the canvas, which would add a layer.
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.find_next()
                return True
            if event.key() == Qt.Key.Key_Escape:
                self.hide()
                self._view.setFocus()
                return True
        return super().eventFilter(watched, event)
