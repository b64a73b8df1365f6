"""Which epoch was best, and when to stop waiting for a better one."""

from __future__ import annotations

import math
import time
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(slots=True)
class Progress:
    """The watched metric over the epochs.

    Attributes:
        watch: Its tag (`accuracy/val`).
        better: `higher` or `lower`.
        best: Its best value; None before the first epoch.
        best_step: The step of the best epoch's end.
        waited: Epochs since then.
    """

    watch: str
    better: str
    best: float | None = None
    tie: float = math.inf
    best_step: int = 0
    waited: int = 0

    def take(self, value: float, loss: float, step: int) -> bool:
        """Notes the value of one epoch and returns whether it is the best so far.

        Args:
            value: Of the watched metric; NaN is never best.
            loss: Decides between equal values: accuracies on few rows often are.
            step: The step of the epoch's end.
        """
        improved = self._beats(value)
        if improved or (value == self.best and loss < self.tie):
            self.best, self.tie, self.best_step = value, loss, step
        self.waited = 0 if improved else self.waited + 1
        return self.best_step == step

    def _beats(self, value: float) -> bool:
        if math.isnan(value):
            return False
        return self.best is None or (value > self.best if self.better == "higher" else value < self.best)

    def exhausted(self, patience: int) -> bool:
        """Whether it has waited long enough; 0 waits for ever."""
        return patience > 0 and self.waited >= patience

    def state(self) -> dict[str, Any]:
        """Returns everything as JSON values."""
        found = asdict(self)
        return {**found, "tie": None if math.isinf(self.tie) else self.tie}

    def load(self, state: dict[str, Any]) -> None:
        """Takes up what `state` returned."""
        self.best, self.best_step, self.waited = state["best"], state["best_step"], state["waited"]
        self.tie = math.inf if state["tie"] is None else state["tie"]


class Stopwatch:
    """Counts seconds of training; stands still while a run is paused.

    Args:
        seconds: Where it begins.
    """

    def __init__(self, seconds: float = 0.0) -> None:
        self._before = seconds
        self._started: float | None = None

    def start(self) -> None:
        """Goes on."""
        self._started = time.monotonic()

    def stop(self) -> None:
        """Stands still."""
        self._before, self._started = self.seconds, None

    @property
    def seconds(self) -> float:
        """What it shows."""
        return self._before + (0.0 if self._started is None else time.monotonic() - self._started)
