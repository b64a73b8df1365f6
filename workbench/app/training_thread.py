"""Runs the engine in a thread of the window and brings its events to the event loop at a pace that does not slow it."""

from __future__ import annotations

import itertools
import logging
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QThread, QTimer, Signal

from workbench.errors import ProjectError, WorkbenchError
from workbench.text import Text
from workbench.training.events import (
    Change,
    Failed,
    Finding,
    Finished,
    Pause,
    Probe,
    ProbeResult,
    Resume,
    RunState,
    Started,
    StateChanged,
    StepOnce,
    Steps,
    Stop,
)

if TYPE_CHECKING:
    from workbench.app.session import Session
    from workbench.project.project import Project
    from workbench.project.runs import RunFolder

_LOG = logging.getLogger(__name__)
POLL_MS = 33
REDRAW_FACTOR = 20
LONGEST_POLL_MS = 1000
RING = 65_536


class EngineThread(QThread):
    """One engine in one thread. It knows no widget; events go into a ring buffer that the window empties.

    Attributes:
        ring: Events not yet seen by the window.
        inbox: Where commands for the engine go.
    """

    def __init__(self, project: Project, run: RunFolder, resume: Any, parent: QObject) -> None:
        from workbench.training.inbox import FolderInbox

        super().__init__(parent)
        self.ring: deque[Any] = deque(maxlen=RING)
        self.inbox = FolderInbox(run)
        self._project, self._run, self._resume = project, run, resume

    def run(self) -> None:
        try:
            from workbench.training.engine import Engine

            engine = Engine(self._project, self._run, self.ring.append, self.inbox, resume=self._resume)
            engine.run()
        except WorkbenchError as error:
            self._fail(Failed(error.message, error.hint))
        except Exception as error:
            _LOG.exception("the engine broke")
            self._fail(Failed(Text("Training broke: {reason}", reason=repr(error)), Text("The log file has the details.")))
        finally:
            self._project = self._run = self._resume = None

    def _fail(self, failed: Failed) -> None:
        if not any(isinstance(event, Failed) for event in self.ring):
            self.ring.append(failed)
            try:
                self._run.append_event(failed)
            except Exception:
                _LOG.exception("the failure could not be written to the run")


