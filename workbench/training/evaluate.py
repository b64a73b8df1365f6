"""How good a run is on a split: metrics, confusion, and the rows it is most wrong about."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from workbench.data.base import FieldKind, Split
from workbench.data.loader import Loader
from workbench.errors import DataError, Text
from workbench.project.atomic import write_atomically
from workbench.training.load import Which, load_model
from workbench.training.task import Part, Scores, Task

if TYPE_CHECKING:
    from workbench.project.runs import RunFolder

BATCH = 512
_VERSION = 2
SHARES_LIMIT = 32_000_000
"""Up to so many numbers, what a model gives every class is kept for every row."""
_ARRAYS = ("rows", "losses", "targets", "predictions", "confidences")
_MAYBE = ("confusion", "shares")


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a model makes of a split; per-row arrays stand in the order of `rows`.

    Attributes:
        split: Which rows.
        step: The step of the checkpoint.
        metrics: Losses and metrics by tag (`accuracy/test`).
        target: The field of the first objective, which the rest is about.
        rows: Dataset row indices, int64 `(n,)`.
        losses: Loss of each row, float32 `(n,)`.
        targets: True class ids int64, or standardised numbers float32, `(n,)`; ones where an answer is more than one number.
        predictions: Predicted class ids int64, or standardised numbers float32, `(n,)`; how good the answer is where it is more than one number.
        confidences: Probability of the predicted class, float32 `(n,)`; zeros for numbers.
        categories: Class names.
        confusion: int64 `(C, C)`, true class by predicted class; None for numbers.
        shares: What the model gives each class, float32 `(n, C)`, adding up to 1; None for numbers, and where it would take too much memory.
    """

    split: Split
    step: int
    metrics: dict[str, float]
    target: str
    rows: np.ndarray
    losses: np.ndarray
    targets: np.ndarray
    predictions: np.ndarray
    confidences: np.ndarray
    categories: tuple[str, ...] = ()
    confusion: np.ndarray | None = field(default=None)
    shares: np.ndarray | None = field(default=None)

    def worst(self, count: int = 20) -> np.ndarray:
        """Returns positions of the rows with the highest loss, worst first."""
        return np.argsort(-self.losses, kind="stable")[:count]

    def confident_mistakes(self, count: int = 20) -> np.ndarray:
        """Returns positions of wrong predictions, the surest first; none for numbers."""
        if self.confusion is None:
            return np.zeros(0, dtype=np.int64)
        wrong = np.flatnonzero(self.predictions != self.targets)
        return wrong[np.argsort(-self.confidences[wrong], kind="stable")][:count]

    def worst_confusions(self, count: int = 5) -> list[tuple[str, str, int]]:
        """Returns the classes most often taken for another: (true, predicted, how often), most frequent first."""
        if self.confusion is None:
            return []
        wrong = self.confusion.copy()
        np.fill_diagonal(wrong, 0)
        order = np.argsort(-wrong, axis=None, kind="stable")[:count]
        pairs = [np.unravel_index(index, wrong.shape) for index in order]
        return [(self._name(int(true)), self._name(int(taken)), int(wrong[true, taken])) for true, taken in pairs if wrong[true, taken]]

    def _name(self, index: int) -> str:
        return self.categories[index] if index < len(self.categories) else str(index)


def evaluate(run: RunFolder, split: Split | str = Split.TEST, which: Which = "best", cache: bool = True) -> Evaluation:
    """Runs a checkpoint over a split, or returns what an earlier look at the same checkpoint found.

    Args:
        run: The run.
        split: Which rows.
        which: `best` or `last`.
        cache: Whether the answer is kept in the run folder (`cache/`).

    Raises:
        ProjectError: The run has no checkpoint yet.
        DataError: The split has no rows, or the data cannot be read.
    """
    return Examination(run, which, cache).of(split)


class Examination:
    """Looks of one checkpoint at several splits; model and data are loaded once, and only where no earlier look is known.

    Args:
        run: The run.
        which: `best` or `last`.
        cache: Whether answers are kept in the run folder (`cache/`).
    """

    def __init__(self, run: RunFolder, which: Which = "best", cache: bool = True) -> None:
        self._run = run
        self._which: Which = which
        self._checkpoint = run.best() if which == "best" else run.last()
        self._cache = cache and self._checkpoint is not None
        self._task: Task | None = None

    def of(self, split: Split | str) -> Evaluation:
        """Returns what the checkpoint makes of a split.

        Raises:
            ProjectError: The run has no checkpoint yet.
            DataError: The split has no rows, or the data cannot be read.
        """
        wanted, checkpoint = Split(split), self._checkpoint
        path = self._run.path / "cache" / f"{wanted}-{self._which}.npz"
        if self._cache and checkpoint is not None:
            known = _read(path, checkpoint.step, checkpoint.files)
            if known is not None:
                return known
        found = evaluate_model(self._loaded(), wanted, checkpoint.step if checkpoint else 0)
        if self._cache and checkpoint is not None:
            path.parent.mkdir(exist_ok=True)
            write_atomically(path, _bytes(found, checkpoint.files))
        return found

    def _loaded(self) -> Task:
        if self._task is None:
            self._task = Task(self._run.snapshot(), *load_model(self._run, self._which))
        return self._task


