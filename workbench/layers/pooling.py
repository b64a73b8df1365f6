"""Pooling over images: in windows, or over the whole image."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import model_validator

from workbench.catalogue import Params, param
from workbench.graph.graph import Graph
from workbench.graph.problem import Problem, Severity
from workbench.graph.shape import Shape
from workbench.layers import checks, fixes
from workbench.layers.base import Call, Context, Family, Layer, LayerProblem, Shapes
from workbench.layers.figures.collapse import Whole
from workbench.layers.figures.window import Window
from workbench.text import Text


class Pool2dParams(Params):
    """What can be set on a pooling in windows."""

    kernel: int = param(2, label="Window", help="Height and width of the window.", unit="px", ge=1, le=1024)
    stride: int = param(
        0, label="Stride", help="How far the window moves at a time; 0: by its own size.", unit="px", ge=0, le=1024
    )
    padding: int = param(
        0, label="Padding", help="Pixels added on every side, at most half the window.", unit="px", main=False, ge=0, le=512
    )

    @model_validator(mode="after")
    def _padding_fits(self) -> Pool2dParams:
        if self.padding * 2 > self.kernel:
            raise ValueError("the padding can be at most half the window")
        return self

    @property
    def step(self) -> int:
        """How far the window moves, in pixels."""
        return self.stride or self.kernel


class Pool2d(Layer):
    """What the poolings in windows share."""

    family = Family.POOLING
    target: ClassVar[str]
    Params = Pool2dParams
    keeps_width = True
    usually_next = ("conv2d",)

    def shape(self, params: Pool2dParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        image = checks.image(inputs, context)
        change = 2 * params.padding - params.kernel
        given = [size if size.constant is None else size.constant for size in image.dims[2:]]
        sizes = [(size + change) // params.step + 1 for size in given]
        if any(isinstance(size, int) and size < 1 for size in sizes):
            raise _too_large(params, image, context)
        return {"output": image.with_axes(image.axes, (*image.dims[:2], *sizes))}

    def call(self, params: Pool2dParams, inputs: Shapes) -> Call:
        arguments: dict[str, Any] = {"kernel_size": params.kernel}
        if params.step != params.kernel:
            arguments["stride"] = params.step
        if params.padding:
            arguments["padding"] = params.padding
        return Call(self.target, arguments)

    def summary_line(self, params: Pool2dParams) -> str:
        if params.step == params.kernel:
            return f"{params.kernel}×{params.kernel}"
        return Text("{size}×{size}, stride {stride}", size=params.kernel, stride=params.step)

    def warnings(self, params: Pool2dParams, inputs: Shapes, context: Context) -> list[Problem[Graph]]:
        if params.kernel > 1 or params.step > 1:
            return []
        message = Text("{node} has a 1×1 window, which changes nothing.", node=context.name)
        repairs = (fixes.change(context, Text("Use a 2×2 window"), kernel=2), fixes.remove(context))
        return [Problem("pool.does-nothing", message, context.node, severity=Severity.WARNING, fixes=repairs)]


def _too_large(params: Pool2dParams, image: Shape, context: Context) -> LayerProblem:
    fitting = max(1, min(int(image["height"]), int(image["width"])))
    repairs = [fixes.remove(context), fixes.become(context, "global_average_pool", Text("Average over the whole image instead"))]
    if fitting > 1:
        repairs.insert(0, fixes.change(context, Text("Use a {size}×{size} window", size=fitting), kernel=fitting, padding=0))
    return LayerProblem(
        "pool.window-too-large",
        Text(
            "{node}: the {size}×{size} window is larger than the {height}×{width} image from {source}.",
            node=context.name,
            size=params.kernel,
            height=str(image["height"]),
            width=str(image["width"]),
            source=checks.source_name(context, "input"),
        ),
        reason=Text("There is no place where it fits; the layers before have made the image small."),
        port="input",
        fixes=repairs,
    )


class MaxPool2d(Pool2d):
    """Maximum in windows."""

    name = "max_pool2d"
    prominence = 6
    kept = ("input",)
    label = "Max pool"
    summary = "Keeps the strongest answer of every window and makes the image smaller."
    aliases = ("MaxPooling2D", "MaxPool", "tf.nn.max_pool2d", "downsample", "最大池化", "池化")
    formula = "y[c, i, j] = max over u, v < k of x[c, s·i + u, s·j + v]"
    figure = Window("max")
    related = ("average_pool2d", "adaptive_max_pool2d", "conv2d")
    paper = "Ranzato et al. 2007, Unsupervised Learning of Invariant Feature Hierarchies"
    target = "nn.MaxPool2d"

    def inside(self, params: Pool2dParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        return 2 * outputs["output"].elements_per_row(length)

    def scratch(self, params: Pool2dParams, inputs: Shapes, outputs: Shapes, length: int = 32, training: bool = False) -> int:
        """The backward pass copies the places of the maxima, and writes the gradient twice where channels lie innermost."""
        return inputs["input"].elements_per_row(length) + 2 * outputs["output"].elements_per_row(length) if training else 0


class AveragePool2d(Pool2d):
    """Mean in windows; padded pixels do not count."""

    name = "average_pool2d"
    prominence = 7
    kept = ("input",)
    label = "Average pool"
    summary = "Takes the mean of every window and makes the image smaller."
    aliases = ("AveragePooling2D", "AveragePool", "AvgPool2d", "mean pool", "tf.nn.avg_pool2d", "downsample", "平均池化", "池化")
    formula = "y[c, i, j] = mean over u, v < k of x[c, s·i + u, s·j + v]"
    figure = Window("average")
    related = ("max_pool2d", "adaptive_average_pool2d", "conv2d")
    paper = "LeCun et al. 1998, Gradient-Based Learning Applied to Document Recognition"
    target = "nn.AvgPool2d"
    bends = False

    def call(self, params: Pool2dParams, inputs: Shapes) -> Call:
        call = super().call(params, inputs)
        return Call(call.target, {**call.arguments, "count_include_pad": False}) if params.padding else call


class MinPool2d(Pool2d):
    """Minimum in windows."""

    name = "min_pool2d"
    label = "Min pool"
    summary = "Keeps the weakest answer of every window: dark details on a bright ground."
    aliases = ("MinPooling2D", "MinPool", "erosion", "最小池化", "池化")
    formula = "y[c, i, j] = min over u, v < k of x[c, s·i + u, s·j + v]"
    figure = Window("min")
    related = ("max_pool2d", "global_min_pool")
    paper = "Serra 1982, Image Analysis and Mathematical Morphology"
    target = "pooling.MinPool2d"

    def inside(self, params: Pool2dParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        return inputs["input"].elements_per_row(length) + 2 * outputs["output"].elements_per_row(length)


class GlobalPool(Layer):
    """What the poolings over the whole image share: (batch, channel, height, width) becomes (batch, feature)."""

    family = Family.POOLING
    keeps_width = True
    usually_next = ("linear",)
    target: ClassVar[str]
    expression: ClassVar[str]

    def shape(self, params: Params, inputs: Shapes, context: Context) -> dict[str, Shape]:
        shape = inputs["input"]
        if checks.is_sequence(shape):
            raise LayerProblem(
                "pool.needs-image",
                Text(
                    "{node} pools images, but {source} gives a sequence ({shape}).",
                    node=context.name,
                    source=checks.source_name(context, "input"),
                    shape=shape.named(),
                ),
                reason=Text("Rows of a sequence differ in length, and padding must not count."),
                port="input",
                fixes=[
                    fixes.become(context, "mean_over_time", Text("Average over time instead")),
                    fixes.become(context, "max_over_time", Text("Take the maximum over time instead")),
                ],
            )
        image = checks.image(inputs, context)
        return {"output": image.with_axes(("batch", "feature"), (image["batch"], image["channel"]))}

    def call(self, params: Params, inputs: Shapes) -> Call:
        return Call(self.target, expression=self.expression)


class GlobalAveragePool(GlobalPool):
    """Mean over the whole image."""

    name = "global_average_pool"
    prominence = 8
    label = "Global average"
    summary = "Takes the mean of every channel over the whole image: one vector per image, whatever its size."
    aliases = ("GlobalAveragePooling2D", "GlobalAveragePool", "GAP", "AdaptiveAvgPool2d", "ReduceMean", "全局平均池化", "池化")
    formula = "y[c] = 1 / (H·W) · Σ_i Σ_j x[c, i, j]"
    figure = Whole("average")
    related = ("global_max_pool", "adaptive_average_pool2d", "flatten")
    paper = "Lin et al. 2014, Network In Network"
    target = "operators.GlobalAverage"
    expression = "{input}.mean((2, 3))"
    bends = False


class GlobalMaxPool(GlobalPool):
    """Maximum over the whole image."""

    name = "global_max_pool"
    prominence = 9
    kept = ("input", "output")
    label = "Global max"
    summary = "Keeps the strongest answer of every channel in the whole image: whether a pattern occurs anywhere."
    aliases = ("GlobalMaxPooling2D", "GlobalMaxPool", "GMP", "AdaptiveMaxPool2d", "ReduceMax", "全局最大池化", "池化")
    formula = "y[c] = max over i, j of x[c, i, j]"
    figure = Whole("max")
    related = ("global_average_pool", "adaptive_max_pool2d", "flatten")
    paper = "Oquab et al. 2015, Is Object Localization for Free?"
    target = "operators.GlobalMaximum"
    expression = "{input}.amax((2, 3))"


class GlobalMinPool(GlobalPool):
    """Minimum over the whole image."""

    name = "global_min_pool"
    kept = ("input", "output")
    label = "Global min"
    summary = "Keeps the weakest answer of every channel in the whole image."
    aliases = ("GlobalMinPooling2D", "ReduceMin", "全局最小池化", "池化")
    formula = "y[c] = min over i, j of x[c, i, j]"
    figure = Whole("min")
    related = ("global_max_pool", "min_pool2d")
    target = "operators.GlobalMinimum"
    expression = "{input}.amin((2, 3))"
