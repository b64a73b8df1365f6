"""Cards, headings, value bars, rows of facts, empty pages, buttons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from workbench.app import theme


class Heading(QLabel):
    """The small heading of a section in a column."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        theme.mark(self, "heading")


class Card(QFrame):
    """A panel in the centre with a title line: title left, quiet facts and controls right, content below.

    Attributes:
        content: The layout for what stands inside.
    """

    def __init__(self, name: str, title: str = "", parent: QWidget | None = None, *, facts: str = "") -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(title)
        theme.mark(self, "card")
        outer = QVBoxLayout(self)
        outer.setContentsMargins(theme.SPACE_16, theme.SPACE_12, theme.SPACE_16, theme.SPACE_12)
        outer.setSpacing(theme.SPACE_8)
        self._title, self._facts = QLabel(title), QLabel(facts)
        for label in (self._title, self._facts):
            label.setTextFormat(Qt.TextFormat.PlainText)
        theme.mark(self._title, "subject")
        theme.mark(self._facts, "quiet")
        self._header = QHBoxLayout()
        self._header.setSpacing(theme.SPACE_8)
        self._header.addWidget(self._title)
        self._header.addStretch(1)
        self._header.addWidget(self._facts)
        if title:
            outer.addLayout(self._header)
        self.content = QVBoxLayout()
        self.content.setSpacing(theme.SPACE_8)
        outer.addLayout(self.content, 1)

    def set_title(self, title: str) -> None:
        """Changes the title."""
        self._title.setText(title)
        self.setAccessibleName(title)

    def set_facts(self, facts: str) -> None:
        """Changes the quiet words at the right of the title."""
        self._facts.setText(facts)

    def add_control(self, widget: QWidget) -> None:
        """Puts a control at the right end of the title line."""
        self._header.addWidget(widget)


class Bar(QWidget):
    """One value as a horizontal bar, told by its length.

    Attributes:
        share: Between 0 and 1.
    """

    def __init__(self, parent: QWidget | None = None, *, height: int = 6, colour: str = "") -> None:
        super().__init__(parent)
        self.share, self._colour, self._height, self._track = 0.0, colour, height, False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(height + 8)

    def set_value(self, share: float, colour: str = "", *, track: bool = False, text: str = "") -> None:
        """Shows a share.

        Args:
            share: Between 0 and 1; anything else is cut.
            colour: Hex; "" for the accent.
            track: Whether the empty part shows as a line.
            text: What a screen reader says and the tooltip shows.
        """
        self.share, self._track = min(max(share, 0.0), 1.0) if share == share else 0.0, track
        self._colour = colour or self._colour
        self.setAccessibleName(text or f"{self.share:.0%}")
        self.setToolTip(text)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(80, self._height + 8)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        top, radius = (self.height() - self._height) / 2, self._height / 2
        if self._track:
            painter.setBrush(QColor(theme.current().line))
            painter.drawRoundedRect(QRectF(0, top, self.width(), self._height), radius, radius)
        if self.share > 0:
            painter.setBrush(QColor(self._colour or theme.current().accent))
            painter.drawRoundedRect(QRectF(0, top, max(self.width() * self.share, 2 * radius), self._height), radius, radius)
        painter.end()


