"""Parts of axes that go separate ways, and numbers that are chosen by a comparison."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from workbench.graph.dim import Dim
from workbench.models.reading import operations, views
from workbench.models.reading.expressing import operand
from workbench.models.reading.inversion import invert
from workbench.models.reading.reading import NotDrawableError
from workbench.models.reading.values import Blank, Condition, Tensor
from workbench.text import Text

if TYPE_CHECKING:
    from workbench.models.reading.expressions import Expressions

_SIGNS: Mapping[type[ast.cmpop], str] = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}
_NUMBERS = frozenset({"float", "to", "type_as", "int", "long", "double", "half", "type"})
_CONSTANTS = {"zeros": 0.0, "ones": 1.0, "ones_like": 1.0}
_MOST_PARTS = 16


def parts(reader: Expressions, name: str, given: Sequence[Any], named: Mapping[str, Any]) -> list[Tensor]:
    """Draws what `chunk` and `split` return: equal parts as one layer, others as one layer each.

    Raises:
        NotDrawableError: The axis or the sizes are not known.
    """
    tensor, how = given[0], given[1] if len(given) > 1 else named.get("chunks", named.get("split_size_or_sections", named.get("split_size")))
    dim = named.get("dim", given[2] if len(given) > 2 else 0)
    if not isinstance(tensor, Tensor):
        raise NotDrawableError(Text("What it is given does not come from the drawing."))
    if tensor.shape is None or tensor.layout is None:
        if operations.drawn(reader).probing:
            return [tensor] * (len(how) if isinstance(how, list | tuple) else how if name == "chunk" and isinstance(how, int) else _MOST_PARTS)
        raise NotDrawableError(Text("The shape that arrives here is not known."))
    place = views.axis(tensor, dim)
    if len(tensor.layout[place]) > 1:
        tensor = Tensor.plain(*operations.settled(reader, tensor))
    if tensor.shape is None or tensor.layout is None:
        raise NotDrawableError(Text("The shape that arrives here is not known."))
    axis = tensor.layout[place]
    size = tensor.shape.dims[axis[0]].constant if len(axis) == 1 else None
    sizes = _sizes(name, how, size) if size is not None else []
    if not sizes or axis == (0,):
        raise NotDrawableError(Text("The sizes of the parts are not known."))
    whole = operations.unturned(tensor)
    found = _equal(reader, whole, axis[0], len(sizes)) if len(set(sizes)) == 1 else None
    found = found or [_slice(reader, whole, axis[0], sum(sizes[:index]), count, size or 0) for index, count in enumerate(sizes)]
    return [part.seen(tensor.layout) for part in found]


def _sizes(name: str, how: Any, size: int) -> list[int]:
    """Returns the sizes of the parts, as torch counts them; none where they are not known."""
    if isinstance(how, list | tuple):
        plain = [part.constant if isinstance(part, Dim) else part for part in how]
        return [part for part in plain if isinstance(part, int)] if sum(part if isinstance(part, int) else 0 for part in plain) == size else []
    how = how.constant if isinstance(how, Dim) else how
    if not isinstance(how, int) or how < 1:
        return []
    each = -(-size // how) if name == "chunk" else how
    return [min(each, size - start) for start in range(0, size, each)] if size // each <= 256 else []


def _equal(reader: Expressions, tensor: Tensor, axis: int, count: int) -> list[Tensor] | None:
    if not 2 <= count <= _MOST_PARTS:
        return None
    source = operations.settled(reader, tensor)
    match = invert("rearranging.Split", {"parts": count, "axis": axis}, [source[1]] if source[1] is not None else [])
    return None if match is None or match.differing else operations.drawn(reader).draw(match, [source])[1]


def _slice(reader: Expressions, tensor: Tensor, axis: int, start: int, count: int, size: int) -> Tensor:
    stop = "" if start + count == size else start + count
    return operations.draw_text(reader, [f"_0[{':, ' * axis}{start or ''}:{stop}]", f"_0[{':, ' * axis}{start}:{start + count}]"], [tensor])


def condition(sign: ast.cmpop, left: Any, right: Any) -> Condition | None:
    """Returns the comparison of a tensor with a number or a tensor; None for anything else."""
    sides = [operations.as_tensor(value) for value in (left, right)]
    tensors = [side for side in sides if isinstance(side, Tensor)]
    plain = all(isinstance(side, Tensor | int | float) for side in sides)
    if not plain or not tensors or type(sign) not in _SIGNS or any(tensor.shape is None for tensor in tensors):
        return None
    return _written("{0} " + _SIGNS[type(sign)] + " {1}", sides)


def _written(form: str, values: Sequence[Any]) -> Condition:
    """Returns a text with the operands of several values in it, each tensor once, in the order of first use."""
    kept: list[Tensor] = []
    texts: list[str] = []
    for value in values:
        own = value.tensors if isinstance(value, Condition) else (value,) if isinstance(value, Tensor) else ()
        places = [_place(kept, tensor) for tensor in own]
        inner = value.text if isinstance(value, Condition) else operand(0) if own else repr(value)
        texts.append(re.sub(r"\b_(\d+)\b", lambda found, places=places: operand(places[int(found[1])]), inner))
    return Condition(form.format(*texts), tuple(kept))


def _place(kept: list[Tensor], tensor: Tensor) -> int:
    same = next((index for index, one in enumerate(kept) if (one.port, one.layout) == (tensor.port, tensor.layout)), None)
    if same is None:
        kept.append(tensor)
    return len(kept) - 1 if same is None else same


def chosen(reader: Expressions, held: Condition, first: Any, second: Any) -> Tensor:
    """Draws `where`: the one value where a comparison holds, the other elsewhere.

    Raises:
        NotDrawableError: No formula computes it.
    """
    both = [_CONSTANTS.get(value.kind) if isinstance(value, Blank) else operations.as_tensor(value) for value in (first, second)]
    if not all(isinstance(value, Tensor | int | float) for value in both):
        raise NotDrawableError(Text("What it is given does not come from the drawing."))
    made = _written("torch.where({0}, {1}, {2})", [held, *both])
    return operations.draw_text(reader, [made.text], made.tensors)


def numbers(reader: Expressions, held: Condition) -> Tensor:
    """Draws 1 where a comparison holds and 0 elsewhere."""
    return chosen(reader, held, 1.0, 0.0)


def method(reader: Expressions, name: str, held: Condition) -> Any:
    """Returns what a method of a comparison returns.

    Raises:
        NotDrawableError: Only numbers can be made of it.
    """
    if name in _NUMBERS:
        return numbers(reader, held)
    raise NotDrawableError(Text("{what} of a comparison has no layer.", what=name))
