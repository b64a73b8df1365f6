"""The one dialog for errors that nobody foresaw: says so, keeps the work, and lets the report be copied."""

from __future__ import annotations

import platform
import sys
import traceback
from dataclasses import dataclass

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from workbench import __version__
from workbench.app import theme
from workbench.app.language import tr
from workbench.app.widgets.basic import button, quiet


@dataclass(frozen=True, slots=True)
class Report:
    """One unexpected error.

    Attributes:
        error: The exception itself.
        summary: Its last line.
        text: Everything, for the clipboard.
        place: File and line where it happened.
    """

    error: BaseException
    summary: str
    text: str
    place: str

    @classmethod
    def of(cls, error: BaseException) -> Report:
        """Makes the report of an exception."""
        frames = traceback.extract_tb(error.__traceback__)
        place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else type(error).__name__
        about = f"Model Workbench {__version__}, Python {sys.version.split()[0]}, {platform.platform()}"
        text = "".join((about, "\n\n", *traceback.format_exception(error)))
        return cls(error, f"{type(error).__name__}: {error}", text, place)


class ErrorDialog(QDialog):
    """Shows a report."""

    def __init__(self, report: Report, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("window.error")
        self.setWindowTitle(tr("Something went wrong"))
        self.resize(640, 380)
        self.finished.connect(self.deleteLater)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_16, theme.SPACE_16, theme.SPACE_16, theme.SPACE_16)
        layout.setSpacing(theme.SPACE_12)
        headline = QLabel(tr("This is a mistake in the program, not yours."))
        theme.mark(headline, "subject")
        layout.addWidget(headline)
        layout.addWidget(quiet(tr("Your project is still open and its changes are kept. You can go on; the report helps to repair it.")))
        layout.addWidget(self._details(report))
        layout.addLayout(self._buttons(report))

    def _details(self, report: Report) -> QPlainTextEdit:
        text = QPlainTextEdit(report.text)
        text.setObjectName("window.error.text")
        text.setAccessibleName(tr("Report"))
        text.setReadOnly(True)
        text.setFont(theme.code_font())
        return text

    def _buttons(self, report: Report) -> QHBoxLayout:
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(button("window.error.copy", tr("Copy report"), lambda: QGuiApplication.clipboard().setText(report.text)))
        row.addWidget(button("window.error.close", tr("Close"), self.accept, kind="primary"))
        return row
