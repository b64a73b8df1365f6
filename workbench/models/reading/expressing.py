"""From an operator back to a layer: parameters are searched for which the layer prints the same expression."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from itertools import permutations
from typing import Any

from workbench.graph.shape import Shape
from workbench.layers import LAYERS
from workbench.layers.base import Call, FromPort, Layer, Shapes
from workbench.models.reading.inversion import Match, by_port, choices_of, said, without_defaults

_TOKEN = re.compile(r"\d+(?:\.\d*)?(?:e[-+]?\d+)?|\w+|[^\w\s]")
_ROUNDS = 3


class _Operand(str):
    parts: tuple[str, ...]

    def __format__(self, sign: str) -> str:
        return f" {sign} ".join(self.parts) if sign else str(self)


def operand(index: int) -> str:
    """Returns how the tensor with this number stands in a text."""
    return f"_{index}"


_AXES = {1: ("feature",), 2: ("time", "feature"), 3: ("channel", "height", "width"), 4: ("channel", "depth", "height", "width")}


def express(texts: Sequence[str], shapes: Sequence[Shape], axes: Sequence[str] = ()) -> Match | None:
    """Returns the layer that prints one of these expressions, the first text first.

    Args:
        texts: Ways to write the same; `_0`, `_1` are the tensors.
        shapes: Their shapes.
        axes: The names of the axes of the result after the batch, where they are known.
    """
    for text in texts:
        wanted = _tokens(text)
        for layer in LAYERS:
            inputs = by_port(layer, tuple(shapes))
            if inputs is not None and not layer.role:
                found = _searched(layer, inputs, wanted, axes)
                if found is not None:
                    return found
    return None


def _tokens(text: str) -> list[str]:
    try:
        return _TOKEN.findall(ast.unparse(ast.parse(text)))
    except (SyntaxError, ValueError):
        return [text]


def _printed(call: Call | None, inputs: Shapes) -> list[str]:
    """Returns what a call prints with numbered operands, in tokens; nothing where it is no operator."""
    if call is None or not call.expression:
        return []
    operands: dict[str, _Operand] = {}
    numbers = {port: operand(index) for index, port in enumerate(inputs)}
    for parameter, origin in call.inputs.items():
        if isinstance(origin, FromPort):
            variadic = origin.port not in inputs
            parts = tuple(name for port, name in numbers.items() if port == origin.port or port.startswith(f"{origin.port}."))
            made = _Operand(f"[{', '.join(parts)}]" if variadic else "".join(parts))
            made.parts = parts
            operands[parameter] = made
    try:
        return _tokens(call.expression.format_map(operands))
    except (KeyError, ValueError, IndexError):
        return []


def _searched(layer: Layer, inputs: Shapes, wanted: list[str], axes: Sequence[str]) -> Match | None:
    values = _values(wanted, inputs, axes)
    raw: dict[str, Any] = {}
    printed = _printed(said(layer, raw, inputs), inputs)
    score = _likeness(printed, wanted)
    if not printed and not choices_of_any(layer) and "reshape" not in wanted:
        return None
    for _ in range(_ROUNDS):
        if score == 1.0:
            break
        before = score
        for name in type(layer).Params.model_fields:
            for value in [*choices_of(layer, name), *values]:
                trial = {**raw, name: value}
                reached = _likeness(_printed(said(layer, trial, inputs), inputs), wanted)
                if reached > score:
                    raw, score = trial, reached
        if score == before:
            break
    call = said(layer, raw, inputs)
    return Match(layer.name, without_defaults(layer, raw), call, ()) if score == 1.0 and call is not None else None


def choices_of_any(layer: Layer) -> bool:
    """Whether some parameter lists its values, so that another value may print something."""
    return any(choices_of(layer, name) for name in type(layer).Params.model_fields)


def _likeness(printed: list[str], wanted: list[str]) -> float:
    if not printed:
        return 0.0
    same = sum(one == other for one, other in zip(printed, wanted, strict=False))
    return same / max(len(printed), len(wanted))


def _values(wanted: list[str], inputs: Shapes, axes: Sequence[str]) -> list[Any]:
    """Returns what a parameter may be: numbers in the text, axes of the inputs and, for orders, all orders of few axes."""
    found: list[Any] = []
    for token in wanted:
        if token[0].isdigit():
            number = float(token) if "." in token or "e" in token else int(token)
            found += [number, -number]
    first = next(iter(inputs.values()))
    found += first.axes[1:]
    if "reshape" in wanted:
        sizes = [token for token in wanted if token.isdigit()][1:]
        names = axes if len(axes) == len(sizes) else _AXES.get(len(sizes), ())
        found.append(", ".join(f"{axis} {size}" for axis, size in zip(names, sizes, strict=False)))
    if "permute" in wanted and first.rank <= 5:
        found += [", ".join(order) for order in permutations(first.axes[1:])]
    return list(dict.fromkeys(found))
