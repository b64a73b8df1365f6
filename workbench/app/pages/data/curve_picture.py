"""Series and sounds as small pictures, so that a grid of rows can show them like images. No widget, no paint."""

from __future__ import annotations

import numpy as np

HEIGHT_PX, WIDTH_PX, MARGIN_PX = 72, 96, 4
_PAPER, _INK = 24, 235


def drawn(values: np.ndarray) -> np.ndarray:
    """Returns a series as curves on a dark ground, uint8 `(72, 96, 1)`; the first feature brightest.

    Args:
        values: `(T,)` or `(T, F)`.
    """
    series = np.asarray(values, dtype=np.float64).reshape(len(values), -1)
    picture = np.full((HEIGHT_PX, WIDTH_PX, 1), _PAPER, np.uint8)
    finite = series[np.isfinite(series)]
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
    span = high - low if high > low else 1.0
    edges = np.linspace(0, len(series), WIDTH_PX + 1)
    for feature in reversed(range(min(series.shape[1], 8))):
        heights = (high - np.nan_to_num(series[:, feature], nan=low)) / span * (HEIGHT_PX - 1 - 2 * MARGIN_PX) + MARGIN_PX
        _stroke(picture, heights, edges, max(_INK - 45 * feature, 70))
    return picture


def _stroke(picture: np.ndarray, heights: np.ndarray, edges: np.ndarray, ink: int) -> None:
    """Draws one curve: in every column from the smallest to the largest value that falls into it."""
    at = np.interp(edges, np.arange(len(heights)) + 0.5, heights)
    for column in range(len(edges) - 1):
        first, last = int(np.ceil(edges[column])), int(np.floor(edges[column + 1]))
        inside = [float(at[column]), float(at[column + 1]), *heights[first:last].tolist()]
        picture[round(min(inside)) : round(max(inside)) + 1, column] = ink
