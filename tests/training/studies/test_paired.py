"""Pairs share their seed, and the verdict claims no more than the numbers carry."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.training.studies.conftest import digits, with_data
from workbench.errors import WorkbenchError
from workbench.project.project import Choice
from workbench.training.studies.chance import interval
from workbench.training.studies.conduct import begin, carry_out, planned
from workbench.training.studies.measure import Measure, written
from workbench.training.studies.paired import Paired, _range, change_words, varied


def result_of(gains: list[float], judged: int = 500) -> dict[str, Any]:
    low, high = _range(gains, 1 / judged)
    return {
        **written(Measure("accuracy", True), "val"), "judged": judged, "change": ["x"], "before": [0.9] * len(gains),
        "after": [0.9 + gain for gain in gains], "gains": gains, "mean": float(np.mean(gains)), "low": low, "high": high,
    }


def test_a_change_that_cripples_training_hurts(tmp_path: Path) -> None:
    study = begin(tmp_path, "paired", {"vary": ["train.optimizer.learning_rate=0.00001"], "seeds": 3}, digits(200, epochs=3))
    record = carry_out(study)
    assert [run.key for run in record.runs] == ["as-is-0", "changed-0", "as-is-1", "changed-1", "as-is-2", "changed-2"]
    sentences = Paired().sentences(record.result)
    assert sentences[0].startswith("train.optimizer.learning_rate=0.00001 hurts: accuracy is worse by")
    assert any("3 pairs are few" in text for text in sentences)
    assert record.result["gains"] == pytest.approx(np.subtract(record.result["after"], record.result["before"]))
    assert record.result["high"] < 0 and record.result["judged"] == 30


def test_pairs_share_their_seed_and_differ_in_the_change_alone(tmp_path: Path) -> None:
    plan = planned(begin(tmp_path, "paired", {"vary": ["class-weights", "train.epochs=3"], "seeds": 2}, digits(200)))
    for before, after in zip(plan[::2], plan[1::2], strict=True):
        assert varied(before.project, ["class-weights", "train.epochs=3"]) == after.project
    assert len({item.project.recipe.seed for item in plan}) == 2


def test_a_change_that_only_renames_nothing_is_lost_in_chance() -> None:
    sentence = Paired().sentences(result_of([0.004, -0.006, 0.002, -0.001, 0.003]))[0]
    assert "cannot tell it from chance" in sentence


def test_a_clear_difference_is_said_with_its_range() -> None:
    result = result_of([0.021, 0.024, 0.019, 0.022, 0.020])
    low, high = interval(result["gains"])
    sentence = Paired().sentences(result)[0]
    assert sentence.startswith("x helps") and f"{low * 100:+.1f} to {high * 100:+.1f}" in sentence


def test_one_pair_says_little() -> None:
    better = Paired().sentences(result_of([0.05]))[0]
    assert better == "One pair of runs says little about this: x. accuracy was better by 5.0 points with it, this once."
    assert "was the same with it" in Paired().sentences(result_of([0.0]))[0]
    assert "worse by 5.0 points" in Paired().sentences(result_of([-0.05]))[0]


def test_equal_differences_of_half_a_row_prove_nothing() -> None:
    assert "cannot tell" in Paired().sentences(result_of([0.001, 0.001, 0.001], judged=100))[0]


def test_for_losses_less_is_better() -> None:
    loss = Measure("loss", False)
    assert loss.error(0.4) == 0.4 and loss.difference(-0.05) == "0.05" and loss.signed(-0.05) == "-0.05"


def test_a_switch_is_said_as_what_it_does() -> None:
    said = [change_words("class-weights", balance) for balance in ("none", "weights")]
    assert said == ["Weighing classes", "Not weighing classes"]
    assert change_words("train.epochs=5", "none") == "train.epochs=5"


def test_switches_go_both_ways() -> None:
    project = digits()
    assert varied(varied(project, ["class-weights"]), ["class-weights"]) == project
    assert varied(project, ["oversampling"]).data.balance == "oversample"
    turned = with_data(project, augmentation=(Choice("flip"),))
    assert varied(turned, ["augmentation"]) == replace(turned, data=replace(turned.data, augmentation=()))


@pytest.mark.parametrize("vary", [["augmentation"], ["made-rows"], ["train.epochs=2"], ["nonsense"], ["train.nonsense=2"], []])
def test_changes_that_change_nothing_are_refused(tmp_path: Path, vary: list[str]) -> None:
    with pytest.raises(WorkbenchError):
        begin(tmp_path, "paired", {"vary": vary}, digits())
