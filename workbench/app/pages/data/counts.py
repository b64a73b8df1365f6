"""A list of names with a bar and a number each, one of which can be chosen: splits, classes."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.app import theme

ROW_PX, NAME_PX, COUNT_PX = 26, 84, 60


class CountList(QWidget):
    """Names with counts; clicking one chooses it, clicking it again lets go.

    Signals:
        chosen: The index, or -1 for none.
    """

    chosen = Signal(int)

    def __init__(self, name: str, label: str, parent: QWidget | None = None, *, colour: str = "") -> None:
        """Makes an empty list.

        Args:
            name: `page.panel.control`.
            label: Accessible name, translated.
            parent: The owner.
            colour: Of the bars; "" for the accent.
        """
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(label)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._items: list[tuple[str, int]] = []
        self._chosen, self._cursor, self._colour = -1, 0, colour
        self._colours: list[str] = []

    def set_colours(self, colours: list[str]) -> None:
        """Gives every bar a colour of its own."""
        self._colours = colours
        self.update()

    def set_items(self, items: list[tuple[str, int]]) -> None:
        """Shows these names and counts; the choice is kept where it still exists."""
        if items == self._items:
            return
        self._items = items
        self._chosen = self._chosen if self._chosen < len(items) else -1
        self.setFixedHeight(max(1, len(items)) * ROW_PX)
        self.update()

    @property
    def items(self) -> list[tuple[str, int]]:
        """What is shown."""
        return list(self._items)

    def choose(self, index: int) -> None:
        """Chooses without emitting; -1 lets go."""
        self._chosen = index
        self.update()

    def _toggle(self, index: int) -> None:
        if 0 <= index < len(self._items):
            self._cursor = index
            self.choose(-1 if index == self._chosen else index)
            self.setAccessibleDescription(f"{self._items[index][0]} {self._items[index][1]}")
            self.chosen.emit(self._chosen)

    def _paint_row(self, painter: QPainter, index: int, largest: int) -> None:
        colours, (name, count) = theme.current(), self._items[index]
        rect = QRect(0, index * ROW_PX, self.width(), ROW_PX)
        if index == self._chosen:
            painter.fillRect(rect, QColor(colours.accent_wash))
        if self.hasFocus() and index == self._cursor:
            painter.setPen(QColor(colours.accent))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(rect.adjusted(4, 1, -5, -2), 4, 4)
        inside = rect.adjusted(theme.SPACE_16, 0, -theme.SPACE_16, 0)
        name_px = min(NAME_PX + max(0, inside.width() - 220) // 2, inside.width() // 2)
        painter.setPen(QColor(colours.text))
        words = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, name_px - theme.SPACE_8)
        painter.drawText(inside, Qt.AlignmentFlag.AlignVCenter, words)
        painter.setPen(QColor(colours.quiet))
        painter.drawText(inside, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, f"{count:,}")
        room = inside.width() - name_px - COUNT_PX
        if largest and count and room > 4:
            painter.setPen(Qt.PenStyle.NoPen)
            own = self._colours[index] if index < len(self._colours) else self._colour
            painter.setBrush(QColor(own or colours.accent))
            painter.drawRoundedRect(inside.left() + name_px, rect.center().y() - 2, max(4, room * count // largest), 6, 3, 3)

    def sizeHint(self) -> QSize:
        return QSize(200, max(1, len(self._items)) * ROW_PX)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        largest = max((count for _, count in self._items), default=0)
        for index in range(event.rect().top() // ROW_PX, min(len(self._items), event.rect().bottom() // ROW_PX + 1)):
            self._paint_row(painter, index, largest)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._toggle(int(event.position().y()) // ROW_PX)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()), 0)
        if step:
            self._cursor = max(0, min(len(self._items) - 1, self._cursor + step))
            self.setAccessibleDescription(f"{self._items[self._cursor][0]} {self._items[self._cursor][1]}" if self._items else "")
            self.update()
        elif event.key() in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self._cursor = 0 if event.key() == Qt.Key.Key_Home else max(0, len(self._items) - 1)
            self.update()
        elif event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._toggle(self._cursor)
        else:
            super().keyPressEvent(event)
