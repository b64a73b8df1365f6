"""A dataset whose columns lie in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any

import numpy as np

from workbench.data.base import DataProblem, Dataset, Field
from workbench.data.spelling import spelled_field, spelled_names, spelled_problem


class MemoryDataset(Dataset):
    """Rows held as one array or list per column.

    Args:
        format: The name of the format.
        source: What was opened.
        fields: The columns.
        columns: Raw values by field name, as `Dataset.column` describes them.
        ids: The stable id of every row.
        splits: The split that the source assigns to each row, or None.
        problems: What opening found.
        licence: The licence of the data where known.
    """

    def __init__(
        self, *, format: str, source: str, fields: Sequence[Field], columns: Mapping[str, Any], ids: Sequence[str],
        splits: np.ndarray | None = None, problems: Sequence[DataProblem] = (), licence: str = "",
    ) -> None:
        self.format, self.source, self.fields = format, source, tuple(spelled_field(field) for field in fields)
        self.problems, self.licence = tuple(spelled_problem(problem) for problem in problems), licence
        self._columns, self._ids, self._splits = dict(columns), spelled_names(ids), splits

    def __len__(self) -> int:
        return len(self._ids)

    def ids(self) -> Sequence[str]:
        return self._ids

    def column(self, name: str, rows: np.ndarray | None = None) -> Any:
        values = self._columns[name]
        if rows is None:
            return values
        return values[rows] if isinstance(values, np.ndarray) else [values[row] for row in rows]

    def given_splits(self) -> np.ndarray | None:
        return self._splits


class NumberedIds(Sequence[str]):
    """Ids `PREFIX/00042`, written only when asked for: a file of fixed records needs no list of a million strings.

    Args:
        parts: The prefix and the number of rows of every part, in order.
    """

    def __init__(self, *parts: tuple[str, int]) -> None:
        self._parts = parts
        self._length = sum(count for _, count in parts)

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[row] for row in range(*index.indices(self._length))]
        row = int(index) + self._length if index < 0 else int(index)
        for prefix, count in self._parts:
            if 0 <= row < count:
                return f"{prefix}/{row:05d}"
            row -= count
        raise IndexError(index)

    def places(self, names: Iterable[str]) -> dict[str, int]:
        """Returns where the rows of some ids stand; ids that are not there are left out."""
        found: dict[str, int] = {}
        begins = list(accumulate((count for _, count in self._parts), initial=0))
        for name in names:
            prefix, _, digits = name.rpartition("/")
            if not (digits.isascii() and digits.isdigit() and len(digits) < 20):
                continue
            for (part, count), begin in zip(self._parts, begins, strict=False):
                if part == prefix and int(digits) < count and self[row := begin + int(digits)] == name:
                    found.setdefault(name, row)
        return found
