"""What the starters promise: how well they learn, on their own data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from statistics import mean
from typing import Any

import pytest

from workbench.project.starters import STARTERS
from workbench.training.events import Finished
from workbench.training.launch import start


def _metrics(folder: Path, name: str, seed: int = 7, rows: int = 0, **recipe: Any) -> Mapping[str, float]:
    project = STARTERS[name].make()
    data = replace(project.data, params={**project.data.params, "rows": rows}) if rows else project.data
    project = replace(project, data=data, recipe=replace(project.recipe, seed=seed, device="cpu", threads=1, **recipe))
    _, outcome = start(folder, project)
    assert isinstance(outcome, Finished)
    return outcome.metrics


def _accuracy(folder: Path, name: str, seed: int) -> float:
    return _metrics(folder, name, seed)["accuracy/test"]


def test_the_digits_are_read_as_well_as_promised(tmp_path: Path) -> None:
    assert mean(_accuracy(tmp_path, "digits-cnn", seed) for seed in (7, 8, 9)) >= 0.985


@pytest.mark.slow
@pytest.mark.parametrize("name", ["reviews-lstm", "reviews-transformer", "digits-vit", "digits-rnn", "shapes-resnet"])
def test_the_others_learn_as_well_as_promised(tmp_path: Path, name: str) -> None:
    assert _accuracy(tmp_path, name, 7) >= 0.95


LEARNED = [
    ("table-additive", {"epochs": 20}, "accuracy", 0.97),
    ("waves-gru", {"rows": 2000, "epochs": 10}, "accuracy", 0.93),
    ("road-cnn", {"rows": 2000, "epochs": 8}, "r2", 0.93),
    ("road-unet", {"rows": 500, "epochs": 6}, "iou", 0.9),
    ("digits-autoencoder", {"epochs": 15}, "psnr", 15.0),
    ("text-gpt", {"rows": 1200, "epochs": 5}, "token_accuracy", 0.5),
    ("dates-seq2seq", {"rows": 2500, "epochs": 6}, "token_accuracy", 0.97),
    ("dates-transformer", {"rows": 2500, "epochs": 8}, "token_accuracy", 0.9),
    ("tones-crnn", {"rows": 3000, "epochs": 12}, "exact_match", 0.6),
]
"""Smaller than the starters are, and what even that must reach on rows never seen."""


@pytest.mark.slow
@pytest.mark.parametrize(("name", "change", "metric", "least"), LEARNED, ids=[row[0] for row in LEARNED])
def test_what_is_generated_is_learned(tmp_path: Path, name: str, change: Mapping[str, Any], metric: str, least: float) -> None:
    assert _metrics(tmp_path, name, **change)[f"{metric}/test"] >= least
