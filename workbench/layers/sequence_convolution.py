"""Convolution along a sequence: one window over time."""

from __future__ import annotations

from typing import Any

from workbench.catalogue import Params, param
from workbench.graph.graph import Graph
from workbench.graph.problem import Problem, Severity
from workbench.graph.shape import Shape
from workbench.layers import checks, fixes, windows
from workbench.layers.base import Call, Context, Family, FromLengths, FromPort, Layer, LayerProblem, Shapes
from workbench.layers.figures.window import Window1d
from workbench.layers.grouping import check_groups
from workbench.text import Text


class Conv1dParams(Params):
    """What can be set on a convolution along a sequence."""

    filters: int = param(
        64, label="Filters", help="How many patterns it learns; the features of its output.", unit="features",
        ge=1, le=1_000_000_000, log=True,
    )
    kernel: int = param(3, label="Kernel", help="How many positions the window covers.", unit="steps", ge=1, le=4096)
    stride: int = param(1, label="Stride", help="How far the window moves at a time; 2 halves the length.", unit="steps", ge=1, le=1024)
    padding: windows.CausalPadding = param(
        "same", label="Padding", unit="steps", choices=("same", "valid", "causal", 0, 1, 2),
        help="same keeps the length (at stride 1), causal never looks ahead, valid adds nothing, a number adds that much at both ends.",
    )
    dilation: int = param(
        1, label="Dilation", help="Distance between the points of the window: 2 sees twice as far with the same weights.",
        unit="steps", main=False, ge=1, le=4096,
    )
    groups: int = param(
        1, label="Groups", help="Features are split into this many groups that do not see each other.", main=False, ge=1, le=1_000_000
    )
    bias: bool = param(
        True, label="Bias", help="Add a learned number per filter; not needed in front of a normalisation.", main=False
    )

    @property
    def extent(self) -> int:
        """How many positions the window reaches over."""
        return windows.reach(self.kernel, self.dilation)

    @property
    def zeros(self) -> tuple[int, int]:
        """Zeros before and after the sequence."""
        return windows.zeros(self.padding, self.extent)


class Conv1d(Layer):
    """Convolution along time, as `torch.nn.Conv1d` with the features last; padding of ragged rows counts as zero."""

    name = "conv1d"
    label = "Conv1d"
    family = Family.CONVOLUTION
    summary = "Slides small learned patterns along a sequence and says at each position how well each one fits."
    aliases = (
        "Convolution1D", "Conv", "tf.nn.conv1d", "temporal convolution", "TCN", "dilated convolution", "causal convolution",
        "一维卷积", "时间卷积", "膨胀卷积", "因果卷积",
    )
    formula = "y[t, o] = b[o] + Σ_f Σ_u w[o, f, u] · x[s·t + d·u − p, f]"
    figure = Window1d()
    related = ("conv2d", "max_pool1d", "gru")
    paper = "Waibel et al. 1989, Phoneme Recognition Using Time-Delay Neural Networks; Bai et al. 2018 (TCN)"
    Params = Conv1dParams
    width_param = "filters"
    weighs = True
    bends = False
    marks_positions = True
    usual_norm = "layer_norm"
    usually_next = ("relu",)
    causal_by = {"padding": "causal", "stride": 1}

    def shape(self, params: Conv1dParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        shape = inputs["input"]
        if checks.is_image(shape):
            raise _image(shape, params, context)
        shape = checks.sequence(inputs, context)
        features = checks.known(shape["feature"], "feature", context)
        check_groups(params.groups, features, params.filters, context)
        size = windows.slid(shape.dims[1], params.extent, params.stride, sum(params.zeros))
        if windows.shortest(size) < 1:
            repairs = [fixes.change(context, Text("Use same padding"), padding="same")]
            raise windows.too_large([params.extent], shape, shape.axes[1:2], context, repairs)
        return {"output": shape.with_axes(shape.axes, (shape.dims[0], size, params.filters))}

    def call(self, params: Conv1dParams, inputs: Shapes) -> Call:
        arguments: dict[str, Any] = {
            "in_channels": int(inputs["input"]["feature"]),
            "out_channels": params.filters,
            "kernel_size": params.kernel,
            "zeros": params.zeros,
        }
        for key, default in (("stride", 1), ("dilation", 1), ("groups", 1), ("bias", True)):
            if getattr(params, key) != default:
                arguments[key] = getattr(params, key)
        return Call("sequences.SequenceConv1d", arguments, {"input": FromPort("input"), "lengths": FromLengths("input")})

    def parameters(self, params: Conv1dParams, inputs: Shapes) -> dict[str, tuple[int, ...]]:
        weight = (params.filters, int(inputs["input"]["feature"]) // params.groups, params.kernel)
        return {"weight": weight, "bias": (params.filters,)} if params.bias else {"weight": weight}

    def macs(self, params: Conv1dParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        window = params.kernel * int(inputs["input"]["feature"]) // params.groups
        return outputs["output"].elements_per_row(length) * window

    def scratch(self, params: Conv1dParams, inputs: Shapes, outputs: Shapes, length: int = 32, training: bool = False) -> int:
        return 0 if training else 2 * inputs["input"].elements_per_row(length)

    def inside(self, params: Conv1dParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        shape = inputs["input"]
        padded = (checks.steps(shape, length) + sum(params.zeros)) * int(shape["feature"])
        return padded

    def summary_line(self, params: Conv1dParams) -> str:
        if params.stride == 1:
            return Text("{filters} filters of {kernel}", filters=params.filters, kernel=params.kernel)
        return Text(
            "{filters} filters of {kernel}, stride {stride}", filters=params.filters, kernel=params.kernel, stride=params.stride
        )

    def causal(self, params: Conv1dParams) -> bool:
        return params.stride == 1 and params.extent - 1 <= params.zeros[0]

    def warnings(self, params: Conv1dParams, inputs: Shapes, context: Context) -> list[Problem[Graph]]:
        if context.source_layers.get("input") != "conv1d" or params.kernel == 1 or params.groups > 1:
            return []
        message = Text(
            "{node} follows {source} without an activation between them.", node=context.name, source=context.sources.get("input", "")
        )
        reason = Text("Two convolutions in a row compute what one larger convolution can.")
        repairs = (fixes.insert(context, "input", "relu", Text("Add ReLU")), fixes.insert(context, "input", "gelu", Text("Add GELU")))
        return [Problem("activation.missing", message, context.node, reason, "input", Severity.WARNING, repairs)]


def _image(shape: Shape, params: Conv1dParams, context: Context) -> LayerProblem:
    label, rows = Text("Use Conv2d, which slides over images"), Text("Read the image row by row")
    return LayerProblem(
        "shape.needs-sequence",
        Text(
            "{node} needs a sequence (batch × time × feature), but {source} gives {shape}.",
            node=context.name,
            source=checks.source_name(context, "input"),
            shape=shape.named(),
        ),
        reason=Text("It works along the time or token axis."),
        port="input",
        fixes=[
            fixes.become(context, "conv2d", label, filters=params.filters, kernel=params.kernel),
            fixes.insert(context, "input", "image_to_sequence", rows, steps="rows"),
            fixes.remove(context),
        ],
    )
