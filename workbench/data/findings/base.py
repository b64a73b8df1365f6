"""The contract of a finder: it looks at columns and splits and says which rows are in trouble, and why that matters."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from hashlib import blake2b
from typing import Any, ClassVar

import numpy as np

from workbench.catalogue import Entry
from workbench.data.base import DataProblem, Dataset, Field, FieldKind, Split, UnreadableRowsError

MOST_ROWS = 1000
"""So many rows of a problem are listed; its sentence counts all."""
_PART = 1024


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
        hashes: dict[int, bytes] = {}
        for field in fields:
            for rows, values in self.parts(field.name):
                for row, value in zip(rows.tolist(), values, strict=True):
                    hashes[row] = hashes.get(row, b"") + content_hash(value)
        groups: defaultdict[bytes, list[int]] = defaultdict(list)
        for row, digest in hashes.items():
            groups[digest].append(row)
        return [np.array(sorted(rows)) for rows in groups.values() if len(rows) > 1]

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
