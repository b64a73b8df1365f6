"""Layers that move numbers without changing them: every cell keeps its colour and its number."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from workbench.graph.shape import Shape
from workbench.layers.figures.picture import SERIES, Figure, Picture, Tone
from workbench.layers.figures.sketch import Sketch, clamped
from workbench.layers.figures.sliding import spread
from workbench.text import Text

Cells = list[list[int]]


def _coloured(sheet: Sketch, x: float, y: float, cells: Cells, size: float, per_tone: int, *, faint: frozenset[int] = frozenset()) -> None:
    """Draws numbers; those within `per_tone` of each other share a colour, faint ones are left out of the result."""
    def shade(row: int, column: int) -> tuple[Tone, float]:
        value = cells[row][column]
        return (Tone.SLATE, 0.06) if value in faint else (SERIES[value // per_tone % 6], 0.3)

    sheet.grid(x, y, cells, size, shade)


class Unfold(Figure):
    """An image becomes a vector or a sequence.

    Args:
        into: `vector`, or `sequence` where the parameter `steps` says which.
    """

    def __init__(self, into: str) -> None:
        self.into = into

    def draw(self, params: Any, inputs: Mapping[str, Shape] = MappingProxyType({}), step: int = 0) -> Picture:
        sheet = Sketch(170)
        for channel in (1, 0):
            for at in range(9):
                row, column = divmod(at, 3)
                number = channel * 9 + at
                hidden = channel == 1 and row > 0 and column < 2
                tone = SERIES[number // (9 if self.into == "vector" else 3) % 6]
                x, y = 10.0 + 24 * (channel + column), 40.0 + 24 * (row - channel)
                sheet.box(x, y, 24, 24, Tone.GROUND, 1.0, None)
                sheet.cell(x, y, 24, 24, "" if hidden else str(number), tone, 0.3)
        sheet.arrow((112, 76), (138, 76))
        if self.into == "vector":
            self._vector(sheet)
        else:
            self._sequence(sheet, params.steps)
        sheet.note(10, 126, Text("2 channels of 3 × 3"), "start")
        return sheet.picture()

    @staticmethod
    def _vector(sheet: Sketch) -> None:
        for at in range(18):
            sheet.cell(146 + 23 * (at % 9), 50 + 28 * (at // 9), 23, 24, str(at), SERIES[at // 9], 0.3)
        sheet.note(250, 126, Text("one vector of {size}", size=18))

    @staticmethod
    def _sequence(sheet: Sketch, steps: str) -> None:
        rows = {
            "positions": [[at, 9 + at] for at in range(9)],
            "rows": [[channel * 9 + row * 3 + column for channel in range(2) for column in range(3)] for row in range(3)],
            "columns": [[channel * 9 + row * 3 + column for channel in range(2) for row in range(3)] for column in range(3)],
        }[steps]
        size = 22.0 if steps == "positions" else 20.0
        gap = size + 2 if steps == "positions" else 40
        for at, features in enumerate(rows):
            for place, value in enumerate(features):
                sheet.cell(144 + gap * at, 26 + size * place, size, size, str(value), SERIES[value // 3 % 6], 0.3)
        sheet.note(250, 156, Text("{count} steps of {width} features", count=len(rows), width=len(rows[0])))


class Reorder(Figure):
    """Two axes change places: every number keeps its colour."""

    def draw(self, params: Any, inputs: Mapping[str, Shape] = MappingProxyType({}), step: int = 0) -> Picture:
        sheet = Sketch(150)
        cells = [[row * 4 + column for column in range(4)] for row in range(2)]
        turned = [[cells[row][column] for row in range(2)] for column in range(4)]
        _coloured(sheet, 40, 50, cells, 26, 4)
        sheet.arrow((164, 76), (206, 76))
        _coloured(sheet, 250, 24, turned, 26, 4)
        sheet.label(92, 38, "k", 12, Tone.QUIET, italic=True)
        sheet.label(28, 76, "j", 12, Tone.QUIET, italic=True)
        sheet.label(276, 12, "j", 12, Tone.QUIET, italic=True)
        sheet.label(238, 76, "k", 12, Tone.QUIET, italic=True)
        if params.order:
            sheet.note(12, 140, Text("order: {axes}", axes=params.order), "start")
        return sheet.picture()


class Reshaped(Figure):
    """The same numbers in the same order under other axes."""

    def draw(self, params: Any, inputs: Mapping[str, Shape] = MappingProxyType({}), step: int = 0) -> Picture:
        sheet = Sketch(150)
        for at in range(12):
            sheet.cell(12 + 28 * at, 16, 28, 24, str(at), SERIES[at // 4], 0.3)
        sheet.arrow((96, 46), (96, 64))
        sheet.arrow((256, 46), (256, 64))
        _coloured(sheet, 40, 68, [[row * 4 + column for column in range(4)] for row in range(3)], 24, 4)
        _coloured(sheet, 184, 80, [[row * 6 + column for column in range(6)] for row in range(2)], 24, 4)
        sheet.label(26, 104, "3", 11, Tone.QUIET)
        sheet.label(148, 104, "4", 11, Tone.QUIET)
        sheet.label(172, 104, "2", 11, Tone.QUIET)
        sheet.label(338, 104, "6", 11, Tone.QUIET)
        return sheet.picture()


class Taken(Figure):
    """A part of an axis is kept.

    Args:
        one: Whether a single place is taken and the axis goes away.
    """

    def __init__(self, *, one: bool = False) -> None:
        self.one = one

    def _kept(self, params: Any) -> list[int]:
        places = list(range(8))
        if self.one:
            return [places[clamped(params.index, -8, 7)]]
        stop = params.stop or None
        return places[params.start : stop : clamped(params.step, 1, 8)] or places[:1]

    def draw(self, params: Any, inputs: Mapping[str, Shape] = MappingProxyType({}), step: int = 0) -> Picture:
        kept = self._kept(params)
        sheet = Sketch(160)
        for at in range(8):
            for row in range(2):
                sheet.cell(40 + 35 * at, 16 + 22 * row, 35, 22, str(at) if row == 0 else "", SERIES[at % 6], 0.35 if at in kept else 0.0)
            if at in kept:
                sheet.box(40 + 35 * at, 16, 35, 44, stroke=Tone.AMBER, line=2)
        left = 180 - 17.5 * len(kept)
        for at, place in enumerate(kept):
            for row in range(2):
                sheet.cell(left + 35 * at, 104 + 22 * row, 35, 22, str(place) if row == 0 else "", SERIES[place % 6], 0.35)
            sheet.arrow((57.5 + 35 * place, 64), (left + 35 * (at + 0.5), 100), stroke=SERIES[place % 6])
        return sheet.picture()


class Joined(Figure):
    """Wires laid one after the other, or side by side along a new axis.

    Args:
        new_axis: Whether a new axis is made.
    """

    def __init__(self, *, new_axis: bool = False) -> None:
        self.new_axis = new_axis

    def draw(self, params: Any, inputs: Mapping[str, Shape] = MappingProxyType({}), step: int = 0) -> Picture:
        sheet = Sketch(160)
        sizes = (4, 4, 4) if self.new_axis else (4, 2, 3)
        for part, size in enumerate(sizes):
            for at in range(size):
                sheet.cell(30 + 24 * at, 22 + 42 * part, 24, 26, str(at), SERIES[part], 0.35)
            sheet.label(16, 35 + 42 * part, f"x{'₁₂₃'[part]}", 11, italic=True)
            sheet.line((34 + 24 * size, 35 + 42 * part), (142, 35 + 42 * part), (152, 77), stroke=SERIES[part])
        sheet.arrow((148, 77), (166, 77))
        place = 0
        for part, size in enumerate(sizes):
            for at in range(size):
                x, y = (212.0 + 24 * at, 38.0 + 26 * part) if self.new_axis else (172.0 + 20 * place, 64.0)
                sheet.cell(x, y, 24 if self.new_axis else 20, 26, str(at), SERIES[part], 0.35)
                place += 1
        sheet.note(262, 138, Text("a new axis") if self.new_axis else Text("one longer axis"))
        return sheet.picture()


class Shuffle(Figure):
    """Channels become pixels, or pixels channels.

    Args:
        down: Whether pixels become channels.
    """

    def __init__(self, *, down: bool = False) -> None:
        self.down = down

    def draw(self, params: Any, inputs: Mapping[str, Shape] = MappingProxyType({}), step: int = 0) -> Picture:
        factor = clamped(params.factor, 1, 4)
        count, side = factor * factor, 2 if factor < 4 else 1
        sheet = Sketch(180)
        deep_x, wide_x = (250.0, 20.0) if self.down else (20.0, 220.0)
        size = min(22.0, 112 / (side * factor))
        small = min(18.0, 40 / side)
        columns = factor
        for channel in range(count):
            x, y = deep_x + (side * small + 6) * (channel % columns) * min(1.0, 80 / ((side * small + 6) * columns)), 44 + (
                (side * small + 6) * (channel // columns) * min(1.0, 100 / ((side * small + 6) * columns)))
            shown = [[channel] * side for _ in range(side)]
            sheet.box(x, y, side * small, side * small, Tone.GROUND)
            sheet.grid(x, y, shown, small, lambda _row, _column, channel=channel: (SERIES[channel % 6], 0.2 + 0.15 * (channel // 6)))
        total = side * factor
        large = [[(row % factor) * factor + column % factor for column in range(total)] for row in range(total)]

        def shade(row: int, column: int) -> tuple[Tone, float]:
            return SERIES[large[row][column] % 6], 0.2 + 0.15 * (large[row][column] // 6)

        sheet.grid(wide_x, 96 - total * size / 2, large, size, shade)
        start = 172 if self.down else 152
        sheet.arrow((start, 96), (start + 52, 96))
        sheet.note(deep_x, 20, Text("{count} channels", count=count), "start")
        words = Text("one channel, {factor} times as large", factor=factor)
        sheet.note(wide_x if self.down else 354, 20, words, "start" if self.down else "end")
        return sheet.picture()


class Enlarged(Figure):
    """A small image and the larger one made of it, by repetition or by mixing neighbours."""

    _SIZE = 3

    def draw(self, params: Any, inputs: Mapping[str, Shape] = MappingProxyType({}), step: int = 0) -> Picture:
        factor = clamped(params.factor, 1, 4)
        values = [[9, 3, 0], [6, 1, 4], [0, 7, 2]]
        total = self._SIZE * factor
        large = [[self._at(values, row, column, factor, params.mode) for column in range(total)] for row in range(total)]
        sheet = Sketch(190)
        size = 150 / total
        sheet.grid(30, 57, values, 26, lambda row, column: (Tone.BLUE, values[row][column] / 10))
        sheet.arrow((124, 96), (176, 96))
        sheet.grid(192, 21, large, size, lambda row, column: (Tone.BLUE, large[row][column] / 10))
        return sheet.picture()

    def _at(self, values: Cells, row: int, column: int, factor: int, mode: str) -> int | float:
        if mode == "nearest":
            return values[row // factor][column // factor]
        top, below, down = self._between(row, factor)
        left, right, across = self._between(column, factor)
        upper = values[top][left] * (1 - across) + values[top][right] * across
        lower = values[below][left] * (1 - across) + values[below][right] * across
        return round(upper * (1 - down) + lower * down, 1)

    def _between(self, place: int, factor: int) -> tuple[int, int, float]:
        exact = min(max((place + 0.5) / factor - 0.5, 0.0), self._SIZE - 1.0)
        first = int(exact)
        return first, min(first + 1, self._SIZE - 1), exact - first


class Patches(Figure):
    """An image cut into squares, each described by a vector: a sequence."""

    def steps(self, params: Any) -> int:
        return 9

    def draw(self, params: Any, inputs: Mapping[str, Shape] = MappingProxyType({}), step: int = 0) -> Picture:
        here, side = step % 9, 108.0
        inner = clamped(params.patch, 1, 6)
        sheet = Sketch(170)
        for patch in range(9):
            left, top = 12 + 38 * (patch % 3), 16 + 38 * (patch // 3)
            for at in range(inner * inner):
                size = side / 3 / inner
                strength = 0.12 + 0.06 * spread(at // inner + patch, at % inner + 2 * patch)
                sheet.box(left + size * (at % inner), top + size * (at // inner), size, size, SERIES[patch % 6], strength, None)
            if patch == here:
                sheet.frame(left, top, 36, 36)
        sheet.arrow((134, 72), (164, 72))
        sheet.note(149, 58, "W · p")
        for patch in range(9):
            for at in range(5):
                sheet.box(172 + 20 * patch, 30 + 17 * at, 16, 17, SERIES[patch % 6], 0.15 + 0.1 * ((patch * 3 + at * 5) % 7), Tone.LINE, 0.8)
            sheet.label(180 + 20 * patch, 126, str(patch), 10, Tone.QUIET)
        sheet.frame(172 + 20 * here, 30, 16, 85)
        sheet.note(12, 146, Text("patches of {size} × {size} pixels", size=params.patch), "start")
        sheet.note(352, 160, Text("a vector of {width} for each", width=params.width), "end")
        return sheet.picture()


class ClassToken(Figure):
    """A learned vector in front of a sequence."""

    def draw(self, params: Any, inputs: Mapping[str, Shape] = MappingProxyType({}), step: int = 0) -> Picture:
        sheet = Sketch(150)
        for at in range(6):
            x = 30.0 + 54 * at
            for row in range(4):
                sheet.box(x, 24 + 18 * row, 30, 18, Tone.AMBER if at == 0 else Tone.BLUE, 0.2 + 0.12 * ((at * 3 + row * 2) % 5), Tone.LINE, 0.8)
            sheet.label(x + 15, 108, "c" if at == 0 else f"x{'₀₁₂₃₄'[at - 1]}", 12, italic=True)
        sheet.frame(30, 24, 30, 72)
        sheet.note(30, 132, Text("learned, the same for every row"), "start")
        sheet.note(354, 14, Text("{count} steps become {more}", count="T", more="T + 1"), "end")
        return sheet.picture()


