"""What a drawing costs: trained numbers, multiply-accumulates and memory, node by node and in all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

from workbench.graph.bypass import is_bypassed
from workbench.graph.graph import PortRef
from workbench.graph.repeat import counts
from workbench.models.storage import Kept, bytes_per_row, read_again

if TYPE_CHECKING:
    from workbench.graph.infer import Inferred

BYTES_PER_NUMBER = 4
_COPIES = 4  # weight, gradient, and the two moments of Adam


@dataclass(frozen=True, slots=True)
class NodeCost:
    """What one node costs, or several together.

    Attributes:
        parameters: Trainable numbers; of tied ones only the owner's count.
        macs: Multiply-accumulates of one row's forward pass.
        forward_bytes: Of one row's results: what a forward pass writes. A view of what came in is no new memory.
        kept_bytes: Of one row, held from the forward to the backward pass: results that some node reads again, and what the layer
            keeps inside.
        row_bytes_moved: Of one row's inputs and results, each read or written once.
    """

    parameters: int = 0
    macs: int = 0
    forward_bytes: int = 0
    kept_bytes: int = 0
    row_bytes_moved: int = 0

    def moved_bytes(self, batch_size: int) -> int:
        """Returns what the forward pass of a batch reads and writes; parameters are read once for all rows."""
        return batch_size * self.row_bytes_moved + BYTES_PER_NUMBER * self.parameters

    def repeated(self, runs: int, weights: int) -> NodeCost:
        """Returns the cost of all repetitions: it runs so often, with so many weights of its own."""
        if runs == weights == 1:
            return self
        rest = (runs * self.macs, runs * self.forward_bytes, runs * self.kept_bytes, runs * self.row_bytes_moved)
        return NodeCost(weights * self.parameters, *rest)


def costs(inferred: Inferred, length: int = 32) -> dict[str, NodeCost]:
    """Returns the cost of every node that has a shape, for one row.

    Args:
        inferred: The shapes of a drawing.
        length: Stands for the length of a row, and for every other size that is not known yet.
    """
    kept = read_again(inferred)
    return {node: cost_of(inferred, node, kept, length) for node in inferred.order if inferred.output_shapes(node)}


def cost_of(inferred: Inferred, node: str, kept: Kept, length: int = 32) -> NodeCost:
    """Returns the cost of one node that has a shape, in all its repetitions; a bypassed one costs nothing.

    Args:
        inferred: The shapes of a drawing.
        node: Its id.
        kept: What a training step of this drawing keeps.
        length: Stands for sizes that are not known yet.
    """
    if is_bypassed(inferred.graph[node]):
        return NodeCost()
    return _once(inferred, node, kept, length).repeated(*counts(inferred.graph, inferred.graph[node].group))


def _once(inferred: Inferred, node: str, kept: Kept, length: int) -> NodeCost:
    """Returns the cost of one repetition of a node."""
    layer: Any = inferred.layers.get(inferred.graph[node].layer)
    params, inputs, outputs = inferred.params(node), inferred.input_shapes(node), inferred.output_shapes(node)
    own = layer.cost(params, inputs, outputs, length)
    inside = BYTES_PER_NUMBER * own.inside if node in kept.learning else 0
    parameters = own.parameters - _tied(inferred, node, layer)
    if layer.is_view(params, inputs):
        return NodeCost(parameters, own.macs, kept_bytes=inside)
    made = {port: bytes_per_row(shape, length) for port, shape in outputs.items()}
    read = sum(bytes_per_row(shape, length) for shape in inputs.values())
    again = sum(size for port, size in made.items() if PortRef(node, port) in kept.ports)
    written = sum(made.values())
    return NodeCost(parameters, own.macs, written, again + inside, read + written)


def _tied(inferred: Inferred, node: str, layer: Any) -> int:
    """Returns how many numbers of a node are another's."""
    ties = inferred.graph[node].ties
    if not ties:
        return 0
    shapes: Mapping[str, tuple[int, ...]] = layer.parameters(inferred.params(node), inferred.input_shapes(node))
    return sum(prod(shapes[tie.parameter]) for tie in ties if tie.parameter in shapes)


def total(costs: Mapping[str, NodeCost]) -> NodeCost:
    """Returns the sum over all nodes."""
    found = costs.values()
    return NodeCost(*(sum(getattr(cost, name) for cost in found) for name in NodeCost.__slots__))


def training_bytes(cost: NodeCost, batch_size: int) -> int:
    """Returns what stays in memory through a training step: weights with gradients and Adam's moments, and what a batch keeps."""
    return BYTES_PER_NUMBER * _COPIES * cost.parameters + batch_size * cost.kept_bytes
