"""Views of a tensor: permute, flatten, reshape, squeeze in one form, and the layers that do the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workbench.graph.dim import Dim
from workbench.graph.shape import Shape
from workbench.models.reading.reading import NotDrawableError, WrongSizeError
from workbench.models.reading.values import Layout, Tensor
from workbench.text import Text


def sizes(tensor: Tensor) -> list[Dim]:
    """Returns the sizes of a view.

    Raises:
        NotDrawableError: They are not known.
    """
    shape, layout = _known(tensor)
    return [_product(shape, part) for part in layout]


def _known(tensor: Tensor) -> tuple[Shape, Layout]:
    if tensor.shape is None or tensor.layout is None:
        raise NotDrawableError(Text("The shape that arrives here is not known."))
    return tensor.shape, tensor.layout


def _product(shape: Shape, part: Sequence[int]) -> Dim:
    size = Dim.of(1)
    for index in part:
        size = size * shape.dims[index]
    return size


def axis(tensor: Tensor, index: Any) -> int:
    """Returns an axis of a view, counted from the front.

    Raises:
        NotDrawableError: There is no such axis.
    """
    rank = len(_known(tensor)[1])
    if not isinstance(index, int) or isinstance(index, bool) or not -rank <= index < rank:
        raise NotDrawableError(Text("There is no axis {axis}.", axis=str(index)))
    return index % rank


def permuted(tensor: Tensor, order: Sequence[Any]) -> Tensor:
    """Returns the axes in another order."""
    _, layout = _known(tensor)
    places = [axis(tensor, index) for index in order]
    if sorted(places) != list(range(len(layout))):
        raise NotDrawableError(Text("The order {order} does not name each axis once.", order=str(tuple(order))))
    return tensor.seen(tuple(layout[index] for index in places))


def swapped(tensor: Tensor, first: Any, second: Any) -> Tensor:
    """Returns two axes in each other's place."""
    order = list(range(len(_known(tensor)[1])))
    left, right = axis(tensor, first), axis(tensor, second)
    order[left], order[right] = order[right], order[left]
    return permuted(tensor, order)


def flattened(tensor: Tensor, start: Any = 0, end: Any = -1) -> Tensor:
    """Returns the axes from `start` to `end` as one."""
    _, layout = _known(tensor)
    first, last = axis(tensor, start), axis(tensor, end)
    merged = tuple(index for part in layout[first : last + 1] for index in part)
    return tensor.seen((*layout[:first], merged, *layout[last + 1 :]))


def unsqueezed(tensor: Tensor, at: Any) -> Tensor:
    """Returns a view with one more axis of size 1."""
    _, layout = _known(tensor)
    if not isinstance(at, int) or not -len(layout) - 1 <= at <= len(layout):
        raise NotDrawableError(Text("There is no axis {axis}.", axis=str(at)))
    place = at % (len(layout) + 1)
    return tensor.seen((*layout[:place], (), *layout[place:]))


def squeezed(tensor: Tensor, at: Any = None) -> Tensor:
    """Returns a view without one axis of size 1, or without any."""
    shape, layout = _known(tensor)
    places = range(len(layout)) if at is None else {axis(tensor, index) for index in (at if isinstance(at, list | tuple) else [at])}
    kept = [part for index, part in enumerate(layout) if index not in places or _product(shape, part).constant != 1]
    return tensor.seen(tuple(kept))


