"""From cells to a dataset: every column as what it holds, or as what somebody said it holds."""

from __future__ import annotations

import json
import keyword
import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from workbench.data.base import DataProblem, Dataset, Field, FieldKind
from workbench.data.memory import MemoryDataset
from workbench.data.tables.cells import RawTable
from workbench.data.tables.file_cells import Coded, FileCells
from workbench.data.tables.files import LazyColumn, image_column, sound_column
from workbench.data.tables.numbers import DASHES, MISSING, day_first_of, decimal_of, plain, to_days, to_numbers
from workbench.data.tables.quick import guess
from workbench.data.tables.types import BOOLEANS, KINDS, SPLIT_NAMES, ColumnType, Guess, present
from workbench.errors import DataError, Text

_LISTED = 1000


@dataclass(frozen=True, slots=True)
class Reading:
    """How cells are to be understood.

    Attributes:
        types: The type of a column by its name or field, where another is wanted than was found.
        decimal: The decimal sign; "" finds it out.
        day_first: `yes` or `no`: whether the day comes before the month; "" finds it out.
        missing: What else stands for a missing value, in small letters.
        rate: The common rate of sounds; 0: the most frequent one.
    """

    types: Mapping[str, ColumnType]
    decimal: str = ""
    day_first: str = ""
    missing: frozenset[str] = frozenset()
    rate: int = 0


class TableDataset(MemoryDataset):
    """Columns in memory, and columns whose values lie in files of their own."""

    def column(self, name: str, rows: np.ndarray | None = None) -> Any:
        values = self._columns[name]
        if isinstance(values, LazyColumn):
            return values.read(range(len(self)) if rows is None else [int(row) for row in rows])
        return super().column(name, rows)

    def image_sizes(self, name: str) -> np.ndarray | None:
        values = self._columns[name]
        return values.sizes() if isinstance(values, LazyColumn) else None


def identifiers(names: Sequence[str]) -> list[str]:
    """Returns unique ASCII identifiers for these names; the names themselves stay as labels."""
    taken: dict[str, None] = {}
    for number, name in enumerate(names, 1):
        bare = re.sub(r"[\W_]+", "_", name[:200], flags=re.ASCII).strip("_").lower()[:60].strip("_")
        bare = bare if bare and not bare[0].isdigit() else f"column{number}" if not bare else f"c{bare}"
        bare += "_" * keyword.iskeyword(bare)
        while bare in taken:
            bare += "_2"
        taken[bare] = None
    return list(taken)


def by_identifier(row: Mapping[Any, Any], wanted: Collection[str]) -> Mapping[Any, Any]:
    """Returns a row so that it has the `wanted` columns also where their headings are no identifiers, as when the table was opened.

    Args:
        row: Cells by heading.
        wanted: The identifiers that are looked for.
    """
    if all(name in row for name in wanted):
        return row
    headings = [str(name) for name in row if name is not None]  # None holds the cells that a reader found too many
    return {**dict(zip(identifiers(headings), (cell for name, cell in row.items() if name is not None), strict=True)), **row}


def guesses(table: RawTable, reading: Reading, folder: Path | None) -> dict[str, Guess]:
    """Returns what every column is taken for, by identifier.

    Args:
        table: The cells.
        reading: How they are to be understood; types that were said are taken as said.
        folder: What the paths of files are relative to.

    Raises:
        DataError: A type was said of a column that there is not.
    """
    names = identifiers(table.names)
    _check_names(table, names, reading)
    found: dict[str, Guess] = {}
    for label, name, cells in zip(table.names, names, table.columns, strict=True):
        wanted = reading.types.get(label) or reading.types.get(name)
        guessed = guess(_called(name, label), cells, reading.decimal, reading.missing)
        if wanted is not None:
            guessed = _wanted(ColumnType(wanted), guessed, cells, reading)
        elif guessed.type in (ColumnType.IMAGE, ColumnType.SOUND) and not _exist(cells, folder):
            guessed = Guess(ColumnType.TEXT, FieldKind.TEXT)
        found[name] = guessed
    return _one_sign(found)


