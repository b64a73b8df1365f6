"""Matrix products and sums of products by letters."""

from __future__ import annotations

from workbench.graph.dim import Dim
from workbench.graph.shape import Axis
from workbench.layers.expressions.function import Function, Given
from workbench.layers.expressions.value import ExpressionError, Operand, Value, Work, call, spread, unique
from workbench.text import Text


def matrix_product(work: Work, left: Operand, right: Operand, place: int) -> Value:
    """Returns the product over the last axis of the first and the last but one of the second.

    Raises:
        ExpressionError: They are no matrices, or their sizes do not fit.
    """
    if not isinstance(left, Value) or not isinstance(right, Value) or len(left.axes) < 2 or len(right.axes) < 2:
        raise ExpressionError(Text("a matrix product needs two tensors of two axes or more; einsum takes others"), place)
    if left.dims[-1] != right.dims[-2]:
        raise ExpressionError(
            Text(
                "{axis} {left} of the first meets {other} {right} of the second",
                axis=left.axes[-1], left=str(left.dims[-1]), other=right.axes[-2], right=str(right.dims[-2]),
            ),
            place, "expression.sizes",
        )
    if Axis.BATCH in (left.axes[-1], right.axes[-2], right.axes[-1]):
        raise ExpressionError(Text("that would mix the rows of a batch"), place, "axis.batch")
    left, right = _unpadded(work, left, right)
    return _product(work, left, right, place)


def _unpadded(work: Work, left: Value, right: Value) -> tuple[Value, Value]:
    """Sets padding that is summed over to zero, on the side that has the rows."""
    if not left.dims[-1].ragged:
        return left, right
    if right.axes[0] == Axis.BATCH:
        return left, work.masked(right, len(right.axes) - 2, 0.0)
    return work.masked(left, len(left.axes) - 1, 0.0), right


def _product(work: Work, left: Value, right: Value, place: int) -> Value:
    outer_left = Value(left.code, left.axes[:-2], left.dims[:-2])
    outer_right = Value(right.code, right.axes[:-2], right.dims[:-2])
    if outer_left.axes and outer_right.axes and outer_left.axes != outer_right.axes and len(outer_left.axes) == len(outer_right.axes):
        raise ExpressionError(
            Text("the axes before the last two differ: {left} against {right}", left=outer_left.sizes, right=outer_right.sizes), place,
            "expression.axes",
        )
    shorter = min(outer_left, outer_right, key=lambda value: len(value.axes))
    wide = outer_left if shorter is outer_right else outer_right
    if shorter.axes != wide.axes[len(wide.axes) - len(shorter.axes):]:
        raise ExpressionError(
            Text("the axes before the last two differ: {left} against {right}", left=outer_left.sizes, right=outer_right.sizes), place,
            "expression.axes",
        )
    _, axes, dims = spread([outer_left, outer_right], place) if outer_left.axes or outer_right.axes else ([], (), ())
    if Axis.BATCH in right.axes and (left.axes[-2] == Axis.BATCH or Axis.BATCH not in axes):
        raise ExpressionError(Text("that would mix the rows of a batch"), place, "axis.batch")
    row, column = left.axes[-2], right.axes[-1]
    sizes = (*dims, left.dims[-2], right.dims[-1])
    work.multiply({str(index): size for index, size in enumerate(_rows((*axes, row), sizes)) if size is not None} | {"inner": left.dims[-1]})
    work.keep(left, right)
    return Value(("@", left.code, right.code), unique((*axes, row, column)), sizes)


def _rows(axes: tuple[str, ...], sizes: tuple[Dim, ...]) -> list[Dim | None]:
    return [None if index < len(axes) and axes[index] == Axis.BATCH else size for index, size in enumerate(sizes)]


def _matmul(given: Given) -> Operand:
    return matrix_product(given.work, given.operands[0], given.operands[1], given.place)


