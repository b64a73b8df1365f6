"""The numbers of every epoch as TensorBoard reads them, in the run folder. The training thread only hands them over."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)
FOLDER = "tensorboard"
FLUSH_SECONDS = 1.0


class TensorBoardWriter:
    """Appends scalars to an event file of its own from its own thread, which begins with the first numbers.

    A file that cannot be written is no reason to end a run: it is logged once, and the rest is let go.

    Args:
        folder: Where the event file goes; made where it is missing.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._waiting: queue.SimpleQueue[tuple[int, float, dict[str, float] | None] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """Hands over the numbers of one step."""
        self._hand_over(step, dict(values))

    def rewind(self, step: int) -> None:
        """Has TensorBoard forget what it was told after a step: the run goes on from there."""
        self._hand_over(step, None)

    def _hand_over(self, step: int, values: dict[str, float] | None) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="tensorboard-writer", daemon=True)
            self._thread.start()
        self._waiting.put((step, time.time(), values))

    def close(self) -> None:
        """Writes what is waiting and ends the thread."""
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join()
            self._thread = None

    def _work(self) -> None:
        try:
            self._write_all()
        except OSError as error:
            log.warning("TensorBoard files cannot be written: %s", error)

    def _write_all(self) -> None:
        from tensorboardX.event_file_writer import EventsWriter

        self._folder.mkdir(exist_ok=True)
        file = EventsWriter(str(self._folder / "events"), f".{time.time_ns()}")
        try:
            flushed = time.monotonic()
            while (item := self._waiting.get()) is not None:
                step, seconds, values = item
                file.write_event(_restart(step, seconds) if values is None else _scalars(step, seconds, values))
                if time.monotonic() - flushed >= FLUSH_SECONDS:
                    file.flush()
                    flushed = time.monotonic()
        finally:
            file.close()


def _scalars(step: int, seconds: float, values: Mapping[str, float]) -> Any:
    from tensorboardX.proto import event_pb2, summary_pb2

    message: Any = summary_pb2
    summary = message.Summary(value=[message.Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()])
    messages: Any = event_pb2
    return messages.Event(step=step, wall_time=seconds, summary=summary)


def _restart(step: int, seconds: float) -> Any:
    """Returns the event after which TensorBoard drops what it knows from this step on."""
    from tensorboardX.proto import event_pb2

    message: Any = event_pb2
    return message.Event(step=step + 1, wall_time=seconds, session_log=message.SessionLog(status=message.SessionLog.START))
