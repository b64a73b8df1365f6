"""Attention over channels and places of an image: squeeze and excitation, CBAM."""

from __future__ import annotations

from workbench.catalogue import Params, param
from workbench.graph.graph import Graph
from workbench.graph.problem import Problem, Severity
from workbench.graph.shape import Shape
from workbench.layers import checks, fixes
from workbench.layers.base import Call, Context, Family, Layer, Shapes
from workbench.layers.figures.flow import Flow, cbam, squeeze
from workbench.text import Text


class SqueezeExcitationParams(Params):
    """How narrow the middle is."""

    reduction: int = param(
        8, label="Reduction", help="How many times narrower the layer between squeezing and exciting is.", ge=1, le=1024
    )

    def hidden(self, channels: int) -> int:
        """Returns the width of the layer in the middle."""
        return max(1, channels // self.reduction)


class SqueezeExcitation(Layer):
    """Squeeze and excitation (Hu, Shen and Sun 2018)."""

    name = "squeeze_excitation"
    kept = ("input",)
    label = "Squeeze-excitation"
    family = Family.ATTENTION
    summary = "Looks at the mean of each channel and turns whole channels up or down: which patterns matter in this image."
    aliases = ("SE block", "SENet", "squeeze and excite", "channel attention", "压缩激励", "通道注意力")
    formula = "s = mean over i, j of x; g = σ(W₂ · SiLU(W₁ · s + b₁) + b₂); y[c, i, j] = g[c] · x[c, i, j]"
    figure = Flow(squeeze)
    related = ("cbam", "global_average_pool", "multiply")
    paper = "Hu et al. 2018, Squeeze-and-Excitation Networks"
    Params = SqueezeExcitationParams
    keeps_width = True
    usually_next = ("conv2d", "global_average_pool")

    def shape(self, params: SqueezeExcitationParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        image = checks.image(inputs, context)
        checks.known(image["channel"], "channel", context)
        return {"output": image}

    def call(self, params: SqueezeExcitationParams, inputs: Shapes) -> Call:
        channels = int(inputs["input"]["channel"])
        return Call("channel_attention.SqueezeExcitation", {"channels": channels, "hidden": params.hidden(channels)})

    def parameters(self, params: SqueezeExcitationParams, inputs: Shapes) -> dict[str, tuple[int, ...]]:
        channels = int(inputs["input"]["channel"])
        hidden = params.hidden(channels)
        return {
            "squeeze.weight": (hidden, channels), "squeeze.bias": (hidden,),
            "excite.weight": (channels, hidden), "excite.bias": (channels,),
        }

    def macs(self, params: SqueezeExcitationParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        channels = int(inputs["input"]["channel"])
        return 2 * channels * params.hidden(channels)

    def summary_line(self, params: SqueezeExcitationParams) -> str:
        return f"÷{params.reduction}"

    def warnings(self, params: SqueezeExcitationParams, inputs: Shapes, context: Context) -> list[Problem[Graph]]:
        channels = int(inputs["input"]["channel"])
        if channels >= params.reduction or channels < 2:
            return []
        message = Text(
            "{node} squeezes {channels} channels through a single number.", node=context.name, channels=channels
        )
        repairs = (fixes.change(context, Text("Use a reduction of {factor}", factor=max(1, channels // 2)), reduction=max(1, channels // 2)),)
        return [Problem("attention.narrow", message, context.node, severity=Severity.WARNING, fixes=repairs)]


class CbamParams(SqueezeExcitationParams):
    """How narrow the middle is, and how far places look around."""

    kernel: int = param(
        7, label="Kernel", help="Height and width of the window that weighs places; odd.", unit="px", main=False, ge=1, le=31
    )

    @property
    def odd(self) -> int:
        """The window with a middle, in pixels."""
        return self.kernel | 1


class Cbam(SqueezeExcitation):
    """Convolutional block attention module (Woo et al. 2018)."""

    name = "cbam"
    label = "CBAM"
    summary = "Turns channels up or down, then places: first which patterns matter in this image, then where."
    aliases = ("convolutional block attention", "spatial attention", "channel attention", "卷积块注意力", "空间注意力")
    formula = "z = σ(M(mean_ij x) + M(max_ij x)) · x; y = σ(w ∗ [mean_c z; max_c z]) · z, M two linear layers with SiLU between"
    figure = Flow(cbam, between="z")
    related = ("squeeze_excitation", "image_attention")
    paper = "Woo et al. 2018, CBAM: Convolutional Block Attention Module"
    Params = CbamParams

    def call(self, params: SqueezeExcitationParams, inputs: Shapes) -> Call:
        assert isinstance(params, CbamParams)
        channels = int(inputs["input"]["channel"])
        return Call("channel_attention.Cbam", {"channels": channels, "hidden": params.hidden(channels), "kernel_size": params.odd})

    def parameters(self, params: SqueezeExcitationParams, inputs: Shapes) -> dict[str, tuple[int, ...]]:
        assert isinstance(params, CbamParams)
        return {**super().parameters(params, inputs), "spatial.weight": (1, 2, params.odd, params.odd)}

    def macs(self, params: SqueezeExcitationParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        assert isinstance(params, CbamParams)
        image = inputs["input"]
        places = image.elements_per_row(length) // int(image["channel"])
        return 2 * super().macs(params, inputs, outputs, length) + places * 2 * params.odd**2

    def scratch(self, params: SqueezeExcitationParams, inputs: Shapes, outputs: Shapes, length: int = 32, training: bool = False) -> int:
        return 0 if training else inputs["input"].elements_per_row(length)

    def inside(self, params: SqueezeExcitationParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        image = inputs["input"]
        places = image.elements_per_row(length) // int(image["channel"])
        return places * (int(image["channel"]) + 4)
