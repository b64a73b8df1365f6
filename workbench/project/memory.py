"""How much memory a training would take, known before the first tensor is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workbench.layers import LAYERS

_NUMBER_BYTES = 4
_COPIES_OF_WEIGHTS = 4
"""Weight, gradient and the two averages of Adam."""
_COPIES_OF_ACTIVATIONS = 2
"""What the backward pass keeps, and the gradient of it."""
MIB = 2**20
GIB = 2**30


@dataclass(frozen=True, slots=True)
class Need:
    """What one node needs while it trains.

    Attributes:
        node: Its id.
        parameters: Trainable numbers.
        weights_bytes: Of weights, gradients and the optimizer's state.
        activations_bytes: Of one batch.
    """

    node: str
    parameters: int
    weights_bytes: int
    activations_bytes: int

    @property
    def total_bytes(self) -> int:
        """Everything together."""
        return self.weights_bytes + self.activations_bytes


def needs(inferred: Any, batch_size: int, length: int = 64) -> list[Need]:
    """Returns what every node needs, the largest first.

    Args:
        inferred: The result of `infer`.
        batch_size: Rows per step.
        length: Stands for lengths that are not known yet.
    """
    found: list[Need] = []
    for node in inferred.order:
        params, outputs = inferred.params(node), inferred.output_shapes(node)
        layer = LAYERS.get(inferred.graph[node].layer)
        if layer is None or params is None or not outputs:
            continue
        cost = layer.cost(params, inferred.input_shapes(node), outputs, length)
        weights = cost.parameters * _NUMBER_BYTES * _COPIES_OF_WEIGHTS
        found.append(Need(node, cost.parameters, weights, cost.activations * _NUMBER_BYTES * _COPIES_OF_ACTIVATIONS * batch_size))
    return sorted(found, key=lambda need: -need.total_bytes)


def available_bytes() -> int:
    """Returns how much memory a training may take on this machine: what it has, less an eighth."""
    import psutil

    return psutil.virtual_memory().total * 7 // 8


def readable(count: int) -> str:
    """Returns bytes for people: `1.4 GiB`."""
    if count >= 1000 * GIB:
        return f"{count / (1024 * GIB):,.1f} TiB"
    return f"{count / GIB:,.1f} GiB" if count >= GIB else f"{count / MIB:,.0f} MiB"
