"""Activations: the function and its slope, or what a normalising function makes of a few scores."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from math import exp, log
from types import MappingProxyType
from typing import Any

from workbench.graph.shape import Shape
from workbench.layers.figures.functions import sigmoid
from workbench.layers.figures.picture import Figure, Path, Picture, Tone
from workbench.layers.figures.sketch import Sketch, heat, written
from workbench.text import Text

_SAMPLES = 120
_SCORES = (-1.0, 0.5, 2.0, 0.0, 1.2)
_NUDGE, _JUMP = 1e-4, 0.14


class Curve(Figure):
    """A function of one number and its slope.

    Args:
        function: Takes x and the parameters.
        reach: Largest |x| shown.
    """

    def __init__(self, function: Callable[[float, Any], float], reach: float = 4.0) -> None:
        self.function, self.reach = function, reach

    def draw(self, params: Any, inputs: Mapping[str, Shape] = MappingProxyType({}), step: int = 0) -> Picture:
        xs = [self.reach * (2 * at / _SAMPLES - 1) for at in range(_SAMPLES + 1)]
        ys = [self.function(x, params) for x in xs]
        slopes = [(self.function(x + _NUDGE, params) - self.function(x - _NUDGE, params)) / (2 * _NUDGE) for x in xs]
        low, high = min(*ys, *slopes, -0.4), max(*ys, *slopes, 1.1)
        sheet = Sketch(190)
        plot = _Plot(sheet, self.reach, low, high)
        plot.axes()
        for piece in _pieces(list(zip(xs, slopes, strict=True))):
            plot.curve(piece, Tone.AMBER, dashed=True)
        plot.curve(list(zip(xs, ys, strict=True)), Tone.BLUE)
        self._legend(sheet)
        return sheet.picture()

    @staticmethod
    def _legend(sheet: Sketch) -> None:
        sheet.line((272, 22), (294, 22), stroke=Tone.BLUE, line=2.2)
        sheet.label(300, 22, "y", 12, align="start", italic=True)
        sheet.line((272, 44), (294, 44), stroke=Tone.AMBER, line=1.6, dashed=True)
        sheet.label(300, 44, "dy/dx", 12, align="start", italic=True)
        sheet.note(272, 62, Text("its slope"), "start")


def _pieces(points: list[tuple[float, float]]) -> list[list[tuple[float, float]]]:
    """Cuts a curve where it jumps."""
    pieces = [[points[0]]]
    for before, after in pairwise(points):
        if abs(after[1] - before[1]) > _JUMP:
            pieces.append([])
        pieces[-1].append(after)
    return [piece for piece in pieces if len(piece) > 1]


class _Plot:
    """Maps numbers to places of a sheet."""

    def __init__(self, sheet: Sketch, reach: float, low: float, high: float) -> None:
        self.sheet, self.reach, self.low, self.high = sheet, reach, low, high

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Returns where a point lies."""
        return 140 + 118 * x / self.reach, 172 - 154 * (y - self.low) / (self.high - self.low)

    def axes(self) -> None:
        """Draws both axes with a few numbers."""
        left, right, zero = self.at(-self.reach, 0), self.at(self.reach, 0), self.at(0, 0)
        self.sheet.arrow(left, (right[0] + 4, right[1]), stroke=Tone.FAINT)
        self.sheet.arrow((zero[0], 176), (zero[0], 12), stroke=Tone.FAINT)
        for x in (-self.reach / 2, self.reach / 2):
            place = self.at(x, 0)
            self.sheet.line((place[0], place[1] - 3), (place[0], place[1] + 3), stroke=Tone.FAINT)
            self.sheet.label(place[0], zero[1] + (10 if x > 0 else -11), written(round(x)), 10, Tone.QUIET)
        for y in (1, -1, 4, 6):
            if self.low <= y <= self.high and (y == 1 or self.high < 7):
                place = self.at(0, y)
                self.sheet.line((place[0] - 3, place[1]), (place[0] + 3, place[1]), stroke=Tone.FAINT)
                self.sheet.label(place[0] - 6, place[1], written(y), 10, Tone.QUIET, "end")
        self.sheet.label(right[0] + 10, right[1], "x", 12, Tone.QUIET, italic=True)

    def curve(self, points: list[tuple[float, float]], tone: Tone, *, dashed: bool = False) -> None:
        """Draws a function."""
        self.sheet.items.append(Path(tuple(self.at(x, y) for x, y in points), tone, 1.6 if dashed else 2.4, dashed=dashed))


class Bars(Figure):
    """Scores on the left, what softmax makes of them on the right.

    Args:
        logarithm: Whether the logarithms are shown.
    """

    def __init__(self, *, logarithm: bool = False) -> None:
        self.logarithm = logarithm

    def draw(self, params: Any, inputs: Mapping[str, Shape] = MappingProxyType({}), step: int = 0) -> Picture:
        total = sum(exp(score) for score in _SCORES)
        shares = [exp(score) / total for score in _SCORES]
        after = [log(share) for share in shares] if self.logarithm else shares
        sheet = Sketch(170)
        self._bars(sheet, 16, list(_SCORES), 2.0, Text("scores"))
        sheet.arrow((168, 80), (192, 80))
        self._bars(sheet, 206, after, 3.6 if self.logarithm else 0.6, Text("log-probabilities") if self.logarithm else Text("probabilities"))
        if not self.logarithm:
            sheet.note(275, 158, Text("they add up to {total}", total=written(round(sum(shares), 2))))
        return sheet.picture()

    @staticmethod
    def _bars(sheet: Sketch, x: float, values: list[float], most: float, title: str) -> None:
        sheet.note(x + 70, 10, title)
        base = 100 if min(values) < 0 < max(values) else 128 if max(values) > 0 else 36
        room = 66 if base == 100 else 92
        for at, value in enumerate(values):
            high = room * value / most if base != 36 else 92 * value / most
            sheet.box(x + 28 * at + 3, base - max(high, 0), 22, max(abs(high), 1), Tone.BLUE if value >= 0 else Tone.PINK, 0.8, None)
            beside = base - high - 8 if high >= 0 else base - high + 9
            sheet.label(x + 28 * at + 14, beside, written(round(value, 2)), 10)
        sheet.line((x, base), (x + 140, base), stroke=Tone.FAINT)


class Gate(Figure):
    """A gated linear unit: one half of the features opens and shuts the other."""

    _FIRST, _SECOND = (1.0, -0.8, 0.6, 0.9), (3.0, 1.0, -2.0, 0.0)

    def draw(self, params: Any, inputs: Mapping[str, Shape] = MappingProxyType({}), step: int = 0) -> Picture:
        sheet = Sketch(150)
        gates = [sigmoid(value) for value in self._SECOND]
        results = [value * gate for value, gate in zip(self._FIRST, gates, strict=True)]
        rows = (("a", self._FIRST, 20.0, 20.0), ("b", self._SECOND, 20.0, 104.0), ("σ(b)", gates, 140.0, 104.0), ("y", results, 260.0, 62.0))
        for name, values, x, y in rows:
            sheet.label(x + 42, y - 10, name, 12, italic=True)
            for at, value in enumerate(values):
                tone, strength = heat(value, 3.0 if name == "b" else 1.0)
                sheet.cell(x + 21 * at, y, 21, 24, written(round(value, 1)), tone, strength, size=8.5)
        sheet.arrow((108, 116), (136, 116))
        sheet.line((106, 32), (236, 32), (236, 64))
        sheet.line((226, 116), (236, 116), (236, 84))
        sheet.disc(236, 74, 9, "×")
        sheet.arrow((245, 74), (258, 74))
        return sheet.picture()
