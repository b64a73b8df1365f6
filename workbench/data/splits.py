"""Dividing rows into training, validation and test, seeded, stratified, and stable when rows are added."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Protocol

import numpy as np

from workbench.data.base import Dataset, FieldKind, Split
from workbench.errors import DataError, Text


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


def keys(ids: Sequence[str], seed: int) -> np.ndarray:
    """Returns one pseudo-random number per row that depends on its id and the seed alone, uint64 `(n,)`.

    Rows are divided by these, so a row keeps its place as far as possible when others come or go.
    """
    salt = seed.to_bytes(16, "big", signed=True)
    digests = b"".join(blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8, key=salt).digest() for name in ids)
    return np.frombuffer(digests, dtype=np.uint64)


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
    names, inverse, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    quotas = shares(min(count, len(groups)), sizes)
    sequence = np.lexsort((order, inverse))
    starts = np.concatenate(([0], np.cumsum(sizes)[:-1]))
    for start, quota in zip(starts[: len(names)], quotas, strict=True):
        chosen[sequence[start:start + quota]] = True
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


def divide(dataset: Dataset, rule: SplitRule, rows: np.ndarray, stratify: str = "") -> dict[Split, np.ndarray]:
    """Divides rows into the three splits.

    Splits that the source brings are kept where the rule says so; a missing validation part then comes out of training. A source
    that brings training and validation but no test leaves the test part empty.

    Args:
        dataset: Where the rows are from.
        rule: The shares and the seed.
        rows: The rows to divide, int64.
        stratify: The category field to divide evenly where the rule names none.

    Returns:
        Sorted row indices, int64, by split.

    Raises:
        DataError: Too few rows for a training and a validation part.
    """
    _check_shares(rule)
    groups = _groups(dataset, rule.stratify or stratify, rows)
    ids = dataset.ids()
    order = keys([ids[int(row)] for row in rows], rule.seed)
    given = given_parts(dataset, rule)
    if given is None:
        parts = np.full(len(rows), str(Split.TRAIN), dtype="U10")
        _cut(parts, rule.test, Split.TEST, groups, order)
    else:
        parts = given[rows].astype("U10")
    if not np.any(parts == Split.VALIDATION):
        _cut(parts, rule.validation / (1 - rule.test) if given is None else rule.validation, Split.VALIDATION, groups, order)
    moved = dataset.moved()
    if moved:
        own = np.array([moved.get(int(row), "") for row in rows], dtype="U10")
        parts = np.where(own != "", own, parts)
    divided = {split: np.sort(rows[parts == split]) for split in Split}
    _check(divided)
    return divided


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


def _cut(parts: np.ndarray, share: float, split: Split, groups: np.ndarray, order: np.ndarray) -> None:
    free = np.flatnonzero(parts == Split.TRAIN)
    count = min(max(round(share * len(free)), 1), len(free) - 1) if share > 0 else 0
    parts[free[take(count, groups[free], order[free])]] = split


def _check_shares(rule: SplitRule) -> None:
    if rule.validation < 0 or rule.test < 0 or rule.validation + rule.test >= 1:
        raise DataError(
            Text("The validation share {validation} and the test share {test} leave nothing to train on.",
                 validation=rule.validation, test=rule.test),
            Text("Choose shares that add up to less than 1."),
        )


def _check(divided: dict[Split, np.ndarray]) -> None:
    if len(divided[Split.TRAIN]) == 0:
        raise DataError(Text("There is no row to train on."), Text("Add rows, or lower the shares of validation and test."))
