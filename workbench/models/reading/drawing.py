"""The drawing under way: nodes with their shapes, wires, names of weights and problems."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from workbench.graph.graph import Edge, Graph, Node, PortRef, Tie, frozen, is_name
from workbench.graph.names import free_name, new_id, stem
from workbench.graph.ports import Context, LayerProblem
from workbench.graph.problem import Problem, Severity
from workbench.graph.shape import Shape
from workbench.layers import LAYERS
from workbench.layers.base import FromPort, Layer
from workbench.models.reading.inversion import REFUSED, Match
from workbench.models.reading.reading import WrongSizeError
from workbench.models.reading.values import Module, Tensor
from workbench.text import Text

PLACEHOLDER = "torch:"
_SINGULAR = frozenset({"output"})
_MOST_NODES = 4_000


class Drawing:
    """Nodes and wires as they are read.

    Attributes:
        strict: Whether the first layer made for another size ends the reading (while sizes are tried).
        line: The line that is read.
        group: The group that what has no module of its own goes into.
        hint: What the next such node is called; "" names it after its layer.
        names: Foreign state key -> our state keys, as `Reading.names`.
        zeros: Our state keys that are 0 in the read class, as in `Reading.zeros`.
        projections: What every nn.Linear made, and of what.
        attentions: Those that were written out, by their projections.
        unwired: While the inputs are looked for: arguments that need no wire, `lengths`, `padding` or `mask`.
        problems: So far.
    """

    def __init__(self, strict: bool = False) -> None:
        self.strict, self.line, self.group, self.hint = strict, 0, "", ""
        self.names: dict[str, tuple[str, ...]] = {}
        self.problems: list[Problem[Graph]] = []
        self.shapes: dict[PortRef, Shape] = {}
        self.settled: dict[Any, Tensor] = {}
        self.formulas: set[str] = set()
        self.probing = False
        self.viewed: set[PortRef] = set()
        self.unwired: dict[PortRef, str] = {}
        self.zeros: list[str] = []
        self.projections: dict[PortRef, tuple[Module, tuple[PortRef, Shape | None]]] = {}
        self.attentions: dict[tuple[Module, ...], Module] = {}
        self.met: list[tuple[PortRef, Module, bool]] = []
        self._nodes: dict[str, Node] = {}
        self._edges: list[Edge] = []
        self._taken: dict[str, set[str]] = {}
        self._said: set[tuple[str, str]] = set()

    def graph(self) -> Graph:
        """Returns the drawing, laid out."""
        from workbench.graph import edit
        from workbench.graph.layout import layout
        from workbench.models.reading.chains import Chains

        Chains(self._nodes, self._edges, self.shapes, self.names).merge(self.formulas)
        graph = Graph(frozen(self._nodes), tuple(self._edges))
        return edit.move(graph, layout(graph)) if len(graph) < 2_000 else graph

    def node(self, node: str) -> Node:
        """Returns a node by id."""
        return self._nodes[node]

    def say(self, kind: str, message: Text, reason: str = "", node: str = "", error: bool = True) -> None:
        """Adds a problem, each once."""
        if (kind, message) not in self._said:
            self._said.add((kind, message))
            severity = Severity.ERROR if error else Severity.WARNING
            self.problems.append(Problem(kind, message, node, reason, severity=severity))

    def reserve(self, group: str) -> str:
        """Returns a free path for a group that is wanted under this path, and keeps it."""
        parent, _, name = group.rpartition(".")
        taken = self._taken.setdefault(parent, set())
        free = free_name(name, taken)
        taken.add(free)
        return f"{parent}.{free}" if parent else free

    def add(
        self, layer: str, params: Mapping[str, Any], wires: Sequence[tuple[str, PortRef]] = (), name: str = "", group: str | None = None
    ) -> str:
        """Adds a node with its wires and returns its id."""
        if len(self._nodes) >= _MOST_NODES:
            raise RecursionError
        where = self.group if group is None else group
        taken = self._taken.setdefault(where, set())
        base = stem(layer.removeprefix(PLACEHOLDER).rpartition(".")[2].lower() or "layer")
        chosen = free_name(name, taken) if name else free_name(base, taken, numbered=base not in _SINGULAR)
        taken.add(chosen)
        self._occupy(where)
        node = Node(new_id(), layer, chosen, frozen(dict(params)), group=where)
        self._nodes[node.id] = node
        self._edges += [Edge(source, PortRef(node.id, port)) for port, source in wires]
        return node.id

    def remove(self, node: str) -> bool:
        """Takes a node away again that nothing is wired to; its module may be drawn anew. Returns whether it could be."""
        if any(edge.source.node == node for edge in self._edges):
            return False
        old = self._nodes.pop(node, None)
        if old is None:
            return True
        self._edges = [edge for edge in self._edges if edge.target.node != node]
        self._taken[old.group].discard(old.name)
        self.projections[PortRef(node, "output")][0].nodes.remove(node)
        start = f"{old.path}."
        self.names = {key: tuple(each for each in targets if not each.startswith(start)) for key, targets in self.names.items()}
        return True

    def _occupy(self, group: str) -> None:
        """Keeps the names of the groups above a node from being given to nodes."""
        while group:
            parent, _, name = group.rpartition(".")
            self._taken.setdefault(parent, set()).add(name)
            group = parent

    def draw(
        self, match: Match, sources: Sequence[tuple[PortRef, Shape | None]], name: str = "", group: str | None = None
    ) -> tuple[str, list[Tensor]]:
        """Adds the node of a layer and returns its id and its results, in the order in which forward returns them."""
        layer = LAYERS[match.layer]
        inputs = _by_port(layer, match.params, [shape for _, shape in sources])
        wires = [(port.partition(".")[0], source) for (port, _), (source, _) in zip(inputs, sources, strict=True)]
        node = self.add(match.layer, match.params, wires, name or self.hint, group)
        self._work_out(node, layer, match.params, dict(inputs))
        return node, [Tensor.plain(PortRef(node, port), self.shapes.get(PortRef(node, port))) for port in match.call.outputs]

    def _work_out(self, node: str, layer: Layer, params: Mapping[str, Any], inputs: Mapping[str, Shape | None]) -> None:
        known = {port: shape for port, shape in inputs.items() if shape is not None}
        if len(known) < len(inputs):
            return
        try:
            shapes = layer.shape(layer.parse(dict(params)), known, Context(node, self._nodes[node].path))
        except LayerProblem as problem:
            if self.strict:
                raise WrongSizeError from None
            self.say("source.shape", Text("Line {line}: {message}", line=self.line, message=problem.message), problem.reason, node)
        except REFUSED:
            return
        else:
            self.shapes |= {PortRef(node, port): shape for port, shape in shapes.items()}

    def drawn_module(
        self, module: Module, match: Match, sources: Sequence[tuple[PortRef, Shape | None]], path: str, renames: Mapping[str, str]
    ) -> list[Tensor]:
        """Adds the node of a module under its path, ties it where it is read twice, and writes the names of its weights down.

        Args:
            module: The module.
            match: Its layer.
            sources: What arrives.
            path: Its path in the drawing.
            renames: Our name -> its name, for parameters that are called differently there.
        """
        group, _, name = path.rpartition(".")
        node, results = self.draw(match, sources, name, group)
        weights = _weights(match, [shape for _, shape in sources])
        owner = module.nodes[0] if module.nodes else ""
        module.nodes.append(node)
        own = self._nodes[node].path
        if module.target == "nn.Linear":
            self.projections[results[0].port] = module, sources[0]
        for suffix, trained in weights.items():
            foreign = renames.get(suffix, suffix)
            foreign, taken, rows = foreign.partition("<")
            for each in module.paths:
                key = f"{each}.{foreign}" if foreign else each
                self.names[key] = (*self.names.get(key, ()), f"{own}.{suffix}{taken}{rows}")
            if owner and trained:
                self.tie(node, suffix, owner, suffix)
        return results

    def tie(self, node: str, parameter: str, owner: str, other: str) -> None:
        """Shares a parameter of a node with another node's."""
        from dataclasses import replace

        old = self._nodes[node]
        kept = tuple(tie for tie in old.ties if tie.parameter != parameter)
        self._nodes[node] = replace(old, ties=(*kept, Tie(parameter, owner, other)))

    def placeholder(
        self, label: str, params: Mapping[str, Any], tensors: Sequence[Tensor], reason: str, count: int = 1, name: str = ""
    ) -> list[Tensor]:
        """Adds a node that stands for what cannot be drawn, says why, and returns its results."""
        sources = list(dict.fromkeys(tensor.port for tensor in tensors))
        raw = {key: value for key, value in params.items() if is_plain(value)}
        node = self.add(PLACEHOLDER + label, {**raw, "line": self.line}, [("input", source) for source in sources], name)
        message = Text(
            "Line {line}: {what} cannot be drawn; {node} stands in its place.", line=self.line, what=label, node=self._nodes[node].path
        )
        self.say("source.placeholder", message, reason, node)
        ports = ["output", *(f"output{index}" for index in range(2, count + 1))]
        return [Tensor(PortRef(node, port)) for port in ports]


