"""How far a few numbers can be trusted: means, spreads and Student's t."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

CONFIDENCE = 0.95
_PARTS = 2000


def mean(values: Sequence[float]) -> float:
    """Returns the mean; NaN of nothing."""
    return sum(values) / len(values) if values else math.nan


def spread(values: Sequence[float]) -> float:
    """Returns the standard deviation of a sample (n - 1 below the line); NaN of fewer than two."""
    if len(values) < 2:
        return math.nan
    middle = mean(values)
    return math.sqrt(sum((value - middle) ** 2 for value in values) / (len(values) - 1))


def interval(values: Sequence[float], confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Returns the range in which the true mean lies with this confidence, by Student's t; NaN of fewer than two values."""
    if len(values) < 2:
        return math.nan, math.nan
    half = t_quantile((1 + confidence) / 2, len(values) - 1) * spread(values) / math.sqrt(len(values))
    return mean(values) - half, mean(values) + half


@cache
def t_quantile(share: float, freedom: int) -> float:
    """Returns the value that Student's t stays below with this probability, for `freedom` degrees of freedom.

    By halving an interval around it, with the distribution integrated by Simpson's rule; exact to 1e-6 for the usual shares.

    Args:
        share: Above 0.5 and below 1.
        freedom: At least 1.
    """
    low, high = 0.0, 2.0
    while _below(high, freedom) < share:
        high *= 2
    while high - low > 1e-9 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if _below(middle, freedom) < share else (low, middle)
    return (low + high) / 2


def _below(value: float, freedom: int) -> float:
    """Returns the probability of being below a positive value.

    With x = sqrt(freedom) tan(angle), the density becomes a power of the cosine over a bounded range, which Simpson's rule likes.
    """
    last = math.atan(value / math.sqrt(freedom))
    step = last / _PARTS
    heights = [math.cos(index * step) ** (freedom - 1) for index in range(_PARTS + 1)]
    area = step / 3 * (heights[0] + heights[-1] + 4 * sum(heights[1:-1:2]) + 2 * sum(heights[2:-1:2]))
    scale = math.exp(math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)) / math.sqrt(math.pi)
    return 0.5 + scale * area
