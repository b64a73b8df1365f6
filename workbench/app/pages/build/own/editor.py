"""The code of a layer of one's own, and what the checks say of it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QCloseEvent, QDesktopServices, QTextCursor
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPlainTextEdit, QScrollArea, QSplitter, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.jobs import Job, run_job
from workbench.app.language import say, tr
from workbench.app.pages.build.highlight import PythonColours
from workbench.app.strip import FindingRow, FindingStrip, Remedy
from workbench.app.widgets import button, quiet
from workbench.errors import WorkbenchError

_LINE = "line"


class OwnLayerEditor(QDialog):
    """Shows one file, saves it, and has it checked.

    Attributes:
        path: The file.
        text: The editor.
        results: What the checks said.
        checked: The answer of the last check that came to its end, or None.

    Signals:
        trusted: The file was written or trusted here: the catalogue is out of date.
        check_ended: A check came to its end.
    """

    trusted = Signal()
    check_ended = Signal()
    _heard = Signal(object)

    def __init__(self, path: Path, parent: QWidget, *, is_trusted: bool = True) -> None:
        super().__init__(parent)
        self.setObjectName("build.layer")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(path.name)
        self.path, self.checked, self._trusted = path, None, is_trusted
        self._job: Job | None = None
        self._rows: list[FindingRow] = []
        self._shown = ""
        self._build()
        self._heard.connect(self._hear)
        self.read()
        self.resize(1080, 720)

    def _build(self) -> None:
        self.text = QPlainTextEdit(self)
        self.text.setObjectName("build.layer.text")
        self.text.setAccessibleName(tr("Code of the layer"))
        self.text.setFont(theme.code_font(12))
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setTabStopDistance(4 * self.text.fontMetrics().horizontalAdvance(" "))
        self._colours = PythonColours(self.text.document())
        self.results = FindingStrip("build.layer.results", self, empty=tr("Nothing was checked yet."))
        holder = QWidget(self)
        theme.mark(holder, "column")
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.results)
        column.addStretch(1)
        area = QScrollArea(self)
        area.setObjectName("build.layer.scroll")
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(holder)
        theme.mark(area, "column")
        split = QSplitter(Qt.Orientation.Horizontal, self)
        split.addWidget(self.text)
        split.addWidget(area)
        split.setSizes([680, 400])
        self.state = quiet("", self)
        layout = QVBoxLayout(self)
        layout.addWidget(split, 1)
        layout.addWidget(self.state)
        layout.addLayout(self._buttons())

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.save_button = button(
            "build.layer.save", tr("Save and check"), self.save_and_check, kind="primary",
            tip=tr("Write the file, trust it as it is now, and run the contract tests on it in a process of its own"),
        )
        self.trust_button = button("build.layer.trust", tr("Trust it"), self.trust, kind="fix")
        self.trust_button.setVisible(not self._trusted)
        self.cancel_button = button("build.layer.cancel", tr("Stop the check"), self.cancel)
        self.cancel_button.setVisible(False)
        opened = button("build.layer.open", tr("Open in the system's editor"), self.open_outside)
        close = button("build.layer.close", tr("Close"), self.close)
        for widget in (self.save_button, self.trust_button, self.cancel_button, opened):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(close)
        return row

    def read(self) -> None:
        """Shows the file as it is now."""
        from workbench.layers.own_file import read_own_file

        try:
            self._shown = read_own_file(self.path).text
            self.text.setPlainText(self._shown)
            self.state.setText(str(self.path))
        except WorkbenchError as error:
            self.text.setReadOnly(True)
            self.state.setText(say(error.message))
        self.text.document().setModified(False)

    def open_outside(self) -> None:
        """Opens the file in what the system opens such files with; the window notices when it is saved there."""
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.path)))

    def save(self) -> bool:
        """Writes the file where it differs; says whether it stands as shown."""
        from workbench.layers.own import write_own_file

        text = self.text.toPlainText()
        if text != self._shown:
            try:
                write_own_file(self.path, text)
            except OSError as error:
                self.state.setText(tr("The file cannot be written: {reason}", reason=error.strerror or str(error)))
                return False
            self._shown = text
        self.text.document().setModified(False)
        return True

    def save_and_check(self) -> None:
        """Writes the file and runs all checks; what was written here is trusted once it loads."""
        if self.save():
            self.check()

    def trust(self) -> None:
        """Trusts the file as it is shown, once it has loaded in a process of its own."""
        if self.save():
            self.check(only_load=True)

    def check(self, only_load: bool = False) -> None:
        """Runs the checks in a job; results come in one by one."""
        from workbench.export.checking.file import check_file

        if self._job is not None and self._job.running:
            return
        path, heard = self.path, self._tell
        self._rows, self.checked = [], None
        self.results.show_findings([])
        self._set_busy(True)
        self.state.setText(tr("Checking {file} in a process of its own…", file=path.name))
        self._job = run_job(
            self, lambda _progress, cancelled: check_file(path, heard, cancelled, only_load=only_load), self._take, self._miss,
        )

    def _tell(self, outcome: Any) -> None:
        """Hands an outcome to the event loop; the dialog may be gone by now."""
        with contextlib.suppress(RuntimeError):
            self._heard.emit(outcome)

    def _hear(self, outcome: Any) -> None:
        from workbench.export.checking.file import TITLES

        title = say(TITLES[outcome.check])
        reason = " ".join(say(part) for part in (outcome.message, outcome.hint) if part)
        remedies = (Remedy(tr("Go to the line"), self._jump(outcome.message)),) if _line_of(outcome.message) else ()
        self._rows.append(FindingRow(tr("{title}.", title=title), reason, "good" if outcome.ok else "error", (), remedies))
        self.results.show_findings(self._rows)

    def _jump(self, message: str) -> Callable[[], None]:
        return lambda: self.go_to_line(_line_of(message))

    def go_to_line(self, number: int) -> None:
        """Puts the cursor into a line, counted from 1."""
        block = self.text.document().findBlockByNumber(number - 1)
        if block.isValid():
            self.text.setTextCursor(QTextCursor(block))
            self.text.centerCursor()
            self.text.setFocus()

    def _take(self, checked: Any) -> None:
        self._set_busy(False)
        self.checked = checked
        loaded = bool(checked.outcomes) and checked.outcomes[0].ok
        if loaded:
            self._note_trust(checked.file.digest)
        broken = sum(not outcome.ok for outcome in checked.outcomes)
        self.state.setText(
            tr("{file} keeps every promise and is in the palette.", file=self.path.name) if checked.ok
            else tr("{file} is in the palette, but breaks {count} of {all} promises.", file=self.path.name, count=broken, all=len(checked.outcomes))
            if loaded else tr("{file} does not load: it was not trusted.", file=self.path.name)
        )
        self.check_ended.emit()

    def _note_trust(self, digest: str) -> None:
        from workbench.layers.own import trust

        try:
            trust(self.path, digest)
        except (WorkbenchError, OSError) as error:
            self.state.setText(say(getattr(error, "message", str(error))))
            return
        self._trusted = True
        self.trust_button.setVisible(False)
        self.trusted.emit()

    def _miss(self, error: Exception) -> None:
        self._set_busy(False)
        if not isinstance(error, WorkbenchError):
            raise error
        self.state.setText(say(error.message))
        self.check_ended.emit()

    def _set_busy(self, busy: bool) -> None:
        for widget in (self.save_button, self.trust_button):
            widget.setEnabled(not busy)
        self.cancel_button.setVisible(busy)

    def cancel(self) -> None:
        """Ends the check that is under way."""
        if self._job is not None and self._job.running:
            self._job.cancel()
            self._set_busy(False)
            self.state.setText(tr("The check was stopped."))

    def closeEvent(self, event: QCloseEvent) -> None:
        self.cancel()
        super().closeEvent(event)


def _line_of(message: str) -> int:
    """Returns the line that an outcome is about; 0 where it is about none."""
    value = getattr(message, "values", {}).get(_LINE, 0)
    return value if isinstance(value, int) else 0
