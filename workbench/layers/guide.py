"""The help page of a layer: its words, a worked example computed by its own rules, and what it is called elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Any

from workbench.catalogue import Params
from workbench.errors import CatalogueError
from workbench.graph.dim import Dim, Symbol
from workbench.graph.shape import Shape
from workbench.layers.base import Context, Cost, Family, Layer, LayerProblem
from workbench.layers.figures.picture import Picture
from workbench.resources import resource

_HERE = Context("example", "example")
_LENGTH = 20
_SHAPES = (
    Shape.of(channel=3, height=32, width=32), Shape.of(channel=16, height=32, width=32), Shape.of(token=_LENGTH, feature=64),
    Shape.of(time=_LENGTH, feature=64), Shape.of(feature=64), Shape.of("int64", 2000, token=_LENGTH), Shape.of(time=16000, feature=1),
    Shape.of(time=16000), Shape.of(channel=4, depth=16, height=32, width=32), Shape.of(time=64, feature=_LENGTH), Shape.of(),
    Shape.of("int64", 8),
)
_SEQUENCES_FIRST = (*_SHAPES[2:4], _SHAPES[1], _SHAPES[0], *_SHAPES[4:])
_FIRST = {
    Family.ATTENTION: _SEQUENCES_FIRST, Family.NORMALISATION: _SEQUENCES_FIRST,
    Family.SHAPE: (_SHAPES[1], _SHAPES[0], *_SHAPES[2:]),
}
_OPEN = {"height": Symbol("H", 8), "width": Symbol("W", 8), "depth": Symbol("D", 8)}
"""Sizes left open in the general rule, each at least eight so that usual windows fit; sequences have T."""


@dataclass(frozen=True, slots=True)
class Example:
    """What a layer makes of given inputs.

    Attributes:
        params: The parameters it has.
        inputs: Shapes by input port.
        outputs: Shapes by output port.
        cost: What one row costs.
        weights: Shapes of what it trains, by name.
        kept: Numbers that the forward pass of one row keeps for the backward pass: tensors at its ports and what lies inside.
    """

    params: Params
    inputs: Mapping[str, Shape]
    outputs: Mapping[str, Shape]
    cost: Cost
    weights: Mapping[str, tuple[int, ...]]
    kept: int


def words_of(name: str, language: str = "en") -> str:
    """Returns the written part of a page as Markdown; English where there is no translation, "" where nothing was written."""
    for folder in (language, "en"):
        path = resource("help", "layers", folder, f"{name}.md")
        if path.exists():
            return path.read_text(encoding="utf-8")
    return ""


def shown_params(layer: Layer, raw: Mapping[str, Any] | None = None) -> Params:
    """Returns the parameters to draw and to calculate with: those given, or telling ones of the layer's own, or the defaults."""
    for values in (raw, layer.example, {}):
        if values is not None:
            try:
                return layer.parse(dict(values))
            except CatalogueError:
                continue
    return layer.Params()


def example_of(layer: Layer, raw: Mapping[str, Any] | None = None, inputs: Mapping[str, Shape] | None = None) -> Example | None:
    """Returns a worked example.

    Args:
        layer: Any layer.
        raw: Parameters; None for those of its page.
        inputs: Shapes of its inputs where they are known; otherwise the first usual shapes that it takes.
    """
    params = shown_params(layer, raw)
    if inputs:
        return _worked(layer, params, inputs)
    return next((found for given in _given(layer, params) if (found := _worked(layer, params, given)) is not None), None)


def rule_of(layer: Layer, example: Example) -> Example | None:
    """Returns the example with sizes left open (height H, width W, T steps), where the layer bears them."""
    given = {port: _opened(shape) for port, shape in example.inputs.items()}
    return _worked(layer, example.params, given) if given != dict(example.inputs) else None


def _opened(shape: Shape) -> Shape:
    for axis in shape.axes[1:]:
        if axis in _OPEN:
            shape = shape.with_dim(axis, Dim.of(_OPEN[axis]))
        elif axis in ("time", "token"):
            shape = shape.with_dim(axis, Dim.of(Symbol("T", 8)))
    return shape


