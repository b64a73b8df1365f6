"""What a drawing costs: trained numbers, multiply-accumulates and memory, node by node and in all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

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


_Known = tuple[Any, Any, Any, NodeCost]
_FOUND: WeakKeyDictionary[Inferred, dict[int, dict[str, NodeCost]]] = WeakKeyDictionary()
_LAST: dict[int, dict[str, _Known]] = {}
"""The newest costs by length, so that an edit works out only what it changed."""


def costs(inferred: Inferred, length: int = 32) -> dict[str, NodeCost]:
    """Returns the cost of every node that has a shape, for one row.

    Args:
        inferred: The shapes of a drawing.
        length: Stands for the length of a row, and for every other size that is not known yet.
    """
    by_length = _FOUND.setdefault(inferred, {})
    if length not in by_length:
        by_length[length] = _worked_out(inferred, length)
    return dict(by_length[length])


def _worked_out(inferred: Inferred, length: int) -> dict[str, NodeCost]:
    """Returns all costs; of nodes whose shapes and parameters are the same objects as last time, what was found then."""
    last, now, found = _LAST.get(length, {}), dict[str, _Known](), dict[str, NodeCost]()
    kept, repeated = read_again(inferred), dict[str, tuple[int, int]]()
    for node in inferred.order:
        outputs, params, drawn = inferred.output_shapes(node), inferred.params(node), inferred.graph[node]
        if not outputs:
            continue
        if drawn.group not in repeated:
            repeated[drawn.group] = counts(inferred.graph, drawn.group)
        again = tuple(PortRef(node, port) in kept.ports for port in outputs)
        said = (drawn.layer, drawn.ties, is_bypassed(drawn), again, node in kept.learning, repeated[drawn.group])
        old = last.get(node)
        if old is None or old[0] is not outputs or old[1] is not params or old[2] != said:
            old = (outputs, params, said, cost_of(inferred, node, kept, length))
        now[node] = old
        found[node] = old[3]
    _LAST[length] = now
    return found


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
