"""Where the model that is looked at comes from: the run under way, or the best checkpoint of any other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from workbench.app.jobs import Job, run_job
from workbench.app.pages.inspect.analysis import Model
from workbench.training.events import ProbeResult

if TYPE_CHECKING:
    from workbench.app.session import Session
    from workbench.project.runs import RunFolder

REFRESH_MS = 900


class ModelSource(QObject):
    """The model of the selected run. While that run is under way, a fresh copy about once a second.

    A copy is taken between two steps of the engine, so looking changes nothing in the training.

    Attributes:
        model: What is there now, or None.
        error: Why there is none.

    Signals:
        changed: `model` or `error` is another one.
    """

    changed = Signal()

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self.model: Model | None = None
        self.error: Exception | None = None
        self._job: Job | None = None
        self._asked: str = ""
        self._waiting = False
        self._active = False
        self._timer = QTimer(self)
        self._timer.setInterval(REFRESH_MS)
        self._timer.timeout.connect(self._refresh_live)
        session.selected_run_changed.connect(self.reload)
        session.trainer.ended.connect(self._run_ended)

    @property
    def live(self) -> bool:
        """Whether the selected run is under way in this window."""
        trainer, run = self._session.trainer, self._session.selected_run
        return trainer.running and trainer.run is not None and run is not None and trainer.run.path == run.path

    @property
    def loading(self) -> bool:
        """Whether a model is being read."""
        return self._job is not None and self._job.running

    def start(self) -> None:
        """Begins to deliver: the page came to the front."""
        self._active = True
        self.reload()

    def pause(self) -> None:
        """Stops taking copies: nobody looks."""
        self._active = False
        self._timer.stop()

    def reload(self) -> None:
        """Reads the model of the selected run where it is not there already."""
        run = self._session.selected_run
        if not self._active:
            return
        if self.live:
            self._timer.start()
            self._refresh_live()
            return
        self._timer.stop()
        key = f"{run.path.name}:{run.info().step}" if run is not None else ""
        if key == self._asked and (self.model is not None or self.loading) and not (self.model and self.model.live):
            return
        self._asked = key
        if run is None:
            self._take(None)
        else:
            self._load(run)

    def _load(self, run: RunFolder) -> None:
        if self._job is not None and self._job.running:
            self._job.cancel()
        self._job = run_job(self, lambda _progress, _cancelled: load(run), self._take, self._miss)

    def _take(self, model: Model | None) -> None:
        self.model, self.error = model, None
        self.changed.emit()

    def _miss(self, error: Exception) -> None:
        self.model, self.error = None, error
        self.changed.emit()

    def _refresh_live(self) -> None:
        if not self.live:
            self._timer.stop()
        elif not self._waiting:
            self._waiting = self._session.trainer.probe(_copy, self._take_copy)

    def _take_copy(self, result: ProbeResult) -> None:
        self._waiting = False
        run = self._session.trainer.run
        if result.value is None or run is None:
            return
        model, prepared = result.value
        self._take(Model(model, prepared, run.path.name, result.step, live=True))

    def _run_ended(self) -> None:
        self._waiting = False
        self._asked = ""
        self.reload()


def _copy(model: Any, prepared: Any, _step: int) -> tuple[Any, Any]:
    # The engine hands over a copy of its own; keeping it costs nothing.
    return model, prepared


def load(run: RunFolder) -> Model:
    """Reads the best checkpoint of a run."""
    from workbench.training.load import load_model

    model, prepared = load_model(run)
    checkpoint = run.best()
    return Model(model, prepared, run.path.name, checkpoint.step if checkpoint else 0)
