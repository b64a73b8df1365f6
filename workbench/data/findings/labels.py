"""Labels that may be wrong: what a run is sure of, and the label says otherwise (confident learning, Northcutt et al. 2021)."""

from __future__ import annotations

import numpy as np

from workbench.data.base import DataProblem, Dataset
from workbench.data.findings.base import MOST_ROWS
from workbench.text import Text


def mislabelled(
    dataset: Dataset, field: str, rows: np.ndarray, shares: np.ndarray, labels: np.ndarray, out_of_sample: bool = True
) -> DataProblem | None:
    """Returns the rows whose label a model contradicts with confidence, the surest first; None where there are none.

    A class counts as seen where the model gives it at least what it gives, on average, to the rows that carry its label; a row is
    suspect where another class is seen and its own is not.

    Args:
        dataset: Where the rows are from.
        field: The category field.
        rows: Row indices, int64 `(n,)`.
        shares: What the model gives each class, `(n, classes)`, adding up to 1.
        labels: The class that each row carries, int64 `(n,)`.
        out_of_sample: Whether the model had not been trained on these rows; what it was trained on, it has partly learned by heart.
    """
    known = (labels >= 0) & (labels < shares.shape[1])
    usual = np.array([
        shares[known & (labels == number), number].mean() if (known & (labels == number)).any() else 2.0 for number in range(shares.shape[1])
    ])
    seen = np.where(shares >= usual, shares, 0.0)
    best, every = seen.argmax(1), np.arange(len(rows))
    own = shares[every, np.where(known, labels, 0)]
    suspect = known & (seen[every, best] > 0) & (best != labels) & (own < 0.5 * usual[np.where(known, labels, 0)])
    order = np.flatnonzero(suspect)[np.argsort((own - shares[every, best])[suspect], kind="stable")]
    if not len(order):
        return None
    ids, classes = dataset.ids(), dataset.field(field).categories
    names = [ids[int(rows[place])] for place in order[:MOST_ROWS]]
    reason = Text("Look at them: each may be a wrong label, or a row that the model has yet to understand.")
    learned = Text("The model was trained on these rows, so many wrong labels are not seen; validate across folds to find more.")
    return DataProblem(
        "mislabelled", Text("{count} rows carry another label than the model is sure of.", count=len(order)), tuple(names),
        reason if out_of_sample else learned,
        suggested={name: classes[int(best[place])] for name, place in zip(names, order, strict=False)},
    )


__all__ = ["mislabelled"]
