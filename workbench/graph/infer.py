"""Shape inference: every port gets a shape, or its node a problem. Incremental, without torch.

A node is worked out anew only where its layer, parameters, name, wires or input shapes are not those of the last time. A node
whose inputs have no shape is passed over in silence: one cause, one message.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from workbench.errors import CatalogueError
from workbench.graph import mistakes, structure
from workbench.graph.bypass import cannot_hand_on, end_left_out, is_bypassed, passed_on
from workbench.graph.difference import Difference, difference
from workbench.graph.graph import Edge, Graph, Node
from workbench.graph.inferred import NO_SHAPES, Inferred, Outcome, Parsed, Whole
from workbench.graph.mistakes import Found
from workbench.graph.naming import Naming, naming
from workbench.graph.order import order_after, topological
from workbench.graph.ports import Context, LayerProblem, LayerRule, LayerRules, Port, Shapes
from workbench.graph.problem import Problem
from workbench.graph.shape import Shape

_log = logging.getLogger(__name__)
_END_FAMILY = "input/output"


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
        self.outcomes: dict[str, Outcome] = dict(previous.outcomes) if previous else {}
        self.known: dict[tuple[str, int], Parsed] = {}
        self.change = difference(previous.graph, graph) if previous else Difference(tuple(graph.nodes))
        self.renamed: set[str] = set()
        self.found: set[str] = set()

    def run(self) -> Inferred:
        """Returns the result."""
        dirty = self._dirty()
        order = self._order()
        if self.previous and not len(order) == len(self.graph) == len(self.previous.order):
            dirty |= set(order) ^ set(self.previous.order)
        for node in self._in_turn(order, dirty):
            if node not in dirty:
                continue
            self.found.add(node)
            old = self.outcomes.get(node)
            new = self.outcomes[node] = self._outcome(node, old)
            handed_on = is_bypassed(self.graph[node]) and old is not None and new.context != old.context
            if self.previous and (old is None or new.outputs != old.outputs or handed_on):
                dirty.update(edge.target.node for edge in self.fed.get(node, ()))
        result = Inferred(self.graph, self.layers, self.given, order, self.outcomes, self._whole(order))
        if self.previous:
            result.note_changes(self.previous, self.found)
        return result

    def _order(self) -> list[str]:
        known = order_after(self.previous.order, self.previous.graph, self.graph, self.change) if self.previous else None
        return topological(self.graph) if known is None else known

    def _in_turn(self, order: list[str], dirty: set[str]) -> list[str]:
        """Returns the order and then the nodes on and after a cycle, which forget the shapes they once had."""
        if len(order) == len(self.graph):
            return order if dirty else []
        placed = set(order)
        outside = [node for node in self.graph.nodes if node not in placed]
        for node in outside:
            self.outcomes.pop(node, None)
        dirty.update(outside)
        return [*order, *outside]

    def _dirty(self) -> set[str]:
        """Returns the nodes that are not as they were."""
        if self.previous is None:
            return set(self.graph.nodes)
        dirty = {node for node in {*self.given, *self.previous.given} if self.given.get(node) != self.previous.given.get(node)}
        for node in dirty | self.change.removed:
            self.outcomes.pop(node, None)
        dirty |= self.change.targets
        # What leaves a bypassed node depends on which of its ports are wired.
        dirty |= self.previous.whole.bypassed & self.change.sources
        dirty.update(edge.target.node for node in self.change.removed for edge in self.fed.get(node, ()))
        self._compare(self.previous.graph, dirty)
        return dirty & self.graph.nodes.keys()

    def _compare(self, before: Graph, dirty: set[str]) -> None:
        for key in (*self.change.added, *self.change.changed):
            node, old = self.graph[key], before.nodes.get(key)
            if old is None or _identity(old) != _identity(node):
                self.renamed.add(key)
                dirty.update(edge.target.node for edge in self.fed.get(key, ()))
            elif old.params is node.params or _same(old.params, node.params):
                continue
            dirty.add(key)
            self.outcomes.pop(key, None)

    def _outcome(self, id: str, old: Outcome | None) -> Outcome:
        node = self.graph[id]
        parsed = old.parsed if old else self._parsed(node)
        if is_bypassed(node):
            return self._passed(node, parsed, old)
        if parsed.params is None or parsed.layer is None:
            return Outcome(parsed, Context(node.id, node.path), NO_SHAPES)
        arrived = _Arrived()
        self._arrive_all(node, parsed, arrived)
        inputs, context = arrived.shapes, Context(id, node.path, arrived.sources, arrived.source_layers)
        if arrived.problems or arrived.hungry or not arrived.complete:
            return Outcome(parsed, context, inputs, problems=tuple(arrived.problems), hungry=tuple(arrived.hungry))
        if old and old.outputs and old.inputs == inputs and old.context == context and id not in self.given:
            return old
        if id in self.given and not parsed.inputs:
            return Outcome(parsed, context, inputs, {"output": self.given[id]})
        return _shaped(parsed, parsed.layer, node, inputs, context)

    def _passed(self, node: Node, parsed: Parsed, old: Outcome | None) -> Outcome:
        """Returns the outcome of a bypassed node: the shape that its first wire brings leaves by its first port."""
        quiet = Parsed(parsed.layer, parsed.params, parsed.inputs) if parsed.problems else parsed
        wire, context = passed_on(self.graph, node.id), Context(node.id, node.path)
        layer = parsed.layer
        if layer is not None and layer.family == _END_FAMILY:
            return Outcome(quiet, context, NO_SHAPES, problems=(end_left_out(node),))
        port = next((port.name for port in layer.output_ports(parsed.params)), "output") if layer and parsed.params is not None else "output"
        used = {edge.source.port for edge in self.fed.get(node.id, ())}
        if wire is None or used - {port}:
            return Outcome(quiet, context, NO_SHAPES, problems=(cannot_hand_on(node, used - {port}),))
        before = self.outcomes.get(wire.source.node)
        shape = before.outputs.get(wire.source.port) if before is not None else None
        if shape is None:
            return Outcome(quiet, context, NO_SHAPES)
        path, kind = self._origin(self.graph[wire.source.node], before)
        context = Context(node.id, node.path, {port: path}, {port: kind})
        new = Outcome(quiet, context, {wire.target.port: shape}, {port: shape})
        same = old is not None and old.outputs == new.outputs and old.inputs == new.inputs and old.context == context
        return old if old is not None and same and not old.problems else new

    def _origin(self, node: Node, outcome: Outcome | None) -> tuple[str, str]:
        """Returns the path and the layer of the node whose tensor leaves a node: its own, or that of the one before a bypassed one."""
        if outcome is None or not is_bypassed(node):
            return node.path, node.layer
        paths, kinds = outcome.context.sources, outcome.context.source_layers
        return next(iter(paths.values()), node.path), next(iter(kinds.values()), node.layer)

    def _parsed(self, node: Node) -> Parsed:
        """Returns the layer and its checked parameters; nodes that share their raw parameters share this too."""
        key = (node.layer, id(node.params))
        if key in self.known:
            return self.known[key]
        layer = self.layers.get(node.layer)
        if layer is None:
            return Parsed(None, None, (), (mistakes.unknown_layer(node, self.layers),))
        try:
            params = layer.parse(dict(node.params))
        except CatalogueError as error:
            return Parsed(layer, None, (), tuple(mistakes.bad_params(node, error)))
        parsed = self.known[key] = Parsed(layer, params, layer.input_ports(params))
        return parsed

    def _arrive_all(self, node: Node, parsed: Parsed, arrived: _Arrived) -> None:
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
            arrived.shapes[name] = shape
            arrived.sources[name], arrived.source_layers[name] = self._origin(source, outcome)

    def _whole(self, order: list[str]) -> Whole:
        before = self.previous.whole if self.previous else None
        whole = [] if before and not before.problems and self._joins_well(order) else structure.of_whole(self.graph, len(order) == len(self.graph))
        names, tied = self._naming(), self._tied()
        return Whole(whole, structure.by_node(self.graph, names is None, tied), names, tied, self._ends(), *self._marks())

    def _ends(self) -> dict[str, bool]:
        ends = dict(self.previous.whole.ends) if self.previous else {}
        for node in self.change.removed | self.renamed:
            ends.pop(node, None)
        for node in self.renamed if self.previous else self.graph.nodes:
            layer = self.outcomes[node].parsed.layer
            if layer is not None and layer.family == _END_FAMILY:
                ends[node] = bool(layer.inputs)
        return ends

    def _marks(self) -> tuple[set[str], set[str], set[str]]:
        """Returns the nodes of an unknown layer, those of which there is something to say, and the bypassed ones."""
        before, fresh = self.previous.whole if self.previous else None, self.found
        known = (before.unknown, before.speaking, before.bypassed) if before else (set[str](), set[str](), set[str]())
        unknown, speaking, bypassed = ({*marked} - self.change.removed - fresh for marked in known)
        for node in fresh:
            outcome = self.outcomes[node]
            if outcome.problems or outcome.hungry or outcome.parsed.problems:
                speaking.add(node)
            if outcome.parsed.layer is None:
                unknown.add(node)
            if is_bypassed(self.graph[node]):
                bypassed.add(node)
        return unknown, speaking, bypassed

    def _joins_well(self, order: list[str]) -> bool:
        """Whether no wire dangles and none goes round, after a result of which the same is true."""
        nodes = self.graph.nodes
        ends = (end for edge in self.change.drawn for end in (edge.source.node, edge.target.node))
        lost = any(node in self.wires or node in self.fed for node in self.change.removed)
        return len(order) == len(nodes) and not lost and all(end in nodes for end in ends)

    def _naming(self) -> Naming | None:
        before = self.previous.whole.naming if self.previous else None
        if self.previous is None or before is None:
            return naming(self.graph)
        if not self.renamed and not self.change.removed:
            return before
        there = self.renamed - set(self.change.added)
        return before.after(self.previous.graph, self.graph, self.change.removed | there, self.renamed)

    def _tied(self) -> frozenset[str]:
        before = self.previous.whole.tied if self.previous else frozenset[str]()
        looked = self.renamed if self.previous else self.graph.nodes.keys()
        return (before - self.change.removed - self.renamed) | {node for node in looked if self.graph[node].ties}


def _identity(node: Node) -> tuple[object, ...]:
    return node.layer, node.name, node.group, node.label, node.ties, is_bypassed(node)


def _same(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether raw parameters are equal; 1, 1.0 and True are not the same to a layer."""
    return old == new and repr(old) == repr(new)


def _shaped(parsed: Parsed, layer: LayerRule, node: Node, inputs: Shapes, context: Context) -> Outcome:
    try:
        outputs = layer.shape(parsed.params, inputs, context)
        empty = next((found for shape in outputs.values() if (found := mistakes.empty_axis(node, shape)) is not None), None)
        if empty is not None:
            return Outcome(parsed, context, inputs, problems=(empty,))
        return Outcome(parsed, context, inputs, outputs, tuple(layer.warnings(parsed.params, inputs, context)))
    except LayerProblem as problem:
        return Outcome(parsed, context, inputs, problems=(problem.at(node.id),))
    except Exception as error:
        _log.exception("shape rule of %s failed", node.layer)
        return Outcome(parsed, context, inputs, problems=(mistakes.rule_failed(node, error),))


__all__ = ["Inferred", "Problem", "infer"]
