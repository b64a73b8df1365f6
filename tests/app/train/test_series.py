"""Curves of any length: no peak is lost, what is appended equals what is built anew, axes end on round numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.app.pages.train.scales import linear_ticks, log_ticks, round_step, step_range, tick_words, value_range
from workbench.app.pages.train.series import FACTOR, Pyramid, Smoothed, smoothed


def curve(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return np.arange(count, dtype=float) * 3 + 1, rng.normal(size=count)


def pyramid_of(x: np.ndarray, y: np.ndarray) -> Pyramid:
    made = Pyramid()
    made.set_rows(x, y)
    return made


@pytest.mark.parametrize("count", [1, 7, 16, 999, 100_003])
def test_no_peak_is_lost_and_few_points_are_drawn(count: int) -> None:
    x, y = curve(count)
    y[count // 3], y[-1 - count // 5] = 99.0, -99.0
    shown_x, shown_y = pyramid_of(x, y).points(-np.inf, np.inf, 500)
    assert shown_y.max() == y.max() and shown_y.min() == y.min()
    assert len(shown_x) == len(shown_y) <= 2 * 500 + 2 * FACTOR**2
    assert (np.diff(shown_x) >= 0).all()


@given(st.integers(20, 5000), st.integers(10, 80), st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_each_drawn_pair_is_the_naive_minimum_and_maximum_of_its_block(count: int, most: int, seed: int) -> None:
    x, y = curve(count, seed)
    pyramid = pyramid_of(x, y)
    shown_x, shown_y = pyramid.points(-np.inf, np.inf, most)
    if len(shown_x) == count:
        np.testing.assert_array_equal(shown_y, y)
        return
    starts = shown_x[0:-1:2][: (shown_x[1::2] == shown_x[0:-1:2])[: len(shown_x) // 2].sum()]
    block = round(float(starts[1] - starts[0])) // 3
    for place, start in enumerate(starts):
        first = int(np.searchsorted(x, start))
        assert shown_y[2 * place] == y[first:first + block].min()
        assert shown_y[2 * place + 1] == y[first:first + block].max()


@given(st.lists(st.integers(1, 700), min_size=1, max_size=12))
@settings(max_examples=60, deadline=None)
def test_rows_that_come_bit_by_bit_draw_the_same_as_all_at_once(parts: list[int]) -> None:
    x, y = curve(sum(parts), 3)
    growing, done = Pyramid(), 0
    for part in parts:
        done += part
        growing.set_rows(x[:done], y[:done])
    whole = pyramid_of(x, y)
    for low, high in ((-np.inf, np.inf), (x[len(x) // 4], x[len(x) // 2])):
        for grown, built in zip(growing.points(low, high, 40), whole.points(low, high, 40), strict=True):
            np.testing.assert_array_equal(grown, built)


def test_a_part_shows_its_own_rows_and_one_on_each_side() -> None:
    x, y = curve(1000)
    shown_x, _ = pyramid_of(x, y).points(x[100], x[110], 400)
    assert shown_x[0] == x[99] and shown_x[-1] == x[111]


def test_not_a_number_hides_no_neighbour() -> None:
    x, y = curve(4000)
    y[::2] = np.nan
    assert pyramid_of(x, y).extent(-np.inf, np.inf) == (np.nanmin(y), np.nanmax(y))
    assert pyramid_of(x[:1], np.array([np.nan])).extent(-np.inf, np.inf) is None


def test_a_curve_that_was_rewound_is_built_anew() -> None:
    x, y = curve(900)
    pyramid = pyramid_of(x, y)
    pyramid.set_rows(x[:300], -y[:300])
    np.testing.assert_array_equal(pyramid.points(-np.inf, np.inf, 40)[1], pyramid_of(x[:300], -y[:300]).points(-np.inf, np.inf, 40)[1])


def test_the_value_at_a_step_is_the_last_before_it() -> None:
    pyramid = pyramid_of(np.array([10.0, 20.0]), np.array([1.0, 2.0]))
    assert [pyramid.at(step) for step in (5, 10, 19.9, 25)] == [None, 1.0, 1.0, 2.0]


@pytest.mark.parametrize("span", [1, 2, 16, 300])
def test_smoothing_is_the_mean_of_the_last_values(span: int) -> None:
    _, y = curve(120)
    y[7] = np.nan
    expected = [np.nanmean(y[max(0, index - span + 1):index + 1]) if span > 1 else y[index] for index in range(len(y))]
    np.testing.assert_allclose(smoothed(y, span), expected, rtol=1e-9)


@given(st.integers(1, 40), st.lists(st.integers(1, 90), min_size=1, max_size=10))
@settings(max_examples=60, deadline=None)
def test_smoothing_what_is_new_equals_smoothing_everything(span: int, parts: list[int]) -> None:
    _, y = curve(sum(parts), 5)
    growing, done = Smoothed(span), 0
    for part in parts:
        done += part
        last = growing.of(y[:done])
    np.testing.assert_allclose(last, smoothed(y, span), rtol=1e-9, atol=1e-12)
    assert len(growing.of(y[:1])) == 1


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6))
def test_axes_hold_their_values_and_end_on_round_numbers(low: float, span: float) -> None:
    high = low + span
    bottom, top = value_range(low, high)
    assert bottom <= low and top >= high
    assert top - bottom <= 2.2 * (high - low) + 3 * abs(low) * (0 < low < span)
    step, ticks = linear_ticks(bottom, top, 5)
    assert 2 <= len(ticks) <= 12
    assert step == round_step(top - bottom, 5)


def test_a_growing_run_moves_its_axis_seldom() -> None:
    ranges = {step_range(last) for last in range(1000, 2000)}
    assert len(ranges) == 5
    assert all(step_range(last)[1] >= last for last in (1, 3, 99, 100, 101, 12_345))
    assert step_range(0) == (0.0, 1.0)


def test_ticks_are_written_short() -> None:
    assert [tick_words(value, 0.25) for value in (0.0, 0.25, 1.0)] == ["0", "0.25", "1.00"]
    assert (tick_words(12_000, 2000), tick_words(0.001, 0.001), tick_words(2e-5, 1e-5)) == ("12,000", "0.001", "2e-5")
    assert len({tick_words(0.00016 + place * 2e-6, 2e-6) for place in range(4)}) == 4
    assert log_ticks(-3, 2) == [-3, -2, -1, 0, 1, 2]
    assert len(log_ticks(-0.2, 0.2)) >= 1


def test_ticks_of_tiny_values_stay_short() -> None:
    assert [tick_words(value, 2e-6) for value in (0.00016, 0.000162)] == ["0.00016", "1.62e-4"]


def test_flat_and_broken_values_still_have_an_axis() -> None:
    assert value_range(2.0, 2.0) == (1.0, 3.0)
    assert value_range(float("nan"), 1.0) == (0.0, 1.0)
    assert value_range(0.0, 0.0) == (-0.03, 1.03)
