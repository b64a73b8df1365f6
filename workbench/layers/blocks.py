"""Blocks of convolutions with a way around them: residual and dense."""

from __future__ import annotations

from workbench.catalogue import Params, param
from workbench.graph.graph import Graph
from workbench.graph.problem import Problem, Severity
from workbench.graph.shape import Shape
from workbench.layers import checks, fixes, windows
from workbench.layers.base import Call, Context, Family, Layer, Shapes
from workbench.layers.figures.flow import Flow, Growth, residual
from workbench.text import Text


class ResidualBlockParams(Params):
    """What can be set on a residual block."""

    filters: int = param(
        32, label="Filters", help="How many patterns each of its convolutions learns; the channels of its output.", unit="channels",
        ge=1, le=1_000_000_000, log=True,
    )
    kernel: int = param(3, label="Kernel", help="Height and width of the windows; even ones count as one more.", unit="px", main=False, ge=1, le=127)
    stride: int = param(1, label="Stride", help="How far the first window moves at a time; 2 halves the image.", unit="px", ge=1, le=64)

    @property
    def odd(self) -> int:
        """The window with a middle, in pixels."""
        return self.kernel | 1

    def projects(self, channels: int) -> bool:
        """Whether the way around needs a projection, because shapes differ."""
        return self.stride > 1 or channels != self.filters


