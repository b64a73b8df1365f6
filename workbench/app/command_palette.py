"""Ctrl+Shift+P: every action by its name, in either language."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QPoint, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter
from PySide6.QtWidgets import QFrame, QLineEdit, QListWidget, QListWidgetItem, QStyledItemDelegate, QStyleOptionViewItem, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.language import tr

WIDTH_PX, ROWS, ROW_PX = 560, 12, 24


@dataclass(frozen=True, slots=True)
class PaletteEntry:
    """One line of the palette.

    Attributes:
        label: What it says, translated.
        shortcut: Shown at the right.
        words: Everything the search looks at.
        do: What it does.
        help: Tooltip.
    """

    label: str
    shortcut: str
    words: str
    do: Callable[[], Any]
    help: str = ""


def ranked(entries: list[PaletteEntry], words: str) -> list[PaletteEntry]:
    """Returns the entries that hold all words, those whose label begins with them first."""
    parts = words.casefold().split()
    found = [entry for entry in entries if all(part in f"{entry.label} {entry.words}".casefold() for part in parts)]
    whole = " ".join(parts)
    return sorted(found, key=lambda entry: (not entry.label.casefold().startswith(whole), whole not in entry.label.casefold()))


class _WithShortcut(QStyledItemDelegate):
    """Paints the shortcut of an entry at the right end of its line."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        super().paint(painter, option, index)
        entry = index.data(Qt.ItemDataRole.UserRole)
        painter.save()
        painter.setPen(QColor(theme.current().quiet))
        place = option.rect.adjusted(0, 0, -theme.SPACE_12, 0)
        painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, entry.shortcut)
        painter.restore()


class CommandPalette(QFrame):
    """A line to type in and the actions that fit; Enter does the first, Escape closes."""

    def __init__(self, parent: QWidget, entries: list[PaletteEntry]) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName("window.palette")
        theme.mark(self, "popup")
        self._entries = entries
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_8, theme.SPACE_8, theme.SPACE_8, theme.SPACE_8)
        self.search = QLineEdit()
        self.search.setObjectName("window.palette.search")
        self.search.setAccessibleName(tr("Search actions"))
        self.search.setPlaceholderText(tr("Type what you want to do"))
        self.search.textChanged.connect(self._filter)
        self.search.installEventFilter(self)
        self.list = QListWidget()
        self.list.setObjectName("window.palette.list")
        self.list.setAccessibleName(tr("Actions"))
        self.list.itemClicked.connect(self._choose)
        self.list.setItemDelegate(_WithShortcut(self.list))
        layout.addWidget(self.search)
        layout.addWidget(self.list)
        self._filter("")

    def open(self) -> None:
        """Shows the palette below the top bar of its window."""
        owner = self.parentWidget()
        self._fit()
        self.move(owner.mapToGlobal(QPoint((owner.width() - WIDTH_PX) // 2, 56)))
        self.show()
        self.search.setFocus()

    def _filter(self, words: str) -> None:
        self.list.clear()
        for entry in ranked(self._entries, words):
            item = QListWidgetItem(entry.label)
            item.setToolTip(entry.help)
            item.setData(Qt.ItemDataRole.UserRole, entry)
            self.list.addItem(item)
        self.list.setCurrentRow(0)
        self._fit()

    def _fit(self) -> None:
        """As high as the lines that fit the words, at most `ROWS` of them."""
        rows = min(max(self.list.count(), 1), ROWS)
        self.list.setFixedHeight(rows * max(self.list.sizeHintForRow(0), ROW_PX) + 2 * theme.SPACE_4)
        self.resize(WIDTH_PX, self.layout().totalSizeHint().height())

    def _choose(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            entry = item.data(Qt.ItemDataRole.UserRole)
            self.close()
            entry.do()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._choose(self.list.currentItem())
                return True
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: ROWS, Qt.Key.Key_PageUp: -ROWS}.get(event.key())
            if step is not None and self.list.count():
                self.list.setCurrentRow(min(max(self.list.currentRow() + step, 0), self.list.count() - 1))
                return True
        return super().eventFilter(watched, event)
