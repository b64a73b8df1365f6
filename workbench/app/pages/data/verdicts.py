"""What a run says about every row: its answer, how sure it is, how far off, right or not. Worked out aside, kept with the run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.app.language import say_own, tr
from workbench.app.pages.data.filtering import Facet
from workbench.data.base import FieldKind

if TYPE_CHECKING:
    from workbench.project.runs import RunFolder

UNSURE, FAR_OFF = 0.6, 90
"""Below this probability an answer counts as unsure; a number counts as far off where its error is among the largest ten percent."""

WRONG, RIGHT, NEAR = 0, 1, 2
PREDICTED, ERROR, CONFIDENCE, LOSS, MISTAKE, SCORE = ":predicted", ":error", ":confidence", ":loss", ":mistake", ":score"


@dataclass(slots=True)
class Verdicts:
    """One run's answers.

    Attributes:
        run: The run's folder.
        name: What people call the run.
        names: The classes as the run knows them; empty for anything else.
        predicted: The class that the run gives each row, int32, -1 where it has not looked.
        truth: The class of each row now, in the run's numbering, -1 where there is none.
        columns: By name: how sure it is, the loss, how sure it is where it is wrong; of numbers the answer and how far off it is; of texts,
            masks and pictures how good the answer is. float32, NaN for rows it has not looked at.
        kind: What it answers with.
        unit: Of numbers.
        unseen: Of classes: the rows that the run was not trained on, int64 `(m,)`, and what it gives each class, `(m, classes)`; else None.
    """

    run: Path
    name: str
    names: tuple[str, ...]
    predicted: np.ndarray
    truth: np.ndarray
    columns: dict[str, np.ndarray]
    kind: FieldKind = FieldKind.CATEGORY
    unit: str = ""
    unseen: tuple[np.ndarray, np.ndarray] | None = None
    _bound: float | None = None

    @property
    def right(self) -> np.ndarray:
        """Which rows it has right: 1, 0, or -1 where that cannot be said (numbers, pictures)."""
        if self.kind == FieldKind.TEXT:
            scores = self.columns[SCORE]
            return np.where(np.isnan(scores), -1, scores >= 1).astype(np.int8)
        known = (self.predicted >= 0) & (self.truth >= 0)
        return np.where(known, self.predicted == self.truth, -1).astype(np.int8)

    def facets(self) -> list[Facet]:
        """Returns what rows can be narrowed by: right or wrong for classes and texts; numbers, masks and pictures are neither."""
        says = tr("{run} says", run=self.name)
        if self.kind == FieldKind.TEXT:
            return [Facet("verdict", says, (tr("not exact"), tr("exact")), self.right)]
        if not self.names:
            return []
        return [
            _Verdict("verdict", says, (tr("wrong"), tr("right"), tr("unsure")), self.right, self.columns[CONFIDENCE]),
            Facet("predicted", tr("Predicted"), self.names, self.predicted),
        ]

    def number_names(self) -> list[tuple[str, str]]:
        """Returns the numbers that rows can be sorted and narrowed by."""
        scores = {FieldKind.TEXT: tr("Right tokens"), FieldKind.MASK: tr("Overlap (IoU)"), FieldKind.IMAGE: tr("Squared error")}
        words = {
            PREDICTED: tr("Prediction"), ERROR: tr("Error"), CONFIDENCE: tr("Confidence"), LOSS: tr("Loss"), MISTAKE: tr("Confidence where wrong"),
            SCORE: scores.get(self.kind, tr("Score")),
        }
        return [(name, words[name]) for name in self.columns]

    def orders(self) -> list[tuple[str, str]]:
        """Returns the orders that show first what is worth a look: name ("-" for downwards) and words."""
        found = {
            MISTAKE: [(f"-{MISTAKE}", tr("Sort: most confident wrong")), (CONFIDENCE, tr("Sort: least sure"))],
            ERROR: [(f"-{ERROR}", tr("Sort: largest error"))],
            SCORE: [(f"-{SCORE}" if self.kind == FieldKind.IMAGE else SCORE, tr("Sort: worst answer"))],
            LOSS: [(f"-{LOSS}", tr("Sort: largest loss"))],
        }
        return [order for name, orders in found.items() if name in self.columns for order in orders]

    def with_truth(self, names: tuple[str, ...], labels: np.ndarray | None) -> Verdicts:
        """Returns the verdicts over the classes that the rows have now; a corrected label is right at once."""
        if not self.names or labels is None:
            return self
        number = {name: index for index, name in enumerate(self.names)}
        table = np.array([*(number.get(name, -1) for name in names), -1], dtype=np.int32)
        truth = table[labels]
        sure = self.columns[CONFIDENCE]
        mistakes = np.where((self.predicted >= 0) & (self.predicted != truth), sure, np.float32(np.nan)).astype(np.float32)
        return replace(self, truth=truth, columns={**self.columns, MISTAKE: mistakes})

    def said(self, row: int) -> tuple[str, str]:
        """Returns a few words about one answer, for below a picture, and whether it is "good" or "wrong"; "" for neither."""
        if np.isnan(self.columns[LOSS][row]):
            return "", ""
        if self.names:
            taken = int(self.predicted[row])
            return ("✓", "good") if taken == int(self.truth[row]) else (f"→ {self.names[taken]}", "wrong")
        if self.kind == FieldKind.NUMBER:
            answer = with_unit(float(self.columns[PREDICTED][row]), self.unit, self.decimals)
            return f"→ {answer}", "wrong" if self.columns[ERROR][row] > self._far_off() else ""
        score = float(self.columns[SCORE][row])
        if self.kind == FieldKind.TEXT:
            missed = tr("✗ {share} of tokens", share=f"{score:.0%}") if score else tr("✗ not exact")
            return (tr("✓ exact"), "good") if score >= 1 else (missed, "wrong")
        if self.kind == FieldKind.MASK:
            return tr("IoU {value}", value=f"{score:.2f}"), "wrong" if score < UNSURE else ""
        return tr("error {value}", value=f"{score:.3g}"), ""

    @property
    def decimals(self) -> int:
        """How many decimals of a number are worth saying, by how far its answers spread."""
        values = self.columns.get(PREDICTED)
        return 0 if values is None else decimals_of(values)

    def _far_off(self) -> float:
        if self._bound is None:
            errors = self.columns[ERROR]
            known = errors[np.isfinite(errors)]
            self._bound = float(np.percentile(known, FAR_OFF)) if len(known) else np.inf
        return self._bound

    def words(self, row: int) -> list[tuple[str, str]]:
        """Returns what the run says about one row, as words."""
        found: list[tuple[str, str]] = []
        loss = float(self.columns[LOSS][row])
        if np.isnan(loss):
            return found
        if self.names and self.predicted[row] >= 0:
            right = tr("right") if self.predicted[row] == self.truth[row] else tr("wrong")
            found.append((tr("Predicted"), f"{self.names[int(self.predicted[row])]} {float(self.columns[CONFIDENCE][row]):.0%} · {right}"))
        for name, words in self.number_names():
            if name in (PREDICTED, ERROR):
                found.append((words, with_unit(float(self.columns[name][row]), self.unit)))
            elif name == SCORE:
                found.append((words, f"{float(self.columns[name][row]):.3g}"))
        return [*found, (tr("Loss"), f"{loss:.3g}")]


def with_unit(value: float, unit: str, decimals: int = -1) -> str:
    """Returns a number with its unit, short; to so many decimals, or to three digits."""
    number = f"{value:.3g}" if decimals < 0 else f"{value:,.{decimals}f}"
    return f"{number}{unit}" if unit in ("°", "%") else f"{number} {unit}".strip()


def decimals_of(values: np.ndarray) -> int:
    """Returns how many decimals tell values apart: two digits of their spread."""
    finite = values[np.isfinite(values)]
    spread = float(finite.std()) if len(finite) else 0.0
    return int(np.clip(np.ceil(1 - np.log10(spread)), 0, 6)) if spread > 0 else 2


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
    from workbench.training.evaluate import Examination

    if run.snapshot().data.source != source:
        return None
    looks: list[Any] = []
    examination = Examination(run)
    for number, split in enumerate(Split):
        progress(number / len(Split), tr(str(split)))
        if cancelled():
            return None
        try:
            looks.append(examination.of(split))
        except DataError:
            continue
    if not looks or max(int(look.rows.max(initial=0)) for look in looks) >= count:
        return None
    return _gathered(run, name, looks, count)


def _gathered(run: RunFolder, name: str, looks: list[Any], count: int) -> Verdicts:
    kind = _kind(run, looks[0])
    predicted, truth = np.full(count, -1, np.int32), np.full(count, -1, np.int32)
    columns = {LOSS: _spread(count, looks, lambda look: look.losses)}
    if kind == FieldKind.CATEGORY:
        for look in looks:
            predicted[look.rows], truth[look.rows] = look.predictions, look.targets
        sure = _spread(count, looks, lambda look: look.confidences)
        mistakes = np.where((predicted >= 0) & (predicted != truth), sure, np.float32(np.nan)).astype(np.float32)
        columns = {CONFIDENCE: sure, **columns, MISTAKE: mistakes}
    elif kind == FieldKind.NUMBER:
        mean, scale = _scale(run, looks[0].target)
        answers = _spread(count, looks, lambda look: look.predictions * scale + mean)
        errors = _spread(count, looks, lambda look: np.abs(look.predictions - look.targets) * scale)
        columns = {PREDICTED: answers, ERROR: errors, **columns}
    else:
        columns = {SCORE: _spread(count, looks, lambda look: look.predictions), **columns}
    return Verdicts(run.path, name, tuple(looks[0].categories), predicted, truth, columns, kind, _unit(run, looks[0].target), _unseen(looks))


def _unseen(looks: list[Any]) -> tuple[np.ndarray, np.ndarray] | None:
    """Returns the rows of validation and test, and what the run gives each class."""
    given = [(look.rows, look.shares) for look in looks if look.split != "train" and look.shares is not None]
    return (np.concatenate([rows for rows, _ in given]), np.concatenate([shares for _, shares in given])) if given else None


def _spread(count: int, looks: list[Any], values: Callable[[Any], np.ndarray]) -> np.ndarray:
    """Returns a value of every row, float32 `(count,)`, NaN where nobody looked."""
    found = np.full(count, np.nan, np.float32)
    for look in looks:
        found[look.rows] = values(look)
    return found


def _kind(run: RunFolder, look: Any) -> FieldKind:
    if look.confusion is not None:
        return FieldKind.CATEGORY
    return FieldKind((run.fitted or {}).get("fields", {}).get(look.target, {}).get("kind", FieldKind.NUMBER))


def _scale(run: RunFolder, target: str) -> tuple[float, float]:
    """Returns mean and deviation that bring a standardised number back into its own unit."""
    state = (run.fitted or {}).get("fields", {}).get(target, {})
    return float(state.get("mean", 0.0)), float(state.get("deviation", 1.0))


def _unit(run: RunFolder, target: str) -> str:
    return say_own(str((run.fitted or {}).get("fields", {}).get(target, {}).get("unit", "")))
