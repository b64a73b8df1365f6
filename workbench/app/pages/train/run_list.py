"""The runs of the project as a table: one is looked at, others can be drawn beside it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QByteArray, QPoint, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTreeWidget, QTreeWidgetItem, QWidget

from workbench.app import theme
from workbench.app.language import say, tr
from workbench.app.pages.train.run_words import STATE_WORDS, metric_value, metric_words, run_titles, score_words
from workbench.app.wording import duration, number
from workbench.training.events import RunState

if TYPE_CHECKING:
    from workbench.project.runs import RunInfo

FEWEST, MOST, ROW_PX, HEADER_PX = 2, 6, 27, 30


class RunList(QTreeWidget):
    """All runs, newest first. The box before a name draws that run's curves beside those of the chosen one.

    Signals:
        run_chosen: The folder of the run to look at.
        compared_changed: The set of runs drawn beside it is another one.
        resume_wanted, folder_wanted: The folder of a run, from its menu.
    """

    run_chosen = Signal(object)
    compared_changed = Signal()
    resume_wanted = Signal(object)
    folder_wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fitting = self._moved = False
        self.setObjectName("train.runs.table")
        self.setAccessibleName(tr("Runs"))
        self.setHeaderLabels([tr("Run"), tr("Score"), tr("Loss"), tr("Epoch")])
        self.setRootIsDecorated(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setFixedHeight(FEWEST * ROW_PX + HEADER_PX)
        self._set_columns()
        self.currentItemChanged.connect(self._chosen)
        self.itemChanged.connect(self._ticked)
        self.customContextMenuRequested.connect(self._menu)
        self._compared: set[Path] = set()
        self.titles: dict[Path, str] = {}
        self._filling = False

    def _set_columns(self) -> None:
        header = self.header()
        header.setObjectName("train.runs.columns")
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(40)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        for column in (1, 2, 3):
            self.headerItem().setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.sectionResized.connect(self._column_moved)
        self.setStyleSheet(
            f"QHeaderView::section:first {{ padding-left: {theme.SPACE_16}px; }} QHeaderView::section:last {{ padding-right: {theme.SPACE_16}px; }}"
            f"QTreeView::item:first {{ padding-left: {theme.SPACE_8}px; }} QTreeView::item:last {{ padding-right: {theme.SPACE_16}px; }}"
            "QTreeView::item { padding: 4px 6px; }"
        )

    def _column_moved(self, column: int, _old: int, _new: int) -> None:
        self._moved = self._moved or (column != 0 and not self._fitting)

    def _fit_columns(self) -> None:
        """Gives figures the room they need and the names the rest, unless a person set the widths."""
        if self._moved:
            return
        self._fitting = True
        for column in (1, 2, 3):
            end = theme.SPACE_8 if column == 3 else 0  # the size hint knows nothing of the room at the end of a row
            self.header().resizeSection(column, max(self.sizeHintForColumn(column) + end, self.header().sectionSizeHint(column)))
        self._fitting = False

    def columns(self) -> QByteArray:
        """Returns how wide a person made the columns; empty where they have the widths they need."""
        return self.header().saveState() if self._moved else QByteArray()

    def restore_columns(self, state: QByteArray) -> None:
        """Makes the columns as wide as they were."""
        if not state.isEmpty():
            self._moved = self.header().restoreState(state)

    def set_runs(self, runs: list[RunInfo], selected: Path | None, live: Any = None) -> None:
        """Shows these runs.

        Args:
            runs: Newest first.
            selected: The folder of the one that is looked at.
            live: (folder, metrics, epoch words, state) of the run under way, newer than what its folder says.
        """
        self._filling = True
        self.titles = run_titles(runs)
        if [info.path for info in runs] != [self._path(index) for index in range(self.topLevelItemCount())]:
            self.clear()
            for info in runs:
                self.addTopLevelItem(self._item(info))
            self.setFixedHeight(max(FEWEST, min(len(runs), MOST)) * ROW_PX + HEADER_PX)
        for index, info in enumerate(runs):
            self._fill(self.topLevelItem(index), info, live if live and live[0] == info.path else None)
            if info.path == selected and self.currentItem() is not self.topLevelItem(index):
                self.setCurrentItem(self.topLevelItem(index))
        self._fit_columns()
        self._filling = False

    def show_live(self, path: Path, metrics: Mapping[str, float], epoch: str) -> None:
        """Shows the figures of the run under way, and touches nothing else."""
        for index in range(self.topLevelItemCount()):
            if self._path(index) == path:
                self._filling = True
                self._show_figures(self.topLevelItem(index), metrics, epoch)
                self._fit_columns()
                self._filling = False
                return

    def _item(self, info: RunInfo) -> QTreeWidgetItem:
        item = QTreeWidgetItem()
        item.setData(0, Qt.ItemDataRole.UserRole, info.path)
        item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
        item.setCheckState(0, Qt.CheckState.Checked if info.path in self._compared else Qt.CheckState.Unchecked)
        for column in (1, 2, 3):
            item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return item

    def _fill(self, item: QTreeWidgetItem, info: RunInfo, live: Any) -> None:
        state = live[3] if live else info.state
        metrics = live[1] if live else info.metrics
        item.setText(0, self.titles[info.path])
        item.setToolTip(0, _tip(info, state))
        counted = state in (RunState.FINISHED, RunState.RUNNING, RunState.PAUSED, RunState.STARTING)
        epoch = (live[2] if live else str(info.epoch + 1)) if counted else tr(STATE_WORDS[state])
        self._show_figures(item, metrics, epoch)
        item.setToolTip(3, tr(STATE_WORDS[state]))
        colours = theme.current()
        colour = {RunState.FAILED: colours.wrong, RunState.INTERRUPTED: colours.doubtful}.get(state, colours.text)
        item.setForeground(3, QColor(colour))

    def _show_figures(self, item: QTreeWidgetItem, metrics: Mapping[str, float], epoch: str) -> None:
        loss = metrics.get("loss/val", metrics.get("loss/train"))
        for column, words in ((1, score_words(metrics)), (2, number(loss)), (3, epoch)):
            if item.text(column) != words:
                item.setText(column, words)

    def _path(self, index: int) -> Path | None:
        item = self.topLevelItem(index)
        return item.data(0, Qt.ItemDataRole.UserRole) if item is not None else None

    @property
    def compared(self) -> dict[Path, str]:
        """The folders of the runs drawn beside the chosen one, and their titles."""
        paths = [self._path(index) for index in range(self.topLevelItemCount())]
        return {path: self.titles[path] for path in paths if path is not None and path in self._compared}

    def compare(self, paths: list[Path]) -> None:
        """Ticks these runs and no others (after a rebuild)."""
        self._compared = set(paths)
        self._filling = True
        for index in range(self.topLevelItemCount()):
            on = self._path(index) in self._compared
            self.topLevelItem(index).setCheckState(0, Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)
        self._filling = False

    def _chosen(self, item: QTreeWidgetItem | None) -> None:
        if item is not None and not self._filling:
            self.run_chosen.emit(item.data(0, Qt.ItemDataRole.UserRole))

    def _ticked(self, item: QTreeWidgetItem, column: int) -> None:
        if self._filling or column != 0:
            return
        path = item.data(0, Qt.ItemDataRole.UserRole)
        (self._compared.add if item.checkState(0) == Qt.CheckState.Checked else self._compared.discard)(path)
        self.compared_changed.emit()

    def _menu(self, point: QPoint) -> None:
        item = self.itemAt(point)
        if item is None:
            return
        path = item.data(0, Qt.ItemDataRole.UserRole)
        menu = QMenu(self)
        menu.setObjectName("train.runs.menu")
        menu.addAction(tr("Resume this run"), lambda: self.resume_wanted.emit(path))
        menu.addAction(tr("Open its folder"), lambda: self.folder_wanted.emit(path))
        menu.addAction(tr("Copy its path"), lambda: QGuiApplication.clipboard().setText(str(path)))
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self.viewport().mapToGlobal(point))


def _tip(info: RunInfo, state: RunState) -> str:
    figures = [f"{metric_words(tag)}: {metric_value(tag, value)}" for tag, value in info.metrics.items() if tag.endswith(("/val", "/test"))]
    study = tr("Part of the study {name}", name=info.study) if info.study else ""
    parts = [info.name, info.path.name, study, f"{tr(STATE_WORDS[state])} · {duration(info.seconds)}", say(info.message), *figures]
    return "\n".join(part for part in [*parts, tr("Tick the box to draw its curves beside those of the chosen run.")] if part)
