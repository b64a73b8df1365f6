"""The arithmetic of windows that slide over axes, and the volumes (depth, height, width) they may slide over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from workbench.graph.dim import Dim
from workbench.graph.graph import Graph
from workbench.graph.problem import Fix
from workbench.graph.shape import Axis, Shape
from workbench.layers import checks, fixes
from workbench.layers.base import Context, LayerProblem, Shapes
from workbench.text import Text

VOLUME_AXES = (Axis.BATCH, Axis.CHANNEL, Axis.DEPTH, Axis.HEIGHT, Axis.WIDTH)
Padding = Literal["same", "valid"] | Annotated[int, Field(ge=0, le=1024)]
CausalPadding = Literal["same", "valid", "causal"] | Annotated[int, Field(ge=0, le=1024)]
Size = Dim | int


def is_volume(shape: Shape) -> bool:
    """Whether the axes are batch, channel, depth, height, width."""
    return shape.axes == VOLUME_AXES


def volume(inputs: Shapes, context: Context, port: str = "input") -> Shape:
    """Returns the input as a volume of numbers.

    Raises:
        LayerProblem: It is none.
    """
    shape = checks.numbers(inputs, context, port)
    if is_volume(shape):
        return shape
    repairs: list[Fix[Graph]] = []
    if checks.is_image(shape):
        sizes = ", ".join(f"{axis} {shape[axis]}" for axis in shape.axes[2:])
        form = f"channel 1, depth {shape['channel']}, {sizes}"
        repairs.append(fixes.insert(context, port, "reshape", Text("Read the channels as depth"), form=form))
    raise LayerProblem(
        "shape.needs-volume",
        Text(
            "{node} needs a volume (batch × channel × depth × height × width), but {source} gives {shape}.",
            node=context.name,
            source=checks.source_name(context, port),
            shape=shape.named(),
        ),
        reason=Text("It slides over depth, height and width of every channel."),
        port=port,
        fixes=[*repairs, fixes.remove(context)],
    )


def reach(kernel: int, dilation: int = 1) -> int:
    """Returns how many positions a window reaches over."""
    return dilation * (kernel - 1) + 1


def zeros(padding: str | int, extent: int) -> tuple[int, int]:
    """Returns the zeros before and after an axis; of an odd number, one more after."""
    if isinstance(padding, int):
        return padding, padding
    if padding == "valid":
        return 0, 0
    return (extent - 1, 0) if padding == "causal" else ((extent - 1) // 2, extent - 1 - (extent - 1) // 2)


def slid(size: Dim, extent: int, stride: int, added: int) -> Size:
    """Returns how many places a window takes along an axis; a plain number where the axis has one."""
    given: Size = size if size.constant is None else size.constant
    return (given + (added - extent)) // stride + 1


def shortest(size: Size) -> int:
    """Returns the smallest value of a size, over all rows that may come."""
    if isinstance(size, int):
        return size
    return int(size.evaluate({symbol.name: symbol.minimum for symbol in size.symbols()}))


def written(sizes: Sequence[object]) -> str:
    """Returns sizes as people write them: `3×3`."""
    return "×".join(map(str, sizes))


def too_large(
    extents: Sequence[int], shape: Shape, axes: Sequence[str], context: Context, repairs: Sequence[Fix[Graph]]
) -> LayerProblem:
    """Returns the problem of a window for which the input has no place."""
    return LayerProblem(
        "window.too-large",
        Text(
            "{node}: the window of {window} is larger than the {size} that {source} gives.",
            node=context.name,
            window=written(extents),
            size=written([shape[axis] for axis in axes]),
            source=checks.source_name(context, "input"),
        ),
        reason=Text("There is no place where it fits, at least in the shortest rows."),
        port="input",
        fixes=[*repairs, fixes.remove(context)],
    )


def divisors(number: int, limit: int) -> list[int]:
    """Returns the divisors of a number up to a limit, the largest first."""
    return [value for value in range(min(number, limit), 0, -1) if number % value == 0]