class ResidualBlock(Layer):
    """Two convolutions with a way around them (He et al. 2016)."""

    name = "residual_block"
    kept = ("input", "output")
    label = "Residual block"
    family = Family.CONVOLUTION
    summary = "Two convolutions learn what to add to the image; the way around them lets very deep networks learn."
    aliases = ("ResNet", "BasicBlock", "skip connection", "shortcut", "identity block", "残差块", "残差网络", "跳跃连接")
    formula = "y = ReLU(P(x) + BN(w₂ ∗ ReLU(BN(w₁ ∗ x)))), P(x) = x, or BN(1×1 convolution) where shapes differ"
    figure = Flow(residual)
    related = ("dense_block", "add", "conv2d")
    paper = "He et al. 2016, Deep Residual Learning for Image Recognition"
    Params = ResidualBlockParams
    width_param = "filters"
    mixes_rows = True
    usually_next = ("residual_block", "global_average_pool")

    def shape(self, params: ResidualBlockParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        image = checks.image(inputs, context)
        checks.known(image["channel"], "channel", context)
        sizes = [windows.slid(size, 1, params.stride, 0) for size in image.dims[2:]]
        return {"output": image.with_axes(image.axes, (image.dims[0], params.filters, *sizes))}

    def call(self, params: ResidualBlockParams, inputs: Shapes) -> Call:
        arguments = {"channels": int(inputs["input"]["channel"]), "filters": params.filters}
        if params.odd != 3:
            arguments["kernel_size"] = params.odd
        if params.stride > 1:
            arguments["stride"] = params.stride
        return Call("blocks.ResidualBlock", arguments)

    def parameters(self, params: ResidualBlockParams, inputs: Shapes) -> dict[str, tuple[int, ...]]:
        channels, filters, window = int(inputs["input"]["channel"]), params.filters, (params.odd, params.odd)
        found: dict[str, tuple[int, ...]] = {
            "first.weight": (filters, channels, *window), "first_norm.weight": (filters,), "first_norm.bias": (filters,),
            "second.weight": (filters, filters, *window), "second_norm.weight": (filters,), "second_norm.bias": (filters,),
        }
        if params.projects(channels):
            found |= {"around.0.weight": (filters, channels, 1, 1), "around.1.weight": (filters,), "around.1.bias": (filters,)}
        return found

    def macs(self, params: ResidualBlockParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        channels, window = int(inputs["input"]["channel"]), params.odd**2
        around = channels if params.projects(channels) else 0
        return outputs["output"].elements_per_row(length) * ((channels + params.filters) * window + around)

    def scratch(self, params: ResidualBlockParams, inputs: Shapes, outputs: Shapes, length: int = 32, training: bool = False) -> int:
        return 0 if training else 2 * outputs["output"].elements_per_row(length)

    def inside(self, params: ResidualBlockParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        return outputs["output"].elements_per_row(length) * (4 if params.projects(int(inputs["input"]["channel"])) else 3)

    def summary_line(self, params: ResidualBlockParams) -> str:
        if params.stride == 1:
            return Text("{count} filters", count=params.filters)
        return Text("{count} filters, stride {stride}", count=params.filters, stride=params.stride)

    def warnings(self, params: ResidualBlockParams, inputs: Shapes, context: Context) -> list[Problem[Graph]]:
        image = inputs["input"]
        if params.stride == 1 or min(int(image["height"]), int(image["width"])) > 1:
            return []
        message = Text("{node} moves in steps over an image that is one pixel high or wide.", node=context.name)
        repairs = (fixes.change(context, Text("Set the stride to 1"), stride=1),)
        return [Problem("conv.stride-unused", message, context.node, severity=Severity.WARNING, fixes=repairs)]


class DenseBlockParams(Params):
    """What can be set on a dense block."""

    layers: int = param(
        3, label="Convolutions", help="How many convolutions there are; each sees the results of all before it.", ge=1, le=64
    )
    growth: int = param(12, label="Growth", help="How many channels each convolution adds.", unit="channels", ge=1, le=1_000_000, log=True)
    kernel: int = param(3, label="Kernel", help="Height and width of the windows; even ones count as one more.", unit="px", main=False, ge=1, le=127)

    @property
    def odd(self) -> int:
        """The window with a middle, in pixels."""
        return self.kernel | 1


class DenseBlock(Layer):
    """Convolutions that each see all results before them (Huang et al. 2017)."""

    name = "dense_block"
    kept = ("input",)
    label = "Dense block"
    family = Family.CONVOLUTION
    summary = "Every convolution sees the image and the results of all before it, and adds a few channels to them."
    aliases = ("DenseNet", "densely connected", "growth rate", "密集块", "稠密连接", "密集连接网络")
    formula = "x_(l+1) = [x_l; w_l ∗ ReLU(BN(x_l))] for l = 1 … L; y = x_(L+1) with C + L·k channels"
    figure = Growth()
    related = ("residual_block", "concatenate", "conv2d")
    paper = "Huang et al. 2017, Densely Connected Convolutional Networks"
    Params = DenseBlockParams
    mixes_rows = True
    usually_next = ("average_pool2d", "global_average_pool")
    inner_widths = ("growth",)

    def shape(self, params: DenseBlockParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        image = checks.image(inputs, context)
        channels = checks.known(image["channel"], "channel", context)
        return {"output": image.with_dim("channel", channels + params.layers * params.growth)}

    def call(self, params: DenseBlockParams, inputs: Shapes) -> Call:
        arguments = {"channels": int(inputs["input"]["channel"]), "layers": params.layers, "growth": params.growth}
        return Call("blocks.DenseBlock", {**arguments, "kernel_size": params.odd} if params.odd != 3 else arguments)

    def parameters(self, params: DenseBlockParams, inputs: Shapes) -> dict[str, tuple[int, ...]]:
        found: dict[str, tuple[int, ...]] = {}
        for index, channels in enumerate(self._seen(params, inputs)):
            found[f"layers.{index}.norm.weight"] = (channels,)
            found[f"layers.{index}.norm.bias"] = (channels,)
            found[f"layers.{index}.convolution.weight"] = (params.growth, channels, params.odd, params.odd)
        return found

    def macs(self, params: DenseBlockParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        places = inputs["input"].elements_per_row(length) // int(inputs["input"]["channel"])
        return places * params.growth * params.odd**2 * sum(self._seen(params, inputs))

    def scratch(self, params: DenseBlockParams, inputs: Shapes, outputs: Shapes, length: int = 32, training: bool = False) -> int:
        return 0 if training else 2 * outputs["output"].elements_per_row(length)

    def inside(self, params: DenseBlockParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        places = inputs["input"].elements_per_row(length) // int(inputs["input"]["channel"])
        seen = self._seen(params, inputs)
        return places * (sum(seen) + sum(seen[1:]))

    def summary_line(self, params: DenseBlockParams) -> str:
        return Text("{layers} layers of {growth} channels", layers=params.layers, growth=params.growth)

    def _seen(self, params: DenseBlockParams, inputs: Shapes) -> list[int]:
        """Returns how many channels each convolution sees."""
        channels = int(inputs["input"]["channel"])
        return [channels + index * params.growth for index in range(params.layers)]
