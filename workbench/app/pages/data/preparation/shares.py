"""How many rows of each class stand in each split, and what each class counts in training. Numpy alone; no widget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workbench.app.pages.data.rows import SPLIT_NAMES, Rows
from workbench.data.balance import MOST_REPEATS
from workbench.data.making.view import real_rows


@dataclass(frozen=True, slots=True, eq=False)
class ClassShares:
    """Counts of classes.

    Attributes:
        names: The classes.
        counts: Rows of each class in each split, int64 `(classes, 3)`.
    """

    names: tuple[str, ...]
    counts: np.ndarray


def class_shares(rows: Rows, learned: Sequence[str] | None = None) -> ClassShares | None:
    """Returns how classes are divided, or None where rows have no class, or none of these fields is their class."""
    if rows.label is None or rows.labels is None or (learned is not None and rows.label.name not in learned):
        return None
    names = rows.label.categories
    inside = (rows.splits >= 0) & (rows.labels >= 0)
    codes = rows.labels[inside] * len(SPLIT_NAMES) + rows.splits[inside]
    counts = np.bincount(codes, minlength=len(names) * len(SPLIT_NAMES)).reshape(len(names), len(SPLIT_NAMES))
    return ClassShares(names, counts)


def split_counts(rows: Rows) -> tuple[int, int, int]:
    """Returns the rows of training, validation and test; made rows are not counted."""
    splits = rows.splits[real_rows(rows.dataset)]
    counts = np.bincount(splits[splits >= 0], minlength=len(SPLIT_NAMES))
    return int(counts[0]), int(counts[1]), int(counts[2])


def class_weights(training: np.ndarray) -> np.ndarray:
    """Returns what an error of each class counts where all classes are to count alike, float64 `(classes,)`; as classification does it."""
    known = np.maximum(training, 1)
    return np.where(training > 0, training.sum() / max(np.count_nonzero(training), 1) / known, 0.0)


def rows_in_epoch(training: np.ndarray) -> np.ndarray:
    """Returns how many rows of each class an epoch holds where rare ones stand more often, int64 `(classes,)`."""
    return np.minimum(training.max(initial=0), MOST_REPEATS * training)
