"""Folders of tables as csv writes them."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.data.formats.registry import Damaged, Writer, Written

ROWS = 30
COLUMNS: dict[str, Sequence[Any]] = {
    "size": [(row * 7) % 11 + 0.5 for row in range(ROWS)],
    "weight": [(row * 5) % 13 + 0.25 for row in range(ROWS)],
    "label": [("small", "large")[row % 2] for row in range(ROWS)],
}
TRAIN = 22


def _write(path: Path, rows: range, names: Sequence[str] = tuple(COLUMNS)) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([names, *(tuple(COLUMNS[name][row] for name in names) for row in rows)])


def by_csv(folder: Path) -> Written:
    source = folder / "competition"
    source.mkdir()
    _write(source / "train.csv", range(TRAIN))
    _write(source / "test.csv", range(TRAIN, ROWS))
    return Written(source, COLUMNS, splits=["train"] * TRAIN + ["test"] * (ROWS - TRAIN))


def without_answers(sample: Written) -> Damaged:
    _write(sample.source / "test.csv", range(TRAIN, ROWS), ("size", "weight"))
    return Damaged(lost=tuple(range(TRAIN, ROWS)), told="test.csv has no column label")


def emptied(sample: Written) -> Damaged:
    for path in sample.source.iterdir():
        path.write_text("")
    return Damaged(refused="has no rows")


WRITERS = [Writer("table_folder", "train-and-test", "csv", by_csv, {"test without answers": without_answers, "emptied": emptied}, trains=True)]
