"""Label budget: would more rows help, or are these enough?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from workbench.catalogue import Params, param
from workbench.errors import TrainingError
from workbench.project.project import Project
from workbench.text import Text
from workbench.training.studies.base import Planned, Study
from workbench.training.studies.chance import mean, spread
from workbench.training.studies.fresh import refuse_seen
from workbench.training.studies.measure import (
    Measure,
    chance_of,
    finite,
    hardly_learned,
    judged_on,
    measure_of,
    number,
    read_measure,
    split_words,
    values_of,
    written,
)
from workbench.training.studies.power_law import Curves, fit

if TYPE_CHECKING:
    from workbench.project.runs import RunFolder
    from workbench.training.studies.record import StudyFolder

_COUNTED_BY_ROWS = ("accuracy", "exact_match")
_FLAT_POINTS, _FLAT_PART = 0.005, 0.02
_DRAWN = 40
_SPLIT_NAMES = {"val": "validation", "test": "test"}


class BudgetParams(Params):
    """What may be set for `budget`."""

    shares: tuple[float, ...] = param(
        (5.0, 10.0, 25.0, 50.0, 100.0), label="Shares", help="How much of the training rows each run gets; smaller parts lie within larger ones.",
        unit="%", min_length=2, max_length=20,
    )
    seeds: int = param(1, label="Seeds", help="So many runs for each share; several show how much is chance.", ge=1, le=20)


class Budget(Study):
    """Trains on growing parts of the training rows and draws the error over the number of rows.

    The parts are nested, and all runs are judged on the same rows: those of the test split where there is one, since the best epoch is
    chosen on validation, and small parts have more epochs to choose from. Every run makes about as many optimizer steps as the whole
    project would: with equal epochs a twentieth of the rows would also mean a twentieth of the training, and the curve would show that
    instead. A run on few rows overfits towards its end; its best epoch counts, as always.

    The curve is the power law error = a * n ** -b + c (Hestness et al. 2017; Viering and Loog 2021), told with all laws that agree with
    the points as well as chance allows. Runs that differ in their seed alone get the same rows, so their spread is that of training.
    """

    name: ClassVar[str] = "budget"
    label: ClassVar[str] = "Label budget"
    summary: ClassVar[str] = "Trains on growing parts of the rows and shows whether more rows would help."
    question: ClassVar[Text] = Text("Would more data help?")
    aliases: ClassVar[tuple[str, ...]] = ("learning curve", "data scaling", "power law", "学习曲线", "标注预算")
    needs_rows: ClassVar[bool] = True
    Params: ClassVar[type[Params]] = BudgetParams

    def check(self, project: Project, folder: Path) -> None:
        refuse_seen(project, folder)

    def plan(self, project: Project, params: Any, rows: int) -> tuple[Planned, ...]:
        shares = sorted(set(params.shares))
        if not shares or shares[0] <= 0 or shares[-1] > 100:
            raise TrainingError(Text("Shares of the rows lie between 0 and 100 %."), Text("Give several, such as 5, 10, 25, 50 and 100."))
        if rows * shares[0] / 100 < 2:
            raise TrainingError(
                Text("{share} % of {rows} training rows is not enough to train on.", share=f"{shares[0]:g}", rows=rows),
                Text("Leave the smallest share out."),
            )
        return tuple(
            Planned(f"{share:g}-{seed}", _label(share, seed, params.seeds), part_of(project, share / 100, seed, rows))
            for seed in range(params.seeds) for share in shares
        )

    def conclude(self, study: StudyFolder) -> Mapping[str, Any]:
        record, project = study.read(), study.snapshot()
        measure = measure_of(project, bounded=True)
        split = judged_on([run.metrics for run in record.runs], measure, ("test", "val"))
        points, judged = [], 0
        every = [folder for run in record.runs if (folder := study.run_of(run)) is not None]
        for share in sorted({float(run.key.partition("-")[0]) for run in record.runs}):
            runs = [run for run in record.runs if float(run.key.partition("-")[0]) == share]
            folders = [folder for run in runs if (folder := study.run_of(run)) is not None]
            values = values_of([run.metrics for run in runs], measure, split)
            judged = max(judged, *(count(folder, _SPLIT_NAMES[split]) for folder in folders), 0)
            rows = max((count(folder, "train") for folder in folders), default=0) or round(share * record.rows / 100)
            points.append({"share": share, "rows": rows, "values": values, "mean": mean(values), "spread": spread(values)})
        chance = chance_of(every, measure, project.recipe.watch)
        return {**written(measure, split), "judged": judged, "points": points, "chance": chance, **_law(measure, points, judged)}

    def sentences(self, result: Mapping[str, Any]) -> tuple[Text, ...]:
        measure, points = read_measure(result), result["points"]
        last = points[-1]
        now = Text(
            "With {rows} training rows, {metric} is {value} on {judged} {split} rows.", rows=f"{last['rows']:,}", metric=measure.label,
            value=measure.value(finite(last["mean"])), judged=f"{result['judged']:,}", split=split_words(result["split"]),
        )
        if hardly_learned(measure, max((finite(item["mean"]) for item in points), key=lambda value: -measure.error(value)), result.get("chance")):
            return (Text("No run is much better than guessing: train longer or mend the model before asking for more rows."), now)
        return (*_forecast(measure, result), now)

    def table(self, result: Mapping[str, Any]) -> Sequence[Sequence[str]]:
        measure = read_measure(result)
        head = (Text("share"), Text("rows"), measure.label, Text("spread"))
        return [head, *(
            (f"{item['share']:g} %", f"{item['rows']:,}", measure.value(finite(item["mean"])), _spread(measure, finite(item["spread"])))
            for item in result["points"]
        )]


def part_of(project: Project, share: float, seed: int, rows: int) -> Project:
    """Returns the project on a part of its training rows, with as many steps as the whole would have."""
    recipe, split = project.recipe, project.data.split
    longer = _steps(rows, recipe.batch_size) / _steps(round(share * rows), recipe.batch_size)
    recipe = replace(
        recipe, epochs=max(round(recipe.epochs * longer), 1), patience=round(recipe.patience * longer), seed=recipe.seed + seed,
    )
    return replace(project, recipe=recipe, data=replace(project.data, split=replace(split, share=split.share * share)))


def _steps(rows: int, batch_size: int) -> int:
    """Returns the batches of an epoch; a single row left over makes none."""
    return max(rows // batch_size + (rows % batch_size > 1), 1)


def _label(share: float, seed: int, seeds: int) -> Text:
    if seeds == 1:
        return Text("{share} % of the rows", share=f"{share:g}")
    return Text("{share} % of the rows, seed {seed}", share=f"{share:g}", seed=seed + 1)


def count(run: RunFolder, split: str) -> int:
    """Returns how many rows a run had in a split."""
    return int(((run.fitted or {}).get("splits", {}).get(split) or {}).get("rows", 0))


def _law(measure: Measure, points: Sequence[Mapping[str, Any]], judged: int) -> dict[str, Any]:
    """Returns the fitted curve and what it expects of twice the rows; nothing where the points are too few."""
    known = [point for point in points if math.isfinite(point["mean"])]
    errors = [max(measure.error(point["mean"]), 0.0) for point in known]
    curves = fit([point["rows"] for point in known], errors, _deviations(measure, known, judged))
    if curves is None:
        return {}
    largest = max(point["rows"] for point in known)
    gain, least, most = curves.gain(largest, 2 * largest)
    law = {"a": float(curves.scale[0]), "b": float(curves.exponent[0]), "c": float(curves.floor[0]), "rows": curves.largest}
    smallest = min(point["rows"] for point in known)
    return {
        "law": law, "curve": _drawn(measure, curves, smallest, 2 * largest),
        "next": {"rows": 2 * largest, "gain": gain, "low": least, "high": most},
    }


def _deviations(measure: Measure, points: Sequence[Mapping[str, Any]], judged: int) -> list[float] | None:
    """Returns how far chance moves each point, where that is known: by which rows judge, and by the seed.

    All points are judged on the same rows, which moves them together; that is not taken off, so the range is rather too wide.
    """
    by_rows = measure.base in _COUNTED_BY_ROWS and judged > 0
    spreads = [point["spread"] ** 2 for point in points if math.isfinite(point["spread"])]
    if not by_rows and not spreads:
        return None
    seeds, pooled = max(len(points[0]["values"]), 1), mean(spreads) if spreads else 0.0
    return [
        math.sqrt((max(point["mean"] * (1 - point["mean"]), 1 / judged) / judged if by_rows else 0.0) + pooled / seeds) for point in points
    ]


def _drawn(measure: Measure, curves: Curves, first: float, last: float) -> dict[str, list[float]]:
    """Returns the curve and its range as values of the metric, at numbers of rows that are evenly spaced on a log scale."""
    rows = [first * (last / first) ** (index / (_DRAWN - 1)) for index in range(_DRAWN)]
    found = [curves.expected(count) for count in rows]
    back = [tuple(1.0 - error for error in errors) if measure.higher else errors for errors in found]
    return {
        "rows": rows, "middle": [item[0] for item in back], "low": [min(item) for item in back], "high": [max(item) for item in back],
    }


def _forecast(measure: Measure, result: Mapping[str, Any]) -> tuple[Text, ...]:
    """Says what twice the rows would bring."""
    following = result.get("next")
    if not following:
        return (Text("Fewer than four sizes say nothing about more rows; add shares."),)
    gain, low, high = (measure.difference(finite(following[name])) for name in ("gain", "low", "high"))
    small = _FLAT_POINTS if measure.share else _FLAT_PART * measure.error(finite(result["points"][-1]["mean"]))
    values = {"metric": measure.label, "gain": gain, "low": low, "high": high}
    if finite(following["high"]) < small:
        return (Text("The curve is flat: more of the same rows will hardly help (doubling them: {high} of {metric} at most).", **values),)
    if finite(following["low"]) >= small / 2:
        return (Text("More rows would help: doubling them should improve {metric} by about {gain} ({low} to {high}).", **values),)
    return (
        Text(
            "More rows may help: doubling them should improve {metric} by about {gain}, but anything from {low} to {high} agrees with these runs.",
            **values,
        ),
        Text("More seeds, more rows to judge on, or shares between these narrow the range."),
    )


def _spread(measure: Measure, value: float) -> str:
    return "" if not math.isfinite(value) else f"± {value * 100:.1f}" if measure.share else f"± {number(value)}"
