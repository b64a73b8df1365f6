"""The contract of a finder: it looks at columns and splits and says which rows are in trouble, and why that matters."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Any, ClassVar, TypeVar
from weakref import WeakKeyDictionary

import numpy as np

from workbench.catalogue import Entry
from workbench.data.base import DataProblem, Dataset, Field, FieldKind, Split, UnreadableRowsError
from workbench.data.edited import Changes, changes_of, same_changes
from workbench.data.progress import go_on
from workbench.data.row_ids import without_edits

MOST_ROWS = 1000
"""So many rows of a problem are listed; its sentence counts all."""
_PART = 1024


T = TypeVar("T")
_LOCK = threading.Lock()


@dataclass(frozen=True, slots=True)
class _Kept:
    """What was found, and in what. It names no dataset: that would keep its own key alive.

    Attributes:
        fields: The fields that were read, and what people had changed about them.
        usable: The rows that were looked at.
        found: What was found.
    """

    fields: list[tuple[Field, Changes]]
    usable: np.ndarray
    found: Any


_KEPT: WeakKeyDictionary[Dataset, dict[tuple[str, ...], _Kept]] = WeakKeyDictionary()


def _same(one: Sequence[tuple[Field, Changes]], other: Sequence[tuple[Field, Changes]]) -> bool:
    return len(one) == len(other) and all(left[0] == right[0] and same_changes(left[1], right[1]) for left, right in zip(one, other, strict=True))


def content_hash(value: Any) -> bytes:
    """Returns a hash of one raw value: equal pixels, texts or numbers give equal hashes."""
    digest = blake2b(digest_size=16)
    if isinstance(value, str):
        digest.update(value.encode("utf-8", "surrogatepass"))
    else:
        array = np.ascontiguousarray(value)
        digest.update(f"{array.shape}{array.dtype}".encode())
        digest.update(array.data)
    return digest.digest()


class Look:
    """A dataset as finders see it; what several of them need is worked out once.

    Args:
        dataset: The data, with what people have changed.
        splits: Row indices by split, where rows have been divided.
        columns: Columns that were read already.

    Attributes:
        dataset, splits: As given.
        usable: The rows that people have not left out, int64; made rows are not looked at, they resemble others on purpose.
    """

    def __init__(
        self, dataset: Dataset, splits: Mapping[Split, np.ndarray] | None = None, columns: Mapping[str, Any] | None = None
    ) -> None:
        self.dataset, self.splits = dataset, dict(splits or {})
        self._columns = dict(columns or {})
        out = dataset.left_out()
        keep = np.ones(len(dataset), dtype=bool)
        if out is not None:
            keep[out] = False
        origins = dataset.made_from()
        if origins is not None:
            keep &= origins == -1
        self.usable = np.flatnonzero(keep)

    def column(self, name: str) -> Any:
        """Returns a whole column, raw."""
        if name not in self._columns:
            self._columns[name] = self.dataset.column(name)
        return self._columns[name]

    def values(self, name: str) -> Any:
        """Returns the usable rows of a column, raw, in the order of `usable`."""
        column = self.column(name)
        if len(self.usable) == len(self.dataset):
            return column
        return column[self.usable] if isinstance(column, np.ndarray) else [column[row] for row in self.usable]

    def parts(self, name: str) -> Iterator[tuple[np.ndarray, Any]]:
        """Returns the usable rows of a column a few at a time, so that images are never all in memory; damaged ones are passed over."""
        whole = self._columns.get(name)
        for start in range(0, len(self.usable), _PART):
            go_on()
            rows = self.usable[start : start + _PART]
            if whole is not None:
                yield rows, whole[rows] if isinstance(whole, np.ndarray) else [whole[row] for row in rows]
                continue
            try:
                values = self.dataset.column(name, rows)
            except UnreadableRowsError as error:
                rows = np.setdiff1d(rows, list(error.rows))
                values = self.dataset.column(name, rows)
            yield rows, values

    def fields(self, *kinds: FieldKind) -> list[Field]:
        """Returns the fields of these kinds."""
        return [field for field in self.dataset.fields if field.kind in kinds]

    @cached_property
    def equal_groups(self) -> list[np.ndarray]:
        """Groups of rows whose images, texts, series and sounds are equal, each sorted, the first rows first."""
        fields = self.fields(FieldKind.IMAGE, FieldKind.TEXT, FieldKind.SERIES, FieldKind.AUDIO)
        return self.kept("equal", fields, lambda: self._equal(fields))

    def _equal(self, fields: Sequence[Field]) -> list[np.ndarray]:
        held, read = np.zeros(len(self.dataset), dtype=np.int64), np.zeros(len(self.dataset), dtype=bool)
        for field in fields:
            numbers: dict[Any, int] = {}
            own = np.zeros(len(self.dataset), dtype=np.int64)
            for rows, values in self.parts(field.name):
                said = (value if isinstance(value, str) else content_hash(value) for value in values)
                read[rows] = True
                own[rows] = [numbers.setdefault(value, len(numbers) + 1) for value in said]
            _, held = np.unique(held * (len(numbers) + 1) + own, return_inverse=True)
        rows = np.flatnonzero(read)
        order = rows[np.argsort(held[rows], kind="stable")]
        groups = [group for group in np.split(order, np.flatnonzero(np.diff(held[order])) + 1) if len(group) > 1] if len(order) else []
        return sorted(groups, key=lambda group: int(group[0]))

    def kept(self, name: str, fields: Sequence[Field], work: Callable[[], T]) -> T:
        """Returns what `work` finds in these fields of the usable rows; it is not found again while an edit leaves both as they are.

        Args:
            name: What is found; stable.
            fields: Everything that the work reads.
            work: Reads nothing else, no splits either.
        """
        key = (name, *(field.name for field in fields))
        now = [(field, changes_of(self.dataset, field.name)) for field in fields]
        with _LOCK:
            known = _KEPT.setdefault(without_edits(self.dataset), {}).get(key)
        if known is not None and np.array_equal(known.usable, self.usable) and _same(known.fields, now):
            return known.found
        found = work()
        with _LOCK:
            _KEPT.setdefault(without_edits(self.dataset), {})[key] = _Kept(now, self.usable, found)
        return found

    @cached_property
    def split_of(self) -> np.ndarray:
        """The split of every row as text, "" where it is in none, `(len(dataset),)`."""
        found = np.full(len(self.dataset), "", dtype="U10")
        for split, rows in self.splits.items():
            found[rows] = str(split)
        return found

    def names(self, rows: Sequence[int] | np.ndarray) -> tuple[str, ...]:
        """Returns the ids of rows, at most `MOST_ROWS`."""
        ids = self.dataset.ids()
        return tuple(ids[int(row)] for row in rows[:MOST_ROWS])


class Finder(Entry, ABC):
    """One kind of trouble. One class in one module of `workbench/data/findings/`.

    Attributes:
        needs_splits: Whether there is nothing to find before rows have been divided.
        thorough: Whether it reads every row of every input, which takes a while on large data.
    """

    category: ClassVar[str] = "finding"
    needs_splits: ClassVar[bool] = False
    thorough: ClassVar[bool] = False

    @abstractmethod
    def find(self, look: Look) -> list[DataProblem]:
        """Returns what it found; nothing where all is well."""


def called(field: Field) -> str:
    """Returns what people call a field."""
    return field.label or field.name
