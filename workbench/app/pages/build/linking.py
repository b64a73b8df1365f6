"""May this wire be drawn, and if not, why not: the same answer for the canvas, the search and the outline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbench.app.language import say, say_error, tr
from workbench.errors import CatalogueError
from workbench.graph.graph import Edge, Graph, PortRef
from workbench.graph.order import reachable_from
from workbench.graph.ports import Context, LayerProblem, Port, Shapes
from workbench.graph.shape import Shape


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a wire fits.

    Attributes:
        sentence: Why not, translated; "" where it fits.
        possible: Whether it can be drawn all the same, as a problem to be fixed.
    """

    sentence: str = ""
    possible: bool = True

    @property
    def fits(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.sentence


FITS = Verdict()


class Linking:
    """Answers for one drawing.

    Args:
        graph: The drawing.
        inferred: Its shapes.
        layers: The layer catalogue.
    """

    def __init__(self, graph: Graph, inferred: Any, layers: Any) -> None:
        self.graph, self.inferred, self.layers = graph, inferred, layers
        self._after: dict[str, set[str]] = {}

    def verdict(self, edge: Edge) -> Verdict:
        """Says whether a wire may be drawn."""
        source, target = edge.source.node, edge.target.node
        if source == target:
            return Verdict(tr("A layer cannot feed itself."), False)
        if edge in self.graph.edges:
            return Verdict(tr("These two are joined already."), False)
        if source in self._reached(target):
            names = {"source": self.graph[source].name, "target": self.graph[target].name}
            return Verdict(tr("{source} comes after {target}: a wire back would make a circle.", **names), False)
        return self._shape_verdict(edge)

    def _leaving(self, port: PortRef) -> Shape | None:
        return self.inferred.output_shapes(port.node).get(port.port)

    def _reached(self, node: str) -> set[str]:
        if node not in self._after:
            self._after[node] = reachable_from(self.graph, (node,))
        return self._after[node]

    def _shape_verdict(self, edge: Edge) -> Verdict:
        node = self.graph[edge.target.node]
        layer, params = self.layers.get(node.layer), self.inferred.params(node.id)
        shape = self._leaving(edge.source)
        if layer is None or params is None or shape is None:
            return FITS
        ports: tuple[Port, ...] = layer.input_ports(params)
        inputs = self._inputs_with(ports, edge, shape)
        if any(not _given(port, inputs) for port in ports if not port.optional):
            return FITS
        return _asked(layer, params, inputs, Context(node.id, node.name, self._sources(edge)))

    def _inputs_with(self, ports: tuple[Port, ...], edge: Edge, shape: Shape) -> dict[str, Shape]:
        inputs: dict[str, Shape] = {}
        for port in ports:
            wires = [wire for wire in self.graph.incoming(edge.target.node) if wire.target.port == port.name]
            found = [self._leaving(wire.source) for wire in wires]
            if port.name == edge.target.port:
                found = [*found, shape] if port.variadic else [shape]
            for index, known in enumerate(found):
                if known is not None:
                    inputs[f"{port.name}.{index}" if port.variadic else port.name] = known
        return inputs

    def _sources(self, edge: Edge) -> Mapping[str, str]:
        sources: dict[str, str] = {}
        counts: dict[str, int] = {}
        for wire in (*self.graph.incoming(edge.target.node), edge):
            port, name = wire.target.port, self.graph[wire.source.node].name
            sources[f"{port}.{counts.get(port, 0)}"] = sources[port] = name
            counts[port] = counts.get(port, 0) + 1
        return sources

    def verdict_for_layer(self, source: PortRef, layer: Any) -> Verdict:
        """Says whether a new layer with its usual parameters could take what leaves a port."""
        try:
            params = layer.parse({})
        except CatalogueError as error:
            return Verdict(say_error(error), False)
        shape, ports = self._leaving(source), layer.input_ports(params)
        if not ports:
            return Verdict(tr("{layer} takes no input.", layer=say(layer.label)), False)
        if shape is None or sum(not port.optional for port in ports) > 1:
            return FITS
        name = f"{ports[0].name}.0" if ports[0].variadic else ports[0].name
        sources = {name: self.graph[source.node].name}
        return _asked(layer, params, {name: shape}, Context("", layer.label, sources))


def _given(port: Port, inputs: Shapes) -> bool:
    return (f"{port.name}.0" if port.variadic else port.name) in inputs


def _asked(layer: Any, params: Any, inputs: Shapes, context: Context) -> Verdict:
    try:
        layer.shape(params, inputs, context)
    except LayerProblem as problem:
        lone = len(inputs) == 1 and any(name.endswith(".0") for name in inputs)
        return FITS if lone else Verdict(f"{say(problem.message)} {say(problem.reason)}".strip())
    return FITS
