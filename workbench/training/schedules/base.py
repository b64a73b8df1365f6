"""The contract of a schedule: a pure function of the step, so that it needs no state in a checkpoint."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Any, ClassVar

from workbench.catalogue import Entry


class Schedule(Entry, ABC):
    """One way the learning rate moves. One class in one module of `workbench/training/schedules/`."""

    category: ClassVar[str] = "schedule"

    @abstractmethod
    def factor(self, step: int, total: int, params: Any) -> float:
        """Returns what the learning rate is multiplied with.

        Args:
            step: Steps done before this one, from 0 to `total - 1`.
            total: Steps of the whole run.
            params: Parsed parameters.
        """


def blend(start: float, end: float, share: float) -> float:
    """Returns the value at `share` (0 to 1) of a half cosine from `start` to `end`."""
    return end + (start - end) * 0.5 * (1.0 + math.cos(math.pi * min(max(share, 0.0), 1.0)))
