"""Rows that belong together (of one patient, one speaker, one scene), and dividing them without parting them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from posixpath import basename, dirname, splitext
from typing import Any

import numpy as np

from workbench.data.base import Dataset, FieldKind
from workbench.errors import DataError, Text

FOLDER, PREFIX = "folder", "prefix"
"""Groups that the ids of rows name, where ids are paths: the folder, or how the file name begins (`patient12_03.png`: patient12)."""

GROUPING = frozenset({FieldKind.CATEGORY, FieldKind.TEXT, FieldKind.NUMBER})
_NUMBERED, _FIRST = re.compile(r"(.*?\d[^_\- ]*)[_\- ]"), re.compile(r"(.[^_\- ]*)[_\- ]")
_MOST_NUMBERS = 5_000_000
_MOST_MOVES = 200
_UNEVEN = 0.1
"""Parts that are further from their size, one above and one below, than this share of the smallest are evened out."""


def prefix_of(row: str) -> str:
    """Returns what the file name of a row begins with: up to the first separator behind a number, else up to the first separator.

    `patient12_03.png` and `patient_12_03.png` give patient12 and patient_12, `84-121123-0001.flac` gives 84, `alice_happy.wav` gives
    alice. A name without a separator gives "".
    """
    name = splitext(basename(row.replace("\\", "/")))[0]
    found = _NUMBERED.match(name) or _FIRST.match(name)
    return found[1] if found else ""


def folder_of(row: str) -> str:
    """Returns the folder of a row whose id is a path, or ""."""
    return dirname(row.replace("\\", "/"))


def names_of(dataset: Dataset, group: str, rows: np.ndarray) -> list[str]:
    """Returns the name of the group of every row; "" for a row that belongs to none.

    Args:
        dataset: Where the rows are from.
        group: A category, text or number field, or `folder` or `prefix` where the data has no field of that name.
        rows: Row indices, int64 `(n,)`.

    Raises:
        DataError: There is no such field, or its values cannot be compared.
    """
    field = next((field for field in dataset.fields if field.name == group), None)
    if field is None and group in (FOLDER, PREFIX):
        ids, part = dataset.ids(), folder_of if group == FOLDER else prefix_of
        return [part(ids[int(row)]) for row in rows]
    if field is None or field.kind not in GROUPING:
        raise DataError(
            Text("Rows cannot be kept together by {group}.", group=group),
            Text("It can be {names}.", names=", ".join((*(field.name for field in dataset.fields if field.kind in GROUPING), FOLDER, PREFIX))),
        )
    values: Any = dataset.column(group, rows)
    if field.kind == FieldKind.CATEGORY:
        return ["" if value < 0 else field.categories[value] for value in np.asarray(values).tolist()]
    if field.kind == FieldKind.NUMBER:
        return ["" if value != value else repr(value) for value in np.asarray(values).tolist()]
    return [value.strip() for value in values]


def numbered(names: Sequence[str], ids: Sequence[str]) -> tuple[np.ndarray, list[str]]:
    """Returns the number of the group of every row, int64 `(n,)`, and the name of every group; a row without one is its own.

    Args:
        names: The name of the group of every row.
        ids: The id of every row.
    """
    whole = [f"group\0{name}" if name else f"row\0{row}" for name, row in zip(names, ids, strict=True)]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(whole))}
    return np.fromiter((numbers[name] for name in whole), np.int64, len(whole)), list(numbers)


def apportioned(groups: np.ndarray, strata: np.ndarray, order: np.ndarray, shares: Sequence[float]) -> np.ndarray:
    """Divides rows into parts of these shares so that no group is parted and every part has its share of every class.

    The largest groups go first, by powers of two, so that the small ones even out what the large ones leave. Among groups of about the
    same size and leading class their keys decide, in one row from part to part: a new group moves only those at the borders.

    Args:
        groups: The number of the group of every row, int64 `(n,)`.
        strata: The class of every row, int64 `(n,)`.
        order: One number per group number; the smallest keys go to the first part.
        shares: The share of each part, adding up to 1.

    Returns:
        The part of every row, int64 `(n,)`. No part is empty where there are as many groups as parts.
    """
    units, place = np.unique(groups, return_inverse=True)
    counts, weights = _counted(place, strata, len(units))
    sizes = np.bincount(place, minlength=len(units))
    layers, leading = np.floor(np.log2(sizes)).astype(np.int64), counts.argmax(1)
    sequence = np.lexsort((units, order[units], leading, -layers))
    starts = np.flatnonzero(np.diff(layers[sequence] * counts.shape[1] + leading[sequence], prepend=-1))
    part, owed = np.zeros(len(units), dtype=np.int64), np.zeros((len(shares), counts.shape[1]))
    for begin, end in zip(starts, [*starts[1:], len(sequence)], strict=True):
        alike = sequence[begin:end]
        own = counts[alike]
        owed += np.asarray(shares)[:, None] * own.sum(0)
        borders = _borders(own, _wanted(owed, own.sum(0), np.asarray(shares)), weights)
        for number in range(len(shares)):
            part[alike[borders[number] : borders[number + 1]]] = number
            owed[number] -= own[borders[number] : borders[number + 1]].sum(0)
    _even_out(part, counts, weights, np.asarray(shares))
    _fill_empty(part, sizes, order[units], len(shares))
    return part[place]


def _counted(place: np.ndarray, strata: np.ndarray, units: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns how many rows of every class a group has, `(units, classes)`, and how much each class weighs; in huge data only rows."""
    classes, number = np.unique(strata, return_inverse=True)
    if units * len(classes) > _MOST_NUMBERS:
        classes, number = classes[:1], np.zeros_like(number)
    counts = np.bincount(place * len(classes) + number, minlength=units * len(classes)).reshape(units, len(classes)).astype(np.float64)
    return counts, 1 / counts.sum(0)


