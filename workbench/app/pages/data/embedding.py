"""Rows as points: their features flattened, then the two directions in which they differ most, or t-SNE. Runs aside; no widget."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

from workbench.app.pages.data.statistics import sampled
from workbench.data.base import FieldKind

if TYPE_CHECKING:
    from workbench.app.pages.data.rows import Rows

MOST_ROWS, MOST_NEIGHBOURS_ROWS = 5000, 2000
_MOST_FEATURES, _WORDS = 1024, 512


def can_neighbour() -> bool:
    """Whether the package that t-SNE needs is installed."""
    return find_spec("sklearn") is not None


def embedded(rows: Rows, shown: np.ndarray, way: str) -> tuple[np.ndarray, np.ndarray]:
    """Returns rows and where they lie.

    Args:
        rows: The data.
        shown: Which rows (dataset indices); an even sample where they are many.
        way: `pca` or `tsne`.

    Returns:
        int64 `(n,)` and float32 `(n, 2)` between 0 and 1.
    """
    wanted = sampled(shown, MOST_ROWS if way == "pca" else MOST_NEIGHBOURS_ROWS)
    values = features(rows, wanted)
    flat = principal(values, 2 if way == "pca" or len(wanted) < 10 else min(50, values.shape[1]))
    if way == "tsne" and len(wanted) >= 10:
        from sklearn.manifold import TSNE

        flat = TSNE(init="pca", random_state=0, perplexity=min(30, len(wanted) // 4)).fit_transform(flat)
    low, high = flat.min(0, initial=0), flat.max(0, initial=0)
    return wanted, ((flat - low) / np.maximum(high - low, 1e-9)).astype(np.float32)


def features(rows: Rows, wanted: np.ndarray) -> np.ndarray:
    """Returns numbers that say what rows hold, standardised, float32 `(n, F)`."""
    lead = rows.lead
    if lead is None:
        numbers = [item.name for item in rows.dataset.fields if item.kind == FieldKind.NUMBER and item is not rows.label]
        columns = [np.nan_to_num(rows.numbers(name)[wanted]) for name in numbers]
        return _standard(np.stack(columns, 1) if columns else np.zeros((len(wanted), 1), np.float32))
    if lead.kind == FieldKind.TEXT:
        return _standard(_word_counts([rows.texts[row] for row in wanted]))
    return _standard(np.stack([_signal(np.asarray(rows.raw(int(row))), lead.kind) for row in wanted]))


def _signal(value: np.ndarray, kind: str) -> np.ndarray:
    """Returns a picture, a series or a sound as a vector of one length."""
    if kind == FieldKind.IMAGE:
        side = 16
        down, across = (np.linspace(0, size - 1, side).astype(np.int64) for size in value.shape[:2])
        return value[down][:, across].astype(np.float32).mean(2).ravel()
    if kind == FieldKind.AUDIO:
        from workbench.app.pages.data.sound_picture import loudness

        return loudness(value, 8).reshape(16, -1, 8).mean(1).ravel()
    flat = np.nan_to_num(np.asarray(value, np.float32).reshape(len(value), -1))
    return flat[np.linspace(0, len(flat) - 1, 128).astype(np.int64)].ravel()[:_MOST_FEATURES]


def _word_counts(texts: list[str]) -> np.ndarray:
    """Returns how often each of the most frequent words stands in each text, damped; characters where texts have no spaces."""
    parts = [text.casefold().split() if " " in text else list(text) for text in texts]
    counts: dict[str, int] = {}
    for part in parts:
        for word in part:
            counts[word] = counts.get(word, 0) + 1
    best = {word: index for index, word in enumerate(sorted(counts, key=lambda word: (-counts[word], word))[:_WORDS])}
    found = np.zeros((len(texts), max(len(best), 1)), np.float32)
    for row, part in enumerate(parts):
        for word in part:
            if word in best:
                found[row, best[word]] += 1
    return np.log1p(found)


def _standard(values: np.ndarray) -> np.ndarray:
    values = values.astype(np.float32)
    spread = values.std(0)
    return (values - values.mean(0)) / np.where(spread > 1e-6, spread, 1)


def principal(values: np.ndarray, count: int) -> np.ndarray:
    """Returns the coordinates of rows along the directions in which they differ most, float64 `(n, count)`."""
    centred = values.astype(np.float64) - values.mean(0)
    _, directions = np.linalg.eigh(centred.T @ centred)
    best = directions[:, ::-1][:, :count]
    best = best * np.where(best[np.abs(best).argmax(0), np.arange(best.shape[1])] < 0, -1, 1)
    flat = centred @ best
    return flat if flat.shape[1] >= count else np.pad(flat, ((0, 0), (0, count - flat.shape[1])))