def reshaped(tensor: Tensor, wanted: Sequence[Any]) -> Tensor:
    """Returns a view with the wanted sizes, where these join neighbouring axes or add and drop axes of size 1.

    Raises:
        NotDrawableError: An axis would have to be split.
        WrongSizeError: The sizes do not multiply to what there is.
    """
    shape, layout = _known(tensor)
    asked = [size if isinstance(size, Dim) else Dim.of(size) for size in wanted if isinstance(size, int | Dim)]
    if len(asked) != len(wanted) or sum(size == Dim.of(-1) for size in asked) > 1:
        raise NotDrawableError(Text("The wanted sizes {sizes} are not known.", sizes=str(tuple(map(str, wanted)))))
    parts = [part for part in layout if part]
    hole = next((index for index, size in enumerate(asked) if size == Dim.of(-1)), len(asked))
    front = _taken(shape, parts, asked[:hole])
    back = [part[::-1] for part in _taken(shape, [part[::-1] for part in parts[::-1]], asked[hole + 1 :][::-1])][::-1]
    used = sum(map(len, front)), sum(map(len, back))
    axes = [index for part in parts for index in part]
    rest = tuple(axes[used[0] : len(axes) - used[1]])
    if hole == len(asked):
        if rest:
            raise WrongSizeError
        return tensor.seen(tuple(front))
    return tensor.seen((*front, rest, *back))


def _taken(shape: Shape, parts: list[tuple[int, ...]], asked: list[Dim]) -> list[tuple[int, ...]]:
    """Returns, for each wanted size, the next axes that multiply to it."""
    axes = [index for part in parts for index in part]
    found: list[tuple[int, ...]] = []
    at = 0
    for size in asked:
        part: list[int] = []
        total = Dim.of(1)
        while total != size:
            if at == len(axes):
                raise WrongSizeError
            part.append(axes[at])
            total = total * shape.dims[axes[at]]
            at += 1
            if size.constant is not None and total.constant is not None and total.constant > size.constant:
                whole = total.constant % size.constant == 0
                raise NotDrawableError(Text("It splits an axis.")) if whole and len(part) == 1 else WrongSizeError
        found.append(tuple(part))
    return found


def steps_to(shape: Shape, layout: Layout) -> list[tuple[str, dict[str, Any]]] | None:
    """Returns the operators that turn a tensor into its view, each as target and arguments; None where no layer does it."""
    if layout == tuple((index,) for index in range(shape.rank)):
        return []
    exact = _exact(shape, layout)
    if exact is not None:
        return exact
    return next((steps for result, steps in _known_forms(shape) if _alike(shape, result, layout)), None)


def _exact(shape: Shape, layout: Layout) -> list[tuple[str, dict[str, Any]]] | None:
    order = tuple(index for part in layout for index in part)
    if sorted(order) != list(range(shape.rank)) or not all(layout) or layout[0] != (0,):
        return None
    merged = [index for index, part in enumerate(layout) if len(part) > 1]
    permute = [] if order == tuple(range(shape.rank)) else [("operators.Permute", {"order": order})]
    if not merged:
        return permute
    if len(layout) == 2:
        return [*permute, ("nn.Flatten", {})]
    if len(merged) > 1:
        return None
    start = merged[0]
    return [("operators.PermuteAndFlatten", {"order": order, "start": start, "end": start + len(layout[start]) - 1})]


def _known_forms(shape: Shape) -> list[tuple[Layout, list[tuple[str, dict[str, Any]]]]]:
    """Returns what layers make of a shape, for views that leave axes of size 1 out or add them."""
    whole: Layout = tuple((index,) for index in range(shape.rank))
    forms: list[tuple[Layout, list[tuple[str, dict[str, Any]]]]] = [(whole, [])]
    if shape.rank > 2:
        forms.append((((0,), tuple(range(1, shape.rank))), [("nn.Flatten", {})]))
    if shape.rank == 4:
        for result in (((0,), (2,), (1, 3)), ((0,), (2, 3), (1,)), ((0,), (3,), (1, 2))):
            order = tuple(index for part in result for index in part)
            start = next(index for index, part in enumerate(result) if len(part) > 1)
            forms.append((result, [("operators.PermuteAndFlatten", {"order": order, "start": start, "end": start + 1})]))
    return forms


def _alike(shape: Shape, one: Layout, other: Layout) -> bool:
    """Whether two views have as many axes and differ in axes of size 1 only."""
    return len(one) == len(other) and [_large(shape, part) for part in one] == [_large(shape, part) for part in other]


def _large(shape: Shape, part: Sequence[int]) -> tuple[int, ...]:
    return tuple(index for index in part if shape.dims[index].constant != 1)
