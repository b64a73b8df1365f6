"""Tables of vectors: embeddings, and what tells a position from another."""

from __future__ import annotations

from collections.abc import Mapping
from math import cos, pi, sin
from types import MappingProxyType
from typing import Any

from workbench.graph.shape import Shape
from workbench.layers.figures.picture import SERIES, Figure, Picture, Tone
from workbench.layers.figures.sketch import Sketch, heat
from workbench.text import Text

_IDS = (4, 1, 6, 1)


def encoding(position: int, feature: int, width: int) -> float:
    """Returns the sinusoidal code of a position (Vaswani et al. 2017)."""
    angle = position / 10000 ** (2 * (feature // 2) / width)
    return sin(angle) if feature % 2 == 0 else cos(angle)


class Lookup(Figure):
    """Ids on the left choose rows of a table."""

    def steps(self, params: Any) -> int:
        return len(_IDS)

    def draw(self, params: Any, inputs: Mapping[str, Shape] = MappingProxyType({}), step: int = 0) -> Picture:
        here = step % len(_IDS)
        sheet = Sketch(190)
        for row in range(8):
            lit = row == _IDS[here]
            sheet.label(116, 26 + 18 * row, str(row), 10, Tone.TEXT if lit else Tone.QUIET, "end")
            self._vector(sheet, 122, 17 + 18 * row, row)
            if lit:
                sheet.frame(122, 17 + 18 * row, 84, 18)
        for at, token in enumerate(_IDS):
            y = 34.0 + 32 * at
            sheet.cell(18, y, 30, 24, str(token), Tone.AMBER, 0.45 if at == here else 0.12)
            self._vector(sheet, 262, y + 3, token)
        sheet.arrow((50, 46 + 32 * here), (102, 26 + 18 * _IDS[here]), stroke=Tone.AMBER)
        sheet.arrow((208, 26 + 18 * _IDS[here]), (258, 46 + 32 * here), stroke=Tone.AMBER)
        sheet.frame(262, 37 + 32 * here, 84, 18)
        sheet.note(33, 180, Text("ids"))
        sheet.note(164, 180, Text("learned table"))
        sheet.note(304, 180, Text("vectors of {width}", width=params.width))
        return sheet.picture()

    @staticmethod
    def _vector(sheet: Sketch, x: float, y: float, row: int) -> None:
        for at in range(6):
            sheet.cell(x + 14 * at, y, 14, 18, "", *heat(((row * 7 + at * 5 + row * at) % 9 - 4) / 4))


class Positions(Figure):
    """The code of every position as a heat map: waves from fast to slow, or one learned vector each."""

    _WIDTH, _LENGTH = 24, 56

    def draw(self, params: Any, inputs: Mapping[str, Shape] = MappingProxyType({}), step: int = 0) -> Picture:
        sheet = Sketch(190)
        learned = params.kind == "learned"
        for position in range(self._LENGTH):
            for feature in range(self._WIDTH):
                drawn = ((position * 37 + feature * 23 + position * feature * 7) % 19 - 9) / 12
                value = drawn if learned else encoding(position, feature, self._WIDTH)
                sheet.box(44 + 12.5 * feature, 24 + 2.5 * position, 12.5, 2.5, *heat(value), None)
        sheet.label(30, 29, "0", 10, Tone.QUIET)
        sheet.label(28, 24 + 2.5 * self._LENGTH - 5, str(self._LENGTH - 1), 10, Tone.QUIET)
        sheet.label(16, 94, Text("position"), 10, Tone.QUIET, turned=True)
        sheet.note(194, 12, Text("feature"))
        words = Text("learned: one vector for each position") if learned else Text("sinusoidal: fast waves left, slow waves right")
        sheet.note(44, 178, words, "start")
        return sheet.picture()


class Rotary(Figure):
    """Pairs of features turned by an angle that grows with the position."""

    def steps(self, params: Any) -> int:
        return 8

    def draw(self, params: Any, inputs: Mapping[str, Shape] = MappingProxyType({}), step: int = 0) -> Picture:
        sheet = Sketch(204)
        for pair in range(3):
            speed = 1 / 8**pair
            for at, position in enumerate((0, 1, 2, 3)):
                x, y = 96.0 + 66 * at, 36.0 + 50 * pair
                angle = 0.5 + (position + step) * speed
                sheet.box(x - 20, y - 20, 40, 40, None, stroke=Tone.LINE, radius=20)
                sheet.arrow((x, y), (x + 17 * cos(angle), y - 17 * sin(angle)), stroke=SERIES[pair], line=2)
            sheet.note(8, 36 + 50 * pair, Text("pair {number}", number=pair), "start")
        for at in range(4):
            sheet.label(96 + 66 * at, 170, f"t = {step + at}", 11, italic=True)
        sheet.note(8, 192, Text("the angle between two places depends on their distance alone"), "start")
        return sheet.picture()


class ImagePlaces(Figure):
    """A code for the row and one for the column, added at every place of an image."""

    def draw(self, params: Any, inputs: Mapping[str, Shape] = MappingProxyType({}), step: int = 0) -> Picture:
        sheet = Sketch(176)
        learned = params.kind == "learned"

        def code(place: int) -> float:
            return ((place * 29 + 5) % 13 - 6) / 7 if learned else sin(2 * pi * place / 8)

        for at in range(8):
            sheet.cell(40, 38 + 14 * at, 14, 14, "", *heat(code(at)))
            sheet.cell(124 + 14 * at, 18, 14, 14, "", *heat(code(at + 2)))
            for other in range(8):
                sheet.cell(124 + 14 * other, 38 + 14 * at, 14, 14, "", *heat((code(at) + code(other + 2)) / 2))
        sheet.label(88, 94, "+", 16)
        sheet.label(262, 94, "+ x", 14, italic=True)
        sheet.note(47, 166, Text("of the row"))
        sheet.note(250, 25, Text("of the column"), "start")
        sheet.note(180, 166, Text("one channel"))
        return sheet.picture()