def evaluate_model(task: Task, split: Split, step: int = 0) -> Evaluation:
    """Evaluates a model in eval mode that is in memory already.

    Raises:
        DataError: The split has no rows.
    """
    if task.prepared.count(split) == 0:
        raise DataError(
            Text("The {split} split has no rows.", split=Text(str(split))), Text("Choose another split, or give it a share of the rows."),
        )
    part, scores = task.parts[0], Scores(task)
    collected: list[list[torch.Tensor]] = []
    shares: list[torch.Tensor] = []
    with torch.inference_mode():
        for batch in Loader(task.prepared).every(task.prepared.rows(split).split(BATCH)):
            outputs = task.forward(batch)
            scores.update(outputs, batch)
            scores.update_losses(task.losses(outputs, batch), len(batch.rows))
            output, wanted = outputs[part.index], task.wanted(part, batch)
            collected.append([batch.rows, *_per_row(part, output, wanted)])
            if _has_classes(part, output, wanted) and task.prepared.count(split) * output.shape[1] <= SHARES_LIMIT:
                shares.append(output.softmax(1).cpu())
    if not collected:
        raise DataError(
            Text("No row of the {split} split can be read.", split=Text(str(split))), Text("Look at the findings on the Data page."),
        )
    columns = [torch.cat(column).cpu().numpy() for column in zip(*collected, strict=True)]
    target = task.prepared.dataset.field(part.target)
    confusion = None
    if target.kind is FieldKind.CATEGORY:
        width = max(len(target.categories), int(max(columns[2].max(), columns[3].max())) + 1)
        confusion = np.bincount(columns[2] * width + columns[3], minlength=width * width).reshape(width, width)
    arrays = dict(zip(_ARRAYS, columns, strict=True))
    categories = tuple(target.categories) if confusion is not None else ()
    given = torch.cat(shares).numpy() if shares else None
    return Evaluation(split, step, scores.values(split), part.target, **arrays, categories=categories, confusion=confusion, shares=given)


def _has_classes(part: Part, output: torch.Tensor, target: torch.Tensor) -> bool:
    """Whether an objective gives every row one share for each class."""
    return FieldKind.CATEGORY in part.objective.targets and output.ndim == 2 and target.ndim == 1


def _per_row(part: Part, output: torch.Tensor, target: torch.Tensor) -> list[torch.Tensor]:
    losses = part.objective.row_losses(output, target, part.params)
    scores = part.objective.row_scores(output, target)
    if scores is not None:
        return [losses, torch.ones_like(losses), scores, torch.zeros_like(losses)]
    if FieldKind.CATEGORY in part.objective.targets:
        confidence, predicted = output.softmax(1).max(1)
        return [losses, target, predicted, confidence]
    return [losses, target, output.reshape(target.shape), torch.zeros_like(target)]


def _bytes(found: Evaluation, files: Any) -> bytes:
    import io
    import json

    about = {
        "step": found.step, "metrics": found.metrics, "target": found.target, "split": str(found.split), "categories": found.categories,
        "files": {name: list(entry) for name, entry in files.items()}, "version": _VERSION,
    }
    arrays = {name: value for name in (*_ARRAYS, *_MAYBE) if (value := getattr(found, name)) is not None}
    stream = io.BytesIO()
    np.savez(stream, about=np.array(json.dumps(about)), **arrays)
    return stream.getvalue()


def _read(path: Any, step: int, files: Any) -> Evaluation | None:
    """Returns a kept evaluation if it is of the same checkpoint; anything else counts as none."""
    import json
    import zipfile

    try:
        with np.load(path, allow_pickle=False) as kept:
            about = json.loads(str(kept["about"]))
            if about["version"] != _VERSION or about["step"] != step or about["files"] != {name: list(entry) for name, entry in files.items()}:
                return None
            arrays = {name: kept[name] for name in _ARRAYS} | {name: kept[name] for name in _MAYBE if name in kept}
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return None
    return Evaluation(
        Split(about["split"]), step, about["metrics"], about["target"], **arrays, categories=tuple(about["categories"]),
    )
