"""Convolution that looks at each channel by itself, alone or followed by a mix of the channels."""

from __future__ import annotations

from typing import Any

from workbench.catalogue import Params, param
from workbench.graph.shape import Shape
from workbench.layers import checks, fixes, windows
from workbench.layers.base import Call, Context, Family, Layer, Shapes
from workbench.layers.figures.volume import Channels
from workbench.text import Text


class DepthwiseParams(Params):
    """What can be set on a depthwise convolution."""

    kernel: int = param(
        3, label="Kernel", help="Height and width of the window that slides over every channel.", unit="px", ge=1, le=1024
    )
    stride: int = param(1, label="Stride", help="How far the window moves at a time; 2 halves the image.", unit="px", ge=1, le=1024)
    padding: windows.Padding = param(
        "same", label="Padding", unit="px", choices=("same", "valid", 0, 1, 2, 3),
        help="same keeps the size (at stride 1), valid adds nothing, a number adds that many pixels on every side.",
    )
    multiplier: int = param(
        1, label="Multiplier", help="How many patterns it learns for each channel.", main=False, ge=1, le=1024
    )
    dilation: int = param(1, label="Dilation", help="Distance between the points of the window.", unit="px", main=False, ge=1, le=1024)
    bias: bool = param(
        True, label="Bias", help="Add a learned number per filter; not needed in front of a normalisation.", main=False
    )

    @property
    def extent(self) -> int:
        """How many pixels the window reaches over."""
        return windows.reach(self.kernel, self.dilation)

    @property
    def zeros(self) -> tuple[int, int]:
        """Zeros before and after each axis, in pixels."""
        return windows.zeros(self.padding, self.extent)

    def slid(self, image: Shape, context: Context) -> list[windows.Size]:
        """Returns height and width of the output.

        Raises:
            LayerProblem: The window has no place.
        """
        sizes = [windows.slid(size, self.extent, self.stride, sum(self.zeros)) for size in image.dims[2:]]
        if any(windows.shortest(size) < 1 for size in sizes):
            repairs = [fixes.change(context, Text("Use same padding"), padding="same")]
            raise windows.too_large([self.extent] * 2, image, image.axes[2:], context, repairs)
        return sizes

    def arguments(self, channels: int) -> dict[str, Any]:
        """Returns what the convolution of every channel is made with, without bias and padding."""
        made: dict[str, Any] = {"in_channels": channels, "out_channels": channels * self.multiplier, "kernel_size": self.kernel}
        made |= {key: getattr(self, key) for key in ("stride", "dilation") if getattr(self, key) > 1}
        return made


