"""Attention by content, without heads: for networks of any kind."""

from __future__ import annotations

from typing import Any

from workbench.catalogue import Params, param
from workbench.graph.dim import Dim
from workbench.graph.graph import Graph
from workbench.graph.problem import Fix
from workbench.graph.shape import Shape
from workbench.layers import attending, checks, fixes
from workbench.layers.base import Call, Context, Family, FromLengths, FromPort, Layer, LayerProblem, Port, Shapes
from workbench.layers.figures.attention import Additive, Attention
from workbench.layers.figures.flow import Flow, both_ways, heads_sentence
from workbench.text import Text

_QUERY = Port("query", help="What looks: a sequence, an image or a vector, such as the state of a decoder.")
_KEYS = Port("keys", help="What is looked at: a sequence or an image.")
_VALUES = Port("values", optional=True, help="What is gathered, one vector per key; without it, the keys themselves.")


class DotProductAttentionParams(Params):
    """What can be set on a dot-product attention."""

    scaled: bool = param(
        True, label="Scaled", help="Divide scores by the root of the width, so that they stay moderate in wide networks."
    )
    causal: bool = param(False, label="Causal", help="A position sees only itself and those before it, as for writing text.")
    dropout: float = attending.dropout_param()


class DotProductAttention(Layer):
    """Scaled dot-product attention on its own (Luong et al. 2015; Vaswani et al. 2017)."""

    name = "dot_product_attention"
    label = "Dot-product attention"
    family = Family.ATTENTION
    summary = "Every query gathers the values whose keys are like it; nothing to learn, projections are up to you."
    aliases = (
        "Attention", "scaled dot product", "ScaledDotProductAttention", "Luong", "tf.keras.layers.Attention", "点积注意力", "缩放点积注意力",
        "注意力",
    )
    formula = "y = softmax(q·Kᵀ / √D)·V"
    figure = Attention("q", "k")
    related = ("self_attention", "additive_attention", "matmul")
    paper = "Luong et al. 2015, Effective Approaches to Attention-based Neural Machine Translation; Vaswani et al. 2017"
    inputs = (_QUERY, _KEYS, _VALUES)
    Params = DotProductAttentionParams
    usual_norm = "layer_norm"
    usually_next = ("linear",)
    causal_by = {"causal": True}

    def shape(self, params: DotProductAttentionParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        query, keys = attending.looking(inputs, context, "query"), attending.looking(inputs, context, "keys")
        values = _values(inputs, context)
        if attending.width(query) != attending.width(keys):
            raise _widths_differ(query, keys, context)
        if params.causal and (not checks.is_sequence(query) or query.axes != keys.axes or query.dims[1] != keys.dims[1]):
            raise LayerProblem(
                "attention.causal-positions",
                Text(
                    "{node} is causal, but its queries ({query}) and keys ({keys}) are not positions of one sequence.",
                    node=context.name, query=query.named(), keys=keys.named(),
                ),
                reason=Text("Before and after make sense within one sequence alone."),
                port="keys",
                fixes=[fixes.change(context, Text("Let every query see all keys"), causal=False)],
            )
        return {"output": query.with_dim(attending.width_of(query), attending.width(values))}

    def call(self, params: DotProductAttentionParams, inputs: Shapes) -> Call:
        wiring = {"query": FromPort("query"), "keys": FromPort("keys"), "values": FromPort("values"), "lengths": FromLengths("keys")}
        arguments = attending.given(params, scaled=True, causal=False, dropout=0.0)
        return Call("content_attention.DotProductAttention", arguments, wiring)

    def macs(self, params: DotProductAttentionParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        query, values = inputs["query"], inputs.get("values", inputs["keys"])
        pairs = attending.places(query, length) * attending.places(inputs["keys"], length)
        return pairs * (attending.width(query) + attending.width(values))

    def inside(self, params: DotProductAttentionParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        looks, seen = attending.places(inputs["query"], length), attending.places(inputs["keys"], length)
        if params.dropout:
            return attending.width(inputs["keys"]) * (looks + seen) + 3 * looks * seen
        return looks + sum(attending.rows_kept(shape, length) for shape in inputs.values())

    def keeps(self, params: DotProductAttentionParams, inputs: Shapes) -> tuple[str, ...]:
        values = "values" if "values" in inputs else "keys"
        read = (values,) if params.dropout else ("query", "keys", values, "output")
        return tuple(port for port in read if port == "output" or not checks.is_image(inputs[port]))

    def summary_line(self, params: DotProductAttentionParams) -> str:
        return Text("causal") if params.causal else ""

    def causal(self, params: DotProductAttentionParams) -> bool:
        return params.causal

    def causal_from(self, params: DotProductAttentionParams, port: str) -> bool:
        return params.causal or port == "query"


class AdditiveAttentionParams(Params):
    """What can be set on an additive attention."""

    units: int = param(
        64, label="Units", help="Units of the small network that scores.", unit="features", ge=1, le=1_000_000, log=True
    )
    dropout: float = attending.dropout_param()


class AdditiveAttention(Layer):
    """Additive attention (Bahdanau et al. 2015); without a query, attention pooling (Yang et al. 2016)."""

    name = "additive_attention"
    kept = ("query", "keys")
    label = "Additive attention"
    family = Family.ATTENTION
    summary = "A small network scores how well each key answers the query; without one, all becomes one vector."
    aliases = ("Bahdanau", "AdditiveAttention", "concat attention", "attention pooling", "seq2seq", "加性注意力", "注意力", "注意力池化")
    formula = "αₛ = softmaxₛ(vᵀ·tanh(W·q + U·kₛ + b)); y = Σₛ αₛ·vₛ"
    figure = Additive()
    related = ("dot_product_attention", "cross_attention", "gru")
    paper = "Bahdanau et al. 2015, Neural Machine Translation by Jointly Learning to Align and Translate"
    inputs = (_KEYS, Port("query", optional=True, help="What looks; without it, everything is gathered into one vector."), _VALUES)
    Params = AdditiveAttentionParams
    usual_norm = "layer_norm"
    usually_next = ("linear",)
    inner_widths = ("units",)

    def shape(self, params: AdditiveAttentionParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        keys = attending.looking(inputs, context, "keys", vector=False)
        width = attending.width(_values(inputs, context))
        if "query" not in inputs:
            return {"output": keys.with_axes(("batch", "feature"), (keys["batch"], width))}
        query = attending.looking(inputs, context, "query")
        return {"output": query.with_dim(attending.width_of(query), width)}

    def call(self, params: AdditiveAttentionParams, inputs: Shapes) -> Call:
        arguments: dict[str, Any] = {"key_width": attending.width(inputs["keys"]), "units": params.units}
        if "query" in inputs:
            arguments["query_width"] = attending.width(inputs["query"])
        arguments |= attending.given(params, dropout=0.0)
        wiring = {"keys": FromPort("keys"), "query": FromPort("query"), "values": FromPort("values"), "lengths": FromLengths("keys")}
        return Call("content_attention.AdditiveAttention", arguments, wiring)

    def parameters(self, params: AdditiveAttentionParams, inputs: Shapes) -> dict[str, tuple[int, ...]]:
        found: dict[str, tuple[int, ...]] = {
            "from_keys.weight": (params.units, attending.width(inputs["keys"])), "from_keys.bias": (params.units,),
        }
        if "query" in inputs:
            found["from_query.weight"] = (params.units, attending.width(inputs["query"]))
        return {**found, "score.weight": (1, params.units)}

    def macs(self, params: AdditiveAttentionParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        seen, values = attending.places(inputs["keys"], length), attending.width(inputs.get("values", inputs["keys"]))
        looks = attending.places(inputs["query"], length) if "query" in inputs else 1
        asked = looks * attending.width(inputs["query"]) * params.units if "query" in inputs else 0
        return seen * attending.width(inputs["keys"]) * params.units + asked + looks * seen * (params.units + values)

    def inside(self, params: AdditiveAttentionParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        pairs = attending.places(inputs["keys"], length) * (attending.places(inputs["query"], length) if "query" in inputs else 1)
        return pairs * (params.units + (3 if params.dropout else 1)) + attending.rows_kept(inputs["keys"], length)

    def summary_line(self, params: AdditiveAttentionParams) -> str:
        return Text("{units} units", units=params.units)

    def causal(self, params: AdditiveAttentionParams) -> bool:
        return False

    def causal_from(self, params: AdditiveAttentionParams, port: str) -> bool:
        return port == "query"


class CrossModalAttentionParams(Params):
    """What can be set on a cross-modal attention."""

    heads: int = attending.heads_param()
    dropout: float = param(0.0, label="Dropout", help="The share of numbers dropped while training.", main=False, ge=0, lt=1)


class CrossModalAttention(Layer):
    """Two inputs of different kinds that look at each other (co-attention, Lu et al. 2019)."""

    name = "cross_modal_attention"
    kept = ("first", "second")
    label = "Cross-modal attention"
    family = Family.ATTENTION
    summary = "Two inputs, such as an image and a sentence, look at each other; each adds what it gathered to itself."
    aliases = ("co-attention", "ViLBERT", "multimodal", "vision-language", "LXMERT", "跨模态注意力", "多模态", "注意力")
    formula = "a' = a + Attention(Norm(a), Norm(b)); b' = b + Attention(Norm(b), Norm(a))"
    figure = Flow(both_ways, heads_sentence)
    related = ("cross_attention", "concatenate")
    paper = "Lu et al. 2019, ViLBERT; Tan and Bansal 2019, LXMERT"
    inputs = (
        Port("first", help="A sequence, an image or a vector."),
        Port("second", help="Another sequence, image or vector."),
    )
    outputs = (
        Port("first", help="The first input with what it saw in the second."),
        Port("second", help="The second input with what it saw in the first."),
    )
    Params = CrossModalAttentionParams
    keeps_width = True
    usual_norm = "layer_norm"
    usually_next = ("mean_over_time",)

    def shape(self, params: CrossModalAttentionParams, inputs: Shapes, context: Context) -> dict[str, Shape]:
        found = {port: attending.looking(inputs, context, port) for port in ("first", "second")}
        for port, shape in found.items():
            attending.check_heads(params.heads, attending.width(shape), context, port)
        return found

    def call(self, params: CrossModalAttentionParams, inputs: Shapes) -> Call:
        widths = {"first_width": attending.width(inputs["first"]), "second_width": attending.width(inputs["second"])}
        wiring = {
            "first": FromPort("first"), "second": FromPort("second"), "first_lengths": FromLengths("first"),
            "second_lengths": FromLengths("second"),
        }
        arguments: dict[str, Any] = {**widths, "heads": params.heads, **attending.given(params, dropout=0.0)}
        return Call("image_attention.CrossModalAttention", arguments, wiring, ("first", "second"))

    def parameters(self, params: CrossModalAttentionParams, inputs: Shapes) -> dict[str, tuple[int, ...]]:
        first, second = attending.width(inputs["first"]), attending.width(inputs["second"])
        found: dict[str, tuple[int, ...]] = {"norm_first.weight": (first,), "norm_first.bias": (first,)}
        found |= {"norm_second.weight": (second,), "norm_second.bias": (second,)}
        for name, own, other in (("first", first, second), ("second", second, first)):
            found |= {f"{name}.{key}": shape for key, shape in attending.cross_parameters(own, other, params.heads).items()}
        return found

    def macs(self, params: CrossModalAttentionParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        (one, ones), (other, others) = ((attending.width(shape), attending.places(shape, length)) for shape in (inputs["first"], inputs["second"]))
        return attending.cross_macs(one, other, ones, others, params.heads) + attending.cross_macs(other, one, others, ones, params.heads)

    def inside(self, params: CrossModalAttentionParams, inputs: Shapes, outputs: Shapes, length: int = 32) -> int:
        (one, ones), (other, others) = (
            (attending.width(shape), attending.places(shape, length)) for shape in (inputs["first"], inputs["second"])
        )
        kept = attending.cross_kept(one, ones, others, params.heads, dropout=params.dropout)
        kept += attending.cross_kept(other, others, ones, params.heads, dropout=params.dropout)
        made = sum(shape.elements_per_row(length) for shape in outputs.values())
        return (2 if params.dropout else 1) * made + kept

    def summary_line(self, params: CrossModalAttentionParams) -> str:
        return Text("{heads} heads", heads=params.heads)

    def causal(self, params: CrossModalAttentionParams) -> bool:
        return False


def _values(inputs: Shapes, context: Context) -> Shape:
    """Returns what is gathered.

    Raises:
        LayerProblem: There is not one value per key.
    """
    if "values" not in inputs:
        return inputs["keys"]
    keys, values = inputs["keys"], attending.looking(inputs, context, "values")
    if _positions(keys) == _positions(values):
        return values
    raise LayerProblem(
        "attention.values",
        Text(
            "{node} needs one value per key, but there are {keys} keys and {values} values.",
            node=context.name, keys=str(_positions(keys)), values=str(_positions(values)),
        ),
        reason=Text("Where a key is found, its value is gathered."),
        port="values",
    )


def _positions(shape: Shape) -> Dim:
    total = Dim.of(1)
    for axis, dim in zip(shape.axes[1:], shape.dims[1:], strict=True):
        total = total if axis == attending.width_of(shape) else total * dim
    return total


def _widths_differ(query: Shape, keys: Shape, context: Context) -> LayerProblem:
    repairs: list[Fix[Graph]] = []
    for port, shape, wanted in (("query", query, attending.width(keys)), ("keys", keys, attending.width(query))):
        source = checks.source_name(context, port)
        if checks.is_image(shape):
            label = Text("Bring {source} to {width} channels with a 1×1 convolution", source=source, width=wanted)
            repairs.append(fixes.insert(context, port, "conv2d", label, filters=wanted, kernel=1))
        else:
            label = Text("Project {source} to {width} features first", source=source, width=wanted)
            repairs.append(fixes.insert(context, port, "linear", label, units=wanted))
    repairs.append(fixes.become(context, "additive_attention", Text("Use additive attention, which takes any widths")))
    return LayerProblem(
        "attention.widths",
        Text(
            "{node} compares queries of {query} features with keys of {keys}.",
            node=context.name, query=attending.width(query), keys=attending.width(keys),
        ),
        reason=Text("A product of two vectors needs as many numbers in both."),
        port="query",
        fixes=repairs,
    )
