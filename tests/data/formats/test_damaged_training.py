"""Training on data with damaged files goes on without them and says how many there were; or stops at once where that is asked for."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from tests.data.formats.registry import Writer, writers
from workbench.cli.projects import new
from workbench.cli.training import train
from workbench.data import image_files
from workbench.errors import TrainingError, WorkbenchError

LOSING = [
    (writer, twin) for writer in writers() if writer.trains
    for twin in writer.twins if twin in ("cut", "damaged", "missing", "entry", "label") and writer.format not in ("idx", "cifar", "arrays")
]


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WORKBENCH_CACHE_DIR", str(tmp_path / "cache"))


def trained(folder: Path, *settings: str) -> dict[str, object]:
    answer = train(folder, "", "", "cpu", "", ["train.epochs=2", "train.batch_size=4", *settings])
    assert (answer.status == 0) == (answer.document.get("state") == "finished")
    return answer.document


@pytest.mark.parametrize(("writer", "twin"), LOSING, ids=[f"{writer}-{twin}" for writer, twin in LOSING])
def test_damaged_rows_are_counted_and_left_out(writer: Writer, twin: str, tmp_path: Path) -> None:
    if writer.missing:
        pytest.skip(f"{writer.missing} is not installed")
    (tmp_path / "in").mkdir()
    sample = writer.write(tmp_path / "in")
    wanted = writer.twins[twin](sample)
    if wanted.refused or not wanted.lost:
        pytest.skip("this twin loses no rows")
    new("auto", tmp_path / "project", str(sample.source))
    document = trained(tmp_path / "project")
    assert document["state"] == "finished" and document["left_out"] == len(wanted.lost)
    document = trained(tmp_path / "project", 'data.bad_rows="stop"')
    error = document.get("error")
    assert isinstance(error, dict) and "cannot be read" in error["message"] and error["hint"]


def test_files_that_break_after_opening_are_left_out_too(image_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The index was made when all was well; some files are damaged where only decoding finds it. Data is streamed as if it were large."""
    monkeypatch.setattr(image_files, "EAGER_FILES", 0)
    monkeypatch.setattr("workbench.data.prepare.memory_budget", lambda: 0)
    new("auto", tmp_path / "project", str(image_folder))
    bad = random.Random(1).sample(sorted(image_folder.rglob("*.png")), 5)
    for path in bad:
        data = bytearray(path.read_bytes())
        place = data.index(b"IDAT") + 8
        data[place:place + 8] = bytes(8)
        path.write_bytes(bytes(data))
    document = trained(tmp_path / "project")
    assert document["state"] == "finished" and 1 <= document["left_out"] <= 5  # type: ignore[operator]
    assert "error" in trained(tmp_path / "project", 'data.bad_rows="stop"')


def test_nothing_left_is_said_before_training(image_folder: Path, tmp_path: Path) -> None:
    new("auto", tmp_path / "project", str(image_folder))
    for path in image_folder.rglob("*.png"):
        path.write_bytes(b"")
    with pytest.raises(WorkbenchError, match="None of the 24 images") as caught:
        trained(tmp_path / "project")
    assert not isinstance(caught.value, TrainingError) and caught.value.hint
    shutil.rmtree(image_folder)
    with pytest.raises(WorkbenchError, match="no file or folder"):
        trained(tmp_path / "project")
