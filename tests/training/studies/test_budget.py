"""Nested parts, equal steps, and a sentence that follows from the points."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.training.studies.conftest import digits, with_data
from workbench.data.base import Split
from workbench.data.open import open_dataset
from workbench.errors import WorkbenchError
from workbench.project.adapt import prepared_for
from workbench.project.project import ObjectiveChoice, Project, SplitChoice
from workbench.training.studies.budget import Budget, _law
from workbench.training.studies.conduct import begin, carry_out, planned
from workbench.training.studies.measure import Measure, measure_of, written

ACCURACY = Measure("accuracy", True)


def result_of(means: list[float], judged: int = 20_000, rows: tuple[int, ...] = (100, 200, 500, 1000, 2000)) -> dict[str, Any]:
    points = [
        {"share": 100 * count / rows[-1], "rows": count, "values": [value], "mean": value, "spread": float("nan")}
        for count, value in zip(rows, means, strict=True)
    ]
    return {**written(ACCURACY, "test"), "judged": judged, "points": points, **_law(ACCURACY, points, judged)}


def test_parts_are_nested_and_judged_on_the_same_rows_with_as_many_steps(tmp_path: Path) -> None:
    project = digits(400, epochs=4)
    study = begin(tmp_path, "budget", {"shares": [10, 25, 50, 100]}, project)
    dataset, plan = open_dataset("sample:digits"), planned(study)
    splits = [prepared_for(item.project, dataset).splits for item in plan]
    sets = [set(found[Split.TRAIN].tolist()) for found in splits]
    assert all(small < large for small, large in pairwise(sets))
    assert [len(found) for found in sets] == [28, 70, 140, 280]
    for split in (Split.VALIDATION, Split.TEST):
        assert len({tuple(found[split].tolist()) for found in splits}) == 1
    steps = [-(-len(rows) // 32) * item.project.recipe.epochs for rows, item in zip(sets, plan, strict=True)]
    assert steps[-1] == 4 * 9 and all(count == pytest.approx(steps[-1], rel=0.1) for count in steps)
    assert plan[-1].project == project


def test_seeds_share_their_rows_and_differ_in_training(tmp_path: Path) -> None:
    plan = planned(begin(tmp_path, "budget", {"shares": [50, 100], "seeds": 2}, digits(200)))
    assert [item.key for item in plan] == ["50-0", "100-0", "50-1", "100-1"]
    assert plan[0].project.data == plan[2].project.data and plan[0].project.recipe.seed != plan[2].project.recipe.seed


def test_a_budget_of_real_runs(tmp_path: Path) -> None:
    study = begin(tmp_path, "budget", {"shares": [4, 10, 30, 100]}, digits(600, epochs=5))
    record = carry_out(study)
    points = record.result["points"]
    assert [point["rows"] for point in points] == [17, 42, 126, 420]
    assert points[-1]["mean"] > points[0]["mean"] + 0.1
    assert record.result["judged"] == 90 and 0.05 < record.result["chance"] < 0.2 and record.result["split"] == "test"
    following = record.result["next"]
    assert following["rows"] == 840 and 0 <= following["low"] <= following["gain"] <= following["high"] < 0.3
    assert len(Budget().sentences(record.result)) >= 2 and len(Budget().table(record.result)) == 5


def test_a_rising_curve_asks_for_more_rows() -> None:
    result = result_of([1 - 2 * rows**-0.4 for rows in (100, 200, 500, 1000, 2000)])
    gain = 2 * 2000**-0.4 - 2 * 4000**-0.4
    sentence = Budget().sentences(result)[0]
    assert sentence.startswith("More rows would help") and f"about {gain * 100:.1f} points" in sentence


def test_a_flat_curve_says_that_more_rows_will_hardly_help() -> None:
    assert Budget().sentences(result_of([0.94, 0.951, 0.95, 0.95, 0.9501]))[0].startswith("The curve is flat")


def test_few_rows_to_judge_on_leave_it_open() -> None:
    assert Budget().sentences(result_of([0.80, 0.84, 0.90, 0.89, 0.92], judged=50))[0].startswith("More rows may help")


def test_runs_at_chance_say_nothing_about_more_rows() -> None:
    result = {**result_of([0.1, 0.11, 0.1, 0.12, 0.11]), "chance": 0.1}
    assert Budget().sentences(result)[0].startswith("No run is much better than guessing")
    assert not Budget().sentences({**result_of([0.3, 0.35, 0.4, 0.45, 0.5]), "chance": 0.1})[0].startswith("No run")


def test_three_sizes_say_nothing() -> None:
    assert Budget().sentences(result_of([0.8, 0.9, 0.92], rows=(100, 500, 2000)))[0].startswith("Fewer than four sizes")


def test_the_drawn_curve_lies_within_its_range() -> None:
    curve = result_of([0.7, 0.8, 0.88, 0.91, 0.93], judged=300)["curve"]
    assert curve["rows"][0] == pytest.approx(100) and curve["rows"][-1] == pytest.approx(4000)
    assert all(low <= middle <= high for low, middle, high in zip(curve["low"], curve["middle"], curve["high"], strict=True))


@pytest.mark.parametrize("objective, expected", [
    ("classification", Measure("accuracy", True)), ("regression", Measure("r2", True)), ("reconstruction", Measure("loss", False)),
])
def test_an_error_needs_a_metric_whose_best_is_known(objective: str, expected: Measure) -> None:
    assert measure_of(Project(objectives=(ObjectiveChoice(objective, "output", "field"),)), bounded=True) == expected


def test_metrics_of_several_objectives_carry_their_target() -> None:
    several = tuple(ObjectiveChoice("classification", "output", name) for name in ("colour", "shape"))
    assert measure_of(Project(objectives=several)).name == "accuracy.colour"


def test_without_test_rows_validation_judges(tmp_path: Path) -> None:
    project = with_data(digits(200, epochs=1), split=SplitChoice(test=0.0))
    record = carry_out(begin(tmp_path, "budget", {"shares": [50, 100]}, project))
    assert record.result["split"] == "val" and record.result["judged"] == 30


@pytest.mark.parametrize("shares", [[0, 50], [50, 150], [0.1, 100], [50]])
def test_shares_that_cannot_be_are_refused(tmp_path: Path, shares: list[float]) -> None:
    with pytest.raises(WorkbenchError):
        begin(tmp_path, "budget", {"shares": shares}, digits(300))
