"""Attention: who looks at whom, as a matrix of real weights that add up to 1 in each row."""

from __future__ import annotations

from collections.abc import Mapping
from math import exp, sin
from types import MappingProxyType
from typing import Any

from workbench.graph.shape import Shape
from workbench.layers.figures.picture import SERIES, Figure, Picture, Tone
from workbench.layers.figures.sketch import Sketch, clamped, heat, written
from workbench.text import Text

_LOW = "₁₂₃₄₅₆₇₈₉"


def weights(rows: int, columns: int, *, causal: bool = False, slope: float = 0.0) -> list[list[float]]:
    """Returns rows of softmax over example scores.

    Args:
        rows: Queries.
        columns: Keys.
        causal: Whether later keys are masked.
        slope: What each step of distance takes from a score (ALiBi).
    """
    found: list[list[float]] = []
    for row in range(rows):
        scores = [2.2 * sin(1.7 * row + 2.3 * column + 0.6 * row * column) - slope * abs(row - column) for column in range(columns)]
        powers = [exp(score) if not causal or column <= row else 0.0 for column, score in enumerate(scores)]
        found.append([power / sum(powers) for power in powers])
    return found


class Attention(Figure):
    """A matrix of weights from queries to keys, the row of one query as bars, the heads below.

    Args:
        queries: The symbol of the queries.
        keys: The symbol of the keys.
        rows: How many queries there are.
    """

    def __init__(self, queries: str = "x", keys: str = "x", rows: int = 6) -> None:
        self.queries, self.keys, self.rows = queries, keys, rows

    def steps(self, params: Any) -> int:
        return self.rows

    def draw(self, params: Any, inputs: Mapping[str, Shape] = MappingProxyType({}), step: int = 0) -> Picture:
        causal, row = getattr(params, "causal", False), step % self.rows
        slope = 0.5 if getattr(params, "positions", "") == "alibi" else 0.0
        found = weights(self.rows, 6, causal=causal, slope=slope)
        heads = getattr(params, "heads", 0)
        sheet = Sketch(206 if heads else 176)
        cell, top = 21.0, 30.0 + 21 * (6 - self.rows) / 2

        def shade(i: int, j: int) -> tuple[Tone, float]:
            return (Tone.SLATE, 0.06) if found[i][j] == 0 else (Tone.BLUE, 0.08 + 0.85 * found[i][j])

        sheet.grid(34, top, found, cell, shade, numbers=False)
        for at in range(6):
            sheet.label(34 + cell * (at + 0.5), top - 9, f"{self.keys}{_LOW[at]}", 10.5, italic=True)
        for at in range(self.rows):
            sheet.label(24, top + cell * (at + 0.5), f"{self.queries}{_LOW[at]}", 10.5, italic=True)
        sheet.frame(34, top + cell * row, 6 * cell, cell)
        self._row(sheet, found[row], row, causal)
        if heads:
            self._heads(sheet, heads, getattr(params, "key_heads", 0) or heads)
        return sheet.picture()

    def _row(self, sheet: Sketch, found: list[float], row: int, causal: bool) -> None:
        sheet.note(196, 12, Text("weights of {query}", query=f"{self.queries}{_LOW[row]}"), "start")
        for at, value in enumerate(found):
            y = 30 + 18.5 * at
            sheet.label(192, y + 8, f"{self.keys}{_LOW[at]}", 10.5, align="end", italic=True)
            sheet.box(198, y + 1, max(1.0, 112 * value), 14, Tone.BLUE, 0.75, None)
            sheet.label(202 + 112 * value, y + 8, written(round(value, 2)) if value else "0", 9.5, Tone.QUIET, "start")
        sheet.note(196, 150, Text("weighted sum of the values"), "start")
        if causal:
            sheet.note(196, 165, Text("nothing later is seen"), "start")

    @staticmethod
    def _heads(sheet: Sketch, heads: int, key_heads: int) -> None:
        shown = clamped(heads, 1, 8)
        alone = key_heads == heads
        words = Text("{heads} heads", heads=heads) if alone else Text("{heads} heads share {keys} keys", heads=heads, keys=key_heads)
        sheet.note(34, 177, words, "start")
        for at in range(shown):
            tone = SERIES[at * min(key_heads, shown) // shown % 6] if key_heads < heads else Tone.BLUE
            for i in range(3):
                for j in range(3):
                    sheet.box(34 + 38 * at + 6 * j, 185 + 6 * i, 6, 6, tone, 0.15 + 0.6 * ((i * (at + 2) + j * 2) % 4) / 3, None)


class Additive(Figure):
    """Bahdanau's attention: a small network scores each key, softmax makes weights, values are summed."""

    def steps(self, params: Any) -> int:
        return 5

    def draw(self, params: Any, inputs: Mapping[str, Shape] = MappingProxyType({}), step: int = 0) -> Picture:
        found = weights(3, 5)[1]
        sheet = Sketch(200)
        for at, value in enumerate(found):
            x, lit = 70.0 + 58 * at, at == step % 5
            sheet.cell(x - 20, 168, 40, 22, f"k{_LOW[at]}", Tone.BLUE, 0.3)
            sheet.arrow((x, 166), (x, 132), stroke=Tone.AMBER if lit else Tone.QUIET)
            sheet.block(x - 24, 108, 48, 22, "vᵀtanh", Tone.AMBER if lit else Tone.SLATE, 10)
            sheet.arrow((x, 106), (x, 92))
            high = 44 * value / max(found)
            sheet.box(x - 12, 84 - high, 24, high, Tone.BLUE, 0.75, None)
            sheet.label(x, 84 - high - 8, written(round(value, 2)), 9.5, Tone.QUIET)
        sheet.cell(4, 108, 28, 22, "q", Tone.PINK, 0.3)
        sheet.line((18, 131), (18, 146), (302, 146), stroke=Tone.PINK, dashed=True)
        sheet.line((46, 84), (330, 84), stroke=Tone.FAINT)
        sheet.note(4, 12, Text("softmax: the weights add up to 1"), "start")
        sheet.label(356, 12, "y = Σ α·v", 11, align="end", italic=True)
        return sheet.picture()


class Places(Figure):
    """Attention over the positions of an image: one place and how strongly it looks at each other one."""

    def steps(self, params: Any) -> int:
        return 12

    def draw(self, params: Any, inputs: Mapping[str, Shape] = MappingProxyType({}), step: int = 0) -> Picture:
        place = (7 * step + 16) % 36
        row, column = divmod(place, 6)
        sheet = Sketch(190)
        found = weights(place + 1, 36)[place]
        most = max(found)

        def shade(i: int, j: int) -> tuple[Tone, float]:
            return (Tone.AMBER, 0.8) if (i, j) == (row, column) else (Tone.SLATE, 0.1 + 0.05 * ((i * j) % 4))

        sheet.grid(12, 30, [[None] * 6] * 6, 22, shade)
        sheet.grid(210, 30, [[None] * 6] * 6, 22, lambda i, j: heat(found[i * 6 + j], most))
        sheet.frame(210 + 22 * column, 30 + 22 * row, 22, 22)
        sheet.frame(12 + 22 * column, 30 + 22 * row, 22, 22)
        sheet.arrow((152, 96), (202, 96))
        sheet.note(12, 16, Text("one place asks"), "start")
        sheet.note(342, 16, Text("how much it takes from each"), "end")
        sheet.note(12, 178, Text("{heads} heads", heads=params.heads), "start")
        if params.residual:
            sheet.note(342, 178, Text("and adds it to itself"), "end")
        return sheet.picture()
