"""What a part of a formula stands for: the torch program that computes it, with named axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Union

from workbench.graph.dim import Dim
from workbench.graph.shape import Axis
from workbench.layers.base import Shapes
from workbench.text import Text

Code = Any
"""A tree of tuples as `workbench.layers.modules.expression.Expression` takes it."""


class ExpressionError(ValueError):
    """Raised where a formula cannot be read or its sizes do not fit.

    Attributes:
        message: One sentence.
        place: The number of the character where it is, from 0; -1 where it is nowhere in particular.
        kind: The stable id of the problem.
        near: Words that may have been meant where it is, each with the number of characters it would take the place of.
        word: The word that it is about, where that is an axis.
    """

    def __init__(
        self, message: Text, place: int = -1, kind: str = "expression.wrong", near: Mapping[str, int] | None = None, word: str = ""
    ) -> None:
        super().__init__(message)
        self.message, self.place, self.kind, self.near, self.word = message, place, kind, near or {}, word


@dataclass(frozen=True)
class Value:
    """A tensor within a formula.

    Attributes:
        code: What computes it.
        axes: The names of its axes; the batch comes first where there is one.
        dims: Their sizes.
        truth: Whether it holds true and false instead of numbers.
        base: The value whose memory it shows in another way, or None.
    """

    code: Code
    axes: tuple[str, ...]
    dims: tuple[Dim, ...]
    truth: bool = False
    base: Value | None = field(default=None, compare=False, repr=False)

    def view(self, code: Code, axes: Sequence[str] | None = None, dims: Sequence[Dim | int] | None = None) -> Value:
        """Returns the same memory looked at in another way."""
        return replace(self.of(code, axes, dims, self.truth), base=self.base or self)

    def of(self, code: Code, axes: Sequence[str] | None = None, dims: Sequence[Dim | int] | None = None, truth: bool = False) -> Value:
        """Returns another value, with the same axes where none are given."""
        sizes = self.dims if dims is None else tuple(Dim.of(dim) for dim in dims)
        return Value(code, self.axes if axes is None else tuple(axes), sizes, truth)

    def without(self, places: Sequence[int], keep: bool = False) -> tuple[tuple[str, ...], tuple[Dim, ...]]:
        """Returns axes and sizes where some axes have gone, or have size 1."""
        if keep:
            return self.axes, tuple(Dim.of(1) if place in places else dim for place, dim in enumerate(self.dims))
        left = [place for place in range(len(self.axes)) if place not in places]
        return tuple(self.axes[place] for place in left), tuple(self.dims[place] for place in left)

    @property
    def sizes(self) -> str:
        """The axes with their sizes, for messages; the names as they are written in a formula, in any language."""
        return written(self.axes, self.dims) if self.axes else Text("a single number")


Scalar = Union[int, float, bool]
Operand = Union[Value, Scalar]


@dataclass
class Work:
    """A formula being worked out.

    Attributes:
        inputs: What arrives, by name.
        lengths: For every name of row lengths that the program asks for, the input that has them.
        macs: Multiply-accumulates so far, the batch left out.
        kept: What the backward pass reads again, each once.
    """

    inputs: Shapes
    lengths: dict[str, str] = field(default_factory=dict)
    macs: list[Dim] = field(default_factory=list)
    kept: list[Value] = field(default_factory=list)

    def keep(self, *values: Operand) -> None:
        """Notes what the backward pass reads again."""
        for value in values:
            if isinstance(value, Value):
                whole = value.base or value
                if all(whole is not other for other in self.kept):
                    self.kept.append(whole)

    def multiply(self, sizes: Mapping[str, Dim]) -> None:
        """Counts a matrix product over axes of these sizes."""
        total = Dim.of(1)
        for axis, size in sizes.items():
            if axis != Axis.BATCH:
                total = total * size
        self.macs.append(total)

    def lengths_of(self, size: Dim, axis: str) -> Code:
        """Returns the code of the row lengths that belong to a size.

        Raises:
            ExpressionError: No input brings them.
        """
        for name, shape in self.inputs.items():
            place = shape.sequence_axis
            if place is None or shape.dims[place] != size:
                continue
            known = next((called for called, port in self.lengths.items() if port == name), "")
            called = known or ("lengths" if not self.lengths else f"lengths_of_{name}")
            self.lengths[called] = name
            return ("name", called)
        raise ExpressionError(
            Text("rows differ in length along {axis}, and no input says how long they are there", axis=axis), kind="axis.padded"
        )

    def masked(self, value: Value, place: int, number: float) -> Value:
        """Returns a value with `number` wherever an axis is padding; the value itself where rows do not differ."""
        if not value.dims[place].ragged:
            return value
        if value.axes[0] != Axis.BATCH:
            raise ExpressionError(Text("rows differ in length along {axis}, and the batch is gone", axis=value.axes[place]), kind="axis.padded")
        lengths = self.lengths_of(value.dims[place], value.axes[place])
        return value.of(call("masked", value.code, lengths, place, number))


def written(axes: Sequence[str], dims: Sequence[Dim]) -> str:
    """Returns axes with their sizes as they are written in a formula: `batch N × channel 3`."""
    return " × ".join(f"{axis} {size}" for axis, size in zip(axes, dims, strict=True))


def call(function: str, *arguments: Code, **keywords: Code) -> Code:
    """Returns the code of a call."""
    return ("call", function, arguments, tuple(keywords.items()))


def places(*numbers: int) -> Code:
    """Returns one axis as a number, several as a tuple."""
    return numbers[0] if len(numbers) == 1 else ("tuple", *numbers)


def code_of(value: Operand) -> Code:
    """Returns the code of a value; a number is its own."""
    return value.code if isinstance(value, Value) else value


def axis_of(value: Value, axis: str | int, place: int = -1) -> int:
    """Returns the position of an axis, given by name or by number.

    Raises:
        ExpressionError: There is none, two may be meant, or it is the batch.
    """
    rank = len(value.axes)
    if isinstance(axis, int):
        if not -rank <= axis < rank:
            raise ExpressionError(Text("there is no axis {axis} in {shape}", axis=axis, shape=value.sizes), place, "axis.missing")
        found = axis % rank
    elif axis in value.axes:
        if f"{axis}_2" in value.axes:
            raise ExpressionError(
                Text(
                    "{axis} may mean two axes of {shape}: count them instead, -1 is the last", axis=axis, shape=value.sizes
                ),
                place, "axis.unclear", {"-1": len(axis)}, axis,
            )
        found = value.axes.index(axis)
    else:
        others = {other: len(axis) for other in reversed(value.axes) if other != Axis.BATCH}
        raise ExpressionError(Text("there is no axis {axis} in {shape}", axis=repr(axis), shape=value.sizes), place, "axis.missing", others, axis)
    if value.axes[found] == Axis.BATCH:
        raise ExpressionError(Text("that would mix the rows of a batch"), place, "axis.batch")
    return found


def steady(value: Value, at: int, doing: Text, place: int = -1) -> int:
    """Returns the size of an axis that is the same in every row.

    Raises:
        ExpressionError: Rows differ in it.
    """
    size = value.dims[at].constant
    if size is None:
        raise ExpressionError(
            Text("{doing} along {axis} needs rows of one length, and they differ", doing=doing, axis=value.axes[at]), place, "axis.padded"
        )
    return size


def unique(axes: Sequence[str]) -> tuple[str, ...]:
    """Returns axis names of which none stands twice: a second `token` is `token_2`."""
    found: list[str] = []
    for axis in axes:
        name, number = axis, 2
        while name in found:
            name, number = f"{axis}_{number}", number + 1
        found.append(name)
    return tuple(found)


def spread(values: Sequence[Operand], place: int = -1) -> tuple[list[Code], tuple[str, ...], tuple[Dim, ...]]:
    """Brings values to common axes by name: an axis that one lacks is as if it had size 1.

    Returns:
        The codes, the common axes and their sizes.

    Raises:
        ExpressionError: Axes or sizes do not fit; the sentence names the axis.
    """
    tensors = [value for value in values if isinstance(value, Value)]
    widest = max(tensors, key=lambda value: len(value.axes))
    sizes = dict(zip(widest.axes, widest.dims, strict=True))
    for value in tensors:
        _check_order(value, widest, place)
        for axis, size in zip(value.axes, value.dims, strict=True):
            sizes[axis] = _joined(axis, sizes[axis], size, place)
    return [_viewed(value, widest.axes) if isinstance(value, Value) else value for value in values], widest.axes, tuple(sizes.values())


def _check_order(value: Value, widest: Value, place: int) -> None:
    strange = [axis for axis in value.axes if axis not in widest.axes]
    if strange:
        raise ExpressionError(
            Text("{axis} of {left} is no axis of {right}", axis=strange[0], left=value.sizes, right=widest.sizes), place, "expression.axes"
        )
    order = [axis for axis in widest.axes if axis in value.axes]
    if tuple(order) != value.axes:
        raise ExpressionError(
            Text("the axes stand in another order: {left} against {right}", left=", ".join(value.axes), right=", ".join(widest.axes)),
            place, "expression.order",
        )


def _joined(axis: str, left: Dim, right: Dim, place: int) -> Dim:
    if left == right or right == 1:
        return left
    if left == 1:
        return right
    raise ExpressionError(Text("{axis} {left} against {right}", axis=axis, left=str(left), right=str(right)), place, "expression.sizes")


def _viewed(value: Value, axes: tuple[str, ...]) -> Code:
    """Returns the code with an axis of size 1 for each that is missing; those in front come by themselves."""
    if not value.axes:
        return value.code
    needed = axes[axes.index(value.axes[0]):]
    if needed == value.axes:
        return value.code
    return ("index", value.code, tuple((None, None, None) if axis in value.axes else None for axis in needed))


def renamed(value: Value, axes: Sequence[str]) -> Value:
    """Returns the same numbers with other names of axes."""
    return value.view(value.code, unique(axes))
