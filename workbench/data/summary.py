"""What a dataset holds, in numbers and findings, for the Data page and the command line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.data.base import DataProblem, Dataset, Field, FieldKind, Split
from workbench.data.findings import FINDERS
from workbench.data.findings.base import Look
from workbench.data.progress import go_on

_BINS = 20


def describe(dataset: Dataset, splits: Mapping[Split, np.ndarray] | None = None, *, duplicates: bool = True) -> dict[str, Any]:
    """Returns what a dataset holds, as JSON values.

    Args:
        dataset: The data.
        splits: Row indices by split, where the rows have been divided.
        duplicates: Whether to look for equal rows in different splits (reads every input once).

    Returns:
        `format`, `source`, `licence`, `rows`, `made` (how many of them were made); `fields`: per field `name`, `kind`, `label`, `missing`
        and, by kind, `classes` (name, rows, and rows per split),
        `sizes`, `lengths`, `range`; `splits`: rows by split; `problems`: kind, message, reason, rows.
    """
    columns = _columns(dataset)
    divided = dict(splits or {})
    return {
        "format": dataset.format, "source": dataset.source, "licence": dataset.licence, "rows": len(dataset),
        "made": 0 if (origins := dataset.made_from()) is None else int((origins != -1).sum()),
        "fields": [_described(field, columns[field.name], divided) for field in dataset.fields],
        "splits": {str(split): len(rows) for split, rows in divided.items()},
        "problems": [_as_json(problem) for problem in find_problems(dataset, divided, duplicates=duplicates, columns=columns)],
    }


def find_problems(
    dataset: Dataset, splits: Mapping[Split, np.ndarray] | None = None, *, duplicates: bool = True,
    columns: Mapping[str, Any] | None = None,
) -> list[DataProblem]:
    """Returns everything worth telling: what opening found, and what the finders of the catalogue find.

    Args:
        dataset: The data.
        splits: Row indices by split, where the rows have been divided.
        duplicates: Whether finders may read every row of every input.
        columns: Columns that were read already.
    """
    read = {name: column for name, column in (columns or {}).items() if not isinstance(column, Sizes)}
    look, problems = Look(dataset, splits, read), list(dataset.problems)
    for finder in FINDERS:
        go_on()
        if (splits or not finder.needs_splits) and (duplicates or not finder.thorough):
            problems += finder.find(look)
    return problems


def _columns(dataset: Dataset) -> dict[str, Any]:
    """Returns all columns; of images that are decoded only when asked for, their sizes."""
    lazy = {field.name: dataset.image_sizes(field.name) for field in dataset.fields if field.kind == FieldKind.IMAGE}
    return {
        field.name: Sizes(sizes) if (sizes := lazy.get(field.name)) is not None else dataset.column(field.name) for field in dataset.fields
    }


@dataclass(frozen=True, slots=True)
class Sizes:
    """Stands for a column of images that is not read.

    Attributes:
        pixels: Height and width `(n, 2)`.
    """

    pixels: np.ndarray


def image_size(dataset: Dataset, name: str) -> tuple[int, int, int]:
    """Returns the channels, height and width that suit an image field: its own, or a common size where sizes differ."""
    from workbench.data.preprocessing.image import natural_size

    field = dataset.field(name)
    if field.height:
        return (field.channels, *natural_size(field, None))
    sizes = dataset.image_sizes(name)
    column = dataset.column(name) if sizes is None else [np.broadcast_to(np.uint8(0), tuple(size)) for size in sizes]
    return (field.channels, *natural_size(field, column))


def _as_json(problem: DataProblem) -> dict[str, Any]:
    return {"kind": problem.kind, "message": problem.message, "reason": problem.reason, "rows": list(problem.rows)}


def _described(field: Field, column: Any, splits: Mapping[Split, np.ndarray]) -> dict[str, Any]:
    facts: dict[str, Any] = {"name": field.name, "kind": str(field.kind), "label": field.label or field.name}
    if field.type:
        facts["type"] = field.type
    if field.kind == FieldKind.IMAGE:
        return {**facts, "missing": 0, "channels": field.channels, "sizes": _sizes(column)}
    if field.kind == FieldKind.TEXT:
        lengths = np.array([len(text) for text in column] or [0])
        return {**facts, "missing": int((lengths == 0).sum()), "lengths": _distribution(lengths), "unit": "characters"}
    if field.kind == FieldKind.CATEGORY:
        return {**facts, "missing": int((column < 0).sum()), "classes": _classes(field, column, splits)}
    if field.kind == FieldKind.MASK:
        return {**facts, "missing": 0, "classes": _pixels(field, column), "sizes": _sizes(column)}
    if field.kind in (FieldKind.SERIES, FieldKind.AUDIO):
        return {**facts, **_over_time(field, column)}
    finite = column[np.isfinite(column)]
    return {**facts, "missing": len(column) - len(finite), "range": _distribution(finite), "unit": field.unit}


def _over_time(field: Field, column: Any) -> dict[str, Any]:
    """Returns the range of all numbers of series and sounds, and how long they are where they differ."""
    values = column.ravel() if isinstance(column, np.ndarray) else np.concatenate([row.ravel() for row in column])
    finite = values[np.isfinite(values)]
    lengths = np.array([len(row) for row in column])
    differing = {"lengths": _distribution(lengths), "unit": "samples" if field.kind == FieldKind.AUDIO else "steps"} if not field.length else {}
    return {"missing": int(values.size - len(finite)), "range": _distribution(finite), "steps": int(lengths.max()), "rate": field.rate, **differing}


def _classes(field: Field, column: np.ndarray, splits: Mapping[Split, np.ndarray]) -> list[dict[str, Any]]:
    whole = _counts(column, len(field.categories))
    parts = {str(split): _counts(column[rows], len(field.categories)) for split, rows in splits.items()}
    return [
        {"name": name, "rows": int(whole[number]), **{split: int(counts[number]) for split, counts in parts.items()}}
        for number, name in enumerate(field.categories)
    ]


def _pixels(field: Field, column: np.ndarray) -> list[dict[str, Any]]:
    counts = np.bincount(column.ravel(), minlength=len(field.categories))
    return [{"name": name, "pixels": int(counts[number])} for number, name in enumerate(field.categories)]


def _counts(labels: np.ndarray, classes: int) -> np.ndarray:
    return np.bincount(labels[labels >= 0], minlength=classes)


def _sizes(column: Any) -> list[dict[str, int]]:
    """Returns the image sizes and how often they occur, most frequent first, at most 20."""
    if isinstance(column, np.ndarray):
        return [{"height": column.shape[1], "width": column.shape[2], "rows": len(column)}]
    pixels = column.pixels if isinstance(column, Sizes) else [image.shape[:2] for image in column] or np.zeros((0, 2), int)
    sizes, counts = np.unique(pixels, axis=0, return_counts=True)
    best = np.argsort(-counts, kind="stable")[:_BINS]
    return [{"height": int(sizes[i][0]), "width": int(sizes[i][1]), "rows": int(counts[i])} for i in best]


def _distribution(values: np.ndarray) -> dict[str, Any]:
    """Returns minimum, median, mean, maximum and a histogram of at most 20 bins."""
    if not len(values):
        return {"minimum": None, "median": None, "mean": None, "maximum": None, "edges": [], "counts": []}
    wide = values.astype(np.float64)
    counts, edges = np.histogram(wide, bins=_BINS)
    return {
        "minimum": float(wide.min()), "median": float(np.median(wide)), "mean": float(wide.mean()), "maximum": float(wide.max()),
        "edges": edges.tolist(), "counts": counts.tolist(),
    }
