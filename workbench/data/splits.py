"""Dividing rows into training, validation and test, or into folds: seeded, stratified, and stable when rows are added."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from workbench.data.base import Dataset, FieldKind, Split
from workbench.data.groups import apportioned, names_of, numbered
from workbench.data.moments import latest, moments_of, rolling
from workbench.data.row_ids import lots, lots_of
from workbench.errors import DataError, Text

_FEW_GROUPS = 64
"""With more groups than this, sorting all rows is faster than looking for the smallest of each."""


class SplitRule(Protocol):
    """How rows are divided; `workbench.project.project.SplitChoice` is one."""

    @property
    def validation(self) -> float: ...

    @property
    def test(self) -> float: ...

    @property
    def seed(self) -> int: ...

    @property
    def stratify(self) -> str: ...

    @property
    def use_given(self) -> bool: ...

    @property
    def folds(self) -> int: ...

    @property
    def fold(self) -> int: ...

    @property
    def share(self) -> float: ...

    @property
    def group(self) -> str: ...

    @property
    def time(self) -> str: ...


def keys(ids: Sequence[str], seed: int) -> np.ndarray:
    """Returns one pseudo-random number per row that depends on its id and the seed alone, uint64 `(n,)`.

    Rows are divided by these, so a row keeps its place as far as possible when others come or go.
    """
    return lots(ids, seed)


def take(count: int, groups: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Returns which rows to take so that every group gives its share.

    Args:
        count: How many rows to take.
        groups: The group of every row, int64 `(n,)`.
        order: One number per row; within a group the rows with the smallest go first.

    Returns:
        bool `(n,)`. A group never gives its last row while others still have more than one.
    """
    chosen = np.zeros(len(groups), dtype=bool)
    if len(groups) == 0 or count <= 0:
        return chosen
    counted = np.bincount(groups) if int(groups.min()) >= 0 and int(groups.max()) < _FEW_GROUPS else np.zeros(0, dtype=np.int64)
    if len(counted):
        names = np.flatnonzero(counted)
        quotas = shares(min(count, len(groups)), counted[names])
        for name, quota in zip(names.tolist(), quotas.tolist(), strict=True):
            rows = np.flatnonzero(groups == name)
            chosen[rows[smallest(order[rows], quota)]] = True
        return chosen
    _, inverse, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    quotas = shares(min(count, len(groups)), sizes)
    sequence = np.lexsort((order, inverse))
    for start, quota in zip(np.cumsum(sizes) - sizes, quotas, strict=True):
        chosen[sequence[start:start + quota]] = True
    return chosen


def smallest(order: np.ndarray, count: int) -> np.ndarray:
    """Returns which of these numbers are the smallest, bool; of equal ones the first, as a stable sort has it."""
    if count >= len(order) or count <= 0:
        return np.full(len(order), count > 0)
    last = np.partition(order, count - 1)[count - 1]
    chosen = order < last
    chosen[np.flatnonzero(order == last)[: count - int(np.count_nonzero(chosen))]] = True
    return chosen


def shares(count: int, sizes: np.ndarray) -> np.ndarray:
    """Divides `count` over groups in proportion to their sizes, by largest remainders, int64 like `sizes`."""
    exact = count * sizes / sizes.sum()
    quotas = np.minimum(np.floor(exact).astype(np.int64), sizes)
    while (missing := count - int(quotas.sum())) > 0:
        room = np.flatnonzero(quotas < sizes - 1)
        room = room if len(room) else np.flatnonzero(quotas < sizes)
        best = room[np.argsort(-(exact - quotas)[room], kind="stable")][:missing]
        quotas[best] += 1
    return quotas