def _check_names(table: RawTable, names: Sequence[str], reading: Reading) -> None:
    unknown = next((name for name in reading.types if name not in table.names and name not in names), None)
    if unknown is not None:
        raise DataError(
            Text("There is no column called {name}.", name=unknown[:80]), Text("There are {names}.", names=", ".join(names[:20])),
        )


def _wanted(type: ColumnType, guessed: Guess, cells: Sequence[str], reading: Reading) -> Guess:
    if type in (ColumnType.ID, ColumnType.CONSTANT):
        return replace(guessed, type=type)
    if type == ColumnType.NUMBER and guessed.kind != FieldKind.NUMBER:
        solid = [cell for cell in present(cells) if math.isfinite(plain(cell)) or decimal_of([cell])]
        return Guess(type, FieldKind.NUMBER, reading.decimal or decimal_of(solid) or ".")
    first = day_first_of(present(cells)) if type == ColumnType.DATE else ""
    return Guess(type, KINDS[type], guessed.decimal, first)


def _exist(cells: Sequence[str], folder: Path | None) -> bool:
    """Whether one of the first cells names a file in the folder or below it."""
    return folder is not None and any(_inside(folder, cell) is not None for cell in cells[:20] if cell)


def _inside(folder: Path, cell: str) -> Path | None:
    """Returns the file that a cell names, None where there is none or it lies outside of the folder."""
    try:
        path = folder / cell
        return path if path.is_file() and path.resolve().is_relative_to(folder.resolve()) else None
    except (OSError, ValueError):
        return None


def _one_sign(found: Mapping[str, Guess]) -> dict[str, Guess]:
    """Lets columns that could be read either way follow those that cannot."""
    signs = {item.decimal for item in found.values() if item.kind == FieldKind.NUMBER and item.type != ColumnType.DATE}
    sign = "," if "," in signs else "."
    firsts = {item.day_first for item in found.values()}
    first = "no" if "no" in firsts else "yes"
    return {
        name: replace(item, decimal=sign if item.decimal == "?" else item.decimal, day_first=first if item.day_first == "?" else item.day_first)
        for name, item in found.items()
    }


def undecided(table: RawTable, reading: Reading) -> tuple[list[str], list[str]]:
    """Returns an example of every column whose decimal sign, and of every one whose order of day and month, cannot be told."""
    found = [(guess(name, cells, reading.decimal, reading.missing), cells)
             for name, cells in zip(identifiers(table.names), table.columns, strict=True)]
    certain = any(item.decimal == "," for item, _ in found)
    signs = [next(cell for cell in cells if "," in cell) for item, cells in found if item.decimal == "?" and not certain]
    ordered = any(item.day_first in ("yes", "no") for item, _ in found)
    dates = [next(cell for cell in cells if cell) for item, cells in found if item.day_first == "?" and not ordered]
    return signs, dates


Column = tuple[Field, Any]


def dataset_of(format: str, source: str, table: RawTable, reading: Reading, folder: Path | None = None) -> Dataset:
    """Returns the dataset that a table holds.

    Args:
        format: The name of the format.
        source: What was opened.
        table: The cells.
        reading: How they are to be understood.
        folder: What the paths of images and sounds are relative to.

    Raises:
        DataError: There is nothing to learn from, or a column cannot be what it was said to be.
    """
    taken_for = guesses(table, reading, folder)
    columns: dict[str, Any] = {}
    fields: list[Field] = []
    splits = None
    problems = list(table.problems)
    keep = np.ones(table.rows, bool)
    later: dict[str, Callable[[np.ndarray], LazyColumn]] = {}
    for label, name, cells in zip(table.names, taken_for, table.columns, strict=True):
        item = taken_for[name]
        if item.type == ColumnType.SPLIT:
            coded = Coded.of(cells)
            splits = np.array([str(SPLIT_NAMES.get(cell.lower(), "train")) for cell in coded.distinct], dtype="U10")[coded.codes]
            continue
        if item.type in (ColumnType.IMAGE, ColumnType.SOUND):
            field, later[name], good, found = _files(name, label, cells, item, reading, folder)
            keep &= good
            problems += found
        else:
            field, columns[name], found = _column(name, label, cells, item, reading, table.ids)
            problems += found
        fields.append(field)
    if not fields:
        raise DataError(Text("{path} has no columns besides the split.", path=source), Text("Add a column to learn from."))
    if not keep.any():
        raise DataError(Text("None of the files that {path} names can be used.", path=source), problems[-1].message)
    return _kept(format, source, table, fields, columns, later, keep, splits, problems)


