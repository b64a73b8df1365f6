"""Work that may take longer than a frame: on a thread of our own, with progress and cancel, never on the event loop."""

from __future__ import annotations

import contextlib
import logging
import queue
from collections.abc import Callable
from functools import cache
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject, Qt, QThread, Signal

Progress = Callable[[float, str], None]
Work = Callable[[Progress, Callable[[], bool]], Any]
_LOG = logging.getLogger(__name__)
WORKERS = 2


class Job(QObject):
    """One piece of work under way.

    Signals:
        progressed: Share done between 0 and 1 (below 0: unknown), and a word about it.
        done: The result.
        failed: The exception.
        ended: After either, and after a cancelled job has come to rest.
    """

    progressed = Signal(float, str)
    done = Signal(object)
    failed = Signal(object)
    ended = Signal()
    _finished = Signal(object, object)

    def __init__(self, work: Work, parent: QObject) -> None:
        super().__init__(parent)
        self._work: Work | None = work
        self._cancelled = False
        self.running = True
        self._finished.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    @property
    def cancelled(self) -> bool:
        """Whether the result is no longer wanted."""
        return self._cancelled

    def cancel(self) -> None:
        """Asks the work to end; whatever it still returns is dropped."""
        self._cancelled = True

    def perform(self) -> None:
        """Does the work; called on a worker thread."""
        work, self._work = self._work, None
        result, error = None, None
        if work is not None and not self._cancelled:
            try:
                result = work(self._report, lambda: self._cancelled)
            except Exception as caught:
                error = caught
        # The owner of an abandoned job may be gone by now, and the Qt object with it.
        with contextlib.suppress(RuntimeError):
            self._finished.emit(result, error)

    def _report(self, share: float, word: str = "") -> None:
        if not self._cancelled:
            with contextlib.suppress(RuntimeError):
                self.progressed.emit(share, word)

    def _deliver(self, result: Any, error: Exception | None) -> None:
        self.running = False
        if not self._cancelled and error is not None:
            self.failed.emit(error)
        elif not self._cancelled:
            self.done.emit(result)
        self.ended.emit()
        self.deleteLater()


class _Worker(QThread):
    def __init__(self, waiting: queue.SimpleQueue[Job | None], parent: QObject | None) -> None:
        super().__init__(parent)
        self._waiting = waiting

    def run(self) -> None:
        while (job := self._waiting.get()) is not None:
            try:
                job.perform()
            except Exception:
                _LOG.exception("a job broke its worker")
            del job


class _Pool(QObject):
    """Two worker threads, started with the first job, ended with the application."""

    def __init__(self) -> None:
        super().__init__(QCoreApplication.instance())
        self._waiting: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._workers: list[_Worker] = []
        self._jobs: set[Job] = set()

    def submit(self, job: Job) -> None:
        if not self._workers:
            self._workers = [_Worker(self._waiting, self) for _ in range(WORKERS)]
            for worker in self._workers:
                worker.start()
        self._jobs.add(job)
        job.ended.connect(lambda: self._jobs.discard(job))
        job.destroyed.connect(lambda: self._jobs.discard(job))
        self._waiting.put(job)

    def cancel_all(self) -> None:
        for job in list(self._jobs):
            job.cancel()

    def stop(self, limit_ms: int) -> bool:
        self.cancel_all()
        for _ in self._workers:
            self._waiting.put(None)
        waited = [worker.wait(limit_ms) for worker in self._workers]
        ended = all(waited)
        if ended:
            self._workers = []
        return ended


@cache
def _pool() -> _Pool:
    return _Pool()


def run_job(
    parent: QObject,
    work: Work,
    done: Callable[[Any], None] | None = None,
    failed: Callable[[Exception], None] | None = None,
    progress: Progress | None = None,
) -> Job:
    """Starts `work(progress, cancelled)` on a worker thread and returns the job.

    Args:
        parent: The owner; when it goes, the job is abandoned.
        work: Must not touch widgets. It calls `progress(share, word)` and looks at `cancelled()` now and then.
        done: Takes the result, on the event loop.
        failed: Takes the exception, on the event loop; left out, the exception reaches the one dialog.
        progress: Takes share and word, on the event loop.
    """
    job = Job(work, parent)
    if done is not None:
        job.done.connect(done)
    job.failed.connect(failed or _raise)
    if progress is not None:
        job.progressed.connect(progress)
    parent.destroyed.connect(lambda: setattr(job, "_cancelled", True))
    _pool().submit(job)
    return job


def stop_jobs(limit_ms: int = 5000) -> bool:
    """Cancels all jobs and waits for the worker threads; says whether they came to rest."""
    stopped = _pool().stop(limit_ms)
    if stopped:
        _pool.cache_clear()
    return stopped


def _raise(error: Exception) -> None:
    raise error
