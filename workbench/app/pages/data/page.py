"""The Data page: what the model learns from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QStackedWidget, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.jobs import Job, run_job
from workbench.app.language import tr
from workbench.app.pages.data.browser import Browser
from workbench.app.pages.data.editing import Editing
from workbench.app.pages.data.facet_panel import FacetPanel, link_line
from workbench.app.pages.data.filtering import Filter
from workbench.app.pages.data.found import Found
from workbench.app.pages.data.judging import Judging
from workbench.app.pages.data.map_view import MapView
from workbench.app.pages.data.opening import OpeningPanel
from workbench.app.pages.data.page_commands import RowCommands
from workbench.app.pages.data.preparation.tab import Preparation
from workbench.app.pages.data.row_panel import RowPanel
from workbench.app.pages.data.rows import Rows, source_of
from workbench.app.pages.data.statistics_view import StatisticsView
from workbench.app.pages.data.studying import Studying, StudyPanel
from workbench.app.pages.data.thumbnails import Thumbnails, cache_folder
from workbench.app.pages.data.wording import chips_of, field_words, invitation, listed, orders_of, sentence, short_source
from workbench.app.pages.page import Page
from workbench.app.widgets import EmptyState, button, quiet
from workbench.project.feeding import target_fields

if TYPE_CHECKING:
    from workbench.app.session import Session
    from workbench.project.project import Project

LARGE = 20_000


class DataPage(RowCommands, Page):
    """Rows, classes, splits and what is wrong with them."""

    page_name = "data"

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self._rows: Rows | None = None
        self._filter, self._judged = Filter(), None
        self._selecting: Job | None = None
        self.editing = Editing(session)
        self.judging, self.studying = Judging(session, self), Studying(session, self)
        self.row_panel = RowPanel(self.editing)
        self.set_columns(
            self._left_column(), self._centre_column(), self.row_panel, left_title=tr("Data source"), right_title=tr("Row"), left_width=240,
            right_width=300,
        )
        self._connect()
        for edit in self.findChildren(QLineEdit):
            edit.setAcceptDrops(False)  # or a file dropped there would be written as a path instead of opened

    def _connect(self) -> None:
        session, view, loupe = self.session, self.view, self.browser.loupe
        session.dataset_changed.connect(self._take_data)
        session.prepared_changed.connect(self._take_data)
        session.opening.changed.connect(self._take_no_data)
        self.judging.changed.connect(self._take_data)
        self.studying.changed.connect(lambda: self.found.show_rows(self._rows))
        view.current_changed.connect(self._show_row)
        view.picked_changed.connect(self._show_picked)
        view.opened.connect(lambda _row: self._enlarge())
        view.play_wanted.connect(lambda _row: self.row_panel.player.play())
        for part in (view, loupe):
            part.menu_wanted.connect(self._show_menu)
            part.key_pressed.connect(self._key)
        loupe.stepped.connect(self._step)
        self.facets.chosen.connect(lambda facet, value: self._set_filter(self._filter.choosing(facet, value)))
        self.facets.bounded.connect(lambda name, low, high: self._set_filter(self._filter.within(name, low, high)))
        self.browser.searched.connect(lambda words: self._set_filter(replace(self._filter, words=words)))
        self.browser.ordered.connect(view.start_over)
        self.browser.ordered.connect(self._apply)
        self.browser.freed.connect(self._let_go)
        self.browser.tab_changed.connect(lambda _name: self._show_tab())
        self.row_panel.inspect_wanted.connect(self._inspect)
        self.row_panel.left.connect(self.view.setFocus)

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
        for widget in (self._source, self._facts):
            widget.setContentsMargins(theme.SPACE_16, theme.SPACE_4, theme.SPACE_16, theme.SPACE_4)
            layout.addWidget(widget)
        head = QHBoxLayout()
        head.setContentsMargins(theme.SPACE_16, 0, theme.SPACE_16, theme.SPACE_8)
        head.addWidget(button("data.source.change", tr("Choose data..."), self._choose_data, tip=tr("Open a file or a folder of data")))
        head.addStretch(1)
        layout.addLayout(head)
        self._reading = button("data.source.reading", tr("How it is read…"), lambda: self.opening.ask(), kind="link",
                               tip=tr("How it is read, and what is learned from it"))
        layout.addLayout(link_line(self._reading, theme.SPACE_8))
        self.facets = FacetPanel(self)
        layout.addWidget(self.facets)
        layout.addLayout(link_line(self.judging.button(self), 0))
        self._export = button("data.edits.export", tr("Export edits as CSV..."), lambda: self.editing.export(self), kind="link",
                              tip=tr("Write every change of rows as a table"))
        layout.addLayout(link_line(self._export, 0))
        layout.addStretch(1)
        return column

    def _centre_column(self) -> QWidget:
        self.empty = EmptyState("data.empty", invitation(), tr("Choose data..."), self)
        self.empty.clicked.connect(self._choose_data)
        self.browser = Browser(Thumbnails(cache_folder() / "thumbnails.sqlite"), self)
        self.view = self.browser.view
        self.statistics, self.map = StatisticsView(self), MapView(self, self.session)
        self.browser.add_tab("statistics", tr("Statistics"), self.statistics)
        self.browser.add_tab("map", tr("Map"), self.map)
        self.preparation = Preparation(self.session, self)
        self.preparation.row_wanted.connect(self.view.go_to)
        self.browser.add_tab("preparation", tr("Preparation"), self.preparation)
        self.statistics.chosen.connect(self._narrow)
        self.map.picked.connect(lambda rows: self.show_rows(tuple(rows.tolist()), tr("from the map")))
        self.map.pointed.connect(self.view.go_to)
        self.map.opened.connect(self._open_from_map)
        self.found = Found(self.session, self)
        self.findings = self.found.strip
        self.found.rows_wanted.connect(self._show_found)
        self.study = StudyPanel(self.session, lambda: self.perform("run.labels"), self)
        self.found.add_control(self.study)
        self.found.add_source(lambda: self.studying.problems(self._rows))
        self.browser.layout().addWidget(self.found)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.browser)
        self.opening = OpeningPanel(self.session)
        return self._below(self.opening)

    def _below(self, panel: QWidget) -> QWidget:
        """Returns the centre with what is said about the source above it."""
        centre = QWidget()
        layout = QVBoxLayout(centre)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(panel)
        layout.addWidget(self._stack, 1)
        return centre

    def refresh(self, old: Project | None, new: Project) -> None:
        """Redraws where the data choice, its edits or the target differ."""
        if old is None or old.data != new.data or old.objectives != new.objectives or old.graph != new.graph or old.edits is not new.edits:
            self._take_data()

    def shown(self) -> None:
        """Asks for the prepared data, which brings splits and what the model sees."""
        self.judging.look()
        self._take_data()

    def _take_data(self) -> None:
        session = self.session
        if not self.isVisible() and self._rows is None:
            return
        dataset, prepared = session.dataset, session.prepared
        if dataset is None:
            self._show_nothing()
            return
        verdicts, augmentation = self.judging.verdicts, session.project.data.augmentation
        redrawn, self.row_panel.draws.choices = self.row_panel.draws.choices != augmentation, augmentation
        now = (dataset, prepared, session.project.edits, verdicts)
        before = (self._rows.dataset, self._rows.prepared, self._rows.edits, self._judged) if self._rows is not None else ()
        if len(before) != len(now) or any(one is not other for one, other in zip(before, now, strict=True)):
            if self._rows is None or source_of(self._rows.dataset) is not source_of(dataset):
                self._filter = Filter()
            self._judged = verdicts
            self._take_rows(now)
        elif redrawn:
            self._show_row(self.view.current)
        self.found.show_rows(self._rows)
        self._stack.setCurrentIndex(1)

    def _take_no_data(self) -> None:
        if self.session.dataset is None and self.isVisible():
            self._show_nothing()

    def _take_rows(self, now: tuple[Any, ...]) -> None:
        dataset, prepared, edits, verdicts = now
        targets = target_fields(self.session.project)
        rows = Rows.of(dataset, prepared, targets[0] if targets else "", edits, before=self._rows)
        if verdicts is not None and len(verdicts.predicted) == len(dataset):
            rows.verdicts = verdicts.with_truth(rows.label.categories if rows.label else (), rows.labels)
        self._rows = rows
        known = set(rows.selector.facets)
        self._filter = replace(self._filter, chosen=tuple(item for item in self._filter.chosen if item[0] in known))
        self._describe(rows)
        self._apply()

    def _show_nothing(self) -> None:
        self._rows, error = None, self.session.dataset_error
        if self.session.dataset_loading or self.session.opening.bringing:
            self.empty.set_sentence(tr("The data is being opened."))
        else:
            self.empty.set_sentence(sentence(error) if error is not None else invitation())
        self._source.setText(self.session.project.data.source or tr("No data yet"))
        self._facts.setText("")
        self.facets.hide()
        self._export.hide()
        self.study.hide()
        self._reading.hide()
        self.row_panel.show_row(None, -1)
        self._stack.setCurrentIndex(0)

    def _describe(self, rows: Rows) -> None:
        dataset = rows.dataset
        self._source.setText(short_source(dataset.source))
        self._source.setToolTip(dataset.source)
        kinds = listed(field_words(item) for item in dataset.fields[:4])
        self._facts.setText(tr("{rows} rows · {fields}", rows=f"{len(dataset):,}", fields=kinds))
        self.facets.show()
        self.study.setVisible(rows.label is not None)
        self._reading.show()
        self.facets.range_row.set_names(rows.number_names)
        self._export.setVisible(len(rows.edits) > 0)
        self.browser.set_orders(*orders_of(rows))

    def _apply(self) -> None:
        if self._rows is None:
            return
        if self._selecting is not None:
            self._selecting.cancel()
            self._selecting = None
        rows, wanted, order = self._rows, self._filter, self.browser.order
        slow = not rows.selector.knows(wanted) or not rows.selector.knows_order(*order)
        if slow and len(rows.dataset) > LARGE:
            self.browser.count.setText(tr("Searching..."))
            self._selecting = run_job(self, lambda _progress, _cancelled: rows.select(wanted, *order), lambda shown: self._show_selected(rows, shown))
        else:
            self._show_selected(rows, rows.select(wanted, *order))

    def _show_selected(self, rows: Rows, shown: np.ndarray) -> None:
        self._selecting = None
        group = self.browser.order[2]
        self.view.set_rows(rows, shown, rows.selector.groups(shown, group) if group else None)
        self.browser.count.setText(tr("{count} rows", count=f"{len(shown):,}"))
        self.browser.show_chips(chips_of(rows, self._filter))
        self.facets.show_facets(rows.selector.facets, rows.selector.counts(self._filter), self._filter)
        self.facets.show_ranges(rows.verdicts.number_names() if rows.verdicts is not None else (), rows.numbers, self._filter)
        self._show_row(self.view.current)
        self._show_tab()

    def _show_tab(self) -> None:
        """Brings the tab in front up to the rows that are shown."""
        if self._rows is not None and self.browser.tab == "statistics":
            self.statistics.show_rows(self._rows, self.view.shown)
        elif self._rows is not None and self.browser.tab == "map":
            self.map.show_rows(self._rows, self.view.shown)
        elif self._rows is not None and self.browser.tab == "preparation":
            self.preparation.show_rows(self._rows, self.view.shown, self.view.current)
        self.found.setVisible(self.browser.tab != "preparation")

    def show_preparation(self) -> None:
        """Shows how the data is prepared."""
        self.browser.show_tab("preparation")

    def add_augmentation(self) -> None:
        """Opens the list of augmentations."""
        self.show_preparation()
        self.preparation.add_augmentation()

    def suggest_augmentation(self) -> None:
        """Chooses augmentations that suit the data."""
        self.show_preparation()
        self.preparation.suggest_augmentation()

    def _open_from_map(self, row: int) -> None:
        self.browser.show_tab("grid")
        self.view.go_to(row)
        self.view.setFocus()

    def _show_found(self, ids: tuple[str, ...]) -> None:
        if self._rows is not None:
            self.show_rows(self._rows.rows_of(ids), tr("found in the data"))

    def show_rows(self, rows: tuple[int, ...], origin: str) -> None:
        """Shows these rows (dataset indices) in the grid, and says where they come from."""
        self.browser.show_tab("grid")
        self._set_filter(Filter(rows=rows, origin=origin))

    def _set_filter(self, wanted: Filter) -> None:
        if wanted != self._filter:
            self._filter = wanted
            self._apply()

    def _narrow(self, wanted: tuple[Any, ...]) -> None:
        """Narrows the view to what was pressed in the statistics."""
        match wanted:
            case ("facet", name, value):
                self._set_filter(self._filter.choosing(name, value))
            case ("range", column, low, high):
                self._set_filter(self._filter.within(column, low, high))
            case (_, rows, words):
                self._set_filter(replace(self._filter, rows=rows, origin=words))

    def _let_go(self, key: object) -> None:
        match key:
            case ("facet", str(name)):
                self._set_filter(self._filter.choosing(name, -1))
            case ("range", str(name)):
                self._set_filter(self._filter.within(name, -np.inf, np.inf))
            case ("words",):
                self.browser.set_search("")
                self._set_filter(replace(self._filter, words=""))
            case ("rows",):
                self._set_filter(replace(self._filter, rows=None, origin=""))
            case _:
                self.show_all()

    def show_all(self) -> None:
        """Lets go of every filter."""
        self.browser.set_search("")
        self._set_filter(Filter())

    @property
    def rows(self) -> Rows | None:  # type: ignore[override]
        """The data that shows, or None."""
        return self._rows

    def _picked_ids(self) -> list[str]:
        return [self._rows.id_of(int(row)) for row in self.view.picked] if self._rows is not None else []

    def _show_row(self, row: int) -> None:
        self.row_panel.show_row(self._rows, row, self._picked_ids())
        self.browser.loupe.show_row(self._rows, row)
        if self._rows is not None and self.browser.tab == "preparation":
            self.preparation.show_rows(self._rows, self.view.shown, row)

    def _show_picked(self) -> None:
        self.row_panel.show_picked(self._rows, self.view.current, self._picked_ids())

    def _enlarge(self) -> None:
        self.browser.loupe.show_row(self._rows, self.view.current)
        self.browser.open_loupe()

    def _step(self, places: int) -> None:
        shown, place = self.view.shown, self.view.picking.place + places
        if 0 <= place < len(shown):
            self.view.go_to(int(shown[place]))

    def _key(self, key: str) -> None:
        rows, ids = self._rows, self._picked_ids()
        if rows is None or not ids:
            return
        if key.isascii() and key.isdigit() and rows.label is not None and int(key) < len(rows.label.categories):
            self.editing.relabel(ids, rows.label.name, rows.label.categories[int(key)])
        elif key == "x":
            self.editing.toggle(ids)
        elif key in ("t", "n"):
            self.row_panel.write(key)
        elif key == "m":
            self._ask_split(ids)
        elif key == "i":
            self._inspect(self.view.current)
        elif key == "p":
            self.play_row()

    def _inspect(self, row: int) -> None:
        self.perform("view.inspect")
        self.session.row_wanted.emit(row)

    def _choose_data(self) -> None:
        self.perform("file.open-data")

    def page_state(self) -> Any:
        """Returns filter, cursor, picture size, tab and open parts, for a rebuild."""
        return self._filter, self.view.current, self.browser.zoom.value(), self.browser.tab, self.preparation.state()

    def restore_state(self, state: Any) -> None:
        """Takes filter, cursor, picture size, tab and open parts again."""
        self._take_data()
        self._filter, row, pixels, tab, parts = state
        self.preparation.restore(parts)
        self.browser.zoom.setValue(pixels)
        self.browser.set_search(self._filter.words)
        self._apply()
        self.view.go_to(row)
        self.browser.show_tab(tab)
