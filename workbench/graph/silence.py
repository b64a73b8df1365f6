"""Warnings that a person does not want to hear at a node: part of the drawing, so saved, undone and copied with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from types import MappingProxyType
from typing import TypeVar

from workbench.graph.graph import Graph, Node
from workbench.graph.problem import Problem, Severity

_KEY = "ignored"
T = TypeVar("T")


def silenced_kinds(node: Node) -> tuple[str, ...]:
    """Returns the kinds of warnings that are kept quiet at a node, sorted."""
    kinds = node.extra.get(_KEY)
    return tuple(sorted(kind for kind in kinds if isinstance(kind, str))) if isinstance(kinds, (list, tuple)) else ()


def silence(graph: Graph, node: str, kind: str) -> Graph:
    """Keeps a kind of warning quiet at a node; errors are told all the same."""
    return _with(graph, node, {*silenced_kinds(graph[node]), kind}) if node in graph else graph


def restore(graph: Graph, node: str, kind: str = "") -> Graph:
    """Lets a kind of warning be told again at a node; without a kind, all of them."""
    return _with(graph, node, set(silenced_kinds(graph[node])) - {kind} if kind else set()) if node in graph else graph


def _with(graph: Graph, node: str, kinds: set[str]) -> Graph:
    old = graph[node]
    if kinds == set(silenced_kinds(old)):
        return graph
    extra = {key: value for key, value in old.extra.items() if key != _KEY} | ({_KEY: tuple(sorted(kinds))} if kinds else {})
    return graph.with_nodes({**graph.nodes, node: replace(old, extra=MappingProxyType(extra))})


def is_silenced(graph: Graph, problem: Problem[T]) -> bool:
    """Whether a problem is a warning that is kept quiet at its node."""
    node = graph.nodes.get(problem.node)
    return node is not None and problem.severity is Severity.WARNING and problem.kind in silenced_kinds(node)


def parted(graph: Graph, problems: Iterable[Problem[T]]) -> tuple[tuple[Problem[T], ...], tuple[Problem[T], ...]]:
    """Returns the problems to tell and those that are kept quiet."""
    found = [(is_silenced(graph, problem), problem) for problem in problems]
    return tuple(problem for quiet, problem in found if not quiet), tuple(problem for quiet, problem in found if quiet)
