"""What a run says about every row: its answer, how sure it is, how wrong, right or not. Worked out aside, kept with the run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.app.language import tr
from workbench.app.pages.data.filtering import Facet

if TYPE_CHECKING:
    from workbench.project.runs import RunFolder

UNSURE = 0.6
WRONG, RIGHT, NEAR = 0, 1, 2


@dataclass(slots=True)
class Verdicts:
    """One run's answers.

    Attributes:
        run: The run's folder.
        name: What people call the run.
        names: The classes as the run knows them; empty for numbers.
        predicted: The class that the run gives each row, int32, -1 where it has not looked.
        truth: The class of each row now, in the run's numbering, -1 where there is none.
        columns: By name: how sure it is, the loss, how sure it is where it is wrong; float32, NaN for rows it has not looked at.
    """

    run: Path
    name: str
    names: tuple[str, ...]
    predicted: np.ndarray
    truth: np.ndarray
    columns: dict[str, np.ndarray]

    @property
    def right(self) -> np.ndarray:
        """Which rows it has right: 1, 0, or -1 where that cannot be said."""
        known = (self.predicted >= 0) & (self.truth >= 0)
        return np.where(known, self.predicted == self.truth, -1).astype(np.int8)

    def facets(self) -> list[Facet]:
        """Returns what rows can be narrowed by; nothing for numbers."""
        if not self.names:
            return []
        says = tr("{run} says", run=self.name)
        return [
            _Verdict("verdict", says, (tr("wrong"), tr("right"), tr("unsure")), self.right, self.columns[":confidence"]),
            Facet("predicted", tr("Predicted"), self.names, self.predicted),
        ]

    def number_names(self) -> list[tuple[str, str]]:
        """Returns the numbers that rows can be sorted and narrowed by."""
        words = {":confidence": tr("Confidence"), ":loss": tr("Loss"), ":mistake": tr("Confidence where wrong")}
        return [(name, words[name]) for name in self.columns]

    def with_truth(self, names: tuple[str, ...], labels: np.ndarray | None) -> Verdicts:
        """Returns the verdicts over the classes that the rows have now; a corrected label is right at once."""
        if not self.names or labels is None:
            return self
        number = {name: index for index, name in enumerate(self.names)}
        table = np.array([*(number.get(name, -1) for name in names), -1], dtype=np.int32)
        truth = table[labels]
        sure = self.columns[":confidence"]
        mistakes = np.where((self.predicted >= 0) & (self.predicted != truth), sure, np.float32(np.nan)).astype(np.float32)
        return Verdicts(self.run, self.name, self.names, self.predicted, truth, {**self.columns, ":mistake": mistakes})

    def mistaken_for(self, row: int) -> str:
        """Returns the class that a row is wrongly taken for, or ""."""
        taken = int(self.predicted[row]) if self.names else -1
        return self.names[taken] if taken >= 0 and taken != int(self.truth[row]) else ""

    def words(self, row: int) -> list[tuple[str, str]]:
        """Returns what the run says about one row, as words."""
        found: list[tuple[str, str]] = []
        loss = float(self.columns[":loss"][row])
        if np.isnan(loss):
            return found
        if self.names and self.predicted[row] >= 0:
            sure = float(self.columns[":confidence"][row])
            found.append((tr("Predicted"), f"{self.names[int(self.predicted[row])]} {sure:.0%}"))
        return [*found, (tr("Loss"), f"{loss:.3g}")]


class _Verdict(Facet):
    """Right, wrong, and unsure, which may be either."""

    def __init__(self, name: str, label: str, names: tuple[str, ...], right: np.ndarray, sure: np.ndarray) -> None:
        super().__init__(name, label, names, right)
        self._unsure = sure < UNSURE

    def mask(self, value: int) -> np.ndarray:
        return self._unsure if value == NEAR else self.codes == value

    def _counted(self, passing: np.ndarray | None) -> np.ndarray:
        masks = [self.mask(value) for value in (WRONG, RIGHT, NEAR)]
        return np.array([np.count_nonzero(mask if passing is None else mask & passing) for mask in masks], dtype=np.int64)


def judge(
    run: RunFolder, name: str, source: str, count: int, progress: Callable[[float, str], None], cancelled: Callable[[], bool],
) -> Verdicts | None:
    """Asks the best checkpoint of a run about every row that it divided; what was asked before is read from the run's folder.

    Args:
        run: The run.
        name: What people call it.
        source: The data of the open project; a run of other data says nothing about it.
        count: How many rows that data has.
        progress: Takes the share done.
        cancelled: Whether the answer is no longer wanted.

    Returns:
        The verdicts, or None where the run saw other data or the answer is no longer wanted.
    """
    from workbench.data.base import Split
    from workbench.errors import DataError
    from workbench.training.evaluate import evaluate

    if run.snapshot().data.source != source:
        return None
    looks: list[Any] = []
    for number, split in enumerate(Split):
        progress(number / len(Split), tr(str(split)))
        if cancelled():
            return None
        try:
            looks.append(evaluate(run, split))
        except DataError:
            continue
    if not looks or max(int(look.rows.max(initial=0)) for look in looks) >= count:
        return None
    return _gathered(run, name, looks, count)


def _gathered(run: RunFolder, name: str, looks: list[Any], count: int) -> Verdicts:
    classes = looks[0].confusion is not None
    predicted, truth = np.full(count, -1, np.int32), np.full(count, -1, np.int32)
    loss, sure = np.full(count, np.nan, np.float32), np.full(count, np.nan, np.float32)
    for look in looks:
        loss[look.rows], sure[look.rows] = look.losses, look.confidences
        if classes:
            predicted[look.rows], truth[look.rows] = look.predictions, look.targets
    mistakes = np.where((predicted >= 0) & (predicted != truth), sure, np.float32(np.nan)).astype(np.float32)
    columns = {":confidence": sure, ":loss": loss, ":mistake": mistakes} if classes else {":loss": loss}
    return Verdicts(run.path, name, tuple(looks[0].categories), predicted, truth, columns)
