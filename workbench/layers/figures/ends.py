"""What enters and leaves a model: images, token ids, numbers, categories, results."""

from __future__ import annotations

from collections.abc import Mapping
from math import sin
from types import MappingProxyType
from typing import Any

from workbench.graph.shape import Shape
from workbench.layers.figures.picture import SERIES, Figure, Path, Picture, Tone
from workbench.layers.figures.sketch import Sketch, clamped, heat, written
from workbench.text import Text

_COLOURS = (Tone.PINK, Tone.GREEN, Tone.BLUE)


class ImageRows(Figure):
    """A batch of images, each with its channels one behind the other."""

    def draw(self, params: Any, inputs: Mapping[str, Shape] = MappingProxyType({}), step: int = 0) -> Picture:
        sheet = Sketch(160)
        channels = clamped(params.channels, 1, 4)
        for row in range(3):
            for back in reversed(range(channels)):
                x, y = 20.0 + 112 * row + 9 * back, 42.0 - 8 * back
                sheet.box(x, y, 70, 70, Tone.GROUND)
                tone = _COLOURS[back] if channels == 3 else Tone.SLATE
                for at in range(49):
                    i, j = divmod(at, 7)
                    ring = abs((i - 3) ** 2 + (j - 3) ** 2 - 3 - 2 * row)
                    sheet.box(x + 10 * j, y + 10 * i, 10, 10, tone, 0.75 if ring < 2.6 else 0.1, None)
            sheet.note(55 + 112 * row, 126, Text("row {number}", number=row + 1))
        sizes = {"channels": params.channels, "height": params.height, "width": params.width}
        sheet.note(20, 148, Text("{channels} × {height} × {width} numbers a row", **sizes), "start")
        return sheet.picture()


class TokenRows(Figure):
    """Rows of token ids of different length, filled up with zeros."""

    def draw(self, params: Any, inputs: Mapping[str, Shape] = MappingProxyType({}), step: int = 0) -> Picture:
        sheet = Sketch(150)
        for row, length in enumerate((8, 5, 3)):
            for at in range(8):
                real = at < length
                token = (37 * row + 53 * at * at + 11) % max(2, params.vocabulary) if real else 0
                sheet.cell(30 + 40 * at, 20 + 34 * row, 40, 26, str(token), Tone.BLUE if real else Tone.SLATE, 0.25 if real else 0.05)
            sheet.label(16, 33 + 34 * row, str(row + 1), 10.5, Tone.QUIET)
        sheet.note(30, 134, Text("ids below {vocabulary}", vocabulary=params.vocabulary), "start")
        sheet.note(350, 134, Text("grey: padding"), "end")
        return sheet.picture()


class Column(Figure):
    """One value per row of a table.

    Args:
        category: Whether the values are ids of categories.
    """

    def __init__(self, *, category: bool = False) -> None:
        self.category = category

    def draw(self, params: Any, inputs: Mapping[str, Shape] = MappingProxyType({}), step: int = 0) -> Picture:
        sheet = Sketch(150)
        raw = (21.0, 35.0, 28.0, 44.0)
        mean, spread = 32.0, 8.6
        for row, value in enumerate(raw):
            if self.category:
                token = row * 3 % max(2, min(params.categories, 9))
                shown, after, strength = "ABCDEFGHI"[token], str(token), 0.25
            else:
                shown, after, strength = written(value), written(round((value - mean) / spread, 2)), 0.25
            sheet.cell(60, 14 + 27 * row, 70, 27, shown, Tone.SLATE, 0.08, size=11)
            sheet.arrow((140, 27 + 27 * row), (196, 27 + 27 * row))
            sheet.cell(206, 14 + 27 * row, 70, 27, after, SERIES[int(after) % 6] if self.category else Tone.BLUE, strength, size=11)
        sheet.note(95, 136, Text("in the table"))
        sheet.note(241, 136, Text("id") if self.category else Text("standardised"))
        return sheet.picture()


class Result(Figure):
    """A result leaves the model and meets the objective."""

    def draw(self, params: Any, inputs: Mapping[str, Shape] = MappingProxyType({}), step: int = 0) -> Picture:
        sheet = Sketch(110)
        for at, value in enumerate((0.2, 2.1, -0.7, 0.4)):
            sheet.cell(20, 12 + 22 * at, 50, 22, written(value), *heat(value, 3))
        sheet.arrow((76, 56), (128, 56))
        sheet.block(132, 42, 76, 28, Text("Output"), Tone.SLATE)
        sheet.arrow((212, 56), (254, 56))
        sheet.block(258, 42, 92, 28, Text("objective"), Tone.PINK)
        return sheet.picture()


class Wave(Figure):
    """A sound or a series of measurements: one line for each channel."""

    def draw(self, params: Any, inputs: Mapping[str, Shape] = MappingProxyType({}), step: int = 0) -> Picture:
        sheet = Sketch(150)
        lines = clamped(getattr(params, "channels", getattr(params, "features", getattr(params, "width", 1))), 1, 4)
        gap = 116 / lines
        for line in range(lines):
            middle = 8 + gap * (line + 0.5)
            points = tuple((24 + 1.6 * at, middle - 0.38 * gap * sin(0.11 * at * (1 + line / 3)) * sin(0.023 * at + line)) for at in range(200))
            sheet.items.append(Path(points, SERIES[line], 1.4))
        sheet.arrow((24, 130), (346, 130), stroke=Tone.FAINT)
        sheet.note(184, 141, Text("time"))
        return sheet.picture()