class DepthwiseConv2d(Layer):
    """Convolution of every channel by itself, as `torch.nn.Conv2d` with as many groups as channels."""

    name = "depthwise_conv2d"
    kept = ("input",)
    label = "Depthwise conv"
    family = Family.CONVOLUTION
    summary = "Slides a learned pattern over each channel by itself; channels do not mix, which saves most of the work."
    aliases = ("DepthwiseConv2D", "tf.nn.depthwise_conv2d", "channelwise convolution", "MobileNet", "深度卷积", "逐通道卷积")
    formula = "y[c, i, j] = b[c] + Σ_u Σ_v w[c, u, v] · x[c, s·i + d·u − p, s·j + d·v − p]"
    figure = Channels()
    related = ("separable_conv2d", "conv2d")
    paper = "Howard et al. 2017, MobileNets"
    Params = DepthwiseParams
    bends = False
    usual_norm = "batch_norm2d"
    usually_next = ("conv2d",)

    def shape(self, params: DepthwiseParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        image = checks.image(inputs, context)
        channels = checks.known(image["channel"], "channel", context)
        sizes = params.slid(image, context)
        return {"output": image.with_axes(image.axes, (image.dims[0], channels * params.multiplier, *sizes))}

    def call(self, params: DepthwiseParams, inputs: Shapes) -> Call:
        channels = int(inputs["input"]["channel"])
        arguments = {**params.arguments(channels), "groups": channels}
        before, after = params.zeros
        if before != after:
            arguments["zeros"] = (before, after, before, after)
        elif before:
            arguments["padding"] = before
        if not params.bias:
            arguments["bias"] = False
        return Call("convolution.PaddedConv2d" if before != after else "nn.Conv2d", arguments)

    def parameters(self, params: DepthwiseParams, inputs: Shapes) -> dict[str, tuple[int, ...]]:
        filters = int(inputs["input"]["channel"]) * params.multiplier
        weight = (filters, 1, params.kernel, params.kernel)
        return {"weight": weight, "bias": (filters,)} if params.bias else {"weight": weight}

    def macs(self, params: DepthwiseParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        return outputs["output"].elements_per_row(length) * params.kernel**2

    def summary_line(self, params: DepthwiseParams) -> str:
        return windows.written([params.kernel] * 2)


class SeparableParams(DepthwiseParams):
    """What can be set on a separable convolution."""

    filters: int = param(
        32, label="Filters", help="How many mixes of the channels it learns; the channels of its output.", unit="channels",
        ge=1, le=1_000_000_000, log=True,
    )


class SeparableConv2d(Layer):
    """Depthwise separable convolution (Chollet 2017)."""

    name = "separable_conv2d"
    label = "Separable conv"
    family = Family.CONVOLUTION
    summary = "First slides a pattern over each channel by itself, then mixes the channels: a convolution at a fraction of the cost."
    aliases = ("SeparableConv2D", "tf.nn.separable_conv2d", "depthwise separable", "MobileNet", "Xception", "可分离卷积", "深度可分离卷积")
    formula = "z[c] = w[c] ∗ x[c] for every channel, then y[o, i, j] = b[o] + Σ_c v[o, c] · z[c, i, j]"
    figure = Channels(mixing=True)
    related = ("depthwise_conv2d", "conv2d")
    paper = "Chollet 2017, Xception: Deep Learning with Depthwise Separable Convolutions"
    Params = SeparableParams
    width_param = "filters"
    weighs = True
    bends = False
    usual_norm = "batch_norm2d"
    usually_next = ("relu",)

    def shape(self, params: SeparableParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        image = checks.image(inputs, context)
        checks.known(image["channel"], "channel", context)
        return {"output": image.with_axes(image.axes, (image.dims[0], params.filters, *params.slid(image, context)))}

    def call(self, params: SeparableParams, inputs: Shapes) -> Call:
        channels = int(inputs["input"]["channel"])
        before, after = params.zeros
        arguments: dict[str, Any] = {
            "in_channels": channels, "out_channels": params.filters, "kernel_size": params.kernel, "zeros": (before, after, before, after)
        }
        for key, default in (("multiplier", 1), ("stride", 1), ("dilation", 1), ("bias", True)):
            if getattr(params, key) != default:
                arguments[key] = getattr(params, key)
        return Call("convolution.SeparableConv2d", arguments)

    def parameters(self, params: SeparableParams, inputs: Shapes) -> dict[str, tuple[int, ...]]:
        inner = int(inputs["input"]["channel"]) * params.multiplier
        found: dict[str, tuple[int, ...]] = {
            "depthwise.weight": (inner, 1, params.kernel, params.kernel), "pointwise.weight": (params.filters, inner, 1, 1)
        }
        return {**found, "pointwise.bias": (params.filters,)} if params.bias else found

    def macs(self, params: SeparableParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        inner = int(inputs["input"]["channel"]) * params.multiplier
        places = outputs["output"].elements_per_row(length) // params.filters
        return places * inner * (params.kernel**2 + params.filters)

    def inside(self, params: SeparableParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        made = outputs["output"].elements_per_row(length)
        between = made // params.filters * int(inputs["input"]["channel"]) * params.multiplier
        high, wide = (int(size) + sum(params.zeros) for size in inputs["input"].dims[2:])
        kept = between + int(inputs["input"]["channel"]) * high * wide
        return kept

    def summary_line(self, params: SeparableParams) -> str:
        return Text("{filters} filters, {size}", filters=params.filters, size=windows.written([params.kernel] * 2))
