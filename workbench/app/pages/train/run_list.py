"""The runs of the project as a table: one is looked at, others can be drawn beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTreeWidget, QTreeWidgetItem, QWidget

from workbench.app import theme
from workbench.app.language import tr
from workbench.app.wording import duration, number
from workbench.training.events import RunState

if TYPE_CHECKING:
    from workbench.project.runs import RunInfo

STATE_WORDS = {
    RunState.STARTING: "starting", RunState.RUNNING: "running", RunState.PAUSED: "paused", RunState.FINISHED: "finished",
    RunState.STOPPED: "stopped", RunState.FAILED: "failed", RunState.INTERRUPTED: "interrupted",
}

ROWS_SHOWN, ROW_PX, HEADER_PX = 5, 27, 30


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
        self.setObjectName("train.runs.table")
        self.setAccessibleName(tr("Runs"))
        self.setHeaderLabels([tr("Run"), tr("Score"), tr("Loss"), tr("Epoch")])
        self.setRootIsDecorated(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setFixedHeight(ROWS_SHOWN * ROW_PX + HEADER_PX)
        header = self.header()
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(24)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        for column, width in ((1, 72), (2, 72), (3, 62)):
            header.resizeSection(column, width)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.currentItemChanged.connect(self._chosen)
        self.itemChanged.connect(self._ticked)
        self.customContextMenuRequested.connect(self._menu)
        self._compared: set[Path] = set()
        self._filling = False

    def set_runs(self, runs: list[RunInfo], selected: Path | None, live: Any = None) -> None:
        """Shows these runs.

        Args:
            runs: Newest first.
            selected: The folder of the one that is looked at.
            live: (folder, metrics, epoch, state) of the run under way, newer than what its folder says.
        """
        self._filling = True
        if [info.path for info in runs] != [self._path(index) for index in range(self.topLevelItemCount())]:
            self.clear()
            for info in runs:
                self.addTopLevelItem(self._item(info))
        for index, info in enumerate(runs):
            self._fill(self.topLevelItem(index), info, info.path == selected, live if live and live[0] == info.path else None)
        self._filling = False

    def _item(self, info: RunInfo) -> QTreeWidgetItem:
        item = QTreeWidgetItem()
        item.setData(0, Qt.ItemDataRole.UserRole, info.path)
        item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
        item.setCheckState(0, Qt.CheckState.Checked if info.path in self._compared else Qt.CheckState.Unchecked)
        for column in (1, 2, 3):
            item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return item

    def _fill(self, item: QTreeWidgetItem, info: RunInfo, selected: bool, live: Any) -> None:
        metrics = live[1] if live else info.metrics
        state = live[3] if live else info.state
        epoch = live[2] if live else info.epoch
        item.setText(0, info.name)
        tip = [info.name, info.path.name, tr(STATE_WORDS[state]), duration(info.seconds), info.message]
        item.setToolTip(0, "\n".join(part for part in tip if part))
        item.setText(1, score_words(metrics))
        item.setText(2, number(metrics.get("loss/val", metrics.get("loss/train"))))
        counted = state in (RunState.FINISHED, RunState.RUNNING, RunState.PAUSED, RunState.STARTING)
        item.setText(3, str(epoch + 1) if counted else tr(STATE_WORDS[state]))
        colours = theme.current()
        colour = {RunState.FAILED: colours.wrong, RunState.INTERRUPTED: colours.doubtful}.get(state, colours.text)
        item.setForeground(3, QColor(colour))
        if selected and self.currentItem() is not item:
            self.setCurrentItem(item)

    def _path(self, index: int) -> Path | None:
        item = self.topLevelItem(index)
        return item.data(0, Qt.ItemDataRole.UserRole) if item is not None else None

    @property
    def compared(self) -> list[Path]:
        """The folders of the runs drawn beside the chosen one."""
        paths = [self._path(index) for index in range(self.topLevelItemCount())]
        return [path for path in paths if path is not None and path in self._compared]

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
        menu.addAction(tr("Resume this run"), lambda: self.resume_wanted.emit(path))
        menu.addAction(tr("Open its folder"), lambda: self.folder_wanted.emit(path))
        menu.addAction(tr("Copy its path"), lambda: QGuiApplication.clipboard().setText(str(path)))
        menu.exec(self.viewport().mapToGlobal(point))
        menu.deleteLater()


def score_words(metrics: Any) -> str:
    """Returns the main score of a run: accuracy in per cent, or whatever else was measured on validation."""
    for tag in ("accuracy/val", "accuracy/test"):
        if tag in metrics and metrics[tag] == metrics[tag]:
            return f"{metrics[tag] * 100:.1f} %"
    other = [value for tag, value in metrics.items() if tag.endswith("/val") and not tag.startswith("loss")]
    return number(other[0]) if other else "–"
