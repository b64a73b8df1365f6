"""Small pieces of work done by several threads: handed over some at a time, because handing over one takes longer than reading a small file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import TypeVar

TOGETHER = 32
"""Pieces handed over at a time."""

_MOST_THREADS = 4
_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def threads() -> ThreadPoolExecutor:
    """Returns as many threads as reading files side by side makes use of."""
    return ThreadPoolExecutor(min(_MOST_THREADS, os.cpu_count() or 1))


def each(pool: ThreadPoolExecutor, act: Callable[[_Item], _Result], items: Sequence[_Item]) -> Iterator[_Result]:
    """Returns what `act` makes of each of these items, in their order; all of them are begun at once."""
    parts = [items[start:start + TOGETHER] for start in range(0, len(items), TOGETHER)]
    return chain.from_iterable(pool.map(lambda part: [act(item) for item in part], parts))
