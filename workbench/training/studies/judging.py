"""What the models of folds say about rows that they have not seen: one line for every row, and the labels they contradict."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.data.base import Dataset, Split
from workbench.data.findings.labels import mislabelled
from workbench.errors import DataError
from workbench.project.atomic import write_atomically

if TYPE_CHECKING:
    from workbench.training.evaluate import Evaluation
    from workbench.training.studies.record import Record, StudyFolder

MOST_NUMBERS = 100_000_000
"""Up to so many class shares are held at once; beyond that no suspects are looked for."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Rows with what models say about them that have not seen them.

    Attributes:
        rows: Dataset row indices, int64 `(n,)`.
        folds: The fold that judged each row, counted from 1; 0 for test rows, which all models judged.
        targets, predictions, confidences, losses: As in an `Evaluation`, `(n,)`; for test rows the means over all models.
        shares: What the models give each class, float32 `(n, C)`; None for numbers, and where there are too many.
        names: The class names; empty for numbers.
    """

    rows: np.ndarray
    folds: np.ndarray
    targets: np.ndarray
    predictions: np.ndarray
    confidences: np.ndarray
    losses: np.ndarray
    shares: np.ndarray | None
    names: tuple[str, ...] = ()


def judge(study: StudyFolder, record: Record) -> dict[str, Any]:
    """Asks every run of a study about the rows it has not seen, writes them down, and returns what a result says about them."""
    from workbench.data.open import open_dataset

    project = study.snapshot()
    data = project.data
    dataset = open_dataset(data.source, data.format, data.params, base=study.project_folder, edits=project.edits, made=data.made)
    runs = [run for item in record.runs if (run := study.run_of(item)) is not None]
    judged, field = _judged(runs)
    _write(study, dataset, judged)
    found = {"judged": len(judged.rows), "field": field, **_overall(judged)}
    return found if judged.shares is None else found | _suspects(dataset, judged, field)


def _judged(runs: list[Any]) -> tuple[Judged, str]:
    from workbench.training.evaluate import Examination

    parts: list[Judged] = []
    tests: list[Evaluation] = []
    field = ""
    for number, run in enumerate(runs):
        examination = Examination(run)
        found = examination.of(Split.VALIDATION)
        field = found.target
        parts.append(_part(found, number + 1))
        with suppress(DataError):  # there is no test split
            tests.append(examination.of(Split.TEST))
    if len(tests) == len(runs) and all(np.array_equal(found.rows, tests[0].rows) for found in tests):
        parts.append(_mean(tests))
    return _together(parts), field


def _part(found: Evaluation, fold: int) -> Judged:
    folds = np.full(len(found.rows), fold)
    return Judged(found.rows, folds, found.targets, found.predictions, found.confidences, found.losses, found.shares, found.categories)


def _mean(tests: list[Evaluation]) -> Judged:
    """Returns the mean of several models about the same rows."""
    first, losses = tests[0], np.mean([found.losses for found in tests], axis=0)
    zeros = np.zeros(len(first.rows), dtype=np.int64)
    given = [found.shares for found in tests if found.shares is not None]
    if len(given) < len(tests):
        predictions = first.predictions if first.categories else np.mean([found.predictions for found in tests], axis=0)
        confidences = np.mean([found.confidences for found in tests], axis=0)
        return Judged(first.rows, zeros, first.targets, predictions, confidences, losses, None, first.categories)
    shares = np.asarray(np.mean(given, axis=0, dtype=np.float64), np.float32)
    return Judged(first.rows, zeros, first.targets, shares.argmax(1), shares.max(1), losses, shares, first.categories)


def _together(parts: list[Judged]) -> Judged:
    names = ("rows", "folds", "targets", "predictions", "confidences", "losses")
    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    numbers = sum(part.shares.size if part.shares is not None else MOST_NUMBERS for part in parts)
    kept = [part.shares for part in parts if part.shares is not None]
    shares = np.concatenate(kept) if len(kept) == len(parts) and numbers < MOST_NUMBERS else None
    return Judged(**columns, shares=shares, names=parts[0].names)


def _overall(judged: Judged) -> dict[str, Any]:
    """Returns how many rows were right, where rows have classes: once over all rows that folds judged, once over the test rows."""
    if judged.shares is None:
        return {}
    right, tests = judged.predictions == judged.targets, judged.folds == 0
    found: dict[str, Any] = {"mistakes": int((~right).sum())}
    found |= {"right": int(right[~tests].sum()), "rows": int((~tests).sum())}
    return found | ({"test_right": int(right[tests].sum()), "test_rows": int(tests.sum())} if tests.any() else {})


def _suspects(dataset: Dataset, judged: Judged, field: str) -> dict[str, Any]:
    assert judged.shares is not None
    problem = mislabelled(dataset, field, judged.rows, judged.shares, judged.targets)
    if problem is None:
        return {"suspects": [], "suspects_count": 0}
    ids, names = dataset.ids(), dataset.field(field).categories
    wanted = set(problem.rows)
    places = {ids[int(row)]: place for place, row in enumerate(judged.rows) if ids[int(row)] in wanted}
    return {
        "suspects": [_suspect(judged, places[row], row, names, problem.suggested) for row in problem.rows],
        "suspects_count": int(getattr(problem.message, "values", {}).get("count", len(problem.rows))),
    }


def _suspect(judged: Judged, place: int, row: str, names: tuple[str, ...], suggested: Mapping[str, str]) -> dict[str, Any]:
    assert judged.shares is not None
    target = int(judged.targets[place])
    return {
        "row": row, "label": names[target], "suggested": suggested[row], "fold": int(judged.folds[place]),
        "own": round(float(judged.shares[place, target]), 4), "share": round(float(judged.shares[place, names.index(suggested[row])]), 4),
    }


def _write(study: StudyFolder, dataset: Dataset, judged: Judged) -> None:
    """Writes rows.csv: one line for every row that was judged."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(("row", "fold", "target", "prediction", "confidence", "loss"))
    writer.writerows(_lines(dataset, judged))
    write_atomically(study.rows_path, stream.getvalue())


def _lines(dataset: Dataset, judged: Judged) -> Iterator[tuple[Any, ...]]:
    ids, names = dataset.ids(), judged.names
    order = np.argsort(judged.rows, kind="stable")

    def said(value: Any) -> Any:
        return names[int(value)] if names and 0 <= int(value) < len(names) else f"{float(value):.6g}"

    for place in order.tolist():
        fold = int(judged.folds[place]) or "test"
        yield (
            ids[int(judged.rows[place])], fold, said(judged.targets[place]), said(judged.predictions[place]),
            f"{judged.confidences[place]:.4f}", f"{judged.losses[place]:.4g}",
        )