def _wanted(owed: np.ndarray, total: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Returns how many of `total` rows of each class every part is to get, given what it is still owed, `(parts, classes)`."""
    wanted = np.clip(owed, 0, None)
    sums = wanted.sum(0)
    return np.where(sums > 0, wanted / np.where(sums > 0, sums, 1), shares[:, None]) * total


def _borders(own: np.ndarray, wanted: np.ndarray, weights: np.ndarray) -> list[int]:
    """Returns where each part begins and ends in a sequence of groups, as near to what is wanted as whole groups allow."""
    sums = np.concatenate([np.zeros((1, own.shape[1])), own.cumsum(0)])
    borders = [0]
    for target in wanted.cumsum(0)[:-1]:
        distance = ((sums[borders[-1] :] - target) ** 2 * weights).sum(1)
        borders.append(borders[-1] + int(distance.argmin()))
    return [*borders, len(own)]


def _even_out(part: np.ndarray, counts: np.ndarray, weights: np.ndarray, shares: np.ndarray) -> None:
    """Moves single groups from the fullest to the emptiest part while that brings all classes nearer to their shares.

    Only where parts differ much, as a few large groups may leave them; elsewhere groups stay, whatever comes and goes.
    """
    wanted = shares[:, None] * counts.sum(0)
    off = np.stack([counts[part == number].sum(0) for number in range(len(shares))]) - wanted
    for _ in range(_MOST_MOVES):
        excess = off.sum(1)
        full, empty = int(excess.argmax()), int(excess.argmin())
        if excess[full] - excess[empty] <= _UNEVEN * wanted.sum(1).min():
            return
        own = np.flatnonzero(part == full)
        change = (2 * weights * counts[own] * (counts[own] - off[full] + off[empty])).sum(1)
        if not len(own) or change.min() >= 0:
            return
        moved = own[int(change.argmin())]
        part[moved] = empty
        off[full] -= counts[moved]
        off[empty] += counts[moved]


def _fill_empty(part: np.ndarray, sizes: np.ndarray, order: np.ndarray, parts: int) -> None:
    """Gives every empty part the smallest group of the part that has most of them."""
    while len(empty := np.flatnonzero(np.bincount(part, minlength=parts) == 0)) and np.bincount(part).max() > 1:
        donors = np.flatnonzero(part == np.bincount(part).argmax())
        part[donors[np.lexsort((order[donors], sizes[donors]))[0]]] = empty[0]
