"""Bypassed nodes: they stay in the drawing but not in the model; what their first wire brings goes on to whatever they feed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from types import MappingProxyType

from workbench.graph.graph import Edge, Graph, Node, PortRef
from workbench.graph.mistakes import Found, repair
from workbench.graph.problem import Fix, Problem
from workbench.text import Text

_KEY = "bypassed"


def is_bypassed(node: Node) -> bool:
    """Whether a node is left out of the model."""
    return node.extra.get(_KEY) is True


def bypass(graph: Graph, ids: Iterable[str], bypassed: bool = True) -> Graph:
    """Leaves nodes out of the model, or takes them in again."""
    changed = {node: _marked(graph[node], bypassed) for node in ids if node in graph and is_bypassed(graph[node]) != bypassed}
    return graph.with_nodes({**graph.nodes, **changed}) if changed else graph


def _marked(node: Node, bypassed: bool) -> Node:
    extra = {key: value for key, value in node.extra.items() if key != _KEY}
    return replace(node, extra=MappingProxyType({**extra, _KEY: True} if bypassed else extra))


def passed_on(graph: Graph, node: str) -> Edge | None:
    """Returns the wire whose tensor a bypassed node hands on: its first."""
    return next(iter(graph.incoming(node)), None)


def without_bypassed(graph: Graph) -> Graph:
    """Returns the drawing that is built: bypassed nodes are gone, what they fed is wired to what fed them."""
    gone = {node.id for node in graph if is_bypassed(node)}
    if not gone:
        return graph
    edges = [
        edge if edge.source.node not in gone else Edge(source, edge.target) for edge in graph.edges
        if edge.target.node not in gone and (source := _origin(graph, edge.source, gone)) is not None
    ]
    nodes = {key: _untied(node, gone) for key, node in graph.nodes.items() if key not in gone}
    return replace(graph.with_nodes(nodes), edges=tuple(edges))


def _origin(graph: Graph, port: PortRef, gone: set[str]) -> PortRef | None:
    seen: set[str] = set()
    while port.node in gone:
        wire = passed_on(graph, port.node)
        if wire is None or port.node in seen:
            return None
        seen.add(port.node)
        port = wire.source
    return port


def _untied(node: Node, gone: set[str]) -> Node:
    kept = tuple(tie for tie in node.ties if tie.node not in gone)
    return node if len(kept) == len(node.ties) else replace(node, ties=kept)


def _take_in(node: Node) -> Fix[Graph]:
    return repair(Text("Take {node} in again", node=node.path), lambda graph: bypass(graph, (node.id,), False), node.id)


def end_left_out(node: Node) -> Found:
    """An input or output is bypassed: there is nothing it could hand on."""
    message = Text("{node} is an end of the drawing and cannot be bypassed.", node=node.path)
    return Problem("bypass.end", message, node.id, Text("Remove it where it is not wanted."), fixes=(_take_in(node),))


def cannot_hand_on(node: Node, ports: Iterable[str]) -> Found:
    """A bypassed node has nothing to hand on, or more than one of its outputs is used."""
    others = ", ".join(sorted(ports))
    if others:
        message = Text("{node} is bypassed, but its output {port} is wired.", node=node.path, port=others)
        reason = Text("A bypassed layer hands on what its first wire brings, by its first output alone.")
    else:
        message = Text("{node} is bypassed, but nothing is wired into it.", node=node.path)
        reason = Text("A bypassed layer hands on what its first wire brings.")
    return Problem("bypass.impossible", message, node.id, reason, fixes=(_take_in(node),))


def with_taking_in(problem: Found, skipped: Node) -> Found:
    """Adds the way out where a bypassed node stands before a problem: without it, shapes may not fit."""
    return replace(problem, fixes=(*problem.fixes[:2], _take_in(skipped)))