def nested(count: int, groups: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Returns which rows to take so that every group gives its share, and a smaller count takes some of the same rows.

    Args:
        count: How many rows to take.
        groups: The group of every row, int64 `(n,)`.
        order: One number per row; within a group the rows with the smallest go first.

    Returns:
        bool `(n,)`. The first row of every group comes before the second of any.
    """
    _, inverse, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    sequence = np.lexsort((order, inverse))
    rank = np.arange(len(groups)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    depth = np.where(rank == 0, 0.0, (rank + 0.5) / np.repeat(sizes, sizes))
    chosen = np.zeros(len(groups), dtype=bool)
    chosen[sequence[np.lexsort((order[sequence], depth))[:count]]] = True
    return chosen


def fold_numbers(folds: int, groups: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Returns the fold of every row, int64 `(n,)`: folds of equal size, and of every group as many rows in each, give or take one.

    Args:
        folds: How many there are.
        groups: The group of every row, int64 `(n,)`.
        order: One number per row; a group is cut into folds in this order.
    """
    number, totals = np.zeros(len(groups), dtype=np.int64), np.zeros(folds, dtype=np.int64)
    for group in np.unique(groups):
        own = np.flatnonzero(groups == group)
        sizes = np.full(folds, len(own) // folds)
        sizes[np.argsort(totals, kind="stable")[: len(own) % folds]] += 1
        totals += sizes
        number[own[np.argsort(order[own], kind="stable")]] = np.repeat(np.arange(folds), sizes)
    return number


def divide(dataset: Dataset, rule: SplitRule, rows: np.ndarray, stratify: str = "") -> dict[Split, np.ndarray]:
    """Divides rows into the three splits.

    Splits that the source brings are kept where the rule says so; a missing validation part then comes out of training. A source
    that brings training and validation but no test leaves the test part empty. Where the rule asks for folds, what is not test is
    divided anew. Rows that people have moved stand where they were put, without the rest of their group. Made rows are divided by nobody:
    they train where the rows that they were made from train, else they are in no split.

    Args:
        dataset: Where the rows are from.
        rule: How to divide.
        rows: The rows to divide, int64.
        stratify: The category field to divide evenly where the rule names none.

    Returns:
        Sorted row indices, int64, by split.

    Raises:
        DataError: Too few rows, groups or moments for the parts, or a field that the rule names is not there.
    """
    origins = dataset.made_from()
    if origins is None:
        return _divided(dataset, rule, rows, stratify)
    real = origins[rows] == -1
    divided = _divided(dataset, rule, rows[real], stratify)
    fit = dataset.made_for(divided[Split.TRAIN], np.concatenate([divided[Split.VALIDATION], divided[Split.TEST]]))
    joining = np.intersect1d(rows[~real], fit)
    return {**divided, Split.TRAIN: np.sort(np.concatenate([divided[Split.TRAIN], joining]))}


def _divided(dataset: Dataset, rule: SplitRule, rows: np.ndarray, stratify: str) -> dict[Split, np.ndarray]:
    """Divides rows of the source."""
    _check_rule(rule)
    classes, order = _groups(dataset, rule.stratify or stratify, rows), lots_of(dataset, rows, rule.seed)
    cut = _cutter(dataset, rule, rows, classes, order)
    given = given_parts(dataset, rule)
    parts = np.full(len(rows), str(Split.TRAIN), dtype="U10") if given is None else given[rows].astype("U10")
    if given is None and rule.test > 0:
        _hold_out(parts, Split.TEST, cut, rule.test, rule.folds + bool(rule.time) if rule.folds else 1 + (rule.validation > 0))
    if rule.folds:
        _take_fold(parts, cut, rule)
    elif rule.validation > 0 and not np.any(parts == Split.VALIDATION):
        _hold_out(parts, Split.VALIDATION, cut, rule.validation / (1 - rule.test) if given is None else rule.validation, 1)
    moved = dataset.moved()
    if moved:
        place = np.full(len(dataset), -1, dtype=np.int64)
        place[rows] = np.arange(len(rows))
        for row, split in moved.items():
            if split and place[row] >= 0:
                parts[place[row]] = split
    if rule.share < 1:
        training = np.flatnonzero(parts == Split.TRAIN)
        parts[training[~nested(max(round(rule.share * len(training)), 1), classes[training], order[training])]] = ""
    divided = {split: np.sort(rows[parts == split]) for split in Split}
    _check(divided)
    return divided


def _hold_out(parts: np.ndarray, split: Split, cut: Cutter, share: float, leave: int) -> None:
    free = np.flatnonzero(parts == Split.TRAIN)
    if len(free):
        parts[free[cut.cut(free, share, leave)]] = split


def _take_fold(parts: np.ndarray, cut: Cutter, rule: SplitRule) -> None:
    free = np.flatnonzero((parts == Split.TRAIN) | (parts == Split.VALIDATION))
    if len(free) < rule.folds:
        raise DataError(
            Text("{rows} rows cannot be divided into {folds} parts.", rows=len(free), folds=rule.folds), Text("Add rows, or choose fewer folds."),
        )
    validation, training = cut.fold(free, rule.folds, rule.fold)
    parts[free] = ""
    parts[free[validation]], parts[free[training]] = Split.VALIDATION, Split.TRAIN


class Cutter(Protocol):
    """One way to hold rows out. Rows are places among those to be divided."""

    def cut(self, free: np.ndarray, share: float, leave: int) -> np.ndarray:
        """Returns which of these rows to hold out, bool; so many groups or moments are left at least."""
        ...

    def fold(self, free: np.ndarray, folds: int, fold: int) -> tuple[np.ndarray, np.ndarray]:
        """Returns which of these rows validate and which train in this fold, bool each."""
        ...


@dataclass(frozen=True, slots=True)
class ByClass:
    """Every class gives its share.

    Attributes:
        classes: The class of every row, int64 `(n,)`.
        order: The key of every row.
    """

    classes: np.ndarray
    order: np.ndarray

    def cut(self, free: np.ndarray, share: float, leave: int) -> np.ndarray:
        return take(min(max(round(share * len(free)), 1), len(free) - 1), self.classes[free], self.order[free])

    def fold(self, free: np.ndarray, folds: int, fold: int) -> tuple[np.ndarray, np.ndarray]:
        validation = fold_numbers(folds, self.classes[free], self.order[free]) == fold
        return validation, ~validation


@dataclass(frozen=True, slots=True)
class ByGroup:
    """Groups stay whole.

    Attributes:
        groups, classes: The group and the class of every row, int64 `(n,)`.
        order: The key of every group.
        name: What they are grouped by.
    """

    groups: np.ndarray
    classes: np.ndarray
    order: np.ndarray
    name: str

    def cut(self, free: np.ndarray, share: float, leave: int) -> np.ndarray:
        self._check(free, leave + 1)
        groups = self.groups[free]
        chosen = apportioned(groups, self.classes[free], self.order, (share, 1 - share)) == 0
        held, sizes = np.unique(groups[chosen], return_counts=True)
        back = len(held) + leave - len(np.unique(groups))
        return chosen & ~np.isin(groups, held[np.lexsort((self.order[held], sizes))[: max(back, 0)]])

    def fold(self, free: np.ndarray, folds: int, fold: int) -> tuple[np.ndarray, np.ndarray]:
        self._check(free, folds)
        validation = apportioned(self.groups[free], self.classes[free], self.order, (1 / folds,) * folds) == fold
        return validation, ~validation

    def _check(self, free: np.ndarray, needed: int) -> None:
        found = len(np.unique(self.groups[free]))
        if found == 1:
            raise DataError(
                Text("All rows belong to the same {group}: they cannot be divided without parting it.", group=self.name),
                Text("Choose another field to keep rows together by, or none."),
            )
        if found < needed:
            raise DataError(
                Text("Rows of {found} different {group} cannot be divided into {needed} parts.", found=found, group=self.name, needed=needed),
                Text("Lower the number of folds, do without a test or validation share, or choose another field."),
            )


@dataclass(frozen=True, slots=True)
class ByTime:
    """The latest rows are held out.

    Attributes:
        moments: When each row happened, float64 `(n,)`.
    """

    moments: np.ndarray

    def cut(self, free: np.ndarray, share: float, leave: int) -> np.ndarray:
        return latest(self.moments[free], share, leave)

    def fold(self, free: np.ndarray, folds: int, fold: int) -> tuple[np.ndarray, np.ndarray]:
        return rolling(self.moments[free], folds, fold)


def _cutter(
    dataset: Dataset, rule: SplitRule, rows: np.ndarray, classes: np.ndarray, order: np.ndarray,
) -> Cutter:
    if rule.group and rule.time:
        raise DataError(
            Text("Rows cannot be kept together by {group} and divided by {time} at once.", group=rule.group, time=rule.time),
            Text("Choose one of them."),
        )
    if rule.time:
        return ByTime(moments_of(dataset, rule.time, rows))
    if not rule.group:
        return ByClass(classes, order)
    ids = dataset.ids()
    groups, called = numbered(names_of(dataset, rule.group, rows), [ids[int(row)] for row in rows])
    _check_groups(groups, classes, rule.group)
    return ByGroup(groups, classes, keys(called, rule.seed), rule.group)


def _check_groups(groups: np.ndarray, classes: np.ndarray, name: str) -> None:
    """Refuses groups that are classes by another name: what is held out would never be trained on."""
    pairs = np.unique(np.stack([classes, groups]), axis=1)
    if len(np.unique(groups)) > 1 and pairs.shape[1] == len(np.unique(classes)) > 1:
        raise DataError(
            Text("All rows of a class belong to the same {group}: a class would be trained on or judged by, never both.", group=name),
            Text("Choose another field to keep rows together by, or none."),
        )


def given_parts(dataset: Dataset, rule: SplitRule) -> np.ndarray | None:
    """Returns the splits that the source brings, where they are to be kept and say more than that all is for training."""
    given = dataset.given_splits() if rule.use_given else None
    return None if given is None or np.all(given == Split.TRAIN) else given


def stratum(dataset: Dataset, names: Sequence[str]) -> str:
    """Returns the first of these fields that is a category, or ""."""
    return next((name for name in names if dataset.field(name).kind == FieldKind.CATEGORY), "")


def _groups(dataset: Dataset, name: str, rows: np.ndarray) -> np.ndarray:
    if not name or dataset.field(name).kind != FieldKind.CATEGORY:
        return np.zeros(len(rows), dtype=np.int64)
    return np.asarray(dataset.column(name, rows), dtype=np.int64)


def _check_rule(rule: SplitRule) -> None:
    if rule.validation < 0 or rule.test < 0 or rule.validation + rule.test >= 1:
        raise DataError(
            Text("The validation share {validation} and the test share {test} leave nothing to train on.",
                 validation=rule.validation, test=rule.test),
            Text("Choose shares that add up to less than 1."),
        )
    if rule.folds == 1 or rule.folds < 0 or (rule.folds and not 0 <= rule.fold < rule.folds):
        raise DataError(
            Text("There is no fold {fold} of {folds}.", fold=rule.fold, folds=rule.folds),
            Text("Choose at least 2 folds, and count them from 0; 0 folds divide by shares."),
        )
    if not 0 < rule.share <= 1:
        raise DataError(
            Text("A share of {share} of the training rows cannot be trained on.", share=rule.share), Text("Choose a share above 0 and up to 1."),
        )


def _check(divided: dict[Split, np.ndarray]) -> None:
    if len(divided[Split.TRAIN]) == 0:
        raise DataError(Text("There is no row to train on."), Text("Add rows, or lower the shares of validation and test."))
