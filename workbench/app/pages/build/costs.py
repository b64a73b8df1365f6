"""What the drawing costs, worked out only where something changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from workbench.graph.bypass import is_bypassed
from workbench.graph.graph import PortRef
from workbench.graph.repeat import counts
from workbench.models.cost import NodeCost, cost_of, total, training_bytes
from workbench.models.storage import read_again


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
    """Remembers the cost of every node for as long as its parameters and shapes are the same objects.

    Attributes:
        costs: By node id, of the nodes that have shapes.
    """

    def __init__(self) -> None:
        self.costs: dict[str, NodeCost] = {}
        self._known: dict[str, tuple[Any, Any, Any, NodeCost]] = {}
        self._sum = NodeCost()

    def update(self, inferred: Any) -> None:
        """Brings the costs in step with a drawing; equal to `workbench.models.cost.costs`."""
        known, self._known, self.costs = self._known, {}, {}
        kept, repeated = read_again(inferred), dict[str, tuple[int, int]]()
        for node in inferred.order:
            outputs, params, drawn = inferred.output_shapes(node), inferred.params(node), inferred.graph[node]
            if not outputs or params is None:
                continue
            old = known.get(node)
            again = tuple(PortRef(node, port) in kept.ports for port in outputs)
            if drawn.group not in repeated:
                repeated[drawn.group] = counts(inferred.graph, drawn.group)
            said = (drawn.ties, is_bypassed(drawn), again, node in kept.learning, repeated[drawn.group])
            if old is None or old[0] is not outputs or old[1] is not params or old[2] != said:
                old = (outputs, params, said, cost_of(inferred, node, kept))
            self._known[node] = old
            self.costs[node] = old[3]
        self._sum = total(self.costs)

    def totals(self, batch: int) -> Totals:
        """Returns the sums, for training with this many rows per step."""
        return Totals(self._sum, batch)
