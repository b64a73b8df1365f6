"""Attention layers."""

from __future__ import annotations

from typing import Any, Literal

from workbench.catalogue import Params, param
from workbench.graph.graph import Graph
from workbench.graph.problem import Fix
from workbench.graph.shape import Shape
from workbench.layers import checks, fixes
from workbench.layers.base import Call, Context, Cost, Family, FromLengths, FromPort, Layer, LayerProblem, Shapes
from workbench.text import Text

_WIRING = {"input": FromPort("input"), "lengths": FromLengths("input")}


class SelfAttentionParams(Params):
    """What can be set on a self-attention."""

    heads: int = param(
        4, label="Heads", help="How many ways of looking; they share the width evenly.", unit="heads", ge=1, le=1024
    )
    causal: bool = param(False, label="Causal", help="A position sees only itself and those before it, as for writing text.")
    dropout: float = param(
        0.0, label="Dropout", help="The share of attention weights dropped while training.", main=False, ge=0, lt=1
    )
    bias: bool = param(True, label="Bias", help="Add a learned number in each projection.", main=False)


class SelfAttention(Layer):
    """Multi-head self-attention (Vaswani et al. 2017)."""

    name = "self_attention"
    label = "Self-attention"
    family = Family.ATTENTION
    summary = "Every position looks at all positions and gathers what matters to it."
    aliases = ("MultiHeadAttention", "Attention", "multi-head", "scaled dot product", "MHA", "自注意力", "注意力", "多头注意力")
    formula = "y = softmax(Q·Kᵀ / √d)·V, per head; Q, K, V = W·x"
    Params = SelfAttentionParams

    def shape(self, params: SelfAttentionParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        shape = checks.sequence(inputs, context)
        _check_heads(params.heads, checks.known(shape["feature"], "feature", context), context)
        return {"output": shape}

    def call(self, params: SelfAttentionParams, inputs: Shapes) -> Call:
        arguments: dict[str, Any] = {"width": int(inputs["input"]["feature"]), "heads": params.heads}
        for key, default in (("causal", False), ("dropout", 0.0), ("bias", True)):
            if getattr(params, key) != default:
                arguments[key] = getattr(params, key)
        return Call("attention.SelfAttention", arguments, _WIRING)

    def parameters(self, params: SelfAttentionParams, inputs: Shapes) -> dict[str, tuple[int, ...]]:
        return _attention_parameters(int(inputs["input"]["feature"]), params.bias)

    def macs(self, params: SelfAttentionParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        return _attention_macs(int(inputs["input"]["feature"]), checks.steps(inputs["input"], length))

    def cost(self, params: SelfAttentionParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> Cost:
        cost = super().cost(params, inputs, outputs, length)
        return Cost(cost.parameters, cost.macs, 5 * cost.activations)

    def summary_line(self, params: SelfAttentionParams) -> str:
        return Text("{heads} heads, causal", heads=params.heads) if params.causal else Text("{heads} heads", heads=params.heads)

    def causal(self, params: SelfAttentionParams) -> bool:
        return params.causal


class TransformerEncoderParams(Params):
    """What can be set on a Transformer encoder."""

    layers: int = param(2, label="Blocks", help="How many blocks stand on each other.", unit="blocks", ge=1, le=256)
    heads: int = param(
        4, label="Heads", help="How many ways of looking; they share the width evenly.", unit="heads", ge=1, le=1024
    )
    feed_forward: int = param(
        0,
        label="Feed-forward",
        help="Units of the network at each position; 0: four times the width.",
        unit="units",
        ge=0,
        le=10_000_000,
    )
    dropout: float = param(0.1, label="Dropout", help="The share of numbers dropped while training.", ge=0, lt=1)
    norm: Literal["pre", "post"] = param(
        "pre",
        label="Normalise",
        help="pre: before each part, steadier; post: after each sum, as first published.",
        main=False,
        choices=("pre", "post"),
    )
    causal: bool = param(
        False, label="Causal", help="A position sees only itself and those before it, as for writing text.", main=False
    )

    def units(self, width: int) -> int:
        """Returns the units of the feed-forward network for this width."""
        return self.feed_forward or 4 * width


class TransformerEncoder(Layer):
    """Transformer encoder blocks (Vaswani et al. 2017; normalisation first as Xiong et al. 2020)."""

    name = "transformer_encoder"
    label = "Transformer encoder"
    family = Family.ATTENTION
    summary = "Blocks of self-attention and a small network per position, each with a way around it."
    aliases = ("TransformerEncoderLayer", "BERT", "encoder block", "Transformer block", "编码器", "变换器", "注意力")
    formula = "h = x + Attention(Norm(x)); y = h + W₂·GELU(W₁·Norm(h)); repeated"
    Params = TransformerEncoderParams

    def shape(self, params: TransformerEncoderParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        shape = checks.sequence(inputs, context)
        _check_heads(params.heads, checks.known(shape["feature"], "feature", context), context)
        return {"output": shape}

    def call(self, params: TransformerEncoderParams, inputs: Shapes) -> Call:
        width = int(inputs["input"]["feature"])
        arguments: dict[str, Any] = {"width": width, "heads": params.heads, "feed_forward": params.units(width)}
        for key, default in (("layers", 1), ("dropout", 0.0), ("causal", False)):
            if getattr(params, key) != default:
                arguments[key] = getattr(params, key)
        if params.norm == "post":
            arguments["pre_norm"] = False
        return Call("attention.TransformerEncoder", arguments, _WIRING)

    def parameters(self, params: TransformerEncoderParams, inputs: Shapes) -> dict[str, tuple[int, ...]]:
        width = int(inputs["input"]["feature"])
        units = params.units(width)
        attention = {f"attention.{key}": shape for key, shape in _attention_parameters(width, True).items()}
        norm1, norm2 = ({f"{name}.weight": (width,), f"{name}.bias": (width,)} for name in ("norm1", "norm2"))
        network = {
            "linear1.weight": (units, width),
            "linear1.bias": (units,),
            "linear2.weight": (width, units),
            "linear2.bias": (width,),
        }
        block: dict[str, tuple[int, ...]] = {**norm1, **attention, **norm2, **network}
        found = {f"blocks.{index}.{key}": shape for index in range(params.layers) for key, shape in block.items()}
        return {**found, "norm.weight": (width,), "norm.bias": (width,)} if params.norm == "pre" else found

    def macs(self, params: TransformerEncoderParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        width, steps = int(inputs["input"]["feature"]), checks.steps(inputs["input"], length)
        return params.layers * (_attention_macs(width, steps) + 2 * steps * width * params.units(width))

    def cost(self, params: TransformerEncoderParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> Cost:
        cost = super().cost(params, inputs, outputs, length)
        width, steps = int(inputs["input"]["feature"]), checks.steps(inputs["input"], length)
        kept = params.layers * steps * (12 * width + 4 * params.units(width))
        return Cost(cost.parameters, cost.macs, kept)

    def summary_line(self, params: TransformerEncoderParams) -> str:
        return Text("{layers} × {heads} heads", layers=params.layers, heads=params.heads)

    def causal(self, params: TransformerEncoderParams) -> bool:
        return params.causal


def _attention_parameters(width: int, bias: bool) -> dict[str, tuple[int, ...]]:
    if not bias:
        return {"qkv.weight": (3 * width, width), "out.weight": (width, width)}
    return {"qkv.weight": (3 * width, width), "qkv.bias": (3 * width,), "out.weight": (width, width), "out.bias": (width,)}


def _attention_macs(width: int, steps: int) -> int:
    """Returns the four projections, and the two products of every position with every other."""
    return 4 * steps * width * width + 2 * steps * steps * width


def _check_heads(heads: int, width: int, context: Context) -> None:
    if width % heads == 0:
        return
    fitting = sorted(
        (count for count in range(1, width + 1) if width % count == 0), key=lambda count: (abs(count - heads), count)
    )
    wider = -(-width // heads) * heads
    repairs: list[Fix[Graph]] = [
        fixes.change(context, Text("Use {count} heads", count=count) if count > 1 else Text("Use 1 head"), heads=count)
        for count in fitting[:2]
    ]
    repairs.append(fixes.insert(context, "input", "linear", Text("Project to {width} features first", width=wider), units=wider))
    raise LayerProblem(
        "attention.heads",
        Text("{node}: {heads} heads do not divide the feature size {width} evenly.", node=context.name, heads=heads, width=width),
        reason=Text("Every head takes the same share of the features."),
        port="input",
        fixes=repairs,
    )
