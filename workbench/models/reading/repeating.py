"""Blocks of one kind that stand one after the other in a ModuleList or Sequential, as one repeated group."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from workbench.graph.graph import Edge, Graph, Node, PortRef, Tie
from workbench.graph.grouping import group_paths, group_record
from workbench.graph.repeat import loops, passed_as, set_repeat
from workbench.models.reading.drawing import module_path
from workbench.models.reading.values import Container, Instance

Row = tuple[str, tuple[str, ...]]


def rows_of_blocks(values: Iterable[Any]) -> list[Row]:
    """Returns the containers that hold blocks alone, outer ones first, each as its group and the groups of its blocks."""
    rows: list[Row] = []
    for value in values:
        blocks = list(value.items.items()) if isinstance(value, Container) else []
        alike = len(blocks) > 1 and all(isinstance(block, Instance) and block.definition is not None for _, block in blocks)
        if alike and len({id(block) for _, block in blocks}) == len(blocks):
            rows += [(module_path(path), tuple(module_path(f"{path}.{key}") for key, _ in blocks)) for path in value.paths if path]
    return sorted(rows, key=lambda row: row[0].count("."))


class Folding:
    """A drawing in which rows of blocks become repeated groups.

    Attributes:
        graph: The drawing.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._rows: dict[str, tuple[str, ...]] = {}

    def fold(self, rows: Sequence[Row]) -> None:
        """Folds each row whose blocks are alike; outer rows come first, so that what stands in a block is folded in its first one."""
        for group, blocks in rows:
            first = self._in_first_blocks(group)
            if first != group:
                self._rows |= {group: blocks} if first in self._rows else {}
                continue
            here = self._renamed(group, numbered=False)
            found = _Row(self.graph, here, tuple(here + block[len(group) :] for block in blocks)).folded()
            if found is not None:
                self.graph = found
                self._rows[group] = blocks

    def key(self, key: str) -> str:
        """Returns what a state key of the drawing's model is called now."""
        return self._renamed(key, numbered=True)

    def _in_first_blocks(self, path: str) -> str:
        """Returns the path of what stands in the same place of the first blocks."""
        for first, *others in self._rows.values():
            inside = next((block for block in others if path.startswith(f"{block}.")), None)
            path = path if inside is None else first + path[len(inside) :]
        return path

    def _renamed(self, path: str, numbered: bool) -> str:
        """Returns a path in which the steps of folded blocks are numbers, or left out."""
        steps, found = path.split("."), list[str]()
        for depth, step in enumerate(steps):
            blocks = self._rows.get(".".join(steps[:depth]), ())
            block = ".".join(steps[: depth + 1])
            found += [step] if block not in blocks else [str(blocks.index(block))] if numbered else []
        return ".".join(found)


