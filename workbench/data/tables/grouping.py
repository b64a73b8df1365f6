"""Series in long form: many rows of a table, one per moment, make up one example."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from workbench.data.base import DataProblem, Dataset, Field, FieldKind
from workbench.data.memory import MemoryDataset
from workbench.data.tables.cells import RawTable, row_ids
from workbench.data.tables.columns import Reading, dataset_of, identifiers, series_field
from workbench.data.tables.numbers import plain
from workbench.errors import DataError, Text

_GROUPS = re.compile(r"(.*_)?(id|series|subject|sequence|sensor|unit|device|patient|trial|recording|编号|序列)(_?(id|no|nr))?", re.IGNORECASE)
_TIMES = re.compile(r"(.*_)?(time|timestamp|t|step|date|datetime|cycle|frame|时间|时刻)(_.*)?", re.IGNORECASE)


def likely_groups(table: RawTable) -> list[str]:
    """Returns the columns that seem to say which series a row belongs to: called so, used again and again, and beside one called time."""
    timed = any(_TIMES.fullmatch(name.strip()) for name in table.names)
    found: list[str] = []
    for name, cells in zip(table.names, table.columns, strict=True):
        different = len(set(cells))
        if timed and _GROUPS.fullmatch(name.strip()) and not _TIMES.fullmatch(name.strip()) and 2 <= different <= len(cells) // 3:
            found.append(name)
    return found


def likely_time(names: list[str]) -> str:
    """Returns the column that is called time or the like, or ""."""
    return next((name for name in names if _TIMES.fullmatch(name.strip())), "")


def grouped(format: str, source: str, table: RawTable, reading: Reading, group: str, time: str) -> Dataset:
    """Returns one row per series: numbers that change within a series are its features, everything that does not is a field of its own.

    Args:
        format: The name of the format.
        source: What was opened.
        table: The cells.
        reading: How they are to be understood.
        group: The column that says which series a row belongs to.
        time: The column that puts the steps in order; "" takes the one that is called so, else the order of the file.

    Raises:
        DataError: There is no such column, or nothing changes within a series.
    """
    names = identifiers(table.names)
    by = _place(table, names, group) or 0
    order, starts, keys = _ordered(table, by, _place(table, names, time or likely_time(table.names), optional=not time))
    plain_rows = dataset_of(format, source, table, reading, None)
    times = _place(table, names, time or likely_time(table.names), optional=True)
    skipped = {names[by], *([names[times]] if times is not None else [])}
    columns = {field.name: plain_rows.column(field.name) for field in plain_rows.fields if field.name not in skipped}
    moving = [field for field in plain_rows.fields if field.name in columns and field.kind == FieldKind.NUMBER
              and _changes(np.asarray(columns[field.name])[order], starts)]
    if not moving:
        raise DataError(
            Text("No number changes within the series of {name}.", name=group), Text("Choose another column for the series, or none."),
        )
    values = np.stack([np.asarray(columns[field.name])[order] for field in moving], axis=1)
    rows = [np.ascontiguousarray(part) for part in np.split(values, starts[1:])]
    label = ", ".join(str(field.label or field.name) for field in moving[:4])
    field, series, problems = series_field("series", label, rows)
    splits = plain_rows.given_splits()
    fields, kept, odd = _steady(plain_rows, columns, {item.name for item in moving}, order, starts)
    return MemoryDataset(
        format=format, source=source, fields=(field, *fields), columns={"series": series, **kept}, ids=row_ids([[key] for key in keys], Counter()),
        splits=None if splits is None else splits[order][starts], problems=[*plain_rows.problems, *problems, *odd],
    )


def _place(table: RawTable, names: list[str], name: str, optional: bool = False) -> int | None:
    for listing in (table.names, names):
        if name in listing:
            return listing.index(name)
    if optional:
        return None
    raise DataError(Text("There is no column called {name}.", name=name[:80]), Text("There are {names}.", names=", ".join(table.names[:20])))


def _ordered(table: RawTable, by: int, time: int | None) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Returns the rows ordered by series and time, where each series starts, and what each is called."""
    cells = table.columns[by]
    numbers = {key: number for number, key in enumerate(dict.fromkeys(cells))}
    series = np.fromiter((numbers[cell] for cell in cells), np.int64, len(cells))
    order = np.lexsort((np.arange(len(cells)), _moments(table.columns[time]), series)) if time is not None else np.argsort(series, kind="stable")
    starts = np.flatnonzero(np.diff(series[order], prepend=-1))
    return order, starts, list(numbers)


def _moments(cells: Sequence[str]) -> np.ndarray:
    """Returns numbers in the order of time: the numbers themselves, or the places of the texts when sorted (ISO dates sort as texts)."""
    values = np.array([plain(cell) for cell in cells])
    if np.isfinite(values).all():
        return values
    return np.unique(np.array(cells), return_inverse=True)[1]


def _changes(values: np.ndarray, starts: np.ndarray) -> bool:
    """Whether a number takes several values within a series."""
    low, high = np.fmin.reduceat(values, starts), np.fmax.reduceat(values, starts)
    return bool(np.any(low < high))


def _steady(
    dataset: Dataset, columns: dict[str, object], moving: set[str], order: np.ndarray, starts: np.ndarray,
) -> tuple[list[Field], dict[str, object], list[DataProblem]]:
    """Returns the fields that a series has as a whole, with the value of its first row, and those that are left out because they change."""
    fields: list[Field] = []
    kept: dict[str, object] = {}
    changing: list[str] = []
    ends = np.append(starts[1:], len(order))
    for field in dataset.fields:
        if field.name not in columns or field.name in moving or field.kind not in (FieldKind.NUMBER, FieldKind.CATEGORY, FieldKind.TEXT):
            continue
        values = columns[field.name]
        ordered = values[order] if isinstance(values, np.ndarray) else [values[row] for row in order]  # type: ignore[index]
        if field.kind != FieldKind.NUMBER and any(len(set(ordered[begin:end])) > 1 for begin, end in zip(starts, ends, strict=True)):
            changing.append(str(field.label or field.name))
            continue
        fields.append(field)
        kept[field.name] = ordered[starts] if isinstance(ordered, np.ndarray) else [ordered[place] for place in starts]
    problems = [DataProblem(
        "changing", Text("{names} changes within a series and is left out.", names=", ".join(changing)),
        reason=Text("Only numbers can be steps of a series."),
    )] if changing else []
    return fields, kept, problems
