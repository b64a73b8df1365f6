"""Warnings kept quiet at a node are part of the drawing; errors are told all the same."""

from __future__ import annotations

from workbench.graph import edit
from workbench.graph.file import dumps, loads
from workbench.graph.graph import Graph
from workbench.graph.problem import Problem, Severity
from workbench.graph.silence import is_silenced, parted, restore, silence, silenced_kinds


def drawing() -> Graph:
    return edit.add_node(Graph(), "relu", id="one")[0]


def found(kind: str, severity: Severity = Severity.WARNING, node: str = "one") -> Problem[Graph]:
    return Problem(kind, "One is doubtful.", node, severity=severity)


def test_a_kind_is_quiet_at_its_node_until_it_is_restored() -> None:
    graph = drawing()
    quiet = silence(silence(graph, "one", "norm.twice"), "one", "dropout.wasteful")
    assert silenced_kinds(quiet["one"]) == ("dropout.wasteful", "norm.twice")
    assert is_silenced(quiet, found("norm.twice")) and not is_silenced(graph, found("norm.twice"))
    assert not is_silenced(quiet, found("norm.twice", node="gone")) and not is_silenced(quiet, found("width.one"))
    half = restore(quiet, "one", "norm.twice")
    assert silenced_kinds(half["one"]) == ("dropout.wasteful",)
    assert restore(half, "one") == graph and restore(graph, "one") is graph and silence(quiet, "one", "norm.twice") is quiet
    assert silence(graph, "gone", "norm.twice") is graph


def test_errors_cannot_be_silenced() -> None:
    quiet = silence(drawing(), "one", "norm.twice")
    loud, still = parted(quiet, [found("norm.twice"), found("norm.twice", Severity.ERROR), found("width.one")])
    assert [problem.severity for problem in loud] == [Severity.ERROR, Severity.WARNING] and [problem.kind for problem in still] == ["norm.twice"]


def test_it_is_saved_with_the_drawing() -> None:
    quiet = silence(drawing(), "one", "norm.twice")
    assert silenced_kinds(loads(dumps(quiet))["one"]) == ("norm.twice",)


def test_a_file_that_says_nonsense_there_silences_nothing() -> None:
    for nonsense in ("norm.twice", 3, {"norm.twice": True}, [4, None]):
        odd = edit.change_node(drawing(), "one", extra={"ignored": nonsense})
        assert silenced_kinds(odd["one"]) == ()
