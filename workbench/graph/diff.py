"""What differs between two drawings: added, removed, renamed and changed nodes, and wires."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from workbench.graph.bypass import is_bypassed
from workbench.graph.graph import Edge, Graph, Node
from workbench.graph.grouping import group_paths, members_of
from workbench.graph.repeat import Repeat, repeat_of, repeats
from workbench.text import Text

Change = tuple[str, Any, Any]
_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class GraphDiff:
    """The difference from one drawing to another. Places, labels, frames and notes are no difference: the model is the same.

    Attributes:
        added: Nodes that only the second has, by id there.
        removed: Nodes that only the first has, by id there.
        changed: What differs of nodes that both have: (field, before, after), by id in the second.
        counterparts: The id in the first of every node that both have, by id in the second.
        wires_added: Wires that only the second has, with its ids.
        wires_removed: Wires that only the first has, with its ids.
        groups: How groups are repeated, where that differs: (field, before, after), by path in the second.
    """

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: Mapping[str, tuple[Change, ...]] = field(default_factory=lambda: _NOTHING)
    counterparts: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    wires_added: tuple[Edge, ...] = ()
    wires_removed: tuple[Edge, ...] = ()
    groups: Mapping[str, tuple[Change, ...]] = field(default_factory=lambda: _NOTHING)

    @property
    def empty(self) -> bool:
        """Whether the two make the same model."""
        return not (self.added or self.removed or self.changed or self.wires_added or self.wires_removed or self.groups)


def diff(before: Graph, after: Graph) -> GraphDiff:
    """Compares two drawings. Nodes belong together by id; those left over by path and layer."""
    pairs = {node: node for node in after.nodes if node in before}
    left = {(node.path, node.layer): node.id for node in before if node.id not in pairs}
    for node in after:
        if node.id not in pairs and (node.path, node.layer) in left:
            pairs[node.id] = left.pop((node.path, node.layer))
    known = set(pairs.values())
    changed = {node: found for node, old in pairs.items() if (found := _changes(before[old], after[node], pairs))}
    added, removed = _wires(before, after, pairs)
    return GraphDiff(
        tuple(node for node in after.nodes if node not in pairs), tuple(node for node in before.nodes if node not in known),
        MappingProxyType(changed), MappingProxyType(pairs), added, removed, MappingProxyType(_groups(before, after, pairs)),
    )


def _groups(before: Graph, after: Graph, pairs: Mapping[str, str]) -> dict[str, tuple[Change, ...]]:
    """Returns what differs in how groups are repeated; a group that was renamed is found by its members."""
    if not (repeats(before) or repeats(after)):
        return {}
    found: dict[str, tuple[Change, ...]] = {}
    for path in group_paths(after):
        member = next((after[node] for node in members_of(after, path) if node in pairs), None)
        old_path = ".".join(before[pairs[member.id]].group.split(".")[:path.count(".") + 1]) if member else path
        old, new = repeat_of(before, old_path) if old_path else Repeat(), repeat_of(after, path)
        changes = [
            (Text("repeat"), old.times, new.times), (Text("same weights"), old.shared, new.shared), (Text("passed"), old.passed, new.passed),
        ]
        if differing := tuple(change for change in changes if change[1] != change[2]):
            found[path] = differing
    return found


def _changes(old: Node, new: Node, pairs: Mapping[str, str]) -> tuple[Change, ...]:
    found: list[Change] = []
    if old.layer != new.layer:
        found.append(("layer", old.layer, new.layer))
    if old.path != new.path:
        found.append(("name", old.path, new.path))
    for name in {**old.params, **new.params}:
        before, after = old.params.get(name), new.params.get(name)
        if before != after or type(before) is not type(after):
            found.append((name, before, after))
    ties = tuple((tie.parameter, pairs.get(tie.node, tie.node), tie.other) for tie in new.ties)
    if tuple((tie.parameter, tie.node, tie.other) for tie in old.ties) != ties:
        found.append(("shared weights", len(old.ties), len(new.ties)))
    if is_bypassed(old) != is_bypassed(new):
        found.append(("bypassed", is_bypassed(old), is_bypassed(new)))
    return tuple(found)


def _wires(before: Graph, after: Graph, pairs: Mapping[str, str]) -> tuple[tuple[Edge, ...], tuple[Edge, ...]]:
    old = {_ends(edge): edge for edge in before.edges}
    new = {_ends(edge, pairs): edge for edge in after.edges}
    return tuple(edge for ends, edge in new.items() if ends not in old), tuple(edge for ends, edge in old.items() if ends not in new)


def _ends(edge: Edge, pairs: Mapping[str, str] = _NOTHING) -> tuple[str, str, str, str]:
    source, target = edge.source, edge.target
    own = "" if not pairs else "+"
    return pairs.get(source.node, own + source.node), source.port, pairs.get(target.node, own + target.node), target.port
