"""Convolution and pooling: a window that slides over cells with real numbers."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from workbench.graph.shape import Shape
from workbench.layers.figures.picture import Figure, Picture, Tone
from workbench.layers.figures.sketch import SMALLER, Sketch, clamped, heat, written
from workbench.layers.figures.sliding import Slide, answer, fits, parts, sample, slide, spread, weight
from workbench.text import Text

Grid = list[list[float | int]]
HOW = {"max": Text("largest"), "average": Text("mean"), "min": Text("smallest")}


class Window(Figure):
    """A window over an image: input with padding, kernel or rule, output; every number is computed.

    Args:
        how: `conv`, or for poolings `max`, `average`, `min`.
    """

    def __init__(self, how: str = "conv") -> None:
        self.how = how

    def steps(self, params: Any) -> int:
        return min(48, slide(params, 0).out * slide(params, 1).out)

    def draw(self, params: Any, inputs: Mapping[str, Shape] = MappingProxyType({}), step: int = 0) -> Picture:
        down, across = slide(params, 0), slide(params, 1)
        place = divmod(step % (down.out * across.out), across.out)
        values, results = self._numbers(down, across)
        sheet = Sketch(190)
        cell = min(22.0, 142 / max(down.total, across.total))
        top, left = 96 - cell * down.total / 2, 4 + (142 - cell * across.total) / 2
        rows, columns = down.touched(place[0]), across.touched(place[1])

        def shade(row: int, column: int) -> tuple[Tone, float]:
            real = down.before <= row < down.before + down.size and across.before <= column < across.before + across.size
            if row in rows and column in columns:
                return Tone.AMBER, 0.5 if real else 0.22
            return (Tone.BLUE, 0.12 + 0.5 * values[row][column] / 9) if real else (Tone.SLATE, 0.08)

        sheet.grid(left, top, values, cell, shade)
        sheet.frame(
            left + columns[0] * cell, top + rows[0] * cell, (columns[-1] - columns[0] + 1) * cell, (rows[-1] - rows[0] + 1) * cell
        )
        self._middle(sheet, down, across)
        self._output(sheet, results, place)
        sheet.note(4, 180, Text("zeros around") if down.before + down.after else Text("input"), "start")
        if not fits(params):
            sheet.note(180, 180, SMALLER)
        return sheet.picture()

    def _numbers(self, down: Slide, across: Slide) -> tuple[Grid, Grid]:
        number = sample if self.how == "conv" else spread
        lowest = {"max": float("-inf"), "min": float("inf")}.get(self.how, 0)
        values: Grid = [[0] * across.total for _ in range(down.total)]
        known: Grid = [[lowest] * across.total for _ in range(down.total)]
        for row in range(down.size):
            for column in range(across.size):
                values[row + down.before][column + across.before] = known[row + down.before][column + across.before] = number(row, column)
        return values, [[self._answer(known, down, across, row, column) for column in range(across.out)] for row in range(down.out)]

    def _answer(self, values: Grid, down: Slide, across: Slide, row: int, column: int) -> float | int:
        seen = [(u, v, values[i][j]) for u, i in enumerate(down.touched(row)) for v, j in enumerate(across.touched(column))]
        if self.how == "conv":
            return sum(weight(u, v, down.kernel, across.kernel) * int(value) for u, v, value in seen)
        return answer(self.how, [value for _, _, value in seen])

    def _middle(self, sheet: Sketch, down: Slide, across: Slide) -> None:
        if self.how != "conv":
            sheet.arrow((168, 96), (212, 96))
            sheet.note(190, 82, HOW[self.how])
            return
        cell = min(18.0, 62 / max(down.kernel, across.kernel))
        x, y = 196 - cell * across.kernel / 2, 96 - cell * down.kernel / 2
        weights: Grid = [[weight(row, column, down.kernel, across.kernel) for column in range(across.kernel)] for row in range(down.kernel)]
        sheet.grid(x, y, weights, cell, lambda row, column: heat(weights[row][column], 2))
        sheet.frame(x, y, cell * across.kernel, cell * down.kernel)
        sheet.note(196, y - 10, Text("kernel"))
        sheet.label(156, 96, "∗", 15)
        sheet.label(234, 96, "=", 13)

    def _output(self, sheet: Sketch, results: Grid, place: tuple[int, int]) -> None:
        cell = min(22.0, 108 / max(len(results), len(results[0])))
        most = max(1.0, *(abs(value) for row in results for value in row))
        left, top = 300 - cell * len(results[0]) / 2, 96 - cell * len(results) / 2
        sheet.grid(left, top, results, cell, lambda row, column: heat(results[row][column], most * 1.3))
        sheet.frame(left + place[1] * cell, top + place[0] * cell, cell, cell)
        sheet.note(300, 180, Text("output"))


class Window1d(Figure):
    """A window along a sequence: input row, kernel or rule, output row.

    Args:
        how: `conv`, or for poolings `max`, `average`, `min`.
    """

    def __init__(self, how: str = "conv") -> None:
        self.how = how

    def steps(self, params: Any) -> int:
        return slide(params, 1, size=10).out

    def draw(self, params: Any, inputs: Mapping[str, Shape] = MappingProxyType({}), step: int = 0) -> Picture:
        along = slide(params, 1, size=10)
        place = step % along.out
        total = max(along.total, along.touched(along.out - 1)[-1] + 1)
        cell = min(25.0, 336 / total)
        left, seen = 180 - cell * total / 2, along.touched(place)
        sheet = Sketch(160)
        for at in range(total):
            real = along.before <= at < along.before + along.size
            value = self._value(at - along.before) if real else 0 if self.how == "conv" else None
            tone, strength = (Tone.AMBER, 0.5 if real else 0.22) if at in seen else (Tone.BLUE, 0.16) if real else (Tone.SLATE, 0.08)
            sheet.cell(left + at * cell, 26, cell, 24, written(value) if cell > 11 else "", tone, strength)
        self._kernel(sheet, along, seen, left, cell)
        first = 180 - cell * along.out / 2
        results = [self._answer(along, at) for at in range(along.out)]
        for at, result in enumerate(results):
            sheet.cell(first + at * cell, 122, cell, 24, written(result) if cell > 14 else "", *heat(result, 12), size=9.0)
        sheet.frame(first + place * cell, 122, cell, 24)
        sheet.arrow((left + (seen[0] + seen[-1] + 1) * cell / 2, 84), (first + (place + 0.5) * cell, 119), stroke=Tone.AMBER)
        sheet.note(4, 12, Text("time, one feature"), "start")
        if not fits(params):
            sheet.note(356, 12, SMALLER, "end")
        return sheet.picture()

    def _value(self, at: int) -> int:
        return (5 * at + at * at // 2) % 7 if self.how == "conv" else spread(3, at)

    def _answer(self, along: Slide, place: int) -> float | int:
        values = [self._value(at - along.before) if 0 <= at - along.before < along.size else None for at in along.touched(place)]
        if self.how == "conv":
            return sum(weight(0, at, 1, along.kernel) * value for at, value in enumerate(values) if value is not None)
        return answer(self.how, [value for value in values if value is not None])

    def _kernel(self, sheet: Sketch, along: Slide, seen: list[int], left: float, cell: float) -> None:
        sheet.frame(left + seen[0] * cell, 26, (seen[-1] - seen[0] + 1) * cell, 24)
        if self.how != "conv":
            sheet.note(left + (seen[0] + seen[-1] + 1) * cell / 2, 70, HOW[self.how])
            return
        for at, place in enumerate(seen):
            value = weight(0, at, 1, along.kernel)
            sheet.cell(left + place * cell, 58, cell, 20, written(value) if cell > 11 else "", *heat(value, 2))


class Adaptive(Figure):
    """Adaptive pooling: as many fields as asked for, whatever the size.

    Args:
        how: `max` or `average`.
        axes: 1 for a sequence, 2 for an image.
    """

    def __init__(self, how: str, axes: int = 2) -> None:
        self.how, self.axes = how, axes

    def _counts(self, params: Any) -> tuple[int, int]:
        if self.axes == 1:
            return 1, clamped(params.steps, 1, 10)
        return clamped(params.size, 1, 7), clamped(params.width or params.size, 1, 7)

    def steps(self, params: Any) -> int:
        down, across = self._counts(params)
        return down * across

    def draw(self, params: Any, inputs: Mapping[str, Shape] = MappingProxyType({}), step: int = 0) -> Picture:
        down, across = self._counts(params)
        high, wide = (1, 11) if self.axes == 1 else (7, 7)
        rows, columns = parts(high, down), parts(wide, across)
        here = divmod(step % (down * across), across)
        values = [[spread(row, column) for column in range(wide)] for row in range(high)]
        results = [[answer(self.how, [values[i][j] for i in each for j in other]) for other in columns] for each in rows]
        sheet = Sketch(120 if self.axes == 1 else 180)
        cell, out = (20.0, 20.0) if self.axes == 2 else (17.0, 17.0)
        middle = sheet.height / 2
        if self.axes == 1:
            return self._row(sheet, values[0], results[0], columns, here[1])
        top = middle - cell * high / 2

        def shade(row: int, column: int) -> tuple[Tone, float]:
            return (Tone.AMBER, 0.5) if row in rows[here[0]] and column in columns[here[1]] else (Tone.BLUE, 0.12 + 0.05 * values[row][column])

        sheet.grid(10, top, values, cell, shade)
        for each in rows:
            for other in columns:
                sheet.box(10 + other.start * cell, top + each.start * cell, len(other) * cell, len(each) * cell, stroke=Tone.QUIET, line=1.4)
        sheet.arrow((164, middle), (206, middle))
        sheet.note(185, middle - 14, HOW[self.how])
        left, first = 280 - out * across / 2, middle - out * down / 2
        sheet.grid(left, first, results, out, lambda row, column: heat(results[row][column], 13))
        sheet.frame(left + here[1] * out, first + here[0] * out, out, out)
        sheet.frame(10 + columns[here[1]].start * cell, top + rows[here[0]].start * cell, len(columns[here[1]]) * cell, len(rows[here[0]]) * cell)
        return sheet.picture()

    def _row(self, sheet: Sketch, values: list[int], results: list[float], columns: list[range], here: int) -> Picture:
        cell = 28.0
        left = 180 - cell * len(values) / 2
        for at, value in enumerate(values):
            sheet.cell(left + at * cell, 16, cell, 24, written(value), *((Tone.AMBER, 0.5) if at in columns[here] else (Tone.BLUE, 0.16)))
        first = 180 - cell * len(results) / 2
        for at, result in enumerate(results):
            sheet.cell(first + at * cell, 86, cell, 24, written(result), *heat(result, 13))
        window = columns[here]
        sheet.frame(left + window.start * cell, 16, len(window) * cell, 24)
        sheet.frame(first + here * cell, 86, cell, 24)
        sheet.arrow((left + (window.start + window.stop) * cell / 2, 44), (first + (here + 0.5) * cell, 83), stroke=Tone.AMBER)
        sheet.note(4, 64, HOW[self.how], "start")
        return sheet.picture()
