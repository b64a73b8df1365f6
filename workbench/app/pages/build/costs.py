"""What the drawing costs, worked out only where something changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from workbench.models.cost import NodeCost, costs, total, training_bytes


@dataclass(frozen=True, slots=True)
class Totals:
    """The sum over all layers.

    Attributes:
        cost: Per row.
        batch: Rows per step.
    """

    cost: NodeCost = field(default_factory=NodeCost)
    batch: int = 1

    @property
    def memory_bytes(self) -> int:
        """Weights, gradients, optimizer state, and what one batch keeps for the backward pass."""
        return training_bytes(self.cost, self.batch)


class CostBook:
    """The costs of the drawing that is shown.

    Attributes:
        costs: By node id, of the nodes that have shapes.
    """

    def __init__(self) -> None:
        self.costs: dict[str, NodeCost] = {}
        self._sum = NodeCost()

    def update(self, inferred: Any) -> None:
        """Brings the costs in step with a drawing."""
        self.costs = costs(inferred)
        self._sum = total(self.costs)

    def totals(self, batch: int) -> Totals:
        """Returns the sums, for training with this many rows per step."""
        return Totals(self._sum, batch)
