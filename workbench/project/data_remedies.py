"""What can be done about trouble in the data: each remedy is a change of the project, previewed, applied and undone like any other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from workbench.data import edits
from workbench.data.base import DataProblem, Dataset, FieldKind, Split
from workbench.data.edits import Edits
from workbench.graph.problem import Fix
from workbench.project.project import Project
from workbench.text import Text

Remedies = list[Fix[Project]]


def remedies(problem: DataProblem, dataset: Dataset) -> Remedies:
    """Returns what can be done about a finding, the best first; nothing where only a person can decide.

    Args:
        problem: What was found. At most a thousand of its rows are listed; remedies change those, and asking again finds the rest.
        dataset: Where it was found.
    """
    made = _BY_KIND.get(problem.kind)
    return made(problem, dataset) if made else []


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
    name = next((field.name for field in dataset.fields if field.kind == FieldKind.CATEGORY), "")

    def corrected(now: Edits) -> Edits:
        for row, label in problem.suggested.items():
            now = edits.relabelled(now, [row], name, label)
        return now

    tag = _edited(Text("Tag them for a look"), lambda now: edits.tagged(now, problem.rows, "suspect"))
    count = len(problem.suggested)
    return [tag, _leave_out(problem.rows), _edited(Text("Take the model's label for {count} rows", count=count), corrected)]


_BY_KIND: Mapping[str, Callable[[DataProblem, Dataset], Remedies]] = {
    "duplicate": _leaks, "near-duplicates-leak": _leaks, "near-texts-leak": _leaks,
    "copies": _copies, "near-duplicates": _copies, "near-texts": _copies,
    "missing": _rows_out, "outliers": _rows_out, "empty-text": _rows_out, "encoding": _rows_out, "control-characters": _rows_out,
    "lengths": _rows_out, "imbalance": _balance, "mislabelled": _labels,
}

__all__ = ["remedies"]
