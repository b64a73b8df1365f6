"""Draws networks in few lines, for starters and proposals."""

from __future__ import annotations

from typing import Any

from workbench.graph import edit
from workbench.graph.graph import Edge, Graph, PortRef
from workbench.graph.names import node_name


class Sketch:
    """A drawing under way. Node ids are the names, so that the same sketch gives the same file.

    Attributes:
        graph: What was drawn so far.
        end: The port that the next layer of a chain continues from, or None at the beginning.
    """

    def __init__(self) -> None:
        self.graph = Graph()
        self.end: PortRef | None = None

    def add(
        self, layer: str, name: str = "", *, after: PortRef | tuple[PortRef, ...] | None = None, port: str = "input",
        output: str = "output", **params: Any,
    ) -> PortRef:
        """Adds a layer and wires it to what came before.

        Args:
            layer: The name of a catalogue entry.
            name: The node's name; "" numbers it after the layer.
            after: Where its input comes from; several for a variadic port; None for the end of the chain.
            port: The input port.
            output: The output port that the chain goes on from.
            **params: Raw parameters.

        Returns:
            The output port.
        """
        sources = (after,) if isinstance(after, PortRef) else after or ((self.end,) if self.end else ())
        chosen = name or node_name(self.graph, layer)
        graph, node = edit.add_node(self.graph, layer, params=params, name=chosen, id=chosen)
        for source in sources if not layer.endswith("_input") else ():
            graph = edit.connect(graph, Edge(source, PortRef(node, port)))
        self.graph, self.end = graph, PortRef(node, output)
        return self.end

    def chain(self, *layers: str | tuple[str, dict[str, Any]]) -> PortRef:
        """Adds layers one after the other; each a name, or a name with parameters."""
        for item in layers:
            layer, params = (item, {}) if isinstance(item, str) else item
            self.add(layer, **params)
        assert self.end is not None
        return self.end

    def laid_out(self) -> Graph:
        """Returns the drawing with every card in its place."""
        from workbench.graph.layout import layout

        return edit.move(self.graph, layout(self.graph))
