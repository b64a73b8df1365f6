"""Functions along named axes: means, sums, softmax, norms. Padding does not count."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from workbench.layers.expressions.function import Function, Given, Kind
from workbench.layers.expressions.value import ExpressionError, Operand, Value, axis_of, call, places, steady
from workbench.text import Text

_EMPTY = {"sum": 0.0, "amax": -math.inf, "amin": math.inf, "logsumexp": -math.inf}


def tensor(given: Given, name: str) -> Value:
    """Returns the one tensor of a call.

    Raises:
        ExpressionError: It is a number, or holds true and false.
    """
    value = given.operands[0]
    if not isinstance(value, Value) or value.truth:
        raise ExpressionError(Text("{function} needs a tensor of numbers first", function=name), given.place)
    return value


def along(given: Given, value: Value, name: str) -> list[int]:
    """Returns the positions of the axes of a call, sorted.

    Raises:
        ExpressionError: There are none.
    """
    if not given.axes:
        first = next((axis for axis in reversed(value.axes) if axis != "batch"), "feature")
        raise ExpressionError(
            Text("{function} needs the name of an axis: {function}(x, {axis})", function=name, axis=first), given.place, "axis.missing"
        )
    found = [axis_of(value, axis, given.place) for axis in given.axes]
    if len(set(found)) < len(found):
        raise ExpressionError(Text("an axis is named twice"), given.place)
    return sorted(found)


def _reduced(name: str, method: str, keep: str) -> Callable[[Given], Operand]:
    """Returns the rule of a function that leaves one number of an axis."""

    def make(given: Given) -> Operand:
        value = tensor(given, name)
        found = along(given, value, name)
        for place in found:
            value = given.work.masked(value, place, _EMPTY[method])
        staying = bool(given.options.get("keep", False))
        code = call(f"torch.{method}", value.code, places(*found), **({"keepdim": True} if staying else {}))
        result = value.of(code, *value.without(found, staying))
        given.work.keep(*([value, result] if keep else []))
        return result

    return make


def _mean(given: Given) -> Operand:
    value = tensor(given, "mean")
    found = along(given, value, "mean")
    ragged = [place for place in found if value.dims[place].ragged]
    plain = [place for place in found if place not in ragged]
    staying = bool(given.options.get("keep", False))
    if not ragged:
        code = call("torch.mean", value.code, places(*plain), **({"keepdim": True} if staying else {}))
        return value.of(code, *value.without(plain, staying))
    if plain:
        value = value.of(call("torch.mean", value.code, places(*plain), keepdim=True), *value.without(plain, True))
    for place in ragged:
        lengths = given.work.lengths_of(value.dims[place], value.axes[place])
        value = value.of(call("masked_mean", value.code, lengths, place), *value.without([place], True))
    return value if staying else value.of(call("torch.squeeze", value.code, places(*found)), *value.without(found))


def _variance(name: str) -> Callable[[Given], Operand]:
    def make(given: Given) -> Operand:
        value = tensor(given, name)
        found = along(given, value, name)
        correction = given.options.get("correction", 1)
        staying = bool(given.options.get("keep", False))
        given.work.keep(value)
        if any(value.dims[place].ragged for place in found):
            return _ragged_variance(given, value, found, name, correction, staying)
        keywords = {"correction": correction, **({"keepdim": True} if staying else {})}
        result = value.of(call(f"torch.{name}", value.code, places(*found), **keywords), *value.without(found, staying))
        given.work.keep(*([result] if name == "std" else []))
        return result

    return make


def _ragged_variance(given: Given, value: Value, found: list[int], name: str, correction: float, staying: bool) -> Value:
    if len(found) > 1:
        raise ExpressionError(Text("{function} takes one axis where rows differ in length", function=name), given.place, "axis.padded")
    (place,) = found
    lengths = given.work.lengths_of(value.dims[place], value.axes[place])
    result = value.of(call("masked_variance", value.code, lengths, place, correction), *value.without(found, True))
    if name == "std":
        result = result.of(call("torch.sqrt", result.code))
    return result if staying else result.of(call("torch.squeeze", result.code, place), *result.without(found))


def _softmax(name: str) -> Callable[[Given], Operand]:
    def make(given: Given) -> Operand:
        value = tensor(given, name)
        (place,) = along(given, value, name)
        value = given.work.masked(value, place, -math.inf if name == "softmax" else -1e30)
        result = value.of(call(f"torch.{name}", value.code, place))
        given.work.keep(result)
        return result

    return make


def _cumsum(given: Given) -> Operand:
    value = tensor(given, "cumsum")
    (place,) = along(given, value, "cumsum")
    return value.of(call("torch.cumsum", value.code, place))


def _norm(given: Given) -> Operand:
    value = tensor(given, "norm")
    found = along(given, value, "norm")
    order = given.options.get("order", 2)
    if order not in (1, 2):
        raise ExpressionError(Text("norm knows order 1 and order 2"), given.place)
    for place in found:
        value = given.work.masked(value, place, 0.0)
    staying = bool(given.options.get("keep", False))
    keywords = {"dim": places(*found), **({"keepdim": True} if staying else {})}
    result = value.of(call("torch.linalg.vector_norm", value.code, order, **keywords), *value.without(found, staying))
    given.work.keep(value, result)
    return result


def _normalise(given: Given) -> Operand:
    value = tensor(given, "normalise")
    (place,) = along(given, value, "normalise")
    value = given.work.masked(value, place, 0.0)
    norm = value.of(None, *value.without([place], True))
    given.work.keep(value)
    given.work.keep(norm)
    return value.of(call("nn.functional.normalize", value.code, dim=place))


def _size(given: Given) -> Operand:
    value = given.operands[0]
    if not isinstance(value, Value):
        raise ExpressionError(Text("a number has no axes"), given.place)
    return steady(value, axis_of(value, given.axes[0], given.place), Text("the size"), given.place)


_KEEP: Mapping[str, Kind] = {"keep": "flag"}
_CORRECTED: Mapping[str, Kind] = {"keep": "flag", "correction": "number"}
_ORDERED: Mapping[str, Kind] = {"keep": "flag", "order": "number"}
_OVER = ("value", "*?axis")

REDUCTIONS: tuple[Function, ...] = (
    Function("mean", "x, axis, ...", Text("Mean along axes, which go away; keep=True leaves them with size 1."), _mean, _OVER, _KEEP, True),
    Function("sum", "x, axis, ...", Text("Sum along axes."), _reduced("sum", "sum", ""), _OVER, _KEEP, True),
    Function("max", "x, axis, ...", Text("Largest number along axes."), _reduced("max", "amax", "io"), _OVER, _KEEP, True),
    Function("min", "x, axis, ...", Text("Smallest number along axes."), _reduced("min", "amin", "io"), _OVER, _KEEP, True),
    Function("logsumexp", "x, axis, ...", Text("Smooth maximum: log of the sum of e to the x."), _reduced("logsumexp", "logsumexp", "io"), _OVER,
             _KEEP, True),
    Function("std", "x, axis, ...", Text("Standard deviation along axes; correction=0 divides by the count."), _variance("std"), _OVER,
             _CORRECTED, True),
    Function("var", "x, axis, ...", Text("Variance along axes; correction=0 divides by the count."), _variance("var"), _OVER,
             _CORRECTED, True),
    Function("norm", "x, axis, ...", Text("Length of the vectors along axes; order=1 sums sizes."), _norm, _OVER,
             _ORDERED, True),
    Function("normalise", "x, axis", Text("Vectors along an axis brought to length 1."), _normalise, ("value", "axis"), mixes=True),
    Function("softmax", "x, axis", Text("Shares along an axis that add up to 1."), _softmax("softmax"), ("value", "axis"), mixes=True),
    Function("log_softmax", "x, axis", Text("Logarithm of the softmax, computed safely."), _softmax("log_softmax"), ("value", "axis"), mixes=True),
    Function("cumsum", "x, axis", Text("Running sum along an axis."), _cumsum, ("value", "axis")),
    Function("size", "x, axis", Text("The size of an axis, as a number: x / sqrt(size(x, feature))."), _size, ("value", "axis")),
)
"""Functions along axes."""
