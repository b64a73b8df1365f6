"""What the read class is given: from our own description, from an example in the source, or from the layer it comes to first."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from workbench.graph.dim import Dim, Symbol
from workbench.graph.shape import Shape
from workbench.layers import LAYERS
from workbench.layers.base import Layer
from workbench.models.reading.inversion import REFUSED
from workbench.models.reading.values import Module

_OURS = re.compile(
    r"^\s*(?P<name>\w+): \((?P<sizes>[^)]*)\) (?P<dtype>\w+)(?: ids below (?P<vocabulary>\d+))? \((?P<axes>[^)]*)\)"
    r"(?:, (?P<symbol>\w+) up to (?P<longest>\d+))?(?:, field (?P<field>[^.,]+))?"
    r"(?:, (?P<rate>\d+) samples per second)?(?P<decoder>, written by the model)?\.$",
    re.MULTILINE,
)
_COMMENT = re.compile(r"(?<!permute)[(\[]\s*(?:N|B|n|b|bs|batch|batch_size|[1-9]\d*)\s*,\s*((?:\d+\s*,\s*)+\d+)\s*[)\]]")
_SIDES = (28, 32, 64, 224, 8, 16, 96, 128, 48, 24, 12, 20, 36, 40, 56, 100, 112, 256, 299, 10, 14, 50, 227, 384, 512)
_TIMES = (32, 16, 28, 64, 8, 10, 20, 50, 100, 128, 256)
_IMAGES = ("Conv2d", "ConvTranspose2d", "BatchNorm2d", "MaxPool2d", "AvgPool2d", "PaddedConv2d", "Dropout2d", "AdaptiveAvgPool2d")
_SEQUENCES = ("LSTM", "GRU", "RNN", "MultiheadAttention", "SelfAttention", "TransformerEncoder", "LayerNorm")


@dataclass(frozen=True)
class Given:
    """One input of the read class.

    Attributes:
        name: The argument of forward.
        shape: What it must look like.
        view: How forward sees what the input layer gives.
        layer: The input layer.
        params: Its raw parameters.
        assumed: Whether its size is a guess.
    """

    name: str
    shape: Shape
    view: tuple[tuple[int, ...], ...]
    layer: str
    params: Mapping[str, Any]
    assumed: bool = False


def described(docstring: str) -> list[Given]:
    """Returns the inputs that our own print describes, in order."""
    before = docstring.partition("Returns ")[0]
    found: list[Given] = []
    for match in _OURS.finditer(before):
        shape = _described_shape(match)
        given = of_shape(match["name"], shape) if shape is not None else None
        if given is not None:
            found.append(replace(given, params={**given.params, **_told(match)}))
    return found


def _told(match: re.Match[str]) -> dict[str, Any]:
    """Returns the parameters of an input that its shape does not show."""
    field_name = {"field": match["field"]} if match["field"] else {}
    rate = {"rate": int(match["rate"])} if match["rate"] else {}
    return field_name | rate | ({"decoder": True} if match["decoder"] else {})


def _described_shape(match: re.Match[str]) -> Shape | None:
    sizes = [part.strip() for part in match["sizes"].split(",") if part.strip()]
    axes = tuple(part.strip() for part in match["axes"].split(","))
    if len(sizes) != len(axes) or match["axes"].startswith("N"):
        return None
    longest = int(match["longest"]) if match["longest"] else None
    dims = [
        Dim.of(int(size)) if size.isdigit() else Dim.of(Symbol("N") if index == 0 else Symbol(size, maximum=longest, ragged=True))
        for index, size in enumerate(sizes)
    ]
    return Shape(axes, tuple(dims), match["dtype"], int(match["vocabulary"]) if match["vocabulary"] else None)


def of_shape(name: str, shape: Shape, assumed: bool = False) -> Given | None:
    """Returns the input layer that takes this shape, or None."""
    for layer in LAYERS:
        if layer.role == "input":
            params = _params_of(layer, shape)
            if params is not None:
                return Given(name, shape, _view(layer, params, shape), layer.name, params, assumed)
    return None


def _view(layer: Layer, params: Mapping[str, Any], shape: Shape) -> tuple[tuple[int, ...], ...]:
    """Returns how forward sees what the input layer gives: without the axes of size 1 that it adds."""
    return tuple((index,) for index in range(shape.rank))


def _params_of(layer: Layer, shape: Shape) -> dict[str, Any] | None:
    """Searches parameters with which an input layer takes a shape."""
    raw: dict[str, Any] = {}
    score = _score(layer, raw, shape)
    values: list[Any] = [dim.constant for dim in shape.dims if dim.constant is not None]
    symbols = [symbol for dim in shape.dims[1:] for symbol in dim.symbols()]
    values += [value for symbol in symbols for value in (symbol.maximum, symbol.name)]
    values += [shape.vocabulary, ", ".join(shape.axes[1:]), *shape.axes[1:]]
    for _ in range(3):
        for name in type(layer).Params.model_fields:
            for value in dict.fromkeys(value for value in values if value is not None and name != "field"):
                reached = _score(layer, {**raw, name: value}, shape)
                if reached > score:
                    raw, score = {**raw, name: value}, reached
    return raw if score >= 1.0 else None


def _score(layer: Layer, raw: Mapping[str, Any], shape: Shape) -> float:
    try:
        reached = layer.input_shape(layer.parse(dict(raw)))
    except REFUSED:
        return -1.0
    if reached is None or reached.axes != shape.axes or reached.dtype != shape.dtype:
        return -1.0
    same = sum(one == other for one, other in zip(reached.dims, shape.dims, strict=True)) + (reached.vocabulary == shape.vocabulary)
    near = sum(
        0.25 * (one.maximum == other.maximum) + 0.25 * (one.name == other.name)
        for left, right in zip(reached.dims[1:], shape.dims[1:], strict=True)
        if left != right
        for one, other in zip(left.symbols(), right.symbols(), strict=False)
    )
    return (same + near) / (shape.rank + 1)


def examples(tree: ast.Module, text: str) -> list[tuple[int, ...]]:
    """Returns shapes that the source itself names, without the batch: in comments, and in calls of `torch.randn` and the like."""
    found: list[tuple[int, ...]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("randn", "rand", "zeros", "ones"):
            sizes = node.args[0].elts if node.args and isinstance(node.args[0], ast.Tuple | ast.List) else node.args
            numbers = [size.value for size in sizes if isinstance(size, ast.Constant) and isinstance(size.value, int)]
            if len(numbers) == len(sizes) or (len(numbers) == len(sizes) - 1 and not isinstance(sizes[0], ast.Constant)):
                found.append(tuple(numbers[1:] if len(numbers) == len(sizes) else numbers))
    for match in _COMMENT.finditer(text):
        found.append(tuple(int(part) for part in match.group(1).split(",")))
    return [sizes for sizes in dict.fromkeys(found) if sizes and all(0 < size < 16_384 for size in sizes)]


def proposed(name: str, module: Module | None, viewed: bool, shown: list[tuple[int, ...]], longest: int = 64) -> Iterator[Given]:
    """Yields what an input may be, likeliest first.

    Args:
        name: The argument of forward.
        module: What it comes to first, if that is known.
        viewed: Whether its axes are moved or joined before.
        shown: Shapes that the source names.
        longest: For texts, how many positions the class knows.
    """
    kind = module.target.rpartition(".")[2] if module is not None else ""
    arguments = module.arguments if module is not None else {}
    if kind in _IMAGES:
        yield from _images(name, arguments.get("in_channels", arguments.get("num_features", 3)), shown)
    elif kind == "Embedding":
        yield from _ids(name, arguments.get("num_embeddings", 2), longest)
    elif kind in _SEQUENCES or kind == "Conv1d":
        width = next(
            (
                arguments[key]
                for key in ("input_size", "embed_dim", "in_channels", "width", "normalized_shape")
                if isinstance(arguments.get(key), int)
            ),
            8,
        )
        if viewed:
            yield from _images(name, 1, [(1, width, width), *shown])
        yield from _sequences(name, width, shown)
    elif kind == "BatchNorm1d":
        yield from _vectors(name, arguments.get("num_features", 1), viewed, shown)
        yield from _sequences(name, arguments.get("num_features", 1), shown)
    elif kind == "Linear":
        yield from _vectors(name, arguments.get("in_features", 1), viewed, shown)
        yield from islice(_sequences(name, arguments.get("in_features", 1), shown), 8)
    else:
        yield from _images(name, 3, shown)


def _images(name: str, channels: Any, shown: list[tuple[int, ...]]) -> Iterator[Given]:
    number = channels if isinstance(channels, int) and 0 < channels <= 4096 else 3
    for sizes in shown:
        if len(sizes) == 3 and sizes[0] == number:
            yield from _one(name, Shape.of(channel=number, height=sizes[1], width=sizes[2]), False)
    sides = _SIDES if number != 3 else (32, 224, *_SIDES)
    for side in dict.fromkeys((*sides, *range(4, 300, 4))):
        yield from _one(name, Shape.of(channel=number, height=side, width=side), True)


def _one(name: str, shape: Shape, assumed: bool) -> Iterator[Given]:
    found = of_shape(name, shape, assumed)
    if found is not None:
        yield found


def _ids(name: str, vocabulary: Any, longest: int) -> Iterator[Given]:
    number = vocabulary if isinstance(vocabulary, int) and vocabulary >= 2 else 2
    yield from _one(name, Shape.of("int64", number, token=Symbol("T", maximum=longest, ragged=True)), False)
    yield from _one(name, Shape.of("int64", number), True)


def _sequences(name: str, width: int, shown: list[tuple[int, ...]]) -> Iterator[Given]:
    times = [sizes[0] for sizes in shown if len(sizes) == 2 and sizes[1] == width]
    for time in (*times, *((width,) if width <= 64 else ()), *_TIMES):
        yield from _one(name, Shape.of(time=time, feature=width), time not in times)
    for time in (*times, *((width,) if width <= 64 else ()), *_TIMES):
        image = of_shape(name, Shape.of(channel=1, height=time, width=width), True)
        if image is not None:
            yield Given(name, image.shape, ((0,), (2,), (3,)), image.layer, image.params, True)


def _vectors(name: str, width: Any, viewed: bool, shown: list[tuple[int, ...]]) -> Iterator[Given]:
    number = width if isinstance(width, int) and width > 0 else 1
    for sizes in shown:
        if len(sizes) == 3 and sizes[0] * sizes[1] * sizes[2] == number:
            yield from _one(name, Shape.of(channel=sizes[0], height=sizes[1], width=sizes[2]), False)
    square = next(((c, side) for c in (1, 3) for side in range(2, 513) if c * side * side == number), None)
    if viewed and square is not None:
        yield from _one(name, Shape.of(channel=square[0], height=square[1], width=square[1]), True)
    yield from _one(name, Shape.of(feature=number), False)
    if number == 1:
        yield Given(name, Shape.of(), ((0,), (1,)), "number_input", {}, False)
    image = of_shape(name, Shape.of(channel=1, height=1, width=number), True)
    if image is not None:
        yield Given(name, image.shape, ((0,), (3,)), image.layer, image.params, True)
