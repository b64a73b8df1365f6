"""What is wrong with a project: the problems of the drawing, and those that data, objective or recipe bring in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from workbench.data.base import Dataset
from workbench.graph.bypass import without_bypassed
from workbench.graph.graph import Graph
from workbench.graph.infer import Inferred, infer
from workbench.graph.problem import Fix, Problem, Severity
from workbench.graph.shape import Axis, Shape
from workbench.graph.silence import parted
from workbench.layers import LAYERS
from workbench.objectives import OBJECTIVES
from workbench.project.project import Project
from workbench.project.telling import ranked, told

_NO_SHAPES: Mapping[str, Shape] = MappingProxyType({})
Found = Problem[Project]


@dataclass(frozen=True, slots=True)
class Subject:
    """What the rules look at.

    Attributes:
        project: The project.
        inferred: The shapes of its drawing.
        dataset: Its data, or None where it is not open.
        shapes: The shape of a batch of each field after preprocessing, where that is known.
        rows: Rows of the training split; 0 where not known.
        graph: The drawing as it is built: without bypassed nodes.
    """

    project: Project
    inferred: Inferred
    dataset: Dataset | None = None
    shapes: Mapping[str, Shape] = field(default_factory=lambda: _NO_SHAPES)
    rows: int = 0
    graph: Graph = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "graph", without_bypassed(self.project.graph))


@dataclass(frozen=True, slots=True)
class Checked:
    """What `check` found.

    Attributes:
        problems: Errors first.
        inferred: The shapes of the drawing.
        ok: Whether the project can be trained.
        silenced: Warnings that are kept quiet at their nodes.
    """

    problems: tuple[Found, ...]
    inferred: Inferred
    ok: bool
    silenced: tuple[Found, ...] = ()


def check(
    project: Project, dataset: Dataset | None = None, *, shapes: Mapping[str, Shape] | None = None, rows: int = 0,
    previous: Inferred | None = None,
) -> Checked:
    """Checks a project without building anything.

    Args:
        project: The project.
        dataset: Its data; without it, what needs data is not looked at.
        shapes: The shapes of the prepared fields (`Prepared.shapes()`), for the rules about vocabularies.
        rows: Rows of the training split, where known.
        previous: Shapes of an earlier drawing, to be reused.
    """
    inferred = infer(project.graph, LAYERS, previous=previous)
    subject = Subject(project, inferred, dataset, shapes or _NO_SHAPES, rows)
    heard = [told(problem, inferred) for problem in inferred.problems if not _meant(problem, project)]
    found = [fitted(lifted(problem), subject) for problem in ranked(heard, inferred)]
    for rule in _rules():
        found += rule(subject)
    ordered, silenced = parted(project.graph, sorted(found, key=lambda problem: problem.severity != Severity.ERROR))
    return Checked(ordered, inferred, not any(problem.severity == Severity.ERROR for problem in ordered), silenced)


def _meant(problem: Problem[Graph], project: Project) -> bool:
    """Whether an answer at every position is just what the objective of that output asks for."""
    if problem.kind != "output.sequence" or problem.node not in project.graph:
        return False
    name = project.graph[problem.node].name
    read = [OBJECTIVES[item.name] for item in project.objectives if item.output == name and item.name in OBJECTIVES]
    return any(Axis.TOKEN in objective.output_axes or Axis.TIME in objective.output_axes for objective in read)


def fitted(problem: Found, subject: Subject) -> Found:
    """Lets a fix that adds an end of the drawing take what the data gives and what the objective reads."""
    if problem.kind not in ("graph.no-input", "graph.no-output"):
        return problem
    from workbench.project.ends import with_ends

    def applied(fix: Fix[Project]) -> Callable[[Project], Project]:
        return lambda project: with_ends(project, fix.apply(project), subject)

    return replace(problem, fixes=tuple(Fix(fix.label, applied(fix)) for fix in problem.fixes))


def _rules() -> tuple[Callable[[Subject], list[Found]], ...]:
    from workbench.project import check_data, check_drawing, check_learning, check_sequences

    return (*check_data.RULES, *check_learning.RULES, *check_drawing.RULES, *check_sequences.RULES)


def lifted(problem: Problem[Graph]) -> Found:
    """Returns a problem of the drawing as one of the project."""
    fixes = tuple(Fix(fix.label, on_graph(fix.apply)) for fix in problem.fixes)
    return Problem(
        problem.kind, problem.message, problem.node, problem.reason, problem.port, problem.severity, fixes,
    )


def on_graph(change: Callable[[Graph], Graph]) -> Callable[[Project], Project]:
    """Returns an edit of the drawing as an edit of the project."""

    def apply(project: Project) -> Project:
        graph = change(project.graph)
        return project if graph is project.graph else replace(project, graph=graph)

    return apply


def graph_fix(label: str, change: Callable[[Graph], Graph]) -> Fix[Project]:
    """Returns a fix of the project that edits the drawing."""
    return Fix(label, on_graph(change))


def recipe_fix(label: str, **changes: Any) -> Fix[Project]:
    """Returns a fix of the project that changes the recipe."""
    return Fix(label, lambda project: replace(project, recipe=replace(project.recipe, **changes)))
