"""Chains of formulas as one formula, where what is between them is used once."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from workbench.graph.graph import Edge, Node, PortRef, frozen
from workbench.graph.shape import Shape
from workbench.layers import LAYERS
from workbench.layers.expressions.declarations import declared
from workbench.layers.expressions.grammar import parsed, tensors
from workbench.layers.expressions.resolve import names_of
from workbench.models.reading.inversion import REFUSED, said

_LONGEST = 160
_LETTERS = "xyzuvwabcdefghijklm"


@dataclass
class Chains:
    """The formulas of a drawing under way.

    Attributes:
        nodes: All nodes by id; changed in place.
        edges: All wires; changed in place.
        shapes: The shape of every port.
        names: Foreign state keys -> ours; changed in place.
    """

    nodes: dict[str, Node]
    edges: list[Edge]
    shapes: Mapping[PortRef, Shape]
    names: dict[str, tuple[str, ...]]

    def merge(self, formulas: set[str]) -> None:
        """Joins the given nodes, as long as two of them stand in a row."""
        tied = {tie.node for node in self.nodes.values() for tie in node.ties} | {node.id for node in self.nodes.values() if node.ties}
        for first in [node for node in self.nodes if node in formulas and node not in tied]:
            leaving = [edge for edge in self.edges if edge.source.node == first]
            if len(leaving) == 1 and leaving[0].target.node in formulas - tied:
                self._join(first, leaving[0])

    def _join(self, first: str, wire: Edge) -> None:
        before, after = self.nodes[first], self.nodes[wire.target.node]
        if before.group != after.group:
            return
        wires = [edge for edge in self.edges if edge.target.node in (first, after.id)]
        sources = {(edge.target.node == after.id, edge.target.port): edge.source for edge in wires if edge is not wire}
        joined = _joined(before, after, wire.target.port, sources)
        if joined is None:
            return
        raw, given = joined
        if not self._same(raw, given, after.id):
            return
        moved = [Edge(given[name], PortRef(after.id, name)) for name in names_of(raw["expression"], raw["parameters"])]
        at = self.edges.index(wire)
        self.edges[:] = [
            *(edge for edge in self.edges[:at] if edge not in wires), *moved, *(edge for edge in self.edges[at:] if edge not in wires)
        ]
        self.nodes[after.id] = replace(after, params=frozen({key: value for key, value in raw.items() if value}))
        del self.nodes[first]
        for key, found in self.names.items():
            self.names[key] = tuple(
                f"{after.path}.{one.rpartition('.')[2]}" if one.rpartition(".")[0] == before.path else one for one in found
            )

    def _same(self, raw: Mapping[str, Any], given: Mapping[str, PortRef], last: str) -> bool:
        """Whether the joined formula gives what the last one gave."""
        layer = LAYERS["expression"]
        inputs = {name: self.shapes[source] for name, source in given.items() if source in self.shapes}
        call = said(layer, raw, inputs)
        if call is None or len(inputs) < len(given):
            return False
        from workbench.graph.ports import Context

        try:
            found = layer.shape(layer.parse(dict(raw)), inputs, Context("", ""))
        except REFUSED:
            return False
        return found.get("output") == self.shapes.get(PortRef(last, "output"))


def _joined(
    before: Node, after: Node, port: str, sources: Mapping[tuple[bool, str], PortRef]
) -> tuple[dict[str, str], dict[str, PortRef]] | None:
    """Returns the parameters of one formula for two, and what is wired to its names; None where they cannot be one.

    Args:
        before: The first.
        after: The one that takes what the first gives.
        port: The name that it has there.
        sources: What is wired to the other names, by whether it is a name of the second, and name.
    """
    one, two = (
        (str(node.params.get("expression", "")), str(node.params.get("parameters", ""))) for node in (before, after)
    )
    outer = parsed(two[0])
    learned = [{item.name for item in declared(text)} for _, text in (one, two)]
    if learned[0] & learned[1] or sum(name.id == port for name in tensors(outer.tree)) != 1:
        return None
    taken = learned[0] | learned[1]
    letters = iter(letter for letter in _LETTERS if letter not in taken)
    called: dict[PortRef, str] = {}
    ports: dict[tuple[bool, str], str] = {}
    for place, source in sources.items():
        called[source] = ports[place] = called.get(source) or next(letters, "")
    if "" in ports.values():
        return None
    inside = _Renamed({name: ast.Name(new, ast.Load()) for (last, name), new in ports.items() if not last}).of(one[0])
    changed: dict[str, ast.expr] = {name: ast.Name(new, ast.Load()) for (last, name), new in ports.items() if last}
    text = ast.unparse(_Renamed({**changed, port: inside}).of(two[0]))
    raw = {"expression": text, "parameters": "\n".join(part for part in (one[1], two[1]) if part)}
    return (raw, {name: source for source, name in called.items()}) if len(text) <= _LONGEST else None


class _Renamed(ast.NodeTransformer):
    """Puts other expressions in the place of tensors; names of axes stay."""

    def __init__(self, new: Mapping[str, ast.expr]) -> None:
        self.new = new
        self._places: set[int] = set()

    def of(self, text: str) -> ast.expr:
        """Returns the tree of a formula with the new parts."""
        tree = ast.parse(text.replace("\n", " "), mode="eval").body
        self._places = {id(name) for name in tensors(tree)}
        return self.visit(tree)

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.new.get(node.id, node) if id(node) in self._places else node
