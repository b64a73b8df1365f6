"""What a dataset holds, in numbers and findings, for the Data page and the command line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np

from workbench.data.base import DataProblem, Dataset, Field, FieldKind, Split
from workbench.errors import Text

IMBALANCE = 10
"""The largest class has this many times the rows of the smallest."""

_MOST_ROWS = 1000
_BINS = 20
_READ = (FieldKind.IMAGE, FieldKind.TEXT, FieldKind.SERIES, FieldKind.AUDIO)


def describe(dataset: Dataset, splits: Mapping[Split, np.ndarray] | None = None, *, duplicates: bool = True) -> dict[str, Any]:
    """Returns what a dataset holds, as JSON values.

    Args:
        dataset: The data.
        splits: Row indices by split, where the rows have been divided.
        duplicates: Whether to look for equal rows in different splits (reads every input once).

    Returns:
        `format`, `source`, `licence`, `rows`; `fields`: per field `name`, `kind`, `label`, `missing` and, by kind, `classes`
        (name, rows, and rows per split), `sizes`, `lengths`, `range`; `splits`: rows by split; `problems`: kind, message, reason, rows.
    """
    columns = _columns(dataset)
    divided = dict(splits or {})
    return {
        "format": dataset.format, "source": dataset.source, "licence": dataset.licence, "rows": len(dataset),
        "fields": [_described(field, columns[field.name], divided) for field in dataset.fields],
        "splits": {str(split): len(rows) for split, rows in divided.items()},
        "problems": [_as_json(problem) for problem in find_problems(dataset, divided, duplicates=duplicates, columns=columns)],
    }


def find_problems(
    dataset: Dataset, splits: Mapping[Split, np.ndarray] | None = None, *, duplicates: bool = True,
    columns: Mapping[str, Any] | None = None,
) -> list[DataProblem]:
    """Returns everything worth telling: what opening found, imbalance, missing values, empty texts, duplicates across splits."""
    columns = columns or _columns(dataset)
    problems = list(dataset.problems)
    for field in dataset.fields:
        problems += _field_problems(dataset, field, columns[field.name])
    if duplicates and splits:
        problems += _duplicates(dataset, splits, columns)
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


def content_hash(value: Any) -> bytes:
    """Returns a hash of one raw value: equal pixels, texts or numbers give equal hashes."""
    digest = blake2b(digest_size=16)
    if isinstance(value, str):
        digest.update(value.encode("utf-8", "surrogatepass"))
    else:
        array = np.ascontiguousarray(value)
        digest.update(f"{array.shape}{array.dtype}".encode())
        digest.update(array.data)
    return digest.digest()


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


def _field_problems(dataset: Dataset, field: Field, column: Any) -> list[DataProblem]:
    if field.kind == FieldKind.CATEGORY:
        return [*_missing(dataset, field, column < 0), *_balance(field, column)]
    if field.kind == FieldKind.NUMBER:
        return _missing(dataset, field, ~np.isfinite(column))
    if field.kind == FieldKind.TEXT:
        empty = np.flatnonzero([not text.strip() for text in column])
        if len(empty):
            return [DataProblem(
                "empty-text", Text("{count} texts in {field} are empty.", count=len(empty), field=field.label or field.name),
                _names(dataset, empty), Text("There is nothing in them to learn from; they count as one unknown token."),
            )]
    return []


def _missing(dataset: Dataset, field: Field, missing: np.ndarray) -> list[DataProblem]:
    rows = np.flatnonzero(missing)
    if not len(rows):
        return []
    return [DataProblem(
        "missing", Text("{count} rows have no value in {field}.", count=len(rows), field=field.label or field.name),
        _names(dataset, rows), Text("Rows without a target are left out; a missing number takes the mean."),
    )]


def _balance(field: Field, column: np.ndarray) -> list[DataProblem]:
    counts = _counts(column, len(field.categories))
    if np.count_nonzero(counts) < 2:
        return [DataProblem(
            "one-class", Text("All rows are of one class of {field}.", field=field.label or field.name),
            reason=Text("There is nothing to tell apart."),
        )]
    large, small = int(counts.argmax()), int(np.where(counts > 0, counts, np.iinfo(np.int64).max).argmin())
    if counts[large] < IMBALANCE * counts[small]:
        return []
    return [DataProblem(
        "imbalance",
        Text("{large} has {times} times as many rows as {small}.",
             large=field.categories[large], small=field.categories[small], times=int(counts[large] // counts[small])),
        reason=Text("A model can score well by never choosing the rare class; look at the confusion matrix too."),
    )]


def _duplicates(dataset: Dataset, splits: Mapping[Split, np.ndarray], columns: Mapping[str, Any]) -> list[DataProblem]:
    """Returns the rows of validation and test whose inputs (images and texts) stand in training too."""
    names = [field.name for field in dataset.fields if field.kind in _READ and not isinstance(columns[field.name], Sizes)]
    if not names or Split.TRAIN not in splits:
        return []
    trained: defaultdict[bytes, list[int]] = defaultdict(list)
    for row in splits[Split.TRAIN]:
        trained[_row_hash(columns, names, row)].append(int(row))
    held_out = [row for split in (Split.VALIDATION, Split.TEST) for row in splits.get(split, ())]
    copies = [int(row) for row in held_out if _row_hash(columns, names, row) in trained]
    if not copies:
        return []
    return [DataProblem(
        "duplicate", Text("{count} rows of validation and test also stand in training.", count=len(copies)),
        _names(dataset, np.array(copies)), Text("The model has seen their answers: the scores come out too good."),
    )]


def _row_hash(columns: Mapping[str, Any], names: list[str], row: int) -> bytes:
    return b"".join(content_hash(columns[name][row]) for name in names)


def _names(dataset: Dataset, rows: np.ndarray) -> tuple[str, ...]:
    ids = dataset.ids()
    return tuple(ids[int(row)] for row in rows[:_MOST_ROWS])
