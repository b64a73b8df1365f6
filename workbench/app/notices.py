"""Messages about the window as a whole: below the top bar, one strip, gone when dealt with. And the few questions that need an answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QMessageBox, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.strip import FindingRow, FindingStrip, Remedy
from workbench.errors import WorkbenchError
from workbench.text import Text

LIMIT = 3


class Notices(QWidget):
    """What the window has to say; the newest first, at most three."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("window.notices")
        theme.mark(self, "column")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self.strip = FindingStrip("window.notices.strip", self)
        layout.addWidget(self.strip)
        self._rows: list[FindingRow] = []
        self._show()

    def say_error(self, error: BaseException) -> None:
        """Shows an error meant for people: its sentence, its hint, and a button that closes it."""
        message, hint = (error.message, error.hint) if isinstance(error, WorkbenchError) else (str(error), "")
        self.add(FindingRow(message, hint, "error"))

    def add(self, row: FindingRow, key: str = "") -> None:
        """Adds a message with its own buttons and one that closes it."""
        kept = [item for item in self._rows if item.message != row.message]
        close = Remedy(Text("Close"), lambda: self.drop(row.message), main=False)
        remedies = tuple(Remedy(item.label, self._closing(row.message, item.do), item.main) for item in row.remedies)
        self._rows = [FindingRow(row.message, row.reason, row.severity, row.emphasis, (*remedies, close), key or None), *kept][:LIMIT]
        self._show()

    def _closing(self, message: str, do: Callable[[], Any]) -> Callable[[], Any]:
        def act() -> None:
            self.drop(message)
            do()

        return act

    def drop(self, message: str) -> None:
        """Takes a message away."""
        self._rows = [row for row in self._rows if row.message != message]
        self._show()

    def clear(self) -> None:
        """Takes all messages away."""
        self._rows = []
        self._show()

    def rows(self) -> list[FindingRow]:
        """What is shown."""
        return list(self._rows)

    def restore(self, rows: list[FindingRow]) -> None:
        """Shows rows that another strip of notices gave."""
        self._rows = rows
        self._show()

    def _show(self) -> None:
        self.strip.show_findings(self._rows)
        self.setVisible(bool(self._rows))


def ask(parent: QWidget, question: str, details: str, answers: list[tuple[str, str]], name: str) -> str:
    """Asks one question and returns the key of the answer; the last answer is taken where the question is closed.

    Args:
        parent: The window.
        question, details: Translated.
        answers: Key and translated label of each button, the usual one first.
        name: The object name of the dialog.
    """
    box = QMessageBox(parent)
    box.setObjectName(name)
    box.setWindowTitle("Model Workbench")
    box.setText(question)
    box.setInformativeText(details)
    buttons = {}
    for key, label in answers:
        item = box.addButton(label, QMessageBox.ButtonRole.ActionRole)
        item.setObjectName(f"{name}.{key}")
        item.setAccessibleName(label)
        buttons[item] = key
    box.setDefaultButton(next(iter(buttons)))
    box.setEscapeButton(list(buttons)[-1])
    box.exec()
    chosen = buttons.get(box.clickedButton(), answers[-1][0])
    box.deleteLater()
    return chosen


