"""Does one change help? The project with and without it, over the same seeds."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from workbench.catalogue import Params, param
from workbench.errors import TrainingError
from workbench.project.overrides import differences, with_settings
from workbench.project.project import Project
from workbench.text import Text
from workbench.training.studies.base import Planned, Study
from workbench.training.studies.budget import count
from workbench.training.studies.chance import CONFIDENCE, mean, spread, t_quantile
from workbench.training.studies.measure import Measure, finite, measure_of, read_measure, split_words, values_of, written

if TYPE_CHECKING:
    from workbench.training.studies.record import StudyFolder

_FEW = 5


class PairedParams(Params):
    """What may be set for `paired`."""

    vary: tuple[str, ...] = param(
        ("augmentation",), label="Change",
        help="What the second variant does otherwise: augmentation, made-rows, class-weights, oversampling, or settings such as train.epochs=5.",
        min_length=1, max_length=50,
    )
    seeds: int = param(5, label="Seeds", help="So many pairs of runs; both of a pair start from the same seed.", ge=1, le=50)


class Paired(Study):
    """Trains the project as it is and with one change, in pairs that share their seed, and tells the difference from chance.

    Both of a pair begin with the same weights where the drawing is the same, and see rows in the same order. What counts is the metric of
    the best epoch on the validation rows (the test rows are for the end, not for choices). The range is Student's t over the differences
    of the pairs; it speaks of training anew on these rows, not of other rows. A spread below one row counts as one row.
    """

    name: ClassVar[str] = "paired"
    label: ClassVar[str] = "Paired comparison"
    summary: ClassVar[str] = "Trains with and without one change, several times, and says whether the difference is more than chance."
    question: ClassVar[Text] = Text("Does this change help?")
    aliases: ClassVar[tuple[str, ...]] = ("A/B", "ablation", "compare", "seeds", "配对", "消融实验")
    Params: ClassVar[type[Params]] = PairedParams

    def plan(self, project: Project, params: Any, rows: int) -> tuple[Planned, ...]:
        variant = varied(project, params.vary)
        if not differences(project, variant):
            raise TrainingError(Text("The change changes nothing: the project is like that already."), Text("Choose another change."))
        made: list[Planned] = []
        for seed in range(params.seeds):
            for side, value, label in (("as-is", project, Text("as it is, seed {seed}", seed=seed + 1)),
                                       ("changed", variant, Text("changed, seed {seed}", seed=seed + 1))):
                recipe = replace(value.recipe, seed=value.recipe.seed + seed)
                made.append(Planned(f"{side}-{seed}", label, replace(value, recipe=recipe)))
        return tuple(made)

    def conclude(self, study: StudyFolder) -> Mapping[str, Any]:
        record, project = study.read(), study.snapshot()
        measure = measure_of(project)
        before, after = (
            values_of([run.metrics for run in record.runs if run.key.startswith(side)], measure, "val") for side in ("as-is", "changed")
        )
        sign = 1.0 if measure.higher else -1.0
        gains = [sign * (later - earlier) for earlier, later in zip(before, after, strict=True)]
        folders = [folder for run in record.runs if (folder := study.run_of(run)) is not None]
        judged = max((count(folder, "validation") for folder in folders), default=0)
        low, high = _range(gains, 1 / judged if measure.share and judged else 0.0)
        return {
            **written(measure, "val"), "judged": judged, "change": list(record.params["vary"]), "balance": project.data.balance,
            "before": before, "after": after, "gains": gains, "mean": mean(gains), "low": low, "high": high,
        }

    def sentences(self, result: Mapping[str, Any]) -> tuple[Text, ...]:
        measure = read_measure(result)
        rows = Text(
            "All were judged on the same {judged} {split} rows; other rows may say otherwise.", judged=f"{result['judged']:,}",
            split=split_words(result["split"]),
        )
        few = (Text("{pairs} pairs are few, so the range is wide and itself uncertain.", pairs=len(result["gains"])),)
        return (_verdict(measure, result), *(few if 1 < len(result["gains"]) < _FEW else ()), rows)

    def table(self, result: Mapping[str, Any]) -> Sequence[Sequence[str]]:
        measure = read_measure(result)
        triples = zip(result["before"], result["after"], result["gains"], strict=True)
        return [(Text("seed"), Text("as it is"), Text("with the change"), Text("difference")), *(
            (str(number + 1), measure.value(finite(before)), measure.value(finite(after)), measure.signed(finite(gain)))
            for number, (before, after, gain) in enumerate(triples)
        )]


def varied(project: Project, vary: Sequence[str]) -> Project:
    """Returns the second variant of a project.

    Args:
        project: The first.
        vary: Names of what can be switched (`augmentation`, `class-weights`), or settings (`train.epochs=5`).

    Raises:
        WorkbenchError: There is nothing to switch, or no such setting.
    """
    for change in vary:
        switch = SWITCHES.get(change.strip())
        if switch is None and "=" not in change:
            raise TrainingError(
                Text("{name} is nothing that can be changed.", name=repr(change)),
                Text("Give {names}, or a setting such as train.epochs=5.", names=", ".join(SWITCHES)),
            )
        project = switch(project) if switch is not None else with_settings(project, [change])
    return project


def _without_augmentation(project: Project) -> Project:
    if not project.data.augmentation:
        raise TrainingError(Text("There is no augmentation to leave away."), Text("Choose one on the Data page first."))
    return replace(project, data=replace(project.data, augmentation=()))


def _class_weights(project: Project) -> Project:
    return replace(project, data=replace(project.data, balance="none" if project.data.balance == "weights" else "weights"))


def _oversampling(project: Project) -> Project:
    return replace(project, data=replace(project.data, balance="none" if project.data.balance == "oversample" else "oversample"))


def _without_made_rows(project: Project) -> Project:
    if not project.data.made:
        raise TrainingError(Text("There are no made rows to leave away."), Text("Make some on the Data page first."))
    return replace(project, data=replace(project.data, made=()))


SWITCHES: Mapping[str, Callable[[Project], Project]] = {
    "augmentation": _without_augmentation, "made-rows": _without_made_rows, "class-weights": _class_weights, "oversampling": _oversampling,
}
"""What can be named instead of a setting: it is left away where it is there, and taken in where it is not."""


def change_words(change: str, balance: str) -> Text:
    """Returns what a change does, as the beginning of a sentence.

    Args:
        change: As in `PairedParams.vary`.
        balance: What the project does about rare classes without the change.
    """
    words = {
        "augmentation": Text("Leaving augmentation away"), "made-rows": Text("Leaving the made rows away"),
        "class-weights": Text("Not weighing classes") if balance == "weights" else Text("Weighing classes"),
        "oversampling": Text("Not repeating rare rows") if balance == "oversample" else Text("Repeating rare rows"),
    }
    return words.get(change) or Text("{change}", change=change)


def _range(gains: Sequence[float], least_spread: float) -> tuple[float, float]:
    """Returns the range of the true mean difference; NaN for a single pair."""
    if len(gains) < 2 or not all(math.isfinite(gain) for gain in gains):
        return math.nan, math.nan
    half = t_quantile((1 + CONFIDENCE) / 2, len(gains) - 1) * max(spread(gains), least_spread) / math.sqrt(len(gains))
    return mean(gains) - half, mean(gains) + half


def _verdict(measure: Measure, result: Mapping[str, Any]) -> Text:
    average, low, high = (finite(result[name]) for name in ("mean", "low", "high"))
    values = {
        "metric": measure.label, "size": measure.difference(average), "low": measure.signed(low), "high": measure.signed(high),
        "pairs": len(result["gains"]), "change": _changes(result),
    }
    if not math.isfinite(low) and average == 0:
        return Text("One pair of runs says little about this: {change}. {metric} was the same with it.", **values)
    if not math.isfinite(low):
        if average >= 0:
            return Text("One pair of runs says little about this: {change}. {metric} was better by {size} with it, this once.", **values)
        return Text("One pair of runs says little about this: {change}. {metric} was worse by {size} with it, this once.", **values)
    if low > 0:
        return Text("{change} helps: {metric} is better by {size} on average over {pairs} pairs (95 % range {low} to {high}).", **values)
    if high < 0:
        return Text("{change} hurts: {metric} is worse by {size} on average over {pairs} pairs (95 % range {low} to {high}).", **values)
    return Text(
        "{change}: {pairs} pairs of runs cannot tell it from chance; {metric} differs by {size} on average (95 % range {low} to {high}).", **values
    )


def _changes(result: Mapping[str, Any]) -> Text:
    """Returns all changes of a comparison as the beginning of a sentence."""
    words = [change_words(change, str(result.get("balance", ""))) for change in result["change"]]
    if len(words) == 1:
        return words[0]
    return Text("{first} and {rest} more", first=words[0], rest=len(words) - 1)
