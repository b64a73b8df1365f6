"""The plan of a model: the drawing in the order of computing, every argument with its origin. Builder, printer and cost read it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.errors import GraphError
from workbench.graph.bypass import without_bypassed
from workbench.graph.dim import Dim, Symbol
from workbench.graph.graph import Graph, Node, PortRef
from workbench.graph.problem import Problem, Severity
from workbench.graph.repeat import Item, arranged, built_part, loops
from workbench.graph.shape import Shape
from workbench.layers import LAYERS
from workbench.layers.base import Call, FromInput, FromPort, Shapes
from workbench.models.steps import Loop, Step, Wired
from workbench.models.unrolling import Unrolled, unroll
from workbench.text import Text

if TYPE_CHECKING:
    from workbench.graph.infer import Inferred


@dataclass(frozen=True, slots=True)
class InputSpec:
    """One value that the model is given.

    Attributes:
        name: The name of the argument.
        node: The id of the input node.
        field: The dataset field that feeds it.
        shape: What it must look like.
        decoder: Whether the model writes it itself: in training it is the target, one token late.
        rate: Samples per second of a sound; 0 for anything else.
    """

    name: str
    node: str
    field: str
    shape: Shape
    decoder: bool = False
    rate: int = 0


@dataclass(frozen=True, slots=True)
class OutputSpec:
    """One result.

    Attributes:
        name: Its name.
        node: The id of the output node.
        source: The port that is wired to the output node.
        shape: What it looks like.
    """

    name: str
    node: str
    source: PortRef
    shape: Shape


@dataclass(frozen=True, slots=True)
class LengthSpec:
    """One argument that takes the length of every row.

    Attributes:
        parameter: The name of the argument: `lengths`, or `lengths_T` where rows differ in more than one size.
        symbol: The size it gives.
        input: The name of the (first) input that has this size.
        inputs: The names of all inputs that have it; their lengths are the same in every row.
    """

    parameter: str
    symbol: Symbol
    input: str
    inputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shared:
    """One parameter that is another node's.

    Attributes:
        path: The path of the parameter that is given up.
        owner: The path of the parameter that takes its place.
    """

    path: str
    owner: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A model, ready to be built or printed.

    Attributes:
        steps: The nodes that lead to an output, in the order of computing; of repeated groups, every repetition.
        inputs: What the model is given, in order.
        outputs: What it returns, in order.
        lengths: The row lengths it takes.
        shared: Tied parameters.
        paths: Submodule path by node id.
        body: The same with each repeated group as one loop.
    """

    steps: tuple[Step, ...]
    inputs: tuple[InputSpec, ...]
    outputs: tuple[OutputSpec, ...]
    lengths: tuple[LengthSpec, ...]
    shared: tuple[Shared, ...]
    paths: Mapping[str, str]
    body: tuple[Step | Loop, ...] = ()

    def __deepcopy__(self, memo: dict[int, Any]) -> Plan:
        return self

    def step_of(self, node: str) -> Step:
        """Returns the step of a node.

        Raises:
            KeyError: The node does not lead to an output, or does not exist.
        """
        for step in self.steps:
            if step.node == node:
                return step
        raise KeyError(node)


def plan(graph: Graph, inferred: Inferred | None = None) -> Plan:
    """Plans a drawing.

    Args:
        graph: The drawing.
        inferred: Its shapes, where they are known already.

    Raises:
        GraphError: The drawing has a mistake; the message names the first one, the hint says what to do.
    """
    from workbench.graph.infer import infer

    inferred = infer(graph, LAYERS) if inferred is None else inferred
    _refuse(problem for problem in inferred.problems if problem.severity is Severity.ERROR)
    if (built := without_bypassed(graph)) is not graph:
        graph, inferred = built, infer(built, LAYERS)
        _refuse(problem for problem in inferred.problems if problem.severity is Severity.ERROR)
    ends = [node.id for node in graph if _role(node) == "output"]
    graph = built_part(graph, ends)
    names = _argument_names(graph, [node for node in graph if _role(node) == "input"])
    body = _body(graph, arranged(graph, loops(graph)) or (), inferred, names)
    _check_paths(list(graph))
    unrolled = unroll(graph, body)
    inputs = tuple(_input(graph[node], name, inferred) for node, name in names.items())
    outputs = tuple(_output(graph, graph[node], inferred, unrolled) for node in ends)
    paths = {step.node: step.path for step in unrolled.steps}
    return Plan(unrolled.steps, inputs, outputs, _lengths(inputs), _shared(graph, unrolled), paths, body)


