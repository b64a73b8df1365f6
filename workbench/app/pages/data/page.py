"""The Data page: what the model learns from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QScrollArea, QSizePolicy, QSlider, QStackedWidget, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.jobs import Job, run_job
from workbench.app.language import say_error, tr
from workbench.app.pages.data.counts import CountList
from workbench.app.pages.data.row_menu import show_row_menu
from workbench.app.pages.data.row_panel import RowPanel
from workbench.app.pages.data.rows import SPLIT_NAMES, Filter, Rows
from workbench.app.pages.data.sample_view import LARGEST_PX, SMALLEST_PX, USUAL_PX, SampleView
from workbench.app.pages.page import Page
from workbench.app.strip import FindingRow, FindingStrip, Remedy
from workbench.app.widgets import EmptyState, Heading, button, line, quiet
from workbench.data.base import FieldKind
from workbench.errors import WorkbenchError
from workbench.project.feeding import target_fields

if TYPE_CHECKING:
    import numpy as np

    from workbench.app.session import Session
    from workbench.data.base import DataProblem
    from workbench.project.project import Project

SEARCH_DELAY_MS = 200
LARGE = 20_000


class DataPage(Page):
    """Rows, classes, splits and what is wrong with them."""

    page_name = "data"

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self._rows: Rows | None = None
        self._filter = Filter()
        self._looked: Rows | None = None
        self._found: list[DataProblem] = []
        self._selecting: Job | None = None
        self._looking: Job | None = None
        self._search_delay = QTimer(self)
        self._search_delay.setSingleShot(True)
        self._search_delay.setInterval(SEARCH_DELAY_MS)
        self._search_delay.timeout.connect(self._search)
        self.row_panel = RowPanel()
        self.set_columns(
            self._left_column(), self._centre_column(), self.row_panel, left_title=tr("Data source"), right_title=tr("Row"), left_width=240,
            right_width=288,
        )
        session.dataset_changed.connect(self._take_data)
        session.prepared_changed.connect(self._take_data)
        self.view.current_changed.connect(self._show_row)
        self.view.opened.connect(self._inspect)
        self.view.menu_wanted.connect(self._show_menu)
        self.view.cell_size_changed.connect(self._zoom.setValue)
        self.row_panel.inspect_wanted.connect(self._inspect)

    def _left_column(self) -> QWidget:
        column = QWidget()
        layout = QVBoxLayout(column)
        layout.setContentsMargins(0, theme.SPACE_4, 0, theme.SPACE_16)
        layout.setSpacing(theme.SPACE_4)
        self._source = QLabel()
        self._source.setTextFormat(Qt.TextFormat.PlainText)
        self._source.setObjectName("data.source.name")
        self._source.setWordWrap(True)
        self._source.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._facts = quiet("")
        self._change = button("data.source.change", tr("Choose data..."), self._choose_data, tip=tr("Open a file or a folder of data"))
        self._split_heading, self._class_heading = Heading(tr("Split")), Heading(tr("Class"))
        self.splits = CountList("data.splits.list", tr("Split"), self)
        self.classes = CountList("data.classes.list", tr("Class"), self, colour=theme.current().faint)
        self.splits.chosen.connect(self._choose_split)
        self.classes.chosen.connect(self._choose_class)
        for widget in (self._source, self._facts, self._change, self._split_heading, self._class_heading):
            widget.setContentsMargins(theme.SPACE_16, theme.SPACE_4, theme.SPACE_16, theme.SPACE_4)
        head = QHBoxLayout()
        head.setContentsMargins(theme.SPACE_16, 0, theme.SPACE_16, theme.SPACE_8)
        head.addWidget(self._change)
        head.addStretch(1)
        layout.addWidget(self._source)
        layout.addWidget(self._facts)
        layout.addLayout(head)
        for widget in (self._split_heading, self.splits, self._class_heading, self.classes):
            layout.addWidget(widget)
        layout.addStretch(1)
        return column

    def _centre_column(self) -> QWidget:
        self.empty = EmptyState("data.empty", _invitation(), tr("Choose data..."), self)
        self.empty.clicked.connect(self._choose_data)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self._browser())
        return self._stack

    def _browser(self) -> QWidget:
        browser = QWidget()
        layout = QVBoxLayout(browser)
        layout.setContentsMargins(theme.SPACE_12, theme.SPACE_12, theme.SPACE_12, 0)
        layout.setSpacing(theme.SPACE_8)
        layout.addLayout(self._tool_row())
        self.view = SampleView(self)
        layout.addWidget(self.view, 1)
        layout.addWidget(line())
        heading = Heading(tr("Found in the data"))
        heading.setContentsMargins(theme.SPACE_4, 0, 0, 0)
        layout.addWidget(heading)
        self.findings = FindingStrip("data.findings", self, empty=tr("Nothing looks wrong."))
        area = QScrollArea()
        area.setObjectName("data.findings.scroll")
        area.setWidgetResizable(True)
        area.setWidget(self.findings)
        area.setMaximumHeight(132)
        area.setMinimumHeight(40)
        area.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        layout.addWidget(area)
        return browser

    def _tool_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_8)
        self.search = QLineEdit()
        self.search.setObjectName("data.grid.search")
        self.search.setAccessibleName(tr("Filter rows by text or id"))
        self.search.setPlaceholderText(tr("Filter rows by text or id"))
        self.search.setClearButtonEnabled(True)
        self.search.setFixedWidth(240)
        self.search.textChanged.connect(lambda _text: self._search_delay.start())
        self._count = QLabel()
        theme.mark(self._count, "quiet")
        self._all = button("data.grid.all", tr("Show all"), self.show_all, kind="link", tip=tr("Let go of every filter"))
        self._zoom = QSlider(Qt.Orientation.Horizontal)
        self._zoom.setObjectName("data.grid.zoom")
        self._zoom.setAccessibleName(tr("Size of the pictures"))
        self._zoom.setToolTip(tr("Size of the pictures"))
        self._zoom.setRange(SMALLEST_PX, LARGEST_PX)
        self._zoom.setValue(USUAL_PX)
        self._zoom.setFixedWidth(120)
        self._zoom.valueChanged.connect(lambda pixels: self.view.set_cell_size(pixels))
        for widget in (self.search, self._count, self._all):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self._zoom)
        return row

    def refresh(self, old: Project | None, new: Project) -> None:
        """Redraws where the data choice or the target differs."""
        if old is None or old.data != new.data or old.objectives != new.objectives or old.graph != new.graph:
            self._take_data()

    def shown(self) -> None:
        """Asks for the prepared data, which brings splits and what the model sees."""
        self._take_data()

    def _take_data(self) -> None:
        session = self.session
        if not self.isVisible() and self._rows is None:
            return
        dataset, prepared = session.dataset, session.prepared
        targets = target_fields(session.project)
        if dataset is None:
            self._show_nothing()
            return
        if self._rows is None or self._rows.dataset is not dataset or self._rows.prepared is not prepared:
            if self._rows is None or self._rows.dataset is not dataset:
                self._filter = Filter()
            self._rows = Rows.of(dataset, prepared, targets[0] if targets else "")
            self._describe()
            self._apply()
        self._show_findings()
        self._stack.setCurrentIndex(1)

    def _show_nothing(self) -> None:
        self._rows = None
        error = self.session.dataset_error
        if self.session.dataset_loading:
            self.empty.set_sentence(tr("The data is being opened."))
        elif error is not None:
            self.empty.set_sentence(_sentence(error))
        else:
            self.empty.set_sentence(_invitation())
        self._source.setText(self.session.project.data.source or tr("No data yet"))
        self._facts.setText("")
        for widget in (self._split_heading, self.splits, self._class_heading, self.classes):
            widget.hide()
        self.row_panel.show_row(None, -1)
        self._stack.setCurrentIndex(0)

    def _describe(self) -> None:
        rows = self._rows
        assert rows is not None
        dataset = rows.dataset
        self._source.setText(_short_source(dataset.source))
        self._source.setToolTip(dataset.source)
        kinds = ", ".join(_field_words(item) for item in dataset.fields[:4])
        self._facts.setText(tr("{rows} rows · {fields}", rows=f"{len(dataset):,}", fields=kinds))
        self._split_heading.show()
        self.splits.show()
        self.splits.set_items([(tr(name), rows.count_split(name)) for name in SPLIT_NAMES])
        counts = rows.class_counts()
        self._class_heading.setVisible(bool(counts))
        self.classes.setVisible(bool(counts))
        self.classes.set_items(counts)
        self._zoom.setVisible(rows.pictures)

    def _apply(self) -> None:
        if self._rows is None:
            return
        if self._selecting is not None:
            self._selecting.cancel()
            self._selecting = None
        rows, wanted = self._rows, self._filter
        if wanted.words and len(rows.dataset) > LARGE:
            self._count.setText(tr("Searching..."))
            self._selecting = run_job(self, lambda _progress, _cancelled: rows.select(wanted), lambda shown: self._show_selected(rows, shown))
        else:
            self._show_selected(rows, rows.select(wanted))

    def _show_selected(self, rows: Rows, shown: np.ndarray) -> None:
        self._selecting = None
        self.view.set_rows(rows, shown)
        self._count.setText(tr("{count} rows", count=f"{len(shown):,}"))
        self._all.setVisible(self._filter != Filter())
        self.splits.choose(SPLIT_NAMES.index(self._filter.split) if self._filter.split else -1)
        self.classes.choose(self._filter.label)
        self._show_row(self.view.current)

    def _show_findings(self) -> None:
        error = self.session.prepared_error
        rows = [] if error is None else [FindingRow(say_error(error), severity="error")]
        problems = [*(self._rows.dataset.problems if self._rows else ())]
        if self._rows is not None and self._rows.prepared is not None:
            problems += [item for item in self._rows.prepared.problems if item not in problems]
            problems += [item for item in self._found_in(self._rows) if item not in problems]
        self.findings.show_findings([*rows, *(self._finding(item) for item in problems)])

    def _found_in(self, rows: Rows) -> list[DataProblem]:
        """Returns what was found in this data; the first time it is looked for on a worker thread and shown when it is there."""
        if self._looked is rows:
            return self._found
        if self._looking is not None and self._looking.running:
            self._looking.cancel()
        self._looked, self._found = rows, []
        self._looking = run_job(self, lambda _progress, _cancelled: problems_of(rows), lambda found: self._take_found(rows, found))
        return []

    def _take_found(self, rows: Rows, found: list[DataProblem]) -> None:
        if self._looked is rows:
            self._found = found
            self._show_findings()

    def _finding(self, problem: DataProblem) -> FindingRow:
        remedies = ()
        if problem.rows and problem.kind not in ("unreadable", "missing"):
            remedies = (Remedy(tr("Show"), lambda: self._show_only(problem), False),)
        return FindingRow(problem.message, problem.reason, "warning", remedies=remedies)

    def _show_only(self, problem: DataProblem) -> None:
        if self._rows is not None:
            self._set_filter(Filter(rows=self._rows.rows_of(problem.rows)))

    def _set_filter(self, wanted: Filter) -> None:
        self._filter = wanted
        self._apply()

    def _choose_split(self, index: int) -> None:
        self._set_filter(replace(self._filter, split=SPLIT_NAMES[index] if index >= 0 else "", rows=None))

    def _choose_class(self, index: int) -> None:
        self._set_filter(replace(self._filter, label=index, rows=None))

    def _search(self) -> None:
        self._set_filter(replace(self._filter, words=self.search.text().strip(), rows=None))

    def show_all(self) -> None:
        """Lets go of every filter."""
        self.search.clear()
        self._set_filter(Filter())

    def _show_row(self, row: int) -> None:
        self.row_panel.show_row(self._rows, row)

    def _show_menu(self, place: QPoint) -> None:
        row = self.view.current
        if self._rows is not None and row >= 0:
            only = lambda label: self._set_filter(replace(self._filter, label=label, rows=None))  # noqa: E731
            show_row_menu(self, place, self._rows, row, lambda: self._inspect(row), only)

    def _inspect(self, row: int) -> None:
        self.perform("view.inspect")
        self.session.row_wanted.emit(row)

    def _choose_data(self) -> None:
        self.perform("file.open-data")

    def page_state(self) -> Any:
        """Returns filter, cursor and picture size, for a rebuild."""
        return self._filter, self.view.current, self._zoom.value()

    def restore_state(self, state: Any) -> None:
        """Takes filter, cursor and picture size again."""
        self._take_data()
        self._filter, row, pixels = state
        self._zoom.setValue(pixels)
        self.search.blockSignals(True)
        self.search.setText(self._filter.words)
        self.search.blockSignals(False)
        self._apply()
        self.view.go_to(row)


def problems_of(rows: Rows) -> list[DataProblem]:
    """Returns what looks wrong in prepared data; reads every row."""
    from workbench.data.summary import find_problems

    assert rows.prepared is not None
    return list(find_problems(rows.dataset, rows.prepared.splits))


def _invitation() -> str:
    return tr("Here stand the rows that the model learns from. Drop a file or a folder on the window, or choose one.")


def _sentence(error: Exception) -> str:
    if isinstance(error, WorkbenchError):
        return say_error(error)
    return tr("The data could not be read: {reason}", reason=str(error))


def _short_source(source: str) -> str:
    return source if ":" in source[:12] and "/" not in source else source.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]


def _field_words(item: Any) -> str:
    if item.kind == FieldKind.IMAGE and item.width:
        return tr("images {width} × {height}", width=item.width, height=item.height)
    if item.kind == FieldKind.CATEGORY:
        return tr("category of {count}", count=len(item.categories))
    if item.kind == FieldKind.SERIES:
        return tr("series of {count} steps", count=item.length)
    if item.kind == FieldKind.AUDIO:
        return tr("sounds of {seconds} s", seconds=f"{item.length / max(item.rate, 1):.3g}")
    if item.kind == FieldKind.MASK:
        return tr("masks of {count} classes", count=len(item.categories))
    return {FieldKind.IMAGE: tr("images"), FieldKind.TEXT: tr("text"), FieldKind.NUMBER: tr("number {name}", name=item.name)}[item.kind]


