"""Transformer blocks."""

from __future__ import annotations

from typing import Any, Literal

from workbench.catalogue import Params, param
from workbench.graph.graph import Graph
from workbench.graph.problem import Problem
from workbench.graph.shape import Shape
from workbench.layers import attending, checks
from workbench.layers.base import Call, Context, Family, FromLengths, FromPort, Layer, Port, Shapes
from workbench.layers.figures.flow import Flow, blocks_in_row, decoder, encoder
from workbench.text import Text


class BlockParams(Params):
    """What can be set on Transformer blocks."""

    layers: int = param(2, label="Blocks", help="How many blocks stand on each other.", unit="blocks", ge=1, le=256)
    heads: int = attending.heads_param()
    feed_forward: int = param(
        0,
        label="Feed-forward",
        help="Units of the network at each position; 0: four times the width (SwiGLU: eight thirds, as many numbers in all).",
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
    activation: Literal["gelu", "relu", "swiglu"] = param(
        "gelu",
        label="Activation",
        help="How the network at each position bends: GELU as BERT and GPT, ReLU as first published, SwiGLU as Llama.",
        main=False,
        choices=("gelu", "relu", "swiglu"),
    )
    positions: attending.Positions = attending.positions_param()
    key_heads: int = attending.key_heads_param()

    def units(self, width: int) -> int:
        """Returns the units of the feed-forward network for this width."""
        return self.feed_forward or (-(-8 * width // 3) if self.activation == "swiglu" else 4 * width)


class TransformerEncoderParams(BlockParams):
    """What can be set on a Transformer encoder."""

    causal: bool = param(
        False, label="Causal", help="A position sees only itself and those before it, as for writing text.", main=False
    )


class Blocks(Layer):
    """What encoder and decoder share."""

    family = Family.ATTENTION
    keeps_width = True
    usually_next = ("mean_over_time",)
    inner_widths = ("feed_forward",)

    def shape(self, params: BlockParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        shape = checks.sequence(inputs, context)
        width = checks.known(shape["feature"], "feature", context)
        attending.check_heads(params.heads, width, context, key_heads=params.key_heads, rotary=params.positions == "rotary")
        return {"output": shape}

    def arguments(self, params: BlockParams, inputs: Shapes) -> dict[str, Any]:
        """Returns the arguments that both have."""
        width = int(inputs["input"]["feature"])
        found: dict[str, Any] = {"width": width, "heads": params.heads, "feed_forward": params.units(width)}
        found |= attending.given(params, layers=1, dropout=0.0, activation="gelu", key_heads=0, positions="none")
        return found | ({"pre_norm": False} if params.norm == "post" else {})

    def block(self, params: BlockParams, inputs: Shapes) -> dict[str, tuple[int, ...]]:
        """Returns the weights of one block."""
        width = int(inputs["input"]["feature"])
        units = params.units(width)
        inner = attending.self_parameters(width, params.heads, params.key_heads)
        found = {"norm1.weight": (width,), "norm1.bias": (width,), **{f"attention.{key}": shape for key, shape in inner.items()}}
        found |= {"norm2.weight": (width,), "norm2.bias": (width,)}
        for name, shape in (("linear1", (units, width)), ("gate", (units, width)), ("linear2", (width, units))):
            if name != "gate" or params.activation == "swiglu":
                found |= {f"{name}.weight": shape, f"{name}.bias": shape[:1]}
        return found

    def parameters(self, params: BlockParams, inputs: Shapes) -> dict[str, tuple[int, ...]]:
        width, block = int(inputs["input"]["feature"]), self.block(params, inputs)
        found = {f"blocks.{index}.{key}": shape for index in range(params.layers) for key, shape in block.items()}
        return {**found, "norm.weight": (width,), "norm.bias": (width,)} if params.norm == "pre" else found

    def macs(self, params: BlockParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        width, steps = int(inputs["input"]["feature"]), checks.steps(inputs["input"], length)
        products = 3 if params.activation == "swiglu" else 2
        attention = attending.self_macs(width, steps, params.heads, params.key_heads)
        return params.layers * (attention + products * steps * width * params.units(width))

    def scratch(self, params: BlockParams, inputs: Shapes, outputs: Shapes, length: int = 32, training: bool = False) -> int:
        if training:
            return 0
        width = int(inputs["input"]["feature"])
        return max(6 * width, 2 * width + 2 * params.units(width)) * checks.steps(inputs["input"], length)

    def inside(self, params: BlockParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        width, steps = int(inputs["input"]["feature"]), checks.steps(inputs["input"], length)
        bent = {"gelu": 2, "relu": 1, "swiglu": 4}[params.activation]
        if params.dropout:  # noise and what it leaves, instead of what went in
            bent = {"gelu": 3, "relu": 3, "swiglu": 5}[params.activation]
        kept = (6 if params.dropout else 4) * width * steps + bent * params.units(width) * steps
        kept += attending.self_kept(width, steps, params.heads, params.key_heads, params.dropout, params.positions)
        return params.layers * kept + (width * steps if params.norm == "pre" else 0)

    def summary_line(self, params: BlockParams) -> str:
        return Text("{layers} × {heads} heads", layers=params.layers, heads=params.heads)

    def warnings(self, params: BlockParams, inputs: Shapes, context: Context) -> list[Problem[Graph]]:
        return attending.positions_twice(params.positions, context)


class TransformerEncoder(Blocks):
    """Transformer encoder blocks (Vaswani et al. 2017; normalisation first as Xiong et al. 2020)."""

    name = "transformer_encoder"
    prominence = 21
    kept = ("input",)
    label = "Transformer encoder"
    summary = "Blocks of self-attention and a small network per position, each with a way around it."
    aliases = ("TransformerEncoderLayer", "BERT", "encoder block", "Transformer block", "Llama", "编码器", "变换器", "注意力")
    formula = "h = x + Attention(Norm(x)); y = h + W₂·GELU(W₁·Norm(h)); repeated"
    figure = Flow(encoder, blocks_in_row)
    related = ("transformer_decoder", "self_attention", "layer_norm")
    paper = "Vaswani et al. 2017, Attention Is All You Need; Devlin et al. 2019, BERT"
    Params = TransformerEncoderParams
    causal_by = {"causal": True}

    def call(self, params: BlockParams, inputs: Shapes) -> Call:
        arguments = self.arguments(params, inputs) | attending.given(params, causal=False)
        return Call("transformer.TransformerEncoder", arguments, {"input": FromPort("input"), "lengths": FromLengths("input")})

    def causal(self, params: TransformerEncoderParams) -> bool:
        return params.causal

    def order_blind(self, params: TransformerEncoderParams) -> bool:
        return params.positions == "none" and not params.causal


class TransformerDecoder(Blocks):
    """Transformer decoder blocks (Vaswani et al. 2017), with a memory to look at or (as GPT) without."""

    name = "transformer_decoder"
    kept = ("input", "memory")
    label = "Transformer decoder"
    summary = "Causal self-attention, a look at a memory where one is wired, and a small network, in blocks."
    aliases = ("TransformerDecoderLayer", "GPT", "decoder block", "decoder-only", "language model", "解码器", "变换器", "注意力")
    formula = "h = x + CausalAttention(Norm(x)); h = h + CrossAttention(Norm(h), memory); y = h + W₂·GELU(W₁·Norm(h)); repeated"
    figure = Flow(decoder, blocks_in_row)
    related = ("transformer_encoder", "self_attention", "cross_attention")
    paper = "Vaswani et al. 2017, Attention Is All You Need; Radford et al. 2019, GPT-2"
    inputs = (
        Port("input", help="The sequence that is written."),
        Port("memory", optional=True, help="What it looks at, such as the result of an encoder; without it, a decoder alone."),
    )
    Params = BlockParams

    def shape(self, params: BlockParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        if "memory" in inputs:
            attending.looking(inputs, context, "memory")
        return super().shape(params, inputs, context)

    def call(self, params: BlockParams, inputs: Shapes) -> Call:
        arguments = self.arguments(params, inputs)
        wiring: dict[str, Any] = {"input": FromPort("input"), "lengths": FromLengths("input"), "memory": FromPort("memory")}
        if "memory" in inputs:
            arguments["memory_width"] = attending.width(inputs["memory"])
            wiring["memory_lengths"] = FromLengths("memory")
        return Call("transformer.TransformerDecoder", arguments, wiring)

    def block(self, params: BlockParams, inputs: Shapes) -> dict[str, tuple[int, ...]]:
        found = super().block(params, inputs)
        if "memory" not in inputs:
            return found
        width = int(inputs["input"]["feature"])
        inner = attending.cross_parameters(width, attending.width(inputs["memory"]), params.heads, params.key_heads)
        found |= {"norm3.weight": (width,), "norm3.bias": (width,)}
        return found | {f"cross.{key}": shape for key, shape in inner.items()}

    def macs(self, params: BlockParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        found = super().macs(params, inputs, outputs, length)
        if "memory" not in inputs:
            return found
        width, seen = int(inputs["input"]["feature"]), inputs["memory"]
        sizes = width, attending.width(seen), checks.steps(inputs["input"], length), attending.places(seen, length)
        return found + params.layers * attending.cross_macs(*sizes, params.heads, params.key_heads)

    def inside(self, params: BlockParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        kept = super().inside(params, inputs, outputs, length)
        if "memory" not in inputs:
            return kept
        width, steps = int(inputs["input"]["feature"]), checks.steps(inputs["input"], length)
        sizes = width, steps, attending.places(inputs["memory"], length), params.heads, params.key_heads, params.dropout
        once = (3 if params.dropout else 2) * width * steps + attending.cross_kept(*sizes)
        return kept + params.layers * (once + attending.rows_kept(inputs["memory"], length))

    def causal_from(self, params: BlockParams, port: str) -> bool:
        return port == "input"
