"""From the checked syntax of a formula to a torch program, its shape and its costs."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from workbench.graph.dim import Dim
from workbench.graph.shape import Axis, Shape
from workbench.layers.base import Shapes
from workbench.layers.expressions.declarations import Declared, declared, values_of
from workbench.layers.expressions.function import Given
from workbench.layers.expressions.grammar import CONSTANTS, SIGNS, argument_kinds, parsed, place_of
from workbench.layers.expressions.pointwise import joined, number, power
from workbench.layers.expressions.products import matrix_product
from workbench.layers.expressions.rearranging import chosen, cut
from workbench.layers.expressions.value import Code, ExpressionError, Operand, Value, Work, call, unique
from workbench.text import Text

_FOLDED: dict[str, Callable[[float, float], float]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / right,
}
LARGEST_ROW = 2**34


@dataclass(frozen=True)
class Resolved:
    """A formula worked out for inputs of known shapes.

    Attributes:
        names: The inputs, in order.
        parameters: What it learns, with sizes.
        lengths: Names of row lengths that it asks for, with the input that has them.
        program: The torch program.
        shape: What it gives.
        macs: Sizes whose sum is the multiply-accumulates of a row.
        reads: The inputs that the backward pass reads again, and `output`.
        kept: The parts that the backward pass reads again, each as the sizes of a row.
    """

    names: tuple[str, ...]
    parameters: tuple[tuple[Declared, tuple[int, ...]], ...]
    lengths: Mapping[str, str]
    program: Code
    shape: Shape
    macs: tuple[Dim, ...]
    reads: tuple[str, ...]
    kept: tuple[Dim, ...]


def names_of(text: str, parameters: str) -> tuple[str, ...]:
    """Returns the names of the inputs of a formula, in the order of first use.

    Raises:
        ExpressionError: Formula or parameters cannot be read.
    """
    known = {one.name for one in declared(parameters)}
    return tuple(name for name in parsed(text).names if name not in known)


def resolved(text: str, parameters: str, inputs: Shapes) -> Resolved:
    """Works a formula out.

    Raises:
        ExpressionError: It cannot be read, or axes and sizes do not fit.
    """
    return _resolved(text, parameters, tuple(inputs.items()))


@lru_cache(maxsize=512)
def _resolved(text: str, parameters: str, given: tuple[tuple[str, Shape], ...]) -> Resolved:
    names, learned = names_of(text, parameters), declared(parameters)
    inputs = dict(given)
    work = Work({name: inputs[name] for name in names})
    unused = next((one.name for one in learned if one.name not in parsed(text).names), None)
    if unused is not None:
        raise ExpressionError(Text("the parameter {name} stands nowhere in the formula", name=unused), kind="expression.unused")
    if not names:
        raise ExpressionError(Text("the formula names no input: what is wired to it has a name there, such as {name}", name="x"), 0,
                              "expression.no-input")
    values: dict[str, Value] = {name: Value(("name", name), shape.axes, shape.dims) for name, shape in work.inputs.items()}
    values |= values_of(learned, work.inputs)
    result = _Resolver(work, values).value(parsed(text).tree)
    shape = _result(result)
    assert isinstance(result, Value)
    kept = {value.code for value in work.kept}
    reads = tuple(name for name in names if ("name", name) in kept) + (("output",) if any(value is result for value in work.kept) else ())
    inner = [value for value in work.kept if (value.code or ("",))[0] not in ("name", "self") and value is not result]
    sizes = tuple((one, one.shape(work.inputs)) for one in learned)
    sizes_kept = tuple(_row(value) // (4 if value.truth else 1) for value in inner)
    return Resolved(names, sizes, dict(work.lengths), result.code, shape, tuple(work.macs), reads, sizes_kept)


def _row(value: Value) -> Dim:
    total = Dim.of(1)
    for axis, size in zip(value.axes, value.dims, strict=True):
        total = total * (1 if axis == Axis.BATCH else size)
    return total


def _bounded(value: Operand) -> Operand:
    """Returns a value.

    Raises:
        ExpressionError: A row of it would fill any memory.
    """
    size = _row(value).constant if isinstance(value, Value) else None
    if size is not None and size > LARGEST_ROW:
        raise ExpressionError(Text("a row would have {count} numbers", count=f"{size:,}"), kind="expression.too-large")
    return value


def _result(result: Operand) -> Shape:
    """Returns the shape of what leaves; a single axis of channels is the features of a vector."""
    if not isinstance(result, Value):
        raise ExpressionError(Text("the formula is a number, whatever arrives"), 0, "expression.result")
    if result.truth:
        raise ExpressionError(Text("the formula gives true and false; where(condition, 1, 0) makes numbers of it"), 0, "expression.result")
    if result.axes[:1] != (Axis.BATCH,):
        raise ExpressionError(Text("the formula gives nothing for each row of a batch"), 0, "expression.result")
    if len(result.axes) == 1:
        raise ExpressionError(Text("one number for each row is left; keep an axis: keep=True"), 0, "expression.result")
    axes = (Axis.BATCH, Axis.FEATURE) if result.axes == (Axis.BATCH, Axis.CHANNEL) else unique(result.axes)
    return Shape(axes, result.dims)


class _Resolver:
    """Works one part after the other out."""

    def __init__(self, work: Work, values: Mapping[str, Value]) -> None:
        self.work, self.values = work, values

    def value(self, node: ast.expr) -> Operand:
        """Returns what a part of the formula stands for."""
        try:
            return _bounded(self._worked_out(node))
        except ExpressionError as error:
            if error.place < 0:
                error.place = place_of(node)
            raise

    def _worked_out(self, node: ast.expr) -> Operand:
        if isinstance(node, ast.Name):
            return CONSTANTS[node.id] if node.id in CONSTANTS else self.values[node.id]
        if isinstance(node, ast.Constant):
            return self._constant(node)
        if isinstance(node, ast.BinOp):
            return self._joined(node)
        if isinstance(node, ast.UnaryOp):
            return self._signed(node)
        if isinstance(node, ast.Compare):
            return self._compared(node)
        if isinstance(node, ast.BoolOp):
            return self._logical(node)
        if isinstance(node, ast.Subscript):
            return self._indexed(node)
        if isinstance(node, ast.Call):
            return self._called(node)
        raise ExpressionError(Text("this has no meaning here"), place_of(node), "expression.syntax")

    def _constant(self, node: ast.Constant) -> Operand:
        if isinstance(node.value, bool) or not isinstance(node.value, int | float):
            raise ExpressionError(Text("a number or a name is expected here"), place_of(node), "expression.syntax")
        return number(node.value, place_of(node))

    def _numbers(self, node: ast.expr) -> Operand:
        value = self.value(node)
        if isinstance(value, Value) and value.truth:
            raise ExpressionError(Text("true and false cannot be computed with; use where"), place_of(node), "expression.truth")
        return value

    def _joined(self, node: ast.BinOp) -> Operand:
        sign = SIGNS.get(type(node.op))
        if sign is None:
            raise ExpressionError(Text("this sign has no meaning in a formula"), node.right.col_offset - 1, "expression.syntax")
        left, right, place = self._numbers(node.left), self._numbers(node.right), place_of(node)
        if sign == "@":
            return matrix_product(self.work, left, right, place)
        if sign == "**":
            return power(self.work, left, right, place)
        if not isinstance(left, Value) and not isinstance(right, Value):
            return self._folded(sign, left, right, place)
        if sign == "*":
            self.work.keep(*(one for one, other in ((left, right), (right, left)) if isinstance(other, Value)))
        elif sign == "/" and isinstance(right, Value):
            self.work.keep(left, right)
        return joined(self.work, sign, [left, right], place)

    def _folded(self, sign: str, left: float, right: float, place: int) -> Operand:
        if sign == "/" and right == 0:
            raise ExpressionError(Text("this divides by zero"), place)
        return number(_FOLDED[sign](left, right), place)

    def _signed(self, node: ast.UnaryOp) -> Operand:
        if isinstance(node.op, ast.Not):
            value = self._truth(node.operand)
            return value.of(call("torch.logical_not", value.code), truth=True)
        value = self._numbers(node.operand)
        if isinstance(node.op, ast.UAdd):
            return value
        if not isinstance(node.op, ast.USub):
            raise ExpressionError(Text("this sign has no meaning in a formula"), place_of(node), "expression.syntax")
        return value.of(("neg", value.code)) if isinstance(value, Value) else -value

    def _compared(self, node: ast.Compare) -> Operand:
        if len(node.ops) != 1 or type(node.ops[0]) not in SIGNS:
            raise ExpressionError(Text("compare two things at a time, and join them with and"), place_of(node), "expression.syntax")
        left, right = self._numbers(node.left), self._numbers(node.comparators[0])
        if not isinstance(left, Value) and not isinstance(right, Value):
            raise ExpressionError(Text("two numbers are compared, which never changes"), place_of(node))
        return joined(self.work, SIGNS[type(node.ops[0])], [left, right], place_of(node))

    def _truth(self, node: ast.expr) -> Value:
        value = self.value(node)
        if not isinstance(value, Value) or not value.truth:
            raise ExpressionError(Text("and, or and not join comparisons"), place_of(node), "expression.truth")
        return value

    def _logical(self, node: ast.BoolOp) -> Operand:
        function = "torch.logical_and" if isinstance(node.op, ast.And) else "torch.logical_or"
        result, *others = [self._truth(part) for part in node.values]
        for other in others:
            result = joined(self.work, function, [result, other], place_of(node), lambda codes: call(function, *codes))
            result = result.of(result.code, truth=True)
        return result

    def _called(self, node: ast.Call) -> Operand:
        function, given, named = argument_kinds(node)
        operands = [self.value(argument) for kind, argument in given if kind == "value"]
        plain = [value for value in operands if isinstance(value, Value) and value.truth]
        if plain and function.name != "where":
            raise ExpressionError(Text("true and false cannot be computed with; use where"), place_of(node), "expression.truth")
        axes = [self._axis(argument) for kind, argument in given if kind == "axis"]
        rest = [self._rest(kind, argument) for kind, argument in given if kind in ("number", "size", "text")]
        options = {name: self._option(kind, argument) for name, kind, argument in named}
        if len(options) < len(named):
            raise ExpressionError(Text("an argument is given twice"), place_of(node), "expression.arguments")
        try:
            return function.make(Given(self.work, operands, axes, rest, options, place_of(node)))
        except ExpressionError as error:
            named_so = [argument for argument in node.args if isinstance(argument, ast.Name) and argument.id == error.word]
            error.place = place_of(named_so[0]) if named_so else error.place
            error.near = error.near if named_so or not error.word else {}
            raise

    def _axis(self, node: ast.expr) -> str | int:
        if isinstance(node, ast.Name):
            return node.id
        negative = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub)
        counted = node.operand if isinstance(node, ast.UnaryOp) and negative else node
        if isinstance(counted, ast.Constant) and type(counted.value) is int:
            return -counted.value if negative else counted.value
        raise ExpressionError(Text("the name of an axis is expected here, such as {axis}", axis="channel"), place_of(node), "expression.axes")

    def _option(self, kind: str, node: ast.expr) -> Any:
        if kind == "flag":
            if isinstance(node, ast.Constant) and isinstance(node.value, bool):
                return node.value
            raise ExpressionError(Text("True or False is expected here"), place_of(node), "expression.arguments")
        return self._axis(node) if kind == "axis" else self._rest(kind, node)

    def _rest(self, kind: str, node: ast.expr) -> Any:
        if kind == "text":
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                return node.value
            raise ExpressionError(Text("a text in quotes is expected here"), place_of(node), "expression.arguments")
        value = self.value(node)
        if isinstance(value, Value):
            raise ExpressionError(Text("a number is expected here, not a tensor"), place_of(node), "expression.arguments")
        if kind == "size" and (value != int(value) or abs(value) > 2**31):
            raise ExpressionError(Text("a whole number is expected here, not {value}", value=value), place_of(node), "expression.arguments")
        return int(value) if kind == "size" else value

    def _indexed(self, node: ast.Subscript) -> Operand:
        value = self._numbers(node.value)
        if not isinstance(value, Value):
            raise ExpressionError(Text("a number has no axes"), place_of(node), "expression.axes")
        parts = list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]
        dots = [index for index, part in enumerate(parts) if isinstance(part, ast.Constant) and part.value is Ellipsis]
        if len(dots) > 1 or len(parts) - len(dots) > len(value.axes):
            raise ExpressionError(Text("there are more places in the brackets than axes: {shape}", shape=value.sizes), place_of(node),
                                  "expression.axes")
        if dots:
            whole = [ast.Slice()] * (len(value.axes) - len(parts) + 1)
            parts[dots[0]:dots[0] + 1] = whole
        return self._cut(value, parts, place_of(node))

    def _cut(self, value: Value, parts: list[ast.expr], place: int) -> Value:
        code: list[Any] = []
        dims, gone = list(value.dims), []
        for at, part in enumerate(parts):
            whole = isinstance(part, ast.Slice) and not (part.lower or part.upper or part.step)
            if whole:
                code.append((None, None, None))
                continue
            if value.axes[at] == Axis.BATCH:
                raise ExpressionError(Text("that would take rows out of a batch; begin with [..., or [:,"), place, "axis.batch")
            if isinstance(part, ast.Slice):
                start, stop, step = (None if one is None else self._rest("size", one) for one in (part.lower, part.upper, part.step))
                cut_part, dims[at] = cut(value, at, start, stop, step, place)
                code.append(cut_part)
            else:
                code.append(chosen(value, at, self._rest("size", part), place))
                gone.append(at)
        result = value.view(("index", value.code, tuple(code)), dims=dims)
        return result.view(result.code, *result.without(gone))
