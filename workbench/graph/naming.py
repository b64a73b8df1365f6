"""Which node stands under which path, kept from one drawing to the next for as long as no two stand under one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from workbench.graph.graph import Graph, Node, is_name
from workbench.graph.names import is_group_path

Place = tuple[str, str]


class Naming:
    """The names of one drawing, all possible and each used once."""

    __slots__ = ("_groups", "_ids", "_steps")

    def __init__(self, ids: dict[Place, str], groups: Counter[str], steps: frozenset[Place]) -> None:
        self._ids, self._groups, self._steps = ids, groups, steps

    def after(self, before: Graph, now: Graph, gone: Iterable[str], fresh: Iterable[str]) -> Naming | None:
        """Returns the names of another drawing; None where one is impossible or used twice.

        Args:
            before: The drawing that these names are of.
            now: The other one.
            gone: Nodes of the first that are no longer as they were.
            fresh: Nodes of the other that were not there, or not so.
        """
        ids, groups = dict(self._ids), Counter(self._groups)
        for node in (before[key] for key in gone):
            del ids[node.group, node.name]
            groups[node.group] -= 1
        nodes = [now[key] for key in fresh]
        for node in nodes:
            ids[node.group, node.name] = node.id
            groups[node.group] += 1
        groups = +groups
        steps = self._steps if groups.keys() == self._groups.keys() else steps_of(groups)
        # A new group may take the name of a node that stayed, so all are looked at then.
        clash = any((node.group, node.name) in steps for node in nodes) if steps is self._steps else not steps.isdisjoint(ids)
        if clash or len(ids) != len(now) or not all(map(_possible, nodes)):
            return None
        return Naming(ids, groups, steps)


def naming(graph: Graph) -> Naming | None:
    """Returns the names of a drawing; None where one is impossible or used twice."""
    return Naming({}, Counter(), frozenset()).after(Graph(), graph, (), graph.nodes)


def steps_of(groups: Mapping[str, int] | Iterable[str]) -> frozenset[Place]:
    """Returns the places that groups take beside the nodes: for `a.b` these are `a` at the top, and `b` in `a`."""
    found: set[Place] = set()
    for path in groups:
        steps = path.split(".") if path else []
        found.update((".".join(steps[:depth]), step) for depth, step in enumerate(steps))
    return frozenset(found)


def _possible(node: Node) -> bool:
    return is_name(node.name) and is_group_path(node.group)
