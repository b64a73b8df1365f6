"""A reusable block: a group kept as text of its own, with the parameters that whoever uses it may change."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from workbench.errors import GraphError
from workbench.graph.file import edge_record, loads, node_record, parse_json, plain
from workbench.graph.fragment import insert
from workbench.graph.graph import Graph
from workbench.graph.grouping import group_record, members_of, set_group
from workbench.graph.names import free_name, taken_names
from workbench.graph.order import part
from workbench.graph.repeat import ONCE, Repeat, check_records, repeat_of, set_repeat
from workbench.text import Text

_MARK = "workbench_block"
Exposed = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Block:
    """One block.

    Attributes:
        name: What its group is called first.
        graph: Its nodes and wires; groups within it are relative to it.
        exposed: Parameters that may be changed from outside, as (path of the node within the block, parameter).
        repeat: How often it stands.
    """

    name: str
    graph: Graph
    exposed: Exposed = ()
    repeat: Repeat = ONCE

    def dumps(self) -> str:
        """Returns the block as text."""
        nodes, edges = [node_record(node) for node in self.graph], [edge_record(edge) for edge in self.graph.edges]
        groups = plain(self.graph.extra.get("groups", {}))
        document = {_MARK: 1, "name": self.name, "nodes": nodes, "edges": edges, "groups": groups, "exposed": plain(self.exposed)}
        document |= {"repeat": asdict(self.repeat)} if self.repeat != ONCE else {}
        return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def exposed_of(graph: Graph, path: str) -> Exposed:
    """Returns the exposed parameters of a group; those of nodes that are gone are left out."""
    there = {_relative(node.path, path) for node in graph if node.path.startswith(f"{path}.")}
    return tuple(pair for pair in _pairs(group_record(graph, path).get("exposed", ())) if pair[0] in there)


def _pairs(listed: Any) -> Exposed:
    rows = listed if isinstance(listed, (list, tuple)) else ()
    return tuple((row[0], row[1]) for row in rows if isinstance(row, (list, tuple)) and len(row) == 2 and all(isinstance(x, str) for x in row))


def _relative(path: str, group: str) -> str:
    return path[len(group):].lstrip(".")


def expose(graph: Graph, path: str, exposed: Sequence[tuple[str, str]]) -> Graph:
    """Says which parameters of a group may be changed from its card."""
    return set_group(graph, path, exposed=tuple(exposed) or None)


def block_of(graph: Graph, path: str) -> Block:
    """Returns a group as a block.

    Raises:
        ValueError: There is no such group.
    """
    members = members_of(graph, path)
    if not path or not members:
        raise ValueError(f"there is no group {path!r}")
    nodes = {node.id: replace(node, group=_relative(node.group, path)) for node in part(graph, members)}
    chosen = replace(part(graph, members), nodes=nodes)
    inner = {node.group for node in graph if node.group.startswith(f"{path}.")}
    for each in sorted({each for each in _above(inner) if each.startswith(f"{path}.")}):
        chosen = set_group(chosen, _relative(each, path), **group_record(graph, each))
    return Block(path.rpartition(".")[2], chosen, exposed_of(graph, path), repeat_of(graph, path))


def _above(paths: set[str]) -> set[str]:
    return {".".join(path.split(".")[:count]) for path in paths for count in range(1, path.count(".") + 2)}


def read_block(text: str) -> Block:
    """Reads what `Block.dumps` gave.

    Raises:
        GraphError: The text is no block.
    """
    document = parse_json(text)
    if not isinstance(document, dict) or _MARK not in document:
        raise GraphError(Text("The file holds no block."), Text("A block is saved from the menu of a group."))
    graph = loads(json.dumps({"nodes": [], **{key: document[key] for key in ("nodes", "edges", "groups") if key in document}}))
    name = str(document.get("name", "block"))
    return Block(name, graph, _pairs(document.get("exposed", ())), _repeat(name, document.get("repeat", {})))


def _repeat(name: str, said: Any) -> Repeat:
    """Returns how often a block stands; refuses what makes no sense."""
    fields: dict[str, Any] = dict(said) if isinstance(said, dict) else {"times": said}  # pyright: ignore[reportUnknownArgumentType]
    record = {key: fields[own] for own, key in (("times", "repeat"), ("shared", "shared"), ("passed", "passed")) if own in fields}
    check_records({name: record})
    return Repeat(record.get("repeat", 1), record.get("shared", False), record.get("passed", ""))


def insert_block(
    graph: Graph, block: Block, position: tuple[float, float] = (0.0, 0.0), inside: str = "",
) -> tuple[Graph, tuple[str, ...], str]:
    """Copies a block in as a folded group.

    Args:
        graph: The drawing.
        block: The block.
        position: Where its card goes, in pixels.
        inside: The group it is put into.

    Returns:
        The drawing, the ids of the new nodes and the path of the group.
    """
    if not len(block.graph):
        return graph, (), ""
    name = free_name(block.name, taken_names(graph, inside))
    path = f"{inside}.{name}" if inside else name
    xs, ys = [node.position[0] for node in block.graph], [node.position[1] for node in block.graph]
    offset = position[0] - (min(xs) + max(xs)) / 2, position[1] - min(ys)
    merged, ids = insert(graph, block.graph, offset, path)
    repeat = block.repeat
    merged = set_repeat(set_group(merged, path, folded=True), path, repeat.times, repeat.shared, repeat.passed)
    return expose(merged, path, block.exposed), ids, path
