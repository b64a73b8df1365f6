"""Asks the selected run about every row, aside, and keeps its answer while the page lives."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QPushButton, QWidget

from workbench.app.jobs import Job, run_job
from workbench.app.language import tr
from workbench.app.widgets import button

if TYPE_CHECKING:
    from workbench.app.pages.data.verdicts import Verdicts
    from workbench.app.session import Session
    from workbench.project.runs import RunFolder

AT_ONCE_ROWS = 5000
"""Up to this many rows a finished run is asked without waiting to be told."""


def _ended(run: RunFolder) -> bool:
    """Whether a run has come to its end, wherever it was trained, and left something to ask."""
    return run.best() is not None and run.state.over


class Judging(QObject):
    """What the selected run says about the rows.

    Signals:
        changed: There are verdicts now, or none any more.
    """

    changed = Signal()

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session
        self._kept: dict[Path, Verdicts | None] = {}
        self._job: Job | None = None
        self._button: QPushButton | None = None
        session.selected_run_changed.connect(self.look)
        session.runs_changed.connect(self.look)
        session.dataset_changed.connect(self._forget_other_data)
        self._source = ""

    def button(self, parent: QWidget) -> QPushButton:
        """Returns the button that asks the run."""
        self._button = button(
            "data.run.ask", tr("Ask the run about every row"), self.ask, kind="link", parent=parent,
            tip=tr("Brings prediction, confidence and loss of every row as filters and orders"),
        )
        self._button.hide()
        return self._button

    @property
    def verdicts(self) -> Verdicts | None:
        """What the selected run says, if it was asked."""
        run = self._session.selected_run
        return self._kept.get(run.path) if run is not None else None

    def look(self) -> None:
        """Takes notice of another run; a small set of rows is asked about at once."""
        run, dataset = self._session.selected_run, self._session.dataset
        known = run is not None and run.path in self._kept
        can = run is not None and dataset is not None and not known and not self._session.trainer.running and _ended(run)
        if self._button is not None:
            self._button.setVisible(can)
        if can and dataset is not None and len(dataset) <= AT_ONCE_ROWS and self._button is not None and self._button.parentWidget().isVisible():
            self.ask()
        self.changed.emit()

    def ask(self) -> None:
        """Asks the selected run about every row."""
        run, dataset = self._session.selected_run, self._session.dataset
        if run is None or dataset is None or (self._job is not None and self._job.running):
            return
        from workbench.app.pages.data.verdicts import judge

        source, count = self._session.project.data.source, len(dataset)
        name = next((info.name for info in self._session.runs if info.path == run.path), run.path.name)
        self._job = run_job(
            self, lambda progress, cancelled: judge(run, name, source, count, progress, cancelled), lambda found: self._take(run.path, found),
            self._miss, self._tell,
        )

    def _take(self, path: Path, found: Verdicts | None) -> None:
        self._kept[path] = found
        self._name_button(tr("Ask the run about every row"))
        self.look()

    def _miss(self, _error: Exception) -> None:
        self._name_button(tr("The run could not be asked; try again"))

    def _tell(self, share: float, word: str) -> None:
        self._name_button(tr("Asking: {part}, {percent} %", part=word, percent=round(share * 100)))

    def _name_button(self, words: str) -> None:
        if self._button is not None:
            self._button.setText(words)

    def _forget_other_data(self) -> None:
        source = self._session.project.data.source
        if source != self._source:
            self._source = source
            self._kept.clear()
        self.look()
