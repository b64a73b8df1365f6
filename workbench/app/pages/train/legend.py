"""The legend of a plot: one small button per curve, with its line; pressing it hides the curve or brings it back."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QWidget

from workbench.app import theme
from workbench.app.language import tr

DASHES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine)
LINE_PX, HEIGHT_PX, LONGEST = 22, 12, 24


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the legend."""

    key: str
    label: str
    colour: str
    dash: int = 0


class Legend(QWidget):
    """Entries side by side.

    Signals:
        toggled: The key of a curve, and whether it shows now.
    """

    toggled = Signal(str, bool)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(theme.SPACE_4)
        self._entries: list[Entry] = []
        self.hidden: set[str] = set()

    @property
    def entries(self) -> list[Entry]:
        """What is shown."""
        return list(self._entries)

    def show_entries(self, entries: list[Entry]) -> None:
        """Shows these entries; nothing is built anew where they are the same."""
        if entries == self._entries:
            return
        self._entries = entries
        while self._row.count():
            widget = self._row.takeAt(0).widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for number, entry in enumerate(entries):
            self._row.addWidget(self._button(number, entry))

    def _button(self, number: int, entry: Entry) -> QPushButton:
        words = entry.label if len(entry.label) <= LONGEST else entry.label[: LONGEST - 1] + "…"
        button = QPushButton(words, self)
        button.setObjectName(f"{self.objectName()}.{number}")
        button.setAccessibleName(tr("Show curve {name}", name=entry.label))
        button.setToolTip(tr("{name}: click to hide or show this curve", name=entry.label))
        button.setCheckable(True)
        button.setChecked(entry.key not in self.hidden)
        button.setIconSize(QSize(LINE_PX, HEIGHT_PX))
        theme.mark(button, "plain")
        self._dress(button, entry)
        button.toggled.connect(lambda on, entry=entry, button=button: self._toggle(button, entry, on))
        return button

    def _dress(self, button: QPushButton, entry: Entry) -> None:
        colours = theme.current()
        shown = entry.key not in self.hidden
        button.setIcon(line_icon(entry.colour if shown else colours.line, entry.dash, button.devicePixelRatioF()))
        button.setStyleSheet(f"color: {colours.quiet if shown else colours.faint};" + ("" if shown else "text-decoration: line-through;"))

    def _toggle(self, button: QPushButton, entry: Entry, shown: bool) -> None:
        (self.hidden.discard if shown else self.hidden.add)(entry.key)
        self._dress(button, entry)
        self.toggled.emit(entry.key, shown)


def line_icon(colour: str, dash: int, ratio: float) -> QIcon:
    """Returns a short piece of a curve's line."""
    pixmap = QPixmap(round(LINE_PX * ratio), round(HEIGHT_PX * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setPen(QPen(QColor(colour), 2, DASHES[dash % len(DASHES)]))
    painter.drawLine(1, HEIGHT_PX // 2, LINE_PX - 1, HEIGHT_PX // 2)
    painter.end()
    return QIcon(pixmap)
