"""Layers that take several wires number by number or row by column, and layers of weights between all numbers."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from workbench.graph.shape import Shape
from workbench.layers.figures.picture import Figure, Picture, Tone
from workbench.layers.figures.sketch import Sketch, clamped, heat, written
from workbench.text import Text

_LEFT = [[1, 2, 0], [3, -1, 2]]
_RIGHT = [[2, 1, 4], [-1, 3, 2]]
_TALL = [[1, 0, 2, 1], [2, 1, 0, -1], [0, 3, 1, 2]]


class Numberwise(Figure):
    """Two wires of equal shape, number by number.

    Args:
        sign: `+`, `−` or `×`.
    """

    def __init__(self, sign: str) -> None:
        self.sign = sign

    def steps(self, params: Any) -> int:
        return 6

    def draw(self, params: Any, inputs: Mapping[str, Shape] = MappingProxyType({}), step: int = 0) -> Picture:
        work = {"+": lambda a, b: a + b, "−": lambda a, b: a - b, "×": lambda a, b: a * b}[self.sign]
        result = [[work(a, b) for a, b in zip(left, right, strict=True)] for left, right in zip(_LEFT, _RIGHT, strict=True)]
        row, column = divmod(step % 6, 3)
        sheet = Sketch(120)
        names = ("left", "right") if self.sign == "−" else ("x₁", "x₂")
        for x, grid, name in ((8.0, _LEFT, names[0]), (136.0, _RIGHT, names[1]), (264.0, result, "y")):
            sheet.grid(x, 34, grid, 29, lambda i, j, grid=grid: heat(grid[i][j], 9))
            sheet.frame(x + 29 * column, 34 + 29 * row, 29, 29)
            sheet.label(x + 43, 20, name, 12, italic=True)
        sheet.label(115, 63, self.sign, 17)
        sheet.label(243, 63, "=", 17)
        return sheet.picture()


class Product(Figure):
    """Rows of the first matrix by columns of the second."""

    def steps(self, params: Any) -> int:
        return 8

    def draw(self, params: Any, inputs: Mapping[str, Shape] = MappingProxyType({}), step: int = 0) -> Picture:
        row, column = divmod(step % 8, 4)
        result = [[sum(_LEFT[i][j] * _TALL[j][k] for j in range(3)) for k in range(4)] for i in range(2)]
        sheet = Sketch(176)
        sheet.grid(12, 52, _LEFT, 24, lambda i, j: (Tone.AMBER, 0.45) if i == row else heat(_LEFT[i][j], 9))
        sheet.grid(116, 40, _TALL, 24, lambda i, j: (Tone.AMBER, 0.45) if j == column else heat(_TALL[i][j], 9))
        sheet.grid(250, 52, result, 24, lambda i, j: heat(result[i][j], 12))
        sheet.frame(250 + 24 * column, 52 + 24 * row, 24, 24)
        sheet.label(100, 76, "·", 18)
        sheet.label(231, 76, "=", 16)
        sheet.label(48, 24, "left", 12, italic=True)
        sheet.label(164, 24, "right", 12, italic=True)
        sheet.label(298, 24, "y", 12, italic=True)
        terms = " + ".join(f"{written(_LEFT[row][j])}·{written(_TALL[j][column])}" for j in range(3))
        sheet.label(180, 148, f"{terms} = {written(result[row][column])}", 12)
        return sheet.picture()


class Units(Figure):
    """Every unit weighs all features: lines between two columns of discs, thick where the weight is large."""

    def steps(self, params: Any) -> int:
        return clamped(params.units, 1, 6)

    def draw(self, params: Any, inputs: Mapping[str, Shape] = MappingProxyType({}), step: int = 0) -> Picture:
        given = next((int(shape["feature"]) for shape in inputs.values() if "feature" in shape.axes and shape["feature"].constant), 64)
        left, right = clamped(given, 1, 6), clamped(params.units, 1, 6)
        unit = step % right
        sheet = Sketch(190)
        for j in range(right):
            for i in range(left):
                value = ((i * 7 + j * 5 + i * j) % 9 - 4) / 4
                tone = (Tone.BLUE if value >= 0 else Tone.PINK) if j == unit else Tone.FAINT
                sheet.line((92, _at(i, left)), (232, _at(j, right)), stroke=tone, line=0.6 + (2.2 if j == unit else 0.2) * abs(value))
        for i in range(left):
            sheet.disc(84, _at(i, left), 9, "", Tone.SLATE, 0.3)
        for j in range(right):
            sheet.disc(240, _at(j, right), 9, "", Tone.AMBER if j == unit else Tone.BLUE, 0.5)
        sheet.note(84, 180, Text("{count} features", count=given))
        sheet.note(240, 180, Text("{count} units", count=params.units))
        sheet.label(262, _at(unit, right), "Σ w·x + b" if params.bias else "Σ w·x", 11, align="start", italic=True)
        return sheet.picture()


def _at(place: int, count: int) -> float:
    return 88 + 26 * (place - (count - 1) / 2)


class Pairs(Figure):
    """A bilinear layer: all products of a feature of one wire with one of the other, weighed and summed."""

    def steps(self, params: Any) -> int:
        return clamped(params.units, 1, 4)

    def draw(self, params: Any, inputs: Mapping[str, Shape] = MappingProxyType({}), step: int = 0) -> Picture:
        first, second = (1.0, 0.5, -1.0, 2.0), (2.0, -1.0, 0.5, 1.0, -0.5)
        units = clamped(params.units, 1, 4)
        unit = step % units
        sheet = Sketch(190)
        products = [[a * b for b in second] for a in first]
        sheet.grid(44, 46, products, 25, lambda i, j: heat(products[i][j], 3), numbers=False)
        for j, value in enumerate(second):
            sheet.cell(44 + 25 * j, 16, 25, 20, written(value), *heat(value, 3), size=9)
        for i, value in enumerate(first):
            sheet.cell(10, 46 + 25 * i, 28, 25, written(value), *heat(value, 3), size=9)
        total = 0.0
        weights = [[((i * 5 + j * 3 + 4 * unit) % 7 - 3) / 3 for j in range(5)] for i in range(4)]
        for i in range(4):
            for j in range(5):
                total += products[i][j] * weights[i][j]
        sheet.label(181, 96, "∘", 15)
        sheet.grid(196, 62, weights, 17, lambda i, j: heat(weights[i][j], 1.6), numbers=False)
        sheet.note(238, 48, f"W{'₁₂₃₄'[unit]}")
        sheet.arrow((286, 96), (304, 96))
        sheet.cell(308, 84, 46, 24, written(round(total, 1)), Tone.AMBER, 0.4)
        sheet.note(331, 72, f"y{'₁₂₃₄'[unit]}")
        sheet.note(44, 164, Text("all products"), "start")
        sheet.note(196, 164, Text("weighed, then summed"), "start")
        return sheet.picture()
