"""What looks wrong in the data: looked for aside, listed with its remedies."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.jobs import Job, run_job
from workbench.app.language import say, say_error, tr
from workbench.app.strip import FindingRow, FindingStrip, Remedy
from workbench.app.widgets import Heading, line
from workbench.project.data_remedies import remedies as remedies_of

if TYPE_CHECKING:
    from workbench.app.pages.data.rows import Rows
    from workbench.app.session import Session
    from workbench.data.base import DataProblem
    from workbench.graph.problem import Fix
    from workbench.project.project import Project

_FOUND_PX, _NOTHING_FOUND_PX, _MOST_PX = 112, 40, 132
"""Room for one whole finding with its buttons, for the sentence that there is none, and for as much as the rows can spare."""


class Found(QWidget):
    """The findings under the rows.

    Signals:
        rows_wanted: A person wants to see the rows of a finding (their ids, a tuple of str).
    """

    rows_wanted = Signal(object)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._rows: Rows | None = None
        self._looked: Rows | None = None
        self._found: list[DataProblem] = []
        self._looking: Job | None = None
        self._sources: list[Callable[[], Iterable[DataProblem]]] = []
        self._build()

    def _build(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(line())
        heading = Heading(tr("Found in the data"))
        heading.setContentsMargins(theme.SPACE_4, 0, 0, 0)
        self._head = QHBoxLayout()
        self._head.addWidget(heading)
        self._head.addStretch(1)
        layout.addLayout(self._head)
        self.strip = FindingStrip("data.findings", self, empty=tr("Nothing looks wrong."))
        self._area = area = QScrollArea()
        area.setObjectName("data.findings.scroll")
        area.setWidgetResizable(True)
        area.setWidget(self.strip)
        area.setMaximumHeight(_MOST_PX)
        area.setMinimumHeight(_NOTHING_FOUND_PX)
        layout.addWidget(area)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)

    def add_control(self, widget: QWidget) -> None:
        """Puts a control at the right of the heading."""
        self._head.addWidget(widget)

    @property
    def looking(self) -> bool:
        """Whether rows are being looked through."""
        return self._looking is not None and self._looking.running

    def add_source(self, source: Callable[[], Iterable[DataProblem]]) -> None:
        """Adds somebody who finds trouble in rows in another way (a run that contradicts labels); asked whenever findings are shown."""
        self._sources.append(source)

    def show_rows(self, rows: Rows | None) -> None:
        """Shows what is wrong with these rows; what takes a while follows when it is known."""
        self._rows = rows
        error = self._session.prepared_error
        shown = [] if error is None else [FindingRow(say_error(error), severity="error")]
        shown += [self._finding(item) for item in self._problems(rows)]
        self.strip.say_empty(tr("Looking through the rows...") if self.looking else tr("Nothing looks wrong."))
        self.strip.show_findings(shown)
        if shown or not self.looking:  # what is found again takes the room of what was found before
            self._area.setMinimumHeight(_FOUND_PX if shown else _NOTHING_FOUND_PX)

    def _problems(self, rows: Rows | None) -> list[DataProblem]:
        if rows is None:
            return []
        from workbench.data.together import together

        every = [*rows.dataset.problems]
        if rows.prepared is not None:
            every += [*rows.prepared.problems, *self._found_in(rows), *(item for source in self._sources for item in source())]
        return together([item for number, item in enumerate(every) if item not in every[:number]])

    def _found_in(self, rows: Rows) -> list[DataProblem]:
        """Returns what was found in this data; the first time it is looked for on a worker thread and shown when it is there."""
        if self._looked is not None and self._looked.prepared is rows.prepared:
            return self._found
        if self._looking is not None and self._looking.running:
            self._looking.cancel()
        self._looked, self._found = rows, []
        work = lambda _progress, cancelled: problems_of(rows, cancelled)  # noqa: E731
        self._looking = run_job(self, work, lambda found: self._take(rows, found), lambda error: self._miss(rows, error))
        return []

    def _take(self, rows: Rows, found: list[DataProblem]) -> None:
        if self._looked is rows:
            self._looking, self._found = None, found
            self.show_rows(self._rows)

    def _miss(self, rows: Rows, error: Exception) -> None:
        """Says that looking failed, and shows what is known without it."""
        self._take(rows, [])
        raise error

    def _finding(self, problem: DataProblem) -> FindingRow:
        wanted = bool(problem.rows) and problem.kind != "unreadable"
        show = (Remedy(tr("Show"), lambda: self.rows_wanted.emit(problem.rows), False),) if wanted else ()
        return FindingRow(problem.message, problem.reason, "warning", remedies=(*self._remedies(problem), *show))

    def _remedies(self, problem: DataProblem) -> tuple[Remedy, ...]:
        """Returns the buttons that change the project so that the finding goes; each is one step of the history."""
        if self._rows is None:
            return ()
        fixes = remedies_of(problem, self._rows.dataset, self._session.project)
        return tuple(Remedy(say(fix.label), lambda fix=fix: self._mend(fix), number == 0) for number, fix in enumerate(fixes))

    def _mend(self, fix: Fix[Project]) -> None:
        self._session.edit(say(fix.label), fix.apply(self._session.project))


def problems_of(rows: Rows, cancelled: Callable[[], bool] = bool) -> list[DataProblem]:
    """Returns what looks wrong in prepared data; reads every row, and ends soon after it is no longer wanted."""
    from workbench.data.progress import reporting
    from workbench.data.summary import find_problems

    assert rows.prepared is not None
    with reporting(lambda _share, _sentence: None, cancelled):
        return list(find_problems(rows.dataset, rows.prepared.splits))
