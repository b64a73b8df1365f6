"""Arithmetic with constants and sizes, within bounds."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable
from typing import Any

from workbench.graph.dim import Dim
from workbench.models.reading.values import Unknown

LARGEST = 2**63
LONGEST = 10_000
"""How large a number, and how long a text or a list, may become."""
_WIDE = re.compile(r"%[^%a-zA-Z]*(?:\d{3}|\*)")
_SIGNS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv, ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod, ast.Pow: operator.pow,
}


def short(node: ast.AST) -> str:
    """Returns an expression as text, cut where it is long."""
    text = ast.unparse(node)
    return text if len(text) <= 80 else text[:77] + "..."


def plain(value: Any) -> Any:
    """Returns a size that is a plain number as one."""
    return value.constant if isinstance(value, Dim) and value.constant is not None else value


def computed(node: ast.BinOp, left: Any, right: Any) -> Any:
    """Computes with constants, within bounds: a source must not be able to fill the memory."""
    sign = type(node.op)
    if sign not in _SIGNS or (sign is ast.Pow and isinstance(right, int | float) and abs(right) > 64):
        return Unknown(short(node), node.lineno)
    sized = [value for value in (left, right) if isinstance(value, str | list | tuple)]
    if sign is ast.Mod and isinstance(left, str) and _WIDE.search(left):
        return Unknown(short(node), node.lineno)
    times = sized and sign is ast.Mult
    count = right if times and isinstance(right, int) else left if times and isinstance(left, int) else 1
    if sized and sum(map(len, sized)) * max(count, 1) > LONGEST:
        return Unknown(short(node), node.lineno)
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        left, right = tuple(left), tuple(right)  # torch.Size joins either
    try:
        found = _SIGNS[sign](left, right)
    except (TypeError, ValueError, ArithmeticError):
        return Unknown(short(node), node.lineno)
    return Unknown(short(node), node.lineno) if isinstance(found, int | float) and abs(found) > LARGEST else plain(found)
