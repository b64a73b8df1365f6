"""Pooling in windows along a sequence; padding of ragged rows does not count."""

from __future__ import annotations

from typing import Any, ClassVar

from workbench.catalogue import Params, param
from workbench.graph.graph import Graph
from workbench.graph.problem import Problem, Severity
from workbench.graph.shape import Shape
from workbench.layers import checks, fixes, windows
from workbench.layers.base import Call, Context, Family, FromLengths, FromPort, Layer, LayerProblem, Shapes
from workbench.layers.figures.window import Adaptive, Window1d
from workbench.text import Text


class Pool1dParams(Params):
    """What can be set on a pooling along a sequence."""

    kernel: int = param(2, label="Window", help="How many positions each window covers.", unit="steps", ge=1, le=4096)
    stride: int = param(0, label="Stride", help="How far the window moves at a time; 0: by its own size.", unit="steps", ge=0, le=4096)
    partial: bool = param(
        True, label="Partial windows", main=False,
        help="Windows that stick out at the end count with what they hold, so that nothing of a row is lost.",
    )

    @property
    def step(self) -> int:
        """How far the window moves."""
        return self.stride or self.kernel


class Pool1d(Layer):
    """What the poolings along a sequence share: (batch, time, feature) becomes shorter."""

    family = Family.POOLING
    target: ClassVar[str]
    Params = Pool1dParams
    keeps_width = True
    usually_next = ("conv1d",)

    def shape(self, params: Pool1dParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        if checks.is_image(inputs["input"]):
            raise self._image(inputs["input"], context)
        shape = checks.sequence(inputs, context)
        extent = 1 if params.partial else params.kernel
        size = windows.slid(shape.dims[1], extent, params.step, 0)
        if windows.shortest(size) < 1 or (shape.ragged and not params.partial):
            repairs = [fixes.change(context, Text("Let partial windows count"), partial=True)]
            raise windows.too_large([params.kernel], shape, shape.axes[1:2], context, repairs)
        return {"output": shape.with_dim(shape.axes[1], size)}

    def call(self, params: Pool1dParams, inputs: Shapes) -> Call:
        arguments: dict[str, Any] = {"kernel_size": params.kernel, "stride": params.step}
        if not params.partial:
            arguments["partial"] = False
        return Call(self.target, arguments, {"input": FromPort("input"), "lengths": FromLengths("input")})

    def padded(self, params: Pool1dParams, inputs: Shapes, length: int) -> int:
        """Returns how many positions the windows slide over."""
        return checks.steps(inputs["input"], length) + (params.kernel - 1 if params.partial else 0)

    def summary_line(self, params: Pool1dParams) -> str:
        if params.step == params.kernel:
            return str(params.kernel)
        return Text("{size}, stride {stride}", size=params.kernel, stride=params.stride)

    def causal(self, params: Pool1dParams) -> bool:
        return params.kernel == 1 and params.step == 1

    def warnings(self, params: Pool1dParams, inputs: Shapes, context: Context) -> list[Problem[Graph]]:
        if params.kernel > 1 or params.step > 1:
            return []
        message = Text("{node} has a window of 1, which changes nothing.", node=context.name)
        repairs = (fixes.change(context, Text("Use a window of {size}", size=2), kernel=2), fixes.remove(context))
        return [Problem("pool.does-nothing", message, context.node, severity=Severity.WARNING, fixes=repairs)]

    def _image(self, shape: Shape, context: Context) -> LayerProblem:
        return LayerProblem(
            "shape.needs-sequence",
            Text(
                "{node} needs a sequence (batch × time × feature), but {source} gives {shape}.",
                node=context.name, source=checks.source_name(context, "input"), shape=shape.named(),
            ),
            reason=Text("It works along the time or token axis."),
            port="input",
            fixes=[
                fixes.become(context, self.name.replace("1d", "2d"), Text("Use the pooling for images")),
                fixes.insert(context, "input", "image_to_sequence", Text("Read the image row by row"), steps="rows"),
            ],
        )


class MaxPool1d(Pool1d):
    """Maximum in windows along a sequence."""

    name = "max_pool1d"
    label = "Max pool 1d"
    summary = "Keeps the strongest answer of every window along a sequence and makes the sequence shorter."
    aliases = ("MaxPooling1D", "MaxPool", "tf.nn.max_pool1d", "downsample", "一维最大池化", "池化")
    formula = "y[t, f] = max over u < k of x[s·t + u, f]"
    figure = Window1d("max")
    related = ("average_pool1d", "adaptive_max_pool1d", "conv1d")
    paper = "Ranzato et al. 2007, Unsupervised Learning of Invariant Feature Hierarchies"
    target = "sequences.SequenceMaxPool"

    def inside(self, params: Pool1dParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        places, made = self.padded(params, inputs, length), outputs["output"].elements_per_row(length)
        return places * int(inputs["input"]["feature"]) + 2 * made


class AveragePool1d(Pool1d):
    """Mean in windows along a sequence."""

    name = "average_pool1d"
    label = "Average pool 1d"
    summary = "Takes the mean of every window along a sequence and makes the sequence shorter."
    aliases = ("AveragePooling1D", "AveragePool", "AvgPool1d", "tf.nn.avg_pool1d", "downsample", "一维平均池化", "池化")
    formula = "y[t, f] = mean over u < k of x[s·t + u, f]"
    figure = Window1d("average")
    related = ("max_pool1d", "adaptive_average_pool1d", "conv1d")
    paper = "LeCun et al. 1998, Gradient-Based Learning Applied to Document Recognition"
    target = "sequences.SequenceAveragePool"
    bends = False

    def inside(self, params: Pool1dParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        return self.padded(params, inputs, length) * (int(inputs["input"]["feature"]) + 1)


class SequenceAdaptiveParams(Params):
    """How long every row becomes."""

    steps: int = param(8, label="Steps", help="How many positions every row has afterwards, however long it was.", unit="steps", ge=1, le=65536)


class AdaptivePool1d(Layer):
    """What the poolings to a fixed length share."""

    family = Family.POOLING
    target: ClassVar[str]
    Params = SequenceAdaptiveParams
    keeps_width = True
    usually_next = ("flatten", "conv1d")

    def shape(self, params: SequenceAdaptiveParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        shape = checks.sequence(inputs, context)
        return {"output": shape.with_dim(shape.axes[1], params.steps)}

    def call(self, params: SequenceAdaptiveParams, inputs: Shapes) -> Call:
        return Call(self.target, {"steps": params.steps}, {"input": FromPort("input"), "lengths": FromLengths("input")})

    def summary_line(self, params: SequenceAdaptiveParams) -> str:
        return Text("to {count} steps", count=params.steps)

    def causal(self, params: SequenceAdaptiveParams) -> bool:
        return False


class AdaptiveAveragePool1d(AdaptivePool1d):
    """Mean of equal parts of a row."""

    name = "adaptive_average_pool1d"
    label = "Adaptive average 1d"
    summary = "Cuts every row into a fixed number of equal parts and takes the mean of each, whatever the length."
    aliases = ("AdaptiveAvgPool1d", "AdaptiveAveragePooling1D", "resample", "一维自适应平均池化", "池化")
    formula = "y[i] = mean of x[t] for ⌊i·L/n⌋ ≤ t < ⌈(i+1)·L/n⌉"
    figure = Adaptive("average", axes=1)
    related = ("adaptive_max_pool1d", "average_pool1d", "mean_over_time")
    paper = "He et al. 2014, Spatial Pyramid Pooling in Deep Convolutional Networks"
    target = "sequences.SequenceAdaptiveAverage"
    bends = False

    def macs(self, params: SequenceAdaptiveParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        return inputs["input"].elements_per_row(length) * params.steps

    def inside(self, params: SequenceAdaptiveParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        return params.steps * checks.steps(inputs["input"], length)


class AdaptiveMaxPool1d(AdaptivePool1d):
    """Maximum of equal parts of a row."""

    name = "adaptive_max_pool1d"
    kept = ("output",)
    label = "Adaptive max 1d"
    summary = "Cuts every row into a fixed number of equal parts and keeps the strongest answer of each, whatever the length."
    aliases = ("AdaptiveMaxPool1d", "AdaptiveMaxPooling1D", "resample", "一维自适应最大池化", "池化")
    formula = "y[i] = max of x[t] for ⌊i·L/n⌋ ≤ t < ⌈(i+1)·L/n⌉"
    figure = Adaptive("max", axes=1)
    related = ("adaptive_average_pool1d", "max_pool1d", "max_over_time")
    paper = "He et al. 2014, Spatial Pyramid Pooling in Deep Convolutional Networks"
    target = "sequences.SequenceAdaptiveMax"

    def inside(self, params: SequenceAdaptiveParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        return inputs["input"].elements_per_row(length) * params.steps
