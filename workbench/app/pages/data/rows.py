"""A dataset as the Data page sees it: what is drawn in a cell, what rows can be filtered and sorted by, each value in words. No paint."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.app.language import say_own, tr
from workbench.app.pages.data.captions import Captions
from workbench.app.pages.data.curve_picture import drawn
from workbench.app.pages.data.filtering import Facet, Filter, Marks, Selector
from workbench.data.base import Dataset, Field, FieldKind
from workbench.data.edits import NO_EDITS, Edits, RowEdit

if TYPE_CHECKING:
    from workbench.app.pages.data.verdicts import Verdicts
    from workbench.data.prepare import Prepared

SPLIT_NAMES = ("train", "validation", "test")
LEFT_OUT = 3
_LEADS = (FieldKind.IMAGE, FieldKind.AUDIO, FieldKind.SERIES, FieldKind.TEXT)
_LONG_TEXT, _LOOKED_AT = 60, 50
"""A text of so many characters, in the mean over a few rows, is read rather than looked up."""


@dataclass(slots=True)
class Rows:
    """A dataset with the columns that filtering needs, read once.

    Attributes:
        dataset: Where the rows are from, edits laid over it.
        prepared: Splits and preprocessing, once they are ready.
        lead: The field that is drawn in a cell: the first image, sound, series or text, else None.
        target: The field that the project learns, or None.
        table: Whether a row is many short values, which are shown side by side.
        label: The field that names a row: the target where it is a category, else the first category, else None.
        mask: The mask that is laid over the picture, or None.
        labels: The class of every row, int64.
        splits: The split of every row: a number of `SPLIT_NAMES`, or -1 for rows that are left out.
        edits: What was changed.
        verdicts: What a run says about the rows, or None.
    """

    dataset: Dataset
    prepared: Prepared | None = None
    lead: Field | None = None
    label: Field | None = None
    mask: Field | None = None
    labels: np.ndarray | None = None
    splits: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int8))
    edits: Edits = NO_EDITS
    verdicts: Verdicts | None = None
    target: Field | None = None
    table: bool = False
    _said: Captions | None = field(default=None, repr=False)
    _texts: Sequence[str] | None = field(default=None, repr=False)
    _columns: dict[str, np.ndarray] = field(default_factory=dict, repr=False)
    _selector: Selector | None = field(default=None, repr=False)
    _ids: Sequence[str] | None = field(default=None, repr=False)

    @classmethod
    def of(
        cls, dataset: Dataset, prepared: Prepared | None, target: str = "", edits: Edits = NO_EDITS, verdicts: Verdicts | None = None,
        before: Rows | None = None,
    ) -> Rows:
        """Returns the view of a dataset.

        Args:
            dataset: The data.
            prepared: Its prepared form, or None while it is being made.
            target: The field that the project learns; it names the rows where it is a category.
            edits: What was changed.
            verdicts: What a run says about the rows.
            before: The view of the same source until now; what an edit cannot have changed is taken over.
        """
        categories = [item for item in dataset.fields if item.kind == FieldKind.CATEGORY]
        label = next((item for item in categories if item.name == target), categories[0] if categories else None)
        lead = next((item for kind in _LEADS for item in dataset.fields if item.kind == kind), None)
        mask = next((item for item in dataset.fields if item.kind == FieldKind.MASK), None)
        labels = np.asarray(dataset.column(label.name)) if label else None
        same = before is not None and source_of(before.dataset) is source_of(dataset)
        wanted = next((item for item in dataset.fields if item.name == target), None)
        made = cls(dataset, prepared, lead, label, mask, labels, edits=edits, verdicts=verdicts, target=wanted)
        made.table = before.table if before is not None and same else _is_table(dataset, lead, label)
        made.splits = _splits(dataset, prepared, before.splits if before is not None and same else None)
        if before is not None and same:
            made._texts, made._columns, made._ids = before._texts, before._columns, before._ids
        return made

    @property
    def pictures(self) -> bool:
        """Whether rows are shown as pictures, drawn or their own."""
        return self.curves or (self.lead is not None and self.lead.kind == FieldKind.IMAGE)

    @property
    def curves(self) -> bool:
        """Whether rows are drawn as curves."""
        return self.lead is not None and self.lead.kind in (FieldKind.SERIES, FieldKind.AUDIO)

    @property
    def selector(self) -> Selector:
        """What filters, counts and sorts these rows."""
        if self._selector is None:
            self._selector = Selector(len(self.dataset), self._facets(), self.numbers, self._holding)
        return self._selector

    def _facets(self) -> list[Facet]:
        found = [Facet("split", tr("Split"), [*(tr(name) for name in SPLIT_NAMES), tr("left out")], self._split_codes())]
        if self.label is not None and self.labels is not None:
            found.append(Facet("label", tr("Class"), self.label.categories, self.labels))
        found += self._edit_facets()
        return found + (self.verdicts.facets() if self.verdicts is not None else [])

    def _split_codes(self) -> np.ndarray:
        return np.where(self.splits < 0, LEFT_OUT, self.splits)

    def _edit_facets(self) -> list[Facet]:
        from workbench.data.making.view import made_rows

        made, count = made_rows(self.dataset), len(self.dataset)
        if not len(self.edits):
            return [Marks("tag", tr("Tag"), {tr("synthetic"): made}, count)] if len(made) else []
        from workbench.data.row_ids import places_of

        places = places_of(self.dataset, self.edits.rows)
        held = [(places[row], edit) for row, edit in self.edits.rows.items() if row in places]
        kinds: list[tuple[str, Callable[[RowEdit], object]]] = [
            (tr("left out"), lambda edit: edit.excluded), (tr("other class"), lambda edit: edit.labels), (tr("moved"), lambda edit: edit.split),
            (tr("with a tag"), lambda edit: edit.tags), (tr("with a note"), lambda edit: edit.note),
        ]
        changed = {name: np.array([place for place, edit in held if kind(edit)], dtype=np.int64) for name, kind in kinds}
        tags = {tag: np.array([place for place, edit in held if tag in edit.tags], dtype=np.int64) for tag in self.edits.tags()}
        tags |= {tr("synthetic"): made} if len(made) else {}
        everything = np.array([place for place, _ in held], dtype=np.int64)
        marks = {tr("any change"): everything, **{name: rows for name, rows in changed.items() if len(rows)}}
        return [Marks("changed", tr("Changed"), marks, count), *([Marks("tag", tr("Tag"), tags, count)] if tags else [])]

    @property
    def number_names(self) -> list[tuple[str, str]]:
        """The numbers that rows can be sorted and narrowed by: name and what people call it."""
        found = [(item.name, say_own(item.label) or item.name) for item in self.dataset.fields if item.kind == FieldKind.NUMBER]
        if self.lead is not None and self.lead.kind == FieldKind.TEXT:
            found.append((":length", tr("Length")))
        return found + (self.verdicts.number_names() if self.verdicts is not None else [])

    def numbers(self, name: str) -> np.ndarray:
        """Returns the values of a number of every row, float32 `(n,)`, NaN where there is none."""
        if self.verdicts is not None and name in self.verdicts.columns:
            return self.verdicts.columns[name]
        if name not in self._columns:
            values = self._lengths() if name == ":length" else self.dataset.column(name)
            self._columns[name] = np.asarray(values, dtype=np.float32)
        return self._columns[name]

    def _lengths(self) -> np.ndarray:
        known = getattr(self.texts, "lengths", None)
        return np.fromiter(map(len, self.texts), np.float32, len(self.dataset)) if known is None else known

    def select(self, wanted: Filter, key: str = "", down: bool = False, group: str = "") -> np.ndarray:
        """Returns the rows that pass a filter, int64, sorted."""
        return self.selector.select(wanted, key, down, group)

    def _holding(self, words: str) -> np.ndarray:
        """Returns which rows hold some words: in their text, or in id, class and tags where they have none."""
        wanted = words.casefold()
        if self.table:
            return self._cells_holding(wanted)
        if self.lead is not None and self.lead.kind == FieldKind.TEXT:
            return _holding(self.texts, wanted)
        found = _holding(self.ids, wanted)
        if self.label is not None and self.labels is not None:
            classes = np.array([wanted in name.casefold() for name in self.label.categories] or [False])
            found |= np.where(self.labels >= 0, classes[np.clip(self.labels, 0, len(classes) - 1)], False)
        return found

    def _cells_holding(self, wanted: str) -> np.ndarray:
        """Returns which rows hold some words in any text or category."""
        found = _holding(self.ids, wanted)
        for item in self.dataset.fields:
            if item.kind == FieldKind.TEXT:
                found |= _holding(self.dataset.column(item.name), wanted)
            elif item.kind == FieldKind.CATEGORY:
                holding = np.array([*(wanted in name.casefold() for name in item.categories), False])
                found |= holding[np.asarray(self.dataset.column(item.name))]
        return found

    @property
    def ids(self) -> Sequence[str]:
        """The stable id of every row."""
        if self._ids is None:
            self._ids = self.dataset.ids()
        return self._ids

    @property
    def texts(self) -> Sequence[str]:
        """The lead column of a text dataset, read once."""
        if self._texts is None:
            assert self.lead is not None
            self._texts = self.dataset.column(self.lead.name)
        return self._texts

    def id_of(self, row: int) -> str:
        """Returns the stable id of a row."""
        return str(self.ids[row])

    def made_from(self, row: int) -> int | None:
        """Returns the row that a made row comes from, -1 where it comes from no single row; None for rows of the source."""
        origins = self.dataset.made_from()
        return None if origins is None or origins[row] == -1 else max(int(origins[row]), -1)

    def edit_of(self, row: int) -> RowEdit:
        """Returns what was changed about a row."""
        return self.edits.of(self.id_of(row)) if len(self.edits) else RowEdit()

    def label_of(self, row: int) -> str:
        """Returns the class of a row as people call it, or ""."""
        if self.label is None or self.labels is None or self.labels[row] < 0:
            return ""
        return self.label.categories[int(self.labels[row])]

    @property
    def said(self) -> Captions:
        """What stands below pictures and beside lines."""
        if self._said is None:
            self._said = Captions(self)
        return self._said

    def caption(self, row: int) -> str:
        """Returns what a row answers, and what a run says where that is something else."""
        return self.said.of(row).answer

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

    def text(self, row: int) -> str:
        """Returns a row as one line of text: its text field, or its values where it has none."""
        if self.lead is not None and self.lead.kind == FieldKind.TEXT:
            return self.texts[row] if self._texts is not None else str(self.raw(row))
        return "   ".join(f"{name} {value}" for name, value in self.values(row, skip_label=True))

    def values(self, row: int, *, skip_label: bool = False) -> list[tuple[str, str]]:
        """Returns the other fields of a row as words: numbers, categories, a second text, the shares of a mask."""
        shown: list[tuple[str, str]] = []
        for item in self.dataset.fields:
            if (item is self.lead and not self.table) or item.kind == FieldKind.IMAGE or (skip_label and item is self.label):
                continue
            shown.append((say_own(item.label) or item.name, self.worded(item, row)))
        return shown

    def worded(self, item: Field, row: int) -> str:
        """Returns one value of a row in words."""
        return _worded(item, self.dataset.column(item.name, np.asarray([row]))[0])

    def words_of(self, item: Field, row: int) -> tuple[str, str]:
        """Returns name and value of a field of a row, both in words."""
        return say_own(item.label) or item.name, self.worded(item, row)

    def fields_of_table(self) -> list[Field]:
        """Returns the fields that stand side by side in a row of a table."""
        return [item for item in self.dataset.fields if item is not self.label and item.kind != FieldKind.IMAGE]

    def other_text(self) -> Field | None:
        """Returns the text that stands for the first one (its translation, its result), or None."""
        if self.table or self.lead is None or self.lead.kind != FieldKind.TEXT:
            return None
        return next((item for item in self.dataset.fields if item.kind == FieldKind.TEXT and item is not self.lead), None)

    def file_of(self, row: int) -> Path | None:
        """Returns the file that a row was read from, where it is one."""
        source = Path(self.dataset.source)
        if self.made_from(row) is not None:
            return None
        try:
            file = source / self.id_of(row)
            return file if file.is_file() else source if source.is_file() else None
        except (OSError, ValueError):
            return None

    def rows_of(self, ids: Sequence[str]) -> tuple[int, ...]:
        """Returns the row numbers of these ids; ids of rows that were left out are dropped."""
        from workbench.data.row_ids import places_of

        return tuple(sorted(places_of(self.dataset, ids).values()))


def _holding(texts: Sequence[str], wanted: str) -> np.ndarray:
    """Returns which of some texts or ids hold words in small letters, bool; many at once where they can."""
    holding = getattr(texts, "holding", None)
    return np.fromiter((wanted in text.casefold() for text in texts), dtype=bool, count=len(texts)) if holding is None else holding(wanted)


def source_of(dataset: Dataset) -> Dataset:
    """Returns the dataset without the edits that are laid over it."""
    return getattr(dataset, "original", dataset)


def _splits(dataset: Dataset, prepared: Prepared | None, before: np.ndarray | None) -> np.ndarray:
    """Returns the split of every row; while the data is being prepared again, as it was, with the edits laid over it at once."""
    found = np.full(len(dataset), -1, dtype=np.int8)
    if prepared is not None:
        for number, name in enumerate(SPLIT_NAMES):
            found[prepared.splits[name]] = number  # type: ignore[index]
        return found
    if before is not None:
        found[:] = before
    for row, name in dataset.moved().items():
        found[row] = SPLIT_NAMES.index(name)
    out = dataset.left_out()
    if out is not None:
        found[out] = -1
    return found


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
    if not np.isfinite(value):
        return "–"
    if item.type == "date":
        moment = np.datetime64("1970-01-01T00:00", "m") + np.timedelta64(round(float(value) * 24 * 60), "m")
        return str(moment).replace("T", " ").removesuffix(" 00:00")
    return f"{float(value):,.6g} {say_own(item.unit)}".strip()


def _is_table(dataset: Dataset, lead: Field | None, label: Field | None) -> bool:
    """Whether rows are many short values: without anything to look at, or with a text that only names the row."""
    if lead is None or lead.kind != FieldKind.TEXT or not len(dataset):
        return lead is None
    others = [item for item in dataset.fields if item is not label and item.kind in (FieldKind.NUMBER, FieldKind.CATEGORY)]
    if len(others) < 2:
        return False
    texts = dataset.column(lead.name, np.arange(min(_LOOKED_AT, len(dataset))))
    return sum(len(text) for text in texts) < _LONG_TEXT * len(texts)
