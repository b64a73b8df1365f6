"""Layers that change the form of the data and compute nothing."""

from __future__ import annotations

from types import MappingProxyType
from typing import Literal

from workbench.catalogue import Params, param
from workbench.graph.dim import Dim
from workbench.graph.shape import Axis, Shape
from workbench.layers import checks, fixes
from workbench.layers.base import Call, Context, Family, Layer, LayerProblem, Shapes
from workbench.layers.figures.arrange import Reorder, Unfold
from workbench.text import Text


class Flatten(Layer):
    """Everything of a row in one vector."""

    name = "flatten"
    prominence = 22
    view = True
    label = "Flatten"
    family = Family.SHAPE
    summary = "Lays all numbers of a row into one vector."
    aliases = ("Reshape", "tf.keras.layers.Flatten", "展平", "拉平")
    formula = "(N, C, H, W) → (N, C·H·W)"
    figure = Unfold("vector")
    related = ("reshape", "global_average_pool", "linear")
    bends = False
    usually_next = ("linear",)

    def shape(self, params: Params, inputs: Shapes, context: Context) -> dict[str, Shape]:
        shape = checks.numbers(inputs, context)
        size = Dim.of(1)
        for axis, dim in zip(shape.axes[1:], shape.dims[1:], strict=True):
            if dim.constant is None:
                raise LayerProblem(
                    "flatten.unknown-size",
                    Text(
                        "{node} cannot lay {axis} {size} into one vector: rows differ in length.",
                        node=context.name,
                        axis=Text(axis),
                        size=str(dim),
                    ),
                    reason=Text("The vectors would differ in size."),
                    port="input",
                    fixes=checks.over_time(context),
                )
            size = size * dim
        return {"output": shape.with_axes(("batch", "feature"), (shape["batch"], size))}

    def call(self, params: Params, inputs: Shapes) -> Call:
        return Call("nn.Flatten")

    def causal(self, params: Params) -> bool:
        return False


class PermuteParams(Params):
    """The new order."""

    order: str = param(
        "",
        label="Order",
        help="The axes after batch in their new order, such as `height, width, channel`; empty: the last two change places.",
    )

    def axes(self, shape: Shape) -> tuple[str, ...]:
        """Returns all axes in their new order."""
        if not self.order.strip():
            return (*shape.axes[:-2], shape.axes[-1], shape.axes[-2]) if shape.rank > 2 else shape.axes
        return (Axis.BATCH, *(part for part in self.order.replace(",", " ").split() if part != Axis.BATCH))


class Permute(Layer):
    """The same numbers with axes in another order."""

    name = "permute"
    view = True
    label = "Permute"
    family = Family.SHAPE
    summary = "Changes the order of the axes; the numbers stay the same."
    aliases = ("Transpose", "tf.transpose", "tf.keras.layers.Permute", "swap axes", "置换", "转置")
    formula = "y[n, k, j] = x[n, j, k]"
    figure = Reorder()
    example = MappingProxyType({"order": "width, height, channel"})
    related = ("reshape", "image_to_sequence")
    Params = PermuteParams
    keeps_width = True
    bends = False
    usually_next = ("linear", "conv2d", "conv1d")

    def shape(self, params: PermuteParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        shape = inputs["input"]
        axes = params.axes(shape)
        if sorted(axes) != sorted(shape.axes):
            raise LayerProblem(
                "axis.order",
                Text(
                    "{node}: the order {order} does not name each of the axes {axes} once.",
                    node=context.name,
                    order=repr(params.order),
                    axes=", ".join(shape.axes[1:]),
                ),
                port="input",
                fixes=[fixes.change(context, Text("Swap the last two axes"), order=""), fixes.remove(context)],
            )
        return {"output": Shape(axes, tuple(shape[axis] for axis in axes), shape.dtype, shape.vocabulary)}

    def call(self, params: PermuteParams, inputs: Shapes) -> Call:
        shape = inputs["input"]
        order = tuple(shape.index(axis) for axis in params.axes(shape))
        return Call("operators.Permute", {"order": order}, expression=f"{{input}}.permute({', '.join(map(str, order))})")

    def summary_line(self, params: PermuteParams) -> str:
        return params.order


class ImageToSequenceParams(Params):
    """What becomes one step."""

    steps: Literal["positions", "rows", "columns"] = param(
        "positions",
        label="Steps",
        help="positions: every pixel is a step, as patches for a Transformer; rows or columns: as lines are read.",
        choices=("positions", "rows", "columns"),
    )


class ImageToSequence(Layer):
    """An image read as a sequence."""

    name = "image_to_sequence"
    label = "Image to sequence"
    family = Family.SHAPE
    summary = "Reads an image as a sequence: pixel by pixel, row by row or column by column."
    aliases = ("patches", "Reshape", "im2seq", "ViT", "图像转序列")
    formula = "positions: (N, C, H, W) → (N, H·W, C); rows: → (N, H, C·W); columns: → (N, W, C·H)"
    figure = Unfold("sequence")
    related = ("patch_embedding", "permute", "lstm")
    paper = "Shi et al. 2017, An End-to-End Trainable Neural Network for Image-based Sequence Recognition"
    Params = ImageToSequenceParams
    bends = False
    usually_next = ("lstm", "positional_encoding")

    def shape(self, params: ImageToSequenceParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        image = checks.image(inputs, context)
        channel, height, width = image["channel"], image["height"], image["width"]
        time, feature = {
            "positions": (height * width, channel),
            "rows": (height, channel * width),
            "columns": (width, channel * height),
        }[params.steps]
        return {"output": image.with_axes(("batch", "time", "feature"), (image["batch"], time, feature))}

    def call(self, params: ImageToSequenceParams, inputs: Shapes) -> Call:
        order = {"positions": (0, 2, 3, 1), "rows": (0, 2, 1, 3), "columns": (0, 3, 1, 2)}[params.steps]
        merged = "1, 2" if params.steps == "positions" else "2, 3"
        start, end = (int(part) for part in merged.split(", "))
        return Call(
            "operators.PermuteAndFlatten",
            {"order": order, "start": start, "end": end},
            expression=f"{{input}}.permute({', '.join(map(str, order))}).flatten({merged})",
        )

    def is_view(self, params: ImageToSequenceParams, inputs: Shapes) -> bool:
        return params.steps != "rows" or inputs["input"]["channel"].constant == 1

    def summary_line(self, params: ImageToSequenceParams) -> str:
        return {"positions": Text("positions"), "rows": Text("rows"), "columns": Text("columns")}[params.steps]

    def causal(self, params: ImageToSequenceParams) -> bool:
        return False
