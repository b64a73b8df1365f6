"""When rows happened, and dividing them so that the model is judged by what came later."""

from __future__ import annotations

import numpy as np

from workbench.data.base import Dataset, FieldKind
from workbench.data.tables.numbers import days, plain
from workbench.errors import DataError, Text

ORDER = "order"
"""The time of rows that have none: as they stand in the source."""


def moments_of(dataset: Dataset, time: str, rows: np.ndarray) -> np.ndarray:
    """Returns a number per row that grows with time, float64 `(n,)`; rows without a time come first.

    Args:
        dataset: Where the rows are from.
        time: A field of numbers or dates, or of texts or classes that are all numbers or dates; or `order` where the data has no field of
            that name: the order in which rows stand in the source.
        rows: Row indices, int64 `(n,)`.

    Raises:
        DataError: There is no such field, or it holds no times.
    """
    field = next((field for field in dataset.fields if field.name == time), None)
    if field is None and time == ORDER:
        return rows.astype(np.float64)
    if field is None or field.kind not in (FieldKind.NUMBER, FieldKind.TEXT, FieldKind.CATEGORY):
        raise _refused(dataset, time)
    column = dataset.column(time, rows)
    if field.kind == FieldKind.NUMBER:
        moments = np.asarray(column, dtype=np.float64)
    else:
        cells = [field.categories[value] if value >= 0 else "" for value in column] if field.kind == FieldKind.CATEGORY else list(column)
        moments = _read(cells)
        if not np.isfinite(moments[[bool(cell.strip()) for cell in cells]]).all():
            raise _refused(dataset, time)
    return np.where(np.isfinite(moments), moments, -np.inf)


def _read(cells: list[str]) -> np.ndarray:
    different = {cell: plain(cell) for cell in set(cells)}
    known = {cell: number if number == number else days(cell.strip(), day_first=True) for cell, number in different.items()}
    return np.array([known[cell] for cell in cells], dtype=np.float64)


def _refused(dataset: Dataset, time: str) -> DataError:
    names = [field.name for field in dataset.fields if field.kind == FieldKind.NUMBER]
    return DataError(
        Text("Rows cannot be put in order of time by {time}.", time=time), Text("It can be {names}.", names=", ".join((*names, ORDER))),
    )


def latest(moments: np.ndarray, share: float, leave: int) -> np.ndarray:
    """Returns which rows are the latest, as near to this share as equal times allow, bool `(n,)`.

    Args:
        moments: As `moments_of` returns them.
        share: Between 0 and 1; above 0 at least one moment is taken.
        leave: So many different moments are left at least.

    Raises:
        DataError: There are too few different moments.
    """
    found, counts = np.unique(moments, return_counts=True)
    _check(len(found), leave + 1)
    behind = np.cumsum(counts[::-1])[: len(found) - leave]
    return moments >= found[len(found) - 1 - int(np.abs(behind - share * len(moments)).argmin())]


def rolling(moments: np.ndarray, folds: int, fold: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns the validation rows and the training rows of one fold, bool `(n,)` each.

    Time is cut into one block more than there are folds; fold 0 trains on the first block and validates on the second, fold 1 trains on
    the first two, and so on. Nothing that comes later than a validation row is trained on.

    Raises:
        DataError: There are too few different moments.
    """
    found, counts = np.unique(moments, return_counts=True)
    _check(len(found), folds + 1)
    sums, ends = np.cumsum(counts), [0]
    for number in range(1, folds + 1):
        low, high = ends[-1] + 1, len(found) - (folds + 1 - number)
        aim = len(moments) * number / (folds + 1)
        ends.append(low + int(np.abs(sums[low - 1 : high] - aim).argmin()))
    ends.append(len(found))
    begin, end = ends[fold + 1], ends[fold + 2]
    earliest, last = found[begin], found[end - 1]
    return (moments >= earliest) & (moments <= last), moments < earliest


def _check(found: int, needed: int) -> None:
    if found < needed:
        raise DataError(
            Text("There are {found} different times, and {needed} are needed to divide the rows.", found=found, needed=needed),
            Text("Choose another field for the time, or none."),
        )
