"""Modules over sequences: attention, recurrent layers with the states they begin with, windows along time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from workbench.models.reading import operations, views
from workbench.models.reading.inversion import normal
from workbench.models.reading.modules import MASKS, Twin, draw, tensors_of
from workbench.models.reading.reading import NotDrawableError
from workbench.models.reading.values import Blank, Module, States, Tensor, Unknown, tensors_in
from workbench.text import Text

if TYPE_CHECKING:
    from workbench.models.reading.expressions import Expressions

_ATTENTION = {"qkv.weight": "in_proj_weight", "qkv.bias": "in_proj_bias", "out.weight": "out_proj.weight", "out.bias": "out_proj.bias"}


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
    given = [options.get(name) for name in ("attn_mask", *MASKS) if options.get(name) is not None]
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


def attention_result(reader: Expressions, module: Module, values: Sequence[Any], named: Mapping[str, Any]) -> Any:
    """Draws an attention of torch; its weights are no tensor of the drawing."""
    result, weights = _attention(reader, module, values, named)
    return (result, weights)


def recurrent(reader: Expressions, module: Module, values: Sequence[Any], named: Mapping[str, Any]) -> Any:
    """Draws a recurrent layer of torch by ours, flat and batch-first, with the states it begins with."""
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


def along_time(reader: Expressions, module: Module, values: Sequence[Any], named: Mapping[str, Any]) -> Any:
    """Draws a module over (N, features, time) by the layer over (N, time, features)."""
    tensors = tensors_of(values, named)
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
