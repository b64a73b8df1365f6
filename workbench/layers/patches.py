"""The way from an image to a Transformer: patches as steps, and a learned token in front."""

from __future__ import annotations

from typing import Any

from workbench.catalogue import Params, param
from workbench.graph.dim import Dim
from workbench.graph.graph import Graph
from workbench.graph.problem import Fix, Problem, Severity
from workbench.graph.shape import Axis, Shape
from workbench.layers import checks, fixes, windows
from workbench.layers.base import Call, Context, Family, Layer, LayerProblem, Shapes
from workbench.layers.figures import arrange
from workbench.text import Text


class PatchEmbeddingParams(Params):
    """What can be set on a patch embedding."""

    patch: int = param(4, label="Patch", help="Height and width of a patch; it must divide the image.", unit="px", ge=1, le=1024)
    width: int = param(64, label="Width", help="How many features describe a patch.", unit="features", ge=1, le=1_000_000, log=True)
    bias: bool = param(True, label="Bias", help="Add a learned number per feature.", main=False)


class PatchEmbedding(Layer):
    """Patches of an image as a sequence of vectors (Dosovitskiy et al. 2021)."""

    name = "patch_embedding"
    kept = ("input",)
    label = "Patch embedding"
    family = Family.ATTENTION
    summary = "Cuts an image into square patches and describes each by a learned vector: a sequence a Transformer can read."
    aliases = ("PatchEncoder", "PatchEmbed", "ViT", "Vision Transformer", "patches", "图像块嵌入", "补丁嵌入", "视觉Transformer")
    formula = "y[t] = W · (all pixels of patch t) + b, patches row by row"
    figure = arrange.Patches()
    related = ("class_token", "positional_encoding", "conv2d")
    paper = "Dosovitskiy et al. 2021, An Image is Worth 16x16 Words"
    Params = PatchEmbeddingParams
    width_param = "width"
    weighs = True
    bends = False
    usual_norm = "layer_norm"
    usually_next = ("class_token", "positional_encoding")

    def shape(self, params: PatchEmbeddingParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        image = checks.image(inputs, context)
        checks.known(image["channel"], "channel", context)
        high, wide = int(image["height"]), int(image["width"])
        if high % params.patch or wide % params.patch:
            raise _does_not_divide(high, wide, params, context)
        count = high // params.patch * (wide // params.patch)
        return {"output": image.with_axes((Axis.BATCH, Axis.TIME, Axis.FEATURE), (image.dims[0], count, params.width))}

    def call(self, params: PatchEmbeddingParams, inputs: Shapes) -> Call:
        arguments: dict[str, Any] = {"channels": int(inputs["input"]["channel"]), "width": params.width, "patch": params.patch}
        return Call("patches.PatchEmbedding", arguments if params.bias else {**arguments, "bias": False})

    def parameters(self, params: PatchEmbeddingParams, inputs: Shapes) -> dict[str, tuple[int, ...]]:
        weight = (params.width, int(inputs["input"]["channel"]), params.patch, params.patch)
        found: dict[str, tuple[int, ...]] = {"projection.weight": weight}
        return {**found, "projection.bias": (params.width,)} if params.bias else found

    def macs(self, params: PatchEmbeddingParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        return inputs["input"].elements_per_row(length) * params.width

    def summary_line(self, params: PatchEmbeddingParams) -> str:
        return Text("{patch}×{patch} patches, {width} features", patch=params.patch, width=params.width)

    def causal(self, params: PatchEmbeddingParams) -> bool:
        return False

    def warnings(self, params: PatchEmbeddingParams, inputs: Shapes, context: Context) -> list[Problem[Graph]]:
        image = inputs["input"]
        count = int(image["height"]) * int(image["width"]) // params.patch**2
        if count > 1:
            return []
        message = Text("{node} makes one patch of the whole image.", node=context.name)
        reason = Text("A sequence of one step leaves attention nothing to compare.")
        fitting = [size for size in windows.divisors(int(image["height"]), params.patch - 1) if int(image["width"]) % size == 0]
        repairs = tuple(_smaller(size, context) for size in fitting[:1])
        return [Problem("patch.single", message, context.node, reason, severity=Severity.WARNING, fixes=repairs)]


def _smaller(size: int, context: Context) -> Fix[Graph]:
    return fixes.change(context, Text("Use patches of {size}×{size}", size=size), patch=size)


def _does_not_divide(high: int, wide: int, params: PatchEmbeddingParams, context: Context) -> LayerProblem:
    fitting = [size for size in windows.divisors(high, 2 * params.patch) if wide % size == 0 and size > 1]
    nearest = sorted(fitting, key=lambda size: abs(size - params.patch))[:2]
    size, width = (max(1, round(value / params.patch)) * params.patch for value in (high, wide))
    label = Text("Pool to {size} first", size=windows.written([size, width]))
    return LayerProblem(
        "patch.uneven",
        Text(
            "{node}: an image of {size} does not divide into patches of {patch}×{patch}.",
            node=context.name, size=windows.written([high, wide]), patch=params.patch,
        ),
        reason=Text("Pixels at the right or the bottom edge would belong to no patch."),
        port="input",
        fixes=[
            *(_smaller(value, context) for value in nearest),
            fixes.insert(context, "input", "adaptive_average_pool2d", label, size=size, width=width),
        ],
    )


class ClassToken(Layer):
    """A learned vector in front of a sequence (Devlin et al. 2019)."""

    name = "class_token"
    label = "Class token"
    family = Family.ATTENTION
    summary = "Puts one learned vector in front of every sequence; attention gathers there what describes the whole row."
    aliases = ("CLS token", "[CLS]", "cls_token", "ViT", "BERT", "类别标记", "分类标记")
    formula = "y[0] = c, y[t + 1] = x[t]"
    figure = arrange.ClassToken()
    related = ("patch_embedding", "select", "transformer_encoder")
    paper = "Devlin et al. 2019, BERT; Dosovitskiy et al. 2021, An Image is Worth 16x16 Words"
    keeps_width = True
    bends = False
    usually_next = ("positional_encoding",)

    def shape(self, params: Params, inputs: Shapes, context: Context) -> dict[str, Shape]:
        shape = checks.sequence(inputs, context)
        checks.known(shape["feature"], "feature", context)
        return {"output": shape.with_dim(shape.axes[1], shape.dims[1] + Dim.of(1))}

    def call(self, params: Params, inputs: Shapes) -> Call:
        return Call("patches.ClassToken", {"features": int(inputs["input"]["feature"])})

    def parameters(self, params: Params, inputs: Shapes) -> dict[str, tuple[int, ...]]:
        return {"token": (int(inputs["input"]["feature"]),)}