def is_plain(value: Any) -> bool:
    """Whether a value can be kept as JSON."""
    if isinstance(value, list | tuple):
        return all(is_plain(item) for item in value)
    return value is None or isinstance(value, bool | int | float | str)


def _by_port(layer: Layer, params: Mapping[str, Any], shapes: Sequence[Shape | None]) -> list[tuple[str, Shape | None]]:
    try:
        ports = layer.input_ports(layer.parse(dict(params)))
    except REFUSED:
        ports = layer.inputs
    if len(ports) == 1 and ports[0].variadic:
        return [(f"{ports[0].name}.{index}", shape) for index, shape in enumerate(shapes)]
    return [(port.name, shape) for port, shape in zip(ports, shapes, strict=False)]


def _weights(match: Match, shapes: Sequence[Shape | None]) -> dict[str, bool]:
    """Returns the state keys of a node's module, and whether each is trained."""
    layer = LAYERS[match.layer]
    inputs = {port: shape for port, shape in _by_port(layer, match.params, shapes) if shape is not None}
    try:
        found = dict.fromkeys(layer.parameters(layer.parse(dict(match.params)), inputs), True)
    except REFUSED:
        found = {}
    if re.search(r"BatchNorm\dd$", match.call.target):
        found |= dict.fromkeys(("running_mean", "running_var", "num_batches_tracked"), False)
    return found


def module_path(path: str) -> str:
    """Returns a foreign path with names that a drawing may use: the third block of `blocks` is `blocks.block2`."""
    steps: list[str] = []
    for step in path.split("."):
        if step.isdigit():
            before = steps[-1] if steps else "layer"
            singular = before[:-1] if before.endswith("s") and len(before) > 2 else before
            step = f"{singular}{step}" if singular and not singular[-1].isdigit() else f"{singular}_{step}"
        steps.append(step if is_name(step) else f"{re.sub(r'[^A-Za-z0-9_]', '_', step).strip('_') or 'layer'}_".lstrip("_0123456789"))
    return ".".join(step if is_name(step) else f"layer_{step}" for step in steps)


__all__ = ["PLACEHOLDER", "Drawing", "FromPort", "is_plain", "module_path"]
