"""Rare classes seen more often: which training rows stand how many times in an epoch."""

from __future__ import annotations

import numpy as np

from workbench.data.order import mix

MOST_REPEATS = 50
"""No row stands more often than this in an epoch: it would be learned by heart."""


def oversampled(rows: np.ndarray, classes: np.ndarray, seed: int) -> np.ndarray:
    """Returns training rows so that every class stands as often as the most frequent one, as far as repeats go.

    Every row stands at least once. What does not divide evenly is drawn by the seed, so a resumed run has the same rows.

    Args:
        rows: Row indices, int64 `(n,)`.
        classes: The class of each, int64 `(n,)`; rows without a class (-1) stand once.
        seed: The seed of the run.
    """
    counts = np.bincount(classes[classes >= 0]) if len(classes) else np.zeros(0, np.int64)
    most, found = int(counts.max(initial=0)), [rows[classes < 0]]
    generator = np.random.default_rng(mix(seed, "oversample"))
    for number, count in enumerate(counts):
        if not count:
            continue
        own = rows[classes == number]
        whole, rest = divmod(min(most, MOST_REPEATS * count), int(count))
        found += [np.tile(own, whole), own[generator.permutation(count)[:rest]]]
    return np.sort(np.concatenate(found))
