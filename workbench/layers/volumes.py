"""Convolution and pooling over volumes: depth, height and width."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import model_validator

from workbench.catalogue import Params, param
from workbench.graph.graph import Graph
from workbench.graph.problem import Problem, Severity
from workbench.graph.shape import Shape
from workbench.layers import checks, fixes, windows
from workbench.layers.base import Call, Context, Family, Layer, Shapes
from workbench.layers.figures.volume import Volume
from workbench.layers.grouping import check_groups
from workbench.text import Text


class Conv3dParams(Params):
    """What can be set on a convolution over volumes."""

    filters: int = param(
        16, label="Filters", help="How many patterns it learns; the channels of its output.", unit="channels",
        ge=1, le=1_000_000_000, log=True,
    )
    kernel: int = param(3, label="Kernel", help="Height and width of the window that slides over the volume.", unit="px", ge=1, le=1024)
    kernel_depth: int = param(
        0, label="Kernel depth", help="Depth of the window where it is not a cube; 0: as its height.", unit="px", main=False, ge=0, le=1024
    )
    stride: int = param(1, label="Stride", help="How far the window moves at a time, along every axis.", unit="px", ge=1, le=1024)
    stride_depth: int = param(
        0, label="Stride in depth", help="How far the window moves in depth where that differs; 0: as in height.", unit="px",
        main=False, ge=0, le=1024,
    )
    padding: windows.Padding = param(
        "same", label="Padding", unit="px", choices=("same", "valid", 0, 1, 2, 3),
        help="same keeps the size (at stride 1), valid adds nothing, a number adds that many points on every side.",
    )
    dilation: int = param(1, label="Dilation", help="Distance between the points of the window.", unit="px", main=False, ge=1, le=1024)
    groups: int = param(
        1, label="Groups", help="Channels are split into this many groups that do not see each other.", main=False, ge=1, le=1_000_000
    )
    bias: bool = param(
        True, label="Bias", help="Add a learned number per filter; not needed in front of a normalisation.", main=False
    )

    @property
    def size(self) -> tuple[int, int, int]:
        """Depth, height and width of the window."""
        return self.kernel_depth or self.kernel, self.kernel, self.kernel

    @property
    def steps(self) -> tuple[int, int, int]:
        """How far the window moves in depth, height and width."""
        return self.stride_depth or self.stride, self.stride, self.stride

    @property
    def extents(self) -> tuple[int, ...]:
        """How far the window reaches in depth, height and width."""
        return tuple(windows.reach(size, self.dilation) for size in self.size)

    @property
    def zeros(self) -> tuple[tuple[int, int], ...]:
        """Zeros before and after depth, height and width."""
        return tuple(windows.zeros(self.padding, extent) for extent in self.extents)


class Conv3d(Layer):
    """Three-dimensional convolution, as `torch.nn.Conv3d`."""

    name = "conv3d"
    kept = ("input",)
    label = "Conv3d"
    family = Family.CONVOLUTION
    summary = "Slides small learned patterns through a volume, such as a scan or a stack of pictures."
    aliases = ("Convolution3D", "Conv", "tf.nn.conv3d", "video", "volumetric", "三维卷积", "体数据卷积")
    formula = "y[o, i, j, k] = b[o] + Σ_c Σ_u Σ_v Σ_w W[o, c, u, v, w] · x[c, s·i + d·u − p, s·j + d·v − p, s·k + d·w − p]"
    figure = Volume()
    related = ("conv2d", "max_pool3d", "conv_transpose3d")
    paper = "Tran et al. 2015, Learning Spatiotemporal Features with 3D Convolutional Networks"
    Params = Conv3dParams
    width_param = "filters"
    weighs = True
    bends = False
    usual_norm = "instance_norm"
    usually_next = ("relu",)

    def shape(self, params: Conv3dParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        shape = windows.volume(inputs, context)
        check_groups(params.groups, checks.known(shape["channel"], "channel", context), params.filters, context)
        parts = zip(shape.dims[2:], params.extents, params.steps, params.zeros, strict=True)
        sizes = [windows.slid(size, extent, step, sum(zeros)) for size, extent, step, zeros in parts]
        if any(windows.shortest(size) < 1 for size in sizes):
            repairs = [fixes.change(context, Text("Use same padding"), padding="same")]
            raise windows.too_large(params.extents, shape, shape.axes[2:], context, repairs)
        return {"output": shape.with_axes(shape.axes, (shape.dims[0], params.filters, *sizes))}

    def call(self, params: Conv3dParams, inputs: Shapes) -> Call:
        arguments: dict[str, Any] = {
            "in_channels": int(inputs["input"]["channel"]), "out_channels": params.filters, "kernel_size": _one_or_all(params.size)
        }
        uneven = any(before != after for before, after in params.zeros)
        if params.steps != (1, 1, 1):
            arguments["stride"] = _one_or_all(params.steps)
        if uneven:
            arguments["zeros"] = tuple(count for pair in reversed(params.zeros) for count in pair)
        elif any(before for before, _ in params.zeros):
            arguments["padding"] = _one_or_all(tuple(before for before, _ in params.zeros))
        for key, default in (("dilation", 1), ("groups", 1), ("bias", True)):
            if getattr(params, key) != default:
                arguments[key] = getattr(params, key)
        return Call("volumes.PaddedConv3d" if uneven else "nn.Conv3d", arguments)

    def parameters(self, params: Conv3dParams, inputs: Shapes) -> dict[str, tuple[int, ...]]:
        weight = (params.filters, int(inputs["input"]["channel"]) // params.groups, *params.size)
        return {"weight": weight, "bias": (params.filters,)} if params.bias else {"weight": weight}

    def macs(self, params: Conv3dParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        deep, high, wide = params.size
        return outputs["output"].elements_per_row(length) * deep * high * wide * int(inputs["input"]["channel"]) // params.groups

    def summary_line(self, params: Conv3dParams) -> str:
        return Text("{filters} filters, {size}", filters=params.filters, size=windows.written(params.size))


def _one_or_all(sizes: tuple[int, ...]) -> int | tuple[int, ...]:
    return sizes[0] if len(set(sizes)) == 1 else sizes


class Pool3dParams(Params):
    """What can be set on a pooling of volumes."""

    kernel: int = param(2, label="Window", help="Depth, height and width of the window.", unit="px", ge=1, le=1024)
    stride: int = param(0, label="Stride", help="How far the window moves at a time; 0: by its own size.", unit="px", ge=0, le=1024)
    padding: int = param(
        0, label="Padding", help="Points added on every side, at most half the window.", unit="px", main=False, ge=0, le=512
    )

    @model_validator(mode="after")
    def _padding_fits(self) -> Pool3dParams:
        if self.padding * 2 > self.kernel:
            raise ValueError("the padding can be at most half the window")
        return self

    @property
    def step(self) -> int:
        """How far the window moves."""
        return self.stride or self.kernel


class Pool3d(Layer):
    """What the poolings of volumes share."""

    family = Family.POOLING
    target: ClassVar[str]
    Params = Pool3dParams
    keeps_width = True
    usually_next = ("conv3d",)

    def shape(self, params: Pool3dParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        shape = windows.volume(inputs, context)
        sizes = [windows.slid(size, params.kernel, params.step, 2 * params.padding) for size in shape.dims[2:]]
        if any(windows.shortest(size) < 1 for size in sizes):
            largest = min(int(size) for size in shape.dims[2:])
            label = Text("Use a window of {size}", size=largest)
            repairs = [
                fixes.change(context, label, kernel=largest, padding=0),
                fixes.become(context, "global_average_pool3d", Text("Average over the whole volume instead")),
            ]
            raise windows.too_large([params.kernel] * 3, shape, shape.axes[2:], context, repairs)
        return {"output": shape.with_axes(shape.axes, (*shape.dims[:2], *sizes))}

    def call(self, params: Pool3dParams, inputs: Shapes) -> Call:
        arguments: dict[str, Any] = {"kernel_size": params.kernel}
        if params.step != params.kernel:
            arguments["stride"] = params.step
        if params.padding:
            arguments["padding"] = params.padding
        return Call(self.target, arguments)

    def summary_line(self, params: Pool3dParams) -> str:
        return windows.written([params.kernel] * 3)

    def warnings(self, params: Pool3dParams, inputs: Shapes, context: Context) -> list[Problem[Graph]]:
        if params.kernel > 1 or params.step > 1:
            return []
        message = Text("{node} has a window of 1, which changes nothing.", node=context.name)
        repairs = (fixes.change(context, Text("Use a window of {size}", size=2), kernel=2), fixes.remove(context))
        return [Problem("pool.does-nothing", message, context.node, severity=Severity.WARNING, fixes=repairs)]


class MaxPool3d(Pool3d):
    """Maximum in windows of a volume."""

    name = "max_pool3d"
    kept = ("input",)
    label = "Max pool 3d"
    summary = "Keeps the strongest answer of every window of a volume and makes the volume smaller."
    aliases = ("MaxPooling3D", "MaxPool", "tf.nn.max_pool3d", "downsample", "三维最大池化", "池化")
    formula = "y[c, i, j, k] = max over u, v, w < K of x[c, s·i + u, s·j + v, s·k + w]"
    figure = Volume("max")
    related = ("average_pool3d", "adaptive_max_pool3d", "conv3d")
    paper = "Ranzato et al. 2007, Unsupervised Learning of Invariant Feature Hierarchies"
    target = "nn.MaxPool3d"

    def inside(self, params: Pool3dParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        return 2 * outputs["output"].elements_per_row(length)


class AveragePool3d(Pool3d):
    """Mean in windows of a volume; padded points do not count."""

    name = "average_pool3d"
    kept = ("input",)
    label = "Average pool 3d"
    summary = "Takes the mean of every window of a volume and makes the volume smaller."
    aliases = ("AveragePooling3D", "AveragePool", "AvgPool3d", "tf.nn.avg_pool3d", "downsample", "三维平均池化", "池化")
    formula = "y[c, i, j, k] = mean over u, v, w < K of x[c, s·i + u, s·j + v, s·k + w]"
    figure = Volume("average")
    related = ("max_pool3d", "adaptive_average_pool3d", "conv3d")
    paper = "LeCun et al. 1998, Gradient-Based Learning Applied to Document Recognition"
    target = "nn.AvgPool3d"
    bends = False

    def call(self, params: Pool3dParams, inputs: Shapes) -> Call:
        call = super().call(params, inputs)
        return Call(call.target, {**call.arguments, "count_include_pad": False}) if params.padding else call


class GlobalPool3d(Layer):
    """What the poolings over a whole volume share."""

    family = Family.POOLING
    keeps_width = True
    usually_next = ("linear",)
    target: ClassVar[str]
    expression: ClassVar[str]

    def shape(self, params: Params, inputs: Shapes, context: Context) -> dict[str, Shape]:
        shape = windows.volume(inputs, context)
        return {"output": shape.with_axes(("batch", "feature"), (shape["batch"], shape["channel"]))}

    def call(self, params: Params, inputs: Shapes) -> Call:
        return Call(self.target, expression=self.expression)


class GlobalAveragePool3d(GlobalPool3d):
    """Mean over a whole volume."""

    name = "global_average_pool3d"
    label = "Global average 3d"
    summary = "Takes the mean of every channel over the whole volume: one vector per volume."
    aliases = ("GlobalAveragePooling3D", "GlobalAveragePool", "AdaptiveAvgPool3d", "ReduceMean", "三维全局平均池化", "池化")
    formula = "y[c] = 1 / (D·H·W) · Σ_i Σ_j Σ_k x[c, i, j, k]"
    figure = Volume("average", "whole")
    related = ("global_max_pool3d", "adaptive_average_pool3d", "conv3d")
    paper = "Lin et al. 2014, Network In Network"
    target = "volumes.GlobalAverage3d"
    expression = "{input}.mean((2, 3, 4))"
    bends = False


class GlobalMaxPool3d(GlobalPool3d):
    """Maximum over a whole volume."""

    name = "global_max_pool3d"
    kept = ("input", "output")
    label = "Global max 3d"
    summary = "Keeps the strongest answer of every channel in the whole volume."
    aliases = ("GlobalMaxPooling3D", "GlobalMaxPool", "AdaptiveMaxPool3d", "ReduceMax", "三维全局最大池化", "池化")
    formula = "y[c] = max over i, j, k of x[c, i, j, k]"
    figure = Volume("max", "whole")
    related = ("global_average_pool3d", "adaptive_max_pool3d", "conv3d")
    paper = "Oquab et al. 2015, Is Object Localization for Free?"
    target = "volumes.GlobalMaximum3d"
    expression = "{input}.amax((2, 3, 4))"
