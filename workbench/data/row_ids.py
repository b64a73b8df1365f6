"""What is worked out from the ids of all rows, once for a dataset and whatever is edited about it: where rows stand, and their lots."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Protocol, runtime_checkable
from weakref import WeakKeyDictionary

import numpy as np

from workbench.data.base import Dataset

_KEPT_SEEDS = 4
_SHARE = 4
_LOCK = threading.Lock()
_PLACES: WeakKeyDictionary[Dataset, Mapping[str, int]] = WeakKeyDictionary()
_LOTS: WeakKeyDictionary[Dataset, dict[int, np.ndarray]] = WeakKeyDictionary()


@runtime_checkable
class Numbered(Protocol):
    """Ids that are numbers in words, and know where they stand without a table of all of them."""

    def places(self, names: Iterable[str]) -> dict[str, int]:
        """Returns where the rows of some ids stand; ids that are not there are left out."""
        ...


@runtime_checkable
class Joined(Protocol):
    """Ids that can be written down many at a time."""

    def joined(self, rows: np.ndarray) -> bytes:
        """Returns the ids of some rows, each followed by a zero byte."""
        ...


def without_edits(dataset: Dataset) -> Dataset:
    """Returns the dataset whose rows a view shows; edits change no ids."""
    return getattr(dataset, "original", dataset)


def places_of(dataset: Dataset, names: Iterable[str]) -> dict[str, int]:
    """Returns the index of the rows of some ids; ids that are not there are left out."""
    source = without_edits(dataset)
    ids = source.ids()
    if isinstance(ids, Numbered):
        return ids.places(names)
    with _LOCK:
        known = _PLACES.get(source)
    if known is None:
        known = {row: index for index, row in enumerate(ids)}
        with _LOCK:
            _PLACES[source] = known
    return {name: known[name] for name in names if name in known}


def learn_places(dataset: Dataset) -> None:
    """Works out what `places_of` needs, so that it takes no time where people wait for it."""
    places_of(dataset, ())


def joined(ids: Sequence[str], rows: np.ndarray) -> bytes:
    """Returns the ids of some rows, each followed by a zero byte."""
    if isinstance(ids, Joined):
        return ids.joined(rows)
    return b"".join(ids[int(row)].encode("utf-8", "surrogatepass") + b"\0" for row in rows)


def lots(ids: Iterable[str], seed: int) -> np.ndarray:
    """Returns one pseudo-random number per id that depends on it and the seed alone, uint64 `(n,)`."""
    salt = seed.to_bytes(16, "big", signed=True)
    digests = b"".join(blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8, key=salt).digest() for name in ids)
    return np.frombuffer(digests, dtype=np.uint64)


def lots_of(dataset: Dataset, rows: np.ndarray, seed: int) -> np.ndarray:
    """Returns `lots` of some rows; those of a whole dataset are worked out once, however often it is divided anew."""
    source = without_edits(dataset)
    with _LOCK:
        known = _LOTS.setdefault(source, {}).get(seed)
    if known is None and _SHARE * len(rows) < len(source):
        ids = source.ids()
        return lots((ids[int(row)] for row in rows), seed)
    if known is None:
        known = lots(source.ids(), seed)
        with _LOCK:
            held = _LOTS.setdefault(source, {})
            held[seed] = known
            while len(held) > _KEPT_SEEDS:
                del held[next(iter(held))]
    return known[rows]
