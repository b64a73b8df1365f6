"""How much memory a training would take, and which layers' widths are behind it, known before the first tensor is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbench.graph.shape import Axis, Shape
from workbench.models.cost import costs

_NUMBER_BYTES = 4
_COPIES_OF_WEIGHTS = 4
"""Weight, gradient and the two averages of Adam."""
MIB = 2**20
GIB = 2**30


@dataclass(frozen=True, slots=True)
class Need:
    """What the width of one node takes while the model trains, at that node and at all after it that only pass the width on.

    Attributes:
        node: Its id.
        parameters: Trainable numbers.
        weights_bytes: Of weights, gradients and the optimizer's state.
        activations_bytes: What the backward pass reads again, of one batch.
    """

    node: str
    parameters: int
    weights_bytes: int
    activations_bytes: int

    @property
    def total_bytes(self) -> int:
        """Everything together."""
        return self.weights_bytes + self.activations_bytes


def needs(inferred: Any, batch_size: int, length: int = 32) -> list[Need]:
    """Returns what the width of every node takes, the largest first.

    Args:
        inferred: The result of `infer`.
        batch_size: Rows per step.
        length: Stands for lengths that are not known yet.
    """
    found: dict[str, Need] = {}
    for node, cost in costs(inferred, length).items():
        cause = _cause(inferred, node)
        old = found.get(cause, Need(cause, 0, 0, 0))
        weights = cost.parameters * _NUMBER_BYTES * _COPIES_OF_WEIGHTS
        found[cause] = Need(
            cause, old.parameters + cost.parameters, old.weights_bytes + weights, old.activations_bytes + cost.kept_bytes * batch_size
        )
    return sorted(found.values(), key=lambda need: -need.total_bytes)


def _cause(inferred: Any, node: str) -> str:
    """Returns whose width makes a node large: its own, or that of a layer before it where more comes in than goes out."""
    seen: set[str] = set()
    while node not in seen:
        seen.add(node)
        layer, wires = inferred.layers.get(inferred.graph[node].layer), inferred.graph.incoming(node)
        own, came = _width(inferred.output_shapes(node)), _width(inferred.input_shapes(node))
        if not wires or (layer.width_param and own >= came):
            break
        node = wires[0].source.node
    return node


def _width(shapes: Mapping[str, Shape]) -> int:
    """Returns the channels or features of the first shape."""
    shape = next(iter(shapes.values()), None)
    axis = shape and next((axis for axis in (Axis.CHANNEL, Axis.FEATURE) if axis in shape.axes), None)
    return (shape[axis].constant or 0) if shape and axis else 0


def available_bytes() -> int:
    """Returns how much memory a training may take on this machine: what it has, less an eighth."""
    import psutil

    return psutil.virtual_memory().total * 7 // 8


def readable(count: int) -> str:
    """Returns bytes for people: `1.4 GiB`."""
    if count >= 1000 * GIB:
        return f"{count / (1024 * GIB):,.1f} TiB"
    if count < 10 * MIB:
        return f"{count / MIB:,.1f} MiB"
    return f"{count / GIB:,.1f} GiB" if count >= GIB else f"{count / MIB:,.0f} MiB"
