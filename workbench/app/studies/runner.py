"""Carries studies of the open project out in a process of its own, and keeps what their answers say about the data."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QThread, Signal

from workbench.app.jobs import Job, run_job
from workbench.app.language import say, tr
from workbench.app.wording import duration
from workbench.errors import TrainingError, WorkbenchError
from workbench.text import Text

if TYPE_CHECKING:
    from workbench.app.session import Session
    from workbench.project.project import Project
    from workbench.training.studies.record import StudyFolder
    from workbench.training.studies.standing import Answered

_LOG = logging.getLogger(__name__)
STOP_LIMIT_MS = 15_000


class StudyThread(QThread):
    """Begins or goes on with one study, in a child process, and waits for it.

    Attributes:
        study: The study, once it has begun.
        state: How it stood when the child ended; "" before.
        error: What went wrong, or None.

    Signals:
        begun: The study has a folder now.
        progressed: Share of the whole study, and what is being done.
    """

    begun = Signal()
    progressed = Signal(float, object)

    def __init__(self, begin: Callable[[], StudyFolder], parent: QObject) -> None:
        super().__init__(parent)
        self._begin = begin
        self._unwanted = self._ended = False
        self.study: StudyFolder | None = None
        self.state, self.error = "", None

    def stop(self) -> None:
        """Asks the study to end after the step in progress; it can go on later."""
        self._unwanted = True
        if self.study is not None:
            self.study.ask_to_stop()

    def end(self) -> None:
        """Ends the child within seconds, with a checkpoint where it is training."""
        self._ended = True
        self.stop()

    def run(self) -> None:
        try:
            self._carry_out()
        except WorkbenchError as error:
            self.error = error
        except Exception as error:
            _LOG.exception("a study broke")
            self.error = TrainingError(Text("The study broke: {reason}", reason=repr(error)), Text("The log file has the details."))

    def _carry_out(self) -> None:
        from workbench.data.progress import CancelledError, reporting
        from workbench.errors import ExportError
        from workbench.export.child import ExportCancelled, run_in_child
        from workbench.training.studies.conduct import carry_out_aside

        try:
            with reporting(lambda _share, _sentence: None, lambda: self._unwanted):
                study = self._begin()
        except CancelledError:
            return
        study.release()
        self.study = study
        self.begun.emit()
        if self._unwanted:
            return
        try:
            self.state, reason = run_in_child(
                carry_out_aside, (str(study.path),), lambda share, what: self.progressed.emit(share, what), lambda: self._ended, math.inf,
            )
        except ExportCancelled:
            return
        except ExportError as error:
            _LOG.warning("the process of a study ended", exc_info=error)
            raise TrainingError(
                Text("The process that carried the study out has ended unexpectedly."),
                Text("What is done stays done: go on with the study. The machine may be out of memory."),
            ) from error
        if reason:
            raise TrainingError(reason, Text("What is done stays done: mend it and go on with the study, or ask anew."))


class Studies(QObject):
    """The studies of the open project: at most one is carried out at a time.

    Attributes:
        kind: Of the study under way or the last one.
        label: Which of its runs is under way, a translatable sentence.
        share: How much of it is done, between 0 and 1.
        error: What went wrong with the last one, or None.

    Signals:
        changed: Whether one is under way, or how far it is.
        ended: One has come to rest; its folder, or None where it never began.
        answers_changed: What studies say about the data is known anew.
    """

    changed = Signal()
    ended = Signal(object)
    answers_changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._thread: StudyThread | None = None
        self._answers: tuple[object, list[Answered]] = (None, [])
        self._asking: Job | None = None
        self._wanted: object = None
        self.kind, self.label, self.share = "", "", 0.0
        self.error: Exception | None = None
        self._began, self._from = 0.0, -1.0
        session.opened.connect(self.stop)

    @property
    def running(self) -> bool:
        """Whether a study is being carried out here."""
        return self._thread is not None

    @property
    def study(self) -> StudyFolder | None:
        """The study under way, once it has a folder."""
        return self._thread.study if self._thread is not None else None

    def seconds_left(self) -> float | None:
        """Returns how long the study will still take, or None while that is unknown."""
        done = self.share - self._from
        if self._thread is None or self._from < 0 or done <= 0:
            return None
        return (time.monotonic() - self._began) / done * (1 - self.share)

    def start(self, kind: str, params: Mapping[str, Any]) -> None:
        """Begins a study of the open project as it is now.

        Raises:
            TrainingError: One is under way, or the project has no folder yet.
        """
        folder, project = self._session.folder, self._session.project
        if folder is None:
            raise TrainingError(Text("This project has no folder for its runs yet."), Text("Save it first."))
        self._launch(kind, lambda: _begin(folder, kind, dict(params), project))

    def resume(self, study: StudyFolder, kind: str) -> None:
        """Goes on with a study.

        Raises:
            TrainingError: One is under way.
        """
        self._launch(kind, lambda: study)

    def _launch(self, kind: str, begin: Callable[[], StudyFolder]) -> None:
        if self._thread is not None:
            raise TrainingError(Text("A study is already under way."), Text("Stop it first, or wait; what is done stays done."))
        self.kind, self.label, self.share, self.error = kind, "", 0.0, None
        self._from = -1.0
        self._thread = StudyThread(begin, self)
        self._thread.begun.connect(self.changed)
        self._thread.progressed.connect(self._take)
        self._thread.finished.connect(self._rest)
        self._thread.start()
        self.changed.emit()

    def _take(self, share: float, label: str) -> None:
        if self._from < 0:
            self._from, self._began = share, time.monotonic()
        another, self.share, self.label = label != self.label, share, label
        if another:
            self._session.reload_runs()
        self.changed.emit()

    def stop(self) -> None:
        """Asks the study to end; it can go on later."""
        if self._thread is not None:
            self._thread.stop()

    def end(self, limit_ms: int = STOP_LIMIT_MS) -> bool:
        """Ends the study and waits for its thread, without the event loop; says whether it has come to rest."""
        thread = self._thread
        if thread is None:
            return True
        thread.end()
        if not thread.wait(limit_ms):
            return False
        self._rest()
        return True

    def _rest(self) -> None:
        thread, self._thread = self._thread, None
        if thread is None:
            return
        thread.wait()
        self.error = thread.error
        thread.deleteLater()
        self._session.reload_runs()
        self.changed.emit()
        self.ended.emit(thread.study)

    def answers(self) -> list[Answered]:
        """Returns what the newest studies say about the data as they are now; `answers_changed` follows where that must be read first."""
        key = self._key()
        if key is None:
            return []
        if self._answers[0] != key and self._wanted != key:
            self._read(key)
        return self._answers[1] if self._answers[0] == key else []

    def _key(self) -> object:
        session = self._session
        if session.folder is None or session.dataset is None:
            return None
        targets = tuple(choice.target for choice in session.project.objectives)
        return _stamps(session.folder), session.project.data.source, targets, id(session.dataset)

    def _read(self, key: object) -> None:
        if self._asking is not None and self._asking.running:
            self._asking.cancel()
        self._wanted = key
        folder, project, dataset = self._session.folder, self._session.project, self._session.dataset
        self._asking = run_job(
            self, lambda _progress, _cancelled: _answered(folder, project, dataset), lambda found: self._know(key, found),
            lambda _error: self._know(key, []),
        )

    def _know(self, key: object, found: list[Answered]) -> None:
        self._answers = (key, found)
        self.answers_changed.emit()


def studies_of(session: Session) -> Studies:
    """Returns what carries the studies of a session out; the same one each time."""
    found = session.findChild(Studies)
    return found if found is not None else Studies(session)


def stage_words(studies: Studies) -> str:
    """Returns how far a study is, in words."""
    if not studies.label:
        return tr("Beginning...")
    left = studies.seconds_left()
    share = round(studies.share * 100)
    if left is None:
        return tr("{run} · {share} %", run=say(studies.label), share=share)
    return tr("{run} · {share} % · {time} left", run=say(studies.label), share=share, time=duration(left))


def _begin(folder: Path, kind: str, params: dict[str, Any], project: Project) -> StudyFolder:
    from workbench.training.studies.conduct import begin

    return begin(folder, kind, params, project)


def _stamps(folder: Path) -> tuple[Any, ...]:
    """Returns what differs whenever a study of the project was written."""
    from workbench.training.studies.record import STUDIES_FOLDER

    parent = folder / STUDIES_FOLDER
    if not parent.is_dir():
        return ()
    files = sorted(parent.glob("*/study.json"))
    return tuple((file.parent.name, file.stat().st_mtime_ns) for file in files)


def _answered(folder: Any, project: Any, dataset: Any) -> list[Answered]:
    from workbench.training.studies.standing import answered

    return answered(folder, project, dataset)
