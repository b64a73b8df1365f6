"""Modules at work: each call of a module becomes a node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from workbench.graph.graph import PortRef
from workbench.graph.shape import Shape
from workbench.models.reading import heads, operations, views
from workbench.models.reading.drawing import Drawing, is_plain, module_path
from workbench.models.reading.inversion import SIZES, Match, invert, normal
from workbench.models.reading.reading import NotDrawableError, WrongSizeError
from workbench.models.reading.values import Attending, Blank, Module, States, Tensor, Unknown, Weight, tensors_in
from workbench.text import Text

if TYPE_CHECKING:
    from workbench.models.reading.expressions import Expressions

_POINTWISE = frozenset(
    """nn.Linear nn.LayerNorm nn.RMSNorm nn.Dropout nn.ReLU nn.ReLU6 nn.GELU nn.SiLU nn.Tanh nn.Sigmoid nn.ELU nn.LeakyReLU nn.Mish
    nn.Softplus nn.Hardswish nn.SELU""".split()  # noqa: SIM905 (words read better than quotes)
)
"""What is done to every vector alone, so that the order of the axes before it does not matter."""
_ATTENTION = {"qkv.weight": "in_proj_weight", "qkv.bias": "in_proj_bias", "out.weight": "out_proj.weight", "out.bias": "out_proj.bias"}
_MASKS = ("key_padding_mask", "src_key_padding_mask")


@dataclass(frozen=True)
class Twin:
    """The module of the catalogue that computes what one of torch does.

    Attributes:
        target: Its target.
        arguments: Its arguments.
        renames: Our weights that are called differently there.
        order: The order of the axes that it wants, of those that torch's takes; also how its result comes back.
    """

    target: str
    arguments: Mapping[str, Any]
    renames: Mapping[str, str] = field(default_factory=dict)
    order: tuple[int, ...] = ()


def forward(
    reader: Expressions, module: Module, given: Sequence[Any], named: Mapping[str, Any], renames: Mapping[str, str] | None = None
) -> Any:
    """Draws a call of a module and returns what it returns.

    Raises:
        NotDrawableError: It cannot be drawn.
    """
    drawing = operations.drawn(reader)
    values = [operations.as_tensor(value) for value in given if value is not None]
    if values and isinstance(values[0], Attending):
        return heads.through(reader, module, values[0])
    if drawing.probing:
        for mask in ("attn_mask", *_MASKS):
            if isinstance(named.get(mask), Tensor):
                drawing.unwired[named[mask].port] = "padding" if mask in _MASKS else "mask"
        return _met(drawing, module, values)
    kind = module.target.removeprefix("nn.")
    special = _SPECIAL.get(kind) if module.target.startswith("nn.") else None
    if special is not None:
        return special(reader, module, values, named)
    ours = not module.target.startswith("nn.")
    more = [value for key, value in named.items() if ours and key not in ("input", "lengths") and isinstance(value, Tensor)]
    tensors = _tensors([*values, *more], named)
    if any(
        value is not None and not (ours and isinstance(value, Tensor)) for key, value in named.items() if key not in ("input", "lengths")
    ):
        raise NotDrawableError(Text("Its arguments by name have no place in the drawing."))
    results = draw(reader, module, Twin(module.target, module.arguments, renames or {}), tensors)
    if module.arguments.get("inplace") is True and len(tensors) == 1:
        tensors[0].become(results[0])
    return results[0] if len(results) == 1 else tuple(results)


def _met(drawing: Drawing, module: Module, values: Sequence[Any]) -> Any:
    """Notes which module an input comes to first."""
    tensors = [value for value in values if isinstance(value, Tensor)]
    for tensor in tensors:
        drawing.met.append((tensor.port, module, tensor.port in drawing.viewed))
    through = module.target.removeprefix("nn.") in ("Identity", "Dropout", "ReLU", "Flatten", "LayerNorm", "BatchNorm1d")
    if through and len(tensors) == 1:
        if module.target == "nn.Flatten":
            drawing.viewed.add(tensors[0].port)
        return tensors[0]
    results = [Tensor(PortRef(f"met{len(drawing.met)}", str(index))) for index in range(3)]
    recurrent = module.target in ("nn.LSTM", "nn.GRU", "nn.RNN", "nn.MultiheadAttention") or module.target.startswith("recurrent.")
    return (results[0], Unknown("states", 0, (results[1],))) if recurrent else results[0]


def _tensors(values: Sequence[Any], named: Mapping[str, Any]) -> list[Tensor]:
    found = [*values, *([named["input"]] if isinstance(named.get("input"), Tensor) else [])]
    if not found or not all(isinstance(value, Tensor) for value in found):
        raise NotDrawableError(Text("What it is given does not come from the drawing."))
    return found


def draw(reader: Expressions, module: Module, twin: Twin, tensors: Sequence[Tensor]) -> list[Tensor]:
    """Draws the node of a module's twin."""
    drawing = operations.drawn(reader)
    first = tensors[0]
    if twin.target in _POINTWISE and len(tensors) == 1 and operations.turned(first) and first.layout is not None and first.layout[0] != (0,):
        last = first.layout[-1] == (len(first.layout) - 1,)
        if last or twin.target not in ("nn.Linear", "nn.LayerNorm", "nn.RMSNorm"):
            return [found.seen(first.layout) for found in draw(reader, module, twin, [operations.unturned(first)])]
    if twin.target in _POINTWISE and len(tensors) == 1 and operations.joins_rows(first):
        return [found.seen(first.layout or ()) for found in draw(reader, module, twin, [operations.unturned(first)])]
    if twin.target == "nn.Linear" and _channels_last(first):
        return [views.permuted(found, (0, 2, 3, 1)) for found in draw(reader, module, _pixelwise(twin), [views.permuted(first, (0, 3, 1, 2))])]
    if twin.target == "nn.Linear" and first.shape is not None and first.shape.rank == 3:
        tensors = [operations.renamed(reader, first)]
    if twin.order:
        tensors = [tensor if tensor.shape is None else views.permuted(tensor, twin.order) for tensor in tensors]
    sources = [operations.settled(reader, tensor) for tensor in tensors]
    match = found(drawing, twin, sources)
    path = module_path(reader.path_of(module)) if module.paths else ""
    if path:
        return drawing.drawn_module(module, match, sources, path, twin.renames)
    return drawing.draw(match, sources)[1]


