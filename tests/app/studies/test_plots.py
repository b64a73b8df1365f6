"""Answers that are drawn: everything that was measured lies in view, and nothing outside the range of the fit is drawn as known."""

from __future__ import annotations

import math
from typing import Any

import pyqtgraph as pg
import pytest

from workbench.app.studies.answer import AnswerView
from workbench.app.studies.plots import BudgetPlot, PairedPlot
from workbench.training.studies.record import Record

POINTS = [{"share": share, "rows": 10 * share, "values": [value - 0.01, value + 0.01], "mean": value, "spread": 0.01}
          for share, value in ((10, 0.8), (25, 0.86), (50, 0.9), (100, 0.92))]
CURVE = {"rows": [100.0, 500.0, 1000.0, 2000.0], "middle": [0.8, 0.9, 0.92, 0.93], "low": [0.78, 0.89, 0.91, 0.91], "high": [0.82, 0.91, 0.93, 0.96]}
BUDGET: dict[str, Any] = {
    "metric": "accuracy", "higher": True, "split": "test", "judged": 300, "points": POINTS, "curve": CURVE,
    "next": {"rows": 2000, "gain": 0.01, "low": 0.0, "high": 0.04},
}
PAIRED: dict[str, Any] = {
    "metric": "accuracy", "higher": True, "split": "val", "judged": 300, "change": ["class-weights"], "balance": "none", "before": [0.9, 0.91],
    "after": [0.92, 0.9], "gains": [0.02, -0.01], "mean": 0.005, "low": -0.18, "high": 0.19,
}


def dots(plot: Any) -> list[tuple[float, float]]:
    return [(spot.pos().x(), spot.pos().y()) for item in plot.plot.items if isinstance(item, pg.ScatterPlotItem) for spot in item.points()]


def in_view(plot: Any, x: float, y: float) -> bool:
    (left, right), (bottom, top) = plot.plot.getViewBox().viewRange()
    return left <= x <= right and bottom <= y <= top


def test_the_curve_shows_all_points_and_what_twice_the_rows_may_bring(qtbot: Any) -> None:
    plot = BudgetPlot()
    qtbot.addWidget(plot)
    plot.resize(600, 300)
    plot.show_result(BUDGET)
    assert {(round(10**x), round(y, 2)) for x, y in dots(plot)} >= {(100, 0.8), (250, 0.86), (500, 0.9), (1000, 0.92), (1000, 0.93)}
    assert all(in_view(plot, x, y) for x, y in dots(plot))
    assert in_view(plot, math.log10(2000), 0.96)
    assert list(plot.bottom.names.values()) == ["100", "250", "500", "1,000", "2,000"]


def test_a_budget_without_a_curve_shows_its_points(qtbot: Any) -> None:
    plot = BudgetPlot()
    qtbot.addWidget(plot)
    plot.show_result({**{key: value for key, value in BUDGET.items() if key not in ("curve", "next")}, "points": POINTS[:2]})
    assert all(in_view(plot, x, y) for x, y in dots(plot)) and len(dots(plot)) == 6


@pytest.mark.parametrize("gains, low", [([0.02, -0.01], -0.18), ([0.03], None)])
def test_differences_are_drawn_in_points_around_zero(qtbot: Any, gains: list[float], low: float | None) -> None:
    plot = PairedPlot()
    qtbot.addWidget(plot)
    plot.show_result({**PAIRED, "gains": gains, "mean": sum(gains) / len(gains), "low": low, "high": None if low is None else 0.19})
    assert [round(y, 6) for _, y in dots(plot)] == [round(100 * gain, 6) for gain in gains] + [round(100 * sum(gains) / len(gains), 6)]
    assert in_view(plot, 1, 0.0) and all(in_view(plot, x, y) for x, y in dots(plot))
    if low is not None:
        assert in_view(plot, len(gains) + 1, -18.0)


def test_an_answer_has_sentence_picture_and_numbers(qtbot: Any) -> None:
    view = AnswerView()
    qtbot.addWidget(view)
    view.resize(600, 500)
    view.show()
    view.show_record(Record("paired", "paired", result=PAIRED))
    assert view.sentence.text().startswith("Weighing classes: 2 pairs") and view.table.topLevelItemCount() == 2
    assert view.findChild(PairedPlot).isVisible()
    view.show_record(Record("budget", "budget", result=BUDGET))
    assert view.findChild(BudgetPlot).isVisible() and not view.findChild(PairedPlot).isVisible()
    view.show_nothing("None.")
    assert view.more.text() == "None." and not view.table.isVisible() and not view.findChild(BudgetPlot).isVisible()
