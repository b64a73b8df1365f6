"""Normalisations: which numbers share a mean, and what becomes of them; dropouts: which numbers go out together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import sqrt
from random import Random
from types import MappingProxyType
from typing import Any

from workbench.graph.shape import Shape
from workbench.layers.figures.picture import SERIES, Figure, Picture, Tone
from workbench.layers.figures.sketch import Sketch, clamped, written
from workbench.text import Text

_CELL, _LEAN, _RISE = 17.0, 11.0, 9.0
_CHANNELS, _ROWS = 8, 3
_VALUES = (4.0, 1.5, 6.0, 3.0, 5.5, 2.0, 4.5, 3.5)
_SEEDS = {"number": 5, "channel": 1, "row": 11}
_ABOUT = {
    "batch": Text("one channel, all rows of the batch"),
    "row": Text("all numbers of one row"),
    "features": Text("all features of one position"),
    "instance": Text("one channel of one row"),
    "group": Text("one group of channels of one row"),
}


class Axes(Figure):
    """A cube of batch, channels and positions; the numbers that share a mean are marked.

    Args:
        shared: `batch`, `features`, `row`, `instance` or `group`; "" where the parameter `over` says.
        positions: 1 where the data has no positions.
        centred: Whether the mean is taken away.
    """

    def __init__(self, shared: str, *, positions: int = 5, centred: bool = True) -> None:
        self.shared, self.positions, self.centred = shared, positions, centred

    def draw(self, params: Any, inputs: Mapping[str, Shape] = MappingProxyType({}), step: int = 0) -> Picture:
        shared = self.shared or params.over
        size = _CHANNELS // clamped(getattr(params, "groups", 1), 1, 4)
        marked: dict[str, Callable[[int, int, int], bool]] = {
            "batch": lambda n, c, p: c == 2, "row": lambda n, c, p: n == 0, "features": lambda n, c, p: n == 0 and p == 0,
            "instance": lambda n, c, p: n == 0 and c == 2, "group": lambda n, c, p: n == 0 and c < size,
        }
        sheet = Sketch(190)
        self._cube(sheet, marked[shared])
        sheet.note(8, 180, _ABOUT[shared], "start")
        self._bars(sheet, getattr(params, "epsilon", 1e-5))
        return sheet.picture()

    def _cube(self, sheet: Sketch, marked: Callable[[int, int, int], bool]) -> None:
        high = self.positions * _CELL
        x, y = 26.0, 148 - high
        for c in range(_CHANNELS):
            for p in range(self.positions):
                self._face(sheet, [(x + c * _CELL, y + p * _CELL), (_CELL, 0), (0, _CELL)], marked(0, c, p))
            for n in range(_ROWS):
                self._face(sheet, [(x + c * _CELL + n * _LEAN, y - n * _RISE), (_CELL, 0), (_LEAN, -_RISE)], marked(n, c, 0))
        right = x + _CHANNELS * _CELL
        for n in range(_ROWS):
            for p in range(self.positions):
                corner = (right + n * _LEAN, y + p * _CELL - n * _RISE)
                self._face(sheet, [corner, (_LEAN, -_RISE), (0, _CELL)], marked(n, _CHANNELS - 1, p))
        sheet.note(x + _CHANNELS * _CELL / 2, 160, Text("channel"))
        sheet.label(right + 2.4 * _LEAN + 10, 148 - high + 4 if self.positions == 1 else 144 - _RISE, "N", 11, Tone.QUIET, italic=True)
        if self.positions > 1:
            sheet.label(14, y + high / 2, Text("position"), 10, Tone.QUIET, turned=True)

    @staticmethod
    def _face(sheet: Sketch, corners: list[tuple[float, float]], marked: bool) -> None:
        (x, y), (a, b), (c, d) = corners
        points = ((x, y), (x + a, y + b), (x + a + c, y + b + d), (x + c, y + d))
        sheet.area(*points, fill=Tone.AMBER if marked else Tone.SLATE, strength=0.7 if marked else 0.1, stroke=Tone.LINE, line=0.8)

    def _bars(self, sheet: Sketch, epsilon: float) -> None:
        mean = sum(_VALUES) / len(_VALUES) if self.centred else 0.0
        spread = sqrt(sum((value - mean) ** 2 for value in _VALUES) / len(_VALUES) + epsilon)
        for values, y, unit in ((_VALUES, 78.0, 8.0), ([(value - mean) / spread for value in _VALUES], 142.0, 14.0)):
            for at, value in enumerate(values):
                high = value * unit
                sheet.box(246 + 13 * at, y - max(high, 0), 10, abs(high), Tone.AMBER, 0.75, None)
            sheet.line((242, y), (352, y), stroke=Tone.FAINT)
        if self.centred:
            sheet.line((242, 78 - 8 * mean), (352, 78 - 8 * mean), stroke=Tone.BLUE, dashed=True)
        told = Text("mean {mean}, spread {spread}", mean=written(round(mean, 1)), spread=written(round(spread, 1)))
        size = Text("root mean square {size}", size=written(round(spread, 1)))
        sheet.note(298, 16, told if self.centred else size)
        sheet.note(298, 180, Text("mean 0, spread 1") if self.centred else Text("root mean square {size}", size="1"))
        sheet.arrow((298, 86), (298, 104))


class Mask(Figure):
    """What is dropped at one step of training, for three rows of four channels.

    Args:
        unit: What goes out together: `number`, `channel` or `row`.
    """

    def __init__(self, unit: str) -> None:
        self.unit = unit

    def steps(self, params: Any) -> int:
        return 6

    def draw(self, params: Any, inputs: Mapping[str, Shape] = MappingProxyType({}), step: int = 0) -> Picture:
        draw, rate = Random(_SEEDS[self.unit] + step), params.rate
        sheet = Sketch(180)
        for row in range(3):
            keep_row = draw.random() >= rate
            for channel in range(4):
                keep_channel = draw.random() >= rate
                left, top = 52.0 + 70 * channel, 14.0 + 48 * row
                for at in range(18):
                    number = draw.random() >= rate
                    kept = {"number": number, "channel": keep_channel, "row": keep_row}[self.unit]
                    x, y = left + 9.5 * (at % 6), top + 13 * (at // 6)
                    sheet.cell(x, y, 9.5, 13, "" if kept else "0", SERIES[channel], 0.55 if kept else 0.0, size=8)
            sheet.note(8, 34 + 48 * row, Text("row {number}", number=row + 1), "start")
        words = {"number": Text("single numbers go out"), "channel": Text("whole channels go out"), "row": Text("the branch goes out for whole rows")}
        sheet.note(8, 169, words[self.unit], "start")
        if rate < 1:
            sheet.note(352, 169, Text("the rest × {factor}", factor=written(round(1 / (1 - rate), 2))), "end")
        return sheet.picture()
