"""Which tensors of a drawing stay in memory from the forward to the backward pass.

Torch keeps what a backward formula reads: a convolution its input, a ReLU its result, an addition nothing. A tensor that two nodes
read is kept once, views share the memory of what they look at, and what no gradient passes through keeps nothing at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.graph.bypass import is_bypassed
from workbench.graph.graph import PortRef
from workbench.graph.repeat import loops
from workbench.graph.shape import Shape

if TYPE_CHECKING:
    from workbench.graph.infer import Inferred

_BYTES = {"bool": 1, "uint8": 1, "int64": 8}


@dataclass(frozen=True, slots=True)
class Kept:
    """What a training step keeps.

    Attributes:
        ports: Outputs that the backward pass reads again, at their node, through a view, or at a node that they feed.
        learning: Nodes that gradients reach or that train something themselves; the others keep nothing inside.
    """

    ports: frozenset[PortRef]
    learning: frozenset[str]


def read_again(inferred: Inferred) -> Kept:
    """Returns which outputs of a drawing the backward pass reads again."""
    learning = _learning(inferred)
    again: set[PortRef] = set()
    for node in reversed(inferred.order):
        outputs = inferred.output_shapes(node)
        if not outputs:
            continue
        if node in learning:
            again.update(reads(inferred, node))
        wires = inferred.graph.incoming(node)
        if wires and any(PortRef(node, port) in again for port in outputs) and is_view(inferred, node):
            again.add(wires[0].source)
    # A repetition reads the result of the one before in place of what the first one reads.
    again |= {loop.results[0] for loop in loops(inferred.graph) if loop.source in again and loop.results}
    return Kept(frozenset(again), frozenset(learning))


def reads(inferred: Inferred, node: str) -> list[PortRef]:
    """Returns the tensors that the backward pass of a node reads again: some of its results, some of what feeds it."""
    keeps = _habits(inferred, node)[1]
    results = [PortRef(node, port) for port in inferred.output_shapes(node) if port in keeps]
    return results + [edge.source for edge in inferred.graph.incoming(node) if edge.target.port in keeps]


def is_view(inferred: Inferred, node: str) -> bool:
    """Whether the results of a node that has a shape are the memory of what came in first."""
    return _habits(inferred, node)[0]


def bytes_per_row(shape: Shape, length: int = 32) -> int:
    """Returns the size of one row of a tensor."""
    return shape.elements_per_row(length) * _BYTES.get(shape.dtype, 4)


def _habits(inferred: Inferred, node: str) -> tuple[bool, tuple[str, ...]]:
    """Returns whether a node's results are views, and the ports whose tensors it keeps."""
    drawn = inferred.graph[node]
    if is_bypassed(drawn):
        return True, ()
    layer: Any = inferred.layers.get(drawn.layer)
    params, inputs = inferred.params(node), inferred.input_shapes(node)
    return layer.is_view(params, inputs), layer.keeps(params, inputs)


def _learning(inferred: Inferred) -> set[str]:
    """Returns the nodes whose results depend on something that is trained."""
    found: set[str] = set()
    for node in inferred.order:
        if not inferred.output_shapes(node) or (is_bypassed(inferred.graph[node]) and not inferred.graph.incoming(node)):
            continue
        layer: Any = inferred.layers.get(inferred.graph[node].layer)
        reached = any(edge.source.node in found for edge in inferred.graph.incoming(node)) and layer.differentiable
        if reached or (not is_bypassed(inferred.graph[node]) and layer.parameters(inferred.params(node), inferred.input_shapes(node))):
            found.add(node)
    return found
