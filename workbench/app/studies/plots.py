"""The answers that are drawn: the metric over the number of rows, and the differences of pairs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from workbench.app import theme
from workbench.app.language import tr
from workbench.app.pages.train.axis import Axis
from workbench.app.pages.train.run_words import metric_name
from workbench.app.widgets import Card
from workbench.training.studies.measure import finite, read_measure

POINT_PX, BAND_ALPHA = 9, 70
_ROOM = 0.08


class NamedAxis(Axis):
    """A bottom axis with words at given places."""

    def __init__(self) -> None:
        super().__init__("bottom")
        self.names: dict[float, str] = {}

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:  # noqa: N803
        return [(1.0, [place for place in self.names if minVal <= place <= maxVal])]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        return [self.names.get(value, "") for value in values]


class StudyPlot(Card):
    """A still picture with a vertical axis for a metric and named places below."""

    def __init__(self, name: str, title: str, parent: QWidget | None = None) -> None:
        super().__init__(name, title, parent)
        self.left, self.bottom = Axis("left"), NamedAxis()
        self.widget = pg.PlotWidget(background=theme.current().surface, axisItems={"left": self.left, "bottom": self.bottom})
        self.widget.setObjectName(f"{name}.plot")
        self.widget.setAccessibleName(title)
        self.widget.setMinimumHeight(180)
        self.content.addWidget(self.widget, 1)
        self.plot = self.widget.getPlotItem()
        self.plot.hideButtons()
        self.plot.setMenuEnabled(False)
        self.plot.showGrid(x=False, y=True, alpha=0.14)
        self.plot.setMouseEnabled(x=False, y=False)
        self.plot.setContentsMargins(0, theme.SPACE_4, theme.SPACE_24, 0)
        self.plot.getViewBox().setDefaultPadding(0)

    def begin(self, percent: bool, places: Mapping[float, str]) -> None:
        """Takes everything away, says whether values are shares, and names the places of the bottom axis."""
        self.plot.clear()
        self.left.percent, self.bottom.names = percent, dict(places)
        for axis in (self.left, self.bottom):
            axis.picture = None
            axis.update()

    def points(self, x: Sequence[float], y: Sequence[float], *, size: int = POINT_PX, colour: str = "", faint: bool = False) -> None:
        """Draws dots."""
        ink = QColor(colour or theme.current().accent)
        ink.setAlpha(110 if faint else 255)
        self.plot.addItem(pg.ScatterPlotItem(list(x), list(y), size=size, pen=None, brush=ink))

    def line(self, x: Sequence[float], y: Sequence[float], *, dashed: bool = False, colour: str = "", width: int = 2) -> None:
        """Draws a line."""
        style = Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine
        pen = pg.mkPen(colour or theme.current().accent, width=width, style=style)
        self.plot.addItem(pg.PlotCurveItem(np.asarray(x, float), np.asarray(y, float), pen=pen, antialias=True))

    def band(self, x: Sequence[float], low: Sequence[float], high: Sequence[float]) -> None:
        """Draws the ground between two lines."""
        edges = [pg.PlotCurveItem(np.asarray(x, float), np.asarray(side, float), pen=None) for side in (low, high)]
        ground = QColor(theme.current().accent)
        ground.setAlpha(BAND_ALPHA if theme.current().dark else BAND_ALPHA - 30)
        self.plot.addItem(pg.FillBetweenItem(*edges, brush=ground))

    def level(self, y: float) -> None:
        """Draws a quiet line across."""
        self.plot.addItem(pg.InfiniteLine(y, angle=0, pen=pg.mkPen(theme.current().faint, width=1, style=Qt.PenStyle.DotLine)))

    def fit(self, x: Sequence[float], y: Sequence[float]) -> None:
        """Shows these places, with some room."""
        known = [value for value in y if math.isfinite(value)] or [0.0, 1.0]
        for set_range, values in ((self.plot.setXRange, x), (self.plot.setYRange, known)):
            low, high = min(values), max(values)
            room = _ROOM * (high - low) or 0.05 * max(abs(high), 1e-3)
            set_range(low - room, high + room, padding=0)


class BudgetPlot(StudyPlot):
    """The metric over the number of training rows: what was measured, the fitted curve, and what agrees with it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("studies.answer.budget", tr("Over the number of training rows"), parent)

    def show_result(self, result: Mapping[str, Any]) -> None:
        """Draws a result."""
        measure, points = read_measure(result), result["points"]
        self.set_facts(metric_name(measure.base))
        places = {math.log10(item["rows"]): f"{item['rows']:,}" for item in points}
        following = result.get("next")
        if following:
            places[math.log10(following["rows"])] = f"{following['rows']:,}"
        self.begin(measure.share, places)
        heights = [finite(value) for item in points for value in (item["mean"], *item["values"])]
        if following:
            heights += self._draw_curve(result["curve"], points[-1]["rows"])
        for item in points:
            values = [finite(value) for value in item["values"]]
            if len(values) > 1:
                self.points([math.log10(item["rows"])] * len(values), values, size=5, faint=True)
        self.points([math.log10(item["rows"]) for item in points], [finite(item["mean"]) for item in points])
        self.fit(list(places), heights)

    def _draw_curve(self, curve: Mapping[str, Any], last: float) -> list[float]:
        rows, middle = [math.log10(value) for value in curve["rows"]], curve["middle"]
        self.band(rows, curve["low"], curve["high"])
        known = [place for place, value in enumerate(curve["rows"]) if value <= last]
        edge = (known[-1] if known else 0) + 1
        self.line(rows[:edge], middle[:edge])
        self.line(rows[edge - 1:], middle[edge - 1:], dashed=True)
        return [*middle, *curve["low"][edge:], *curve["high"][edge:]]


class PairedPlot(StudyPlot):
    """The difference of every pair, and the range of their mean."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("studies.answer.paired", tr("Differences"), parent)

    def show_result(self, result: Mapping[str, Any]) -> None:
        """Draws a result; above zero, the change is better."""
        measure, gains = read_measure(result), [finite(value) for value in result["gains"]]
        unit = 100.0 if measure.share else 1.0
        name = tr("{metric} in points", metric=metric_name(measure.base)) if measure.share else metric_name(measure.base)
        self.set_facts(tr("{metric} · above 0 the change is better", metric=name))
        gains = [unit * gain for gain in gains]
        average, low, high = (unit * finite(result[name]) for name in ("mean", "low", "high"))
        last = len(gains) + 1
        self.begin(False, {**{place + 1: tr("pair {n}", n=place + 1) for place in range(len(gains))}, last: tr("mean")})
        self.level(0.0)
        self.points(range(1, last), gains)
        if math.isfinite(low):
            self.line([last, last], [low, high], width=3, colour=theme.current().text)
        self.points([last], [average], size=POINT_PX + 3, colour=theme.current().text)
        self.fit([0.5, last + 0.5], [0.0, *gains, low, high])
