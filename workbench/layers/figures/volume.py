"""Windows through volumes, transposed windows, and channels each with a window of their own."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from workbench.graph.shape import Shape
from workbench.layers.figures.picture import SERIES, Figure, Picture, Tone
from workbench.layers.figures.sketch import SMALLER, Sketch, clamped, heat, written
from workbench.layers.figures.sliding import fits, parts, slide
from workbench.layers.figures.window import HOW
from workbench.text import Text

_LEAN, _RISE = 13.0, 11.0


def _planes(sheet: Sketch, x: float, y: float, depth: int, high: int, wide: int, cell: float, lit: tuple[range, range, range], tone: Tone) -> None:
    """Draws planes one behind the other, the last one first; lit cells are those of a window."""
    for back in reversed(range(depth)):
        left, top = x + back * _LEAN, y - back * _RISE
        sheet.box(left, top, wide * cell, high * cell, Tone.GROUND)
        for row in range(high):
            for column in range(wide):
                here = back in lit[0] and row in lit[1] and column in lit[2]
                sheet.cell(left + column * cell, top + row * cell, cell, cell, "", Tone.AMBER if here else tone, 0.6 if here else 0.14)


class Volume(Figure):
    """A window that slides through depth, height and width.

    Args:
        how: `conv`, or for poolings `max`, `average`.
        fields: `window` where it slides, `adaptive` where the volume is cut into equal parts, `whole` where all becomes one number.
    """

    def __init__(self, how: str = "conv", fields: str = "window") -> None:
        self.how, self.fields = how, fields

    def _along(self, params: Any) -> list[list[range]]:
        if self.fields == "whole":
            return [[range(size)] for size in (4, 5, 5)]
        if self.fields == "adaptive":
            wide = params.width or params.size
            return [parts(size, clamped(count, 1, size)) for size, count in ((4, params.size), (5, params.size), (5, wide))]
        found: list[list[range]] = []
        for axis, size in ((0, 4), (1, 5), (1, 5)):
            each = slide(params, axis, size=size)
            found.append([range(max(0, at[0] - each.before), min(each.size, at[-1] - each.before + 1)) for at in map(each.touched, range(each.out))])
        return found

    def steps(self, params: Any) -> int:
        first, second, third = self._along(params)
        return min(60, len(first) * len(second) * len(third))

    def draw(self, params: Any, inputs: Mapping[str, Shape] = MappingProxyType({}), step: int = 0) -> Picture:
        along = self._along(params)
        sizes = [max(window.stop for window in each) for each in along] if self.fields == "window" else [4, 5, 5]
        sizes = [max(4, sizes[0]), max(5, sizes[1]), max(5, sizes[2])]
        counts = [len(each) for each in along]
        place = step % (counts[0] * counts[1] * counts[2])
        here = (place // (counts[1] * counts[2]), place // counts[2] % counts[1], place % counts[2])
        sheet = Sketch(190)
        lit = (along[0][here[0]], along[1][here[1]], along[2][here[2]])
        cell = min(18.0, 92 / max(sizes[1:]))
        depth = min(sizes[0], 6)
        _planes(sheet, 6, 96 - sizes[1] * cell / 2 + depth * _RISE / 2, depth, sizes[1], sizes[2], cell, lit, Tone.BLUE)
        out = min(18.0, 80 / max(counts[1:]))
        shown = clamped(counts[0], 1, 6)
        one = (range(here[0], here[0] + 1), range(here[1], here[1] + 1), range(here[2], here[2] + 1))
        _planes(sheet, 226, 96 - counts[1] * out / 2 + shown * _RISE / 2, shown, counts[1], counts[2], out, one, Tone.GREEN)
        sheet.arrow((182, 96), (214, 96))
        sheet.note(198, 80, "∗ w" if self.how == "conv" else HOW[self.how])
        sheet.note(6, 181, Text("depth, height, width"), "start")
        if self.fields == "window" and not fits(params):
            sheet.note(354, 181, SMALLER, "end")
        return sheet.picture()


class Transposed(Figure):
    """Every place writes a pattern; where patterns overlap, they add up.

    Args:
        axes: 1 for a sequence, 2 for an image, 3 for a volume.
    """

    def __init__(self, axes: int = 2) -> None:
        self.axes = axes

    def _sizes(self, params: Any) -> tuple[int, int, int, int, int]:
        kernel, stride = clamped(params.kernel, 1, 7), clamped(params.stride, 1, 4)
        dilation = clamped(params.dilation, 1, 3)
        size = 4 if self.axes == 1 else 3
        full = stride * (size - 1) + dilation * (kernel - 1) + 1
        padding = params.padding
        out = size * stride if padding == "same" else full if padding == "valid" else max(1, full - 2 * int(padding))
        return size, kernel, dilation, max(out, 1), (full - out) // 2 if out < full else 0

    def steps(self, params: Any) -> int:
        size = self._sizes(params)[0]
        return size if self.axes == 1 else size * size

    def draw(self, params: Any, inputs: Mapping[str, Shape] = MappingProxyType({}), step: int = 0) -> Picture:
        size, kernel, dilation, out, cut = self._sizes(params)
        stride = clamped(params.stride, 1, 4)
        rows = 1 if self.axes == 1 else size
        here = divmod(step % (rows * size), size)
        values = [[1 + (row * size + column) % 9 for column in range(size)] for row in range(rows)]

        def reached(at: int) -> list[int]:
            return [place for place in (stride * at + dilation * tap - cut for tap in range(kernel)) if 0 <= place < out]

        high = 1 if self.axes == 1 else out
        totals = [[0 for _ in range(out)] for _ in range(high)]
        for row in range(rows):
            for column in range(size):
                for i in [0] if self.axes == 1 else reached(row):
                    for j in reached(column):
                        totals[i][j] += values[row][column]
        sheet = Sketch(190 if self.axes > 1 else 120)
        lit = ([0] if self.axes == 1 else reached(here[0]), reached(here[1]))
        (self._row if self.axes == 1 else self._square)(sheet, values, totals, here, lit)
        words = Text("one slice of the volume, kernel of ones") if self.axes == 3 else Text("kernel of ones, so that you see what adds up")
        sheet.note(4, sheet.height - 10, words, "start")
        if not fits(params):
            sheet.note(356, 10, SMALLER, "end")
        return sheet.picture()

    @staticmethod
    def _square(sheet: Sketch, values: list[list[int]], totals: list[list[int]], here: tuple[int, int], lit: tuple[list[int], list[int]]) -> None:
        cell, out = 24.0, min(24.0, 148 / len(totals))
        left, top = 276 - out * len(totals) / 2, 94 - out * len(totals) / 2
        sheet.grid(24, 58, values, cell, lambda row, column: (Tone.AMBER, 0.5) if (row, column) == here else (Tone.BLUE, 0.16))
        sheet.arrow((112, 94), (184, 94))
        sheet.grid(left, top, totals, out, lambda row, column: (
            (Tone.AMBER, 0.5) if row in lit[0] and column in lit[1] else (Tone.GREEN, 0.1 + 0.4 * totals[row][column] / 45)
        ))
        sheet.frame(24 + here[1] * cell, 58 + here[0] * cell, cell, cell)
        if lit[0] and lit[1]:
            wide, high = lit[1][-1] - lit[1][0] + 1, lit[0][-1] - lit[0][0] + 1
            sheet.frame(left + lit[1][0] * out, top + lit[0][0] * out, wide * out, high * out)

    @staticmethod
    def _row(sheet: Sketch, values: list[list[int]], totals: list[list[int]], here: tuple[int, int], lit: tuple[list[int], list[int]]) -> None:
        out = min(28.0, 340 / len(totals[0]))
        left, first = 180 - 14 * len(values[0]), 180 - out * len(totals[0]) / 2
        for at, value in enumerate(values[0]):
            sheet.cell(left + 28 * at, 14, 28, 24, written(value), *((Tone.AMBER, 0.5) if at == here[1] else (Tone.BLUE, 0.16)))
        for at, value in enumerate(totals[0]):
            sheet.cell(first + out * at, 72, out, 24, written(value), *((Tone.AMBER, 0.5) if at in lit[1] else (Tone.GREEN, 0.2)))
        for at in lit[1]:
            sheet.arrow((left + 28 * here[1] + 14, 40), (first + out * (at + 0.5), 70), stroke=Tone.AMBER)


class Channels(Figure):
    """A window of its own for every channel; with `mixing`, then a weighted sum over channels at every place.

    Args:
        mixing: Whether the channels are mixed afterwards.
    """

    def __init__(self, *, mixing: bool = False) -> None:
        self.mixing = mixing

    def draw(self, params: Any, inputs: Mapping[str, Shape] = MappingProxyType({}), step: int = 0) -> Picture:
        sheet = Sketch(190)
        kernel, times = clamped(params.kernel, 1, 5), clamped(params.multiplier, 1, 2)
        across = slide(params, 1, size=5)
        out = clamped(across.out, 1, 6)
        for channel in range(3):
            tone, y = SERIES[channel], 14.0 + 56 * channel
            sheet.grid(8, y, [[None] * 5] * 5, 9, lambda _row, _column, tone=tone: (tone, 0.35))
            sheet.frame(8, y, 9 * min(kernel, 5), 9 * min(kernel, 5), tone)
            sheet.label(64, y + 22, "∗", 13)
            for part in range(times):
                size = 22.0 / times
                top = y + 11 + part * size
                weights = [[None] * kernel] * kernel
                sheet.grid(76, top, weights, size / kernel, lambda row, column, tone=tone: (tone, 0.2 + 0.15 * ((row + column) % 3)))
                small = min(40.0 / times / out, 9.0)
                sheet.grid(138, y + 2 + part * 40 / times, [[None] * out] * out, small, lambda _row, _column, tone=tone: (tone, 0.3))
            sheet.arrow((106, y + 22), (132, y + 22))
        if self.mixing:
            self._mix(sheet, clamped(params.filters, 1, 4))
        sheet.note(8, 181, Text("channel"), "start")
        sheet.note(250 if self.mixing else 158, 181, Text("then 1×1: channels are mixed") if self.mixing else Text("they stay apart"))
        return sheet.picture()

    @staticmethod
    def _mix(sheet: Sketch, filters: int) -> None:
        gap = 160 / filters
        for unit in range(filters):
            y = 14 + gap * (unit + 0.5)
            for channel in range(3):
                sheet.line((184, 36.0 + 56 * channel), (276, y), stroke=SERIES[channel])
            sheet.grid(280, y - 16, [[None] * 4] * 4, 8, lambda row, column: heat(0.2 + 0.15 * ((row * 2 + column) % 4)))
