"""What is asked about a source, what belongs together when several files are dropped, what is said of it, and whether it is still there."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from PIL import Image

from workbench.data.asking import FORMAT, asked, gathered
from workbench.data.open import open_dataset
from workbench.data.progress import CancelledError, report, reporting
from workbench.data.signature import signature
from workbench.data.told import first_rows, recognised
from workbench.errors import DataError
from workbench.project.project import SplitChoice


def images(root: Path, classes: dict[str, int], size: tuple[int, int] = (8, 8)) -> Path:
    for name, count in classes.items():
        (root / name).mkdir(parents=True)
        for number in range(count):
            Image.new("RGB", (size[0] + number, size[1]), (number * 9 % 256, 80, 40)).save(root / name / f"{number}.png")
    return root


def series_table(path: Path) -> Path:
    rows = [f"{run},{step},{step * 0.5},{'ab'[run % 2]}" for run in range(8) for step in range(6)]
    path.write_text("\n".join(["run_id,step,value,label", *rows]) + "\n", "utf-8")
    return path


def test_nothing_is_asked_where_all_is_clear(tmp_path: Path) -> None:
    assert asked(str(images(tmp_path / "photos", {"a": 3, "b": 3}))) == ()
    assert asked("generated:reviews") == () and asked("hf:some/name") == ()


def test_every_format_that_knows_a_source_is_one_answer(tmp_path: Path) -> None:
    for kind in ("sport", "music"):
        (tmp_path / kind).mkdir()
        (tmp_path / kind / "one.txt").write_text("some words")
    how = asked(str(tmp_path))[0]
    assert how.question.param == FORMAT and how.answer == how.question.default == "text_folder"
    assert {value for value, _ in how.question.choices} == {"text_folder", "plain_text"}
    assert asked(str(tmp_path), "plain_text")[0].answer == "plain_text"


def test_questions_stay_with_the_answer_that_was_given(tmp_path: Path) -> None:
    path = str(series_table(tmp_path / "runs.csv"))
    before = {item.question.param: item.answer for item in asked(path)}
    after = {item.question.param: item.answer for item in asked(path, "", {"group": "run_id"})}
    assert before == {"group": ""} and after == {"group": "run_id"}
    assert len(open_dataset(path, params={"group": "run_id"})) == 8


def test_an_answer_raises_the_next_question(tmp_path: Path) -> None:
    (tmp_path / "odd.csv").write_text("2019,2020,2021\n" + "".join(f"{a},{a + 1},{a + 2}\n" for a in range(30)))
    first = asked(str(tmp_path / "odd.csv"))
    assert first and first[0].question.param == "header"
    assert asked(str(tmp_path / "odd.csv"), "", {"header": "no"})[0].answer == "no"


def test_files_that_belong_together_are_one_source(tmp_path: Path) -> None:
    folder = images(tmp_path / "all", {"cats": 2, "dogs": 2})
    assert gathered([folder / "cats", folder / "dogs"]) == folder
    assert gathered([folder]) == folder
    for name in ("x.en", "x.de"):
        (tmp_path / name).write_text("one\ntwo\n")
    assert gathered([tmp_path / "x.en", tmp_path / "x.de"]).parent == tmp_path
    with pytest.raises(DataError, match="not one set"):
        gathered([folder / "cats", tmp_path / "x.en"])


def test_two_of_many_neighbours_are_not_the_folder(tmp_path: Path) -> None:
    folder = images(tmp_path / "downloads", dict.fromkeys("abcdefgh", 2))
    with pytest.raises(DataError, match="not one set"):
        gathered([folder / "a", folder / "b"])


def test_what_was_recognised_is_one_sentence(tmp_path: Path) -> None:
    dataset = open_dataset(str(images(tmp_path / "photos", {"a": 4, "b": 4}, (30, 20))))
    told = recognised(dataset, SplitChoice(), "label")
    assert told == "Image folder: 2 classes, 8 images (20 to 33 px); no splits: 15 % are set aside to validate, 15 % to test."
    divided = images(tmp_path / "divided" / "train", {"a": 3, "b": 3}).parent
    images(divided / "test", {"a": 1, "b": 1})
    assert "its own splits: 6 to train, of which 15 % to validate, 2 to test" in recognised(open_dataset(str(divided)), SplitChoice(), "label")
    assert "set aside" not in recognised(dataset, SplitChoice(folds=5), "label")


@pytest.mark.parametrize("source", ["sample:digits", *(f"generated:{name}" for name in ("reviews", "waves", "tones", "road", "spirals"))])
def test_first_rows_are_said_in_words(source: str) -> None:
    names, rows = first_rows(open_dataset(source), 3)
    assert len(rows) == 3 and all(len(row) == len(names) and all(row) for row in rows)


def test_a_signature_changes_with_what_is_on_disk(tmp_path: Path) -> None:
    folder = images(tmp_path / "photos", {"a": 2, "b": 2})
    before = signature(str(folder))
    assert signature("photos", tmp_path) == before == signature(str(folder)) != ""
    os.utime(folder / "a" / "0.png", ns=(1, 1))
    changed = signature(str(folder))
    (folder / "b" / "1.png").unlink()
    assert len({before, changed, signature(str(folder))}) == 3
    assert signature(str(tmp_path / "gone")) == "" and signature("generated:reviews") != ""


def test_opening_tells_how_far_it_is_and_ends_on_request(tmp_path: Path) -> None:
    packed = shutil.make_archive(str(tmp_path / "photos"), "zip", images(tmp_path / "photos", {"a": 30, "b": 30}))
    told: list[tuple[float, str]] = []
    with reporting(lambda *_: None, lambda: True), pytest.raises(CancelledError):
        open_dataset(packed)
    with reporting(lambda share, words: told.append((share, words)), lambda: False):
        assert len(open_dataset(packed)) == 60
    shares = [share for share, words in told if "unpacked" in words]
    assert len(shares) > 1 and shares == sorted(shares) and shares[-1] <= 1
    report(0.5, "nobody listens")