class Trainer(QObject):
    """Starts, steers and watches runs of the open project.

    Attributes:
        run: The run under way or the last one started here.
        state: Where it stands; None before the first.
        started, latest, finished, failed: Its last events of that kind.
        findings: What the doctor said, in order.

    Signals:
        event: Each event of the engine, on the event loop.
        polled: After a batch of events; redraw here, once.
        state_changed: The state, or whether a run is under way, is another one.
        ended: The thread has come to rest.
    """

    event = Signal(object)
    polled = Signal()
    state_changed = Signal()
    ended = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._thread: EngineThread | None = None
        self._callbacks: dict[int, Callable[[ProbeResult], Any]] = {}
        self._tickets = itertools.count(1)
        self._timer = QTimer(self)
        self._timer.setInterval(POLL_MS)
        self._timer.timeout.connect(self._poll)
        self._measure = QTimer(self)
        self._measure.setSingleShot(True)
        self._measure.setInterval(0)
        self._measure.timeout.connect(self._pace)
        self._poll_began = 0.0
        self._forget()

    def _forget(self) -> None:
        self.run: RunFolder | None = None
        self.state: RunState | None = None
        self.started: Started | None = None
        self.latest: Steps | None = None
        self.finished: Finished | None = None
        self.failed: Failed | None = None
        self.findings: list[Finding] = []

    @property
    def running(self) -> bool:
        """Whether an engine is under way, paused ones included."""
        return self._thread is not None

    @property
    def paused(self) -> bool:
        """Whether the run waits."""
        return self.running and self.state is RunState.PAUSED

    def start(
        self, resume: RunFolder | None = None, name: str = "", project: Project | None = None, start_from: RunFolder | None = None,
    ) -> RunFolder:
        """Starts a run of the open project, or goes on with one.

        Args:
            resume: The run to go on with, from its own snapshot and last checkpoint.
            name: What a new run is called; "" takes the project's name.
            project: Another project than the open one.
            start_from: The parent of a new run.

        Raises:
            ProjectError: A run is under way, or the project has no folder yet.
        """
        from workbench.project.runs import create_run

        if self.running:
            raise ProjectError(Text("A run is already under way."), Text("Stop it first; its best checkpoint stays."))
        if resume is not None and resume.alive and not resume.state.over:
            raise ProjectError(Text("The run {name} is being trained right now.", name=resume.name), Text("Wait for it, or stop it there."))
        if self._session.folder is None and resume is None:
            raise ProjectError(Text("This project has no folder for its runs yet."), Text("Save it first."))
        value = resume.snapshot() if resume else project or self._session.project
        run = resume or create_run(self._session.folder or "", name, value, start_from)
        self._begin(value, run, resume is not None)
        return run

    def _begin(self, project: Project, run: RunFolder, resume: bool) -> None:
        self._forget()
        self.run, self.state = run, RunState.STARTING
        self._thread = EngineThread(project, run, run.last() if resume else None, self)
        self._thread.finished.connect(self._ended)
        self._timer.setInterval(POLL_MS)
        self._timer.start()
        self._thread.start()
        self._session.reload_runs()
        self._session.select_run(run.path)
        self.state_changed.emit()

    def _tell(self, command: Any) -> bool:
        if self._thread is None:
            return False
        self._thread.inbox.put(command)
        return True

    def pause(self) -> None:
        """Holds the run after the step in progress."""
        self._tell(Pause())

    def resume(self) -> None:
        """Lets it go on."""
        self._tell(Resume())

    def step_once(self) -> None:
        """Does one step, then waits."""
        self._tell(StepOnce())

    def stop(self) -> None:
        """Ends the run now and keeps its best checkpoint."""
        self._tell(Stop())

    def change(self, setting: str, value: Any) -> None:
        """Changes a live setting (`recipe.optimizer.learning_rate`)."""
        self._tell(Change(setting, value))

    def probe(self, function: Callable[..., Any], callback: Callable[[ProbeResult], Any]) -> bool:
        """Runs `function(model, prepared, step)` between two steps and gives its `ProbeResult` to `callback` on the event loop.

        Returns:
            False where no run is under way; then nothing will come.
        """
        ticket = next(self._tickets)
        self._callbacks[ticket] = callback
        if not self._tell(Probe(ticket, function)):
            del self._callbacks[ticket]
            return False
        return True

    def seconds_left(self) -> float | None:
        """Returns how long the whole run will still take, or None while that is unknown."""
        started, latest = self.started, self.latest
        if started is None or latest is None or latest.step <= started.step or latest.seconds <= 0:
            return None
        rate = (latest.step - started.step) / latest.seconds
        return max(started.epochs * started.steps_per_epoch - latest.step, 0) / rate

    def progress(self) -> float:
        """Returns the share of the whole run that is done."""
        if self.started is None:
            return 0.0
        whole = max(self.started.epochs * self.started.steps_per_epoch, 1)
        return min((self.latest.step if self.latest else self.started.step) / whole, 1.0)

    def _poll(self) -> None:
        thread = self._thread
        if thread is None or not thread.ring:
            return
        self._poll_began = time.thread_time()
        self._drain(thread)
        self.polled.emit()
        self._measure.start()

    def _pace(self) -> None:
        # Runs after the paint events that the poll caused, so that painting counts too.
        spent_ms = (time.thread_time() - self._poll_began) * 1000
        self._timer.setInterval(int(min(max(POLL_MS, REDRAW_FACTOR * spent_ms), LONGEST_POLL_MS)))

    def _drain(self, thread: EngineThread) -> None:
        while thread.ring:
            self._take(thread.ring.popleft())

    def _take(self, event: Any) -> None:
        self._note(event)
        if isinstance(event, ProbeResult):
            callback = self._callbacks.pop(event.ticket, None)
            if callback is not None:
                callback(event)
        self.event.emit(event)

    def _note(self, event: Any) -> None:
        slots = {Started: "started", Steps: "latest", Finished: "finished", Failed: "failed"}
        if type(event) in slots:
            setattr(self, slots[type(event)], event)
        if isinstance(event, Finding):
            self.findings.append(event)
        state = _state_after(event)
        if state is not None and state is not self.state:
            self.state = state
            self.state_changed.emit()

    def _ended(self) -> None:
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._timer.stop()
        self._drain(thread)
        if self.state is not None and not self.state.over:
            self.state = RunState.INTERRUPTED
        self._callbacks.clear()
        thread.wait()
        thread.deleteLater()
        self.polled.emit()
        self._session.reload_runs()
        self.state_changed.emit()
        self.ended.emit()

    def wait(self, limit_ms: int) -> bool:
        """Waits for the thread without the event loop; says whether it has come to rest."""
        thread = self._thread
        if thread is None:
            return True
        if not thread.wait(limit_ms):
            return False
        self._ended()
        return True


def _state_after(event: Any) -> RunState | None:
    if isinstance(event, StateChanged):
        return event.state
    if isinstance(event, Started):
        return RunState.RUNNING
    if isinstance(event, Finished):
        return event.state
    return RunState.FAILED if isinstance(event, Failed) else None
