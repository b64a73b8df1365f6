"""What inference found: the shape of every port, and the problems of every node."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from heapq import nsmallest
from itertools import islice
from types import MappingProxyType
from typing import Any

from workbench.graph import mistakes, structure
from workbench.graph.bypass import is_bypassed, with_taking_in
from workbench.graph.graph import Edge, Graph, Node, PortRef
from workbench.graph.mistakes import Found
from workbench.graph.naming import Naming
from workbench.graph.order import reachable_from
from workbench.graph.ports import Context, LayerRule, LayerRules, Port, Shapes
from workbench.graph.problem import Severity
from workbench.graph.repeat import repeats
from workbench.graph.repeat_problems import repeat_problems
from workbench.graph.shape import Shape

NO_SHAPES: Shapes = MappingProxyType({})
_NEAR = 6


@dataclass(slots=True)  # never changed, but not frozen: that would double the time it takes to make one
class Parsed:
    """What a node says by itself. `params` is None where the layer is unknown or a parameter is wrong."""

    layer: LayerRule | None
    params: Any
    inputs: tuple[Port, ...]
    problems: tuple[Found, ...] = ()


@dataclass(slots=True)
class Outcome:
    """What came out at one node. `hungry` are the ports that need a wire and have none."""

    parsed: Parsed
    context: Context
    inputs: Shapes
    outputs: Shapes = field(default_factory=lambda: NO_SHAPES)
    problems: tuple[Found, ...] = ()
    hungry: tuple[Port, ...] = ()


@dataclass(slots=True)
class Whole:
    """What the nodes, names and wires say together.

    Attributes:
        problems: Of the whole drawing.
        by_node: Of names and ties.
        naming: All names, where none is wrong.
        tied: Nodes that share parameters.
        ends: The ends of the drawing: whether something leaves the drawing there, or enters it.
        unknown: Nodes whose layer nobody knows.
        speaking: Nodes of which there is something to say.
        bypassed: Nodes that are left out of the model.
    """

    problems: list[Found]
    by_node: Mapping[str, list[Found]]
    naming: Naming | None
    tied: frozenset[str]
    ends: Mapping[str, bool]
    unknown: set[str]
    speaking: set[str]
    bypassed: set[str]

    @property
    def outputs(self) -> frozenset[str]:
        """Where something leaves the drawing."""
        return frozenset(node for node, leaves in self.ends.items() if leaves)


class Inferred:
    """The result of `infer`.

    Attributes:
        graph: The drawing it belongs to.
        layers, given: What it was inferred with.
        order: Ids so that every wire points forward; nodes on and after a cycle are left out.
        outcomes: What came out at each node.
        whole: What the nodes say together.
        problems: Errors first, each group in the order of the drawing.
    """

    def __init__(
        self, graph: Graph, layers: LayerRules, given: Mapping[str, Shape], order: list[str], outcomes: dict[str, Outcome], whole: Whole
    ) -> None:
        self.graph, self.layers, self.given, self.order = graph, layers, given, order
        self.outcomes, self.whole = outcomes, whole
        self._mark = object()
        self._since: tuple[object, frozenset[str]] | None = None

    def note_changes(self, previous: Inferred, nodes: Iterable[str]) -> None:
        """Remembers at which nodes another outcome than in an earlier result may stand."""
        self._since = (previous._mark, frozenset(nodes))

    def changed_since(self, other: Inferred | None) -> frozenset[str] | None:
        """Returns the nodes of this drawing whose shapes or parameters may differ from an earlier result; None where any may."""
        if other is self:
            return frozenset()
        if other is None or self._since is None or self._since[0] is not other._mark or repeats(self.graph) != repeats(other.graph):
            return None
        return self._since[1]

    @property
    def ok(self) -> bool:
        """Whether nothing stops the build."""
        return not any(problem.severity == Severity.ERROR for problem in self.problems)

    @cached_property
    def shapes(self) -> Mapping[PortRef, Shape]:
        """The shape of every output port that has one."""
        return MappingProxyType({
            PortRef(node, port): shape for node, outcome in self.outcomes.items() for port, shape in outcome.outputs.items()
        })

    def input_shapes(self, node_id: str) -> Shapes:
        """Returns the shapes at the input ports of a node, as far as they are known; variadic ones as `inputs.0`, `inputs.1`."""
        return self.outcomes[node_id].inputs if node_id in self.outcomes else NO_SHAPES

    def output_shapes(self, node_id: str) -> Shapes:
        """Returns the shapes at the output ports of a node; empty where there is a problem at it or before it."""
        return self.outcomes[node_id].outputs if node_id in self.outcomes else NO_SHAPES

    def edge_shape(self, edge: Edge) -> Shape | None:
        """Returns the shape of what travels along a wire."""
        return self.output_shapes(edge.source.node).get(edge.source.port)

    def params(self, node_id: str) -> Any:
        """Returns the checked parameters of a node, or None where they are wrong or the layer is unknown."""
        return self.outcomes[node_id].parsed.params if node_id in self.outcomes else None

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
        found, by_node = [*self.whole.problems], self.whole.by_node
        for node in self._speaking:
            outcome = self.outcomes[node]
            found += [*by_node.get(node, ()), *outcome.parsed.problems, *self._at(node, outcome)]
            found += [self._missing(node, port) for port in outcome.hungry]
        found += self._ends()
        if len(self.order) == len(self.graph):
            found += repeat_problems(self, self.whole.outputs, self.whole.ends)
        if not any(problem.kind in structure.LOOSENING for problem in found):
            found += self._unused({problem.node for problem in found if problem.severity == Severity.ERROR})
        return tuple(sorted(found, key=lambda problem: problem.severity != Severity.ERROR))

    @cached_property
    def _speaking(self) -> list[str]:
        """Nodes of which there is something to say, in the order of inference; those on and after a cycle come last."""
        some = self.whole.speaking | self.whole.by_node.keys()
        placed = [node for node in self.order if node in some] if some else []
        return placed if len(placed) == len(some) else [*placed, *(node for node in self.graph.nodes if node in some.difference(placed))]

    def _at(self, node: str, outcome: Outcome) -> list[Found]:
        """Returns the problems of one node; where a bypassed one feeds it, taking that in again is a way out."""
        sources = (self.graph.nodes.get(edge.source.node) for edge in self.graph.incoming(node)) if outcome.problems else ()
        skipped = next((source for source in sources if source is not None and is_bypassed(source)), None)
        return [with_taking_in(problem, skipped) if skipped else problem for problem in outcome.problems]

    @cached_property
    def _loose(self) -> list[tuple[Node, str]]:
        """The last nodes with an output port that feeds nothing, the last first; ends of the drawing are not among them."""
        free = self.graph.nodes.keys() - self.graph.wires_by_source().keys() - self.whole.outputs
        loose = (node for node in reversed(self.order) if node in free and self.outcomes[node].outputs) if free else ()
        return [(self.graph[node], next(iter(self.outcomes[node].outputs))) for node in islice(loose, structure.LISTED)]

    def _missing(self, node: str, port: Port) -> Found:
        after = reachable_from(self.graph, (node,)) if self._loose else set[str]()
        loose = [each for each in self._loose if each[0].id not in after and each[0].id != node][:2]
        alone = not loose and node not in self.graph.wires_by_source() and not self.graph.incoming(node)
        parsed = self.outcomes[node].parsed
        outputs = parsed.layer.output_ports(parsed.params) if alone and parsed.layer is not None else ()
        return mistakes.missing_input(self.graph[node], port, loose, self._near(node, port) if alone else (), outputs[0].name if outputs else "")

    def _near(self, node: str, port: Port) -> list[tuple[Node, str]]:
        """Returns the nearest nodes, those above first, of which what leaves fits a lonely node, each with its output port."""
        own, (x, y) = self.graph[node], self.graph[node].position

        def distance(other: Node) -> tuple[bool, float]:
            across, down = other.position[0] - x, other.position[1] - y
            return down > 0, abs(across) + abs(down)

        some = (other for other in self.graph if other.group == own.group and other.id != node and self.outcomes[other.id].outputs)
        near = nsmallest(_NEAR, some, key=distance)
        ports = [(other, next(iter(self.outcomes[other.id].outputs))) for other in near]
        return [(other, out) for other, out in ports if self._fits(node, port, other, self.outcomes[other.id].outputs[out])][:2]

    def _fits(self, node: str, port: Port, source: Node, shape: Shape) -> bool:
        """Whether a node could take what leaves another one; where it needs more than that, nobody knows yet."""
        parsed, name = self.outcomes[node].parsed, f"{port.name}.0" if port.variadic else port.name
        if parsed.layer is None or sum(not each.optional for each in parsed.inputs) > 1 or port.variadic:
            return True
        try:
            parsed.layer.shape(parsed.params, {name: shape}, Context(node, self.graph[node].path, {name: source.path}))
        except Exception:  # a rule may break on what it was not made for: then it does not fit
            return False
        return True

    def _ends(self) -> list[Found]:
        if self.whole.unknown:
            return []
        hungry = [PortRef(node, port.name) for node in self._speaking for port in self.outcomes[node].hungry]
        found = [] if not all(self.whole.ends.values()) else [structure.no_input(self.layers, hungry)]
        return found if self.whole.outputs else [*found, structure.no_output(self.layers, self._loose)]

    def _unused(self, wrong: set[str]) -> list[Found]:
        outputs = self.whole.outputs
        ends = self.graph.nodes.keys() - self.graph.wires_by_source().keys() - outputs if outputs else ()
        found: list[Found] = []
        for end in islice((node for node in self.graph.nodes if node in ends), structure.LISTED) if ends else ():
            branch = structure.branch_of(self.graph, end, outputs)
            if not branch & wrong:
                found.append(structure.unused(self.graph, end, branch))
        return found
