"""Attention layers with learned projections: of an input to itself, to another, and over an image."""

from __future__ import annotations

from typing import Any, Literal

from workbench.catalogue import Params, param
from workbench.graph.graph import Graph
from workbench.graph.problem import Problem
from workbench.graph.shape import Shape
from workbench.layers import attending, checks
from workbench.layers.base import Call, Context, Family, FromLengths, FromPort, Layer, LayerProblem, Port, Shapes
from workbench.layers.figures.attention import Attention, Places
from workbench.layers.fixes import change
from workbench.text import Text


class SelfAttentionParams(Params):
    """What can be set on a self-attention."""

    heads: int = attending.heads_param()
    causal: bool = param(False, label="Causal", help="A position sees only itself and those before it, as for writing text.")
    positions: attending.Positions = attending.positions_param()
    key_heads: int = attending.key_heads_param()
    dropout: float = attending.dropout_param()
    bias: bool = param(True, label="Bias", help="Add a learned number in each projection.", main=False)


class SelfAttention(Layer):
    """Multi-head self-attention (Vaswani et al. 2017)."""

    name = "self_attention"
    prominence = 20
    kept = ("input",)
    label = "Self-attention"
    family = Family.ATTENTION
    summary = "Every position looks at all positions and gathers what matters to it."
    aliases = (
        "MultiHeadAttention", "Attention", "multi-head", "MHA", "GroupedQueryAttention", "grouped-query", "GQA", "multi-query",
        "RoPE", "ALiBi", "自注意力", "注意力", "多头注意力", "分组查询注意力",
    )
    formula = "y = softmax(Q·Kᵀ / √d)·V, per head; Q, K, V = W·x"
    figure = Attention()
    related = ("cross_attention", "transformer_encoder", "positional_encoding")
    paper = "Vaswani et al. 2017, Attention Is All You Need; Ainslie et al. 2023, GQA; Press et al. 2022, ALiBi"
    Params = SelfAttentionParams
    keeps_width = True
    usual_norm = "layer_norm"
    usually_next = ("layer_norm",)
    causal_by = {"causal": True}

    def shape(self, params: SelfAttentionParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        shape = checks.sequence(inputs, context)
        width = checks.known(shape["feature"], "feature", context)
        attending.check_heads(params.heads, width, context, key_heads=params.key_heads, rotary=params.positions == "rotary")
        return {"output": shape}

    def call(self, params: SelfAttentionParams, inputs: Shapes) -> Call:
        arguments: dict[str, Any] = {"width": int(inputs["input"]["feature"]), "heads": params.heads}
        arguments |= attending.given(params, causal=False, dropout=0.0, bias=True, key_heads=0, positions="none")
        return Call("attention.SelfAttention", arguments, {"input": FromPort("input"), "lengths": FromLengths("input")})

    def parameters(self, params: SelfAttentionParams, inputs: Shapes) -> dict[str, tuple[int, ...]]:
        return attending.self_parameters(int(inputs["input"]["feature"]), params.heads, params.key_heads, params.bias)

    def macs(self, params: SelfAttentionParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        steps = checks.steps(inputs["input"], length)
        return attending.self_macs(int(inputs["input"]["feature"]), steps, params.heads, params.key_heads)

    def scratch(self, params: SelfAttentionParams, inputs: Shapes, outputs: Shapes, length: int = 32, training: bool = False) -> int:
        return 0 if training else 4 * inputs["input"].elements_per_row(length)

    def inside(self, params: SelfAttentionParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        sizes = int(inputs["input"]["feature"]), checks.steps(inputs["input"], length), params.heads, params.key_heads
        return attending.self_kept(*sizes, params.dropout, params.positions)

    def summary_line(self, params: SelfAttentionParams) -> str:
        return Text("{heads} heads, causal", heads=params.heads) if params.causal else Text("{heads} heads", heads=params.heads)

    def causal(self, params: SelfAttentionParams) -> bool:
        return params.causal

    def order_blind(self, params: SelfAttentionParams) -> bool:
        return params.positions == "none" and not params.causal

    def warnings(self, params: SelfAttentionParams, inputs: Shapes, context: Context) -> list[Problem[Graph]]:
        return attending.positions_twice(params.positions, context)


class CrossAttentionParams(Params):
    """What can be set on a cross-attention."""

    heads: int = attending.heads_param()
    key_heads: int = attending.key_heads_param()
    dropout: float = attending.dropout_param()
    bias: bool = param(True, label="Bias", help="Add a learned number in each projection.", main=False)


class CrossAttention(Layer):
    """Multi-head attention of one input to another (Vaswani et al. 2017)."""

    name = "cross_attention"
    kept = ("input", "memory")
    label = "Cross-attention"
    family = Family.ATTENTION
    summary = "Every position of one input looks at all positions of another and gathers what matters to it."
    aliases = (
        "MultiHeadAttention", "encoder-decoder attention", "Attention", "multi-head", "GroupedQueryAttention", "交叉注意力", "注意力",
        "编码器-解码器注意力",
    )
    formula = "y = softmax(Q·Kᵀ / √d)·V, per head; Q = W·x; K, V = W·memory"
    figure = Attention("q", "m", rows=4)
    related = ("self_attention", "cross_modal_attention", "transformer_decoder")
    paper = "Vaswani et al. 2017, Attention Is All You Need"
    inputs = (
        Port("input", help="What looks: a sequence, an image or a vector."),
        Port("memory", help="What is looked at: a sequence, an image or a vector."),
    )
    Params = CrossAttentionParams
    keeps_width = True
    usual_norm = "layer_norm"
    usually_next = ("layer_norm",)

    def shape(self, params: CrossAttentionParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        shape = attending.looking(inputs, context, "input")
        attending.looking(inputs, context, "memory")
        attending.check_heads(params.heads, attending.width(shape), context, key_heads=params.key_heads)
        return {"output": shape}

    def call(self, params: CrossAttentionParams, inputs: Shapes) -> Call:
        width, memory = attending.width(inputs["input"]), attending.width(inputs["memory"])
        arguments: dict[str, Any] = {"width": width, "heads": params.heads}
        arguments |= ({"memory_width": memory} if memory != width else {}) | attending.given(params, dropout=0.0, bias=True, key_heads=0)
        wiring = {"input": FromPort("input"), "memory": FromPort("memory"), "lengths": FromLengths("memory")}
        return Call("attention.CrossAttention", arguments, wiring)

    def parameters(self, params: CrossAttentionParams, inputs: Shapes) -> dict[str, tuple[int, ...]]:
        width, memory = attending.width(inputs["input"]), attending.width(inputs["memory"])
        return attending.cross_parameters(width, memory, params.heads, params.key_heads, params.bias)

    def macs(self, params: CrossAttentionParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        looks, seen = inputs["input"], inputs["memory"]
        sizes = attending.width(looks), attending.width(seen), attending.places(looks, length), attending.places(seen, length)
        return attending.cross_macs(*sizes, params.heads, params.key_heads)

    def scratch(self, params: CrossAttentionParams, inputs: Shapes, outputs: Shapes, length: int = 32, training: bool = False) -> int:
        if training:
            return 0
        return 2 * inputs["input"].elements_per_row(length) + 2 * attending.places(inputs["memory"], length) * attending.width(inputs["input"])

    def inside(self, params: CrossAttentionParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        looks, seen = inputs["input"], inputs["memory"]
        sizes = attending.width(looks), attending.places(looks, length), attending.places(seen, length)
        kept = attending.cross_kept(*sizes, params.heads, params.key_heads, params.dropout)
        return kept + attending.rows_kept(looks, length) + attending.rows_kept(seen, length)

    def keeps(self, params: CrossAttentionParams, inputs: Shapes) -> tuple[str, ...]:
        return tuple(port for port in ("input", "memory") if not checks.is_image(inputs[port]))

    def summary_line(self, params: CrossAttentionParams) -> str:
        return Text("{heads} heads", heads=params.heads)

    def causal(self, params: CrossAttentionParams) -> bool:
        return False

    def causal_from(self, params: CrossAttentionParams, port: str) -> bool:
        return port == "input"


class ImageAttentionParams(Params):
    """What can be set on an attention over an image."""

    heads: int = attending.heads_param()
    positions: Literal["none", "sinusoidal", "learned"] = param(
        "none",
        label="Positions",
        help="none: where things are must come from elsewhere; sinusoidal: fixed waves over rows and columns; learned: a vector per "
        "row and per column.",
        choices=("none", "sinusoidal", "learned"),
    )
    residual: bool = param(
        True, label="Add to the image", help="Normalise first and add what was gathered, so that it fits anywhere.", main=False
    )
    key_heads: int = attending.key_heads_param()
    dropout: float = attending.dropout_param()


class ImageAttention(Layer):
    """Self-attention over the positions of an image (non-local network, Wang et al. 2018; Zhang et al. 2019)."""

    name = "image_attention"
    kept = ("input",)
    label = "Image attention"
    family = Family.ATTENTION
    summary = "Every position of an image looks at all others, however far away: what a small convolution cannot do."
    aliases = ("SAGAN", "non-local block", "self-attention 2d", "AttentionBlock", "spatial self-attention", "图像自注意力", "注意力", "非局部")
    formula = "y = x + Attention(Norm(x + p)), over the H·W positions"
    figure = Places()
    related = ("self_attention", "cbam", "image_positions")
    paper = "Zhang et al. 2019, Self-Attention Generative Adversarial Networks; Wang et al. 2018, Non-local Neural Networks"
    Params = ImageAttentionParams
    keeps_width = True
    usual_norm = "batch_norm2d"
    usually_next = ("conv2d", "global_average_pool")

    def shape(self, params: ImageAttentionParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        shape = checks.image(inputs, context)
        channels = checks.known(shape["channel"], "channel", context)
        if channels % params.heads:
            _refuse_heads(params.heads, channels, context)
        attending.check_heads(params.heads, channels, context, key_heads=params.key_heads)
        if params.positions != "none":
            checks.known(shape["height"], "height", context)
            checks.known(shape["width"], "width", context)
        return {"output": shape}

    def call(self, params: ImageAttentionParams, inputs: Shapes) -> Call:
        shape = inputs["input"]
        arguments: dict[str, Any] = {"channels": int(shape["channel"]), "heads": params.heads}
        if params.positions != "none":
            arguments |= {"height": int(shape["height"]), "width": int(shape["width"]), "positions": params.positions}
        arguments |= attending.given(params, residual=True, dropout=0.0, key_heads=0)
        return Call("image_attention.ImageAttention", arguments)

    def parameters(self, params: ImageAttentionParams, inputs: Shapes) -> dict[str, tuple[int, ...]]:
        shape = inputs["input"]
        channels = int(shape["channel"])
        found: dict[str, tuple[int, ...]] = {}
        if params.positions == "learned":
            found |= {"positions.rows": (channels, int(shape["height"]), 1), "positions.columns": (channels, 1, int(shape["width"]))}
        if params.residual:
            found |= {"norm.weight": (channels,), "norm.bias": (channels,)}
        inner = attending.self_parameters(channels, params.heads, params.key_heads)
        return found | {f"attention.{key}": value for key, value in inner.items()}

    def macs(self, params: ImageAttentionParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        channels, steps = int(inputs["input"]["channel"]), attending.places(inputs["input"], length)
        return attending.self_macs(channels, steps, params.heads, params.key_heads)

    def scratch(self, params: ImageAttentionParams, inputs: Shapes, outputs: Shapes, length: int = 32, training: bool = False) -> int:
        return 0 if training else 5 * inputs["input"].elements_per_row(length)

    def inside(self, params: ImageAttentionParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        channels, steps = int(inputs["input"]["channel"]), attending.places(inputs["input"], length)
        kept = attending.self_kept(channels, steps, params.heads, params.key_heads, params.dropout)
        rows = params.residual + (params.positions != "none" or not params.residual)
        return outputs["output"].elements_per_row(length) * rows + kept

    def keeps(self, params: ImageAttentionParams, inputs: Shapes) -> tuple[str, ...]:
        return ("input",) if params.residual or params.positions == "none" else ()

    def order_blind(self, params: ImageAttentionParams) -> bool:
        return params.positions == "none"

    def summary_line(self, params: ImageAttentionParams) -> str:
        return Text("{heads} heads", heads=params.heads)

    def causal(self, params: ImageAttentionParams) -> bool:
        return False


def _refuse_heads(count: int, channels: int, context: Context) -> None:
    fitting = sorted((part for part in range(1, channels + 1) if channels % part == 0), key=lambda part: (abs(part - count), part))
    raise LayerProblem(
        "attention.heads",
        Text("{node}: {heads} heads do not divide the {channels} channels evenly.", node=context.name, heads=count, channels=channels),
        reason=Text("Every head takes the same share of the features."),
        port="input",
        fixes=[
            change(context, Text("Use {count} heads", count=part) if part > 1 else Text("Use 1 head"), heads=part) for part in fitting[:2]
        ],
    )
