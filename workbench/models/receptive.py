"""The receptive field: how many neighbouring positions of the input one position of a layer's output can see.

After Araujo, Norris and Sim, "Computing Receptive Fields of Convolutional Neural Networks" (Distill, 2019): along every axis a window of k
positions with dilation d adds d (k - 1) j to the field, where j is how far neighbours of its input lie apart in the model's input.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from workbench.graph.bypass import is_bypassed
from workbench.graph.repeat import MAX_STEPS, Item, Round, arranged, loops, steps_of
from workbench.graph.shape import Axis, Shape
from workbench.layers.base import Family

if TYPE_CHECKING:
    from workbench.graph.infer import Inferred

_NOT_SPATIAL = (Axis.BATCH, Axis.CHANNEL, Axis.FEATURE)
# These look at every position at once, whatever their output looks like.
_WHOLE = (Family.ATTENTION, Family.RECURRENT)


@dataclass(frozen=True, slots=True)
class Field:
    """What one output position sees along one axis.

    Attributes:
        size: Positions of the model's input.
        jump: How far neighbouring outputs lie apart in the model's input.
    """

    size: Fraction = Fraction(1)
    jump: Fraction = Fraction(1)

    def through(self, kernel: int, stride: int = 1, dilation: int = 1) -> Field:
        """Returns the field after a window."""
        return Field(self.size + dilation * (kernel - 1) * self.jump, self.jump * stride)

    def spread(self, kernel: int, stride: int, dilation: int = 1) -> Field:
        """Returns the field after a transposed window, which lays `stride` outputs where one input was."""
        jump = self.jump / stride
        return Field(self.size + (-(-(dilation * (kernel - 1) + 1) // stride) - 1) * self.jump, jump)


Fields = tuple[Field, ...]


def receptive_fields(inferred: Inferred) -> dict[str, tuple[int, ...]]:
    """Returns the receptive field of every node that has one, in input positions along each axis of its output.

    A node that sees its whole input (a dense layer after flattening, attention, a recurrent layer) is not among them, nor is what follows it.
    """
    fields: dict[str, Fields] = {}
    found = loops(inferred.graph)
    if found and steps_of(inferred.graph) > MAX_STEPS:
        return {}
    _walk(inferred, (arranged(inferred.graph, found) if found else None) or tuple(inferred.order), fields)
    return {node: tuple(-(-field.size.numerator // field.size.denominator) for field in found) for node, found in fields.items()}


def _walk(inferred: Inferred, items: Iterable[Item], fields: dict[str, Fields]) -> None:
    """Goes through nodes and loops in order; a loop is gone through as often as it is repeated, and each time sees more."""
    for item in items:
        if isinstance(item, Round):
            _walk_round(inferred, item, fields)
        elif found := _field(inferred, item, fields):
            fields[item] = found
        else:
            fields.pop(item, None)


def _walk_round(inferred: Inferred, item: Round, fields: dict[str, Fields]) -> None:
    source, results = item.loop.source, item.loop.results
    before = fields.get(source.node) if source else None
    for _ in range(item.loop.times):
        _walk(inferred, item.body, fields)
        handed = fields.get(results[0].node) if results else None
        if source is None or handed is None or handed == fields.get(source.node):
            break
        fields[source.node] = handed
    if source is not None and before is not None:
        fields[source.node] = before


def _field(inferred: Inferred, node: str, fields: Mapping[str, Fields]) -> Fields | None:
    outputs, inputs = inferred.output_shapes(node), inferred.input_shapes(node)
    layer: Any = inferred.layers.get(inferred.graph[node].layer)
    if not outputs or layer is None or layer.family in _WHOLE:
        return None
    shape = next(iter(outputs.values()))
    if not inputs:
        return (Field(),) * _rank(shape) or None
    before = _merged([fields.get(edge.source.node) for edge in inferred.graph.incoming(node)])
    if before is None or layer.role == "output" or is_bypassed(inferred.graph[node]):
        return before
    return _after(layer, inferred.params(node), inputs, shape, before)


def _rank(shape: Shape) -> int:
    return sum(axis not in _NOT_SPATIAL for axis in shape.axes)


def _merged(fields: Sequence[Fields | None]) -> Fields | None:
    """Returns the largest field along every axis; None where one is not known or they have different axes."""
    known = [field for field in fields if field is not None]
    if not known or len(known) < len(fields) or len({len(field) for field in known}) > 1:
        return None
    return tuple(max(axis, key=lambda field: field.size) for axis in zip(*known, strict=True))


def _after(layer: Any, params: Any, inputs: Mapping[str, Shape], shape: Shape, before: Fields) -> Fields | None:
    call = layer.call(params, inputs)
    arguments, rank = call.arguments, len(before)
    if _rank(shape) != rank:
        return None
    if call.target.endswith("Upsample") or call.target.endswith("SequenceRepeat"):
        factors = _each(arguments.get("scale_factor", arguments.get("factor", 1)), rank)
        return tuple(Field(field.size, field.jump / factor) for field, factor in zip(before, factors, strict=True))
    kernels = arguments.get("kernel_size", getattr(params, "kernel", None))
    if kernels is None:
        return before if _pointwise(inputs, shape) else None
    return tuple(_windows(call, _each(kernels, rank)[axis], field, axis, rank) for axis, field in enumerate(before))


def _pointwise(inputs: Mapping[str, Shape], shape: Shape) -> bool:
    """Whether the output has the positions of its inputs."""
    own = [dim for axis, dim in zip(shape.axes, shape.dims, strict=True) if axis not in _NOT_SPATIAL]
    others = [[dim for axis, dim in zip(each.axes, each.dims, strict=True) if axis not in _NOT_SPATIAL] for each in inputs.values()]
    return any(other == own for other in others)


def _windows(call: Any, kernel: int, field: Field, axis: int, rank: int) -> Field:
    arguments: Mapping[str, Any] = call.arguments
    pooled = "Pool" in call.target
    stride = _each(arguments.get("stride", kernel if pooled else 1), rank)[axis]
    dilation = _each(arguments.get("dilation", 1), rank)[axis]
    if "Transpose" in call.target:
        return field.spread(kernel, stride, dilation)
    repeats = 2 if call.target.endswith("ResidualBlock") else int(arguments.get("layers", 1))
    field = field.through(kernel, stride, dilation)
    for _ in range(repeats - 1):
        field = field.through(kernel)
    return field


def _each(value: Any, rank: int) -> tuple[int, ...]:
    """Returns one number per axis."""
    if isinstance(value, (tuple, list)):
        return tuple(int(part) for part in value) if len(value) == rank else (int(value[0]),) * rank  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return (int(value),) * rank


__all__ = ["Field", "receptive_fields"]
