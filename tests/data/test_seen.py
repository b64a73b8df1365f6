"""What is said about folders and files that no format knows: what lies there, and what to do with it."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from workbench.data.base import Dataset
from workbench.data.open import open_dataset
from workbench.data.seen import refusal
from workbench.errors import DataError, Text


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WORKBENCH_CACHE_DIR", str(tmp_path / ".cache"))


def fill(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if name.endswith((".png", ".jpg")):
            Image.fromarray(np.full((6, 6), len(name), np.uint8)).save(folder / name)
        else:
            (folder / name).write_bytes(b"a,b\n1,2\n" if name.endswith(".csv") else b"\x80\x04")
    return folder


@pytest.mark.parametrize(("names", "what", "advice"), [
    ([f"week{week}/{number}.docx" for week in range(12) for number in range(3)], "12 folders with 36 .docx files", ".txt files"),
    (["a/1.heic", "b/2.heic"], "2 folders with 2 .heic files", "PNG or JPEG"), (["x/film.mp4"], "one .mp4 file", "Films"),
    (["data_batch_1", "test_batch", "batches.meta"], "2 files without an ending and one .meta file", "binary version of CIFAR"),
    (["a.pt", "b.pt"], "2 .pt files", "never are"), (["a.xlsx", "README.md"], "one .md file and one .xlsx file", "CSV"),
    (["train.zip", "test.zip"], "2 .zip files", "test.zip, train.zip"), (["a.h5"], "one .h5 file", "savez"), (["x"], "one file without", "Known are"),
    (["main.py", "a.py", "setup.cfg", "README.md", "b.c"], "2 .py files, one .c file and others", "Known are"),
    (["a/1.fits", "b/1.fits"], "2 folders with 2 .fits files", "Pictures"), (["a.sqlite"], "one .sqlite file", "Databases"),
    (["song.m4a"], "one .m4a file", "WAV"), (["foo.npy"], "one .npy file", "x_train"),
])
def test_a_folder_says_what_it_holds(tmp_path: Path, names: list[str], what: str, advice: str) -> None:
    with pytest.raises(DataError) as caught:
        open_dataset(str(fill(tmp_path / "in", *names)))
    assert "in no known data format" in caught.value.message and f"it holds {what}" in caught.value.message and caught.value.message.endswith(".")
    assert advice in caught.value.hint and isinstance(caught.value.message, Text) and isinstance(caught.value.hint, Text)


@pytest.mark.parametrize("names", [[], [".DS_Store", "Thumbs.db", "desktop.ini", ".hidden/a.png"]])
def test_clutter_is_nothing(tmp_path: Path, names: list[str]) -> None:
    (tmp_path / "in").mkdir()
    with pytest.raises(DataError, match="is empty"):
        open_dataset(str(fill(tmp_path / "in", *names)))


@pytest.mark.parametrize(("name", "advice"), [
    ("a.png", "choose the folder"), ("a.wav", "choose the folder"), ("a.pkl", "never are"), ("a.zip", "zip and tar"), ("a.7z", "zip and tar"),
    ("a.docx", "Documents"), ("a", "Known are"),
])
def test_a_file_says_what_to_do_instead(tmp_path: Path, name: str, advice: str) -> None:
    fill(tmp_path, name)
    with pytest.raises(DataError, match="in no known data format") as caught:
        open_dataset(str(tmp_path / name))
    assert advice in caught.value.hint


def test_a_huge_folder_is_not_counted_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.data.seen._MOST_FILES", 10)
    for part in range(4):
        fill(tmp_path / "in", *(f"{part}/{number}.xyz" for number in range(8)))
    assert "2 folders with more than 16 .xyz files" in refusal(tmp_path / "in").message


def packed(folder: Path, target: Path) -> Path:
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder))
    return target


def test_an_archive_is_called_by_its_own_name(tmp_path: Path) -> None:
    path = packed(fill(tmp_path / "in", "a.docx", "b.docx"), tmp_path / "texts.zip")
    with pytest.raises(DataError) as caught:
        open_dataset(str(path))
    assert caught.value.message == f"{path} is in no known data format: it holds 2 .docx files."
    path = packed(fill(tmp_path / "one", "cat/1.png", "cat/2.png", ".x"), tmp_path / "cats.zip")
    dataset = open_dataset(str(path))
    assert isinstance(dataset, Dataset) and str(tmp_path / ".cache") not in " ".join(problem.message for problem in dataset.problems)


def test_numbers_in_a_table_are_no_names_of_images_by_chance(tmp_path: Path) -> None:
    fill(tmp_path, *(f"pics/{number}.jpg" for number in range(9)), "sales.csv")
    assert open_dataset(str(tmp_path)).format == "image_folder"
    (tmp_path / "labels.csv").write_text("id,class\n" + "".join(f"{number},{'ab'[number % 2]}\n" for number in range(7)), "utf-8")
    dataset = open_dataset(str(tmp_path))
    assert dataset.format == "labelled_images" and len(dataset) == 7
    assert [problem.rows for problem in dataset.problems] == [("pics/7.jpg", "pics/8.jpg")] and "no row of the table" in dataset.problems[0].message


def test_a_file_that_may_not_be_read_is_not_called_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.zip").write_bytes(b"PK")
    monkeypatch.setattr("workbench.data.seen.os.access", lambda *_: False)
    assert "Permission denied" in refusal(tmp_path / "a.zip").message
