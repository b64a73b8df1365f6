"""Opening and preparing the data of a project on worker threads, and which parts of the choice each of them heeds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.project.project import DataChoice

if TYPE_CHECKING:
    from workbench.data.base import Dataset
    from workbench.data.prepare import Prepared


def preparing_part(data: DataChoice) -> DataChoice:
    """Returns the choice without what training alone heeds: another value of that needs no other splits and tensors."""
    plain = DataChoice()
    return replace(data, augmentation=plain.augmentation, balance=plain.balance, bad_rows=plain.bad_rows)


def opening_part(data: DataChoice) -> DataChoice:
    """Returns the choice without what preparing alone heeds: another value of that needs no other opening."""
    plain = DataChoice()
    return replace(preparing_part(data), split=plain.split, preprocessing=plain.preprocessing, limit=plain.limit)


def open_chosen(choice: Any, base: Path | None, edits: Any, progress: Callable[..., Any], cancelled: Callable[[], bool]) -> Dataset:
    """Opens the data of a project; called on a worker thread."""
    from workbench.app.opening import throttled
    from workbench.data.open import open_dataset
    from workbench.data.progress import reporting
    from workbench.data.row_ids import learn_places

    with reporting(throttled(progress), cancelled):
        dataset = open_dataset(choice.source, choice.format, dict(choice.params) or None, base, edits, choice.made)
        learn_places(dataset)  # may take a while for many rows: here, not where the window waits for it
        return dataset


def prepare_chosen(
    dataset: Any, choice: Any, inputs: tuple[str, ...], targets: tuple[str, ...], before: Prepared | None, progress: Callable[..., Any],
    cancelled: Callable[[], bool],
) -> Prepared:
    """Prepares the data of a project; called on a worker thread."""
    from workbench.app.opening import throttled
    from workbench.data.prepare import prepare
    from workbench.data.progress import reporting

    with reporting(throttled(progress), cancelled):
        return prepare(dataset, choice, list(inputs), list(targets), before=before)
