"""Numbers and events on their way out of the training thread, in blocks."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from workbench.project.metrics import MetricsWriter
from workbench.training.events import Event, ProbeResult, Steps
from workbench.training.tensorboard import FOLDER, TensorBoardWriter

if TYPE_CHECKING:
    from workbench.project.runs import RunFolder

FILE_SECONDS = 1.0


class Recorder:
    """Hands events to whoever listens and to the run folder, numbers to metrics.bin, those of epochs to TensorBoard files too.

    Args:
        run: Where they are kept.
        emit: Who listens; called in the training thread.
    """

    def __init__(self, run: RunFolder, emit: Callable[[Event], None]) -> None:
        self._run, self._emit = run, emit
        self._metrics = MetricsWriter(run.metrics_path)
        self._board = TensorBoardWriter(run.path / FOLDER)
        self._steps_noted = 0.0

    def tell(self, event: Event) -> None:
        """Passes on an event. Blocks of steps come often, so the run folder keeps about one a second of those."""
        self._emit(event)
        if isinstance(event, ProbeResult):
            return
        if isinstance(event, Steps):
            now = time.monotonic()
            if now - self._steps_noted < FILE_SECONDS:
                return
            self._steps_noted = now
        self._run.append_event(event)

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """Notes numbers of one step."""
        self._metrics.add(step, values)

    def keep(self, step: int, values: Mapping[str, float]) -> None:
        """Notes numbers of one epoch or of the end, at once on disk."""
        self._metrics.add(step, values)
        self._metrics.flush()
        self._board.add(step, values)

    def flush(self) -> None:
        """Hands all numbers to the operating system, so that they outlive this process."""
        self._metrics.flush()

    def rewind(self, step: int) -> None:
        """Makes readers forget what was noted after a step."""
        self._metrics.rewind(step)
        self._board.rewind(step)

    def close(self) -> None:
        """Ends the files."""
        self._board.close()
        self._metrics.close()
