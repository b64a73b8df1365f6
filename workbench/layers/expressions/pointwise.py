"""Functions that work number by number."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from workbench.layers.expressions.function import Function, Given
from workbench.layers.expressions.value import Code, ExpressionError, Operand, Scalar, Value, Work, call, spread
from workbench.text import Text

LARGEST = 1e30
MOST_EXPONENT = 64


def number(value: float, place: int = -1) -> Scalar:
    """Returns a number that was computed.

    Raises:
        ExpressionError: It is too large, or none.
    """
    if not abs(value) <= LARGEST:
        raise ExpressionError(Text("this number is too large"), place)
    return value


def joined(work: Work, sign: str, values: list[Operand], place: int, code: Callable[[list[Code]], Code] | None = None) -> Value:
    """Returns tensors and numbers joined number by number, with axes brought together by name."""
    codes, axes, dims = spread(values, place)
    truth = sign in ("<", "<=", ">", ">=", "==", "!=")
    return Value(code(codes) if code is not None else (sign, *codes), axes, dims, truth)


def _single(name: str, torch: str, summary: Text, keep: str, folded: Callable[[float], float] | None = None) -> Function:
    """Returns a function of one tensor; of a number, the number."""

    def make(given: Given) -> Operand:
        (operand,) = given.operands
        if not isinstance(operand, Value):
            return _folded(name, folded, operand, given.place)
        result = operand.of(call(torch, operand.code))
        given.work.keep(*(value for letter, value in (("i", operand), ("o", result)) if letter in keep))
        return result

    return Function(name, "x", summary, make)


def _folded(name: str, folded: Callable[[float], float] | None, operand: Scalar, place: int) -> Scalar:
    if folded is None:
        raise ExpressionError(Text("{function} needs a tensor, not a number", function=name), place)
    try:
        return number(folded(operand), place)
    except (ValueError, OverflowError, ZeroDivisionError) as error:
        raise ExpressionError(Text("{function} of {number} is no number", function=name, number=operand), place) from error


def _where(given: Given) -> Operand:
    condition, left, right = given.operands
    if not isinstance(condition, Value) or not condition.truth:
        raise ExpressionError(Text("where needs a comparison first: where(x > 0, x, 0)"), given.place)
    both = [float(side) if not isinstance(side, Value) else side for side in (left, right)]
    given.work.keep(condition)
    return joined(given.work, "where", [condition, *both], given.place, lambda codes: call("torch.where", *codes))


def _clamp(given: Given) -> Operand:
    (value,) = given.operands
    low = given.options.get("min", given.rest[0] if given.rest else None)
    high = given.options.get("max", given.rest[1] if len(given.rest) > 1 else None)
    if low is None and high is None:
        raise ExpressionError(Text("clamp needs a smallest or a largest number: clamp(x, 0, 6)"), given.place)
    if low is not None and high is not None and low > high:
        raise ExpressionError(Text("the smallest number {low} is above the largest {high}", low=low, high=high), given.place)
    if not isinstance(value, Value):
        raise ExpressionError(Text("{function} needs a tensor, not a number", function="clamp"), given.place)
    given.work.keep(value)
    limits = {key: limit for key, limit in (("min", low), ("max", high)) if limit is not None}
    return value.of(call("torch.clamp", value.code, **limits))


def _either(name: str) -> Callable[[Given], Operand]:
    def make(given: Given) -> Operand:
        tensors = [value for value in given.operands if isinstance(value, Value)]
        if len(tensors) < 2:
            raise ExpressionError(Text("{function} needs two tensors; for a number, use clamp", function=name), given.place)
        given.work.keep(*tensors)
        return joined(given.work, name, given.operands, given.place, lambda codes: call(f"torch.{name}", *codes))

    return make


def power(work: Work, left: Operand, right: Operand, place: int) -> Operand:
    """Returns a power.

    Raises:
        ExpressionError: The exponent is too large.
    """
    if not isinstance(right, Value) and abs(right) > MOST_EXPONENT:
        raise ExpressionError(Text("an exponent is at most {most}", most=MOST_EXPONENT), place)
    if not isinstance(left, Value) and not isinstance(right, Value):
        return _power(left, right, place)
    work.keep(left, *([right] if isinstance(right, Value) else []))
    result = joined(work, "**", [left, right], place)
    if isinstance(right, Value):
        work.keep(result)
    return result


def _power(left: Scalar, right: Scalar, place: int) -> Scalar:
    try:
        found = float(left) ** float(right)
    except (OverflowError, ZeroDivisionError) as error:
        raise ExpressionError(Text("this number is too large"), place) from error
    if isinstance(found, complex):
        raise ExpressionError(Text("a root of a negative number is no number"), place)
    whole = isinstance(left, int) and isinstance(right, int) and right >= 0 and abs(found) < 2**53
    return number(int(found) if whole else found, place)


def _with_number(name: str, torch: str, takes: str, option: str, default: float, summary: Text) -> Function:
    def make(given: Given) -> Operand:
        (value,) = given.operands
        if not isinstance(value, Value):
            raise ExpressionError(Text("{function} needs a tensor, not a number", function=name), given.place)
        chosen = given.options.get(option, given.rest[0] if given.rest else default)
        given.work.keep(value)
        keywords: dict[str, Any] = {} if chosen == default else {option: chosen}
        return value.of(call(torch, value.code, **keywords))

    return Function(name, takes, summary, make, ("value", "number?"), {option: "number"})


def _sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value))


POINTWISE: tuple[Function, ...] = (
    _single("exp", "torch.exp", Text("e to the power of x."), "o", math.exp),
    _single("expm1", "torch.expm1", Text("e to the power of x, less one; exact near zero."), "o", math.expm1),
    _single("log", "torch.log", Text("Natural logarithm; x must be above zero."), "i", math.log),
    _single("log1p", "torch.log1p", Text("Logarithm of 1 + x; exact near zero."), "i", math.log1p),
    _single("sqrt", "torch.sqrt", Text("Square root."), "o", math.sqrt),
    _single("rsqrt", "torch.rsqrt", Text("One over the square root."), "o", lambda value: 1 / math.sqrt(value)),
    _single("square", "torch.square", Text("x times x."), "i", lambda value: value * value),
    _single("reciprocal", "torch.reciprocal", Text("One over x."), "o", lambda value: 1 / value),
    _single("abs", "torch.abs", Text("Size without the sign."), "i", abs),
    _single("sign", "torch.sign", Text("-1, 0 or 1; passes no gradient."), "", lambda value: math.copysign(1, value) if value else 0),
    _single("sin", "torch.sin", Text("Sine; x in radians."), "i", math.sin),
    _single("cos", "torch.cos", Text("Cosine; x in radians."), "i", math.cos),
    _single("tan", "torch.tan", Text("Tangent; x in radians."), "o", math.tan),
    _single("arctan", "torch.arctan", Text("Angle whose tangent is x."), "i", math.atan),
    _single("tanh", "torch.tanh", Text("Bends everything into -1 to 1."), "o", math.tanh),
    _single("sigmoid", "torch.sigmoid", Text("Bends everything into 0 to 1: a gate."), "o", _sigmoid),
    _single("logsigmoid", "nn.functional.logsigmoid", Text("Logarithm of the sigmoid, computed safely."), "io"),
    _single("relu", "nn.functional.relu", Text("Below zero becomes zero."), "o"),
    _single("gelu", "nn.functional.gelu", Text("Smooth rectifier of Transformers."), "i"),
    _single("silu", "nn.functional.silu", Text("x times its sigmoid; also called swish."), "i"),
    _single("mish", "nn.functional.mish", Text("x times tanh(softplus(x))."), "i"),
    _single("softplus", "nn.functional.softplus", Text("Smooth rectifier, always above zero."), "i"),
    _single("erf", "torch.erf", Text("Error function of Gauss."), "i", math.erf),
    _with_number("leaky_relu", "nn.functional.leaky_relu", "x, slope", "negative_slope", 0.01, Text("Below zero keeps a small slope.")),
    _with_number("elu", "nn.functional.elu", "x, alpha", "alpha", 1.0, Text("Below zero bends towards -alpha.")),
    Function("where", "condition, a, b", Text("a where the condition holds, b elsewhere: where(x > 0, x, 0.1 * x)."), _where, ("value",) * 3),
    Function("clamp", "x, smallest, largest", Text("Keeps numbers within limits; min= or max= alone sets one."), _clamp,
             ("value", "number?", "number?"), {"min": "number", "max": "number"}),
    Function("maximum", "a, b", Text("The larger of two tensors, number by number."), _either("maximum"), ("value", "value")),
    Function("minimum", "a, b", Text("The smaller of two tensors, number by number."), _either("minimum"), ("value", "value")),
    Function("power", "x, exponent", Text("x to a power, as x ** 2."),
             lambda given: power(given.work, given.operands[0], given.operands[1], given.place), ("value", "value")),
)
"""Functions number by number."""

__all__ = ["LARGEST", "POINTWISE", "joined", "number", "power"]
