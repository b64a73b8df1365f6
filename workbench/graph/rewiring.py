"""Wires that follow the ports of a node whose names change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from workbench.graph.graph import Edge, Graph, PortRef


def follow_ports(graph: Graph, node: str, ports: Sequence[str]) -> Graph:
    """Moves each wire into a port that is gone to a port that has no wire yet, in order.

    Args:
        graph: The drawing.
        node: The id of the node.
        ports: The names of the input ports that it has now.
    """
    wired = [edge.target.port for edge in graph.incoming(node)]
    gone = list(dict.fromkeys(port for port in wired if port not in ports))
    new = dict(zip(gone, [port for port in ports if port not in wired], strict=False))
    if not new:
        return graph
    return replace(graph, edges=tuple(_moved(edge, node, new) for edge in graph.edges))


def _moved(edge: Edge, node: str, new: dict[str, str]) -> Edge:
    if edge.target.node != node or edge.target.port not in new:
        return edge
    return Edge(edge.source, PortRef(node, new[edge.target.port]))
