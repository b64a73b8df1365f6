"""A popup that lists entries of a catalogue; typing narrows it, Enter takes one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QFrame, QLabel, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.language import say, tr

if TYPE_CHECKING:
    from workbench.catalogue import Entry

_WIDTH_PX, _HEIGHT_PX = 300, 340


class EntrySearch(QFrame):
    """The popup.

    Signals:
        chosen: The name of the entry.
    """

    chosen = Signal(str)

    def __init__(self, name: str, title: str, entries: Sequence[Entry], parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName(name)
        self.setAccessibleName(title)
        theme.mark(self, "popup")
        self._entries = entries
        self.field, self.list, self.about = QLineEdit(self), QListWidget(self), QLabel(self)
        self.field.setObjectName(f"{name}.field")
        self.field.setPlaceholderText(title)
        self.field.setAccessibleName(title)
        self.field.textChanged.connect(self.show_matches)
        self.field.installEventFilter(self)
        self.list.setObjectName(f"{name}.list")
        self.list.setAccessibleName(title)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.itemClicked.connect(self._take)
        self.list.currentItemChanged.connect(self._tell)
        self.about.setWordWrap(True)
        self.about.setMinimumHeight(48)
        self.about.setAlignment(Qt.AlignmentFlag.AlignTop)
        theme.mark(self.about, "small")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_8, theme.SPACE_8, theme.SPACE_8, theme.SPACE_8)
        for widget in (self.field, self.list, self.about):
            layout.addWidget(widget)
        self.resize(_WIDTH_PX, _HEIGHT_PX)
        self.show_matches("")

    def show_matches(self, words: str) -> None:
        """Lists the entries whose names, aliases or summary hold all words."""
        parts = words.casefold().split()
        self.list.clear()
        for entry in self._entries:
            if all(part in _words_of(entry) for part in parts):
                item = QListWidgetItem(say(entry.label))
                item.setData(Qt.ItemDataRole.UserRole, entry.name)
                item.setToolTip(say(entry.summary))
                self.list.addItem(item)
        self.list.setCurrentRow(0)
        if not self.list.count():
            self.about.setText(tr("Nothing that fits this data is called that."))

    def _tell(self, item: QListWidgetItem | None, _before: Any = None) -> None:
        if item is not None:
            self.about.setText(item.toolTip())

    def _take(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            name = str(item.data(Qt.ItemDataRole.UserRole))
            self.close()
            self.chosen.emit(name)

    def open_at(self, at: QPoint) -> None:
        """Shows the popup at a place of the screen, whole."""
        room = (QGuiApplication.screenAt(at) or QGuiApplication.primaryScreen()).availableGeometry()
        left = min(max(at.x(), room.left()), room.right() - self.width())
        top = min(max(at.y(), room.top()), room.bottom() - self.height())
        self.move(left, top)
        self.show()
        self.field.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.field and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8}.get(Qt.Key(event.key()))
            if step is not None:
                self.list.setCurrentRow(min(max(self.list.currentRow() + step, 0), self.list.count() - 1))
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._take(self.list.currentItem())
                return True
        return super().eventFilter(watched, event)


def _words_of(entry: Entry) -> str:
    return " ".join((entry.name, entry.label, say(entry.label), say(entry.summary), *entry.aliases)).casefold()
