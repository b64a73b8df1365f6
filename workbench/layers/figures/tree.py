"""A formula of one's own as a tree: inputs and numbers below, what is done with them above."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from workbench.graph.shape import Shape
from workbench.layers.figures.picture import Figure, Picture, Tone, width_of
from workbench.layers.figures.sketch import Sketch

_SIGNS: dict[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "−", ast.Mult: "×", ast.Div: "÷", ast.Pow: "^", ast.MatMult: "@", ast.USub: "−", ast.Lt: "<", ast.Gt: ">", ast.LtE: "≤",
    ast.GtE: "≥", ast.Eq: "=", ast.NotEq: "≠",
}
_DEEPEST, _LONGEST = 4, 14


class Tree(Figure):
    """The expression of the parameters, read as text and drawn as a tree; what lies too deep is written out."""

    def draw(self, params: Any, inputs: Mapping[str, Shape] = MappingProxyType({}), step: int = 0) -> Picture:
        sheet = Sketch(200)
        try:
            root = ast.parse(" ".join(params.expression.split()), mode="eval").body
        except (SyntaxError, ValueError):
            sheet.label(180, 100, _short(params.expression, 44), 12)
            return sheet.picture()
        levels = _depth(root)
        self._node(sheet, root, 12.0, 348.0, 34.0, min(50.0, 134 / max(1, levels)), _DEEPEST)
        sheet.arrow((180, 20), (180, 6))
        sheet.label(192, 12, "y", 12, italic=True)
        return sheet.picture()

    def _node(self, sheet: Sketch, node: ast.expr, left: float, right: float, y: float, gap: float, depth: int) -> None:
        word, parts = _read(node) if depth else (_short(ast.unparse(node)), [])
        middle = (left + right) / 2
        total = sum(_leaves(part, depth - 1) for part in parts)
        start = left
        for part in parts:
            end = start + (right - left) * _leaves(part, depth - 1) / total
            sheet.line((middle, y), ((start + end) / 2, y + gap))
            self._node(sheet, part, start, end, y + gap, gap, depth - 1)
            start = end
        room = right - left - 4
        shown = word if width_of(word, 10.5) + 8 <= room else "…"
        wide = min(max(width_of(shown, 10.5) + 10, 22), max(room, 16))
        sheet.box(middle - wide / 2, y - 11, wide, 22, Tone.GROUND, 1.0, None, radius=8)
        tone = Tone.AMBER if parts else Tone.BLUE if isinstance(node, ast.Name) else Tone.SLATE
        sheet.box(middle - wide / 2, y - 11, wide, 22, tone, 0.2, tone, radius=8)
        sheet.label(middle, y, shown, 10.5)


def _read(node: ast.expr) -> tuple[str, list[ast.expr]]:
    """Returns what stands at a node and what hangs under it."""
    if isinstance(node, ast.BinOp):
        return _SIGNS.get(type(node.op), "?"), [node.left, node.right]
    if isinstance(node, ast.UnaryOp):
        return _SIGNS.get(type(node.op), "?"), [node.operand]
    if isinstance(node, ast.Compare):
        return _SIGNS.get(type(node.ops[0]), "?"), [node.left, *node.comparators]
    if isinstance(node, ast.Call):
        return _short(ast.unparse(node.func)), list(node.args)
    if isinstance(node, ast.Subscript):
        return f"[{_short(ast.unparse(node.slice))}]", [node.value]
    return _short(ast.unparse(node)), []


def _leaves(node: ast.expr, depth: int) -> int:
    parts = _read(node)[1] if depth > 0 else []
    return sum(_leaves(part, depth - 1) for part in parts) or 1


def _depth(node: ast.expr, most: int = _DEEPEST) -> int:
    return 1 + max((_depth(part, most - 1) for part in _read(node)[1]), default=0) if most else 1


def _short(text: str, longest: int = _LONGEST) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
