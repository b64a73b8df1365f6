"""A dataset as people have changed it: other labels, rows moved or left out. Rows keep their places, so indices mean the same as before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from workbench.data.base import Dataset, FieldKind
from workbench.data.edits import Edits

_PLACES: WeakKeyDictionary[Dataset, Mapping[str, int]] = WeakKeyDictionary()


def places_of(dataset: Dataset) -> Mapping[str, int]:
    """Returns the index of every row by its stable id; worked out once for a dataset."""
    if dataset not in _PLACES:
        _PLACES[dataset] = {row: index for index, row in enumerate(dataset.ids())}
    return _PLACES[dataset]


class EditedDataset(Dataset):
    """A view of a dataset with edits laid over it.

    Args:
        source: The dataset as it lies on disk.
        edits: What was changed.

    Attributes:
        original: The dataset without the edits.
        edits: What was changed.
    """

    def __init__(self, source: Dataset, edits: Edits) -> None:
        self.original, self.edits = source, edits
        self.format, self.source, self.problems, self.licence = source.format, source.source, source.problems, source.licence
        every = places_of(source)
        places = {row: every[row] for row in edits.rows if row in every}
        self._places = places
        self._labels: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        self.fields = tuple(self._field(field) for field in source.fields)

    def _field(self, field: Any) -> Any:
        """Returns a field with the new classes behind the old ones, and notes which rows have another class."""
        if field.kind != FieldKind.CATEGORY:
            return field
        given = {row: self.edits.rows[row].labels[field.name] for row in self._places if field.name in self.edits.rows[row].labels}
        if not given:
            return field
        classes = (*field.categories, *sorted(set(given.values()) - set(field.categories)))
        number = {name: index for index, name in enumerate(classes)}
        rows = np.array([self._places[row] for row in given], dtype=np.int64)
        self._labels[field.name] = rows, np.array([number[label] for label in given.values()], dtype=np.int64)
        return replace(field, categories=classes)

    def __len__(self) -> int:
        return len(self.original)

    def ids(self) -> Sequence[str]:
        return self.original.ids()

    def column(self, name: str, rows: np.ndarray | None = None) -> Any:
        values = self.original.column(name, rows)
        if name not in self._labels:
            return values
        places, labels = self._labels[name]
        whole = np.full(len(self), -1, dtype=np.int64)
        whole[places] = labels
        new = whole if rows is None else whole[rows]
        return np.where(new >= 0, new, values)

    def image_sizes(self, name: str) -> np.ndarray | None:
        return self.original.image_sizes(name)

    def given_splits(self) -> np.ndarray | None:
        return self.original.given_splits()

    def left_out(self) -> np.ndarray | None:
        out = [place for row, place in self._places.items() if self.edits.rows[row].excluded]
        return np.array(sorted(out), dtype=np.int64) if out else None

    def moved(self) -> dict[int, str]:
        return {place: self.edits.rows[row].split for row, place in self._places.items() if self.edits.rows[row].split}

    def deciding(self, row: int, field: str = "") -> Any:
        return self.original.deciding(row, field)

    def word_spans(self, row: int) -> list[tuple[int, int]] | None:
        return self.original.word_spans(row)


def with_edits(dataset: Dataset, edits: Edits) -> Dataset:
    """Returns a dataset with these edits, and only these, laid over it."""
    plain = dataset.original if isinstance(dataset, EditedDataset) else dataset
    return EditedDataset(plain, edits) if len(edits) else plain