def _given(layer: Layer, params: Params) -> Iterator[dict[str, Shape]]:
    """Yields inputs to try: the same shape at every port first, then all combinations."""
    ports = [port for port in layer.input_ports(params) if not port.optional]
    names = [name for port in ports for name in ((f"{port.name}.0", f"{port.name}.1") if port.variadic else (port.name,))]
    usual = _FIRST.get(layer.family, _SHAPES)
    for shape in usual if names else ():
        yield dict.fromkeys(names, shape)
    for shapes in product(usual, repeat=len(names)) if len(names) != 1 else ():
        yield dict(zip(names, shapes, strict=True))


def _worked(layer: Layer, params: Params, inputs: Mapping[str, Shape]) -> Example | None:
    try:
        outputs = layer.shape(params, inputs, _HERE)
        cost = layer.cost(params, inputs, outputs, _LENGTH)
        read_again = layer.keeps(params, inputs)
        tensors = [shape for port, shape in [*inputs.items(), *outputs.items()] if port.partition(".")[0] in read_again]
        kept = cost.inside + sum(shape.elements_per_row(_LENGTH) for shape in tensors)
        return Example(params, inputs, outputs, cost, layer.parameters(params, inputs), kept)
    except (LayerProblem, KeyError, ValueError, IndexError):
        return None


@dataclass(frozen=True, slots=True)
class Growth:
    """How costs follow one axis: each number is the cost with that axis twice as long, in parts of the cost as it was.

    Attributes:
        axes: The axes that are doubled together; height and width are.
        parameters: What it trains.
        macs: Multiply-accumulates.
        kept: What the forward pass keeps for the backward pass.
    """

    axes: tuple[str, ...]
    parameters: float
    macs: float
    kept: float


def growth_of(layer: Layer, example: Example) -> list[Growth]:
    """Returns how the costs of an example grow with each axis of its inputs, where it bears them twice as long."""
    present = list(dict.fromkeys(axis for shape in example.inputs.values() for axis in shape.axes[1:]))
    together = tuple(axis for axis in present if axis in _OPEN)
    groups = [*([together] if together else []), *((axis,) for axis in present if axis not in _OPEN)]
    found = [(axes, _worked(layer, example.params, {port: _doubled(shape, axes) for port, shape in example.inputs.items()})) for axes in groups]
    return [_grown(axes, example, more) for axes, more in found if more is not None]


def _grown(axes: tuple[str, ...], before: Example, after: Example) -> Growth:
    parameters, macs = _ratio(after.cost.parameters, before.cost.parameters), _ratio(after.cost.macs, before.cost.macs)
    return Growth(axes, parameters, macs, _ratio(after.kept, before.kept))


def _doubled(shape: Shape, axes: tuple[str, ...]) -> Shape:
    for axis in axes:
        if axis in shape.axes:
            shape = shape.with_dim(axis, shape[axis] * 2)
    return shape


def _ratio(more: int, before: int) -> float:
    return more / before if before else 1.0


@lru_cache(maxsize=512)
def _page_example(layer: Layer) -> Example | None:
    return example_of(layer)


def page_example(layer: Layer) -> Example | None:
    """Returns the worked example of the page of a layer, kept for the next time."""
    return _page_example(layer)


def picture_of(layer: Layer, raw: Mapping[str, Any] | None = None, inputs: Mapping[str, Shape] | None = None, step: int = 0) -> Picture | None:
    """Returns the picture of a layer with these parameters; None where it has none."""
    if layer.figure is None:
        return None
    return layer.figure.draw(shown_params(layer, raw), inputs or {}, step)


def steps_of(layer: Layer, raw: Mapping[str, Any] | None = None) -> int:
    """Returns how many moments the motion of its picture has."""
    return layer.figure.steps(shown_params(layer, raw)) if layer.figure is not None else 1
