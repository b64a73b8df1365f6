"""Plots: curves that grow, zoom, read-out, legend, menu; following a run that somebody else writes."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPushButton

from workbench.app.pages.train.curves import Curves
from workbench.app.pages.train.plot import LivePlot
from workbench.app.pages.train.plot_menu import curves_csv, save_curves, save_picture, show_plot_menu
from workbench.project.metrics import MetricsWriter


@pytest.fixture
def plot(qtbot: Any) -> LivePlot:
    made = LivePlot("test.plot", "Loss")
    qtbot.addWidget(made)
    made.resize(640, 260)
    made.show()
    return made


def fill(plot: LivePlot, count: int = 500) -> None:
    x = np.arange(1, count + 1, dtype=float)
    plot.set_curve("a", "training", x, 1 / x, colour="#2563EB")
    plot.set_curve("raw", "", x, 2 / x, colour="#2563EB", faint=True, group="a")
    plot.set_curve("b", "validation", x[::50], 0.5 + 0 * x[::50], colour="#F59E0B", dash=1)
    plot.redraw()


def y_range(plot: LivePlot) -> tuple[float, float]:
    low, high = plot._box.viewRange()[1]
    return low, high


def test_everything_is_in_view_and_nothing_is_drawn_twice(plot: LivePlot, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(plot)
    assert plot.view_range()[0] <= 1 and plot.view_range()[1] >= 500
    assert y_range(plot)[0] <= 1 / 500 and y_range(plot)[1] >= 2
    drawn: list[str] = []
    monkeypatch.setattr(plot, "_draw", lambda curve: drawn.append(curve.key))
    fill(plot)
    assert drawn == []
    x = np.arange(1, 502, dtype=float)
    plot.set_curve("a", "training", x, 1 / x, colour="#2563EB")
    plot.redraw()
    assert drawn == ["a"]


def test_an_empty_plot_invents_no_numbers(plot: LivePlot) -> None:
    for axis in (plot._left, plot._bottom):
        assert axis.blank and axis.tickValues(0.0, 1.0, 300.0) == []
    fill(plot)
    assert not plot._left.blank and plot._left.tickValues(0.0, 1.0, 300.0)[0][1] and plot._bottom.unit == "step"
    plot.keep_only(set())
    plot.redraw()
    assert plot._left.blank and plot._bottom.blank


def test_steps_are_counted_whole(plot: LivePlot) -> None:
    fill(plot, 2)
    assert plot._bottom.tickValues(-0.02, 2.02, 600.0) == [(1.0, [0.0, 1.0, 2.0])]
    assert plot._left.tickValues(0.0, 1.0, 300.0)[0][0] < 1


def test_a_single_point_is_a_dot_until_there_is_a_line(plot: LivePlot) -> None:
    def show(count: int) -> None:
        x = np.arange(1, count + 1, dtype=float)
        plot.set_curve("a", "training", x, 1 / x, colour="#2563EB")
        plot.redraw()

    show(1)
    dots = plot.curves["a"].dots
    low, high = y_range(plot)
    assert list(dots.getData()[0]) == [1.0] and dots.isVisible() and low < 1 < high
    plot._toggle("a", False)
    assert not dots.isVisible()
    plot._toggle("a", True)
    show(3)
    assert plot.curves["a"].dots is dots and len(dots.getData()[0]) == 0
    plot.remove_curve("a")
    assert dots.scene() is None


def test_zooming_shows_finer_rows_and_a_double_click_everything(plot: LivePlot, qtbot: Any) -> None:
    x = np.arange(100_000, dtype=float)
    y = np.zeros_like(x)
    y[50_123] = 7.0
    plot.set_curve("a", "training", x, y, colour="#2563EB")
    plot.redraw()
    assert plot.curves["a"].item.yData.max() == 7.0 and len(plot.curves["a"].item.xData) < 5000
    with qtbot.waitSignal(plot.range_chosen) as told:
        plot._box.setXRange(50_100, 50_150, padding=0)
        plot._box.sigRangeChangedManually.emit([True, False])
    assert told.args == [50_100, 50_150] and not plot.following
    np.testing.assert_array_equal(plot.curves["a"].item.xData, np.arange(50_099, 50_152))
    with qtbot.waitSignal(plot.all_wanted):
        qtbot.mouseDClick(plot.widget.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(300, 80))
    assert plot.following and plot.view_range()[1] >= 99_999


def test_a_zoomed_plot_stays_where_it_is_while_curves_grow(plot: LivePlot) -> None:
    fill(plot)
    plot.show_range(100, 200)
    fill(plot, 900)
    assert plot.view_range() == (100, 200)


def test_the_keyboard_zooms_and_pans(plot: LivePlot, qtbot: Any) -> None:
    fill(plot)
    qtbot.keyClick(plot.widget, Qt.Key.Key_Plus)
    low, high = plot.view_range()
    assert high - low < 300
    qtbot.keyClick(plot.widget, Qt.Key.Key_Right)
    assert plot.view_range()[0] > low
    qtbot.keyClick(plot.widget, Qt.Key.Key_Home)
    assert plot.following


def test_the_legend_hides_a_curve_and_what_belongs_to_it(plot: LivePlot, qtbot: Any) -> None:
    fill(plot)
    button = plot.findChild(QPushButton, "test.plot.legend.0")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert [plot.curves[key].item.isVisible() for key in ("a", "raw", "b")] == [False, False, True]
    assert y_range(plot)[1] < 1
    fill(plot, 600)
    assert plot.findChild(QPushButton, "test.plot.legend.0") is button, "the legend was built anew"
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert plot.curves["raw"].item.isVisible() and y_range(plot)[1] >= 2


def test_the_pointer_reads_values(plot: LivePlot, qtbot: Any) -> None:
    fill(plot)
    assert plot.words_at(100) == "step 100   training 0.0100   validation 0.500"
    plot._point_at(QPoint(320, 90))
    assert plot.read_out.isVisible() and "validation" in plot.read_out.text()
    plot._point_at(QPoint(2, 2))
    assert not plot.read_out.isVisible()


def test_per_cent_and_logarithm(plot: LivePlot) -> None:
    fill(plot)
    plot.set_percent(True)
    assert "50.0 %" in plot.words_at(100) or "50 %" in plot.words_at(100)
    assert plot._left.tickStrings([0.5, 1.0], 1, 0.5) == ["50 %", "100 %"]
    plot.set_percent(False)
    plot.set_log(True)
    assert y_range(plot)[0] <= np.log10(1 / 500) and y_range(plot)[1] >= np.log10(2)
    assert plot._left.tickStrings([-2.0, 0.0], 1, 1) == ["0.01", "1"]
    assert not plot.grab().isNull()


def test_curves_can_be_taken_away_as_numbers_and_pictures(plot: LivePlot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(plot, 20)
    rows = list(csv.reader(io.StringIO(curves_csv(plot))))
    assert rows[0] == ["curve", "step", "value"] and ["training", "4", "0.25"] in rows
    assert len(rows) == 1 + 20 + 20 + 1
    target = tmp_path / "out"
    monkeypatch.setattr("PySide6.QtWidgets.QFileDialog.getSaveFileName", lambda *_: (str(target), ""))
    save_curves(plot)
    assert target.read_text() == curves_csv(plot)
    target = tmp_path / "out.png"
    save_picture(plot)
    assert target.stat().st_size > 500
    menu = show_plot_menu(plot, QPoint(0, 0))
    menu.actions()[0].trigger()
    assert not QGuiApplication.clipboard().image().isNull()
    menu.close()


def test_marks_are_drawn_and_taken_away(plot: LivePlot) -> None:
    fill(plot)
    for step in range(40):
        plot.mark(step, "learning rate {x} 0.1")
    assert len(plot._marks) == 24
    plot.clear_marks()
    assert plot._marks == []


@pytest.fixture
def curves(qtbot: Any) -> Curves:
    made = Curves()
    for plot in made.plots:
        qtbot.addWidget(plot)
    return made


def written(path: Path, steps: range) -> MetricsWriter:
    path.mkdir(exist_ok=True)
    writer = MetricsWriter(path / "metrics.bin")
    for step in steps:
        writer.add(step, {"loss/step": 1.0 / step, "lr": 0.1})
    writer.add(steps[-1], {"loss/val": 0.5, "accuracy/val": 0.9, "accuracy/train": 0.8})
    writer.flush()
    return writer


def test_a_run_that_somebody_else_writes_is_followed(curves: Curves, tmp_path: Path) -> None:
    writer = written(tmp_path / "one", range(1, 51))
    curves.set_runs(tmp_path / "one", {})
    assert len(curves.loss.curves["raw"].pyramid) == len(curves.loss.curves["train"].pyramid) == 50
    assert not curves.poll()
    for step in range(51, 81):
        writer.add(step, {"loss/step": 2.0})
    writer.flush()
    assert curves.poll()
    assert curves.loss.curves["raw"].pyramid.at(80) == 2.0
    assert curves.loss.curves["train"].pyramid.at(80) == pytest.approx(2.0)
    writer.rewind(40)
    writer.add(41, {"loss/step": 3.0})
    writer.flush()
    assert curves.poll()
    assert len(curves.loss.curves["raw"].pyramid) == 41 and curves.loss.curves["raw"].pyramid.at(41) == 3.0
    writer.close()


def test_runs_are_compared_by_their_titles(curves: Curves, tmp_path: Path) -> None:
    for name in ("one", "two"):
        written(tmp_path / name, range(1, 21)).close()
    curves.set_runs(tmp_path / "one", {tmp_path / "two": "2 · digits"})
    assert [entry.label for entry in curves.loss.legend.entries] == ["training", "validation", "2 · digits"]
    assert "2 · digits" in curves.rate.words_at(10)
    curves.set_runs(tmp_path / "one", {})
    assert [entry.label for entry in curves.loss.legend.entries] == ["training", "validation"]
    assert curves.score._title.text() == "Accuracy"


def test_zooming_one_plot_zooms_all(curves: Curves, tmp_path: Path) -> None:
    written(tmp_path / "one", range(1, 101)).close()
    curves.set_runs(tmp_path / "one", {})
    curves.rate._zoom_by(0.5)
    assert curves.loss.view_range() == curves.rate.view_range() and not curves.score.following
    curves.loss.show_all()
    curves.loss.all_wanted.emit()
    assert all(plot.following for plot in curves.plots)


def test_smoothing_can_be_changed(curves: Curves, tmp_path: Path) -> None:
    written(tmp_path / "one", range(1, 101)).close()
    curves.set_runs(tmp_path / "one", {})
    curves.set_smoothing(1)
    np.testing.assert_array_equal(curves.loss.curves["train"].pyramid.rows[1], curves.loss.curves["raw"].pyramid.rows[1])
    assert curves.loss.legend.entries[0].label in ("training", "validation")


def test_a_run_without_numbers_is_an_empty_plot(curves: Curves, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    curves.set_runs(tmp_path / "none", {})
    assert not curves.poll() and curves.loss.curves == {}
    assert not curves.loss.grab().isNull()
