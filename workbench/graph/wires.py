"""Wires by the nodes they join, and what differs between two tuples of wires; whatever was kept is the same object."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from itertools import chain, compress, count
from operator import is_, is_not
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.graph.graph import Edge

Edges = tuple["Edge", ...]
Wires = dict[str, "tuple[Edge, ...]"]
Grouped = tuple["tuple[Edge, ...]", Wires, Wires]
_KEPT = 32
_FEW = 64
# By identity of the edge tuple, which each entry keeps alive: hashing a thousand edges on each look-up would cost a millisecond.
_KNOWN: OrderedDict[int, Grouped] = OrderedDict()
_last: Grouped | None = None


def grouped(edges: Edges) -> Grouped:
    """Returns the edges, the same by target node, and by source node; each group in the order of the edges."""
    global _last
    found = _KNOWN.get(id(edges))
    if found is None or found[0] is not edges:
        last = _last  # read once: other threads ask too
        _last = found = (last and _patched(last, edges)) or _made(edges)
        _KNOWN[id(edges)] = found
        if len(_KNOWN) > _KEPT:
            _KNOWN.popitem(last=False)
    return found


def _made(edges: Edges) -> Grouped:
    return edges, _by(edges, [edge.target.node for edge in edges]), _by(edges, [edge.source.node for edge in edges])


def _by(edges: Iterable[Edge], keys: Sequence[str]) -> Wires:
    edges = tuple(edges)
    single: Wires = dict(zip(keys, zip(edges, strict=True), strict=True))
    if len(single) == len(edges):
        return single
    found: dict[str, list[Edge]] = {}
    for key, edge in zip(keys, edges, strict=True):
        group = found.get(key)
        if group is None:
            found[key] = [edge]
        else:
            group.append(edge)
    return {key: tuple(group) for key, group in found.items()}


def edge_difference(before: Edges, now: Edges) -> tuple[list[Edge], list[Edge]]:
    """Returns the edges that are gone and those that are new; where the others changed their order, those are in both lists."""
    if before is now:
        return [], []
    most = min(len(before), len(now))
    head = next(compress(count(), map(is_not, before, now)), most)
    tail = min(next(compress(count(), map(is_not, reversed(before), reversed(now))), most), most - head)
    old, new = before[head:len(before) - tail], now[head:len(now) - tail]
    there, here = set(map(id, old)), set(map(id, new))
    kept_old, kept_new = [edge for edge in old if id(edge) in here], [edge for edge in new if id(edge) in there]
    if len(kept_old) != len(kept_new) or not all(map(is_, kept_old, kept_new)):
        return list(old), list(new)
    return [edge for edge in old if id(edge) not in here], [edge for edge in new if id(edge) not in there]


def _patched(last: Grouped, edges: Edges) -> Grouped | None:
    """Returns the groups of edges that differ little from others whose groups are known; None where they differ much."""
    gone, new = edge_difference(last[0], edges)
    if len(gone) + len(new) > _FEW:
        return None
    return (
        edges,
        _regrouped(last[1], gone, new, edges, lambda edge: edge.target.node),
        _regrouped(last[2], gone, new, edges, lambda edge: edge.source.node),
    )


def _regrouped(before: Wires, gone: list[Edge], new: list[Edge], edges: Edges, key: Callable[[Edge], str]) -> Wires:
    found, lost = dict(before), set(map(id, gone))
    mixed: set[str] = set()
    for name in dict.fromkeys(map(key, chain(gone, new))):
        kept = tuple(edge for edge in before.get(name, ()) if id(edge) not in lost)
        fresh = tuple(edge for edge in new if key(edge) == name)
        if kept and fresh:
            mixed.add(name)
        found[name] = kept + fresh
        if not found[name]:
            del found[name]
    if mixed:
        among = [edge for edge in edges if key(edge) in mixed]
        found |= {name: tuple(edge for edge in among if key(edge) == name) for name in mixed}
    return found
