"""Convolution over images."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from workbench.catalogue import Params, param
from workbench.graph.dim import Dim
from workbench.graph.graph import Graph
from workbench.graph.problem import Fix, Problem, Severity
from workbench.graph.shape import Shape
from workbench.layers import checks, fixes, windows
from workbench.layers.base import Call, Context, Family, Layer, LayerProblem, Shapes
from workbench.layers.figures.window import Window
from workbench.layers.grouping import check_groups
from workbench.text import Text

Padding = Literal["same", "valid"] | Annotated[int, Field(ge=0, le=1024)]


class Conv2dParams(Params):
    """What can be set on a convolution."""

    filters: int = param(
        32,
        label="Filters",
        help="How many patterns it learns; the channels of its output.",
        unit="channels",
        ge=1,
        le=1_000_000_000,
        log=True,
    )
    kernel: int = param(
        3, label="Kernel", help="Height and width of the window that slides over the image.", unit="px", ge=1, le=1024
    )
    kernel_width: int = param(
        0,
        label="Kernel width",
        help="Width of the window where it is not square; 0: as its height.",
        unit="px",
        main=False,
        ge=0,
        le=1024,
    )
    stride: int = param(
        1, label="Stride", help="How far the window moves at a time; 2 halves the image.", unit="px", ge=1, le=1024
    )
    stride_width: int = param(
        0,
        label="Stride across",
        help="How far the window moves sideways where that differs; 0: as downwards.",
        unit="px",
        main=False,
        ge=0,
        le=1024,
    )
    padding: Padding = param(
        "same",
        label="Padding",
        help="same keeps the size (at stride 1), valid adds nothing, a number adds that many pixels on every side.",
        unit="px",
        choices=("same", "valid", 0, 1, 2, 3),
    )
    dilation: int = param(
        1, label="Dilation", help="Distance between the points of the window.", unit="px", main=False, ge=1, le=1024
    )
    dilation_width: int = param(
        0,
        label="Dilation across",
        help="Sideways distance between the points of the window where that differs; 0: as downwards.",
        unit="px",
        main=False,
        ge=0,
        le=1024,
    )
    groups: int = param(
        1,
        label="Groups",
        help="Channels are split into this many groups that do not see each other.",
        main=False,
        ge=1,
        le=1_000_000,
    )
    bias: bool = param(
        True, label="Bias", help="Add a learned number per filter; not needed in front of a normalisation.", main=False
    )

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the window, in pixels."""
        return self.kernel, self.kernel_width or self.kernel

    @property
    def extent(self) -> tuple[int, int]:
        """How many pixels the window reaches over, in height and width."""
        (high, wide), (down, across) = self.size, self.gaps
        return down * (high - 1) + 1, across * (wide - 1) + 1

    @property
    def steps(self) -> tuple[int, int]:
        """How far the window moves down and across, in pixels."""
        return self.stride, self.stride_width or self.stride

    @property
    def gaps(self) -> tuple[int, int]:
        """Distance between the points of the window down and across, in pixels."""
        return self.dilation, self.dilation_width or self.dilation

    @property
    def added(self) -> tuple[int, int]:
        """Pixels of zeros added in all to the height and the width."""
        if self.padding == "same":
            return self.extent[0] - 1, self.extent[1] - 1
        each = 0 if self.padding == "valid" else self.padding
        return 2 * each, 2 * each


