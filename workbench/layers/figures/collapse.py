"""Layers that make one number of many: over an image, over time, along an axis."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from workbench.graph.shape import Shape
from workbench.layers.figures.picture import SERIES, Figure, Picture, Tone
from workbench.layers.figures.sketch import Sketch, heat, written
from workbench.layers.figures.sliding import spread
from workbench.text import Text

_WORDS = {
    "average": Text("mean"), "mean": Text("mean"), "max": Text("largest"), "min": Text("smallest"), "sum": Text("sum"), "last": Text("last"),
}


def _answer(how: str, values: list[int]) -> float:
    if how in ("average", "mean"):
        return round(sum(values) / len(values), 1)
    return {"max": max, "min": min, "sum": sum, "last": lambda found: found[-1]}[how](values)


class Whole(Figure):
    """Every channel of an image becomes one number.

    Args:
        how: `average`, `max` or `min`.
    """

    def __init__(self, how: str) -> None:
        self.how = how

    def steps(self, params: Any) -> int:
        return 3

    def draw(self, params: Any, inputs: Mapping[str, Shape] = MappingProxyType({}), step: int = 0) -> Picture:
        sheet = Sketch(190)
        for channel in range(3):
            tone, left = SERIES[channel], 10.0 + 84 * channel
            values = [[spread(row + channel, column + 2 * channel) for column in range(4)] for row in range(4)]
            sheet.grid(left, 30, values, 19, lambda row, column, values=values, tone=tone: (tone, 0.1 + 0.06 * values[row][column]))
            sheet.note(left + 38, 16, f"c = {channel}")
            if channel == step % 3:
                sheet.frame(left, 30, 76, 76)
            sheet.arrow((left + 38, 110), (left + 38, 138), stroke=tone)
            result = _answer(self.how, [value for row in values for value in row])
            sheet.cell(left + 16, 142, 44, 26, written(result), tone, 0.35, size=11)
        sheet.note(270, 125, _WORDS[self.how], "start")
        sheet.note(270, 155, Text("one vector"), "start")
        return sheet.picture()


class Steps(Figure):
    """Every feature of a sequence becomes one number; padding behind shorter rows does not count.

    Args:
        how: `mean`, `max` or `last`; "" where the parameters say.
    """

    _LENGTH, _ALL = 5, 7

    def __init__(self, how: str = "") -> None:
        self.how = how

    def steps(self, params: Any) -> int:
        return 3

    def draw(self, params: Any, inputs: Mapping[str, Shape] = MappingProxyType({}), step: int = 0) -> Picture:
        how = self.how or params.how
        sheet = Sketch(150)
        values = [[spread(row, column) for column in range(self._ALL)] for row in range(3)]

        def shade(row: int, column: int) -> tuple[Tone, float]:
            if column >= self._LENGTH:
                return Tone.SLATE, 0.08
            return (Tone.BLUE, 0.1) if how == "last" and column < self._LENGTH - 1 else (SERIES[row], 0.14 + 0.05 * values[row][column])

        shown = [[value if column < self._LENGTH else None for column, value in enumerate(row)] for row in values]
        sheet.grid(26, 34, shown, 26, shade)
        row = step % 3
        first = self._LENGTH - 1 if how == "last" else 0
        sheet.frame(26 + 26 * first, 34 + 26 * row, 26 * (self._LENGTH - first), 26)
        for at in range(3):
            result = _answer(how, values[at][: self._LENGTH])
            sheet.cell(280, 34 + 26 * at, 44, 26, written(result), SERIES[at], 0.35, size=11)
        sheet.frame(280, 34 + 26 * row, 44, 26)
        sheet.arrow((222, 73), (270, 73))
        sheet.note(246, 60, _WORDS[how])
        axis = getattr(params, "axis", "") or "time"
        sheet.note(26, 20, Text("{axis}, one row per feature", axis=Text(axis)), "start")
        sheet.note(91, 126, Text("length {length}", length=self._LENGTH))
        sheet.note(26 + 26 * 6, 126, Text("padding"))
        sheet.line((26, 116), (156, 116), stroke=Tone.QUIET)
        sheet.line((160, 116), (208, 116), stroke=Tone.FAINT, dashed=True)
        return sheet.picture()


class Split(Figure):
    """One axis cut into parts, each an output of its own."""

    def draw(self, params: Any, inputs: Mapping[str, Shape] = MappingProxyType({}), step: int = 0) -> Picture:
        count = max(1, min(6, params.parts))
        each = max(1, 12 // count)
        sheet = Sketch(150)
        for at in range(each * count):
            tone = SERIES[at // each % 6]
            sheet.cell(180 - 11 * each * count + 22 * at, 16, 22, 26, str(at), tone, 0.35)
        gap = 344 / count
        for part in range(count):
            middle = 8 + gap * (part + 0.5)
            wide = min(22.0, (gap - 6) / each)
            for at in range(each):
                sheet.cell(middle - wide * each / 2 + wide * at, 92, wide, 26, str(part * each + at) if wide > 12 else "", SERIES[part % 6], 0.35)
            sheet.arrow((180 - 11 * each * count + 22 * each * (part + 0.5), 46), (middle, 88), stroke=SERIES[part % 6])
            sheet.note(middle, 132, f"part{part + 1}" if gap > 40 else str(part + 1))
        return sheet.picture()


def heat_row(sheet: Sketch, x: float, y: float, values: list[float], cell: float, high: float, *, numbers: bool = True) -> None:
    """Draws numbers as cells in a row, blue where positive, pink where negative."""
    for at, value in enumerate(values):
        sheet.cell(x + cell * at, y, cell, high, written(round(value, 1)) if numbers else "", *heat(value, 1.6), size=9.0)
