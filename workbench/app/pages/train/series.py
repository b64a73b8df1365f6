"""A curve of any length that can be drawn fast: the numbers, and a pyramid of their minima and maxima."""

from __future__ import annotations

import numpy as np

FACTOR = 8
EXTENT_POINTS = 400


class Pyramid:
    """Values over increasing steps with min/max levels, each `FACTOR` times coarser, built as rows come.

    Drawing never touches more than a few thousand points, and no peak is ever lost.
    """

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forgets everything."""
        self._x, self._y = np.empty(0), np.empty(0)
        self._levels: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []

    def __len__(self) -> int:
        return len(self._x)

    def set_rows(self, x: np.ndarray, y: np.ndarray) -> None:
        """Takes the whole of a growing curve; levels are extended by what is new.

        Args:
            x: Steps, float64 `(n,)`, increasing.
            y: Values, float64 `(n,)`.
        """
        if len(x) < len(self._x):
            self._levels = []
        self._x, self._y = x, y
        below = (x, y, y)
        for number in range(64):
            if len(below[0]) < 2 * FACTOR:
                del self._levels[number:]
                return
            if number == len(self._levels):
                self._levels.append((np.empty(0), np.empty(0), np.empty(0)))
            below = self._levels[number] = _extended(self._levels[number], below)

    def points(self, low: float, high: float, most: int) -> tuple[np.ndarray, np.ndarray]:
        """Returns at most about `2 * most` points of the part between two steps, peaks included."""
        if not len(self._x):
            return self._x, self._y
        first = max(int(np.searchsorted(self._x, low)) - 1, 0)
        last = min(int(np.searchsorted(self._x, high, "right")) + 1, len(self._x))
        if last - first <= 2 * most:
            return self._x[first:last], self._y[first:last]
        level, scale = -1, 1
        while (last - first) / scale > most and level + 1 < len(self._levels):
            level, scale = level + 1, scale * FACTOR
        x, bottom, top = (column[first // scale:-(-last // scale)] for column in self._levels[level])
        tail = slice(len(self._levels[level][0]) * scale, last)
        both = np.empty(2 * len(x))
        both[0::2], both[1::2] = bottom, top
        return np.concatenate((np.repeat(x, 2), self._x[tail])), np.concatenate((both, self._y[tail]))

    @property
    def rows(self) -> tuple[np.ndarray, np.ndarray]:
        """All steps and values."""
        return self._x, self._y

    @property
    def last(self) -> float:
        """The last step, or 0."""
        return float(self._x[-1]) if len(self._x) else 0.0

    def extent(self, low: float, high: float, *, above: float = -np.inf) -> tuple[float, float] | None:
        """Returns the smallest and the largest finite value between two steps that is larger than `above`, or None."""
        _, y = self.points(low, high, EXTENT_POINTS)
        y = y[np.isfinite(y) & (y > above)]
        return (float(y.min()), float(y.max())) if len(y) else None

    def at(self, step: float) -> float | None:
        """Returns the value at a step or the last one before it, or None."""
        place = int(np.searchsorted(self._x, step, "right")) - 1
        return float(self._y[place]) if place >= 0 else None


def _extended(level: tuple[np.ndarray, ...], below: tuple[np.ndarray, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    done, whole = len(level[0]), len(below[0]) // FACTOR
    if whole <= done:
        return level[0], level[1], level[2]
    part = slice(done * FACTOR, whole * FACTOR)
    x = below[0][part].reshape(-1, FACTOR)[:, 0]
    bottom = np.fmin.reduce(below[1][part].reshape(-1, FACTOR), axis=1)
    top = np.fmax.reduce(below[2][part].reshape(-1, FACTOR), axis=1)
    return np.concatenate((level[0], x)), np.concatenate((level[1], bottom)), np.concatenate((level[2], top))


def smoothed(y: np.ndarray, span: int) -> np.ndarray:
    """Returns the mean over the last `span` values; the start averages what there is, NaN is passed over.

    Args:
        y: Values, float64 `(n,)`.
        span: How many values are averaged; 1 changes nothing.
    """
    if span <= 1 or len(y) < 2:
        return y
    window = min(span, len(y))
    clean = np.where(np.isfinite(y), y, np.nan)
    counts = np.cumsum(np.isfinite(clean))
    sums = np.nancumsum(clean)
    lead = np.arange(len(y)) - window
    before = np.where(lead >= 0, sums[np.maximum(lead, 0)], 0.0)
    number = counts - np.where(lead >= 0, counts[np.maximum(lead, 0)], 0)
    return np.divide(sums - before, number, out=np.full(len(y), np.nan), where=number > 0)


class Smoothed:
    """The running mean of a growing curve; only what is new is averaged."""

    def __init__(self, span: int) -> None:
        self.span = span
        self._mean = np.empty(0)

    def of(self, y: np.ndarray) -> np.ndarray:
        """Returns `smoothed(y, span)` for the whole of a curve that has only grown since the last call."""
        done = len(self._mean)
        if len(y) < done:
            done, self._mean = 0, np.empty(0)
        if len(y) == done:
            return self._mean
        if done < self.span:
            self._mean = smoothed(y, self.span)
        else:
            first = done - self.span + 1
            self._mean = np.concatenate((self._mean, smoothed(y[first:], self.span)[self.span - 1:]))
        return self._mean
