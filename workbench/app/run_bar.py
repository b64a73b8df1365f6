"""The bar at the bottom, the same on every page: what the run is doing, how far, how fast, how long still, and its controls."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QWidget

from workbench.app import theme
from workbench.app.language import say, tr
from workbench.app.session import Session
from workbench.app.studies.runner import studies_of
from workbench.app.widgets.basic import Bar, button
from workbench.app.wording import ago, duration, number, percent

HEIGHT_PX = 40
STATE_WORDS = {
    "starting": "Starting", "running": "Training", "paused": "Paused", "finished": "Finished",
    "stopped": "Stopped", "failed": "Failed", "interrupted": "Interrupted",
}


class RunBar(QFrame):
    """State, epoch and step, progress, speed, time left, device; Train, Pause, Stop. Without a project: Tour and Help.

    Signals:
        train_wanted, pause_wanted, stop_wanted, tour_wanted, help_wanted: A button was pressed.
    """

    train_wanted = Signal()
    pause_wanted = Signal()
    stop_wanted = Signal()
    tour_wanted = Signal()
    help_wanted = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("window.run")
        theme.mark(self, "runbar")
        self.setFixedHeight(HEIGHT_PX)
        self._session, self._trainer, self._studies = session, session.trainer, studies_of(session)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.SPACE_16, 0, theme.SPACE_16, 0)
        row.setSpacing(theme.SPACE_12)
        self._state, self._where = self._label("state", "subject"), self._label("where", "quiet")
        self._bar = Bar(self, height=4)
        self._bar.setObjectName("window.run.progress")
        self._speed, self._left = self._label("speed", "quiet"), self._label("left", "")
        self._device = self._label("device", "quiet")
        self._add_buttons()
        figures = (self._state, self._where, self._bar, self._speed, self._left, self._device)
        for widget in (*figures, self.pause, self.stop, self.tour, self.help, self.train):
            row.addWidget(widget, 1 if widget is self._bar else 0)
        self._trainer.state_changed.connect(self.show_run)
        self._trainer.polled.connect(self.show_run)
        self._studies.changed.connect(self.show_run)
        session.runs_changed.connect(self.show_run)
        session.opened.connect(self.show_run)
        self.show_run()

    def _label(self, name: str, kind: str) -> QLabel:
        label = QLabel(self)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setObjectName(f"window.run.{name}")
        label.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        if kind:
            theme.mark(label, kind)
        return label

    def _add_buttons(self) -> None:
        self.pause = button("window.run.pause", tr("Pause") + " F9", self.pause_wanted.emit, tip=tr("Hold the run after the step in progress"))
        self.stop = button("window.run.stop", tr("Stop, keep best"), self.stop_wanted.emit, tip=tr("End the run now; its best checkpoint stays."))
        self.tour = button("window.run.tour", tr("Tour in seven steps"), self.tour_wanted.emit, tip=tr("Seven steps on the real controls."))
        explain = tr("Explain what is under the pointer or has the focus.")
        self.help = button("window.run.help", tr("Help") + " F1", self.help_wanted.emit, tip=explain)
        self.train = button("window.run.train", tr("Train") + " F5", self.train_wanted.emit, kind="primary", tip=tr("Start a run of this project."))

    def show_run(self) -> None:
        """Shows the run under way, a study, or the last run."""
        running = self._trainer.running
        self.pause.setVisible(running)
        self.stop.setVisible(running or self._studies.running)
        self.stop.setText(tr("Stop, keep best") if running else tr("Stop"))
        is_open = self._session.is_open
        self.train.setVisible(not running and is_open)
        for widget in (self.tour, self.help):
            widget.setVisible(not running and not is_open)
        self._state.setVisible(running or is_open)
        if running:
            self._show_live()
        elif self._studies.running:
            self._show_study()
        else:
            self._show_idle()

    def _show_live(self) -> None:
        trainer = self._trainer
        state = trainer.state or "starting"
        self._state.setText(tr(STATE_WORDS[state]))
        self.pause.setText((tr("Go on") if trainer.paused else tr("Pause")) + " F9")
        started, latest = trainer.started, trainer.latest
        if started is None:
            self._where.setText(tr("reading the data and building the model"))
        else:
            epoch, step = (latest.epoch + 1, latest.step) if latest else (1, started.step)
            self._where.setText(tr("epoch {epoch} of {epochs} · step {step}", epoch=epoch, epochs=started.epochs, step=number(step)))
        share = trainer.progress()
        self._bar.set_value(share, theme.current().accent, track=True, text=tr("{share} of the run is done", share=percent(share)))
        self._speed.setText(tr("{rows} rows/s", rows=number(float(f"{latest.rows_per_second:.3g}"))) if latest else "")
        left = trainer.seconds_left()
        self._left.setText(tr("{time} left", time=duration(left)) if left is not None else "")
        self._device.setText(_device(started.device) if started else "")

    def _show_study(self) -> None:
        studies = self._studies
        self._state.setText(tr("Study"))
        theme.mark(self._state, "subject")
        self._where.setText(say(studies.label) if studies.label else tr("Beginning..."))
        self._bar.set_value(studies.share, theme.current().accent, track=True, text=tr("{share} of the study is done", share=percent(studies.share)))
        left = studies.seconds_left()
        self._left.setText(tr("{time} left", time=duration(left)) if left is not None else "")
        for label in (self._speed, self._device):
            label.setText("")

    def _show_idle(self) -> None:
        for label in (self._speed, self._left, self._device):
            label.setText("")
        self._bar.set_value(0.0, track=self._session.is_open, text=tr("No run under way"))
        failed = self._trainer.failed
        self._state.setText(tr("Failed") if failed else tr("Ready"))
        theme.mark(self._state, "wrong" if failed else "subject")
        self._where.setText(say(failed.message) if failed else self._last_run())
        self._where.setToolTip(say(failed.hint) if failed else "")

    def _last_run(self) -> str:
        if not self._session.is_open:
            return tr("All data stays on this computer.")
        runs = [info for info in self._session.runs if info.state.over and not info.study]
        if not runs:
            return tr("no run yet")
        return " ".join((tr("last run"), main_score(dict(runs[0].metrics)), "·", ago(_begun(runs[0].path.name))))


def _device(name: str) -> str:
    return {"cpu": "CPU"}.get(name, name.upper())


def _begun(name: str) -> datetime:
    try:
        return datetime.strptime(name[:15], "%Y%m%d-%H%M%S")
    except ValueError:
        return datetime.now()


def main_score(metrics: dict[str, float]) -> str:
    """Returns the one figure people ask for first: accuracy as per cent, else the validation loss."""
    for tag in ("accuracy/test", "accuracy/val"):
        if tag in metrics:
            return percent(metrics[tag])
    return tr("loss {value}", value=number(metrics["loss/val"])) if "loss/val" in metrics else ""
