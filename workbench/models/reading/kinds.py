"""Modules that are drawn in a way of their own: pooling to a grid, flattening, up-sampling, padding as large as the window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from workbench.models.reading import views
from workbench.models.reading.modules import Twin, draw, tensors_of
from workbench.models.reading.reading import NotDrawableError
from workbench.models.reading.sequences import along_time, attention_result, recurrent
from workbench.models.reading.values import Blank, Module, Tensor, Weight
from workbench.text import Text

if TYPE_CHECKING:
    from workbench.models.reading.expressions import Expressions

def _adaptive(reader: Expressions, module: Module, values: Sequence[Any], named: Mapping[str, Any]) -> Any:
    """Draws pooling to one pixel as the pooling over the whole image; the two axes of size 1 are a view of it."""
    (tensor,) = tensors_of(values, named)
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
    (tensor,) = tensors_of(values, named)
    start, end = module.arguments.get("start_dim", 1), module.arguments.get("end_dim", -1)
    plain = tensor.shape is None or tensor.layout == tuple((index,) for index in range(tensor.shape.rank))
    if plain and (start, end) == (1, -1):
        return draw(reader, module, Twin("nn.Flatten", {}), [tensor])[0]
    return views.flattened(tensor, start, end)


def _upsample(reader: Expressions, module: Module, values: Sequence[Any], named: Mapping[str, Any]) -> Any:
    from workbench.models.reading.functions import scaled

    tensors = tensors_of(values, named)
    return draw(reader, module, Twin(module.target, scaled(dict(module.arguments), tensors[0])), tensors)[0]


def _identity(reader: Expressions, module: Module, values: Sequence[Any], named: Mapping[str, Any]) -> Any:
    (tensor,) = tensors_of(values, named)
    return tensor


def _unflatten(reader: Expressions, module: Module, values: Sequence[Any], named: Mapping[str, Any]) -> Any:
    from workbench.models.reading.functions import call

    (tensor,) = tensors_of(values, named)
    at, sizes = module.arguments.get("dim"), module.arguments.get("unflattened_size")
    before = views.sizes(tensor)
    place = views.axis(tensor, at)
    return call(reader, "reshape", [tensor, [*before[:place], *(sizes if isinstance(sizes, list | tuple) else [sizes]), *before[place + 1 :]]], {})


def _softmax(reader: Expressions, module: Module, values: Sequence[Any], named: Mapping[str, Any]) -> Any:
    (tensor,) = tensors_of(values, named)
    dim = module.arguments.get("dim")
    if not isinstance(dim, int):
        raise NotDrawableError(Text("{function} without dim.", function=module.target))
    rank = len(tensor.layout) if tensor.layout is not None else 0
    arguments = {**module.arguments, "dim": dim % rank if rank and dim < 0 else dim}
    return draw(reader, module, Twin(module.target, arguments), [tensor])[0]


def _convolution(reader: Expressions, module: Module, values: Sequence[Any], named: Mapping[str, Any]) -> Any:
    tensors = tensors_of(values, named)
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
    tensors = tensors_of(values, named)
    arguments = {key: value for key, value in module.arguments.items() if key != "padding_idx"}
    return draw(reader, module, Twin(module.target, arguments), tensors)[0]


SPECIAL = {
    "MultiheadAttention": attention_result,
    "LSTM": recurrent,
    "GRU": recurrent,
    "RNN": recurrent,
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
    **dict.fromkeys(("Conv1d", "ConvTranspose1d", "MaxPool1d", "AvgPool1d", "BatchNorm1d", "InstanceNorm1d"), along_time),
}
