"""Series in files of their own and of unequal length: read, batched with lengths, cut, and damaged ones left out."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from workbench.data.base import Field, FieldKind, Split
from workbench.data.open import open_dataset
from workbench.data.prepare import prepare
from workbench.data.preprocessing.params import AudioParams, SeriesParams
from workbench.data.preprocessing.series import AudioPreprocessor, SeriesPreprocessor
from workbench.errors import DataError

RAGGED = Field("s", FieldKind.SERIES, features=2)


@pytest.fixture
def walks(tmp_path: Path) -> Path:
    """Two classes, ten files each, of 5 to 14 rows with a time and two measurements, written by numpy."""
    for number in range(20):
        folder = tmp_path / "walks" / ("up", "down")[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        steps = 5 + number // 2
        rows = np.stack([np.arange(steps), np.linspace(0, 1, steps), np.full(steps, number)], axis=1)
        np.savetxt(folder / f"{number:02}.csv", rows, delimiter=",", header="time,level,weight", comments="", fmt="%.6f")
    return tmp_path / "walks"


def test_one_file_per_series(walks: Path, choice) -> None:
    dataset = open_dataset(str(walks))
    series, label = dataset.fields
    assert (dataset.format, series.length, series.features, label.categories) == ("series_folder", 0, 2, ("down", "up"))
    assert dataset.ids()[0] == "down/01.csv" and dataset.column("series")[0][:, 1].tolist() == [1.0] * 5
    assert [len(row) for row in open_dataset(str(walks), params={"every": 2}).column("series")[:3]] == [3, 3, 4]
    prepared = prepare(dataset, choice(), ["series"], ["label"])
    batch = prepared.batch([0, 9])
    assert batch.lengths["series"].tolist() == [5, 14] and batch.values["series"].shape == (2, 14, 2)
    assert str(prepared.shapes()["series"].dims[1]) == "S" and prepared.shapes()["series"].ragged


def test_damaged_files_are_left_out_with_a_reason(walks: Path) -> None:
    (walks / "up" / "words.csv").write_text("a,b\n1,x\n2,y\n")
    (walks / "up" / "ragged.csv").write_text("a,b\n1,2\n3\n")
    (walks / "up" / "empty.csv").write_text("")
    (walks / "up" / "wide.csv").write_text("a,b,c\n1,2,3\n3,4,5\n")
    (walks / "up" / "zero.csv").write_bytes(b"\0\0\0")
    dataset = open_dataset(str(walks))
    assert len(dataset) == 20 and {row for problem in dataset.problems for row in problem.rows} == {
        f"up/{name}.csv" for name in ("words", "ragged", "empty", "wide", "zero")
    }


def test_splits_by_folder(walks: Path, tmp_path: Path, choice) -> None:
    for split in ("train", "test"):
        shutil.copytree(walks, tmp_path / "divided" / split)
    dataset = open_dataset(str(tmp_path / "divided"))
    assert prepare(dataset, choice(), ["series"], ["label"]).count(Split.TEST) == 20


def test_files_without_classes_are_refused(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "a.csv").write_text("1,2\n3,4\n")
    with pytest.raises(DataError, match="class folders") as caught:
        open_dataset(str(tmp_path))
    assert caught.value.hint


def ragged_rows(count: int = 12) -> list[np.ndarray]:
    generator = np.random.default_rng(0)
    return [generator.normal(3, 2, (3 + row % 5, 2)).astype(np.float32) for row in range(count)]


def test_ragged_series_are_standardised_over_real_steps_only() -> None:
    rows = ragged_rows()
    fitted = SeriesPreprocessor.fit(RAGGED, rows, SeriesParams())
    stored = fitted.store(rows)
    values, lengths = fitted.gather(stored, torch.arange(12))
    assert lengths is not None and lengths.tolist() == [len(row) for row in rows]
    real = torch.cat([values[row, :length] for row, length in enumerate(lengths.tolist())])
    assert torch.allclose(real.mean(0), torch.zeros(2), atol=1e-5) and torch.allclose(real.std(0, correction=0), torch.ones(2), atol=1e-5)
    assert all(not values[row, length:].any() for row, length in enumerate(lengths.tolist()))
    short = fitted.gather(stored, torch.tensor([0, 5]))[0]
    assert short.shape == (2, 3, 2) and torch.equal(fitted.encode_one(rows[3].tolist())[0], values[3, : len(rows[3])])
    restored = SeriesPreprocessor.restore(RAGGED, fitted.state)
    assert torch.equal(restored.transform(rows), values) and restored.shape() == fitted.shape()


def test_a_length_can_be_chosen() -> None:
    rows = ragged_rows()
    fitted = SeriesPreprocessor.fit(RAGGED, rows, SeriesParams(length=4))
    values, lengths = fitted.gather(fitted.store(rows), torch.arange(12))
    assert lengths is None and values.shape == (12, 4, 2) and str(fitted.shape()) == "N × 4 × 2"
    assert not values[0, 3].any() and torch.equal(fitted.encode_one(rows[4])[0], values[4])


def test_gaps_and_longer_rows_of_newer_data() -> None:
    rows = ragged_rows()
    fitted = SeriesPreprocessor.fit(RAGGED, rows, SeriesParams())
    newer = [np.full((1, 2), np.nan, np.float32), np.ones((40, 2), np.float32), np.zeros((0, 2), np.float32)]
    values, lengths = fitted.gather(fitted.store(newer), torch.arange(3))
    assert lengths is not None and lengths.tolist() == [1, 7, 1] and torch.isfinite(values).all() and not values[0].any()
    empty = SeriesPreprocessor.fit(RAGGED, [np.full((3, 2), np.nan)] * 2, SeriesParams())
    assert empty.mean == (0.0, 0.0) and torch.isfinite(empty.transform(rows)).all()


def test_sounds_are_cut_and_filled_up() -> None:
    field = Field("a", FieldKind.AUDIO, rate=10)
    rows = [np.ones(4, np.float32), np.ones(8, np.float32)]
    fitted = AudioPreprocessor.fit(field, rows, AudioParams())
    assert fitted.samples == 8 and fitted.transform(rows).sum(1).tolist() == [4, 8]
    cut = AudioPreprocessor.fit(field, rows, AudioParams(seconds=0.5))
    assert cut.transform(rows).shape == (2, 5) and cut.encode_one(rows[0]).tolist() == [[1, 1, 1, 1, 0]]