def _body(graph: Graph, items: tuple[Item, ...], inferred: Inferred, names: Mapping[str, str]) -> tuple[Step | Loop, ...]:
    """Returns the steps of a drawing in order, each repeated group as one loop."""
    body: list[Step | Loop] = []
    for item in items:
        if isinstance(item, str):
            body.append(_step(graph, graph[item], inferred, names))
            continue
        loop, inside = item.loop, _body(graph, item.body, inferred, names)
        assert loop.source is not None, loop.path
        body.append(Loop(loop.path, loop.times, loop.shared, loop.source, loop.others, loop.results[0], inside))
    return tuple(body)


def _role(node: Node) -> str:
    layer = LAYERS.get(node.layer)
    return layer.role if layer is not None else ""


def _refuse(problems: Iterable[Problem[Graph]]) -> None:
    """Raises the first problem there is."""
    for problem in problems:
        hint = problem.reason
        if problem.fixes:
            hint = (
                Text("{reason} Try: {fix}.", reason=problem.reason, fix=problem.fixes[0].label)
                if hint
                else Text("Try: {fix}.", fix=problem.fixes[0].label)
            )
        raise GraphError(problem.message, hint)


def _argument_names(graph: Graph, nodes: list[Node]) -> dict[str, str]:
    """Returns the argument name of every input node: its name, or its path where names repeat."""
    names = [node.name for node in nodes]
    return {node.id: node.name if names.count(node.name) == 1 else node.path.replace(".", "_") for node in nodes}


def _step(graph: Graph, node: Node, inferred: Inferred, names: Mapping[str, str]) -> Step:
    layer = LAYERS[node.layer]
    params = layer.parse(dict(node.params))
    inputs, outputs = inferred.input_shapes(node.id), inferred.output_shapes(node.id)
    call = layer.call(params, inputs)
    return Step(node.id, node.path, node.layer, params, call, tuple(_wiring(graph, node, call, inputs, names)), inputs, outputs)


def _wiring(graph: Graph, node: Node, call: Call, inputs: Shapes, names: Mapping[str, str]) -> Iterable[Wired]:
    for parameter, origin in call.inputs.items():
        if isinstance(origin, FromInput):
            yield Wired(parameter, given=names[node.id])
        elif isinstance(origin, FromPort):
            sources = tuple(edge.source for edge in graph.incoming(node.id) if edge.target.port == origin.port)
            if sources:
                yield Wired(parameter, sources, variadic=origin.port not in inputs)
        elif origin.port in inputs and (size := _ragged_size(inputs[origin.port])) is not None:
            yield Wired(parameter, lengths=size)


def _ragged_size(shape: Shape) -> Dim | None:
    index = shape.sequence_axis
    return shape.dims[index] if index is not None and shape.dims[index].ragged else None


def _input(node: Node, name: str, inferred: Inferred) -> InputSpec:
    layer = LAYERS[node.layer]
    params: Any = layer.parse(dict(node.params))
    shape = layer.input_shape(params)
    assert shape is not None, node.layer
    return InputSpec(name, node.id, params.field or node.name, shape, bool(getattr(params, "decoder", False)), int(getattr(params, "rate", 0)))


def _output(graph: Graph, node: Node, inferred: Inferred, unrolled: Unrolled) -> OutputSpec:
    (edge,) = graph.incoming(node.id)
    name = (
        node.name
        if sum(other.name == node.name for other in graph if _role(other) == "output") == 1
        else node.path.replace(".", "_")
    )
    return OutputSpec(name, node.id, unrolled.port(edge.source), inferred.input_shapes(node.id)["input"])


