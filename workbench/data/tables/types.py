"""What a column of a table seems to hold."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from workbench.data.base import FieldKind, Split
from workbench.data.decode import SUFFIXES
from workbench.data.sound import SOUND_SUFFIXES
from workbench.data.tables.file_cells import Coded
from workbench.data.tables.numbers import DASHES, MISSING, day_first_of, decimal_of, is_date, localised, plain

MOST_CATEGORIES = 100
MIXED = 0.95
"""A column with at least this share of numbers holds numbers; the other cells are missing values, and listed."""

SPLIT_COLUMNS = frozenset({"split", "partition", "subset", "fold_split"})
SPLIT_NAMES = {
    "train": Split.TRAIN, "training": Split.TRAIN,
    "val": Split.VALIDATION, "valid": Split.VALIDATION, "validation": Split.VALIDATION,
    "dev": Split.VALIDATION, "test": Split.TEST, "testing": Split.TEST,
}
_SHARE_OF_ROWS = 0.2
_ENOUGH = 20
_SAMPLE = 200
_LONGEST_MARK = max(map(len, MISSING | DASHES))
_CATEGORY_NAMES = frozenset({
    "label", "class", "target", "category", "sentiment", "survived", "churn", "churned", "exited", "attrition", "outcome", "diagnosis", "species",
    "fraud", "is_fraud", "spam", "is_spam", "defaulted", "clicked", "purchased", "converted", "标签", "类别", "分类",
})
_ID_NAMES = re.compile(r"(row|sample|record|item|file|object)?_?(id|uuid|guid|index|key|nr|no)|编号|序号|unnamed.*|column1", re.IGNORECASE)
_ENDS_AS_ID = re.compile(r"[a-z]+id|.*_(id|nr|no|key|code|number|nummer|guid|uuid)")
_CODE = re.compile(r"[\w./#-]{1,40}")
_UUID = re.compile(r"[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)
BOOLEANS = (("false", "true"), ("no", "yes"), ("f", "t"), ("n", "y"), ("否", "是"), ("错", "对"), ("假", "真"), ("off", "on"))


class ColumnType(StrEnum):
    """What a column of a table may be taken for."""

    NUMBER = "number"
    CATEGORY = "category"
    TEXT = "text"
    DATE = "date"
    BOOLEAN = "boolean"
    IMAGE = "image"
    SOUND = "sound"
    SERIES = "series"
    CONSTANT = "constant"
    ID = "id"
    SPLIT = "split"


@dataclass(frozen=True, slots=True)
class Guess:
    """What a column was taken for.

    Attributes:
        type: What it holds.
        kind: How its values are kept: the kind of the field.
        decimal: The decimal sign of its numbers; "?" where both would do.
        day_first: How its dates are written, `yes`, `no`, "?" or "".
    """

    type: ColumnType
    kind: FieldKind
    decimal: str = "."
    day_first: str = ""


KINDS = {
    ColumnType.NUMBER: FieldKind.NUMBER, ColumnType.CATEGORY: FieldKind.CATEGORY, ColumnType.TEXT: FieldKind.TEXT,
    ColumnType.DATE: FieldKind.NUMBER, ColumnType.BOOLEAN: FieldKind.CATEGORY, ColumnType.IMAGE: FieldKind.IMAGE,
    ColumnType.SOUND: FieldKind.AUDIO, ColumnType.SERIES: FieldKind.SERIES, ColumnType.SPLIT: FieldKind.CATEGORY,
}


def present(cells: Sequence[str]) -> list[str]:
    """Returns the different cells that say something."""
    different = cells.distinct if isinstance(cells, Coded) else dict.fromkeys(cells)
    return [cell for cell in different if len(cell) > _LONGEST_MARK or cell.lower() not in MISSING]


def guess(name: str, cells: Sequence[str], decimal: str = "", missing: frozenset[str] = frozenset()) -> Guess:
    """Returns what a column seems to hold.

    Args:
        name: The name of the column, as an identifier.
        cells: Its cells.
        decimal: The decimal sign where it is known.
        missing: What else stands for a missing value, in small letters.
    """
    different = [cell for cell in present(cells) if cell.lower() not in missing] if missing else present(cells)
    found = _guess(name, cells, different, decimal)
    if found.type in (ColumnType.NUMBER, ColumnType.TEXT, ColumnType.CATEGORY):
        if len(different) == 1 and len(cells) > 1 and all(cell == different[0] for cell in cells):
            return Guess(ColumnType.CONSTANT, found.kind, found.decimal)
        if found.type != ColumnType.CATEGORY and len(different) == len(cells) > 1 and is_id(name, cells, different):
            return Guess(ColumnType.ID, found.kind, found.decimal)
    return found


def _guess(name: str, cells: Sequence[str], different: list[str], decimal: str) -> Guess:
    if not different:
        return Guess(ColumnType.TEXT, FieldKind.TEXT)
    if name in SPLIT_COLUMNS and all(cell.lower() in SPLIT_NAMES for cell in cells):
        return Guess(ColumnType.SPLIT, FieldKind.CATEGORY)
    lower = {cell.lower() for cell in different[:10]}
    if len(different) < 7 and len(lower) == 2 and any(lower == set(pair) for pair in BOOLEANS):
        return Guess(ColumnType.BOOLEAN, FieldKind.CATEGORY)
    sign = _number_sign(different, decimal)
    if sign:
        few = len(different) <= MOST_CATEGORIES and all(re.fullmatch(r"[+-]?\d+", cell) for cell in different)
        kind = FieldKind.CATEGORY if few and is_named_label(name) else FieldKind.NUMBER
        return Guess(ColumnType(str(kind)), kind, sign)
    words = solid(different)
    if words and all(is_date(cell) for cell in words):
        return Guess(ColumnType.DATE, FieldKind.NUMBER, day_first=day_first_of(words))
    for found, endings in ((ColumnType.IMAGE, SUFFIXES), (ColumnType.SOUND, SOUND_SUFFIXES)):
        if all(sum(cell.lower().endswith(endings) for cell in part) >= MIXED * len(part) for part in (different[:_SAMPLE], different)):
            return Guess(found, KINDS[found])
    if all(cell.startswith("[") for cell in different) and is_series(max(different[:_SAMPLE], key=len)):
        return Guess(ColumnType.SERIES, FieldKind.SERIES)
    kind = _words(name, cells, different)
    return Guess(ColumnType(str(kind)), kind)


def solid(different: list[str]) -> list[str]:
    """Returns the cells that also say something among numbers and dates."""
    return [cell for cell in different if len(cell) > _LONGEST_MARK or cell.lower() not in DASHES]


def _number_sign(different: list[str], decimal: str) -> str:
    """Returns the decimal sign of a column of numbers, "" where it holds something else, "?" where it might be either sign."""
    values = solid(different) if len(different) > 1 else different
    if not values or not any(character.isdigit() for cell in values[:_SAMPLE] for character in cell):
        return ""
    finite = _finite(values) if _finite(values[:_SAMPLE]) or decimal == "," else 0
    if finite == len(values) and decimal != ",":
        return "."
    mixed = "." if len(values) >= _ENOUGH and finite >= MIXED * len(values) and decimal != "," else ""
    if decimal:
        return decimal if all(np.isfinite(localised(cell, decimal)) for cell in values) else mixed
    return decimal_of(values) or mixed


def _finite(values: list[str]) -> int:
    """Returns how many of these are finite numbers as programs write them."""
    try:
        return int(np.isfinite(np.fromiter(map(float, values), np.float64, len(values))).sum()) - sum("_" in cell for cell in values)
    except ValueError:
        return sum(math.isfinite(plain(cell)) for cell in values)


def _words(name: str, cells: Sequence[str], different: list[str]) -> FieldKind:
    called = is_named_label(name)
    if len(different) > MOST_CATEGORIES or any(len(cell) > 60 for cell in different):
        return FieldKind.TEXT
    count = _said(cells)
    repeated = len(different) <= max(2, _SHARE_OF_ROWS * count) and len(different) < count
    return FieldKind.CATEGORY if repeated or called else FieldKind.TEXT


def _said(cells: Sequence[str]) -> int:
    """Returns how many cells say something."""
    if isinstance(cells, Coded):
        told = np.array([len(cell) > _LONGEST_MARK or cell.lower() not in MISSING for cell in cells.distinct], dtype=bool)
        return int(cells.counts()[told].sum())
    return sum(len(cell) > _LONGEST_MARK or cell.lower() not in MISSING for cell in cells)


def is_named_id(name: str) -> bool:
    """Whether a column is called like something that tells rows apart."""
    return bool(_ID_NAMES.fullmatch(name))


def is_named_label(name: str) -> bool:
    """Whether a column is called like an answer."""
    return name in _CATEGORY_NAMES or name.startswith(("label", "class", "target"))


def is_uuid(cell: str) -> bool:
    """Whether a cell is a UUID."""
    return bool(_UUID.fullmatch(cell))


def may_tell_apart(name: str) -> bool:
    """Whether a column is called so that it holds ids where its cells are all different."""
    return is_named_id(name) or bool(_ENDS_AS_ID.fullmatch(name))


def is_id(name: str, cells: Sequence[str], different: Sequence[str]) -> bool:
    """Whether cells that are all different tell rows apart, and nothing else."""
    if all(is_uuid(cell) for cell in different[:100]):
        return True
    if _ENDS_AS_ID.fullmatch(name) and name != "column1" and all(_CODE.fullmatch(cell) for cell in different[:100]):
        return "_" in name or _in_a_row(different)
    if not _ID_NAMES.fullmatch(name):
        return False
    if name != "column1":
        return True
    return cells[0] in ("0", "1") and all(cell == str(int(cells[0]) + place) for place, cell in enumerate(cells[:1000]))


def _in_a_row(cells: Sequence[str]) -> bool:
    """Whether cells are whole numbers with hardly a gap."""
    if not all(cell.isascii() and cell.isdigit() for cell in cells):
        return False
    values = list(map(int, cells))
    return max(values) - min(values) < 2 * len(values)


def is_series(cell: str) -> bool:
    """Whether a cell holds a list of numbers, or a list of equally long lists of numbers, as JSON writes it."""
    try:
        values = np.asarray(json.loads(cell), dtype=np.float64)
    except (ValueError, TypeError, RecursionError):
        return False
    return values.ndim in (1, 2) and values.size > 1
