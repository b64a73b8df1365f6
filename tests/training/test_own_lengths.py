"""Sounds that keep their lengths: a row says the same alone and beside longer ones, in training, from the bundle, and to CTC."""

from __future__ import annotations

import csv
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from workbench.cli.exporting import export, predict
from workbench.cli.projects import new
from workbench.cli.training import train
from workbench.data.base import Field, FieldKind
from workbench.data.preprocessing.params import AudioParams
from workbench.data.preprocessing.series import AudioPreprocessor
from workbench.objectives import OBJECTIVES
from workbench.project.runs import RunFolder
from workbench.training.evaluate import load_model
from workbench.training.task import Task

RATE = 4000


def write_wave(path: Path, samples: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes((samples * 20000).astype("<i2").tobytes())


def melodies(folder: Path) -> Path:
    """Writes melodies of one to four notes, and what their notes are."""
    generator, rows = np.random.default_rng(3), []
    for number in range(24):
        notes = generator.integers(0, 3, 1 + number % 4)
        parts = [np.sin(2 * np.pi * (200, 400, 800)[note] * np.arange(int(generator.integers(400, 800))) / RATE) for note in notes]
        write_wave(folder / "clips" / f"{number:02}.wav", np.concatenate(parts))
        rows.append((f"{number:02}.wav", "".join("abc"[note] for note in notes)))
    with open(folder / "metadata.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("path", "sentence"), *rows])
    return folder


def hums(folder: Path) -> Path:
    """Writes low and high sounds of any length."""
    generator = np.random.default_rng(4)
    for number in range(24):
        pitch, count = ((200, "low"), (700, "high"))[number % 2], int(generator.integers(500, 2500))
        write_wave(folder / pitch[1] / f"{number:02}.wav", np.sin(2 * np.pi * pitch[0] * np.arange(count) / RATE))
    return folder


@pytest.fixture(scope="module", params=[melodies, hums], ids=["transcribed", "classified"])
def trained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    root = tmp_path_factory.mktemp("sounds")
    source = request.param(root / "in")
    new("auto", root / "project", str(source))
    answer = train(root / "project", "", "", "cpu", "", ["train.epochs=2", "train.batch_size=8"])
    assert answer.status == 0
    return RunFolder(Path(answer.document["run"]))


def both(run: RunFolder) -> tuple[Any, Any, Task, str]:
    model, prepared = load_model(run, "best")
    return model.eval(), prepared, Task(run.snapshot(), model, prepared), prepared.inputs[0]


def test_a_row_predicts_the_same_alone_and_padded(trained: RunFolder) -> None:
    _, prepared, task, field = both(trained)
    rows = torch.cat([prepared.rows(split) for split in ("train", "validation")])
    together = prepared.batch(rows)
    lengths = together.lengths[field]
    assert len(set(lengths.tolist())) > 5 and int(lengths.max()) == together.values[field].shape[1]
    with torch.inference_mode():
        whole = task.forward(together)[0]
        losses = task.parts[0].objective.row_losses(whole, task.wanted(task.parts[0], together), task.parts[0].params)
        for place, row in enumerate(rows):
            alone = prepared.batch(row[None])
            output = task.forward(alone)[0]
            own = whole[place:place + 1, : output.shape[1]] if output.ndim == 3 else whole[place:place + 1]
            assert torch.allclose(output, own, atol=1e-5)
            loss = task.parts[0].objective.row_losses(output, task.wanted(task.parts[0], alone), task.parts[0].params)
            assert torch.allclose(loss, losses[place:place + 1], atol=1e-4)


def test_the_bundle_says_the_same(trained: RunFolder, tmp_path: Path) -> None:
    assert export(trained.path, tmp_path / "bundle", 0).status == 0
    files = sorted(Path(trained.snapshot().data.source).rglob("*.wav"), key=lambda path: path.stat().st_size)
    chosen = [str(files[place]) for place in (0, -1, 7)]
    together = predict(tmp_path / "bundle", chosen, "cpu", False).lines
    alone = [line for path in chosen for line in predict(tmp_path / "bundle", [path], "cpu", False).lines]
    assert together == alone and len(together) == 3


FIELD = Field("a", FieldKind.AUDIO, rate=10)


def test_batches_are_as_long_as_their_longest_sound() -> None:
    column = [np.ones(4, np.float32), np.ones(9, np.float32), np.ones(400, np.float32)]
    fitted = AudioPreprocessor.fit(FIELD, column, AudioParams(own=True))
    stored = fitted.store(column)
    values, lengths = fitted.gather(stored, torch.tensor([1, 0]))
    assert values.shape == (2, 9) and lengths is not None and lengths.tolist() == [9, 4] and values.sum(1).tolist() == [9, 4]
    assert fitted.samples == 300 and fitted.gather(stored, torch.tensor([2]))[0].shape == (1, 300)
    assert str(fitted.shape()) == "N × A" and fitted.shape().ragged
    again = AudioPreprocessor.restore(FIELD, fitted.state)
    assert again.ragged and torch.equal(again.encode_one(column[0]), torch.ones(1, 4))
    fetched = again.fetched(column[:2])
    assert torch.equal(fetched[0], fitted.gather(stored, torch.tensor([0, 1]))[0])
    assert not AudioPreprocessor.restore(FIELD, {"samples": 5, "rate": 10}).ragged
    assert AudioPreprocessor.fit(FIELD, column, AudioParams(own=True, seconds=0.5)).gather(stored[:1], torch.tensor([0]))[1] is None


def test_silence_behind_the_end_changes_nothing_for_ctc() -> None:
    objective, generator = OBJECTIVES["ctc"], torch.Generator().manual_seed(0)
    target = torch.tensor([[1, 2, 2], [3, 1, 1]])
    output = torch.randn(2, 30, 5, generator=generator, requires_grad=True)
    params = objective.parse({})
    short = objective.row_losses(output[:, :12], target, params)
    ended = objective.ended(output, torch.tensor([12, 12]))
    long = objective.row_losses(ended, target, params)
    assert torch.allclose(short, long, atol=1e-5) and objective.decode(ended, FIELD) == objective.decode(output[:, :12], FIELD)
    long.sum().backward()
    assert output.grad is not None and not output.grad[:, 12:].any() and output.grad[:, :12].any()
