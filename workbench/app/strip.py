"""Findings as sentences: what, then why more quietly, then buttons that do something about it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QApplication, QBoxLayout, QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.language import say, tr

SEVERITY_WORDS = {"error": "Wrong", "warning": "Doubtful", "good": "Good", "note": "Note"}
_MOST_SHARE = 0.4
"""How much of a line the buttons may take beside a sentence that does not fit into the rest."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """One button: what it says and what it does; `tip` says more."""

    label: str
    do: Callable[[], Any]
    main: bool = True
    tip: str = ""


@dataclass(frozen=True, slots=True)
class FindingRow:
    """One finding as shown.

    Attributes:
        message: One sentence; a `Text` is translated.
        reason: Why, in a quieter colour.
        severity: `error`, `warning`, `good` or `note`.
        emphasis: Words of the message that stand out (node names).
        remedies: Its buttons, best first.
        key: What `FindingStrip.activated` gives when the row is clicked (a node id).
    """

    message: str
    reason: str = ""
    severity: str = "warning"
    emphasis: tuple[str, ...] = ()
    remedies: tuple[Remedy, ...] = ()
    key: Any = field(default=None, compare=False)


class FindingStrip(QWidget):
    """A list of findings.

    Signals:
        activated: The key of a row that was clicked.
    """

    activated = Signal(object)

    def __init__(self, name: str, parent: QWidget | None = None, *, narrow: bool = False, empty: str = "") -> None:
        """Makes an empty strip.

        Args:
            name: First part of the object names (`build.problems`).
            parent: The owner.
            narrow: For columns: tinted cards with the buttons below, instead of lines with the buttons at the right.
            empty: What stands there without findings, translated.
        """
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(tr("Findings"))
        self._narrow, self._empty, self._rows = narrow, empty, None
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(theme.SPACE_8 if narrow else 0)
        self.show_findings([])

    def show_findings(self, rows: Sequence[FindingRow]) -> None:
        """Shows these findings; rows that are the same as before are left alone."""
        if self._rows is not None and list(rows) == self._rows and not rows:
            return
        self._rows = list(rows)
        if self.isAncestorOf(QApplication.focusWidget() or self):
            self.setFocus()  # or Qt hands the keyboard to the first button of the window when the pressed one goes
        while self._layout.count():
            widget = self._layout.takeAt(0).widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for index, row in enumerate(rows):
            self._layout.addWidget(_Finding(self, index, row, self._narrow))
        if not rows and self._empty:
            self._layout.addWidget(self._empty_label())

    def say_empty(self, words: str) -> None:
        """Sets what stands there without findings, translated; to be followed by `show_findings`."""
        if words != self._empty:
            self._empty = words
            self._rows = None

    def _empty_label(self) -> QLabel:
        label = QLabel(self._empty, self)
        label.setWordWrap(True)
        label.setContentsMargins(0 if self._narrow else theme.SPACE_16, theme.SPACE_8, theme.SPACE_16, theme.SPACE_8)
        theme.mark(label, "quiet")
        return label

    @property
    def rows(self) -> list[FindingRow]:
        """What is shown."""
        return list(self._rows or [])


class _Finding(QFrame):
    def __init__(self, strip: FindingStrip, index: int, row: FindingRow, narrow: bool) -> None:
        super().__init__(strip)
        self._strip, self._key = strip, row.key
        self.setObjectName(f"{strip.objectName()}.{index}")
        self.setAccessibleName(f"{tr(SEVERITY_WORDS.get(row.severity, 'Note'))}: {say(row.message)}")
        kind = {"error": "error", "warning": "warning", "good": "good"}.get(row.severity, "row")
        theme.mark(self, f"finding-{kind}" if narrow else "finding-row")
        outer = QHBoxLayout(self)
        margin = theme.SPACE_12 if narrow else theme.SPACE_16
        outer.setContentsMargins(margin, theme.SPACE_8, margin, theme.SPACE_8)
        outer.setSpacing(theme.SPACE_12)
        if not narrow:
            outer.addWidget(_dot(row.severity), 0, Qt.AlignmentFlag.AlignVCenter)
        self._body = QBoxLayout(QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight)
        self._body.setSpacing(theme.SPACE_8 if narrow else theme.SPACE_12)
        outer.addLayout(self._body, 1)
        self._words = self._sentence(row)
        self._body.addWidget(self._words, 1)
        self._buttons = self._button_row(row, narrow)
        if row.remedies:
            self._body.addLayout(self._buttons)
        self._narrow = narrow

    def resizeEvent(self, event: QResizeEvent) -> None:
        # Turning the layout while it is being laid out ends in a crash of Qt inside a scroll area.
        QTimer.singleShot(0, self, lambda: self._arrange(self.width()))
        super().resizeEvent(event)

    def _arrange(self, width: int) -> None:
        """Puts the buttons below the sentence where beside them it would be squeezed into several short lines."""
        if self._narrow or not self._buttons.count():
            return
        asked = self._buttons.sizeHint().width() + self._words.x() + self._body.spacing() + theme.SPACE_16
        squeezed = self._words.fontMetrics().horizontalAdvance(self._plain) > width - asked
        below = squeezed and asked > _MOST_SHARE * width
        direction = QBoxLayout.Direction.TopToBottom if below else QBoxLayout.Direction.LeftToRight
        if self._body.direction() != direction:
            self._body.setDirection(direction)
            self._body.setSpacing(theme.SPACE_4 if below else theme.SPACE_12)
            self._buttons.setAlignment(Qt.AlignmentFlag.AlignLeft if below else Qt.AlignmentFlag(0))
            self.updateGeometry()

    def _sentence(self, row: FindingRow) -> QLabel:
        self._plain = f"{say(row.message)} {say(row.reason)}".strip() if row.reason else say(row.message)
        label = QLabel(rich_sentence(row))
        label.setObjectName(f"{self.objectName()}.sentence")
        label.setWordWrap(True)
        label.setTextFormat(Qt.TextFormat.RichText)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        label.setMinimumWidth(120)
        return label

    def _button_row(self, row: FindingRow, narrow: bool) -> QBoxLayout:
        line = QVBoxLayout() if narrow and len(row.remedies) >= 3 else QHBoxLayout()
        line.setSpacing(theme.SPACE_8)
        for number, remedy in enumerate(row.remedies):
            button = QPushButton(say(remedy.label))
            button.setObjectName(f"{self.objectName()}.fix{number}")
            button.setAccessibleName(say(remedy.label))
            button.setToolTip(say(remedy.tip) if remedy.tip else "")
            theme.mark(button, "fix" if remedy.main else "quiet")
            button.clicked.connect(partial(_do, remedy.do))
            line.addWidget(button)
        if narrow and isinstance(line, QHBoxLayout):
            line.addStretch(1)
        return line

    def mouseReleaseEvent(self, event: Any) -> None:
        if self._key is not None and event.button() == Qt.MouseButton.LeftButton:
            self._strip.activated.emit(self._key)
        super().mouseReleaseEvent(event)


def _do(function: Callable[[], Any], _checked: bool = False) -> None:
    function()


def _dot(severity: str) -> QLabel:
    colours = {"error": theme.current().wrong, "warning": theme.current().doubtful, "good": theme.current().good}
    shapes = {"error": "●", "warning": "▲", "good": "✔"}
    label = QLabel(shapes.get(severity, "○"))
    label.setToolTip(tr(SEVERITY_WORDS.get(severity, "Note")))
    label.setFixedWidth(14)
    label.setStyleSheet(f"color: {colours.get(severity, theme.current().quiet)}; font-size: 10px;")
    return label


def rich_sentence(row: FindingRow) -> str:
    """Returns message and reason as rich text: the emphasised words bold, the reason quiet. Everything else is escaped."""
    import html  # the first paint shows no finding

    message = html.escape(say(row.message))
    for word in sorted({html.escape(item) for item in row.emphasis if item}, key=len, reverse=True):
        message = re.sub(rf"(?<![\w>]){re.escape(word)}(?!\w)", f"<b>{word}</b>", message)
    reason = html.escape(say(row.reason)) if row.reason else ""
    return f'{message} <span style="color:{theme.current().quiet}">{reason}</span>' if reason else message


def problem_row(problem: Any, name_of: Callable[[str], str], apply: Callable[[Any, int], Any]) -> FindingRow:
    """Returns a `Problem` as a row of the strip.

    Args:
        problem: A `workbench.graph.problem.Problem`.
        name_of: Node id -> its name, for the emphasis.
        apply: Called with the problem and the index of the fix whose button was pressed.
    """
    remedies = tuple(Remedy(fix.label, partial(apply, problem, index), index == 0) for index, fix in enumerate(problem.fixes[:3]))
    names = tuple(str(word) for word in _names_in(problem, name_of))
    return FindingRow(problem.message, problem.reason, str(problem.severity), names, remedies, problem.node or None)


def _names_in(problem: Any, name_of: Callable[[str], str]) -> list[str]:
    own = [name_of(problem.node)] if problem.node else []
    values = getattr(problem.message, "values", {})
    return own + [str(values[key]) for key in ("node", "source", "other", "name") if key in values]
