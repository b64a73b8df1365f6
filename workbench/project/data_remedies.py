"""What can be done about trouble in the data: each remedy is a change of the project, previewed, applied and undone like any other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from workbench.data import edits
from workbench.data.base import DataProblem, Dataset, FieldKind, Split
from workbench.data.edits import Edits
from workbench.data.groups import FOLDER, PREFIX
from workbench.graph import edit
from workbench.graph.graph import Graph
from workbench.graph.problem import Fix
from workbench.project.feeding import field_of, input_nodes, is_output
from workbench.project.project import Project
from workbench.text import Text

Remedies = list[Fix[Project]]


def remedies(problem: DataProblem, dataset: Dataset, project: Project | None = None) -> Remedies:
    """Returns what can be done about a finding, the best first; nothing where only a person can decide.

    Args:
        problem: What was found. At most a thousand of its rows are listed; remedies change those, and asking again finds the rest.
        dataset: Where it was found.
        project: The project as it is now; what changes the drawing is offered only where it would change this one.
    """
    made = _BY_KIND.get(problem.kind)
    found = made(problem, dataset) if made else []
    if project is not None and _says_little(problem, dataset):
        unread = _unread(problem.field)
        found += [unread] if unread.apply(project) != project else []
    return found


def _edited(label: Text, change: Callable[[Edits], Edits]) -> Fix[Project]:
    return Fix(label, lambda project: replace(project, edits=change(project.edits)))


def _leave_out(rows: Iterable[str]) -> Fix[Project]:
    listed = tuple(rows)
    label = Text("Leave {count} rows out", count=len(listed)) if len(listed) != 1 else Text("Leave the row out")
    return _edited(label, lambda now: edits.excluded(now, listed))


def _leaks(problem: DataProblem, dataset: Dataset) -> Remedies:
    """Rows of validation and test go to the side of their twins, or out."""
    move = _edited(Text("Move them to training"), lambda now: edits.moved(now, problem.rows, str(Split.TRAIN)))
    return [_leave_out(problem.rows), move]


def _copies(problem: DataProblem, dataset: Dataset) -> Remedies:
    return [_edited(Text("Keep one of each"), lambda now: edits.excluded(now, problem.rows))]


def _rows_out(problem: DataProblem, dataset: Dataset) -> Remedies:
    return [_leave_out(problem.rows)] if problem.rows else []


def _balance(problem: DataProblem, dataset: Dataset) -> Remedies:
    def chosen(label: Text, balance: str) -> Fix[Project]:
        return Fix(label, lambda project: replace(project, data=replace(project.data, balance=balance)))

    return [
        chosen(Text("Let rare classes weigh more"), "weights"),
        chosen(Text("Show rare rows more often"), "oversample"),
        _stratify(dataset),
    ]


def _stratify(dataset: Dataset) -> Fix[Project]:
    name = next((field.name for field in dataset.fields if field.kind == FieldKind.CATEGORY), "")
    label = Text("Divide every class alike")
    return Fix(label, lambda project: replace(project, data=replace(project.data, split=replace(project.data.split, stratify=name))))


def _labels(problem: DataProblem, dataset: Dataset) -> Remedies:
    name = problem.field or next((field.name for field in dataset.fields if field.kind == FieldKind.CATEGORY), "")

    def corrected(now: Edits) -> Edits:
        for row, label in problem.suggested.items():
            now = edits.relabelled(now, [row], name, label)
        return now

    tag = _edited(Text("Tag them for a look"), lambda now: edits.tagged(now, problem.rows, "suspect"))
    count = len(problem.suggested)
    return [tag, _leave_out(problem.rows), _edited(Text("Take the model's label for {count} rows", count=count), corrected)]


def _keep_together(problem: DataProblem, dataset: Dataset) -> Remedies:
    named = {
        PREFIX: Text("Keep files together whose names begin alike"), FOLDER: Text("Keep the rows of each folder together"),
    }.get(problem.field, Text("Keep the rows of each {group} together", group=_called(problem.field, dataset)))
    return [_divided(named, dataset, group=problem.field, time="")]


def _by_time(problem: DataProblem, dataset: Dataset) -> Remedies:
    return [_divided(Text("Train on the earlier rows, test on the later"), dataset, time=problem.field, group="")]


def _divided(label: Text, dataset: Dataset, **changes: Any) -> Fix[Project]:
    """Returns a change of how rows are divided; splits that the source brings would stand in its way."""
    anew = {} if dataset.given_splits() is None else {"use_given": False}
    return Fix(label, lambda project: replace(project, data=replace(project.data, split=replace(project.data.split, **changes, **anew))))


def _called(name: str, dataset: Dataset) -> str:
    return next((field.label or field.name for field in dataset.fields if field.name == name), name)


def _says_little(problem: DataProblem, dataset: Dataset) -> bool:
    """Whether a field says the same everywhere, or nothing in most rows."""
    field = next((field for field in dataset.fields if field.name == problem.field), None)
    if field is None or problem.kind not in ("constant", "missing"):
        return False
    if problem.kind == "constant":
        return True
    values = np.asarray(dataset.column(field.name))
    return bool(np.mean(values < 0 if field.kind == FieldKind.CATEGORY else ~np.isfinite(values)) > _MOSTLY)


def _unread(name: str) -> Fix[Project]:
    """Returns the change that no longer reads a field: its input goes, and what only it led through, up to where others come in."""

    def change(project: Project) -> Project:
        graph = project.graph
        for node in [node.id for node in input_nodes(graph) if field_of(node) == name]:
            graph = _without(graph, node)
        return replace(project, graph=graph) if graph != project.graph else project

    return Fix(Text("No longer read {field}", field=name), change)


def _without(graph: Graph, node: str) -> Graph:
    gone = [node]
    while True:
        wires = [wire for wire in graph.edges if wire.source.node == gone[-1]]
        if len(wires) != 1 or is_output(graph[wires[0].target.node]):
            return graph if wires else edit.remove_nodes(graph, gone)
        into = [wire for wire in graph.edges if wire.target.node == wires[0].target.node]
        if len(into) > 1:
            same_port = len([wire for wire in into if wire.target.port == wires[0].target.port]) > 1
            return edit.remove_nodes(graph, gone) if same_port else graph
        gone.append(wires[0].target.node)


_MOSTLY = 0.5
"""A field that lacks values in a larger share of the rows says little."""

_BY_KIND: Mapping[str, Callable[[DataProblem, Dataset], Remedies]] = {
    "duplicate": _leaks, "near-duplicates-leak": _leaks, "near-texts-leak": _leaks,
    "copies": _copies, "near-duplicates": _copies, "near-texts": _copies,
    "missing": _rows_out, "outliers": _rows_out, "empty-text": _rows_out, "encoding": _rows_out, "control-characters": _rows_out,
    "lengths": _rows_out, "language": _rows_out, "blank": _rows_out, "blurred": _rows_out, "odd-size": _rows_out,
    "silent": _rows_out, "clipped": _rows_out, "flat": _rows_out, "imbalance": _balance, "mislabelled": _labels,
    "group-leak": _keep_together, "time-leak": _by_time, "window-leak": _by_time,
}

__all__ = ["remedies"]
