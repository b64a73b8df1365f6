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
        self._origins = source.made_from()
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
        self._labels[field.name] = self._handed_on(rows, np.array([number[label] for label in given.values()], dtype=np.int64))
        return replace(field, categories=classes)

    def _handed_on(self, rows: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns rows with their new classes, and with them the rows made from them that have no new class of their own."""
        if self._origins is None:
            return rows, labels
        new = np.full(len(self), -1, dtype=np.int64)
        new[rows] = labels
        made = np.flatnonzero(self._origins >= 0)
        heirs = made[(new[self._origins[made]] >= 0) & (new[made] < 0)]
        return np.concatenate([rows, heirs]), np.concatenate([labels, new[self._origins[heirs]]])

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
        out = np.array(sorted(place for row, place in self._places.items() if self.edits.rows[row].excluded), dtype=np.int64)
        if not len(out):
            return None
        return out if self._origins is None else np.union1d(out, np.flatnonzero(np.isin(self._origins, out)))

    def moved(self) -> dict[int, str]:
        own = {place: self.edits.rows[row].split for row, place in self._places.items() if self.edits.rows[row].split}
        return own if self._origins is None else {place: split for place, split in own.items() if self._origins[place] == -1}

    def made_from(self) -> np.ndarray | None:
        return self._origins

    def deciding(self, row: int, field: str = "") -> Any:
        return self.original.deciding(row, field)

    def word_spans(self, row: int) -> list[tuple[int, int]] | None:
        return self.original.word_spans(row)


def with_edits(dataset: Dataset, edits: Edits) -> Dataset:
    """Returns a dataset with these edits, and only these, laid over it."""
    plain = dataset.original if isinstance(dataset, EditedDataset) else dataset
    return EditedDataset(plain, edits) if len(edits) else plain
