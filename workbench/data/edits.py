"""What people change about rows without touching the source: labels, splits, tags, notes, rows left out.

Kept by stable row id in one small file of the project. Frozen: every change is a function from `Edits` to `Edits`, so that undo, redo
and the snapshot of a run hold for data as for the drawing.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from workbench.errors import DataError, Text

FILE = "data.edits.jsonl"
MOST_ROWS = 5_000_000
_LONGEST = 10_000
_SPLITS = ("", "train", "validation", "test")
_NO_LABELS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class RowEdit:
    """What was changed about one row.

    Attributes:
        labels: The new class by the name of the category field; a name that the source lacks is a new class.
        excluded: Whether the row is left out of everything.
        split: The split that the row was moved to, or "".
        tags: Free words, sorted.
        note: Free text.
        more: What a newer version says about the row; kept as it is.
    """

    labels: Mapping[str, str] = field(default_factory=lambda: _NO_LABELS)
    excluded: bool = False
    split: str = ""
    tags: tuple[str, ...] = ()
    note: str = ""
    more: Mapping[str, Any] = field(default_factory=lambda: _NO_LABELS)

    @property
    def empty(self) -> bool:
        """Whether nothing is changed."""
        return not (self.labels or self.excluded or self.split or self.tags or self.note or self.more)


_KNOWN = frozenset({"row", "labels", "excluded", "split", "tags", "note"})
NOTHING = RowEdit()


@dataclass(frozen=True, slots=True)
class Edits:
    """All changes, by stable row id. Rows without a change are not in it.

    Attributes:
        rows: The change of every changed row.
    """

    rows: Mapping[str, RowEdit] = field(default_factory=lambda: MappingProxyType({}))

    def __len__(self) -> int:
        return len(self.rows)

    def of(self, row: str) -> RowEdit:
        """Returns what was changed about a row; an empty change where nothing was."""
        return self.rows.get(row, NOTHING)

    def changed(self, rows: Iterable[str], change: Callable[[RowEdit], RowEdit]) -> Edits:
        """Returns the edits with the same change made to some rows; what ends up empty is forgotten."""
        now = dict(self.rows)
        for row in rows:
            edit = change(now.get(row, NOTHING))
            if edit.empty:
                now.pop(row, None)
            else:
                now[row] = edit
        return self if now == dict(self.rows) else Edits(MappingProxyType(now))

    def tags(self) -> dict[str, int]:
        """Returns how many rows have each tag, sorted by name."""
        counts: dict[str, int] = {}
        for edit in self.rows.values():
            for tag in edit.tags:
                counts[tag] = counts.get(tag, 0) + 1
        return dict(sorted(counts.items()))


NO_EDITS = Edits()


def relabelled(edits: Edits, rows: Iterable[str], name: str, label: str | None) -> Edits:
    """Returns the edits with another class of a category field; None gives the rows the class of the source again."""

    def change(edit: RowEdit) -> RowEdit:
        labels = {key: value for key, value in edit.labels.items() if key != name}
        return replace(edit, labels=MappingProxyType(labels if label is None else {**labels, name: label}))

    return edits.changed(rows, change)


def excluded(edits: Edits, rows: Iterable[str], out: bool = True) -> Edits:
    """Returns the edits with rows left out, or taken in again."""
    return edits.changed(rows, lambda edit: replace(edit, excluded=out))


def moved(edits: Edits, rows: Iterable[str], split: str) -> Edits:
    """Returns the edits with rows moved to a split; "" gives them back to the rule."""
    if split not in _SPLITS:
        raise DataError(Text("There is no split called {split}.", split=repr(split)), Text("Splits are train, validation and test."))
    return edits.changed(rows, lambda edit: replace(edit, split=split))


def tagged(edits: Edits, rows: Iterable[str], tag: str, on: bool = True) -> Edits:
    """Returns the edits with a tag put on rows, or taken off."""
    word = " ".join(tag.split())[:100]
    if not word:
        return edits
    return edits.changed(rows, lambda edit: replace(edit, tags=tuple(sorted({*edit.tags} | {word} if on else {*edit.tags} - {word}))))


def noted(edits: Edits, rows: Iterable[str], note: str) -> Edits:
    """Returns the edits with a note on rows; "" removes it."""
    return edits.changed(rows, lambda edit: replace(edit, note=note.strip()[:_LONGEST]))


def dumps(edits: Edits) -> str:
    """Returns the edits as JSON Lines, sorted by row id, a line a row: a file that can be compared and kept in git."""
    return "".join(json.dumps({"row": row, **_plain(edits.rows[row])}, ensure_ascii=False, sort_keys=True) + "\n" for row in sorted(edits.rows))


def _plain(edit: RowEdit) -> dict[str, Any]:
    named = {"labels": dict(edit.labels), "excluded": edit.excluded, "split": edit.split, "tags": list(edit.tags), "note": edit.note}
    return {**edit.more, **{name: value for name, value in named.items() if value}}


def loads(text: str) -> Edits:
    """Reads what `dumps` wrote.

    Raises:
        DataError: A line is no edit; the message names the line.
    """
    rows: dict[str, RowEdit] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row, edit = _read(json.loads(line))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise DataError(
                Text("Line {number} of {file} cannot be understood.", number=number, file=FILE),
                Text("Mend or remove that line; the data itself is untouched."),
            ) from error
        if not edit.empty:
            rows[row] = edit
        if len(rows) > MOST_ROWS:
            raise DataError(Text("{file} changes more than {count} rows.", file=FILE, count=MOST_ROWS), Text("Make a new dataset of them."))
    return Edits(MappingProxyType(rows))


def _read(record: Any) -> tuple[str, RowEdit]:
    labels, tags = record.get("labels", {}), record.get("tags", [])
    words = [record["row"], *labels, *labels.values(), *tags, record.get("split", ""), record.get("note", "")]
    fits = all(isinstance(word, str) for word in words) and record.get("split", "") in _SPLITS
    if not fits or not isinstance(record.get("excluded", False), bool):
        raise ValueError("not an edit")
    return record["row"], RowEdit(
        MappingProxyType(dict(labels)), record.get("excluded", False), record.get("split", ""), tuple(sorted(set(tags))), record.get("note", ""),
        MappingProxyType({name: value for name, value in record.items() if name not in _KNOWN}),
    )


def to_csv(edits: Edits) -> str:
    """Returns the edits as a table for other programs: row, excluded, split, tags (separated by `;`), note, and a column per category field."""
    names = sorted({name for edit in edits.rows.values() for name in edit.labels})
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(["row", "excluded", "split", "tags", "note", *names])
    for row in sorted(edits.rows):
        edit = edits.rows[row]
        cells = [row, "yes" if edit.excluded else "", edit.split, ";".join(edit.tags), edit.note, *(edit.labels.get(name, "") for name in names)]
        writer.writerow([_harmless(cell) for cell in cells])
    return out.getvalue()


def _harmless(cell: str) -> str:
    """Returns a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
