"""The problems that nodes, names and wires show without any shape: cycles, loose ends, names, missing ends of the drawing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from workbench.graph import edit
from workbench.graph.graph import Edge, Graph, Node, PortRef
from workbench.graph.mistakes import Found, bad_name, called, duplicate_name, remove_wire, repair
from workbench.graph.order import find_cycles
from workbench.graph.ports import LayerRules
from workbench.graph.problem import Fix, Problem, Severity
from workbench.text import Text

LISTED = 24
# Where one of these is found, what leads to no output is its consequence and not worth a second message.
LOOSENING = frozenset({"edge.dangling", "edge.no-such-port", "graph.cycle", "layer.unknown", "port.missing", "port.two-wires"})


def dangling(graph: Graph) -> list[Found]:
    """Wires of which an end does not exist."""
    lost = [edge for edge in graph.edges if edge.source.node not in graph.nodes or edge.target.node not in graph.nodes]
    return [_dangling(graph, edge, lost) for edge in lost[:LISTED]]


def _dangling(graph: Graph, edge: Edge, lost: Sequence[Edge]) -> Found:
    there = edge.target.node if edge.target.node in graph else edge.source.node if edge.source.node in graph else ""
    missing = edge.source.node if edge.source.node not in graph else edge.target.node
    if there:
        message = Text("A wire of {node} leads to a node that is not there ({missing}).", node=called(graph, there), missing=missing)
    else:
        message = Text("A wire joins two nodes that are not there ({missing}).", missing=f"{edge.source.node}, {edge.target.node}")
    fixes = [Fix[Graph](Text("Remove the wire"), lambda graph: edit.disconnect(graph, edge))]
    if len(lost) > 1:
        fixes.append(Fix(Text("Remove all {count} loose wires", count=len(lost)), lambda graph: _without(graph, lost)))
    return Problem("edge.dangling", message, there, fixes=tuple(fixes))


def _without(graph: Graph, lost: Sequence[Edge]) -> Graph:
    for edge in lost:
        graph = edit.disconnect(graph, edge)
    return graph


def cycles(graph: Graph) -> list[Found]:
    """Wires that go round in a circle."""
    return [_cycle(graph, ring) for ring in find_cycles(graph)]


def _cycle(graph: Graph, ring: list[str]) -> Found:
    steps = set(zip(ring, [*ring[1:], ring[0]], strict=True))
    around = [edge for edge in graph.edges if (edge.source.node, edge.target.node) in steps]
    names = [graph[node].path for node in ring]
    shown = names if len(names) <= 6 else [*names[:3], "...", *names[-2:]]
    message = Text("The wires go round in a circle: {names}.", names=" → ".join([*shown, names[0]]))
    reason = Text("A layer cannot wait for its own result. Recurrent layers hold their loop inside.")
    fixes = (*_fed_instead(graph, around[-1]), *(remove_wire(graph, edge) for edge in around[:-4:-1]))
    return Problem("graph.cycle", message, around[-1].target.node, reason, fixes=fixes[:3])


def _fed_instead(graph: Graph, edge: Edge) -> list[Fix[Graph]]:
    """Offers to feed the end of a wire from a node that has lost its own, as an input does when a wire is drawn over it."""
    loose = [node for node in graph if not graph.incoming(node.id) and not graph.outgoing(node.id)]
    if not loose:
        return []
    wire = Edge(PortRef(loose[0].id, "output"), edge.target)
    label = Text("Connect {node} to {source} instead", node=called(graph, edge.target.node), source=loose[0].path)
    return [repair(label, lambda graph: edit.connect(edit.disconnect(graph, edge), wire), wire.source.node)]


def names(graph: Graph) -> list[Found]:
    """Names that cannot be, and names that are used twice."""
    groups = {step: path for group in {node.group for node in graph if node.group} for step, path in _group_steps(group)}
    seen: dict[tuple[str, str], Node] = {}
    found: list[Found] = []
    for node in graph:
        key = (node.group, node.name)
        if (problem := bad_name(graph, node)) is not None:
            found.append(problem)
        elif key in groups:
            found.append(duplicate_name(graph, node, Text("The group {name}", name=groups[key])))
        elif key in seen:
            found.append(duplicate_name(graph, node, seen[key].label or seen[key].layer))
        seen.setdefault(key, node)
    return found


def _group_steps(path: str) -> list[tuple[tuple[str, str], str]]:
    steps = path.split(".")
    return [((".".join(steps[:depth]), step), ".".join(steps[:depth + 1])) for depth, step in enumerate(steps)]


def ties(graph: Graph, tied: Collection[str]) -> list[Found]:
    """Shared parameters whose owner does not exist, or which are shared in a circle.

    Args:
        graph: The drawing.
        tied: The nodes that share parameters.
    """
    found: list[Found] = []
    for node in (node for node in graph if node.id in tied) if tied else ():
        for tie in node.ties:
            if tie.node not in graph:
                message = Text("{node} shares {parameter} with a node that is not there.", node=node.path, parameter=tie.parameter)
            elif _comes_back(graph, node, tie.parameter):
                message = Text("{node} shares {parameter} with itself, in a circle.", node=node.path, parameter=tie.parameter)
            else:
                continue
            fix = repair(Text("Give it its own {parameter}", parameter=tie.parameter), _untie(node.id, tie.parameter), node.id)
            found.append(Problem("tie.lost", message, node.id, fixes=(fix,)))
    return found


def _untie(id: str, parameter: str) -> Callable[[Graph], Graph]:
    return lambda graph: edit.untie(graph, id, parameter)


def _comes_back(graph: Graph, node: Node, parameter: str) -> bool:
    place, seen = (node.id, parameter), set[tuple[str, str]]()
    while place not in seen:
        seen.add(place)
        owner = next((tie for tie in graph[place[0]].ties if tie.parameter == place[1]), None) if place[0] in graph else None
        if owner is None:
            return False
        place = (owner.node, owner.other)
    return place == (node.id, parameter)


def no_input(layers: LayerRules, hungry: Sequence[PortRef]) -> Found:
    """Nothing comes in.

    Args:
        layers: The catalogue.
        hungry: Input ports to which nothing is connected, in order; the first gets the new node's wire.
    """
    offered = {"image_input": Text("Add an image input"), "text_input": Text("Add a text input")}
    fixes = tuple(Fix(label, _add_input(layer, hungry[:1])) for layer, label in offered.items() if layers.get(layer) is not None)
    return Problem("graph.no-input", Text("The drawing has no input."), reason=Text("Data needs a place to come in."), fixes=fixes)


def _add_input(layer: str, hungry: Sequence[PortRef]) -> Callable[[Graph], Graph]:
    def change(graph: Graph) -> Graph:
        target = next((port for port in hungry if port.node in graph), None)
        place = None if target is None else (graph[target.node].position[0], graph[target.node].position[1] - edit.LAYER_PITCH_PX)
        graph, new = edit.add_node(graph, layer, position=place)
        return graph if target is None else edit.connect(graph, Edge(PortRef(new, "output"), target))

    return change


def no_output(layers: LayerRules, loose: Sequence[tuple[Node, str]]) -> Found:
    """Nothing goes out.

    Args:
        layers: The catalogue.
        loose: Nodes with an output port that feeds nothing, best first.
    """
    fixes: list[Fix[Graph]] = []
    if layers.get("output") is not None:
        fixes = [_add_output(node, port) for node, port in loose[:3]]
    return Problem("graph.no-output", Text("The drawing has no output."), reason=Text("What it computes needs a name."), fixes=tuple(fixes))


def _add_output(node: Node, port: str) -> Fix[Graph]:
    label = Text("Add an output after {node}", node=node.path)
    return repair(label, lambda graph: edit.insert_after(graph, node.id, "output", port=port)[0], node.id)


def unused(graph: Graph, end: str, branch: set[str]) -> Found:
    """A branch that no output needs: it would cost time and learn nothing."""
    node = graph[end]
    fix = repair(
        Text("Remove {node}", node=node.path) if len(branch) == 1 else Text("Remove these {count} nodes", count=len(branch)),
        lambda graph: edit.remove_nodes(graph, branch), end,
    )
    message = Text("{node} leads to no output.", node=node.path)
    return Problem("graph.unused", message, end, Text("It would not be trained."), severity=Severity.WARNING, fixes=(fix,))


def branch_of(graph: Graph, end: str, outputs: Collection[str]) -> set[str]:
    """Returns the nodes that only this unused end needs: whatever else they feed is among them too.

    Args:
        graph: The drawing, without circles and without loose wires.
        end: A node that feeds nothing and is no output.
        outputs: Nodes where something leaves the drawing.
    """
    branch, waiting = {end}, [end]
    while waiting:
        for source in (edge.source.node for edge in graph.incoming(waiting.pop())):
            only = source not in branch and source not in outputs and all(edge.target.node in branch for edge in graph.outgoing(source))
            if only:
                branch.add(source)
                waiting.append(source)
    return branch


def of_whole(graph: Graph, acyclic: bool) -> list[Found]:
    """Returns the problems of the whole: wires that lead nowhere or round in a circle."""
    return [*dangling(graph), *([] if acyclic else cycles(graph))]


def by_node(graph: Graph, misnamed: bool, tied: Collection[str]) -> Mapping[str, list[Found]]:
    """Returns the problems of names and ties by node.

    Args:
        graph: The drawing.
        misnamed: Whether any name is impossible or used twice.
        tied: The nodes that share parameters.
    """
    found: dict[str, list[Found]] = {}
    for problem in [*(names(graph) if misnamed else ()), *ties(graph, tied)]:
        found.setdefault(problem.node, []).append(problem)
    return found
