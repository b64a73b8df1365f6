"""Means, sums, maxima over axes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from workbench.models.reading import operations, views
from workbench.models.reading.reading import NotDrawableError
from workbench.models.reading.values import Tensor, Unknown
from workbench.text import Text

if TYPE_CHECKING:
    from workbench.models.reading.expressions import Expressions

Arguments = list[Any]
Named = Mapping[str, Any]
KNOWN = {
    "mean": "GlobalAverage MeanOverTime",
    "amax": "GlobalMaximum MaxOverTime",
    "max": "GlobalMaximum MaxOverTime",
    "amin": "GlobalMinimum",
}
"""What a layer of its own does over a whole image, and over time."""


def reduced(reader: Expressions, name: str, given: Arguments, named: Named) -> Any:
    """Draws a mean, a maximum, ... over some axes of a view."""
    tensor = operations.known_tensor(given[0])
    dims = named.get("dim", named.get("axis", given[1] if len(given) > 1 else None))
    keep = named.get("keepdim", given[2] if len(given) > 2 else False)
    if tensor.shape is None or tensor.layout is None:
        return operations.passed(reader, tensor)
    if dims is None:
        raise NotDrawableError(Text("{function} over everything mixes the rows of a batch.", function=name))
    places = sorted(views.axis(tensor, index) for index in (dims if isinstance(dims, list | tuple) else [dims]))
    result = _over_known(reader, name, tensor, {index for place in places for index in tensor.layout[place]}, places)
    if result is None:
        result = _over_axes(reader, name, tensor, places, _correction(name, named))
    for place in places if keep else ():
        result = views.unsqueezed(result, place)
    return (result, Unknown(f"{name}.indices")) if name in ("max", "min") and not isinstance(dims, list | tuple) else result


def _over_known(reader: Expressions, name: str, tensor: Tensor, axes: set[int], places: list[int]) -> Tensor | None:
    """Draws the pooling over a whole image, or over time, whatever the order of the axes in the view."""
    shape, layout = tensor.shape, tensor.layout
    assert shape is not None and layout is not None
    rest = [index for at, part in enumerate(layout) if at not in places for index in part]
    image = shape.axes == ("batch", "channel", "height", "width") and axes == {2, 3}
    sequence = shape.rank == 3 and shape.sequence_axis == 1 and axes == {1}
    targets = KNOWN.get(name, "").split()
    if rest not in ([0, 1], [0, 2]) or not (image or sequence) or len(targets) <= (not image):
        return None
    whole = tensor.seen(tuple((index,) for index in range(shape.rank)))
    return operations.draw_target(reader, f"operators.{targets[0]}" if image else f"over_time.{targets[1]}", {}, whole)


def _correction(name: str, named: Named) -> str:
    """Returns what is taken from the count of a variance, as an argument; "" where it is torch's usual one."""
    given = named.get("correction", int(named["unbiased"]) if isinstance(named.get("unbiased"), bool) else 1)
    return f", correction={given}" if name in ("std", "var") and given != 1 else ""


def _over_axes(reader: Expressions, name: str, tensor: Tensor, places: list[int], more: str = "") -> Tensor:
    dims = str(places[0]) if len(places) == 1 else f"({', '.join(map(str, places))})"
    also = {"max": "amax", "min": "amin"}.get(name, name)
    texts = [
        f"_0.{also}({dims})",
        f"_0.{also}(dim={dims})",
        f"_0.{also}(({', '.join(map(str, places))},))",
        f"torch.{also}(_0, dim={dims})",
    ]
    return operations.draw_text(reader, [f"torch.{also}(_0, dim={dims}{more})"] if more else texts, [tensor])
