"""Indices and slices of tensors, states and parameters."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from workbench.graph.dim import Dim
from workbench.models.reading import operations, views
from workbench.models.reading.reading import NotDrawableError
from workbench.models.reading.values import Side, States, Tensor, Unknown, Weight
from workbench.text import Text

if TYPE_CHECKING:
    from workbench.models.reading.expressions import Expressions


def item(reader: Expressions, node: ast.Subscript, owner: Any, index: Any) -> Any:
    """Draws an index or a slice."""
    if isinstance(owner, States):
        whole = isinstance(index, tuple) and all(part in (slice(None), Ellipsis) for part in index[1:])
        return _state(owner, index[0] if whole else index)
    if isinstance(owner, Weight):
        return Unknown(ast.unparse(node), node.lineno) if isinstance(index, int) else owner.viewed()
    parts = list(index) if isinstance(index, tuple | list) else [index]
    rank = len(views.sizes(owner))
    if Ellipsis in parts:
        at = parts.index(Ellipsis)
        parts[at : at + 1] = [slice(None)] * (rank - len([part for part in parts if part is not None]) + 1)
    return _indexed(reader, node, owner, parts)


def _indexed(reader: Expressions, node: ast.Subscript, owner: Tensor, parts: list[Any]) -> Tensor:
    """Draws an index whose every part is an axis: kept whole, new, or one position of a sequence."""
    chosen: list[tuple[int, Any]] = []
    result = owner
    for at, part in enumerate(parts):
        if part is None:
            result = views.unsqueezed(result, at)
        elif not _whole(part, views.sizes(result)[at]):
            chosen.append((at, part))
    if not chosen:
        return result
    shape, layout = owner.shape, owner.layout
    (place, part), *others = chosen
    assert shape is not None and layout is not None
    straight = layout[:place] + layout[place + 1 :] == ((0,), (2,))
    if not others and part == -1 and result is owner and straight and shape.sequence_axis == 1 and shape.rank == 3:
        return operations.draw_target(reader, "over_time.LastOverTime", {}, owner.seen(((0,), (1,), (2,))))
    written = ast.unparse(node.slice)
    written = written[1:-1] if written.startswith("(") and isinstance(node.slice, ast.Tuple) else written
    if others and result is owner:
        for at, each in reversed(chosen):
            result = _indexed(reader, ast.Subscript(node.value, ast.Constant(at)), result, [*[slice(None)] * at, each])
        return result
    return operations.draw_text(reader, [f"_0[{written}]", *(_selections(place, part) if not others else [])], [owner])


def _selections(place: int, part: Any) -> list[str]:
    if isinstance(part, int):
        return [f"_0.select({place}, {part})", f"_0.select(dim={place}, index={part})", f"_0[{':, ' * place}{part}]"]
    if isinstance(part, slice) and part.step in (None, 1):
        start, stop = part.start or 0, "" if part.stop is None else part.stop
        return [f"_0[{':, ' * place}{start}:{stop}]", f"_0[{':, ' * place}{start or ''}:{stop}]"]
    return []


def _whole(part: Any, size: Dim) -> bool:
    """Whether a part of an index takes the whole axis."""
    if not isinstance(part, slice):
        return False
    stop = part.stop
    same = stop is None or stop == size or (isinstance(stop, int) and size.constant is not None and stop >= size.constant)
    return part.step in (None, 1) and part.start in (None, 0) and same


def _state(states: States, index: Any) -> Any:
    """Returns the states of one layer and direction."""
    count = states.layers * states.directions
    if isinstance(index, slice) and index == slice(-states.directions, None):
        return States(states.tensor, 1, states.directions)
    if not isinstance(index, int) or not -count <= index < count:
        raise NotDrawableError(Text("Only the states of the last layer are there."))
    place = index % count - (count - states.directions)
    if place < 0:
        raise NotDrawableError(Text("Only the states of the last layer are there."))
    return states.tensor if states.directions == 1 else Side(states, place)
