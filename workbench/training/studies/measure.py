"""What studies measure by, and how its values and differences are said."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.objectives import OBJECTIVES
from workbench.project.events import Started
from workbench.project.project import Project
from workbench.text import Text

if TYPE_CHECKING:
    from workbench.project.runs import RunFolder

SHARES = frozenset({"accuracy", "f1", "iou", "pixel_accuracy", "token_accuracy", "exact_match", "error_rate"})
"""Metrics between 0 and 1, said in per cent; their differences are points."""
_BOUNDED = SHARES | {"r2"}
_BARELY = 0.9
_NAMES = {
    "accuracy": Text("accuracy"), "f1": Text("macro F1"), "iou": Text("mean IoU"), "pixel_accuracy": Text("pixel accuracy"),
    "token_accuracy": Text("token accuracy"), "exact_match": Text("share of exact matches"), "error_rate": Text("token error rate"),
    "r2": Text("{name}", name="R²"), "mae": Text("mean absolute error"), "mse": Text("mean squared error"), "psnr": Text("peak signal to noise"),
    "perplexity": Text("perplexity"), "loss": Text("loss"),
}
_SPLITS = {"val": Text("validation"), "test": Text("test"), "train": Text("training")}


@dataclass(frozen=True, slots=True)
class Measure:
    """One metric.

    Attributes:
        name: As in tags, without the split (`accuracy`, `accuracy.label`).
        higher: Whether more of it is better.
    """

    name: str
    higher: bool

    @property
    def base(self) -> str:
        """The name of the metric alone, without what tells objectives apart."""
        return self.name.partition(".")[0]

    @property
    def share(self) -> bool:
        """Whether it lies between 0 and 1 and is said in per cent."""
        return self.base in SHARES

    @property
    def label(self) -> Text:
        """What people call it within a sentence."""
        return _NAMES.get(self.base) or Text("{name}", name=self.base)

    def error(self, value: float) -> float:
        """Returns a value as something that 0 is the best of."""
        return 1.0 - value if self.higher else value

    def value(self, value: float) -> str:
        """Returns a value as people read it."""
        return f"{value * 100:.1f} %" if self.share else number(value)

    def difference(self, value: float) -> Text:
        """Returns the size of a difference, without its sign."""
        if self.share:
            return Text("{value} points", value=f"{abs(value) * 100:.1f}")
        return Text("{value}", value=number(abs(value)))

    def signed(self, value: float) -> str:
        """Returns a difference with its sign, in points where it is of shares."""
        return f"{value * 100:+.1f}" if self.share else f"{'+' if value >= 0 else '-'}{number(abs(value))}"


def measure_of(project: Project, *, bounded: bool = False) -> Measure:
    """Returns the metric that says how good a run of this project is: the main one of its first objective.

    Args:
        project: The project.
        bounded: Whether only a metric will do whose best value is known; the loss stands in for others.
    """
    first = project.objectives[0]
    objective = OBJECTIVES[first.name]
    name, higher = objective.main_metric, objective.better(objective.main_metric) == "higher"
    suffix = f".{first.target}" if len(project.objectives) > 1 else ""
    if bounded and higher and name not in _BOUNDED:
        return Measure(f"loss{suffix}", False)
    return Measure(f"{name}{suffix}", higher)


def read_measure(result: Mapping[str, Any]) -> Measure:
    """Returns the metric that a result was measured by."""
    return Measure(str(result["metric"]), bool(result["higher"]))


def written(measure: Measure, split: str) -> dict[str, Any]:
    """Returns what `read_measure` reads, and of which rows."""
    return {"metric": measure.name, "higher": measure.higher, "split": split}


def split_words(split: str) -> Text:
    """Returns what the rows of a tag are called (`val`)."""
    return _SPLITS[split]


def values_of(metrics: Iterable[Mapping[str, float]], measure: Measure, split: str) -> list[float]:
    """Returns the metric of every run; NaN where one lacks it."""
    return [float(item.get(f"{measure.name}/{split}", math.nan)) for item in metrics]


def chance_of(runs: Iterable[RunFolder], measure: Measure, watch: str) -> float | None:
    """Returns what guessing would score, where the runs know it.

    Args:
        runs: Runs of one project; the last one that began counts.
        measure: The metric.
        watch: The metric that the recipe watches; "" for the main one.
    """
    if watch and watch.partition("/")[0] != measure.name:
        return None
    found = [event.chance for run in runs for event in run.events() if isinstance(event, Started)]
    return found[-1] if found else None


def hardly_learned(measure: Measure, value: float, chance: float | None) -> bool:
    """Whether a value is less than a tenth of the way from guessing to the best there is."""
    return chance is not None and measure.base in _BOUNDED and measure.error(value) > _BARELY * measure.error(chance)


def judged_on(metrics: Sequence[Mapping[str, float]], measure: Measure, order: Sequence[str]) -> str:
    """Returns the first of these splits that every run was measured on; the last where none is."""
    return next((split for split in order if all(math.isfinite(value) for value in values_of(metrics, measure, split))), order[-1])


def number(value: float) -> str:
    """Returns a number in three digits."""
    return "–" if not math.isfinite(value) else f"{value:.3g}"


def finite(value: Any) -> float:
    """Returns a number of a stored result; NaN where JSON could not hold it."""
    return math.nan if value is None else float(value)