def _kept(
    format: str, source: str, table: RawTable, fields: list[Field], columns: dict[str, Any], later: Mapping[str, Any], keep: np.ndarray,
    splits: np.ndarray | None, problems: list[DataProblem],
) -> Dataset:
    """Returns the dataset of the rows whose files can be used."""
    rows, ids = np.flatnonzero(keep), table.ids
    if len(rows) < len(keep):
        columns = {name: values[rows] if isinstance(values, np.ndarray) else [values[row] for row in rows] for name, values in columns.items()}
        ids = [ids[int(row)] for row in rows]
        splits = None if splits is None else splits[rows]
    columns |= {name: make(rows) for name, make in later.items()}
    return TableDataset(format=format, source=source, fields=fields, columns=columns, ids=ids, splits=splits, problems=problems)


def _files(
    name: str, label: str, cells: Sequence[str], item: Guess, reading: Reading, folder: Path | None,
) -> tuple[Field, Callable[[np.ndarray], LazyColumn], np.ndarray, list[DataProblem]]:
    root = folder or Path()
    paths = [_inside(root, cell) for cell in cells]
    there = np.array([path is not None for path in paths], bool)
    rows = np.flatnonzero(there)
    found, shown = [path for path in paths if path is not None], [cells[int(row)] for row in rows]
    field, make, good, problems = image_column(name, label, found, shown) if item.type == ColumnType.IMAGE else \
        sound_column(name, label, found, shown, reading.rate)
    missing = tuple(cells[int(row)] for row in np.flatnonzero(~there)[:_LISTED])
    if missing:
        problems.append(DataProblem(
            "unreadable", Text("{count} files of {field} are not there, and their rows are left out.", count=int((~there).sum()), field=label),
            missing, Text("Paths are relative to the folder of the table; files outside of it are not read."),
        ))
    usable = there.copy()
    usable[rows] = good
    place = np.cumsum(there) - 1
    return field, lambda wanted: make(place[wanted]), usable, problems


def _column(
    name: str, label: str, cells: Sequence[str], item: Guess, reading: Reading, ids: Sequence[str],
) -> tuple[Field, Any, list[DataProblem]]:
    """Returns the field and the values of one column, and what was found in it."""
    shown = str(item.type) if item.type in (ColumnType.DATE, ColumnType.BOOLEAN, ColumnType.ID, ColumnType.CONSTANT) else ""
    if item.kind == FieldKind.NUMBER:
        return _numbers(Field(name, item.kind, label, type=shown), cells, item, reading, ids)
    if item.kind == FieldKind.CATEGORY:
        missing, coded = MISSING | reading.missing, Coded.of(cells)
        names = sorted({cell for cell in coded.distinct if cell.lower() not in missing}, key=_natural)
        if item.type == ColumnType.BOOLEAN:
            return _booleans(Field(name, item.kind, label, type=shown), coded)
        numbers = {text: number for number, text in enumerate(names)}
        labels = np.array([numbers.get(cell, -1) for cell in coded.distinct], np.int64)[coded.codes]
        return Field(name, item.kind, label, categories=tuple(names), type=shown), labels, []
    if item.kind == FieldKind.SERIES:
        return _series(name, label, cells)
    return Field(name, FieldKind.TEXT, label, type=shown), cells.texts if isinstance(cells, FileCells) else cells, []


def _called(name: str, label: str) -> str:
    """Returns what a column is judged by: its identifier, or its own name where that is in a script which no identifier is made of."""
    return name if label.isascii() else label.strip()


def column_of(
    name: str, label: str, cells: Sequence[str], wanted: ColumnType | None, reading: Reading, ids: Sequence[str],
) -> tuple[Field, Any, list[DataProblem]]:
    """Returns the field and the values of one column of cells, and what was found in it.

    Args:
        name, label: Of the field.
        cells: As they would stand in a table.
        wanted: The type that was said, or None.
        reading: How cells are to be understood.
        ids: The id of every row.
    """
    item = guess(_called(name, label), cells, reading.decimal, reading.missing)
    if item.type in (ColumnType.IMAGE, ColumnType.SOUND, ColumnType.SPLIT):
        item = Guess(ColumnType.TEXT, FieldKind.TEXT)
    item = _one_sign({name: _wanted(ColumnType(wanted), item, cells, reading) if wanted is not None else item})[name]
    return _column(name, label, cells, item, reading, ids)


