"""What the drawing costs, worked out only where something changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workbench.layers.base import Cost

BYTES_PER_NUMBER = 4
COPIES_PER_PARAMETER = 4
"""The weight, its gradient, and the two moments that AdamW keeps."""


@dataclass(frozen=True, slots=True)
class Totals:
    """The sum over all layers.

    Attributes:
        parameters, macs, activations: As in `Cost`, per row.
        batch: Rows per step.
    """

    parameters: int = 0
    macs: int = 0
    activations: int = 0
    batch: int = 1

    @property
    def memory_bytes(self) -> int:
        """Weights, gradients, optimizer state, and what one batch keeps for the backward pass."""
        return BYTES_PER_NUMBER * (self.parameters * COPIES_PER_PARAMETER + self.activations * self.batch)


class CostBook:
    """Remembers the cost of every node for as long as its parameters and shapes are the same objects.

    Attributes:
        costs: By node id, of the nodes that have shapes.
    """

    def __init__(self) -> None:
        self.costs: dict[str, Cost] = {}
        self._known: dict[str, tuple[Any, Any, Cost]] = {}

    def update(self, inferred: Any, layers: Any) -> None:
        """Brings the costs in step with a drawing."""
        known, self.costs = self._known, {}
        self._known = {}
        for node in inferred.order:
            outputs, params = inferred.output_shapes(node), inferred.params(node)
            if not outputs or params is None:
                continue
            old = known.get(node)
            if old is None or old[0] is not outputs or old[1] is not params:
                layer = layers[inferred.graph[node].layer]
                old = (outputs, params, layer.cost(params, inferred.input_shapes(node), outputs))
            self._known[node] = old
            self.costs[node] = old[2]

    def totals(self, batch: int) -> Totals:
        """Returns the sums, for training with this many rows per step."""
        costs = self.costs.values()
        return Totals(
            sum(cost.parameters for cost in costs), sum(cost.macs for cost in costs), sum(cost.activations for cost in costs), batch
        )
