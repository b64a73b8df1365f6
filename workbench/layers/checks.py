"""What layers ask of their inputs: an image, a sequence, numbers; and the problem, with fixes, where they get something else."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.graph.dim import Dim
from workbench.graph.graph import Graph
from workbench.graph.problem import Fix
from workbench.graph.shape import SEQUENCE_AXES, Axis, Shape
from workbench.layers import fixes
from workbench.layers.base import Context, LayerProblem, Shapes
from workbench.text import Text

IMAGE_AXES = (Axis.BATCH, Axis.CHANNEL, Axis.HEIGHT, Axis.WIDTH)


def is_image(shape: Shape) -> bool:
    """Whether the axes are batch, channel, height, width."""
    return shape.axes == IMAGE_AXES


def is_sequence(shape: Shape) -> bool:
    """Whether the axes are batch, a sequence axis, feature."""
    return shape.rank == 3 and shape.axes[1] in SEQUENCE_AXES and shape.axes[2] == Axis.FEATURE


def source_name(context: Context, port: str) -> str:
    """Returns the name of the node that feeds an input port."""
    return context.sources.get(port, port)


def image(inputs: Shapes, context: Context, port: str = "input") -> Shape:
    """Returns the input as an image of numbers with known height and width.

    Raises:
        LayerProblem: It is none.
    """
    shape = numbers(inputs, context, port)
    if is_image(shape):
        return shape
    raise LayerProblem(
        "shape.needs-image",
        Text(
            "{node} needs an image (batch × channel × height × width), but {source} gives {shape}.",
            node=context.name,
            source=source_name(context, port),
            shape=shape.named(),
        ),
        reason=Text("It slides over the height and the width of every channel."),
        port=port,
        fixes=[*_reorderings(shape, IMAGE_AXES, context, port), fixes.remove(context)],
    )


def sequence(inputs: Shapes, context: Context, port: str = "input") -> Shape:
    """Returns the input as a sequence of feature vectors.

    Raises:
        LayerProblem: It is none.
    """
    shape = numbers(inputs, context, port)
    if is_sequence(shape):
        return shape
    time = shape.axes[shape.sequence_axis] if shape.sequence_axis is not None else Axis.TIME
    repairs = _reorderings(shape, (Axis.BATCH, time, Axis.FEATURE), context, port)
    if is_image(shape):
        repairs.append(fixes.insert(context, port, "image_to_sequence", Text("Read the image row by row"), steps="rows"))
    raise LayerProblem(
        "shape.needs-sequence",
        Text(
            "{node} needs a sequence (batch × time × feature), but {source} gives {shape}.",
            node=context.name,
            source=source_name(context, port),
            shape=shape.named(),
        ),
        reason=Text("It works along the time or token axis."),
        port=port,
        fixes=[*repairs, fixes.remove(context)],
    )


def numbers(inputs: Shapes, context: Context, port: str = "input") -> Shape:
    """Returns an input of real numbers.

    Raises:
        LayerProblem: It holds ids.
    """
    shape = inputs[port]
    if shape.dtype.startswith("float"):
        return shape
    raise LayerProblem(
        "dtype.needs-numbers",
        Text(
            "{node} computes with real numbers, but {source} gives {dtype} ids.",
            node=context.name,
            source=source_name(context, port),
            dtype=shape.dtype,
        ),
        reason=Text("An id is a name, not a quantity: 7 is not more than 3."),
        port=port,
        fixes=[fixes.insert(context, port, "embedding", Text("Add an Embedding"), width=64)] if shape.vocabulary else [],
    )


def known(size: Dim, axis: str, context: Context, port: str = "input") -> int:
    """Returns a size that must be a number before the data is known.

    Raises:
        LayerProblem: It depends on the length of the row.
    """
    if size.constant is not None:
        return size.constant
    raise LayerProblem(
        "shape.unknown-size",
        Text("{node} has weights for every {axis}, but the {axis} size is {size}.", node=context.name, axis=Text(axis), size=str(size)),
        reason=Text("The number of weights cannot depend on the length of a row."),
        port=port,
        fixes=over_time(context, port),
    )


def no_axis(axis: str, shape: Shape, context: Context, repairs: Sequence[Fix[Graph]], port: str = "input") -> LayerProblem:
    """Returns the problem that a layer is to work along an axis that is not there, or along the batch."""
    if axis == Axis.BATCH:
        message = Text("{node} cannot work along the batch axis: a row must not depend on the rows beside it.", node=context.name)
        reason = Text("The batch is only how many rows are computed together; alone, a row must give the same.")
        return LayerProblem("axis.batch", message, reason=reason, port=port, fixes=repairs)
    message = Text("{node}: there is no axis {axis} in {shape}.", node=context.name, axis=repr(axis), shape=shape.named())
    return LayerProblem("axis.missing", message, port=port, fixes=repairs)


def steps(shape: Shape, length: int) -> int:
    """Returns the number of positions of a sequence, with `length` for one that is not known yet."""
    size = shape.dims[1]
    return int(size.evaluate({symbol.name: length for symbol in size.symbols()}))


def over_time(context: Context, port: str = "input") -> list[Fix[Graph]]:
    """Offers the ways to make one vector of a sequence."""
    return [
        fixes.insert(context, port, "mean_over_time", Text("Average over time first")),
        fixes.insert(context, port, "last_over_time", Text("Take the last position first")),
        fixes.insert(context, port, "max_over_time", Text("Take the maximum over time first")),
    ]


def differing_length(left: Dim, right: Dim) -> tuple[int, int, int] | None:
    """Returns a length for which two sizes differ, with both sizes, or None where none was found."""
    symbols = {symbol for dim in (left, right) for symbol in dim.symbols()}
    for length in range(1, 65):
        values = {symbol.name: max(length, symbol.minimum) * symbol.multiple_of for symbol in symbols}
        first, second = int(left.evaluate(values)), int(right.evaluate(values))
        if first != second:
            return length, first, second
    return None


def _reorderings(shape: Shape, wanted: tuple[str, ...], context: Context, port: str) -> list[Fix[Graph]]:
    """Offers a Permute where the axes are the wanted ones in another order."""
    if shape.axes == wanted or sorted(shape.axes) != sorted(wanted):
        return []
    order = ", ".join(wanted[1:])
    return [fixes.insert(context, port, "permute", Text("Reorder the axes to {order}", order=order), order=order)]
