"""What a drawing costs: trained numbers, multiply-accumulates and kept activations, node by node and in all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

from workbench.graph.bypass import is_bypassed
from workbench.layers.base import Cost

if TYPE_CHECKING:
    from workbench.graph.infer import Inferred

BYTES_PER_NUMBER = 4
_COPIES = 4  # weight, gradient, and the two moments of Adam


def costs(inferred: Inferred, length: int = 32) -> dict[str, Cost]:
    """Returns the cost of every node that has a shape, for one row.

    Args:
        inferred: The shapes of a drawing.
        length: Stands for the length of a row, and for every other size that is not known yet.
    """
    return {node: cost_of(inferred, node, length) for node in inferred.order if inferred.output_shapes(node)}


def cost_of(inferred: Inferred, node: str, length: int = 32) -> Cost:
    """Returns the cost of one node that has a shape; a bypassed one costs nothing."""
    if is_bypassed(inferred.graph[node]):
        return Cost()
    layer: Any = inferred.layers.get(inferred.graph[node].layer)
    params, inputs = inferred.params(node), inferred.input_shapes(node)
    cost: Cost = layer.cost(params, inputs, inferred.output_shapes(node), length)
    ties = inferred.graph[node].ties
    if not ties:
        return cost
    shapes: Mapping[str, tuple[int, ...]] = layer.parameters(params, inputs)
    shared = sum(prod(shapes[tie.parameter]) for tie in ties if tie.parameter in shapes)
    return Cost(cost.parameters - shared, cost.macs, cost.activations)


@dataclass(frozen=True, slots=True)
class Traffic:
    """What one row's forward pass through one node puts into memory and moves.

    Attributes:
        outputs: Elements of its results: what a forward pass alone holds at a time.
        moved: Elements read and written: inputs, parameters and results, each once.
    """

    outputs: int = 0
    moved: int = 0


def traffic_of(inferred: Inferred, node: str, cost: Cost, length: int = 32) -> Traffic:
    """Returns the memory traffic of one node whose cost is known; parameters are counted as if read for every row."""
    outputs = sum(shape.elements_per_row(length) for shape in inferred.output_shapes(node).values())
    inputs = sum(shape.elements_per_row(length) for shape in inferred.input_shapes(node).values())
    return Traffic() if is_bypassed(inferred.graph[node]) else Traffic(outputs, inputs + outputs + cost.parameters)


def total(costs: Mapping[str, Cost]) -> Cost:
    """Returns the sum over all nodes."""
    return Cost(
        sum(cost.parameters for cost in costs.values()),
        sum(cost.macs for cost in costs.values()),
        sum(cost.activations for cost in costs.values()),
    )


def training_bytes(cost: Cost, batch_size: int) -> int:
    """Returns roughly how much memory a training step needs: weights with gradients and Adam's moments, and activations of a batch."""
    return BYTES_PER_NUMBER * (_COPIES * cost.parameters + batch_size * cost.activations)