def _lengths(inputs: tuple[InputSpec, ...]) -> tuple[LengthSpec, ...]:
    found: dict[str, tuple[Symbol, list[str]]] = {}
    for spec in inputs:
        for dim in spec.shape.dims:
            for symbol in dim.symbols():
                if symbol.ragged:
                    found.setdefault(symbol.name, (symbol, []))[1].append(spec.name)
    single = len(found) == 1
    return tuple(
        LengthSpec("lengths" if single else f"lengths_{name}", symbol, names[0], tuple(names))
        for name, (symbol, names) in found.items()
    )


def _check_paths(nodes: list[Node]) -> None:
    """Raises where a node has the path of a group, or of another node."""
    groups = {".".join(parts[:count]) for node in nodes for parts in [node.path.split(".")] for count in range(1, len(parts))}
    seen: set[str] = set()
    for node in nodes:
        if node.path in groups or node.path in seen:
            raise GraphError(
                Text("Two things in the drawing are called {name}.", name=node.path),
                Text("Rename the node or the group; a name stands once."),
            )
        seen.add(node.path)


def _shared(graph: Graph, unrolled: Unrolled) -> tuple[Shared, ...]:
    """Returns all ties, each straight to the node that owns the parameter in the end; shared repetitions are tied to the first."""
    found: list[Shared] = []
    for step in unrolled.steps:
        ties = {tie.parameter: tie for tie in graph[step.drawn or step.node].ties}
        for tie in ties.values():
            drawn, other = _owner(graph, tie.node, tie.other, step)
            owner = unrolled.owner(step, drawn)
            if owner is None:
                raise GraphError(
                    Text(
                        "{node} shares {parameter} with a node that leads to no output.", node=step.path, parameter=tie.parameter
                    ),
                    Text("Connect that node, or end the sharing."),
                )
            _check_tie(step, tie.parameter, owner, other)
            found.append(Shared(f"{step.path}.{tie.parameter}", f"{owner.path}.{other}"))
        first = unrolled.owner(step, step.drawn or step.node)
        if first is not None and first.node != step.node:
            own = [name for name in parameter_shapes(step) if name not in ties]
            found += [Shared(f"{step.path}.{name}", f"{first.path}.{name}") for name in own]
    return tuple(found)


def _owner(graph: Graph, node: str, parameter: str, step: Step) -> tuple[str, str]:
    """Follows ties to the node that is tied to no other."""
    seen = {(node, parameter)}
    while node in graph:
        tie = next((tie for tie in graph[node].ties if tie.parameter == parameter), None)
        if tie is None:
            break
        node, parameter = tie.node, tie.other
        if (node, parameter) in seen or node == (step.drawn or step.node):
            raise GraphError(
                Text("{node} shares its weights in a circle.", node=step.path), Text("One node must own the weights.")
            )
        seen.add((node, parameter))
    return node, parameter


def parameter_shapes(step: Step) -> Mapping[str, tuple[int, ...]]:
    """Returns the shape of every trainable parameter of a step by its name within the module."""
    return LAYERS[step.layer].parameters(step.params, step.inputs)


def _check_tie(step: Step, parameter: str, owner: Step, other: str) -> None:
    own, theirs = parameter_shapes(step).get(parameter), parameter_shapes(owner).get(other)
    if own is None or theirs is None or own != theirs:
        raise GraphError(
            Text(
                "{node} cannot share {parameter} {own} with {other} {theirs} of {owner}.",
                node=step.path,
                parameter=parameter,
                own=_sizes(own),
                other=other,
                theirs=_sizes(theirs),
                owner=owner.path,
            ),
            Text("Shared weights must exist in both nodes and have the same shape."),
        )


def _sizes(shape: tuple[int, ...] | None) -> str:
    return "×".join(map(str, shape)) if shape else "(none)"