def _numbers(field: Field, cells: Sequence[str], item: Guess, reading: Reading, ids: Sequence[str]) -> tuple[Field, Any, list[DataProblem]]:
    known = cells.floats(item.decimal) if isinstance(cells, FileCells) and item.type != ColumnType.DATE and not reading.missing else None
    if known is not None and (item.decimal == "." or (item.decimal == "," and not known.parsed.bare)):
        with np.errstate(over="ignore"):
            return field, known.values.astype(np.float32), []
    cells = list(cells)
    if item.type == ColumnType.DATE:
        first = (reading.day_first or item.day_first) != "no"
        values, field = to_days(cells, first), replace(field, unit=Text("days since 1970"))
    else:
        values = to_numbers(cells, item.decimal)
        if reading.missing:
            values[np.fromiter((cell.lower() in reading.missing for cell in cells), bool, len(cells))] = np.nan
    silent = MISSING | DASHES | reading.missing
    odd = [int(row) for row in np.flatnonzero(~np.isfinite(values)) if cells[row].lower() not in silent]
    with np.errstate(over="ignore"):
        kept = values.astype(np.float32)
    if not odd:
        return field, kept, []
    problem = DataProblem(
        "mixed", Text("{count} cells of {field} are no numbers: {example}.", count=len(odd), field=field.label, example=repr(cells[odd[0]][:40])),
        tuple(ids[row] for row in odd[:_LISTED]), Text("They count as missing."),
    )
    return field, kept, [problem]


def _booleans(field: Field, cells: Coded) -> tuple[Field, Any, list[DataProblem]]:
    """Returns yes and no in this order, whatever they are called: what says no comes first."""
    lower = {cell.lower() for cell in present(cells)}
    pair = next((pair for pair in BOOLEANS if lower <= set(pair)), None)
    spelled = sorted({cell for cell in cells.distinct if cell.lower() not in MISSING}, key=_natural)
    names = pair or tuple(spelled)
    if pair and len(spelled) == len(lower):
        names = tuple(next((cell for cell in spelled if cell.lower() == name), name) for name in pair)
    numbers = {name.lower(): number for number, name in enumerate(names)}
    labels = np.array([numbers.get(cell.lower(), -1) for cell in cells.distinct], np.int64)[cells.codes]
    return replace(field, categories=names), labels, []


def _series(name: str, label: str, cells: Sequence[str]) -> tuple[Field, Any, list[DataProblem]]:
    rows: list[np.ndarray] = []
    for cell in cells:
        try:
            values = np.asarray(json.loads(cell), dtype=np.float32)
            rows.append(values[:, None] if values.ndim == 1 else values)
        except (ValueError, TypeError, RecursionError):
            rows.append(np.zeros((0, 1), np.float32))
    return series_field(name, label, rows)


def series_field(name: str, label: str, rows: list[np.ndarray]) -> tuple[Field, Any, list[DataProblem]]:
    """Returns the field and the column of series `(T, F)` of any lengths; one with another number of features, or none at all, is one gap."""
    features = max((row.shape[1] for row in rows if row.ndim == 2 and row.size), default=1)
    odd = [place for place, row in enumerate(rows) if row.ndim != 2 or not row.size or row.shape[1] != features]
    for place in odd:
        rows[place] = np.full((1, features), np.nan, np.float32)
    lengths = {len(row) for row in rows}
    field = Field(name, FieldKind.SERIES, label, length=lengths.pop() if len(lengths) == 1 else 0, features=features)
    problems = [DataProblem(
        "missing", Text("{count} series of {field} are empty or of another form.", count=len(odd), field=label),
        reason=Text("They count as one missing step."),
    )] if odd else []
    return field, np.stack(rows) if field.length else rows, problems


def _natural(text: str) -> tuple[bool, float, str]:
    value = plain(text)
    return (math.isnan(value), 0.0 if math.isnan(value) else value, text)
