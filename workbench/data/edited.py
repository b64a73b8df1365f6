"""A dataset as people have changed it: other labels, rows moved or left out. Rows keep their places, so indices mean the same as before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from workbench.data.base import Dataset, FieldKind
from workbench.data.edits import Edits
from workbench.data.row_ids import places_of, without_edits


class EditedDataset(Dataset):
    """A view of a dataset with edits laid over it.

    Args:
        source: The dataset as it lies on disk.
        edits: What was changed.
        before: An earlier view of the same dataset; what it knows need not be looked up again.

    Attributes:
        original: The dataset without the edits.
        edits: What was changed.
    """

    def __init__(self, source: Dataset, edits: Edits, before: EditedDataset | None = None) -> None:
        self.original, self.edits = source, edits
        self.format, self.source, self.problems, self.licence = source.format, source.source, source.problems, source.licence
        known = before._places if before is not None and before.original is source else {}
        found = places_of(source, [row for row in edits.rows if row not in known])
        self._places = {row: known[row] if row in known else found[row] for row in edits.rows if row in known or row in found}
        self._origins = source.made_from()
        self._labels: dict[str, tuple[np.ndarray, np.ndarray]] = {}  # the rows with another class, sorted, and that class
        self._whole: dict[str, np.ndarray] = {}
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
        rows, labels = self._handed_on(rows, np.array([number[label] for label in given.values()], dtype=np.int64))
        order = np.argsort(rows)
        self._labels[field.name] = rows[order], labels[order]
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
        if rows is None:
            if name not in self._whole:
                self._whole[name] = np.array(values)
                self._whole[name][places] = labels
            return self._whole[name]
        wanted = np.asarray(rows)
        if wanted.dtype == bool:
            wanted = np.flatnonzero(wanted)
        wanted = np.where(wanted < 0, wanted + len(self), wanted)
        near = np.minimum(np.searchsorted(places, wanted), len(places) - 1)
        return np.where(places[near] == wanted, labels[near], values)

    def image_sizes(self, name: str) -> np.ndarray | None:
        return self.original.image_sizes(name)

    def given_splits(self) -> np.ndarray | None:
        return self.original.given_splits()

    def relabelled(self, name: str) -> tuple[np.ndarray, np.ndarray] | None:
        """Returns the rows that have another class in a field, sorted, and that class; None where there are none."""
        return self._labels.get(name)

    def left_out(self) -> np.ndarray | None:
        return self._left_out

    @cached_property
    def _left_out(self) -> np.ndarray | None:
        out = np.array(sorted(place for row, place in self._places.items() if self.edits.rows[row].excluded), dtype=np.int64)
        if not len(out):
            return None
        return out if self._origins is None else np.union1d(out, np.flatnonzero(np.isin(self._origins, out)))

    def moved(self) -> dict[int, str]:
        own = {place: self.edits.rows[row].split for row, place in self._places.items() if self.edits.rows[row].split}
        return own if self._origins is None else {place: split for place, split in own.items() if self._origins[place] == -1}

    def made_from(self) -> np.ndarray | None:
        return self._origins

    def made_for(self, training: np.ndarray, held_out: np.ndarray) -> np.ndarray:
        return self.original.made_for(training, held_out)

    def deciding(self, row: int, field: str = "") -> Any:
        return self.original.deciding(row, field)

    def word_spans(self, row: int) -> list[tuple[int, int]] | None:
        return self.original.word_spans(row)


def with_edits(dataset: Dataset, edits: Edits) -> Dataset:
    """Returns a dataset with these edits, and only these, laid over it."""
    before = dataset if isinstance(dataset, EditedDataset) else None
    plain = before.original if before is not None else dataset
    return EditedDataset(plain, edits, before) if len(edits) else plain


def same_values(one: Dataset, other: Dataset, name: str) -> bool:
    """Whether two views of data hold the same values of a field in every row, told without reading any."""
    if without_edits(one) is not without_edits(other) or one.field(name) != other.field(name):
        return False
    return same_changes(changes_of(one, name), changes_of(other, name))


Changes = tuple[np.ndarray, np.ndarray] | None
"""Which rows have another class in a field, and that class; None where none has."""


def changes_of(dataset: Dataset, name: str) -> Changes:
    """Returns what people have changed about the values of a field."""
    return dataset.relabelled(name) if isinstance(dataset, EditedDataset) else None


def same_changes(one: Changes, other: Changes) -> bool:
    """Whether two views of the same data hold the same values."""
    if one is None or other is None:
        return one is other
    return all(np.array_equal(left, right) for left, right in zip(one, other, strict=True))
