"""Numbers and dates as people write them: 1,234.5 and 1.234,5, 2024-01-31 and 31.1.2024."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

import numpy as np

MISSING = frozenset({"", "na", "n/a", "nan", "null", "?", "#n/a", "<na>", "\\n"})
DASHES = frozenset({"-", "--", "—", "–", "none"})
"""What also stands for a missing value among numbers and dates."""

_SPACES = re.compile(r"[\s'\u00a0\u202f’_]")
_COMMA = re.compile(r"[+-]?(\d{1,3}([.\s'\u00a0\u202f]\d{3})+|\d+),\d+([eE][+-]?\d+)?\s*%?")
_THOUSANDS = re.compile(r"[+-]?\d{1,3}([,\s'\u00a0\u202f]\d{3})+(\.\d*)?\s*%?")
_PERCENT = re.compile(r"[+-]?\d+(\.\d+)?\s*%")
_ISO = re.compile(r"\d{4}-\d{1,2}-\d{1,2}([T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?\s*(Z|[+-]\d{2}:?\d{2})?)?")
_DATE = re.compile(r"(\d{1,4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,4})\s*日?(?:[T ,]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?")


def plain(cell: str) -> float:
    """Returns the number that a program would write like this, or NaN."""
    try:
        return float(cell) if "_" not in cell else math.nan
    except ValueError:
        return math.nan


def localised(cell: str, decimal: str) -> float:
    """Returns the number that a person would write like this, or NaN.

    Args:
        cell: Such as 1.234,5 or 1,234.5 or 12 %.
        decimal: The decimal sign, `.` or `,`.
    """
    bare = cell.removesuffix("%").strip()
    if decimal == ",":
        if not (_COMMA.fullmatch(bare) or re.fullmatch(r"[+-]?\d+([eE][+-]?\d+)?|[+-]?\d{1,3}([.\s'\u00a0\u202f]\d{3})+", bare)):
            return math.nan
        return plain(_SPACES.sub("", bare).replace(".", "").replace(",", "."))
    value = plain(bare)
    return plain(_SPACES.sub("", bare).replace(",", "")) if math.isnan(value) and _THOUSANDS.fullmatch(bare) else value


def decimal_of(cells: Iterable[str]) -> str:
    """Returns the decimal sign that these cells are written with; "" where they are no numbers, "?" where it might be either."""
    odd = [cell for cell in cells if not math.isfinite(plain(cell))]
    if any(not (_THOUSANDS.fullmatch(cell) or _PERCENT.fullmatch(cell) or _COMMA.fullmatch(cell)) for cell in odd[:50]):
        return ""
    if all(_THOUSANDS.fullmatch(cell) or _PERCENT.fullmatch(cell) for cell in odd):
        return "?" if odd and all(_COMMA.fullmatch(cell) for cell in odd) else "."
    return "," if all(math.isfinite(localised(cell, ",")) for cell in odd) else ""


def day_first_of(cells: Iterable[str]) -> str:
    """Returns `yes` where the day comes before the month, `no` where not, "?" where it might be either, "" where it does not matter."""
    pairs = [(int(found[1]), int(found[2])) for cell in cells if (found := _DATE.fullmatch(cell)) and len(found[1]) <= 2]
    if not pairs:
        return ""
    if any(first > 12 for first, _ in pairs):
        return "yes"
    return "no" if any(second > 12 for _, second in pairs) else "?"


def is_date(cell: str) -> bool:
    """Whether a cell looks like a date."""
    return bool(_ISO.fullmatch(cell) or ((found := _DATE.fullmatch(cell)) and (len(found[1]) == 4 or len(found[3]) == 4)))


def days(cell: str, day_first: bool) -> float:
    """Returns a date as days since 1970-01-01, NaN where it is none."""
    from datetime import UTC, datetime

    try:
        if _ISO.fullmatch(cell):
            moment = datetime.fromisoformat(_padded(cell))
        else:
            found = _DATE.fullmatch(cell)
            if found is None:
                return math.nan
            first, second, third = (int(part) for part in found.groups()[:3])
            year, month, day = (first, second, third) if len(found[1]) == 4 else (third, *((second, first) if day_first else (first, second)))
            hour, minute, second_of = (int(part or 0) for part in found.groups()[3:])
            moment = datetime(year, month, day, hour, minute, second_of)
    except ValueError:
        return math.nan
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() / 86_400


def _padded(cell: str) -> str:
    """Returns 2024-1-5 as 2024-01-05, the only way Python reads it."""
    date, mark, rest = re.sub(r"\s+(?=Z|[+-]\d{2}:?\d{2}$)", "", cell).replace("T", " ").partition(" ")
    date = "-".join(part.zfill(2) for part in date.split("-"))
    return f"{date}{mark}{rest.zfill(len(rest) + (rest.find(':') == 1))}"


def to_numbers(cells: Sequence[str], decimal: str) -> np.ndarray:
    """Returns cells as float64 `(n,)`, NaN for what is no number; different cells are read once each."""
    if decimal == "." or not decimal:
        try:
            if not any("_" in cell for cell in cells):
                return np.fromiter(map(float, cells), np.float64, len(cells))
        except ValueError:
            pass
    values = {cell: localised(cell, decimal or ".") for cell in set(cells)}
    return np.fromiter((values[cell] for cell in cells), np.float64, len(cells))


def to_days(cells: Sequence[str], day_first: bool) -> np.ndarray:
    """Returns cells as days since 1970-01-01, float64 `(n,)`, NaN for what is no date; different cells are read once each."""
    values = {cell: days(cell, day_first) for cell in set(cells)}
    return np.fromiter((values[cell] for cell in cells), np.float64, len(cells))
