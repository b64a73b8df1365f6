"""Repeated groups: a group that stands for several of its kind, one after the other.

How often stands in the record of the group (`graph.extra["groups"][PATH]`): `repeat` (2 or more), `shared` (the same weights every time) and
`passed` (which input is handed from one repetition to the next, as `NODE.PORT` below the group; the first one where it is left out). The drawing
holds one repetition; `arranged` gives the order in which a plan unrolls it, so that whoever reads a plan sees every repetition as a step of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, Union

from workbench.errors import GraphError
from workbench.graph.graph import Edge, Graph, Node, PortRef
from workbench.graph.grouping import group_paths, group_record, members_of, set_group
from workbench.graph.order import part, reaching, topological
from workbench.text import Text

MAX_TIMES = 1_000
MAX_STEPS = 20_000


@dataclass(frozen=True, slots=True)
class Repeat:
    """How a group is repeated.

    Attributes:
        times: How often it stands there, 1 where it is not repeated.
        shared: Whether all repetitions have the same weights.
        passed: The input port that takes the result of the repetition before, as `NODE.PORT` below the group; "" for the first.
    """

    times: int = 1
    shared: bool = False
    passed: str = ""


ONCE = Repeat()


@dataclass(frozen=True, slots=True)
class Loop:
    """A repeated group with the wires that cross its border.

    Attributes:
        path: The path of the group.
        times: How often it runs.
        shared: Whether all repetitions have the same weights.
        source: The port outside that the first repetition reads, in whose place the others read the result before; None where there is none.
        others: Further ports outside; every repetition reads them.
        results: The ports inside that something outside reads; a sound loop has one.
        members: The nodes inside.
    """

    path: str
    times: int
    shared: bool
    source: PortRef | None
    others: tuple[PortRef, ...]
    results: tuple[PortRef, ...]
    members: frozenset[str]


@dataclass(frozen=True, slots=True)
class Round:
    """One repetition in the order of computing: nodes, and loops within."""

    loop: Loop
    body: tuple[Item, ...]


Item = Union[str, Round]


def repeat_of(graph: Graph, path: str) -> Repeat:
    """Returns how a group is repeated; what cannot be read counts as once."""
    return _read(group_record(graph, path))


def _read(record: Mapping[str, Any]) -> Repeat:
    times, shared, passed = record.get("repeat", 1), record.get("shared"), record.get("passed", "")
    if not isinstance(times, int) or isinstance(times, bool) or times < 1:
        return ONCE
    return Repeat(times, shared is True, passed if isinstance(passed, str) else "")


def set_repeat(graph: Graph, path: str, times: int | None = None, shared: bool | None = None, passed: str | None = None) -> Graph:
    """Says how a group is repeated; what is left out stays.

    Raises:
        GraphError: It cannot be repeated so often.
    """
    old = repeat_of(graph, path)
    new = Repeat(old.times if times is None else times, old.shared if shared is None else shared, old.passed if passed is None else passed)
    check_times(path, new.times)
    return set_group(graph, path, repeat=new.times if new.times > 1 else None, shared=new.shared or None, passed=new.passed or None)


def check_times(path: str, times: Any) -> None:
    """Raises where something is no number of repetitions."""
    if not isinstance(times, int) or isinstance(times, bool) or not 1 <= times <= MAX_TIMES:
        message = Text("The group {group} cannot be repeated {times} times.", group=path[:80], times=repr(times)[:40])
        raise GraphError(message, Text("A group stands from 1 to {limit} times.", limit=MAX_TIMES))


def check_records(records: Any) -> None:
    """Refuses what a file says of its groups where a repetition makes no sense.

    Raises:
        GraphError: It does not.
    """
    for path, record in records.items() if isinstance(records, Mapping) else ():
        if not isinstance(record, Mapping):
            continue
        check_times(str(path), record.get("repeat", 1))
        kinds = {"shared": bool, "passed": str}
        wrong = next((key for key, kind in kinds.items() if not isinstance(record.get(key, kind()), kind)), None)
        if wrong is not None:
            message = Text("In the group {group}, {field} cannot be {value}.", group=str(path)[:80], field=wrong, value=repr(record[wrong])[:40])
            raise GraphError(message, Text("Correct it, or take the last good version of the file."))


def repeats(graph: Graph) -> dict[str, Repeat]:
    """Returns how groups are repeated, by path, as far as they are."""
    records = graph.extra.get("groups")
    items = records.items() if isinstance(records, Mapping) else ()
    return {path: _read(record) for path, record in items if isinstance(record, Mapping) and "repeat" in record}


def repeated_paths(graph: Graph) -> list[str]:
    """Returns the groups that stand more than once, each before those within it."""
    said = {path for path, repeat in repeats(graph).items() if repeat.times > 1}
    return [path for path in group_paths(graph) if path in said] if said else []


def counts(graph: Graph, group: str) -> tuple[int, int]:
    """Returns how often what stands in a group runs, and how many weights of its own it has for that."""
    runs = weights = 1
    if group and graph.extra.get("groups"):
        steps = group.split(".")
        for depth in range(1, len(steps) + 1):
            repeat = repeat_of(graph, ".".join(steps[:depth]))
            runs, weights = runs * repeat.times, weights * (1 if repeat.shared else repeat.times)
    return runs, weights


def built_part(graph: Graph, ends: Iterable[str]) -> Graph:
    """Returns the nodes that lead to some ends, with what is said of their groups; everything where there is no end."""
    chosen = [node for node in ends if node in graph]
    wanted = reaching(graph, chosen) if chosen else set(graph.nodes)
    return graph if len(wanted) == len(graph) else replace(part(graph, wanted), extra=graph.extra)


def loops(graph: Graph) -> tuple[Loop, ...]:
    """Returns the repeated groups of a drawing, each before those within it."""
    paths = repeated_paths(graph)
    if not paths:
        return ()
    rank = {node: index for index, node in enumerate(topological(graph))}
    by_group: dict[str, list[str]] = {}
    for node in graph:
        by_group.setdefault(node.group, []).append(node.id)
    inside = {path: [node for group, nodes in by_group.items() if f"{group}.".startswith(f"{path}.") for node in nodes] for path in paths}
    return tuple(_loop(graph, path, inside[path], rank) for path in paths)


def _loop(graph: Graph, path: str, nodes: list[str], rank: Mapping[str, int]) -> Loop:
    members, repeat = frozenset(nodes), repeat_of(graph, path)
    entering = _entering(graph, nodes, rank)
    results = dict.fromkeys(edge.source for node in nodes for edge in graph.outgoing(node) if edge.target.node not in members)
    chosen = next((edge for edge in entering if repeat.passed and passed_as(graph, path, edge) == repeat.passed), None)
    sources = dict.fromkeys(edge.source for edge in ([chosen] if chosen else []) + entering)
    source, *others = [*sources] or [None]
    return Loop(path, repeat.times, repeat.shared, source, tuple(port for port in others if port), tuple(results), members)


def _entering(graph: Graph, nodes: list[str], rank: Mapping[str, int]) -> list[Edge]:
    """Returns the wires into a group, those of the node that runs first in front."""
    members = set(nodes)
    ordered = sorted(nodes, key=lambda node: rank.get(node, len(rank)))
    return [edge for node in ordered for edge in graph.incoming(node) if edge.source.node not in members]


def passed_as(graph: Graph, path: str, edge: Edge) -> str:
    """Returns how the record of a group names the input at which a wire enters it."""
    return f"{graph[edge.target.node].path[len(path) + 1:]}.{edge.target.port}"


def entries(graph: Graph, path: str) -> list[tuple[str, PortRef]]:
    """Returns the inputs of a group as its record names them, each source once, with the port outside; the one that counts as first comes first."""
    rank = {node: index for index, node in enumerate(topological(graph))}
    found: dict[PortRef, str] = {}
    for edge in _entering(graph, members_of(graph, path), rank):
        found.setdefault(edge.source, passed_as(graph, path, edge))
    return [(name, port) for port, name in found.items()]


def arranged(graph: Graph, found: tuple[Loop, ...]) -> tuple[Item, ...] | None:
    """Returns the nodes in the order of computing, each loop as one piece; None where a wire leaves a loop and comes back, or there is a cycle."""
    if not found:
        order = topological(graph)
        return tuple(order) if len(order) == len(graph) else None
    return _arranged(graph, tuple(loop for loop in found if loop.members), None)


def _arranged(graph: Graph, found: tuple[Loop, ...], within: Loop | None) -> tuple[Item, ...] | None:
    """Returns the items directly within a loop, or at the top."""
    inside = [loop for loop in found if within is None or (loop.path.startswith(f"{within.path}."))]
    outer = [loop for loop in inside if not any(loop.path.startswith(f"{other.path}.") for other in inside)]
    stands_for = {node: f"{loop.path}\0" for loop in outer for node in loop.members}
    by_key = {f"{loop.path}\0": loop for loop in outer}
    members = graph.nodes if within is None else [node for node in graph.nodes if node in within.members]
    names = {node: stands_for.get(node, node) for node in members}
    order = _contracted(graph, names)
    if order is None:
        return None
    items: list[Item] = []
    for key in order:
        body = _arranged(graph, found, by_key[key]) if key in by_key else ()
        if body is None:
            return None
        items.append(Round(by_key[key], body) if key in by_key else key)
    return tuple(items)


def _contracted(graph: Graph, names: Mapping[str, str]) -> list[str] | None:
    """Returns an order of nodes of which several may have one name, or None where there is none."""
    keys: dict[str, Node] = {}
    for node, name in names.items():
        if name not in keys:
            keys[name] = graph[node]
    edges = [
        Edge(PortRef(names[edge.source.node], edge.source.port), PortRef(names[node], edge.target.port))
        for node in names for edge in graph.incoming(node) if names.get(edge.source.node, names[node]) != names[node]
    ]
    order = topological(Graph(edges=tuple(edges)).with_nodes(keys))
    return order if len(order) == len(keys) else None


def steps_of(graph: Graph) -> int:
    """Returns how many steps a drawing has once every group is repeated."""
    if not repeated_paths(graph):
        return len(graph)
    by_group: dict[str, int] = {}
    for node in graph:
        by_group[node.group] = by_group.get(node.group, 0) + 1
    return sum(counts(graph, group)[0] * number for group, number in by_group.items())


def repetition_id(graph: Graph, node: str, places: Iterable[int]) -> str:
    """Returns the id that a node has in one repetition: its own in the first, and one that never changes in each other.

    Args:
        graph: The drawing.
        node: The id of the node there.
        places: The number of the repetition in each loop around it, the outermost first, counted from 0.
    """
    numbers = tuple(places)
    if not any(numbers):
        return node
    found = f"{node}@{'.'.join(map(str, numbers))}"
    while found in graph:
        found += "@"
    return found


def repetition_path(path: str, places: Mapping[str, int]) -> str:
    """Returns the submodule path of a node in one repetition: the number stands behind the group (`blocks.3.attention`).

    Args:
        path: The path in the drawing.
        places: The number of the repetition by the path of the repeated group.
    """
    steps = path.split(".")
    found: list[str] = []
    for depth, step in enumerate(steps, 1):
        found.append(step)
        number = places.get(".".join(steps[:depth])) if depth < len(steps) else None
        found += [] if number is None else [str(number)]
    return ".".join(found)


def repetitions(graph: Graph) -> Iterator[tuple[str, str, Node]]:
    """Returns id, path and node for every node in every repetition, as a plan has them; each node once where there would be too many."""
    paths = repeated_paths(graph) if steps_of(graph) <= MAX_STEPS else []
    for node in graph:
        around = [path for path in paths if f"{node.group}.".startswith(f"{path}.")]
        for places in product(*(range(repeat_of(graph, path).times) for path in around)):
            numbers = dict(zip(around, places, strict=True))
            yield repetition_id(graph, node.id, places), repetition_path(node.path, numbers), node


__all__ = [
    "MAX_STEPS", "MAX_TIMES", "ONCE", "Item", "Loop", "Repeat", "Round", "arranged", "built_part", "check_records", "check_times", "counts",
    "entries", "loops", "passed_as", "repeat_of", "repeated_paths", "repeats", "repetition_id", "repetition_path", "repetitions", "set_repeat",
    "steps_of",
]
