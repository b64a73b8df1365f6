"""Shape inference: every port gets a shape, or its node a problem. Incremental, without torch.

A node is worked out anew only where its layer, parameters, name, wires or input shapes are not those of the last time. A node
whose inputs have no shape is passed over in silence: one cause, one message.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

from workbench.errors import CatalogueError
from workbench.graph import mistakes, structure
from workbench.graph.bypass import cannot_hand_on, end_left_out, is_bypassed, passed_on, with_taking_in
from workbench.graph.graph import Edge, Graph, Node, PortRef
from workbench.graph.mistakes import Found
from workbench.graph.order import reachable_from, topological
from workbench.graph.ports import Context, LayerProblem, LayerRule, LayerRules, Port, Shapes
from workbench.graph.problem import Problem, Severity
from workbench.graph.shape import Shape

_log = logging.getLogger(__name__)
_NO_SHAPES: Shapes = MappingProxyType({})
_END_FAMILY = "input/output"


@dataclass(slots=True)  # never changed, but not frozen: that would double the time it takes to make one
class _Parsed:
    """What a node says by itself. `params` is None where the layer is unknown or a parameter is wrong."""

    layer: LayerRule | None
    params: Any
    inputs: tuple[Port, ...]
    problems: tuple[Found, ...] = ()


@dataclass(slots=True)
class _Outcome:
    """What came out at one node. `hungry` are the ports that need a wire and have none."""

    parsed: _Parsed
    context: Context
    inputs: Shapes
    outputs: Shapes = field(default_factory=lambda: _NO_SHAPES)
    problems: tuple[Found, ...] = ()
    hungry: tuple[Port, ...] = ()


class _Arrived:
    """What the wires bring to one node: shapes and sources by port, problems, ports that lack a wire, whether all shapes are known."""

    __slots__ = ("complete", "hungry", "problems", "shapes", "source_layers", "sources")

    def __init__(self) -> None:
        self.shapes: dict[str, Shape] = {}
        self.sources: dict[str, str] = {}
        self.source_layers: dict[str, str] = {}
        self.problems: list[Found] = []
        self.hungry: list[Port] = []
        self.complete = True


@dataclass(frozen=True, slots=True)
class _Whole:
    """What the nodes, names and wires say together."""

    problems: list[Found]
    by_node: Mapping[str, list[Found]]
    has_input: bool
    outputs: tuple[str, ...]
    unused_ends: list[str]


class Inferred:
    """The result of `infer`.

    Attributes:
        graph: The drawing it belongs to.
        order: Ids so that every wire points forward; nodes on and after a cycle are left out.
        problems: Errors first, each group in the order of the drawing.
    """

    def __init__(
        self, graph: Graph, layers: LayerRules, given: Mapping[str, Shape], order: list[str], outcomes: dict[str, _Outcome], whole: _Whole
    ) -> None:
        self.graph, self.layers, self.given, self.order = graph, layers, given, order
        self._outcomes, self._whole = outcomes, whole
        self._bypassed: frozenset[str] = frozenset()

    @property
    def ok(self) -> bool:
        """Whether nothing stops the build."""
        return not any(problem.severity == Severity.ERROR for problem in self.problems)

    @cached_property
    def shapes(self) -> Mapping[PortRef, Shape]:
        """The shape of every output port that has one."""
        return MappingProxyType({
            PortRef(node, port): shape for node, outcome in self._outcomes.items() for port, shape in outcome.outputs.items()
        })

    def input_shapes(self, node_id: str) -> Shapes:
        """Returns the shapes at the input ports of a node, as far as they are known; variadic ones as `inputs.0`, `inputs.1`."""
        return self._outcomes[node_id].inputs if node_id in self._outcomes else _NO_SHAPES

    def output_shapes(self, node_id: str) -> Shapes:
        """Returns the shapes at the output ports of a node; empty where there is a problem at it or before it."""
        return self._outcomes[node_id].outputs if node_id in self._outcomes else _NO_SHAPES

    def edge_shape(self, edge: Edge) -> Shape | None:
        """Returns the shape of what travels along a wire."""
        return self.output_shapes(edge.source.node).get(edge.source.port)

    def params(self, node_id: str) -> Any:
        """Returns the checked parameters of a node, or None where they are wrong or the layer is unknown."""
        return self._outcomes[node_id].parsed.params if node_id in self._outcomes else None

    def problems_of(self, node_id: str) -> tuple[Found, ...]:
        """Returns the problems of one node."""
        return self._by_node.get(node_id, ())

    @cached_property
    def _by_node(self) -> Mapping[str, tuple[Found, ...]]:
        found: dict[str, tuple[Found, ...]] = {}
        for problem in self.problems:
            found[problem.node] = (*found.get(problem.node, ()), problem)
        return found

    @cached_property
    def problems(self) -> tuple[Found, ...]:
        """Everything that is wrong or doubtful."""
        found = [*self._whole.problems]
        listed = set(self.order)
        for node in [*self.order, *(other for other in self.graph.nodes if other not in listed)]:
            outcome = self._outcomes[node]
            if outcome.parsed.problems or outcome.problems or outcome.hungry or node in self._whole.by_node:
                found += [*self._whole.by_node.get(node, ()), *outcome.parsed.problems, *self._at(node, outcome)]
                found += [self._missing(node, port) for port in outcome.hungry]
        found += self._ends()
        if not any(problem.kind in structure.LOOSENING for problem in found):
            found += self._unused({problem.node for problem in found if problem.severity == Severity.ERROR})
        return tuple(sorted(found, key=lambda problem: problem.severity != Severity.ERROR))

    def _at(self, node: str, outcome: _Outcome) -> list[Found]:
        """Returns the problems of one node; where a bypassed one feeds it, taking that in again is a way out."""
        sources = (self.graph.nodes.get(edge.source.node) for edge in self.graph.incoming(node)) if outcome.problems else ()
        skipped = next((source for source in sources if source is not None and is_bypassed(source)), None)
        return [with_taking_in(problem, skipped) if skipped else problem for problem in outcome.problems]

    @cached_property
    def _loose(self) -> list[tuple[Node, str]]:
        """Nodes with an output port that feeds nothing, the last first; ends of the drawing are not among them."""
        fed, outputs = self.graph.wires_by_source(), set(self._whole.outputs)
        return [
            (self.graph[node], next(iter(self._outcomes[node].outputs)))
            for node in reversed(self.order) if node not in fed and node not in outputs and self._outcomes[node].outputs
        ]

    def _missing(self, node: str, port: Port) -> Found:
        loose = self._loose[:structure.LISTED]
        after = reachable_from(self.graph, (node,)) if loose else set[str]()
        return mistakes.missing_input(self.graph[node], port, [each for each in loose if each[0].id not in after][:2])

    def _ends(self) -> list[Found]:
        if any(outcome.parsed.layer is None for outcome in self._outcomes.values()):
            return []
        hungry = [PortRef(node, port.name) for node in self.order for port in self._outcomes[node].hungry]
        found = [] if self._whole.has_input else [structure.no_input(self.layers, hungry)]
        return found if self._whole.outputs else [*found, structure.no_output(self.layers, self._loose)]

    def _unused(self, wrong: set[str]) -> list[Found]:
        if not self._whole.outputs:
            return []
        found: list[Found] = []
        for end in self._whole.unused_ends[:structure.LISTED]:
            branch = structure.branch_of(self.graph, end, self._whole.outputs)
            if not branch & wrong:
                found.append(structure.unused(self.graph, end, branch))
        return found


def infer(
    graph: Graph, layers: LayerRules, inputs: Mapping[str, Shape] | None = None, previous: Inferred | None = None,
) -> Inferred:
    """Works out the shape of every port.

    Args:
        graph: The drawing.
        layers: The catalogue of layers.
        inputs: Shapes by node id that replace what a node without input ports says of itself.
        previous: An earlier result, of which everything that still holds is reused.
    """
    given = inputs or {}
    if previous is not None and previous.layers is not layers:
        previous = None
    if previous is not None and previous.graph is graph and previous.given == given:
        return previous
    return _Inference(graph, layers, given, previous).run()


class _Inference:
    """One pass over a drawing."""

    def __init__(self, graph: Graph, layers: LayerRules, given: Mapping[str, Shape], previous: Inferred | None) -> None:
        self.graph, self.layers, self.given, self.previous = graph, layers, given, previous
        self.wires, self.fed = graph.wires_by_target(), graph.wires_by_source()
        self.outcomes: dict[str, _Outcome] = dict(previous._outcomes) if previous else {}  # pyright: ignore[reportPrivateUsage]
        self.known: dict[tuple[str, int], _Parsed] = {}
        # What leaves a bypassed node depends on which of its ports are wired.
        self.bypassed: set[str] = set(previous._bypassed) if previous else set()  # pyright: ignore[reportPrivateUsage]
        self.rewired = self.renamed = True

    def run(self) -> Inferred:
        """Returns the result."""
        dirty = self._dirty()
        order = self.previous.order if self.previous and not self.rewired else topological(self.graph)
        if self.previous and self.rewired:
            dirty |= set(order) ^ set(self.previous.order)
        for node in self._in_turn(order, dirty):
            if node not in dirty:
                continue
            old = self.outcomes.get(node)
            new = self.outcomes[node] = self._outcome(node, old)
            if old is None or new.outputs != old.outputs:
                for edge in self.fed.get(node, ()):
                    dirty.add(edge.target.node)
        found = Inferred(self.graph, self.layers, self.given, order, self.outcomes, self._whole(order))
        found._bypassed = frozenset(self.bypassed & self.graph.nodes.keys())  # pyright: ignore[reportPrivateUsage]
        return found

    def _in_turn(self, order: list[str], dirty: set[str]) -> list[str]:
        """Returns the order and then the nodes on and after a cycle, which forget the shapes they once had."""
        if len(order) == len(self.graph):
            return order
        placed = set(order)
        outside = [node for node in self.graph.nodes if node not in placed]
        for node in outside:
            self.outcomes.pop(node, None)
        dirty.update(outside)
        return [*order, *outside]

    def _dirty(self) -> set[str]:
        """Returns the nodes that are not as they were, and sees whether wires or names changed anywhere."""
        if self.previous is None:
            return set(self.graph.nodes)
        before, now = self.previous.graph, self.graph
        dirty = {node for node in {*self.given, *self.previous.given} if self.given.get(node) != self.previous.given.get(node)}
        for node in dirty:
            self.outcomes.pop(node, None)
        self.rewired = before.edges is not now.edges or list(before.nodes) != list(now.nodes)
        self.renamed = self.rewired
        if self.rewired:
            dirty |= self._rewired(before)
        if before.nodes is not now.nodes:
            self._compare(before.nodes, dirty)
        return dirty & now.nodes.keys()

    def _rewired(self, before: Graph) -> set[str]:
        for node in before.nodes.keys() - self.graph.nodes.keys():
            del self.outcomes[node]
        old = before.wires_by_target()
        dirty = {node for node in old.keys() | self.wires.keys() if old.get(node) != self.wires.get(node)}
        dirty |= self.bypassed
        gone = before.nodes.keys() ^ self.graph.nodes.keys()
        return dirty | {edge.target.node for node in gone for edge in self.fed.get(node, ())}

    def _compare(self, before: Mapping[str, Node], dirty: set[str]) -> None:
        for key, node in self.graph.nodes.items():
            old = before.get(key)
            if old is node:
                continue
            if old is None or _identity(old) != _identity(node):
                self.renamed = True
                dirty.update(edge.target.node for edge in self.fed.get(key, ()))
            elif old.params is node.params or _same(old.params, node.params):
                continue
            dirty.add(key)
            self.outcomes.pop(key, None)

    def _outcome(self, id: str, old: _Outcome | None) -> _Outcome:
        node = self.graph[id]
        parsed = old.parsed if old else self._parsed(node)
        if is_bypassed(node):
            self.bypassed.add(id)
            return self._passed(node, parsed, old)
        self.bypassed.discard(id)
        if parsed.params is None or parsed.layer is None:
            return _Outcome(parsed, Context(node.id, node.path), _NO_SHAPES)
        arrived = _Arrived()
        self._arrive_all(node, parsed, arrived)
        inputs, context = arrived.shapes, Context(id, node.path, arrived.sources, arrived.source_layers)
        if arrived.problems or arrived.hungry or not arrived.complete:
            return _Outcome(parsed, context, inputs, problems=tuple(arrived.problems), hungry=tuple(arrived.hungry))
        if old and old.outputs and old.inputs == inputs and old.context == context and id not in self.given:
            return old
        if id in self.given and not parsed.inputs:
            return _Outcome(parsed, context, inputs, {"output": self.given[id]})
        return _shaped(parsed, parsed.layer, node, inputs, context)

    def _passed(self, node: Node, parsed: _Parsed, old: _Outcome | None) -> _Outcome:
        """Returns the outcome of a bypassed node: the shape that its first wire brings leaves by its first port."""
        quiet = _Parsed(parsed.layer, parsed.params, parsed.inputs) if parsed.problems else parsed
        wire, context = passed_on(self.graph, node.id), Context(node.id, node.path)
        layer = parsed.layer
        if layer is not None and layer.family == _END_FAMILY:
            return _Outcome(quiet, context, _NO_SHAPES, problems=(end_left_out(node),))
        port = next((port.name for port in layer.output_ports(parsed.params)), "output") if layer and parsed.params is not None else "output"
        used = {edge.source.port for edge in self.fed.get(node.id, ())}
        if wire is None or used - {port}:
            return _Outcome(quiet, context, _NO_SHAPES, problems=(cannot_hand_on(node, used - {port}),))
        before = self.outcomes.get(wire.source.node)
        shape = before.outputs.get(wire.source.port) if before is not None else None
        if shape is None:
            return _Outcome(quiet, context, _NO_SHAPES)
        new = _Outcome(quiet, context, {wire.target.port: shape}, {port: shape})
        return old if old is not None and old.outputs == new.outputs and old.inputs == new.inputs and not old.problems else new

    def _parsed(self, node: Node) -> _Parsed:
        """Returns the layer and its checked parameters; nodes that share their raw parameters share this too."""
        key = (node.layer, id(node.params))
        if key in self.known:
            return self.known[key]
        layer = self.layers.get(node.layer)
        if layer is None:
            return _Parsed(None, None, (), (mistakes.unknown_layer(node, self.layers),))
        try:
            params = layer.parse(dict(node.params))
        except CatalogueError as error:
            return _Parsed(layer, None, (), tuple(mistakes.bad_params(node, error)))
        parsed = self.known[key] = _Parsed(layer, params, layer.input_ports(params))
        return parsed

    def _arrive_all(self, node: Node, parsed: _Parsed, arrived: _Arrived) -> None:
        """Collects what the wires bring, and what is wrong with them."""
        wires, ports = self.wires.get(node.id, ()), parsed.inputs
        if len(wires) == 1 == len(ports) and not ports[0].variadic and wires[0].target.port == ports[0].name:
            self._arrive(node, wires[0], ports[0].name, arrived)
            return
        by_port: dict[str, list[Edge]] = {}
        for edge in wires:
            by_port.setdefault(edge.target.port, []).append(edge)
        for port in ports:
            edges = by_port.pop(port.name, ())
            if not edges and not port.optional:
                arrived.hungry.append(port)
            elif len(edges) > 1 and not port.variadic:
                arrived.problems.append(mistakes.too_many_wires(self.graph, node, port, edges, self.layers))
            for index, edge in enumerate(edges):
                self._arrive(node, edge, f"{port.name}.{index}" if port.variadic else port.name, arrived)
        arrived.problems += [mistakes.no_such_input(self.graph, node, edge, ports) for edges in by_port.values() for edge in edges]

    def _arrive(self, node: Node, edge: Edge, name: str, arrived: _Arrived) -> None:
        source = self.graph.nodes.get(edge.source.node)
        outcome = self.outcomes.get(edge.source.node)
        if source is None or outcome is None or not outcome.outputs:
            arrived.complete = False
        elif (shape := outcome.outputs.get(edge.source.port)) is None:
            arrived.problems.append(mistakes.no_such_output(self.graph, node, edge, outcome.outputs))
        else:
            arrived.shapes[name], arrived.sources[name], arrived.source_layers[name] = shape, source.path, source.layer

    def _whole(self, order: list[str]) -> _Whole:
        if self.previous and not self.renamed:
            return self.previous._whole  # pyright: ignore[reportPrivateUsage]
        whole, by_node = structure.problems_of_structure(self.graph, len(order) == len(self.graph))
        layers = {node: outcome.parsed.layer for node, outcome in self.outcomes.items()}
        takes = {node: bool(layer.inputs) for node, layer in layers.items() if layer and layer.family == _END_FAMILY}
        outputs = tuple(node for node in self.graph.nodes if takes.get(node))
        return _Whole(whole, by_node, not all(takes.values()), outputs, structure.unused_ends(self.graph, outputs))


def _identity(node: Node) -> tuple[object, ...]:
    return node.layer, node.name, node.group, node.label, node.ties, is_bypassed(node)


def _same(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether raw parameters are equal; 1, 1.0 and True are not the same to a layer."""
    return old == new and repr(old) == repr(new)


def _shaped(parsed: _Parsed, layer: LayerRule, node: Node, inputs: Shapes, context: Context) -> _Outcome:
    try:
        outputs = layer.shape(parsed.params, inputs, context)
        empty = next((found for shape in outputs.values() if (found := mistakes.empty_axis(node, shape)) is not None), None)
        if empty is not None:
            return _Outcome(parsed, context, inputs, problems=(empty,))
        return _Outcome(parsed, context, inputs, outputs, tuple(layer.warnings(parsed.params, inputs, context)))
    except LayerProblem as problem:
        return _Outcome(parsed, context, inputs, problems=(problem.at(node.id),))
    except Exception as error:
        _log.exception("shape rule of %s failed", node.layer)
        return _Outcome(parsed, context, inputs, problems=(mistakes.rule_failed(node, error),))


__all__ = ["Inferred", "Problem", "infer"]
