"""Fetching the batches that come next while the model works on this one."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import torch

from workbench.data.base import Batch
from workbench.data.prepare import Prepared
from workbench.data.streaming import Streams

AHEAD = 4
"""Batches fetched in advance: enough to even out slow files, few enough to stay small in memory."""

_WORKERS = 4


class Loader:
    """Batches of a given order, fetched in advance by threads where fields are streamed; resident data is gathered at once.

    The order alone says what a batch holds, so neither the number of threads nor a pause changes anything. Decoding and resizing
    leave Python's lock, which is why threads do; how many work at once depends on how long a row takes, which is measured all the time.

    Args:
        prepared: The data.
        ahead: How many batches to fetch in advance.
        workers: Threads; 0 takes one per core, at most four.

    Attributes:
        waited: Seconds that whoever took batches had to wait for them.
        taken: Batches taken.
    """

    def __init__(self, prepared: Prepared, ahead: int = AHEAD, workers: int = 0) -> None:
        self._prepared, self._ahead = prepared, max(ahead, 1)
        self._workers = workers or min(_WORKERS, os.cpu_count() or 1)
        self._parts: Sequence[torch.Tensor] = ()
        self._queue: deque[Future[Batch]] = deque()
        self._head = 0
        self._pool: ThreadPoolExecutor | None = None
        self._alone = threading.Lock()
        self.waited, self.taken = 0.0, 0

    @property
    def streams(self) -> bool:
        """Whether anything is fetched at all; resident data needs no loader."""
        return self._prepared.streams is not None

    def follow(self, parts: Sequence[torch.Tensor]) -> None:
        """Takes another order: the row indices of every batch, int64 `(n,)` each."""
        if parts is not self._parts:
            self._forget()
            self._parts = parts

    def take(self, index: int) -> Batch:
        """Returns the batch at a position of the order, without the rows that cannot be read (it may be empty)."""
        if not self.streams:
            return self._prepared.batch(self._parts[index])
        if index != self._head or not self._queue:
            self._forget()
            self._head = index
        self._fill()
        began = time.perf_counter()
        try:
            return self._queue.popleft().result()
        finally:
            self.waited += time.perf_counter() - began
            self.taken += 1
            self._head += 1
            self._fill()

    def every(self, parts: Sequence[torch.Tensor]) -> Iterator[Batch]:
        """Returns all batches of an order, one after the other, leaving out those of which no row can be read; then closes."""
        self.follow(parts)
        try:
            for index in range(len(parts)):
                batch = self.take(index)
                if len(batch.rows):
                    yield batch
        finally:
            self.close()

    def close(self) -> None:
        """Ends the threads; taking another batch starts them again."""
        self._forget()
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None

    def _fill(self) -> None:
        streams = self._prepared.streams
        assert streams is not None
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._workers, thread_name_prefix="loader")
        while len(self._queue) < self._ahead and self._head + len(self._queue) < len(self._parts):
            self._queue.append(self._pool.submit(self._fetched, streams, self._parts[self._head + len(self._queue)]))

    def _fetched(self, streams: Streams, rows: torch.Tensor) -> Batch:
        if streams.light:
            with self._alone:
                if streams.light:  # the batch before may just have shown that it is not
                    return self._timed(streams, rows)
        return self._timed(streams, rows)

    def _timed(self, streams: Streams, rows: torch.Tensor) -> Batch:
        began = time.perf_counter()
        batch = self._prepared.readable(rows)
        streams.seconds.append((time.perf_counter() - began) / max(len(rows), 1))
        return batch

    def _forget(self) -> None:
        for future in self._queue:
            future.cancel()
        self._queue.clear()
