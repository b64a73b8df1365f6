"""Functions that move, cut, join and name axes."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from workbench.graph.dim import Dim
from workbench.graph.shape import Axis
from workbench.layers.expressions.function import Function, Given
from workbench.layers.expressions.reductions import tensor
from workbench.layers.expressions.value import ExpressionError, Operand, Value, axis_of, call, renamed, steady
from workbench.text import Text

LARGEST_AXIS = 1_000_000


def _transpose(given: Given) -> Operand:
    value = tensor(given, "transpose")
    one, two = (axis_of(value, axis, given.place) for axis in given.axes)
    axes, dims = list(value.axes), list(value.dims)
    axes[one], axes[two] = axes[two], axes[one]
    dims[one], dims[two] = dims[two], dims[one]
    return value.view(call("torch.transpose", value.code, one, two), axes, dims)


def _permute(given: Given) -> Operand:
    value = tensor(given, "permute")
    order = [axis_of(value, axis, given.place) for axis in given.axes]
    front = [0] if value.axes[:1] == (Axis.BATCH,) else []
    if sorted([*front, *order]) != list(range(len(value.axes))):
        raise ExpressionError(Text("permute names every axis of {shape} once, without the batch", shape=value.sizes), given.place, "expression.axes")
    order = [*front, *order]
    code = call("torch.permute", value.code, ("tuple", *order))
    return value.view(code, [value.axes[place] for place in order], [value.dims[place] for place in order])


def _flatten(given: Given) -> Operand:
    value = tensor(given, "flatten")
    found = [axis_of(value, axis, given.place) for axis in given.axes]
    if len(found) < 2 or found != list(range(found[0], found[0] + len(found))):
        raise ExpressionError(Text("flatten joins axes that stand side by side, in their order: {shape}", shape=value.sizes), given.place,
                              "expression.axes")
    size = prod(steady(value, place, Text("joining"), given.place) for place in found)
    name = str(given.options.get("to", Axis.FEATURE))
    axes = (*value.axes[: found[0]], name, *value.axes[found[-1] + 1 :])
    dims = (*value.dims[: found[0]], Dim.of(size), *value.dims[found[-1] + 1 :])
    return value.of(call("torch.flatten", value.code, found[0], found[-1]), _distinct(axes, given.place), dims)


def _distinct(axes: Sequence[str], place: int) -> Sequence[str]:
    twice = next((axis for axis in axes if axes.count(axis) > 1), None)
    if twice is not None:
        raise ExpressionError(Text("there is an axis {axis} already", axis=twice), place, "expression.axes")
    return axes


def _checked_sizes(given: Given) -> dict[str, int]:
    """Returns the sizes that keywords give."""
    for axis, size in given.options.items():
        if axis == Axis.BATCH:
            raise ExpressionError(Text("that would mix the rows of a batch"), given.place, "axis.batch")
        if not 1 <= size <= LARGEST_AXIS:
            raise ExpressionError(Text("{axis} cannot have the size {size}", axis=axis, size=size), given.place, "expression.sizes")
    return dict(given.options)


def _unflatten(given: Given) -> Operand:
    value, sizes = tensor(given, "unflatten"), _checked_sizes(given)
    place = axis_of(value, given.axes[0], given.place)
    size = steady(value, place, Text("splitting"), given.place)
    if len(sizes) < 2 or prod(sizes.values()) != size:
        raise ExpressionError(
            Text("{axis} has {size} places, but {parts} are {product}", axis=value.axes[place], size=size,
                 parts=" × ".join(map(str, sizes.values())) or "0", product=prod(sizes.values()) if sizes else 0),
            given.place, "expression.sizes",
        )
    axes = (*value.axes[:place], *sizes, *value.axes[place + 1 :])
    dims = (*value.dims[:place], *map(Dim.of, sizes.values()), *value.dims[place + 1 :])
    return value.view(call("torch.unflatten", value.code, place, ("tuple", *sizes.values())), _distinct(axes, given.place), dims)


def _reshape(given: Given) -> Operand:
    value, sizes = tensor(given, "reshape"), _checked_sizes(given)
    front = value.axes[:1] == (Axis.BATCH,)
    total = prod(steady(value, place, Text("reshaping"), given.place) for place in range(int(front), len(value.axes)))
    if prod(sizes.values()) != total or not sizes:
        raise ExpressionError(
            Text("a row of {shape} holds {total} numbers, but {parts} are {product}", shape=value.sizes, total=total,
                 parts=" × ".join(map(str, sizes.values())) or "0", product=prod(sizes.values()) if sizes else 0),
            given.place, "expression.sizes",
        )
    axes, dims = ([Axis.BATCH], [value.dims[0]]) if front else ([], [])
    code = call("torch.reshape", value.code, ("tuple", *([-1] if front else []), *sizes.values()))
    return value.of(code, [*axes, *sizes], [*dims, *map(Dim.of, sizes.values())])


def _same_axes(given: Given, name: str) -> list[Value]:
    """Returns the tensors of a call, all with the same axes."""
    tensors = [value for value in given.operands if isinstance(value, Value) and not value.truth]
    if len(tensors) < 2 or len(tensors) < len(given.operands):
        raise ExpressionError(Text("{function} joins two or more tensors", function=name), given.place)
    for other in tensors[1:]:
        if other.axes != tensors[0].axes:
            raise ExpressionError(
                Text("{function} needs the same axes: {left} against {right}", function=name, left=tensors[0].sizes, right=other.sizes),
                given.place, "expression.axes",
            )
    return tensors


def _concatenate(given: Given) -> Operand:
    first, *others = _same_axes(given, "concatenate")
    place = axis_of(first, given.axes[0], given.place)
    for value in (first, *others):
        steady(value, place, Text("joining"), given.place)
        for axis, left, right in zip(first.axes, first.dims, value.dims, strict=True):
            if axis != first.axes[place] and left != right:
                raise ExpressionError(Text("{axis} {left} against {right}", axis=axis, left=str(left), right=str(right)), given.place,
                                      "expression.sizes")
    size = sum(int(value.dims[place]) for value in (first, *others))
    code = call("torch.cat", ("tuple", *(value.code for value in (first, *others))), place)
    return first.of(code, dims=(*first.dims[:place], Dim.of(size), *first.dims[place + 1 :]))


def _new_axis(given: Given, axes: Sequence[str]) -> str:
    name = given.axes[0]
    if not isinstance(name, str) or name in axes or name == Axis.BATCH:
        raise ExpressionError(Text("a new axis needs a name of its own"), given.place, "expression.axes")
    return name


def _stack(given: Given) -> Operand:
    first, *others = _same_axes(given, "stack")
    for value in others:
        if value.dims != first.dims:
            raise ExpressionError(Text("{function} needs equal sizes: {left} against {right}", function="stack", left=first.sizes, right=value.sizes),
                                  given.place, "expression.sizes")
    name, place = _new_axis(given, first.axes), int(first.axes[:1] == (Axis.BATCH,))
    code = call("torch.stack", ("tuple", *(value.code for value in (first, *others))), place)
    axes = (*first.axes[:place], name, *first.axes[place:])
    return first.of(code, axes, (*first.dims[:place], Dim.of(len(others) + 1), *first.dims[place:]))


def _unsqueeze(given: Given) -> Operand:
    value = tensor(given, "unsqueeze")
    name, rank = _new_axis(given, value.axes), len(value.axes)
    place = int(given.rest[0]) if given.rest else rank
    place = place + rank + 1 if place < 0 else place
    if not int(value.axes[:1] == (Axis.BATCH,)) <= place <= rank:
        raise ExpressionError(Text("the new axis can stand at 1 to {rank}", rank=rank), given.place, "expression.axes")
    axes, dims = (*value.axes[:place], name, *value.axes[place:]), (*value.dims[:place], Dim.of(1), *value.dims[place:])
    return value.view(call("torch.unsqueeze", value.code, place), axes, dims)


def _squeeze(given: Given) -> Operand:
    value = tensor(given, "squeeze")
    place = axis_of(value, given.axes[0], given.place)
    if value.dims[place] != 1:
        raise ExpressionError(Text("{axis} has {size} places, not one", axis=value.axes[place], size=str(value.dims[place])), given.place,
                              "expression.sizes")
    return value.view(call("torch.squeeze", value.code, place), *value.without([place]))


def _expand(given: Given) -> Operand:
    value, sizes = tensor(given, "expand"), _checked_sizes(given)
    dims = list(value.dims)
    for axis, size in sizes.items():
        place = axis_of(value, axis, given.place)
        if dims[place] != 1:
            raise ExpressionError(Text("{axis} has {size} places, not one", axis=axis, size=str(dims[place])), given.place, "expression.sizes")
        dims[place] = Dim.of(size)
    wanted = [sizes.get(axis, -1) for axis in value.axes]
    return value.view(call("torch.broadcast_to", value.code, ("tuple", *wanted)), dims=dims)


def _rename(given: Given) -> Operand:
    value = tensor(given, "rename")
    new = {value.axes[axis_of(value, old, given.place)]: str(name) for old, name in given.options.items()}
    if Axis.BATCH in new.values():
        raise ExpressionError(Text("there is one batch, and it has its name"), given.place, "axis.batch")
    axes = [new.get(axis, axis) for axis in value.axes]
    _distinct(axes, given.place)
    return renamed(value, axes)


def cut(value: Value, place: int, start: Any, stop: Any, step: Any, at: int) -> tuple[Any, Dim]:
    """Returns the part of an index that takes a range of an axis, and how many places that is.

    Raises:
        ExpressionError: Nothing would be left, or rows differ in length there.
    """
    size = steady(value, place, Text("cutting"), at)
    if step is not None and step < 1:
        raise ExpressionError(Text("steps are 1 or more; flip turns an axis round"), at)
    first, last, stride = slice(start, stop, step).indices(size)
    count = len(range(first, last, stride))
    if count < 1:
        raise ExpressionError(Text("nothing is left of {axis}, which has {size} places", axis=value.axes[place], size=size), at,
                              "expression.sizes")
    return (start, stop, step), Dim.of(count)


def chosen(value: Value, place: int, index: int, at: int) -> int:
    """Returns an index that is one place of an axis.

    Raises:
        ExpressionError: There is no such place, or rows differ in length there.
    """
    size = steady(value, place, Text("choosing one place"), at)
    if not -size <= index < size:
        raise ExpressionError(Text("{axis} has {size} places, there is none at {index}", axis=value.axes[place], size=size, index=index), at,
                              "expression.sizes")
    return index


_WHOLE = (None, None, None)


def _slice(given: Given) -> Operand:
    value = tensor(given, "slice")
    place = axis_of(value, given.axes[0], given.place)
    start, stop, step = (*given.rest, *[None] * (3 - len(given.rest)))
    part, size = cut(value, place, start, stop, step, given.place)
    return value.view(("index", value.code, (*[_WHOLE] * place, part)), dims=(*value.dims[:place], size, *value.dims[place + 1 :]))


def _select(given: Given) -> Operand:
    value = tensor(given, "select")
    place = axis_of(value, given.axes[0], given.place)
    index = chosen(value, place, int(given.rest[0]), given.place)
    return value.view(("index", value.code, (*[_WHOLE] * place, index)), *value.without([place]))


def _roll(given: Given) -> Operand:
    value = tensor(given, "roll")
    place = axis_of(value, given.axes[0], given.place)
    steady(value, place, Text("rolling"), given.place)
    return value.of(call("torch.roll", value.code, int(given.rest[0]), place))


def _flip(given: Given) -> Operand:
    value = tensor(given, "flip")
    found = [axis_of(value, axis, given.place) for axis in given.axes]
    for place in found:
        steady(value, place, Text("turning round"), given.place)
    if len(set(found)) < len(found):
        raise ExpressionError(Text("an axis is named twice"), given.place)
    return value.of(call("torch.flip", value.code, ("tuple", *found)))


def _pad(given: Given) -> Operand:
    value = tensor(given, "pad")
    place = axis_of(value, given.axes[0], given.place)
    size = steady(value, place, Text("padding"), given.place)
    before, after = (int(number) for number in given.rest)
    if not (0 <= before <= LARGEST_AXIS and 0 <= after <= LARGEST_AXIS):
        raise ExpressionError(Text("pad adds 0 or more places on each side"), given.place, "expression.sizes")
    amounts = [*[0, 0] * (len(value.axes) - 1 - place), before, after]
    fill = given.options.get("value", 0)
    code = call("nn.functional.pad", value.code, ("tuple", *amounts), **({"value": float(fill)} if fill else {}))
    return value.of(code, dims=(*value.dims[:place], Dim.of(size + before + after), *value.dims[place + 1 :]))


REARRANGING: tuple[Function, ...] = (
    Function("transpose", "x, axis, axis", Text("Two axes change places."), _transpose, ("value", "axis", "axis")),
    Function("permute", "x, axis, axis, ...", Text("All axes in another order; the batch stays in front."), _permute, ("value", "*axis")),
    Function("flatten", "x, axis, axis, ..., to=name", Text("Axes side by side become one, called feature or what to= says."), _flatten,
             ("value", "*axis"), {"to": "axis"}, True),
    Function("unflatten", "x, axis, name=size, name=size", Text("One axis becomes several: unflatten(x, feature, head=4, part=16)."), _unflatten,
             ("value", "axis"), {"*": "size"}, True),
    Function("reshape", "x, name=size, ...", Text("The numbers of a row in other axes: reshape(x, channel=1, height=8, width=8)."), _reshape,
             ("value",), {"*": "size"}, True),
    Function("concatenate", "a, b, ..., axis", Text("Tensors one after the other along an axis."), _concatenate, ("*value", "axis"), mixes=True),
    Function("stack", "a, b, ..., name", Text("Tensors side by side along a new axis behind the batch."), _stack, ("*value", "axis"), mixes=True),
    Function("unsqueeze", "x, name, place", Text("A new axis of size 1, at the end or at a place."), _unsqueeze, ("value", "axis", "size?")),
    Function("squeeze", "x, axis", Text("An axis of size 1 goes away."), _squeeze, ("value", "axis")),
    Function("expand", "x, name=size, ...", Text("An axis of size 1 is repeated."), _expand, ("value",), {"*": "size"}),
    Function("rename", "x, old=new, ...", Text("Other names for axes, the same numbers."), _rename, ("value",), {"*": "axis"}, True),
    Function("slice", "x, axis, start, stop, step", Text("A range of an axis, counted as Python does; x[..., 1:] does the same."), _slice,
             ("value", "axis", "size?", "size?", "size?"), mixes=True),
    Function("select", "x, axis, index", Text("One place of an axis, which goes away; x[..., 0] does the same."), _select,
             ("value", "axis", "size"), mixes=True),
    Function("roll", "x, axis, shift", Text("Moves along an axis; what leaves at the end comes back in front."), _roll, ("value", "axis", "size"),
             mixes=True),
    Function("flip", "x, axis, ...", Text("Turns axes round."), _flip, ("value", "*axis"), mixes=True),
    Function("pad", "x, axis, before, after, value=0", Text("Adds places at both ends of an axis."), _pad, ("value", "axis", "size", "size"),
             {"value": "number"}, True),
)
"""Functions that move axes."""

__all__ = ["LARGEST_AXIS", "REARRANGING", "chosen", "cut"]
