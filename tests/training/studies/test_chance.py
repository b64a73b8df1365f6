"""Student's t against its table, and ranges that hold the truth as often as they say."""

from __future__ import annotations

import math

import numpy as np
import pytest

from workbench.training.studies.chance import interval, mean, spread, t_quantile

# From the table of the t distribution, two-sided 95 %.
TABLE = {1: 12.7062, 2: 4.30265, 3: 3.18245, 4: 2.77645, 5: 2.57058, 9: 2.26216, 29: 2.04523, 100: 1.98397}


@pytest.mark.parametrize("freedom", TABLE)
def test_quantiles_are_those_of_the_table(freedom: int) -> None:
    assert t_quantile(0.975, freedom) == pytest.approx(TABLE[freedom], rel=1e-5)


def test_mean_and_spread_are_those_of_numpy() -> None:
    values = [0.1, 0.4, 0.45, 0.7]
    assert mean(values) == pytest.approx(np.mean(values))
    assert spread(values) == pytest.approx(np.std(values, ddof=1))
    assert math.isnan(spread([0.3])) and math.isnan(mean([])) and math.isnan(interval([0.3])[0])


@pytest.mark.parametrize("count", [3, 5])
def test_the_range_holds_the_true_mean_as_often_as_it_says(count: int) -> None:
    generator = np.random.default_rng(3)
    ranges = [interval(generator.normal(2.0, 1.5, count).tolist()) for _ in range(2000)]
    assert np.mean([low <= 2.0 <= high for low, high in ranges]) == pytest.approx(0.95, abs=0.015)
