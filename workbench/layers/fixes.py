"""Repairs that layers offer with their problems: each a label and a pure edit of the drawing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.graph.graph import Edge, Graph
from workbench.graph.problem import Fix
from workbench.layers.base import Context
from workbench.text import Text


def wire_of(graph: Graph, node: str, port: str) -> Edge | None:
    """Returns the edge into an input port; `inputs.1` is the second wire of the variadic port `inputs`."""
    name, _, index = port.partition(".")
    wires = [edge for edge in graph.incoming(node) if edge.target.port == name]
    position = int(index or 0)
    return wires[position] if position < len(wires) else None


def insert(
    context: Context, port: str, layer: str, label: str, ports: tuple[str, str] = ("input", "output"), **params: Any
) -> Fix[Graph]:
    """Offers to put a layer on the wire into `port`."""
    from workbench.graph import edit

    def apply(graph: Graph) -> Graph:
        edge = wire_of(graph, context.node, port)
        return graph if edge is None else edit.insert_on_edge(graph, edge, layer, params, ports=ports)[0]

    return Fix(label, apply)


def insert_chain(context: Context, port: str, layers: Mapping[str, Mapping[str, Any]], label: str) -> Fix[Graph]:
    """Offers to put several layers on the wire into `port`, in the order of the data."""
    from workbench.graph import edit

    def apply(graph: Graph) -> Graph:
        for layer, params in layers.items():
            edge = wire_of(graph, context.node, port)
            if edge is not None:
                graph, _ = edit.insert_on_edge(graph, edge, layer, dict(params))
        return graph

    return Fix(label, apply)


def change(context: Context, label: str, **params: Any) -> Fix[Graph]:
    """Offers to set parameters of the node itself."""
    from workbench.graph import edit

    return Fix(label, lambda graph: edit.set_params(graph, context.node, **params))


def become(context: Context, layer: str, label: str, **params: Any) -> Fix[Graph]:
    """Offers to make the node another layer."""
    from workbench.graph import edit

    return Fix(label, lambda graph: edit.replace_layer(graph, context.node, layer, params))


def remove(context: Context) -> Fix[Graph]:
    """Offers to take the node out and join the wires on both sides."""
    from workbench.graph import edit

    return Fix(Text("Remove {node}", node=context.name), lambda graph: edit.remove_nodes(graph, [context.node], reconnect=True))
