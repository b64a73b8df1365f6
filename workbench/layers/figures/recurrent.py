"""Recurrent cells unrolled over time, with the numbers of one unit computed by its own equations."""

from __future__ import annotations

from collections.abc import Mapping
from math import tanh
from types import MappingProxyType
from typing import Any

from workbench.graph.shape import Shape
from workbench.layers.figures.functions import sigmoid
from workbench.layers.figures.picture import Figure, Picture, Tone
from workbench.layers.figures.sketch import Sketch, heat, written
from workbench.text import Text

_INPUTS = (1.0, -0.5, 0.8, 0.2)
_GATES = {
    "lstm": Text("i input gate, f forget gate, g new content, o output gate"), "gru": Text("r reset gate, z keep gate, n new content"),
}
Gates = list[tuple[str, float]]


def _lstm(x: float, hidden: float, cell: float) -> tuple[Gates, float, float]:
    enter, forget = sigmoid(1.5 * x + 0.5 * hidden), sigmoid(1.0 - 0.8 * x + 0.4 * hidden)
    show, new = sigmoid(0.7 * x + hidden + 0.5), tanh(1.6 * x + 0.6 * hidden)
    cell = forget * cell + enter * new
    return [("i", enter), ("f", forget), ("g", new), ("o", show)], show * tanh(cell), cell


def _gru(x: float, hidden: float, cell: float) -> tuple[Gates, float, float]:
    reset, keep = sigmoid(x + 0.6 * hidden), sigmoid(0.8 - 1.2 * x + 0.5 * hidden)
    new = tanh(1.6 * x + reset * 0.9 * hidden)
    return [("r", reset), ("z", keep), ("n", new)], keep * hidden + (1 - keep) * new, cell


class Unrolled(Figure):
    """The same cell at four moments; the state goes from one to the next.

    Args:
        kind: `rnn`, `lstm` or `gru`.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def steps(self, params: Any) -> int:
        return len(_INPUTS)

    def _rule(self, params: Any, x: float, hidden: float, cell: float) -> tuple[Gates, float, float]:
        if self.kind == "lstm":
            return _lstm(x, hidden, cell)
        if self.kind == "gru":
            return _gru(x, hidden, cell)
        total = 1.4 * x + 0.8 * hidden
        return [], (max(0.0, total) if params.activation == "relu" else tanh(total)), cell

    def draw(self, params: Any, inputs: Mapping[str, Shape] = MappingProxyType({}), step: int = 0) -> Picture:
        two_way = params.bidirectional
        sheet = Sketch(236 if two_way else 200)
        hidden = cell = 0.0
        for at, x in enumerate(_INPUTS):
            gates, hidden, cell = self._rule(params, x, hidden, cell)
            self._moment(sheet, at, x, gates, hidden, cell, at == step % len(_INPUTS))
        if two_way:
            self._backward(sheet)
        if params.layers > 1:
            sheet.note(352, sheet.height - 8, Text("× {layers} layers, each reads the one below", layers=params.layers), "end")
        elif self.kind != "rnn":
            sheet.note(352, sheet.height - 8, _GATES[self.kind], "end")
        return sheet.picture()

    def _moment(self, sheet: Sketch, at: int, x: float, gates: Gates, hidden: float, cell: float, now: bool) -> None:
        left = 24.0 + 84 * at
        tone = Tone.AMBER if now else Tone.VIOLET
        sheet.box(left, 50, 62, 88, tone, 0.2 if now else 0.1, tone, 2.0 if now else 1.2, 6)
        sheet.label(left + 31, 8, f"h{'₁₂₃₄'[at]} = {written(round(hidden, 2))}", 10, italic=True)
        sheet.arrow((left + 31, 50), (left + 31, 16))
        sheet.arrow((left + 31, 162), (left + 31, 140))
        sheet.label(left + 31, 171, f"x{'₁₂₃₄'[at]} = {written(x)}", 10, italic=True)
        last = at == len(_INPUTS) - 1
        sheet.arrow((left + 62, 120), (left + (74 if last else 82), 120))
        if self.kind == "lstm":
            sheet.arrow((left + 62, 62), (left + (74 if last else 82), 62), stroke=Tone.GREEN, line=2)
            sheet.label(left + 31, 62, f"c = {written(round(cell, 2))}", 9.5, italic=True)
        if not gates:
            sheet.label(left + 31, 84, "tanh" if hidden < 1 else "ReLU", 11)
            sheet.label(left + 31, 104, "W·x + R·h", 9.5, Tone.QUIET)
        wide = 58 / max(1, len(gates))
        for place, (name, value) in enumerate(gates):
            x0 = left + 2 + wide * place
            sheet.label(x0 + wide / 2, 82, name, 10, italic=True)
            sheet.box(x0 + wide / 2 - 5, 92, 10, 38, stroke=Tone.FAINT, line=0.8)
            tone, strength = heat(value, 1.0)
            high = 38 * abs(value)
            sheet.box(x0 + wide / 2 - 5, 130 - high, 10, high, tone, max(0.3, strength), None)

    @staticmethod
    def _backward(sheet: Sketch) -> None:
        for at in range(len(_INPUTS)):
            left = 24.0 + 84 * at
            sheet.box(left, 186, 62, 22, Tone.GREEN, 0.14, Tone.GREEN, radius=5)
            sheet.label(left + 31, 197, "h′", 10, italic=True)
            if at:
                sheet.arrow((left, 197), (left - 20, 197), stroke=Tone.GREEN)
        sheet.note(4, 217, Text("a second one reads backwards"), "start")