def _channels_last(tensor: Tensor) -> bool:
    """Whether a tensor is seen as an image whose channels are its last axis."""
    shape, layout = tensor.shape, tensor.layout
    if shape is None or layout is None or len(layout) != 4 or not all(len(part) == 1 for part in layout):
        return False
    return [shape.axes[part[0]] for part in layout] == ["batch", "height", "width", "channel"]


def _pixelwise(twin: Twin) -> Twin:
    """Returns the convolution by one pixel that computes what a linear layer computes of every pixel."""
    sizes = {"in_channels": twin.arguments.get("in_features"), "out_channels": twin.arguments.get("out_features"), "kernel_size": 1}
    bias = {"bias": twin.arguments["bias"]} if "bias" in twin.arguments else {}
    return Twin("nn.Conv2d", {**sizes, **bias}, twin.renames)


def found(drawing: Drawing, twin: Twin, sources: Sequence[tuple[PortRef, Shape | None]]) -> Match:
    """Returns the layer of a call, and says where it was made for another size.

    Raises:
        NotDrawableError: There is no layer for it.
        WrongSizeError: It was made for another size, and sizes are being tried.
    """
    unclear = next((value for value in twin.arguments.values() if not is_plain(value)), None)
    if unclear is not None:
        raise NotDrawableError(
            Text("Its argument {what} is not known.", what=getattr(unclear, "text", "") or type(unclear).__name__.lower())
        )
    shapes = [shape for _, shape in sources if shape is not None]
    best = invert(twin.target, twin.arguments, shapes) if len(shapes) == len(sources) else None
    if best is None or best.differing:
        for stand_in in stand_ins(twin.target, twin.arguments):
            other = invert(twin.target, twin.arguments, [stand_in] * len(sources))
            if other is not None and (best is None or len(other.differing) < len(best.differing)):
                if shapes and drawing.strict:
                    raise WrongSizeError
                best = _with_sizes(other, best)
    if best is None:
        raise NotDrawableError(Text("There is no such layer in the catalogue."))
    other = [key for key in best.differing if key not in SIZES]
    if other:
        wanted = normal(twin.target, twin.arguments)
        raise NotDrawableError(
            Text("The catalogue's layer does not know {arguments}.", arguments=", ".join(f"{key}={wanted[key]!r}" for key in other))
        )
    if best.differing and shapes:
        _say_size(drawing, twin, best)
    return best


