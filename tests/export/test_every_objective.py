"""Bundles of everything that can be learned: verified, and saying what torch says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workbench.cli.torch_predict import predict_rows
from workbench.export.bundle import export_run
from workbench.export.predict import Bundle, put_together
from workbench.project.runs import RunFolder
from workbench.project.starters import STARTERS
from workbench.training.events import Finished
from workbench.training.launch import start


def bundle_of(folder: Path, name: str, rows: int) -> tuple[RunFolder, Bundle]:
    """Trains a starter for one epoch on few rows and exports it."""
    project = STARTERS[name].make()
    data = replace(project.data, params={**project.data.params, "rows": rows}) if project.data.source.startswith("generated:") else project.data
    project = replace(project, data=data, recipe=replace(project.recipe, epochs=1, device="cpu", threads=1))
    run, outcome = start(folder, project)
    assert isinstance(outcome, Finished)
    report = export_run(run, folder / "bundle")
    assert report.verification.passed
    return run, Bundle(folder / "bundle")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "prompt"), [("dates-seq2seq", "23 November 2026"), ("dates-transformer", "the 3rd of May 1919"), ("text-gpt", "the")],
)
def test_a_bundle_writes_what_torch_writes(tmp_path: Path, name: str, prompt: str) -> None:
    run, bundle = bundle_of(tmp_path, name, 200)
    said = bundle.predict([prompt])[0]
    assert said == predict_rows(run, [prompt])[0]
    assert said["tokens"] and isinstance(said["text"], str)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["waves-gru", "road-cnn", "table-additive", "tones-crnn", "road-unet", "digits-autoencoder"])
def test_a_bundle_answers_for_every_kind(tmp_path: Path, name: str) -> None:
    run, bundle = bundle_of(tmp_path, name, 120)
    from workbench.training.load import load_model

    prepared = load_model(run)[1]
    raw: dict[str, Any] = {spec.field: prepared.dataset.column(spec.field, np.array([3]))[0] for spec in bundle.spec.inputs}
    answer = bundle.predict([raw])[0]
    wanted = {
        "waves-gru": {"label", "scores"}, "road-cnn": {"value", "unit"}, "table-additive": {"label", "scores"}, "tones-crnn": {"text", "tokens"},
        "road-unet": {"label", "scores", "mask"}, "digits-autoencoder": {"image"},
    }[name]
    assert set(answer) == {"input", *wanted}


def test_tokens_are_put_together_as_people_write() -> None:
    assert put_together(["the", "room", "was", "fine", ",", "really", "."], " ") == "the room was fine, really."
    assert put_together(["2", "0", "-", "1"], "") == "20-1"
    assert put_together(["房间", "很", "好", "。"], " ") == "房间很好。"
