"""How layers of a drawing stand to one another: what feeds what, and what they say of themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from workbench.graph.bypass import without_bypassed
from workbench.graph.graph import Graph, Node
from workbench.layers import LAYERS
from workbench.layers.base import Family, Layer


def layer_of(node: Node) -> Layer | None:
    """Returns the catalogue entry of a node, or None."""
    return LAYERS.get(node.layer)


def of_family(node: Node, *families: Family) -> bool:
    """Whether the layer of a node belongs to one of these families."""
    layer = layer_of(node)
    return layer is not None and layer.family in families


def only_source(graph: Graph, id: str) -> Node | None:
    """Returns the node that feeds another through its only wire, or None."""
    wires = graph.incoming(id)
    return graph.nodes.get(wires[0].source.node) if len(wires) == 1 else None


def targets(graph: Graph, id: str) -> list[Node]:
    """Returns the nodes that a node feeds, in order."""
    return [graph[edge.target.node] for edge in graph.outgoing(id) if edge.target.node in graph]


def upwards(graph: Graph, id: str, through: Callable[[Layer], bool]) -> Iterator[Node]:
    """Yields the nodes before a node, one after the other, as long as each has one wire; the first that is not passed is the last."""
    seen = {id}
    node = only_source(graph, id)
    while node is not None and node.id not in seen:
        yield node
        seen.add(node.id)
        layer = layer_of(node)
        node = only_source(graph, node.id) if layer is not None and through(layer) else None


def is_fixed_sum(layer: Layer) -> bool:
    """Whether a layer neither bends nor has weights that mix features: two linear layers around it are still one."""
    return not layer.bends and not layer.weighs and not layer.role


def collapsing(graph: Graph) -> list[tuple[Node, Node]]:
    """Returns the pairs of linear layers with nothing bent in between."""
    graph = without_bypassed(graph)
    found: list[tuple[Node, Node]] = []
    for node in graph:
        layer = layer_of(node)
        if layer is None or not layer.weighs:
            continue
        before = list(upwards(graph, node.id, is_fixed_sum))
        first = layer_of(before[-1]) if before else None
        if first is not None and first.weighs:
            found.append((before[-1], node))
    return found
