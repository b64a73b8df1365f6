"""What a run has counted so far, beside weights and optimizer: everything that a resumed run must know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.data.base import Split
from workbench.errors import Text, TrainingError
from workbench.project.project import Recipe
from workbench.training.doctor import DeadUnits, LossWatch
from workbench.training.events import Finding
from workbench.training.progress import Progress, Stopwatch
from workbench.training.settings import changed

if TYPE_CHECKING:
    from workbench.training.assembly import Assembly


@dataclass(frozen=True, slots=True)
class Setting:
    """One live change: after which step, what, to which value."""

    step: int
    name: str
    value: Any


class Ledger:
    """The counters of one run.

    Attributes:
        watched: The split whose metrics say what is best.
        progress: Best value and patience.
        dead_units: What the doctor knows about rectifiers.
        watch: Seconds of training.
        last: The last value of every tag of an epoch.
        settings: Live changes, oldest first.
    """

    def __init__(self, parts: Assembly, recipe: Recipe) -> None:
        task = parts.task
        validated = parts.prepared.count(Split.VALIDATION) > 0
        self.watched = Split.VALIDATION if validated else Split.TRAIN
        watch = recipe.watch or f"{task.main_tag}/{'val' if validated else 'train'}"
        self.progress = Progress(watch, task.better(watch))
        single = len(task.parts) == 1 and task.parts[0].weight == 1.0
        chance = task.parts[0].chance if single else None
        self.chance = chance.metric if chance is not None and watch.startswith(f"{task.main_tag}/") else None
        self.dead_units = DeadUnits(parts.model, parts.nodes)
        self.watch = Stopwatch()
        self.last: dict[str, float] = {}
        self.settings: list[Setting] = []
        self._tags = task.loss_tags
        self._loss_watch = LossWatch(chance, recipe.epochs * parts.steps_per_epoch)
        self._forget_losses()

    def _forget_losses(self) -> None:
        self._sums, self._rows = [0.0] * len(self._tags), 0

    def take_losses(self, step: int, rows: int, losses: list[float]) -> Finding | None:
        """Counts the losses of one step, in order, and returns what the doctor makes of them."""
        self._sums = [total + rows * value for total, value in zip(self._sums, losses, strict=True)]
        self._rows += rows
        return self._loss_watch.take(step, losses[0])

    def epoch_losses(self) -> dict[str, float]:
        """Returns the mean training losses since the epoch began, by tag, and begins anew."""
        found = {f"{tag}/train": total / max(self._rows, 1) for tag, total in zip(self._tags, self._sums, strict=True)}
        self._forget_losses()
        return found

    def take_epoch(self, metrics: Mapping[str, float], step: int) -> bool:
        """Notes the metrics of an epoch and returns whether it is the best so far.

        Raises:
            TrainingError: The watched metric is not among them.
        """
        if self.progress.watch not in metrics:
            raise TrainingError(
                Text("There is no metric called {name} to watch.", name=repr(self.progress.watch)),
                Text("Choose one of {names}.", names=", ".join(sorted(metrics))),
            )
        self.last.update(metrics)
        return self.progress.take(metrics[self.progress.watch], metrics.get("loss/val", metrics["loss/train"]), step)

    def recipe(self, recipe: Recipe) -> Recipe:
        """Returns a recipe with all live changes applied."""
        for setting in self.settings:
            recipe = changed(recipe, setting.name, setting.value)
        return recipe

    def state(self) -> dict[str, Any]:
        """Returns everything as JSON values that nothing changes any more."""
        return {
            "seconds": self.watch.seconds, "last": dict(self.last), "loss_sums": list(self._sums), "loss_rows": self._rows,
            "progress": self.progress.state(), "loss_watch": self._loss_watch.state(), "dead_units": list(self.dead_units.fired),
            "settings": [[setting.step, setting.name, setting.value] for setting in self.settings],
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Takes up what `state` returned."""
        self.watch, self.last = Stopwatch(state["seconds"]), dict(state["last"])
        self._sums, self._rows = list(state["loss_sums"]), state["loss_rows"]
        self.progress.load(state["progress"])
        self._loss_watch.load(state["loss_watch"])
        self.dead_units.fired = list(state["dead_units"])
        self.settings = [Setting(*setting) for setting in state["settings"]]