def _with_sizes(found: Match, best: Match | None) -> Match:
    return (
        found
        if best is None or best.layer != found.layer
        else Match(found.layer, found.params, best.call, best.differing if set(best.differing) <= SIZES else found.differing)
    )


def _say_size(drawing: Drawing, twin: Twin, best: Match) -> None:
    if drawing.strict:
        raise WrongSizeError
    key = best.differing[0]
    wanted, reached = normal(twin.target, twin.arguments)[key], normal(twin.target, best.call.arguments).get(key)
    drawing.say(
        "source.size",
        Text(
            "Line {line}: {layer} is made for {wanted}, but {reached} arrive.",
            line=drawing.line,
            layer=twin.target,
            wanted=str(wanted),
            reached=str(reached),
        ),
        Text("The drawing takes the size that arrives; weights of the other size cannot be loaded."),
        error=False,
    )


def stand_ins(target: str, arguments: Mapping[str, Any]) -> list[Shape]:
    """Returns shapes that may arrive at a module, from its own arguments."""
    width = next((value for key, value in arguments.items() if key in SIZES and isinstance(value, int)), 8)
    sizes = arguments.get("normalized_shape")
    if isinstance(sizes, list | tuple) and sizes and all(isinstance(size, int) for size in sizes):
        width = sizes[-1]
        if len(sizes) == 3:
            return [Shape.of(channel=sizes[0], height=sizes[1], width=sizes[2])]
    if "num_embeddings" in arguments:
        return [Shape.of("int64", width, time=16), Shape.of("int64", width)]
    vector, sequence, image = Shape.of(feature=width), Shape.of(time=16, feature=width), Shape.of(channel=width, height=64, width=64)
    return [vector, sequence, image]


def _attention(reader: Expressions, module: Module, values: Sequence[Any], named: Mapping[str, Any]) -> Any:
    query, key, value, *more = [*values, *(named[name] for name in ("query", "key", "value") if name in named)]
    options = dict(named, **({"key_padding_mask": more[0]} if more else {}))
    causal = _causal(reader, options)
    arguments = dict(module.arguments)
    ours = {"width": arguments["embed_dim"], "heads": arguments["num_heads"]}
    ours |= {key: arguments[key] for key, default in (("dropout", 0.0), ("bias", True)) if arguments.get(key, default) != default}
    order = () if arguments.get("batch_first") is True else (1, 0, 2)
    if any(arguments.get(key) for key in ("add_bias_kv", "add_zero_attn", "kdim", "vdim")):
        raise NotDrawableError(Text("The catalogue's attention does not know these arguments."))
    if _same(query, key) and _same(key, value):
        ours |= {"causal": True} if causal else {}
        (result,) = draw(reader, module, Twin("attention.SelfAttention", ours, _ATTENTION, order), [query])
    elif _same(key, value) and not causal:
        twin = Twin("attention.CrossAttention", ours, _crossed(ours["width"]), order)
        (result,) = draw(reader, module, twin, [query, key])
    else:
        raise NotDrawableError(Text("Attention whose keys are not its values, or that is causal between two sequences, has no layer."))
    return views.permuted(result, order) if order and result.shape is not None else result, Unknown(
        "attention weights", drawing_line(reader)
    )


def _causal(reader: Expressions, options: Mapping[str, Any]) -> bool:
    """Returns whether an attention is causal; a mask of the padding is left out, since the lengths of rows travel with the data."""
    given = [options.get(name) for name in ("attn_mask", *_MASKS) if options.get(name) is not None]
    masks = [mask for mask in given if isinstance(mask, Blank) and mask.masks]
    if len(masks) < len(given):
        raise NotDrawableError(Text("An attention mask of one's own has no layer; only a causal one and one of the padding have."))
    if any(mask.kind != "mask" for mask in masks):
        say_padding(reader)
    return any(mask.kind == "mask" for mask in masks) or options.get("is_causal") is True


def say_padding(reader: Expressions) -> None:
    """Says once that a mask of the padding needs no wire."""
    operations.drawn(reader).say(
        "source.padding",
        Text("The mask of the padding is left out: the lengths of the rows travel with the data."),
        Text("Padded positions are not looked at wherever the data says how long its rows are."),
        error=False,
    )


