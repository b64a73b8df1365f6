"""Curves that were planted are found again, and the range around them is honest."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.training.studies.power_law import fit

ROWS = [100, 200, 500, 1000, 2000]


def law(rows: float, a: float = 2.0, b: float = 0.5, c: float = 0.02) -> float:
    return a * rows**-b + c


@pytest.mark.parametrize("b", [0.2, 0.5, 1.0])
def test_a_planted_law_is_continued(b: float) -> None:
    curves = fit(ROWS, [law(rows, b=b) for rows in ROWS])
    assert curves is not None
    best, low, high = curves.expected(4000)
    assert best == pytest.approx(law(4000, b=b), rel=0.03)
    assert low <= best <= high


def test_a_flat_line_promises_nothing() -> None:
    curves = fit(ROWS, [0.1, 0.1, 0.1, 0.1, 0.1])
    assert curves is not None
    gain, _, most = curves.gain(2000, 4000)
    assert gain == pytest.approx(0.0, abs=1e-3) and most < 0.002


def test_errors_that_grow_with_rows_promise_nothing() -> None:
    curves = fit(ROWS, [0.05, 0.07, 0.08, 0.1, 0.12], [0.005] * 5)
    assert curves is not None and curves.gain(2000, 4000)[0] < 0.005


def test_three_sizes_are_too_few() -> None:
    assert fit([100, 200, 400], [0.3, 0.2, 0.1]) is None
    assert fit([100, 100, 200, 200, 400], [0.3, 0.3, 0.2, 0.2, 0.1]) is None


def test_the_range_holds_the_truth_as_often_as_it_says() -> None:
    generator, judged, held = np.random.default_rng(11), 500, []
    for _ in range(150):
        errors = [generator.binomial(judged, law(rows)) / judged for rows in ROWS]
        curves = fit(ROWS, errors, [(law(rows) * (1 - law(rows)) / judged) ** 0.5 for rows in ROWS])
        assert curves is not None
        _, low, high = curves.gain(2000, 4000)
        held.append(low <= law(2000) - law(4000) <= high)
    assert np.mean(held) >= 0.9


def test_without_known_deviations_few_points_leave_a_wide_range() -> None:
    generator = np.random.default_rng(2)
    errors = [law(rows) + generator.normal(0, 0.01) for rows in ROWS]
    unknown, known = fit(ROWS, errors), fit(ROWS, errors, [0.01] * 5)
    assert unknown is not None and known is not None
    widths = [found.gain(2000, 4000)[2] - found.gain(2000, 4000)[1] for found in (unknown, known)]
    assert widths[0] > widths[1]
