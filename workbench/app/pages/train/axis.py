"""An axis whose ticks are few and round; it is painted once and then kept as a picture until its range changes."""

from __future__ import annotations

import math
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtWidgets import QGraphicsItem

from workbench.app import theme
from workbench.app.pages.train.scales import linear_ticks, log_ticks, tick_words

PIXELS_A_TICK = {"left": 26, "bottom": 110}
LEFT_PX, OVER_PX, UNIT_GAP_PX = 54, 10, 12


class Axis(pg.AxisItem):
    """The left or bottom axis of a live plot.

    Attributes:
        percent: Whether values are shares that are written as per cent.
        blank: Whether there is nothing to measure yet, so that no number is shown.
        unit: A word at the lower left corner that says what the bottom axis counts, translated.
    """

    def __init__(self, side: str) -> None:
        super().__init__(side)
        self._side = side
        self.percent, self.blank, self.unit = False, False, ""
        self.enableAutoSIPrefix(False)
        colours = theme.current()
        self.setPen(pg.mkPen(colours.line))
        self.setTextPen(pg.mkPen(colours.quiet))
        self.setStyle(tickFont=theme.small_font(), tickLength=0, maxTickLevel=0, autoExpandTextSpace=False, hideOverlappingLabels=False)
        if side == "left":
            self.setWidth(LEFT_PX)
        else:
            self.setHeight(20)
        self.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)

    def set_blank(self, blank: bool) -> None:
        """Takes all numbers away, or shows them again."""
        if blank != self.blank:
            self.blank, self.picture = blank, None
            self.update()

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:  # noqa: N803
        if self.blank:
            return []
        if self.logMode:
            return [(1.0, log_ticks(minVal, maxVal))]
        step, values = linear_ticks(minVal, maxVal, max(2, int(size // PIXELS_A_TICK[self._side])))
        if self._side == "bottom" and step < 1:  # nobody counts in parts of a step
            step, values = 1.0, [float(value) for value in range(math.ceil(minVal - 1e-6), math.floor(maxVal + 1e-6) + 1)]
        return [(step, values)]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        if self.logMode:
            return [f"{10**value:.3g}".replace("e-0", "e-").replace("e+0", "e") for value in values]
        if self.percent:
            return [f"{tick_words(value * 100, spacing * 100)} %" for value in values]
        return [tick_words(value, spacing) if value >= 0 or self._side == "left" else "" for value in values]

    def boundingRect(self) -> QRectF:
        # Words at the ends of an axis reach beyond it; without this they would be left out.
        left, over = (0, OVER_PX) if self._side == "left" else (LEFT_PX, 0)
        return super().boundingRect().adjusted(-left, -over, OVER_PX if left else 0, over)

    def drawPicture(self, p: Any, axisSpec: Any, tickSpecs: Any, textSpecs: Any) -> None:  # noqa: N803
        super().drawPicture(p, axisSpec, tickSpecs, textSpecs)
        if self.unit and not self.blank:
            p.setPen(self.textPen())
            place = QRectF(-LEFT_PX, 0, LEFT_PX - UNIT_GAP_PX, self.height())
            p.drawText(place, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop), self.unit)

    def wheelEvent(self, event: Any) -> None:
        event.ignore()
