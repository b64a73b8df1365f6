"""The batches of a run whose data is streamed, and what is to be said about them: files that cannot be read, a loader too slow."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from workbench.data.base import Batch
from workbench.data.loader import Loader
from workbench.data.prepare import Prepared
from workbench.errors import DataError, Text
from workbench.training.events import Finding

SLOW_SHARE = 0.2
"""Waiting for data for more than this share of the time is worth telling."""

_JUDGED_SECONDS = 2.0
_NAMED_ROWS = 20
_DAMAGED = frozenset({"unreadable", "missing-file"})


def damaged(prepared: Prepared) -> Finding | None:
    """Returns what was left out when the data was opened and prepared because it cannot be read, or None."""
    problems = [problem for problem in (*prepared.dataset.problems, *prepared.problems) if problem.kind in _DAMAGED]
    names = [name for problem in problems for name in problem.rows]
    if not names:
        return None
    return Finding(
        "unreadable-rows", Text("{count} files or rows cannot be read and are left out. {first}", count=f"{len(names):,}", first=problems[0].message),
        Text("Training goes on without them; replace the files, or leave the rows out on the Data page."),
        evidence={"count": len(names), "rows": names[:_NAMED_ROWS], "reasons": [problem.message for problem in problems[:_NAMED_ROWS]]},
    )


class Supply:
    """Hands a run its batches and watches how they come.

    Args:
        prepared: The data; resident data is gathered at once and there is nothing to watch. None while a run is being set up.
        stop: Whether a row that cannot be read ends the run; else it is skipped and counted.
    """

    def __init__(self, prepared: Prepared | None = None, stop: bool = False) -> None:
        self._prepared, self._stop = prepared, stop
        self._streams = prepared.streams if prepared is not None else None
        self._loader = Loader(prepared) if prepared is not None and prepared.streams is not None else None
        self._told, self._index = 0, 0
        self.patience = Patience()

    def following(self, batches: Sequence[torch.Tensor], position: int) -> Callable[[torch.Tensor], Batch]:
        """Returns what gives the batches of an order one after the other, from a position on."""
        assert self._prepared is not None
        if self._loader is None:
            return self._prepared.batch
        self._loader.follow(batches)
        self._index = position
        return self._next

    def _next(self, rows: torch.Tensor) -> Batch:
        assert self._loader is not None
        batch = self._loader.take(self._index)
        self._index += 1
        # Batch normalisation has no variance over one row: where only one of several can be read, none is used.
        return batch if len(batch.rows) != 1 or len(rows) == 1 else Batch({}, rows=batch.rows[:0])

    def findings(self, step: int, seconds: float) -> list[Finding]:
        """Returns what has come up since the last call.

        Args:
            step: Steps done.
            seconds: How long the steps since the last call took, waiting included.

        Raises:
            DataError: A row cannot be read and the run is to stop for that.
        """
        if self._loader is None:
            return []
        waited, self._loader.waited = self._loader.waited, 0.0
        slow = self.patience.take(step, waited, seconds)
        unreadable = self._unreadable(step)
        return [finding for finding in (unreadable, slow) if finding is not None]

    def _unreadable(self, step: int) -> Finding | None:
        known = dict(self._streams.unreadable) if self._streams is not None else {}
        if len(known) == self._told:
            return None
        self._told = len(known)
        first = next(iter(known.values()))
        if self._stop:
            raise DataError(first, Text("Leave the row out, or let the run skip rows that cannot be read."))
        return Finding(
            "unreadable-rows", Text("{count} rows could not be read so far and are skipped. {first}", count=len(known), first=first),
            Text("Training goes on without them; replace the files, or leave the rows out on the Data page."),
            step, evidence={"count": len(known), "rows": sorted(known)[:_NAMED_ROWS], "reasons": list(known.values())[:_NAMED_ROWS]},
        )

    def close(self) -> None:
        """Ends the threads."""
        if self._loader is not None:
            self._loader.close()


class Patience:
    """Notes how much of the time goes into waiting for data, and says it once where it is too much."""

    def __init__(self) -> None:
        self.waited, self.seconds, self.fired = 0.0, 0.0, False

    def take(self, step: int, waited: float, seconds: float) -> Finding | None:
        """Takes in a stretch of training.

        Args:
            step: Steps done.
            waited: Seconds of it spent waiting for data.
            seconds: Its length.
        """
        self.waited, self.seconds = self.waited + waited, self.seconds + seconds
        if self.fired or self.seconds < _JUDGED_SECONDS:
            return None
        share, length = self.waited / self.seconds, self.seconds
        if share <= SLOW_SHARE:
            self.waited, self.seconds = self.waited / 2, self.seconds / 2
            return None
        self.fired = True
        return Finding(
            "slow-data", Text("The model waits for data {share:.0%} of the time: {waited:.1f} of {seconds:.1f} s.",
                              share=share, waited=self.waited, seconds=length),
            Text("Reading and decoding cannot keep up. Make the files smaller (resize them once to the size the model reads), put them on a "
                 "faster disk, limit the rows so that they fit into memory, or take a larger model: it would cost no time."),
            step, evidence={"share": share, "waited": self.waited, "seconds": length},
        )
