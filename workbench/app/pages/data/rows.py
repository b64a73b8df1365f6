"""Which rows the Data page shows and how each is put into words: no widget, no paint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.app.language import say_own
from workbench.app.pages.data.curve_picture import drawn
from workbench.data.base import Dataset, Field, FieldKind

if TYPE_CHECKING:
    from workbench.data.prepare import Prepared

SPLIT_NAMES = ("train", "validation", "test")


@dataclass(frozen=True, slots=True)
class Filter:
    """What a person narrowed the view to; empty means everything.

    Attributes:
        split: `train`, `validation`, `test`, or "".
        label: A class number of the label field, or -1.
        words: Text that a row must hold, case ignored.
        rows: Rows of a finding that were asked for, or None.
    """

    split: str = ""
    label: int = -1
    words: str = ""
    rows: tuple[int, ...] | None = None


@dataclass(slots=True)
class Rows:
    """A dataset as the page sees it, with the columns that filtering needs read once.

    Attributes:
        dataset: Where the rows are from.
        prepared: Splits and preprocessing, once they are ready.
        lead: The field that is drawn in a cell: the first image, text, series or sound, else None.
        label: The field that names a row: the first category, else None.
    """

    dataset: Dataset
    prepared: Prepared | None = None
    lead: Field | None = None
    label: Field | None = None
    labels: np.ndarray | None = None
    _texts: list[str] | None = field(default=None, repr=False)
    _splits: np.ndarray | None = field(default=None, repr=False)

    @classmethod
    def of(cls, dataset: Dataset, prepared: Prepared | None, target: str = "") -> Rows:
        """Returns the view of a dataset.

        Args:
            dataset: The data.
            prepared: Its prepared form, or None while it is being made.
            target: The field that the project learns; it names the rows where it is a category.
        """
        categories = [item for item in dataset.fields if item.kind == FieldKind.CATEGORY]
        label = next((item for item in categories if item.name == target), categories[0] if categories else None)
        kinds = (FieldKind.IMAGE, FieldKind.TEXT, FieldKind.SERIES, FieldKind.AUDIO)
        lead = next((item for kind in kinds for item in dataset.fields if item.kind == kind), None)
        labels = np.asarray(dataset.column(label.name)) if label else None
        return cls(dataset, prepared, lead, label, labels)

    @property
    def splits(self) -> np.ndarray:
        """The split of every row as a small integer: index into `SPLIT_NAMES`, -1 for rows left out."""
        if self._splits is None:
            self._splits = np.full(len(self.dataset), -1, dtype=np.int8)
            for number, name in enumerate(SPLIT_NAMES):
                if self.prepared is not None:
                    self._splits[self.prepared.splits[name]] = number  # type: ignore[index]
        return self._splits

    def count_split(self, name: str) -> int:
        """Returns how many rows a split has; 0 while the data is being prepared."""
        return int(np.count_nonzero(self.splits == SPLIT_NAMES.index(name)))

    def class_counts(self, split: str = "") -> list[tuple[str, int]]:
        """Returns every class of the label field with its number of rows."""
        if self.label is None or self.labels is None:
            return []
        labels = self.labels if not split else self.labels[self.splits == SPLIT_NAMES.index(split)]
        counts = np.bincount(labels[labels >= 0], minlength=len(self.label.categories))
        return [(name, int(count)) for name, count in zip(self.label.categories, counts, strict=False)]

    def select(self, wanted: Filter) -> np.ndarray:
        """Returns the rows that pass a filter, int64, in the order of the data."""
        if wanted.rows is not None:
            return np.asarray(wanted.rows, dtype=np.int64)
        keep = np.ones(len(self.dataset), dtype=bool)
        if wanted.split:
            keep &= self.splits == SPLIT_NAMES.index(wanted.split)
        if wanted.label >= 0 and self.labels is not None:
            keep &= self.labels == wanted.label
        found = np.flatnonzero(keep)
        return self._holding(found, wanted.words.casefold()) if wanted.words else found

    def _holding(self, rows: np.ndarray, words: str) -> np.ndarray:
        if self.lead is not None and self.lead.kind == FieldKind.TEXT:
            texts = self.texts
            return np.asarray([row for row in rows if words in texts[row].casefold()], dtype=np.int64)
        ids = self.dataset.ids()
        return np.asarray(
            [row for row in rows if words in ids[int(row)].casefold() or words in self.label_of(int(row)).casefold()], dtype=np.int64
        )

    @property
    def texts(self) -> list[str]:
        """The lead column of a text dataset, read once."""
        if self._texts is None:
            assert self.lead is not None
            self._texts = list(self.dataset.column(self.lead.name))
        return self._texts

    def label_of(self, row: int) -> str:
        """Returns the class of a row as people call it, or ""."""
        if self.label is None or self.labels is None or self.labels[row] < 0:
            return ""
        return self.label.categories[int(self.labels[row])]

    def split_of(self, row: int) -> str:
        """Returns the split of a row, or ""."""
        number = int(self.splits[row])
        return SPLIT_NAMES[number] if number >= 0 else ""

    def image(self, row: int) -> np.ndarray:
        """Returns the picture of a row, uint8 `(H, W, C)`; a series or a sound is drawn as a curve."""
        raw = self.raw(row)
        return drawn(raw) if self.curves else np.asarray(raw)

    def raw(self, row: int) -> Any:
        """Returns the lead value of a row as it came."""
        assert self.lead is not None
        return self.dataset.column(self.lead.name, np.asarray([row]))[0]

    @property
    def curves(self) -> bool:
        """Whether rows are drawn as curves."""
        return self.lead is not None and self.lead.kind in (FieldKind.SERIES, FieldKind.AUDIO)

    @property
    def pictures(self) -> bool:
        """Whether rows are shown as pictures, drawn or their own."""
        return self.curves or (self.lead is not None and self.lead.kind == FieldKind.IMAGE)

    def text(self, row: int) -> str:
        """Returns a row as one line of text: its text field, or its values where it has none."""
        if self.lead is not None and self.lead.kind == FieldKind.TEXT:
            return self.texts[row]
        return "   ".join(f"{name} {value}" for name, value in self.values(row, skip_label=True))

    def values(self, row: int, *, skip_label: bool = False) -> list[tuple[str, str]]:
        """Returns the other fields of a row as words: numbers, categories, a second text, the shares of a mask."""
        shown: list[tuple[str, str]] = []
        for item in self.dataset.fields:
            if item is self.lead or item.kind == FieldKind.IMAGE or (skip_label and item is self.label):
                continue
            shown.append((say_own(item.label) or item.name, _worded(item, self.dataset.column(item.name, np.asarray([row]))[0])))
        return shown

    def rows_of(self, ids: Sequence[str]) -> tuple[int, ...]:
        """Returns the row numbers of these ids; ids of rows that were left out are dropped."""
        wanted = set(ids)
        return tuple(row for row, name in enumerate(self.dataset.ids()) if name in wanted)


def _worded(item: Field, value: Any) -> str:
    if item.kind == FieldKind.TEXT:
        return str(value)
    if item.kind == FieldKind.MASK:
        shares = np.bincount(np.asarray(value).ravel(), minlength=len(item.categories)) / max(np.asarray(value).size, 1)
        return ", ".join(f"{name} {share:.0%}" for name, share in zip(item.categories, shares, strict=False))
    if item.kind in (FieldKind.SERIES, FieldKind.AUDIO):
        return " × ".join(str(size) for size in np.shape(value))
    if item.kind == FieldKind.CATEGORY:
        return item.categories[int(value)] if 0 <= int(value) < len(item.categories) else "–"
    return "–" if not np.isfinite(value) else f"{float(value):.6g} {item.unit}".strip()
