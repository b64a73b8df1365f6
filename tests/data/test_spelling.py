"""Names that are no text, or that a terminal or a window would obey: shown as plain text everywhere, from the disk to the bundle."""

from __future__ import annotations

import json
import os
import sys
import wave
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from workbench.cli.console import harmless, table
from workbench.cli.datasets import data
from workbench.cli.exporting import export
from workbench.cli.projects import new
from workbench.cli.training import train
from workbench.data.base import DataProblem
from workbench.data.open import open_dataset
from workbench.data.spelling import decoded, spelled, spelled_names, spelled_problem
from workbench.errors import Text

any_bytes = pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="this file system takes only text as names")
NAMES = ("<b>cat<script>", "line\nbreak", "\u202egnp.exe", "猫🐱", "n" * 240, "=cmd()", "%s{0}{name}", "\x1b[31mred", " lead", "tab\there")
BYTES = (b"bad\xff\xfebytes", "狗".encode("gbk"), b"half\xf0\x9f")


def folder_of(root: bytes, names: list[bytes]) -> None:
    for number, name in enumerate(names):
        os.makedirs(os.path.join(root, name))
        for row in range(4):
            with open(os.path.join(root, name, b"%d.png" % row if row else b"\xe9.png"), "wb") as file:
                Image.fromarray(np.full((8, 8), number * 10 + row, np.uint8)).save(file, "PNG")


@any_bytes
def test_folders_of_any_name_train_and_export(tmp_path: Path) -> None:
    folder_of(os.fsencode(tmp_path / "in"), [*(name.encode() for name in NAMES), *BYTES])
    (tmp_path / "in" / "猫🐱" / os.fsdecode(b"br\xf6ken.png")).write_bytes(b"x")
    dataset = open_dataset(str(tmp_path / "in"))
    classes = dataset.field("label").categories
    assert set(classes) == {*NAMES, "bad\\xff\\xfebytes", "狗", "half\\xf0\\x9f"} and len(dataset) == 4 * len(classes) == len(set(dataset.ids()))
    assert dataset.column("image").shape == (len(dataset), 8, 8, 1) and dataset.problems[0].rows == ("猫🐱/br\\xf6ken.png",)
    "".join([*classes, *dataset.ids(), *(problem.message for problem in dataset.problems)]).encode()
    document = data(str(tmp_path / "in"), []).document
    json.dumps(document, ensure_ascii=False).encode()
    new("auto", tmp_path / "project", str(tmp_path / "in"))
    trained = train(tmp_path / "project", "", "", "cpu", "", ["train.epochs=1"])
    assert trained.status == 0 and trained.document["left_out"] == 1
    export(tmp_path / "project", tmp_path / "bundle", 0)
    inside = {path.resolve() for path in tmp_path.rglob("*")}
    assert all(path.is_relative_to(tmp_path.resolve()) for path in inside) and (tmp_path / "bundle" / "model.onnx").is_file()


@any_bytes
def test_sounds_and_series_have_names_that_are_text(tmp_path: Path) -> None:
    for number in range(4):
        folder = tmp_path / "sounds" / os.fsdecode((b"a\xff", b"b")[number % 2])
        folder.mkdir(parents=True, exist_ok=True)
        with wave.open(str(folder / f"{number}.wav"), "wb") as file:
            file.setparams((1, 2, 8000, 0, "NONE", ""))
            file.writeframes(bytes(200))
        folder = tmp_path / "series" / os.fsdecode((b"a\xff", b"b")[number % 2])
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number}.csv").write_text("1,2\n3,4\n")
    for name in ("sounds", "series"):
        dataset = open_dataset(str(tmp_path / name))
        assert dataset.field("label").categories == ("a\\xff", "b") and dataset.ids()[0].startswith("a\\xff/")


def test_text_stays_what_it_is() -> None:
    names = ["a", "猫", "\u202eb"]
    assert spelled_names(names) is names and spelled("猫") == "猫"
    assert decoded("猫/a.png".encode()) == "猫/a.png" and decoded(b"\xff") == "\\xff"
    assert spelled("\udce9/x") == "\\xe9/x" and spelled("\ud800") == "\\ud800"
    problem = DataProblem("unreadable", Text("{path} is bad.", path="a\udcff"), ("a\udcff",), Text("Why"))
    told = spelled_problem(problem)
    assert told.rows == ("a\\xff",) and told.message == "a\\xff is bad."
    assert isinstance(told.message, Text) and told.message.template == "{path} is bad."


def test_lines_of_the_command_line_obey_nobody() -> None:
    assert harmless("\x1b[31mred\x07 \u202eabc\u2066 猫\t\n") == "\\x1b[31mred\\x07 \\u202eabc\\u2066 猫\t\n" and harmless("plain") == "plain"
    lines = table([("a\nb\u2028c", "n" * 10_000), ("d", "e")])
    assert all("\n" not in line and len(line) < 200 for line in lines)