def _crossed(width: int) -> dict[str, str]:
    """Returns where the projections of a cross-attention lie in those of torch: one above the other."""
    found = {"out.weight": "out_proj.weight", "out.bias": "out_proj.bias"}
    for kind in ("weight", "bias"):
        found |= {f"query.{kind}": f"in_proj_{kind}<0:{width}", f"kv.{kind}": f"in_proj_{kind}<{width}:{3 * width}"}
    return found


def drawing_line(reader: Expressions) -> int:
    """Returns the line that is being read."""
    return operations.drawn(reader).line


def _same(one: Any, other: Any) -> bool:
    return isinstance(one, Tensor) and isinstance(other, Tensor) and (one.port, one.layout) == (other.port, other.layout)


def _attention_result(reader: Expressions, module: Module, values: Sequence[Any], named: Mapping[str, Any]) -> Any:
    result, weights = _attention(reader, module, values, named)
    return (result, weights)


def _recurrent(reader: Expressions, module: Module, values: Sequence[Any], named: Mapping[str, Any]) -> Any:
    tensor, *states = [*values, *(named[key] for key in ("input", "hx") if key in named)]
    arguments = {key: value for key, value in module.arguments.items() if key not in ("batch_first", "device", "dtype")}
    layers, both = arguments.get("num_layers", 1), bool(arguments.get("bidirectional", False))
    if layers == 1:
        arguments.pop("dropout", None)
    first = module.arguments.get("batch_first") is True
    order = () if first else (1, 0, 2)
    kind = module.target.removeprefix("nn.")
    begun = _begun(states[0] if states else None, layers, 2 if both else 1)
    given = views.permuted(tensor, order) if order and tensor.shape is not None else tensor
    results = draw(reader, module, Twin(f"recurrent.{kind}", arguments), [given, *begun])
    output, *last = results
    shown = output if first or output.shape is None else views.permuted(output, order)
    after = [States(state, layers, 2 if both else 1) for state in last]
    return shown, (tuple(after) if kind == "LSTM" else after[0] if after else Unknown("state"))


def _begun(state: Any, layers: int, directions: int) -> list[Tensor]:
    """Returns the states that a recurrent layer begins with, (N, directions x units) each; none where it begins with zeros.

    Raises:
        NotDrawableError: Its layers begin with states of their own, or it is not known what they begin with.
    """
    given = list(state) if isinstance(state, tuple | list) else [state]
    while given and not tensors_in(given[-1]):
        given.pop()
    found = [_begins(part, directions) for part in given]
    if found and layers > 1:
        raise NotDrawableError(Text("Its layers begin with a state each; the catalogue's layers begin with the same."))
    return found


def _begins(part: Any, directions: int) -> Tensor:
    if isinstance(part, States) and part.layers == 1 and part.directions == directions:
        return part.tensor
    layout = part.layout if isinstance(part, Tensor) else None
    if isinstance(part, Tensor) and layout is not None and len(layout) == 3 and not layout[0] and directions == 1:
        return part.seen(layout[1:])
    raise NotDrawableError(Text("The state that it begins with is not one vector per row."))


def _adaptive(reader: Expressions, module: Module, values: Sequence[Any], named: Mapping[str, Any]) -> Any:
    """Draws pooling to one pixel as the pooling over the whole image; the two axes of size 1 are a view of it."""
    (tensor,) = _tensors(values, named)
    size = module.arguments.get("output_size")
    ones = size == 1 or size in ((1, 1), [1, 1])
    flat = tensor.shape is not None and tensor.shape.rank == len(tensor.layout or ())
    image = tensor.shape is not None and tensor.shape.axes == ("batch", "channel", "height", "width")
    name = "GlobalAverage" if "Avg" in module.target else "GlobalMaximum"
    if ones and image and flat and "2d" in module.target:
        pooled = draw(reader, module, Twin(f"operators.{name}", {}), [tensor])[0]
        return views.unsqueezed(views.unsqueezed(pooled, 2), 3) if pooled.shape is not None else pooled
    sequence = tensor.shape is not None and tensor.layout in (((0,), (2,), (1,)),) and tensor.shape.sequence_axis == 1
    if ones and sequence and "1d" in module.target:
        target = "over_time.MeanOverTime" if "Avg" in module.target else "over_time.MaxOverTime"
        whole = tensor.seen(((0,), (1,), (2,)))
        pooled = draw(reader, module, Twin(target, {}), [whole])[0]
        return views.unsqueezed(pooled, 2) if pooled.shape is not None else pooled
    return draw(reader, module, _in_parts(module, tensor), [tensor])[0]