def _einsum(given: Given) -> Operand:
    (equation,) = given.rest
    tensors = [value for value in given.operands if isinstance(value, Value) and not value.truth]
    if len(tensors) < len(given.operands) or len(tensors) > 2:
        raise ExpressionError(Text("einsum joins one or two tensors"), given.place)
    sides = equation.replace(" ", "").split("->")
    terms = sides[0].split(",")
    letters = "".join(terms) + (sides[1] if len(sides) == 2 else "")
    if len(sides) != 2 or not letters.isascii() or not letters.isalpha():
        raise ExpressionError(Text('einsum needs letters, an arrow and letters: "btd,df->btf"'), given.place)
    if len(terms) != len(tensors):
        raise ExpressionError(
            Text("einsum speaks of {terms} tensors, but is given {count}", terms=len(terms), count=len(tensors)), given.place
        )
    return _Einsum(given, terms, sides[1]).made(tensors)


class _Einsum:
    """One sum of products."""

    def __init__(self, given: Given, terms: list[str], result: str) -> None:
        self.given, self.terms, self.result = given, terms, result
        self.axes: dict[str, str] = {}
        self.dims: dict[str, Dim] = {}

    def made(self, tensors: list[Value]) -> Value:
        for term, value in zip(self.terms, tensors, strict=True):
            self._read(term, value)
        self._check_result()
        tensors = self._unpadded(tensors)
        summed = [letter for letter in self.dims if letter not in self.result]
        if len(tensors) == 2 and any(letter in self.terms[0] and letter in self.terms[1] for letter in summed):
            alone = {letter for letter in summed if sum(letter in term for term in self.terms) == 1}
            self.given.work.multiply({self._named(letter): size for letter, size in self.dims.items() if letter not in alone})
        self.given.work.keep(*(tensors if len(tensors) == 2 else []))
        equation = f"{','.join(self.terms)}->{self.result}"
        code = call("torch.einsum", equation, *(value.code for value in tensors))
        return Value(code, unique([self.axes[letter] for letter in self.result]), tuple(self.dims[letter] for letter in self.result))

    def _named(self, letter: str) -> str:
        return Axis.BATCH if self.axes[letter] == Axis.BATCH else letter

    def _read(self, term: str, value: Value) -> None:
        if len(term) != len(value.axes):
            raise ExpressionError(
                Text("{term} names {count} axes, but there are {shape}", term=repr(term), count=len(term), shape=value.sizes), self.given.place,
                "expression.axes",
            )
        if len(set(term)) < len(term):
            raise ExpressionError(Text("a letter stands twice in {term}", term=repr(term)), self.given.place)
        for letter, axis, size in zip(term, value.axes, value.dims, strict=True):
            if self.dims.setdefault(letter, size) != size:
                raise ExpressionError(
                    Text("{letter} is {axis} {left} and {other} {right}", letter=repr(letter), axis=self.axes[letter],
                         left=str(self.dims[letter]), other=axis, right=str(size)),
                    self.given.place, "expression.sizes",
                )
            if (self.axes.setdefault(letter, axis) == Axis.BATCH) != (axis == Axis.BATCH):
                raise ExpressionError(Text("the batch can meet the batch only"), self.given.place, "axis.batch")

    def _check_result(self) -> None:
        strange = [letter for letter in self.result if letter not in self.dims]
        if strange or len(set(self.result)) < len(self.result):
            letter = repr((strange or [self.result])[0])
            raise ExpressionError(Text("{letter} in the result of einsum is in no tensor, or stands twice", letter=letter), self.given.place)
        batch = next((letter for letter, axis in self.axes.items() if axis == Axis.BATCH), "")
        if batch and self.result[:1] != batch:
            raise ExpressionError(Text("the batch, {letter}, must stay in front", letter=repr(batch)), self.given.place, "axis.batch")

    def _unpadded(self, tensors: list[Value]) -> list[Value]:
        """Sets padding that is summed over to zero, once for each letter."""
        found = list(tensors)
        for letter, size in self.dims.items():
            if letter in self.result or not size.ragged:
                continue
            which = next((index for index, term in enumerate(self.terms) if letter in term and found[index].axes[0] == Axis.BATCH), 0)
            found[which] = self.given.work.masked(found[which], self.terms[which].index(letter), 0.0)
        return found


PRODUCTS: tuple[Function, ...] = (
    Function("matmul", "a, b", Text("Matrix product over the last axis of a and the last but one of b, as a @ b."), _matmul, ("value", "value"),
             mixes=True),
    Function("einsum", '"btd,df->btf", a, b', Text("Sum of products: one letter per axis; letters that are not in the result are summed over."),
             _einsum, ("text", "*value"), mixes=True),
)
"""Products."""
