"""Blocks with arrows and ways around them: Transformers, residual and dense blocks, channel attention."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from workbench.graph.shape import Shape
from workbench.layers.figures.picture import SERIES, Figure, Picture, Tone, width_of
from workbench.layers.figures.sketch import Sketch, clamped
from workbench.text import Text

_TONES = {"attention": Tone.AMBER, "norm": Tone.GREEN, "dense": Tone.PINK, "conv": Tone.BLUE, "other": Tone.SLATE}
_JOINS = ("+", "×")
_ROW_PX = 62.0


@dataclass(frozen=True, slots=True)
class Row:
    """One line of blocks.

    Attributes:
        blocks: Pairs of a word and its kind (`attention`, `norm`, `dense`, `conv`, `other`); `+` and `×` join the way around.
        start: What goes in, at the left; "" goes on from the row above.
        side: What comes in from below at the second word of the pair: (word, index of the block).
        around: A word on the way around (`1×1`).
        skip: Whether a way leads around to the join.
    """

    blocks: tuple[tuple[str, str], ...]
    start: str = ""
    side: tuple[str, int] | None = None
    around: str = ""
    skip: bool = True


class Flow(Figure):
    """Rows of blocks, one under the other, each going on where the one above ended.

    Args:
        rows: Makes the rows from the parameters.
        repeated: Makes the sentence under them (`2 times`) from the parameters; "" for none.
        between: The symbol of what goes from one row to the next.
    """

    def __init__(self, rows: Callable[[Any], list[Row]], repeated: Callable[[Any], str] | None = None, between: str = "h") -> None:
        self.rows, self.repeated, self.between = rows, repeated, between

    def draw(self, params: Any, inputs: Mapping[str, Shape] = MappingProxyType({}), step: int = 0) -> Picture:
        rows = self.rows(params)
        words = self.repeated(params) if self.repeated else ""
        sheet = Sketch(_ROW_PX * len(rows) + (30 if words else 12) + (18 if rows[-1].side else 0))
        for at, row in enumerate(rows):
            goes_on = at + 1 < len(rows) and not rows[at + 1].start
            self._row(sheet, row, 40 + _ROW_PX * at, goes_on)
        if words:
            sheet.note(12, sheet.height - 10, words, "start")
        return sheet.picture()

    def _row(self, sheet: Sketch, row: Row, y: float, goes_on: bool) -> None:
        sizes = [16.0 if word in _JOINS else max(width_of(word, 10.5), 16) + 10 for word, _ in row.blocks]
        gap = clamped(int((308 - sum(sizes)) / (len(sizes) + 1)), 7, 22)
        x = 22.0
        sheet.label(12, y, row.start or self.between, 12, italic=True)
        branch = x + gap / 2 - 2
        for at, ((word, kind), wide) in enumerate(zip(row.blocks, sizes, strict=True)):
            sheet.arrow((x, y), (x + gap, y))
            x += gap
            if word in _JOINS:
                sheet.disc(x + 8, y, 8, word)
                if row.skip:
                    self._around(sheet, branch, x + 8, y, row.around)
            else:
                sheet.block(x, y - 13, wide, 26, word, _TONES[kind])
            if row.side and row.side[1] == at:
                sheet.arrow((x + wide / 2, y + 32), (x + wide / 2, y + 15), stroke=Tone.PINK)
                sheet.label(x + wide / 2 + 6, y + 28, row.side[0], 10.5, align="start")
            x += wide
        sheet.arrow((x, y), (x + gap, y))
        sheet.label(x + gap + 8, y, self.between if goes_on else "y", 12, italic=True)

    @staticmethod
    def _around(sheet: Sketch, left: float, right: float, y: float, word: str) -> None:
        sheet.arrow((left, y), (left, y - 26), (right, y - 26), (right, y - 9), stroke=Tone.AMBER, line=1.6)
        if word:
            wide = width_of(word, 10) + 10
            middle = (left + right) / 2
            sheet.box(middle - wide / 2, y - 35, wide, 18, Tone.GROUND, 1.0, Tone.AMBER, radius=4)
            sheet.label(middle, y - 26, word, 10)


def _unit(params: Any) -> str:
    return {"gelu": "GELU", "relu": "ReLU", "swiglu": "SwiGLU"}[params.activation]


def _around(params: Any, *blocks: tuple[str, str], start: str = "", side: str = "") -> Row:
    pre = params.norm == "pre"
    norm = (Text("Norm"), "norm")
    inner = (norm, *blocks, ("+", "other")) if pre else (*blocks, ("+", "other"), norm)
    return Row(inner, start, (side, 1 if pre else 0) if side else None)


def encoder(params: Any) -> list[Row]:
    """The rows of a Transformer encoder block."""
    words = Text("Causal self-attention") if getattr(params, "causal", False) else Text("Self-attention")
    return [_around(params, (words, "attention"), start="x"), _small(params)]


def decoder(params: Any) -> list[Row]:
    """The rows of a Transformer decoder block."""
    return [
        _around(params, (Text("Causal self-attention"), "attention"), start="x"),
        _around(params, (Text("Cross-attention"), "attention"), side=Text("memory, if wired")),
        _small(params),
    ]


def _small(params: Any) -> Row:
    return _around(params, ("W₁", "dense"), (_unit(params), "other"), ("W₂", "dense"))


def blocks_in_row(params: Any) -> str:
    """Says how often the blocks come."""
    return Text("{count} such blocks, {heads} heads each", count=params.layers, heads=params.heads)


def residual(params: Any) -> list[Row]:
    """The row of a residual block."""
    window = f"{params.kernel}×{params.kernel}"
    blocks = ((window, "conv"), ("BN", "norm"), ("ReLU", "other"), (window, "conv"), ("BN", "norm"), ("+", "other"), ("ReLU", "other"))
    return [Row(blocks, "x", around="1×1, BN" if params.stride > 1 else "")]


def squeeze(params: Any) -> list[Row]:
    """The row of squeeze-and-excitation."""
    small = f"C/{params.reduction}"
    return [Row(((Text("mean"), "other"), (f"W₁ {small}", "dense"), ("SiLU", "other"), ("W₂ C", "dense"), ("σ", "other"), ("×", "other")), "x")]


def cbam(params: Any) -> list[Row]:
    """The two rows of CBAM: channels, then places."""
    window = f"{params.kernel}×{params.kernel}"
    return [
        Row(((Text("mean, max per channel"), "other"), (f"M C/{params.reduction}", "dense"), ("σ", "other"), ("×", "other")), "x"),
        Row(((Text("mean, max per place"), "other"), (window, "conv"), ("σ", "other"), ("×", "other"))),
    ]


def both_ways(params: Any) -> list[Row]:
    """The two rows of a cross-modal attention."""
    words = (Text("Attention"), "attention")
    norm = (Text("Norm"), "norm")
    return [
        Row((norm, words, ("+", "other")), "a", (Text("keys and values: Norm(b)"), 1)),
        Row((norm, words, ("+", "other")), "b", (Text("keys and values: Norm(a)"), 1)),
    ]


def heads_sentence(params: Any) -> str:
    """Says how many heads there are."""
    return Text("{heads} heads", heads=params.heads)


class Growth(Figure):
    """A dense block: every convolution sees all channels before it and adds some."""

    def draw(self, params: Any, inputs: Mapping[str, Shape] = MappingProxyType({}), step: int = 0) -> Picture:
        layers, growth = clamped(params.layers, 1, 5), params.growth
        given = next((int(shape["channel"]) for shape in inputs.values() if "channel" in shape.axes and shape["channel"].constant), 24)
        sheet = Sketch(190)
        gap, unit = 320 / (layers + 1), 110 / (given + layers * growth)
        for at in range(layers + 1):
            x, y = 20 + gap * at, 150.0
            for part in range(at + 1):
                count = given if part == 0 else growth
                high = max(2.0, count * unit)
                y -= high
                sheet.box(x, y, 20, high, Tone.SLATE if part == 0 else SERIES[(part - 1) % 5], 0.55, Tone.LINE, 0.8)
            sheet.label(x + 10, 162, str(given + at * growth), 10.5)
            if at < layers:
                sheet.arrow((x + 22, 120), (x + gap - 3, 120))
                sheet.note(x + 20 + (gap - 20) / 2, 108, f"{params.kernel}×{params.kernel}")
        sheet.note(20, 14, Text("each convolution adds {growth} channels", growth=growth), "start")
        sheet.note(20, 181, Text("channel"), "start")
        return sheet.picture()
