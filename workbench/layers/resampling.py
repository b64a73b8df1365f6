"""Layers that make images larger or smaller without weights: up-sampling, and pixels moved between channels and places."""

from __future__ import annotations

from typing import Literal

from workbench.catalogue import Params, param
from workbench.graph.graph import Graph
from workbench.graph.problem import Problem, Severity
from workbench.graph.shape import Shape
from workbench.layers import checks, fixes, windows
from workbench.layers.base import Call, Context, Family, Layer, LayerProblem, Shapes
from workbench.layers.figures.arrange import Enlarged, Shuffle
from workbench.text import Text


class UpsampleParams(Params):
    """How much larger, and what stands between."""

    factor: int = param(2, label="Factor", help="How many times larger every side becomes.", ge=1, le=64)
    mode: Literal["nearest", "bilinear"] = param(
        "nearest", label="Between", choices=("nearest", "bilinear"),
        help="nearest repeats every place; bilinear mixes neighbours, which gives smooth edges (images only).",
    )
    corners: bool = param(
        False, label="Corners on corners", main=False,
        help="When mixing, the corners of the larger image are exactly those of the smaller one (align_corners); otherwise their edges meet.",
    )


class Upsample(Layer):
    """Up-sampling of images and sequences."""

    name = "upsample"
    label = "Upsample"
    family = Family.SHAPE
    summary = "Makes an image or a sequence larger by repeating its places or by mixing neighbours; nothing is learned."
    aliases = (
        "UpSampling2D", "UpSampling1D", "Resize", "tf.image.resize", "interpolate", "nearest", "bilinear", "align_corners", "上采样", "插值",
        "放大",
    )
    formula = "nearest: y[c, i, j] = x[c, ⌊i/f⌋, ⌊j/f⌋]; bilinear: the four nearest x, weighed by closeness"
    figure = Enlarged()
    related = ("conv_transpose2d", "pixel_shuffle")
    paper = "Odena et al. 2016, Deconvolution and Checkerboard Artifacts"
    Params = UpsampleParams
    keeps_width = True
    bends = False
    usually_next = ("conv2d",)

    def shape(self, params: UpsampleParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        shape = checks.numbers(inputs, context)
        if checks.is_sequence(shape):
            if params.mode != "nearest":
                raise _mixes(context)
            return {"output": shape.with_dim(shape.axes[1], shape.dims[1] * params.factor)}
        image = checks.image(inputs, context)
        return {"output": image.with_axes(image.axes, (*image.dims[:2], *(size * params.factor for size in image.dims[2:])))}

    def call(self, params: UpsampleParams, inputs: Shapes) -> Call:
        if checks.is_sequence(inputs["input"]):
            return Call("sequences.SequenceRepeat", {"factor": params.factor})
        mixed = {"align_corners": True} if params.corners and params.mode == "bilinear" else {}
        return Call("nn.Upsample", {"scale_factor": float(params.factor), "mode": params.mode, **mixed})

    def summary_line(self, params: UpsampleParams) -> str:
        return f"×{params.factor}"

    def warnings(self, params: UpsampleParams, inputs: Shapes, context: Context) -> list[Problem[Graph]]:
        if params.factor > 1:
            return []
        message = Text("{node} has a factor of 1, which changes nothing.", node=context.name)
        repairs = (fixes.change(context, Text("Double the size"), factor=2), fixes.remove(context))
        return [Problem("upsample.does-nothing", message, context.node, severity=Severity.WARNING, fixes=repairs)]


def _mixes(context: Context) -> LayerProblem:
    return LayerProblem(
        "upsample.sequence",
        Text("{node} mixes neighbours in two directions, but a sequence has only one.", node=context.name),
        port="input",
        fixes=[fixes.change(context, Text("Repeat every position instead"), mode="nearest")],
    )


class ShuffleParams(Params):
    """By how much."""

    factor: int = param(2, label="Factor", help="How many times larger or smaller height and width become.", ge=1, le=64)


class PixelShuffle(Layer):
    """Channels become pixels (Shi et al. 2016)."""

    name = "pixel_shuffle"
    label = "Pixel shuffle"
    family = Family.SHAPE
    summary = "Lays groups of channels out as pixels: a larger image with fewer channels, and no number is lost."
    aliases = ("depth_to_space", "DepthToSpace", "PixelShuffle", "sub-pixel convolution", "像素重排", "亚像素卷积")
    formula = "(N, C·f², H, W) → (N, C, f·H, f·W)"
    figure = Shuffle()
    related = ("pixel_unshuffle", "upsample", "conv_transpose2d")
    paper = "Shi et al. 2016, Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel CNN"
    Params = ShuffleParams
    bends = False
    usually_next = ("conv2d",)

    def shape(self, params: ShuffleParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        image = checks.image(inputs, context)
        channels, square = checks.known(image["channel"], "channel", context), params.factor**2
        if channels % square:
            raise _channels_do_not_divide(channels, params.factor, context)
        sizes = [size * params.factor for size in image.dims[2:]]
        return {"output": image.with_axes(image.axes, (image.dims[0], channels // square, *sizes))}

    def call(self, params: ShuffleParams, inputs: Shapes) -> Call:
        return Call("nn.PixelShuffle", {"upscale_factor": params.factor})

    def summary_line(self, params: ShuffleParams) -> str:
        return f"×{params.factor}"


def _channels_do_not_divide(channels: int, factor: int, context: Context) -> LayerProblem:
    wanted = -(-channels // factor**2) * factor**2
    label = Text("Project to {count} channels first", count=wanted)
    repairs = [fixes.insert(context, "input", "conv2d", label, filters=wanted, kernel=1)]
    fitting = next((value for value in range(factor - 1, 1, -1) if channels % value**2 == 0), 0)
    if fitting:
        repairs.append(fixes.change(context, Text("Use a factor of {factor}", factor=fitting), factor=fitting))
    repairs.append(fixes.become(context, "upsample", Text("Repeat the pixels instead"), factor=factor))
    return LayerProblem(
        "shuffle.channels",
        Text("{node}: {channels} channels are no multiple of {square}.", node=context.name, channels=channels, square=factor**2),
        reason=Text("Each output channel is laid out of {factor}×{factor} input channels.", factor=factor),
        port="input",
        fixes=repairs,
    )


class PixelUnshuffle(Layer):
    """Pixels become channels."""

    name = "pixel_unshuffle"
    label = "Pixel unshuffle"
    family = Family.SHAPE
    summary = "Lays blocks of pixels out as channels: a smaller image with more channels, and no number is lost."
    aliases = ("space_to_depth", "SpaceToDepth", "PixelUnshuffle", "patch merging", "像素逆重排", "空间转深度")
    formula = "(N, C, f·H, f·W) → (N, C·f², H, W)"
    figure = Shuffle(down=True)
    related = ("pixel_shuffle", "max_pool2d")
    paper = "Shi et al. 2016, Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel CNN"
    Params = ShuffleParams
    bends = False
    usually_next = ("conv2d",)

    def shape(self, params: ShuffleParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        image = checks.image(inputs, context)
        high, wide = int(image["height"]), int(image["width"])
        if high % params.factor or wide % params.factor:
            raise _pixels_do_not_divide(high, wide, params.factor, context)
        sizes = [size // params.factor for size in image.dims[2:]]
        return {"output": image.with_axes(image.axes, (image.dims[0], image["channel"] * params.factor**2, *sizes))}

    def call(self, params: ShuffleParams, inputs: Shapes) -> Call:
        return Call("nn.PixelUnshuffle", {"downscale_factor": params.factor})

    def summary_line(self, params: ShuffleParams) -> str:
        return f"÷{params.factor}"


def _pixels_do_not_divide(high: int, wide: int, factor: int, context: Context) -> LayerProblem:
    fitting = next((value for value in windows.divisors(high, factor) if wide % value == 0 and value > 1), 1)
    repairs = [fixes.change(context, Text("Use a factor of {factor}", factor=fitting), factor=fitting)] if fitting > 1 else []
    size, width = max(1, high // factor) * factor, max(1, wide // factor) * factor
    label = Text("Pool to {size} first", size=windows.written([size, width]))
    return LayerProblem(
        "shuffle.pixels",
        Text(
            "{node}: an image of {size} does not divide into blocks of {factor}×{factor}.",
            node=context.name, size=windows.written([high, wide]), factor=factor,
        ),
        port="input",
        fixes=[*repairs, fixes.insert(context, "input", "adaptive_average_pool2d", label, size=size, width=width)],
    )