def _in_parts(module: Module, tensor: Tensor) -> Twin:
    """Returns pooling to a grid: windows of one size where the grid divides the image, else the pooling that measures them."""
    shape, size = tensor.shape, module.arguments.get("output_size")
    if shape is None or shape.rank < 4 or any(dim.constant is None for dim in shape.dims[2:]):
        return Twin(module.target, module.arguments)
    given = [int(dim) for dim in shape.dims[2:]]
    sizes = (
        tuple(own if own is not None else side for own, side in zip(size, given, strict=False))
        if isinstance(size, list | tuple)
        else (size,) * len(given)
    )
    whole = tuple(one for one in sizes if isinstance(one, int) and one > 0)
    if not len(whole) == len(sizes) == len(given):
        return Twin(module.target, module.arguments)
    average = "Avg" in module.target
    if any(side % one for side, one in zip(given, whole, strict=True)):
        return Twin("adaptive.AdaptiveAverage" if average else "adaptive.AdaptiveMaximum", {"sizes": whole})
    kernel = tuple(side // one for side, one in zip(given, whole, strict=True))
    return Twin(f"nn.{'Avg' if average else 'Max'}Pool{len(given)}d", {"kernel_size": kernel})


def _flatten(reader: Expressions, module: Module, values: Sequence[Any], named: Mapping[str, Any]) -> Any:
    (tensor,) = _tensors(values, named)
    start, end = module.arguments.get("start_dim", 1), module.arguments.get("end_dim", -1)
    plain = tensor.shape is None or tensor.layout == tuple((index,) for index in range(tensor.shape.rank))
    if plain and (start, end) == (1, -1):
        return draw(reader, module, Twin("nn.Flatten", {}), [tensor])[0]
    return views.flattened(tensor, start, end)


def _upsample(reader: Expressions, module: Module, values: Sequence[Any], named: Mapping[str, Any]) -> Any:
    from workbench.models.reading.functions import scaled

    tensors = _tensors(values, named)
    return draw(reader, module, Twin(module.target, scaled(dict(module.arguments), tensors[0])), tensors)[0]


def _identity(reader: Expressions, module: Module, values: Sequence[Any], named: Mapping[str, Any]) -> Any:
    (tensor,) = _tensors(values, named)
    return tensor


def _unflatten(reader: Expressions, module: Module, values: Sequence[Any], named: Mapping[str, Any]) -> Any:
    from workbench.models.reading.functions import call

    (tensor,) = _tensors(values, named)
    at, sizes = module.arguments.get("dim"), module.arguments.get("unflattened_size")
    before = views.sizes(tensor)
    place = views.axis(tensor, at)
    return call(reader, "reshape", [tensor, [*before[:place], *(sizes if isinstance(sizes, list | tuple) else [sizes]), *before[place + 1 :]]], {})


def _softmax(reader: Expressions, module: Module, values: Sequence[Any], named: Mapping[str, Any]) -> Any:
    (tensor,) = _tensors(values, named)
    dim = module.arguments.get("dim")
    if not isinstance(dim, int):
        raise NotDrawableError(Text("{function} without dim.", function=module.target))
    rank = len(tensor.layout) if tensor.layout is not None else 0
    arguments = {**module.arguments, "dim": dim % rank if rank and dim < 0 else dim}
    return draw(reader, module, Twin(module.target, arguments), [tensor])[0]


def _along_time(reader: Expressions, module: Module, values: Sequence[Any], named: Mapping[str, Any]) -> Any:
    """Draws a module over (N, features, time) by the layer over (N, time, features)."""
    tensors = _tensors(values, named)
    twin = Twin(module.target, module.arguments, {}, (0, 2, 1))
    kind = module.target.removeprefix("nn.")
    if kind == "Conv1d":
        arguments = normal(module.target, module.arguments)
        reach = (arguments["kernel_size"] - 1) * arguments["dilation"]
        around = (reach // 2, reach - reach // 2)
        zeros = around if arguments["padding"] == "same" else (arguments["padding"],) * 2
        if tensors[0].shape is not None and _misses_short_rows(tensors[0], reach + 1 - sum(zeros)):
            _say_short_rows(reader, module.target, reach)
            zeros = around
        ours = {key: value for key, value in module.arguments.items() if key not in ("padding", "device", "dtype")}
        twin = Twin("sequences.SequenceConv1d", {**ours, "zeros": zeros}, {}, (0, 2, 1))
    if any(tensor.shape is not None and tensor.layout is not None and len(tensor.layout) == 2 for tensor in tensors):
        return draw(reader, module, Twin(module.target, module.arguments), tensors)[0]
    result = draw(reader, module, twin, tensors)[0]
    return views.permuted(result, (0, 2, 1)) if result.shape is not None and result.shape.rank == 3 else result


def _misses_short_rows(tensor: Tensor, least: int) -> bool:
    """Whether rows differ in length and some may be shorter than this."""
    steps = views.sizes(tensor)[-1]
    return steps.constant is None and int(steps.evaluate({symbol.name: symbol.minimum for symbol in steps.symbols()})) < least


def _say_short_rows(reader: Expressions, target: str, count: int) -> None:
    drawing = operations.drawn(reader)
    drawing.say(
        "source.short-rows",
        Text(
            "Line {line}: {layer} has no place in rows shorter than its window of {window}: {count} zeros are drawn around them.",
            line=drawing.line, layer=target, window=count + 1, count=count,
        ),
        Text("Results near both ends of a row differ from those of the class; every other place is the same."),
        error=False,
    )


def _convolution(reader: Expressions, module: Module, values: Sequence[Any], named: Mapping[str, Any]) -> Any:
    tensors = _tensors(values, named)
    if module.arguments.get("padding") != "same":
        return draw(reader, module, Twin(module.target, module.arguments), tensors)[0]
    size, apart = module.arguments["kernel_size"], module.arguments.get("dilation", 1)
    pair = [(one - 1) * two for one, two in zip(_pair(size), _pair(apart), strict=True)]
    ours = {key: value for key, value in module.arguments.items() if key != "padding"}
    if all(reach % 2 == 0 for reach in pair):
        return draw(reader, module, Twin(module.target, {**ours, "padding": tuple(reach // 2 for reach in pair)}), tensors)[0]
    high, wide = pair
    zeros = (wide // 2, wide - wide // 2, high // 2, high - high // 2)
    return draw(reader, module, Twin("convolution.PaddedConv2d", {**ours, "zeros": zeros}), tensors)[0]


def _pair(value: Any) -> tuple[int, int]:
    return tuple(value) if isinstance(value, list | tuple) else (value, value)  # type: ignore[return-value]


def _embedding(reader: Expressions, module: Module, values: Sequence[Any], named: Mapping[str, Any]) -> Any:
    if values and isinstance(values[0], Blank) and values[0].kind == "arange":
        sizes = (module.arguments["num_embeddings"], module.arguments["embedding_dim"])
        return Weight(sizes, module.line, [f"{path}.weight" for path in module.paths])
    tensors = _tensors(values, named)
    arguments = {key: value for key, value in module.arguments.items() if key != "padding_idx"}
    return draw(reader, module, Twin(module.target, arguments), tensors)[0]


_SPECIAL = {
    "MultiheadAttention": _attention_result,
    "LSTM": _recurrent,
    "GRU": _recurrent,
    "RNN": _recurrent,
    "Flatten": _flatten,
    "AdaptiveAvgPool2d": _adaptive,
    "AdaptiveMaxPool2d": _adaptive,
    "AdaptiveAvgPool1d": _adaptive,
    "AdaptiveMaxPool1d": _adaptive,
    "Identity": _identity,
    "Unflatten": _unflatten,
    "Softmax": _softmax,
    "LogSoftmax": _softmax,
    "Conv2d": _convolution,
    "Embedding": _embedding,
    "Upsample": _upsample,
    **dict.fromkeys(("Conv1d", "ConvTranspose1d", "MaxPool1d", "AvgPool1d", "BatchNorm1d", "InstanceNorm1d"), _along_time),
}