class _Row:
    """The blocks of one container, compared with the first."""

    def __init__(self, graph: Graph, group: str, blocks: tuple[str, ...]) -> None:
        self.graph, self.group = graph, group
        self.members = [{node.path[len(block) + 1 :]: node for node in graph if _within(node, block)} for block in blocks]
        self.blocks = blocks
        self.place = {node.id: (number, path) for number, nodes in enumerate(self.members) for path, node in nodes.items()}
        self.shared = False

    def folded(self) -> Graph | None:
        """Returns the drawing with the first block repeated, or None where the blocks are not alike or not one after the other."""
        alone = all(node.id in self.place for node in self.graph if _within(node, self.group))
        first = self.members[0]
        if not alone or not first or any(nodes.keys() != first.keys() for nodes in self.members):
            return None
        if not all(self._alike(first[path], nodes[path]) for nodes in self.members for path in first) or not self._own_or_shared():
            return None
        wiring = [self._wiring(number) for number in range(len(self.members))]
        handed = {(number, port) for number in range(len(self.members)) for port in self._leaving(number)}
        results = {self._relative(port) for _, port in handed}
        if len(results) != 1 or any(number + 1 < len(self.members) and not self._only_next(number) for number in range(len(self.members))):
            return None
        source = self._source(wiring, next(iter(results)))
        return None if source is None else self._built(source, next(iter(results)))

    def _alike(self, one: Node, other: Node) -> bool:
        same = (one.layer, one.params, one.label) == (other.layer, other.params, other.label)
        return same and group_record(self.graph, one.group) == group_record(self.graph, other.group)

    def _own_or_shared(self) -> bool:
        """Whether each block has weights of its own, or each those of the first; notes which."""
        names = _parameters(self.graph, self.members[0].values())
        pairs = [
            (number, self._weight(self.members[0][path], name), self._weight(nodes[path], name))
            for number, nodes in enumerate(self.members) if number for path in nodes for name in names.get(self.members[0][path].id, ())
        ]
        self.shared = bool(pairs) and all(first == other for _, first, other in pairs)
        return self.shared or all(
            other[1:] == first[1:] and other[0] == (number if first[0] == 0 else first[0]) for number, first, other in pairs
        )

    def _weight(self, node: Node, name: str) -> tuple[int, str, str]:
        """Returns where the numbers of a parameter are: the number of the block or -1, the place in it or the id outside, and the name."""
        at, seen = node.id, set[tuple[str, str]]()
        while (at, name) not in seen:
            seen.add((at, name))
            tie = next((tie for tie in self.graph[at].ties if tie.parameter == name), None)
            if tie is not None:
                at, name = tie.node, tie.other
        number, path = self.place.get(at, (-1, at))
        return number, path, name

    def _relative(self, port: PortRef) -> tuple[str, str]:
        return self.place[port.node][1], port.port

    def _wiring(self, number: int) -> dict[str, list[tuple[str, Any]]]:
        """Returns what arrives at each node of a block, in order: `in` with the place in the block, or `out` with the port."""
        found: dict[str, list[tuple[str, Any]]] = {}
        for path, node in self.members[number].items():
            found[path] = [
                (edge.target.port, ("in", *self._relative(edge.source)) if self.place.get(edge.source.node, (-1, ""))[0] == number else edge.source)
                for edge in self.graph.incoming(node.id)
            ]
        return found

    def _leaving(self, number: int) -> set[PortRef]:
        inside = self.members[number].values()
        return {
            edge.source for node in inside for edge in self.graph.outgoing(node.id) if self.place.get(edge.target.node, (-1, ""))[0] != number
        }

    def _only_next(self, number: int) -> bool:
        ends = (edge.target.node for port in self._leaving(number) for edge in self.graph.outgoing(port.node) if edge.source == port)
        return all(self.place.get(end, (-1, ""))[0] in (number, number + 1) for end in ends)

    def _source(self, wiring: Sequence[Mapping[str, list[tuple[str, Any]]]], result: tuple[str, str]) -> PortRef | None:
        """Returns the port outside that the first block reads where the others read the result before."""
        sources: set[PortRef] = set()
        for number in range(1, len(wiring)):
            before = PortRef(self.members[number - 1][result[0]].id, result[1])
            for path, arriving in wiring[number].items():
                first = wiring[0][path]
                if len(first) != len(arriving):
                    return None
                for (port, one), (other_port, other) in zip(first, arriving, strict=True):
                    if port != other_port or (one != other and other != before):
                        return None
                    sources |= {one} if other == before and isinstance(one, PortRef) else set()
                    if other == before and not isinstance(one, PortRef):
                        return None
        if len(sources) != 1:
            return None
        source = next(iter(sources))
        every = [each for path, arriving in wiring[1].items() for (_, one), (_, each) in zip(wiring[0][path], arriving, strict=True) if one == source]
        return source if source not in every else None

    def _built(self, source: PortRef, result: tuple[str, str]) -> Graph | None:
        gone = {node for node, (number, _) in self.place.items() if number}
        last = PortRef(self.members[-1][result[0]].id, result[1])
        kept = PortRef(self.members[0][result[0]].id, result[1])
        edges = tuple(
            Edge(kept, edge.target) if edge.source == last and edge.target.node not in gone else edge
            for edge in self.graph.edges if edge.target.node not in gone and (edge.source.node not in gone or edge.source == last)
        )
        nodes = {node.id: self._placed(node, gone) for node in self.graph if node.id not in gone}
        graph = replace(self.graph.with_nodes(nodes), edges=edges)
        for path in (path for path in group_paths(self.graph) if path.startswith(f"{self.blocks[0]}.")):
            graph = set_repeat(graph, self._moved(path), **_said(group_record(self.graph, path)))
        graph = set_repeat(graph, self.group, len(self.members), self.shared)
        loop = next(loop for loop in loops(graph) if loop.path == self.group)
        if loop.source != source:
            edge = next(edge for edge in edges if edge.source == source and edge.target.node in loop.members)
            graph = set_repeat(graph, self.group, passed=passed_as(graph, self.group, edge))
        return graph if _sound(graph, self.group) else None

    def _moved(self, group: str) -> str:
        return self.group + group[len(self.blocks[0]) :]

    def _placed(self, node: Node, gone: set[str]) -> Node:
        ties = tuple(Tie(tie.parameter, self._owner(tie.node, gone), tie.other) for tie in node.ties)
        group = self._moved(node.group) if node.id in self.place else node.group
        return replace(node, group=group, ties=ties)

    def _owner(self, node: str, gone: set[str]) -> str:
        return self.members[0][self.place[node][1]].id if node in gone else node


def _parameters(graph: Graph, nodes: Iterable[Node]) -> dict[str, tuple[str, ...]]:
    """Returns the trained parameters of nodes, as far as their shapes are known."""
    from workbench.graph.infer import infer
    from workbench.layers import LAYERS

    inferred = infer(graph, LAYERS)
    found: dict[str, tuple[str, ...]] = {}
    for node in nodes:
        layer = LAYERS.get(node.layer)
        if layer is not None and inferred.output_shapes(node.id):
            found[node.id] = tuple(layer.parameters(inferred.params(node.id), inferred.input_shapes(node.id)))
    return found


def _within(node: Node, group: str) -> bool:
    return f"{node.group}.".startswith(f"{group}.")


def _said(record: Mapping[str, Any]) -> dict[str, Any]:
    return {"times": record.get("repeat", 1), "shared": record.get("shared", False), "passed": record.get("passed", "")}


def _sound(graph: Graph, group: str) -> bool:
    """Whether the shapes that come into a group and go out of it agree."""
    from workbench.graph.infer import infer
    from workbench.layers import LAYERS

    inferred = infer(graph, LAYERS)
    loop = next((loop for loop in loops(graph) if loop.path == group), None)
    if loop is None or loop.source is None or len(loop.results) != 1:
        return False
    given = inferred.output_shapes(loop.source.node).get(loop.source.port)
    return given is not None and given == inferred.output_shapes(loop.results[0].node).get(loop.results[0].port)


__all__ = ["Folding", "rows_of_blocks"]
