"""What the starters promise: how well they learn, on their own data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from statistics import mean

import pytest

from workbench.project.starters import STARTERS
from workbench.training.events import Finished
from workbench.training.launch import start


def _accuracy(folder: Path, name: str, seed: int) -> float:
    project = STARTERS[name].make()
    project = replace(project, recipe=replace(project.recipe, seed=seed, device="cpu", threads=1))
    _, outcome = start(folder, project)
    assert isinstance(outcome, Finished)
    return outcome.metrics["accuracy/test"]


def test_the_digits_are_read_as_well_as_promised(tmp_path: Path) -> None:
    assert mean(_accuracy(tmp_path, "digits-cnn", seed) for seed in (7, 8, 9)) >= 0.985


@pytest.mark.slow
@pytest.mark.parametrize("name", ["reviews-lstm", "reviews-transformer", "digits-vit", "digits-rnn", "shapes-resnet"])
def test_the_others_learn_as_well_as_promised(tmp_path: Path, name: str) -> None:
    assert _accuracy(tmp_path, name, 7) >= 0.95
