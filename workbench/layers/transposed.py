"""Transposed convolution: the way back from small to large, with learned weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from workbench.catalogue import Params, param
from workbench.graph.dim import Dim
from workbench.graph.graph import Graph
from workbench.graph.problem import Problem, Severity
from workbench.graph.shape import Shape
from workbench.layers import checks, fixes, windows
from workbench.layers.base import Call, Context, Family, FromLengths, FromPort, Layer, LayerProblem, Shapes
from workbench.layers.figures.volume import Transposed
from workbench.layers.grouping import check_groups
from workbench.text import Text


class ConvTransposeParams(Params):
    """What can be set on a transposed convolution."""

    filters: int = param(
        32, label="Filters", help="How many channels its output has.", unit="channels", ge=1, le=1_000_000_000, log=True
    )
    kernel: int = param(2, label="Kernel", help="How many places each number is spread over, along every axis.", ge=1, le=1024)
    stride: int = param(2, label="Stride", help="By how much every axis grows; 2 doubles it.", ge=1, le=1024)
    padding: windows.Padding = param(
        "same", label="Padding", choices=("same", "valid", 0, 1, 2, 3),
        help="same gives exactly the size times the stride, valid all that is written, a number cuts that much off at every end.",
    )
    dilation: int = param(1, label="Dilation", help="Distance between the places each number is spread over.", main=False, ge=1, le=1024)
    groups: int = param(
        1, label="Groups", help="Channels are split into this many groups that do not see each other.", main=False, ge=1, le=1_000_000
    )
    bias: bool = param(
        True, label="Bias", help="Add a learned number per filter; not needed in front of a normalisation.", main=False
    )

    @property
    def extent(self) -> int:
        """How many places each number reaches over, along every axis."""
        return windows.reach(self.kernel, self.dilation)

    @property
    def cut(self) -> int:
        """How much is cut off at every end."""
        if self.padding == "same":
            return max(0, self.extent - self.stride + 1) // 2
        return 0 if self.padding == "valid" else self.padding

    @property
    def more(self) -> int:
        """How much is added at the far end, so that `same` comes out exactly."""
        return self.stride - self.extent + 2 * self.cut if self.padding == "same" else 0


class ConvTranspose(Layer):
    """What the transposed convolutions share.

    Attributes:
        rank: How many axes the window has.
        target: The class it becomes.
    """

    family = Family.CONVOLUTION
    rank: ClassVar[int]
    target: ClassVar[str]
    Params = ConvTransposeParams
    width_param = "filters"
    weighs = True
    bends = False
    usually_next = ("relu",)

    def given(self, inputs: Shapes, context: Context) -> tuple[Shape, str]:
        """Returns the input and the name of its channel axis."""
        return checks.image(inputs, context), "channel"

    def shape(self, params: ConvTransposeParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        shape, channel = self.given(inputs, context)
        check_groups(params.groups, checks.known(shape[channel], channel, context), params.filters, context)
        if params.more and params.more >= max(params.stride, params.dilation):
            raise _no_middle(params, context)
        change = params.extent - 2 * params.cut + params.more - params.stride
        output = shape.with_dim(channel, params.filters)
        for axis in _slid(shape, channel):
            size = shape[axis] * params.stride + change
            if windows.shortest(size) < 1:
                raise _nothing_left(params, shape, axis, context)
            output = output.with_dim(axis, size)
        return {"output": output}

    def call(self, params: ConvTransposeParams, inputs: Shapes) -> Call:
        arguments: dict[str, Any] = {
            "in_channels": _channels(inputs), "out_channels": params.filters, "kernel_size": params.kernel, "stride": params.stride
        }
        values = {"padding": params.cut, "output_padding": params.more}
        arguments |= {key: value for key, value in values.items() if value}
        for key, default in (("dilation", 1), ("groups", 1), ("bias", True)):
            if getattr(params, key) != default:
                arguments[key] = getattr(params, key)
        return Call(self.target, arguments)

    def parameters(self, params: ConvTransposeParams, inputs: Shapes) -> dict[str, tuple[int, ...]]:
        weight = (_channels(inputs), params.filters // params.groups, *[params.kernel] * self.rank)
        return {"weight": weight, "bias": (params.filters,)} if params.bias else {"weight": weight}

    def macs(self, params: ConvTransposeParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        return inputs["input"].elements_per_row(length) * params.filters // params.groups * params.kernel**self.rank

    def summary_line(self, params: ConvTransposeParams) -> str:
        size = windows.written([params.kernel] * self.rank)
        return Text("{filters} filters, {size}, times {stride}", filters=params.filters, size=size, stride=params.stride)

    def warnings(self, params: ConvTransposeParams, inputs: Shapes, context: Context) -> list[Problem[Graph]]:
        if params.stride == 1 or params.kernel % params.stride == 0 or params.dilation > 1:
            return []
        message = Text(
            "{node} writes some places more often than others: its kernel of {kernel} is no multiple of its stride of {stride}.",
            node=context.name, kernel=params.kernel, stride=params.stride,
        )
        reason = Text("The output then tends to show a pattern of squares.")
        wanted = -(-params.kernel // params.stride) * params.stride
        repairs = (fixes.change(context, Text("Use a kernel of {size}", size=wanted), kernel=wanted),)
        return [Problem("conv.checkerboard", message, context.node, reason, severity=Severity.WARNING, fixes=repairs)]


def _channels(inputs: Shapes) -> int:
    shape = inputs["input"]
    return int(shape["channel"] if "channel" in shape.axes else shape["feature"])


def _slid(shape: Shape, channel: str) -> Sequence[str]:
    return [axis for axis in shape.axes[1:] if axis != channel]


def _no_middle(params: ConvTransposeParams, context: Context) -> LayerProblem:
    return LayerProblem(
        "conv.no-middle",
        Text("{node}: an even kernel of {kernel} at stride 1 cannot keep the size.", node=context.name, kernel=params.kernel),
        reason=Text("It has no middle; one place too many or too few is left."),
        port="input",
        fixes=[
            fixes.change(context, Text("Use a kernel of {size}", size=params.kernel + 1), kernel=params.kernel + 1),
            fixes.change(context, Text("Use a stride of 2"), stride=2),
            fixes.change(context, Text("Keep all that is written"), padding="valid"),
        ],
    )


def _nothing_left(params: ConvTransposeParams, shape: Shape, axis: str, context: Context) -> LayerProblem:
    return LayerProblem(
        "conv.all-cut",
        Text(
            "{node}: a padding of {padding} cuts everything off the {axis} of {size} from {source}.",
            node=context.name, padding=params.cut, axis=Text(axis), size=str(Dim.of(shape[axis])),
            source=checks.source_name(context, "input"),
        ),
        reason=Text("In a transposed convolution, padding takes away instead of adding."),
        port="input",
        fixes=[fixes.change(context, Text("Use same padding"), padding="same"), fixes.change(context, Text("Cut nothing off"), padding=0)],
    )


class ConvTranspose1d(ConvTranspose):
    """Transposed convolution along a sequence."""

    name = "conv_transpose1d"
    kept = ("input",)
    label = "Transposed conv 1d"
    summary = "Makes a sequence longer: every position writes a learned pattern, and overlapping patterns add up."
    aliases = ("Conv1DTranspose", "ConvTranspose", "deconvolution", "upsampling", "tf.nn.conv1d_transpose", "转置卷积", "反卷积", "一维转置卷积")
    formula = "y[s·t + d·u − p, o] += w[f, o, u] · x[t, f], then y += b"
    figure = Transposed(axes=1)
    related = ("upsample", "conv1d", "conv_transpose2d")
    paper = "Dumoulin and Visin 2016, A Guide to Convolution Arithmetic for Deep Learning"
    rank = 1
    target = "sequences.SequenceConvTranspose1d"
    usual_norm = "layer_norm"

    def given(self, inputs: Shapes, context: Context) -> tuple[Shape, str]:
        return checks.sequence(inputs, context), "feature"

    def call(self, params: ConvTransposeParams, inputs: Shapes) -> Call:
        call = super().call(params, inputs)
        return Call(call.target, call.arguments, {"input": FromPort("input"), "lengths": FromLengths("input")})

    def inside(self, params: ConvTransposeParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        shape = inputs["input"]
        return shape.elements_per_row(length) if shape.ragged else 0

    def keeps(self, params: ConvTransposeParams, inputs: Shapes) -> tuple[str, ...]:
        return () if inputs["input"].ragged else ("input",)

    def causal(self, params: ConvTransposeParams) -> bool:
        return params.cut <= params.stride - 1


class ConvTranspose2d(ConvTranspose):
    """Transposed convolution over images."""

    name = "conv_transpose2d"
    kept = ("input",)
    label = "Transposed conv 2d"
    summary = "Makes an image larger: every pixel writes a learned pattern, and overlapping patterns add up."
    aliases = ("Conv2DTranspose", "ConvTranspose", "deconvolution", "upsampling", "tf.nn.conv2d_transpose", "转置卷积", "反卷积", "上采样")
    formula = "y[o, s·i + d·u − p, s·j + d·v − p] += w[c, o, u, v] · x[c, i, j], then y += b"
    figure = Transposed()
    related = ("upsample", "conv2d", "pixel_shuffle")
    paper = "Dumoulin and Visin 2016, A Guide to Convolution Arithmetic for Deep Learning"
    rank = 2
    target = "nn.ConvTranspose2d"
    usual_norm = "batch_norm2d"


class ConvTranspose3d(ConvTranspose):
    """Transposed convolution over volumes."""

    name = "conv_transpose3d"
    kept = ("input",)
    label = "Transposed conv 3d"
    summary = "Makes a volume larger: every point writes a learned pattern, and overlapping patterns add up."
    aliases = ("Conv3DTranspose", "ConvTranspose", "deconvolution", "upsampling", "tf.nn.conv3d_transpose", "转置卷积", "三维转置卷积")
    formula = "y[o, s·i + d·u − p, …] += w[c, o, u, …] · x[c, i, …], then y += b, over depth, height and width"
    figure = Transposed(axes=3)
    related = ("upsample", "conv3d", "conv_transpose2d")
    paper = "Dumoulin and Visin 2016, A Guide to Convolution Arithmetic for Deep Learning"
    rank = 3
    target = "nn.ConvTranspose3d"
    usual_norm = "instance_norm"

    def given(self, inputs: Shapes, context: Context) -> tuple[Shape, str]:
        return windows.volume(inputs, context), "channel"
