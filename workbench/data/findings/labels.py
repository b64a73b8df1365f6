"""Labels that may be wrong: what a run is sure of, and the label says otherwise (confident learning, Northcutt et al. 2021)."""

from __future__ import annotations

import numpy as np

from workbench.data.base import DataProblem, Dataset
from workbench.data.findings.base import MOST_ROWS
from workbench.text import Text

_MANY_MISTAKES = 3


def mislabelled(
    dataset: Dataset, field: str, rows: np.ndarray, shares: np.ndarray, labels: np.ndarray, out_of_sample: bool = True
) -> DataProblem | None:
    """Returns the rows whose label a model contradicts with confidence, the surest first; None where there are none.

    How many: a class counts as seen where the model gives it at least what it gives, on average, to the rows that carry its label;
    counts of labels by seen classes, scaled up to all rows of a label, say how many labels are wrong (the confident joint). Which: those
    where the model is surest of another class than the label, among rows whose own class gets less than half of what is usual.

    Args:
        dataset: Where the rows are from.
        field: The category field.
        rows: Row indices, int64 `(n,)`; made rows among them are passed over.
        shares: What the model gives each class, `(n, classes)`, adding up to 1.
        labels: The class that each row carries, int64 `(n,)`.
        out_of_sample: Whether the model had not been trained on these rows; what it was trained on, it has partly learned by heart.
    """
    ids, classes = dataset.ids(), dataset.field(field).categories
    shares = shares[:, : len(classes)]
    origins = dataset.made_from()
    real = np.ones(len(rows), dtype=bool) if origins is None else origins[rows] == -1
    known = np.flatnonzero((labels >= 0) & (labels < shares.shape[1]) & real)
    carried, given = labels[known], shares[known]
    usual, wrong = _usual(given, carried), _wrong_labels(given, carried)
    every = np.arange(len(known))
    own, others = given[every, carried], given.copy()
    others[every, carried] = -1.0
    best = others.argmax(1)
    margin = own - others[every, best]
    doubted = np.flatnonzero((margin < 0) & (own < 0.5 * usual[carried]))
    order = doubted[np.argsort(margin[doubted], kind="stable")][:wrong]
    if not len(order):
        return None
    names = [ids[int(rows[known[place]])] for place in order[:MOST_ROWS]]
    reason = reason_of(int((given.argmax(1) != carried).sum()), len(known), len(order))
    learned = Text("The model was trained on these rows, so many wrong labels are not seen; validate across folds to find more.")
    return DataProblem(
        "mislabelled", Text("{count} rows carry another label than the model is sure of.", count=len(order)), tuple(names),
        reason if out_of_sample else learned,
        suggested={name: classes[int(best[place])] for name, place in zip(names, order, strict=False)}, field=field,
    )


def reason_of(mistakes: int, rows: int, suspects: int) -> Text:
    """Returns how far suspects can be trusted: a model that is wrong about far more rows than it accuses accuses many of them wrongly.

    Args:
        mistakes: How many rows the model gives another class than their label.
        rows: How many it judged.
        suspects: How many labels it contradicts with confidence.
    """
    if mistakes > _MANY_MISTAKES * suspects:
        return Text(
            "The model is wrong about {share} of the rows, so many of these may be its mistakes: train it longer, then look again.",
            share=f"{mistakes / max(rows, 1):.0%}",
        )
    return Text("Look at them: each may be a wrong label, or a row that the model has yet to understand.")


def _usual(shares: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Returns what each class gets, on average, of the rows that carry its label, `(classes,)`; 2 where there are none."""
    count = shares.shape[1]
    rows = np.bincount(labels, minlength=count)
    sums = np.bincount(labels, weights=shares[np.arange(len(labels)), labels], minlength=count)
    return np.where(rows > 0, sums / np.maximum(rows, 1), 2.0)


def _wrong_labels(shares: np.ndarray, labels: np.ndarray) -> int:
    """Returns how many labels are wrong by the confident joint, over all rows of known label."""
    count = shares.shape[1]
    usual = _usual(shares, labels)
    seen = np.where(shares >= usual, shares, 0.0)
    best = seen.argmax(1)
    sees = seen[np.arange(len(labels)), best] > 0
    joint = np.bincount(labels[sees] * count + best[sees], minlength=count * count).reshape(count, count).astype(np.float64)
    scaled = joint / np.maximum(joint.sum(1), 1)[:, None] * np.bincount(labels, minlength=count)[:, None]
    return round(float(scaled.sum() - np.trace(scaled)))


__all__ = ["mislabelled", "reason_of"]
