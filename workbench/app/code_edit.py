"""A field for a text of several lines, in letters of one width: its complaint and what it gives stand below, while it is typed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.form import FieldEdit
from workbench.app.language import say
from workbench.catalogue import Params, reason_of

_PAUSE_MS = 350
_LEAST_LINES, _MOST_LINES = 2, 9


class CodeEdit(FieldEdit):
    """Several lines of text. It is taken over after a pause, with Ctrl+Return and when the field is left.

    Attributes:
        complain: Returns what is wrong with a text, or ""; set by the form.
    """

    def __init__(self, name: str, info: Any, parent: QWidget) -> None:
        super().__init__(name, info, parent)
        self.complain: Callable[[str], str] = lambda text: ""
        self._value, self._outcome = "", ("", False)
        self._text = _Lines(self)
        self._below = QLabel(self)
        self._below.setObjectName(f"{name}.below")
        self._below.setWordWrap(True)
        self._below.hide()
        self.place(self._text, name)
        column = QVBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE_4)
        self._row.removeWidget(self._text)
        column.addWidget(self._text)
        column.addWidget(self._below)
        self._row.addLayout(column)
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._pause.timeout.connect(self._paused)
        self._text.textChanged.connect(self._typed)
        self._text.finished.connect(self.finish)
        self._text.escaped.connect(self._take_back)

    def _typed(self) -> None:
        self._text.fit()
        if self._text.toPlainText() != self._value:
            self._pause.start()

    def _paused(self) -> None:
        """Takes over what can be read, so that shapes follow the typing; what cannot is said and waits."""
        if self.complain(self._text.toPlainText()):
            self.show_below()
        else:
            self.finish()

    def finish(self) -> None:
        """Takes the text over."""
        self._pause.stop()
        text = self._text.toPlainText()
        if text != self._value:
            self._value = text
            self.changed.emit(text)
        self.show_below()

    def _take_back(self) -> None:
        self._text.setPlainText(self._value)
        self._pause.stop()
        self.show_below()

    def show_below(self) -> None:
        """Shows what is wrong with the text, else what it gives."""
        complaint = self.complain(self._text.toPlainText())
        text, wrong = (complaint, True) if complaint else self._outcome
        self._below.setText(text)
        self._below.setVisible(bool(text))
        theme.mark(self._below, "wrong" if wrong else "small")
        self._text.setProperty("wrong", "true" if wrong else "false")
        for widget in (self._below, self._text):
            widget.style().unpolish(widget)
            widget.style().polish(widget)
        self._fit_below()

    def _fit_below(self) -> None:
        """Gives the sentence the height that it needs; a form does not ask wrapped labels for it."""
        width = max(self._text.width(), 1)
        height = self._below.heightForWidth(width) if self._below.text() else 0
        if height != self._below.minimumHeight():
            self._below.setFixedHeight(height)
            self.updateGeometry()

    def resizeEvent(self, event: Any) -> None:
        super().resizeEvent(event)
        self._fit_below()

    def set_outcome(self, text: str, wrong: bool) -> None:
        """Shows what the text gives, or why it does not fit what arrives."""
        self._outcome = text, wrong
        self.show_below()

    def value(self) -> str:
        return self._value

    def set_value(self, value: Any) -> None:
        text = str(value or "")
        if text != self._value or (text != self._text.toPlainText() and not self._text.hasFocus()):
            self._value = text
            self._text.setPlainText(text)
        elif not self._pause.isActive() and text != self._text.toPlainText():
            self._text.setPlainText(text)
        self.show_below()


def complaint_of(model: type[Params], values: Mapping[str, Any], name: str) -> str:
    """Returns what is wrong with one of these values, in the language in use; "" where nothing is."""
    from pydantic import ValidationError

    try:
        params: Any = model(**values)
    except ValidationError as error:
        return say(reason_of(error.errors()[0]))
    complaints = getattr(params, "complaints", None)
    return say(complaints().get(name, "")) if complaints is not None else ""


class _Lines(QPlainTextEdit):
    """As high as its text, within limits."""

    finished = Signal()
    escaped = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFont(theme.code_font(12))
        self.setTabChangesFocus(True)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.WidgetWidth)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.fit()

    def fit(self) -> None:
        """Takes the height of the lines that it shows."""
        lines = int(self.document().size().height())
        shown = min(max(lines, _LEAST_LINES), _MOST_LINES)
        frame = 2 * self.frameWidth() + 2 * int(self.document().documentMargin())
        self.setFixedHeight(shown * self.fontMetrics().lineSpacing() + frame + 4)

    def event(self, event: QEvent) -> bool:
        # Ctrl+Z with nothing to undo in the text itself belongs to the window's history.
        override = event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent)
        if override and event.matches(QKeySequence.StandardKey.Undo) and not self.document().isUndoAvailable():
            event.ignore()
            return False
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.finished.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self.escaped.emit()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.finished.emit()

    def resizeEvent(self, event: Any) -> None:
        super().resizeEvent(event)
        self.fit()
