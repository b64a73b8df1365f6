"""The law that learning curves follow: error = a * n ** -b + c, and how far few points tie it down.

Power laws with an error that no amount of rows removes: Hestness et al., "Deep Learning Scaling is Predictable, Empirically" (2017);
Viering and Loog, "The Shape of Learning Curves: a Review" (2021), who also warn that few points say little beyond their end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.training.studies.chance import CONFIDENCE, t_quantile

if TYPE_CHECKING:
    import numpy as np

FEWEST_SIZES = 4
_FREE = 3
_STEEPEST, _FLATTEST, _EXPONENTS, _FLOORS = 2.0, 0.02, 120, 120
_NORMAL = 1.96


@dataclass(frozen=True)
class Curves:
    """All power laws that agree with some points, on a grid of exponents and floors.

    Attributes:
        largest: The number of rows that the rest is relative to.
        scale, exponent, floor: a (at `largest` rows), b and c of every curve, float64 `(m,)`; the best one first.
    """

    largest: float
    scale: np.ndarray
    exponent: np.ndarray
    floor: np.ndarray

    def errors(self, rows: float) -> np.ndarray:
        """Returns what every curve expects at this many rows, `(m,)`."""
        return self.scale * (rows / self.largest) ** -self.exponent + self.floor

    def expected(self, rows: float) -> tuple[float, float, float]:
        """Returns the best curve's error at this many rows, and the least and the most that any other expects."""
        errors = self.errors(rows)
        return float(errors[0]), float(errors.min()), float(errors.max())

    def gain(self, now: float, later: float) -> tuple[float, float, float]:
        """Returns by how much the error falls from `now` to `later` rows: best guess, least, most."""
        fall = self.errors(now) - self.errors(later)
        return float(fall[0]), float(fall.min()), float(fall.max())


def fit(rows: Sequence[float], errors: Sequence[float], deviations: Sequence[float] | None = None) -> Curves | None:
    """Returns every power law within the range of 95 % around the best one; None for fewer than four sizes.

    The best is that of least squares. Kept are the curves whose squares are not larger by more than chance explains: by a normal's
    square where the deviation of each point is known (widened where even the best curve misses the points by more), else by the square
    of Student's t times the variance around the best curve, which few points leave wide open, as it must be.

    Args:
        rows: How many rows each point had.
        errors: The error of each, at least 0.
        deviations: The standard deviation of each error, where it is known.
    """
    import numpy as np

    sizes, error = np.asarray(rows, np.float64), np.asarray(errors, np.float64)
    if len(np.unique(sizes)) < FEWEST_SIZES:
        return None
    weight = np.ones_like(error) if deviations is None else 1.0 / np.maximum(np.asarray(deviations, np.float64), 1e-9) ** 2
    exponent, floor = _grid(float(error.max()))
    shape = (sizes / sizes.max()) ** -exponent[:, None]
    rest = error - floor[:, None]
    scale = np.maximum((weight * shape * rest).sum(1) / (weight * shape**2).sum(1), 0.0)
    squares = (weight * (rest - scale[:, None] * shape) ** 2).sum(1)
    best = int(squares.argmin())
    kept = np.flatnonzero(squares <= squares[best] + _allowance(float(squares[best]), len(error) - _FREE, deviations is not None))
    order = np.concatenate(([best], kept[kept != best]))
    return Curves(float(sizes.max()), scale[order], exponent[order], floor[order])


def _grid(most: float) -> tuple[Any, Any]:
    import numpy as np

    exponents = np.geomspace(_FLATTEST, _STEEPEST, _EXPONENTS)
    exponent, floor = np.meshgrid(exponents, np.linspace(0.0, most, _FLOORS), indexing="ij")
    return exponent.ravel(), floor.ravel()


def _allowance(least: float, freedom: int, known: bool) -> float:
    """Returns how much worse than the best curve another may be."""
    freedom = max(freedom, 1)
    if known:
        return _NORMAL**2 * max(1.0, least / freedom)
    return t_quantile((1 + CONFIDENCE) / 2, freedom) ** 2 * max(least / freedom, 1e-12)