class KeyValue(QWidget):
    """Rows of a quiet name and a value that can be selected and copied."""

    def __init__(self, name: str, parent: QWidget | None = None, *, key_width: int = 96, rich: bool = False) -> None:
        """Makes a table without rows.

        Args:
            name: `page.panel.control`.
            parent: The owner.
            key_width: Of the names, in pixels.
            rich: Whether values are markup; otherwise they show as they are.
        """
        super().__init__(parent)
        self.setObjectName(name)
        self._format = Qt.TextFormat.RichText if rich else Qt.TextFormat.PlainText
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(theme.SPACE_12)
        self._grid.setVerticalSpacing(theme.SPACE_4 + 2)
        self._grid.setColumnMinimumWidth(0, key_width)
        self._grid.setColumnStretch(1, 1)
        self._names: list[str] = []
        self._values: dict[str, QLabel] = {}

    def set_rows(self, rows: list[tuple[str, str]]) -> None:
        """Shows these names and values, both translated; a column of a table may be called like something else that is told."""
        names = [name for name, _ in rows]
        if names != self._names:
            self._rebuild(names)
        for label, (_, value) in zip(self._values.values(), rows, strict=True):
            label.setText(value)

    def _rebuild(self, names: list[str]) -> None:
        while self._grid.count():
            widget = self._grid.takeAt(0).widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        keys = [f"{name} ({names[:place].count(name) + 1})" if name in names[:place] else name for place, name in enumerate(names)]
        self._names, self._values = names, {key: self._value_label() for key in keys}
        for row, (name, value) in enumerate(zip(names, self._values.values(), strict=True)):
            key = QLabel(name)
            key.setTextFormat(Qt.TextFormat.PlainText)
            theme.mark(key, "quiet")
            key.setAlignment(Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(key, row, 0)
            self._grid.addWidget(value, row, 1)

    def _value_label(self) -> QLabel:
        label = QLabel()
        label.setTextFormat(self._format)
        label.setWordWrap(True)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        return label


class EmptyState(QWidget):
    """An empty centre: one sentence that says what belongs here, and the one action that brings it.

    Signals:
        clicked: The button was pressed.
    """

    clicked = Signal()

    def __init__(self, name: str, sentence: str, action: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        layout = QVBoxLayout(self)
        layout.setAlignment(Qt.AlignmentFlag.AlignCenter)
        layout.setSpacing(theme.SPACE_16)
        self._sentence = QLabel(sentence)
        self._sentence.setTextFormat(Qt.TextFormat.PlainText)
        self._sentence.setWordWrap(True)
        self._sentence.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._sentence.setMinimumWidth(360)
        self._sentence.setMaximumWidth(520)
        theme.mark(self._sentence, "quiet")
        layout.addWidget(self._sentence, 0, Qt.AlignmentFlag.AlignHCenter)
        self.button = button(f"{name}.action", action, self.clicked.emit, kind="primary", parent=self)
        self.button.setVisible(bool(action))
        layout.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)

    def set_sentence(self, sentence: str) -> None:
        """Changes the sentence."""
        self._sentence.setText(sentence)


class Chip(QLabel):
    """A word on a tinted ground that can be clicked.

    Signals:
        clicked: It was pressed.
    """

    clicked = Signal()

    def __init__(self, text: str, parent: QWidget | None = None, *, ground: str = "", ink: str = "") -> None:
        super().__init__(text, parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.set_colours(ground, ink)

    def set_colours(self, ground: str, ink: str = "") -> None:
        """Changes ground and ink; "" for the raised ground and the text colour."""
        tokens = theme.current()
        self.setStyleSheet(
            f"background: {ground or tokens.raised}; color: {ink or tokens.text}; border-radius: 5px; padding: 2px 8px; border: none;"
        )

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.clicked.emit()
        super().mouseReleaseEvent(event)


def button(
    name: str, text: str, slot: Callable[..., Any] | None = None, *, kind: str = "", tip: str = "", parent: QWidget | None = None,
) -> QPushButton:
    """Returns a named push button.

    Args:
        name: `page.panel.control`.
        text: Translated label; also the accessible name.
        slot: Called without arguments when pressed.
        kind: `primary`, `fix`, `link`, `plain`, `danger` or "".
        tip: Tooltip.
        parent: The owner.
    """
    result = QPushButton(text, parent)
    result.setObjectName(name)
    result.setAccessibleName(text)
    result.setToolTip(tip)
    if kind:
        theme.mark(result, kind)
    if slot is not None:
        result.clicked.connect(lambda _checked=False: slot())
    return result


def line(parent: QWidget | None = None) -> QFrame:
    """Returns a horizontal line of one pixel."""
    result = QFrame(parent)
    theme.mark(result, "line")
    return result


def quiet(text: str, parent: QWidget | None = None) -> QLabel:
    """Returns a wrapped, selectable label in the quiet colour; it shows markup as it is written."""
    label = QLabel(text, parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    theme.mark(label, "quiet")
    return label


def small(text: str, parent: QWidget | None = None) -> QLabel:
    """Returns a small label in the quiet colour; it shows markup as it is written."""
    label = QLabel(text, parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    theme.mark(label, "small")
    return label
