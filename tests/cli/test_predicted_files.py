"""What a path on the command line stands for when a run predicts: files are read, folders are their files, words are words."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from workbench.cli.torch_predict import rows_of
from workbench.data.base import FieldKind
from workbench.errors import WorkbenchError
from workbench.export.given import files_of

TEXT, SOUND = {"text": FieldKind.TEXT}, {"sound": FieldKind.AUDIO}


def sound(path: Path, samples: int) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes((np.sin(np.arange(samples)) * 9000).astype("<i2").tobytes())


def test_texts_are_words_files_and_folders(tmp_path: Path) -> None:
    for number, words in enumerate(("很好", "not good")):
        (tmp_path / f"{number}.txt").write_text(words, "utf-8")
    assert list(rows_of("and/or", TEXT)) == [("and/or", {"text": "and/or"})]
    assert list(rows_of(str(tmp_path / "1.txt"), TEXT)) == [(str(tmp_path / "1.txt"), {"text": "not good"})]
    assert [row["text"] for _, row in rows_of(str(tmp_path), TEXT)] == ["很好", "not good"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(WorkbenchError, match="no file"):
        list(rows_of(str(tmp_path / "empty"), TEXT))


@pytest.mark.parametrize(("samples", "shape"), [(500, (500,)), (2000, (2000,)), (0, (1600,))])
def test_sounds_are_read_at_the_length_of_the_model(tmp_path: Path, samples: int, shape: tuple[int, ...]) -> None:
    sound(tmp_path / "a.wav", 1600)
    sound(tmp_path / "b.wav", 1600)
    rows = list(rows_of(str(tmp_path), SOUND, {"sound": (8000, samples)}))
    assert [Path(name).name for name, _ in rows] == ["a.wav", "b.wav"] and all(row["sound"].shape == shape for _, row in rows)


@pytest.mark.parametrize("kind", ["series", "text", "image", "audio"])
def test_a_folder_without_anything_to_read_is_refused(tmp_path: Path, kind: str) -> None:
    (tmp_path / "notes.md").write_text("x")
    with pytest.raises(WorkbenchError) as caught:
        files_of(tmp_path, kind)
    assert caught.value.hint
