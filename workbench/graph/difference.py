"""What differs between two drawings of which one was made from the other: found by identity, at little cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import compress
from operator import is_not

from workbench.graph.graph import Edge, Graph
from workbench.graph.wires import edge_difference

_last: tuple[Graph, Graph, Difference] | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs.

    Attributes:
        added: Ids of nodes that were not there, in the order of the new drawing.
        removed: Ids of nodes that are gone.
        changed: Ids of nodes that are another value now.
        gone: Wires that are gone.
        drawn: Wires that are new; where wires changed their order, these are in both.
    """

    added: tuple[str, ...] = ()
    removed: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()
    gone: list[Edge] = field(default_factory=list[Edge])
    drawn: list[Edge] = field(default_factory=list[Edge])

    @property
    def targets(self) -> set[str]:
        """Nodes into which other wires lead than before."""
        return {edge.target.node for edge in (*self.gone, *self.drawn)}

    @property
    def sources(self) -> set[str]:
        """Nodes out of which other wires lead than before."""
        return {edge.source.node for edge in (*self.gone, *self.drawn)}


def other_values(before: Mapping[str, object], now: Mapping[str, object]) -> list[str]:
    """Returns the keys of the second mapping that lead to another object than in the first."""
    return list(compress(now, map(is_not, now.values(), map(before.get, now))))


def difference(before: Graph, now: Graph) -> Difference:
    """Returns what differs between two drawings; the last answer is remembered, as several ask about the same step."""
    global _last
    last = _last  # read once: other threads infer too
    if last is None or last[0] is not before or last[1] is not now:
        _last = last = (before, now, _difference(before, now))
    return last[2]


def _difference(before: Graph, now: Graph) -> Difference:
    gone, drawn = edge_difference(before.edges, now.edges)
    if before.nodes is now.nodes:
        return Difference(gone=gone, drawn=drawn)
    others = other_values(before.nodes, now.nodes)
    there = before.nodes.keys()
    return Difference(
        tuple(key for key in others if key not in there), frozenset(there - now.nodes.keys()),
        frozenset(key for key in others if key in there), gone, drawn,
    )