class Conv2d(Layer):
    """Two-dimensional convolution, as `torch.nn.Conv2d`."""

    name = "conv2d"
    prominence = 5
    kept = ("input",)
    label = "Conv2d"
    family = Family.CONVOLUTION
    summary = "Slides small learned patterns over the image and says everywhere how well each one fits."
    aliases = (
        "Convolution",
        "Conv",
        "Convolution2D",
        "SeparableConv2D",
        "DepthwiseConv2D",
        "tf.nn.conv2d",
        "filter",
        "kernel",
        "卷积",
        "二维卷积",
    )
    formula = "y[o, i, j] = b[o] + Σ_c Σ_u Σ_v w[o, c, u, v] · x[c, s·i + d·u − p, s·j + d·v − p]"
    figure = Window()
    related = ("depthwise_conv2d", "separable_conv2d", "conv_transpose2d", "max_pool2d")
    paper = "LeCun et al. 1998, Gradient-Based Learning Applied to Document Recognition"
    Params = Conv2dParams
    width_param = "filters"
    weighs = True
    bends = False
    usual_norm = "batch_norm2d"
    usually_next = ("relu",)

    def shape(self, params: Conv2dParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        image = checks.image(inputs, context)
        channels = checks.known(image["channel"], "channel", context)
        check_groups(params.groups, channels, params.filters, context)
        sizes = _out(params, image)
        if any(isinstance(size, int) and size < 1 for size in sizes):
            raise _too_large(params, image, context)
        return {"output": image.with_axes(image.axes, (image.dims[0], params.filters, *sizes))}

    def call(self, params: Conv2dParams, inputs: Shapes) -> Call:
        arguments: dict[str, Any] = {
            "in_channels": int(inputs["input"]["channel"]),
            "out_channels": params.filters,
            "kernel_size": _one_or_both(params.size),
        }
        if params.steps != (1, 1):
            arguments["stride"] = _one_or_both(params.steps)
        zeros = _zeros(params)
        above, left = zeros[2], zeros[0]
        even = zeros[0] != zeros[1] or zeros[2] != zeros[3]
        if even:
            arguments["zeros"] = zeros
        elif above or left:
            arguments["padding"] = above if above == left else (above, left)
        if params.gaps != (1, 1):
            arguments["dilation"] = _one_or_both(params.gaps)
        for key, default in (("groups", 1), ("bias", True)):
            if getattr(params, key) != default:
                arguments[key] = getattr(params, key)
        return Call("convolution.PaddedConv2d" if even else "nn.Conv2d", arguments)

    def parameters(self, params: Conv2dParams, inputs: Shapes) -> dict[str, tuple[int, ...]]:
        weight = (params.filters, int(inputs["input"]["channel"]) // params.groups, *params.size)
        return {"weight": weight, "bias": (params.filters,)} if params.bias else {"weight": weight}

    def macs(self, params: Conv2dParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        window = params.size[0] * params.size[1] * int(inputs["input"]["channel"]) // params.groups
        return outputs["output"].elements_per_row(length) * window

    def summary_line(self, params: Conv2dParams) -> str:
        high, wide = params.size
        if params.steps == (1, 1):
            return Text("{filters} filters, {high}×{wide}", filters=params.filters, high=high, wide=wide)
        return Text(
            "{filters} filters, {high}×{wide}, stride {stride}",
            filters=params.filters,
            high=high,
            wide=wide,
            stride=params.stride if params.steps[0] == params.steps[1] else windows.written(params.steps),
        )

    def warnings(self, params: Conv2dParams, inputs: Shapes, context: Context) -> list[Problem[Graph]]:
        found: list[Problem[Graph]] = []
        if params.size == (1, 1) and params.gaps != (1, 1):
            message = Text(
                "{node} has a dilation of {dilation} with a 1×1 kernel, which changes nothing.",
                node=context.name,
                dilation=max(params.gaps),
            )
            repairs = (fixes.change(context, Text("Set dilation to 1"), dilation=1, dilation_width=0),)
            found.append(Problem("conv.dilation-unused", message, context.node, severity=Severity.WARNING, fixes=repairs))
        if context.source_layers.get("input") == "conv2d" and params.size != (1, 1) and params.groups == 1:
            found.append(_no_activation(context))
        return found


def _no_activation(context: Context) -> Problem[Graph]:
    message = Text(
        "{node} follows {source} without an activation between them.", node=context.name, source=context.sources.get("input", "")
    )
    reason = Text("Two convolutions in a row compute what one larger convolution can.")
    repairs = (fixes.insert(context, "input", "relu", Text("Add ReLU")), fixes.insert(context, "input", "gelu", Text("Add GELU")))
    return Problem("activation.missing", message, context.node, reason, "input", Severity.WARNING, repairs)


def _one_or_both(sizes: tuple[int, int]) -> int | tuple[int, int]:
    return sizes[0] if sizes[0] == sizes[1] else sizes


def _out(params: Conv2dParams, image: Shape) -> list[Dim | int]:
    """Returns the height and the width of the output; plain numbers where the image has them."""
    sizes: list[Dim | int] = []
    for size, added, extent, step in zip(image.dims[2:], params.added, params.extent, params.steps, strict=True):
        given = size if size.constant is None else size.constant
        sizes.append((given + (added - extent)) // step + 1)
    return sizes


def _zeros(params: Conv2dParams) -> tuple[int, int, int, int]:
    """Returns the zeros on the left, right, top and bottom; of an odd number, one more at the right and the bottom."""
    high, wide = params.added
    return wide // 2, wide - wide // 2, high // 2, high - high // 2


def _too_large(params: Conv2dParams, image: Shape, context: Context) -> LayerProblem:
    high, wide = params.extent
    fitting = max(1, min(int(image["height"]) + params.added[0], int(image["width"]) + params.added[1]))
    repairs: list[Fix[Graph]] = [fixes.change(context, Text("Use same padding"), padding="same")]
    if fitting < params.kernel:
        label = Text("Use a {size}×{size} kernel", size=fitting)
        repairs.append(fixes.change(context, label, kernel=fitting, kernel_width=0, dilation=1, dilation_width=0))
    elif params.gaps != (1, 1):
        repairs.append(fixes.change(context, Text("Set dilation to 1"), dilation=1, dilation_width=0))
    return LayerProblem(
        "conv.kernel-too-large",
        Text(
            "{node}: the {high}×{wide} window is larger than the {height}×{width} image from {source}.",
            node=context.name,
            high=high,
            wide=wide,
            height=str(image["height"]),
            width=str(image["width"]),
            source=checks.source_name(context, "input"),
        ),
        reason=Text("There is no place where it fits; the layers before have made the image small."),
        port="input",
        fixes=[*repairs, fixes.remove(context)],
    )
