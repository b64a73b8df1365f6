"""Ids become vectors, and vectors learn where they stand."""

from __future__ import annotations

from typing import Literal

from workbench.catalogue import Params, param
from workbench.graph.graph import Graph
from workbench.graph.problem import Problem, Severity
from workbench.graph.shape import Shape
from workbench.layers import checks, fixes
from workbench.layers.base import Call, Context, Family, Layer, LayerProblem, Shapes
from workbench.layers.figures.places import ImagePlaces, Lookup, Positions, Rotary
from workbench.text import Text


class EmbeddingParams(Params):
    """What can be set on an embedding."""

    width: int = param(64, label="Width", help="How many numbers describe one id.", unit="features", ge=1, le=1_000_000, log=True)


class Embedding(Layer):
    """A learned vector per id."""

    name = "embedding"
    prominence = 17
    kept = ("input",)
    label = "Embedding"
    family = Family.DENSE
    summary = "Looks up a learned vector for every token or category."
    aliases = ("Gather", "lookup", "word vectors", "word2vec", "tf.nn.embedding_lookup", "嵌入", "词向量", "词嵌入")
    formula = "y[t] = W[x[t]]"
    figure = Lookup()
    related = ("linear", "positional_encoding", "category_input")
    paper = "Mikolov et al. 2013, Efficient Estimation of Word Representations in Vector Space"
    differentiable = False
    Params = EmbeddingParams
    width_param = "width"
    usual_norm = "layer_norm"
    usually_next = ("positional_encoding", "linear")

    def shape(self, params: EmbeddingParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        shape = inputs["input"]
        if shape.dtype != "int64" or shape.vocabulary is None:
            instead = (
                [fixes.become(context, "linear", Text("Use Linear instead"), units=params.width)]
                if "feature" in shape.axes[-1:]
                else []
            )
            raise LayerProblem(
                "embedding.needs-ids",
                Text(
                    "{node} needs ids of tokens or categories, but {source} gives {dtype} numbers.",
                    node=context.name,
                    source=checks.source_name(context, "input"),
                    dtype=shape.dtype,
                ),
                reason=Text("It looks ids up in a table; numbers with a size of their own go into a Linear layer."),
                port="input",
                fixes=[*instead, fixes.remove(context)],
            )
        return {"output": shape.with_axes((*shape.axes, "feature"), (*shape.dims, params.width))}

    def call(self, params: EmbeddingParams, inputs: Shapes) -> Call:
        return Call("nn.Embedding", {"num_embeddings": inputs["input"].vocabulary, "embedding_dim": params.width})

    def parameters(self, params: EmbeddingParams, inputs: Shapes) -> dict[str, tuple[int, ...]]:
        return {"weight": (inputs["input"].vocabulary or 0, params.width)}

    def summary_line(self, params: EmbeddingParams) -> str:
        return Text("width {width}", width=params.width)


class PositionalEncodingParams(Params):
    """What can be set on a positional encoding."""

    kind: Literal["sinusoidal", "learned"] = param(
        "sinusoidal",
        label="Kind",
        help="sinusoidal: fixed waves, nothing to learn; learned: a vector per position.",
        choices=("sinusoidal", "learned"),
    )
    maximum_length: int = param(
        0,
        label="Longest row",
        help="How many positions it knows; 0: as many as the input can have.",
        unit="positions",
        main=False,
        ge=0,
        le=1_000_000,
    )

    def positions(self, shape: Shape) -> int:
        """Returns how many positions it knows for this input; 0 where the input has no end."""
        return self.maximum_length or _longest(shape)


class PositionalEncoding(Layer):
    """Positions added to vectors."""

    name = "positional_encoding"
    label = "Positions"
    family = Family.ATTENTION
    summary = "Adds to every vector where it stands; attention alone does not know the order."
    aliases = ("PositionEmbedding", "PositionalEmbedding", "position encoding", "sine", "sinusoidal", "位置编码", "位置嵌入")
    formula = "y[t] = x[t] + p[t]; sinusoidal: p[t, 2i] = sin(t / 10000^(2i/D)), p[t, 2i+1] = cos(t / 10000^(2i/D))"
    figure = Positions()
    related = ("rotary_positions", "image_positions", "embedding")
    paper = "Vaswani et al. 2017, Attention Is All You Need"
    Params = PositionalEncodingParams
    keeps_width = True
    bends = False
    marks_positions = True
    usually_next = ("transformer_encoder",)

    def shape(self, params: PositionalEncodingParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        shape = checks.sequence(inputs, context)
        checks.known(shape["feature"], "feature", context)
        longest = _longest(shape)
        if not params.positions(shape):
            raise LayerProblem(
                "positions.unknown-length",
                Text("{node} must know the longest row, but the input has no end.", node=context.name),
                port="input",
                fixes=[fixes.change(context, Text("Know 512 positions"), maximum_length=512)],
            )
        if longest > params.positions(shape):
            raise LayerProblem(
                "positions.too-few",
                Text(
                    "{node} knows {count} positions, but rows have up to {longest}.",
                    node=context.name,
                    count=params.maximum_length,
                    longest=longest,
                ),
                port="input",
                fixes=[fixes.change(context, Text("Know as many as the input has"), maximum_length=0)],
            )
        return {"output": shape}

    def call(self, params: PositionalEncodingParams, inputs: Shapes) -> Call:
        shape = inputs["input"]
        target = "positions.LearnedPositions" if params.kind == "learned" else "positions.SinusoidalPositions"
        return Call(target, {"width": int(shape["feature"]), "maximum_length": params.positions(shape)})

    def parameters(self, params: PositionalEncodingParams, inputs: Shapes) -> dict[str, tuple[int, ...]]:
        shape = inputs["input"]
        return {"weight": (params.positions(shape), int(shape["feature"]))} if params.kind == "learned" else {}

    def summary_line(self, params: PositionalEncodingParams) -> str:
        return Text("learned") if params.kind == "learned" else Text("sinusoidal")

    def warnings(self, params: PositionalEncodingParams, inputs: Shapes, context: Context) -> list[Problem[Graph]]:
        if context.source_layers.get("input") != self.name:
            return []
        message = Text(
            "{node} adds positions that {source} has added already.", node=context.name, source=context.sources["input"]
        )
        return [Problem("positions.twice", message, context.node, severity=Severity.WARNING, fixes=(fixes.remove(context),))]


class RotaryPositions(Layer):
    """Rotary positions on their own (RoPE, Su et al. 2021)."""

    name = "rotary_positions"
    label = "Rotary positions"
    family = Family.ATTENTION
    summary = "Turns pairs of features by their place; products of two such vectors know how far apart they are."
    aliases = ("RoPE", "RotaryEmbedding", "rotary embedding", "relative positions", "旋转位置编码", "位置编码", "位置嵌入")
    formula = "y[t] = R(t)·x[t]; R(t) turns pair i by t / 10000^(2i/D); y[s]·y[t] depends on t − s alone"
    figure = Rotary()
    related = ("positional_encoding", "dot_product_attention", "self_attention")
    paper = "Su et al. 2021, RoFormer: Enhanced Transformer with Rotary Position Embedding"
    keeps_width = True
    bends = False
    marks_positions = True
    usually_next = ("self_attention",)

    def shape(self, params: Params, inputs: Shapes, context: Context) -> dict[str, Shape]:
        shape = checks.sequence(inputs, context)
        width = checks.known(shape["feature"], "feature", context)
        if width % 2:
            raise LayerProblem(
                "positions.odd-width",
                Text("{node} turns features in pairs, but there are {width}.", node=context.name, width=width),
                port="input",
                fixes=[
                    fixes.insert(context, "input", "linear", Text("Project to {width} features first", width=width + 1), units=width + 1),
                    fixes.become(context, "positional_encoding", Text("Use added positions instead")),
                ],
            )
        return {"output": shape}

    def call(self, params: Params, inputs: Shapes) -> Call:
        return Call("positions.RotaryPositions")


class ImagePositionsParams(Params):
    """What can be set on positions of an image."""

    kind: Literal["sinusoidal", "learned"] = param(
        "sinusoidal",
        label="Kind",
        help="sinusoidal: fixed waves, nothing to learn; learned: a vector per row and per column.",
        choices=("sinusoidal", "learned"),
    )


class ImagePositions(Layer):
    """Positions added to an image."""

    name = "image_positions"
    label = "Image positions"
    family = Family.ATTENTION
    summary = "Adds to every pixel in which row and column it stands; attention alone does not know."
    aliases = ("2D positional encoding", "PositionEmbedding", "sine 2d", "DETR", "CoordConv", "二维位置编码", "图像位置编码", "位置编码")
    formula = "y[:, i, j] = x[:, i, j] + p[i] + q[j]"
    figure = ImagePlaces()
    related = ("positional_encoding", "image_attention")
    paper = "Carion et al. 2020, End-to-End Object Detection with Transformers"
    Params = ImagePositionsParams
    keeps_width = True
    bends = False
    marks_positions = True
    usually_next = ("image_attention", "conv2d")

    def shape(self, params: ImagePositionsParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        shape = checks.image(inputs, context)
        for axis in ("channel", "height", "width"):
            checks.known(shape[axis], axis, context)
        return {"output": shape}

    def call(self, params: ImagePositionsParams, inputs: Shapes) -> Call:
        shape = inputs["input"]
        target = "positions.LearnedImagePositions" if params.kind == "learned" else "positions.SinusoidalImagePositions"
        return Call(target, {"channels": int(shape["channel"]), "height": int(shape["height"]), "width": int(shape["width"])})

    def parameters(self, params: ImagePositionsParams, inputs: Shapes) -> dict[str, tuple[int, ...]]:
        if params.kind == "sinusoidal":
            return {}
        shape = inputs["input"]
        channels = int(shape["channel"])
        return {"rows": (channels, int(shape["height"]), 1), "columns": (channels, 1, int(shape["width"]))}

    def summary_line(self, params: ImagePositionsParams) -> str:
        return Text("learned") if params.kind == "learned" else Text("sinusoidal")


def _longest(shape: Shape) -> int:
    """Returns the largest size of the sequence axis, or 0 where it has no end."""
    size = shape.dims[1]
    if size.constant is not None:
        return size.constant
    symbols = size.symbols()
    if any(symbol.maximum is None for symbol in symbols):
        return 0
    return int(size.evaluate({symbol.name: symbol.maximum for symbol in symbols}))
