"""The Train page: curves that move while it learns, the recipe, the runs, and the doctor."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QByteArray, Qt, QTimer, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QSizePolicy, QSlider, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.language import tr
from workbench.app.pages.page import Page
from workbench.app.pages.train.curves import Curves
from workbench.app.pages.train.doctor_panel import DoctorPanel
from workbench.app.pages.train.recipe_form import RecipeForm
from workbench.app.pages.train.recipe_params import LIVE
from workbench.app.pages.train.run_list import RunList
from workbench.app.widgets import EmptyState, quiet
from workbench.training.events import EpochEnded, Finding, RunState

if TYPE_CHECKING:
    from workbench.app.session import Session
    from workbench.project.project import Project, Recipe

FOLLOW_MS = 1000
CURVES_SECONDS, FACTS_SECONDS = 0.25, 0.5


class TrainPage(Page):
    """Runs of the project, one of them in view, live while it is under way here or elsewhere."""

    page_name = "train"

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.runs, self.recipe, self.doctor = RunList(), RecipeForm(), DoctorPanel(session)
        self.curves = Curves()
        self._epoch: EpochEnded | None = None
        self._dirty = False
        self._curves_at = self._facts_at = 0.0
        self.set_columns(
            self._left_column(), self._centre(), self.doctor, left_title=tr("Runs"), right_title=tr("Doctor"), left_width=372,
            right_width=288,
        )
        self._follow = QTimer(self)
        self._follow.setInterval(FOLLOW_MS)
        self._follow.timeout.connect(self._follow_run)
        self._connect()

    def _connect(self) -> None:
        session, trainer = self.session, self.session.trainer
        session.runs_changed.connect(self._show_runs)
        session.selected_run_changed.connect(self._show_run)
        trainer.event.connect(self._take_event)
        trainer.polled.connect(self._redraw_live)
        trainer.state_changed.connect(self._show_runs)
        trainer.ended.connect(self._show_end)
        self.runs.run_chosen.connect(session.select_run)
        self.runs.compared_changed.connect(self._show_run)
        self.runs.resume_wanted.connect(self._resume)
        self.runs.folder_wanted.connect(lambda path: QDesktopServices.openUrl(QUrl.fromLocalFile(str(path))))
        self.recipe.edited.connect(self._edit_recipe)
        self.doctor.page_wanted.connect(lambda name: self.perform(f"view.{name}"))

    def _left_column(self) -> QWidget:
        column = QWidget()
        layout = QVBoxLayout(column)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_12)
        layout.addWidget(self.runs)
        layout.addWidget(self.recipe)
        layout.addStretch(1)
        return column

    def _centre(self) -> QWidget:
        self._stack = QStackedWidget()
        self.empty = EmptyState(
            "train.empty", tr("Here the loss and the score move while the model learns. Nothing has been trained in this project yet."),
            tr("Train"), self,
        )
        self.empty.clicked.connect(lambda: self.perform("run.train"))
        board = QWidget()
        layout = QVBoxLayout(board)
        layout.setContentsMargins(theme.SPACE_12, theme.SPACE_8, theme.SPACE_12, theme.SPACE_12)
        layout.setSpacing(theme.SPACE_8)
        layout.addLayout(self._tool_row())
        splitter = self._splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.setObjectName("train.curves.splitter")
        splitter.setHandleWidth(theme.SPACE_8)
        splitter.setStyleSheet("QSplitter::handle { background: transparent; }")
        splitter.setChildrenCollapsible(False)
        for plot, stretch in ((self.curves.loss, 5), (self.curves.score, 5), (self.curves.rate, 3)):
            splitter.addWidget(plot)
            splitter.setStretchFactor(splitter.count() - 1, stretch)
        layout.addWidget(splitter, 1)
        self._stack.addWidget(self.empty)
        self._stack.addWidget(board)
        return self._stack

    def _tool_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_8)
        self._title = QLabel()
        self._title.setTextFormat(Qt.TextFormat.PlainText)
        theme.mark(self._title, "subject")
        self._smoothing = QSlider(Qt.Orientation.Horizontal)
        self._smoothing.setObjectName("train.curves.smoothing")
        self._smoothing.setAccessibleName(tr("Smoothing"))
        self._smoothing.setToolTip(tr("Over how many steps the loss of single steps is averaged"))
        self._smoothing.setRange(0, 8)
        self._smoothing.setValue(4)
        self._smoothing.setFixedWidth(110)
        self._smoothing.valueChanged.connect(self._set_smoothing)
        self._log = QCheckBox(tr("Log loss axis"))
        self._log.setObjectName("train.curves.log")
        self._log.setToolTip(tr("Draw the loss on a logarithmic axis: small differences late in a run become visible"))
        self._log.toggled.connect(self._set_log)
        self._title.setObjectName("train.curves.run")
        self._title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row.addWidget(self._title, 1)
        row.addWidget(quiet(tr("Smoothing")))
        row.addWidget(self._smoothing)
        row.addWidget(self._log)
        return row

    def refresh(self, old: Project | None, new: Project) -> None:
        """Shows recipe and runs anew where they differ."""
        if old is None or old.recipe != new.recipe:
            self.recipe.set_recipe(new.recipe)
        if old is None:
            self._show_runs()
            self._show_run()

    def shown(self) -> None:
        """Draws what came while another page was in front."""
        self.recipe.set_recipe(self.session.project.recipe)
        self._show_runs()
        self._show_run()
        self._follow.start()

    def hidden(self) -> None:
        """Stops reading a run that nobody looks at."""
        self._follow.stop()

    def _show_runs(self) -> None:
        trainer, selected = self.session.trainer, self.session.selected_run
        live = None
        if trainer.running and trainer.run is not None:
            metrics = self._epoch.metrics if self._epoch else {}
            live = (trainer.run.path, metrics, self._epoch_words(), trainer.state or RunState.STARTING)
        self.runs.set_runs(self.session.runs, selected.path if selected else None, live)
        self._say_title()
        self._stack.setCurrentIndex(1 if self.session.runs or trainer.running else 0)

    def _say_title(self) -> None:
        run = self.session.selected_run
        self._title.setText(self.runs.titles.get(run.path, run.name) if run else "")
        self._title.setToolTip(str(run.path) if run else "")

    def _epoch_words(self) -> str:
        trainer = self.session.trainer
        epoch = trainer.latest.epoch + 1 if trainer.latest else 1
        return f"{epoch}/{trainer.started.epochs}" if trainer.started else str(epoch)

    def _show_run(self) -> None:
        run = self.session.selected_run
        self.curves.set_runs(run.path if run else None, self.runs.compared)
        self._say_title()
        self.doctor.show_run(run)
        self._stack.setCurrentIndex(1 if run is not None else 0)

    def _show_end(self) -> None:
        self._epoch = None
        if self.isVisible():
            self.curves.poll()
            self.doctor.show_run(self.session.selected_run)

    def _take_event(self, event: Any) -> None:
        if isinstance(event, EpochEnded):
            self._epoch, self._dirty = event, True
        elif isinstance(event, Finding) and self._in_view():
            self.doctor.add(event)

    def _in_view(self) -> bool:
        """Whether the run under way is the one that is looked at."""
        run, selected = self.session.trainer.run, self.session.selected_run
        return run is not None and selected is not None and run.path == selected.path

    def _redraw_live(self) -> None:
        if not self.isVisible():
            return
        now = time.monotonic()
        curves_late, facts_late = now - self._curves_at - CURVES_SECONDS, now - self._facts_at - FACTS_SECONDS
        if curves_late >= max(facts_late, 0):
            self._curves_at = now
            self.curves.poll()
        elif facts_late >= 0:
            self._facts_at = now
            self._show_live_facts()

    def _show_live_facts(self) -> None:
        trainer = self.session.trainer
        if self._in_view():
            self.doctor.show_progress()
        if self._dirty and self._epoch is not None and trainer.run is not None:
            self._dirty = False
            self.runs.show_live(trainer.run.path, self._epoch.metrics, self._epoch_words())

    def _follow_run(self) -> None:
        if self.session.trainer.running:
            self._redraw_live()  # the last step before a pause may have come too soon after the one before it
        elif self.curves.poll():
            self.session.reload_runs()

    def _edit_recipe(self, recipe: Recipe, what: str) -> None:
        project = self.session.project
        self.session.edit(tr("Change recipe"), replace(project, recipe=recipe), merge_key=f"recipe.{what}")
        trainer, setting = self.session.trainer, LIVE.get(what, "")
        if trainer.running and setting:
            name = what.rpartition(".")[2]
            value = recipe.optimizer.params[name] if what.startswith("optimizer.") else getattr(recipe, name)
            trainer.change(setting, value)
            self.curves.mark(trainer.latest.step if trainer.latest else 0, f"{_live_words(name)} {value:g}")

    def _set_smoothing(self, power: int) -> None:
        self.curves.set_smoothing(2**power)

    def _set_log(self, log: bool) -> None:
        self.curves.set_log(log)

    def _resume(self, path: Path) -> None:
        self.session.select_run(path)
        self.perform("run.resume")

    def page_state(self) -> Any:
        """Returns smoothing, axis and compared runs, for a rebuild."""
        return self._smoothing.value(), self._log.isChecked(), list(self.runs.compared)

    def restore_state(self, state: Any) -> None:
        """Takes smoothing, axis and compared runs again."""
        self._smoothing.setValue(state[0])
        self._log.setChecked(state[1])
        self.runs.compare(state[2])

    def layout_state(self) -> str:
        """Returns where columns, plots and table columns stand."""
        inner = [self._splitter.saveState(), self.runs.columns()]
        return "|".join([super().layout_state(), *(bytes(part.toBase64().data()).decode("ascii") for part in inner)])

    def restore_layout(self, state: str) -> None:
        """Puts them back."""
        columns, *inner = state.split("|")
        super().restore_layout(columns)
        for restore, part in zip((self._splitter.restoreState, self.runs.restore_columns), inner, strict=False):
            restore(QByteArray.fromBase64(QByteArray(part.encode("ascii"))))


def _live_words(name: str) -> str:
    known = {
        "learning_rate": tr("learning rate"), "weight_decay": tr("weight decay"), "epochs": tr("epochs"), "patience": tr("patience"),
        "clip_norm": tr("gradient limit"),
    }
    return known[name]
