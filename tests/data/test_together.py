"""Files that cannot be read for the same reason are said as one."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from workbench.data.base import DataProblem
from workbench.data.open import open_dataset
from workbench.data.together import together
from workbench.text import Text


def test_damaged_files_are_said_once_for_every_reason(tmp_path: Path) -> None:
    for label in "ab":
        (tmp_path / label).mkdir()
        for number in range(6):
            Image.new("RGB", (8, 8), (number, 0, 0)).save(tmp_path / label / f"{number}.png")
    for number in range(4):
        (tmp_path / "a" / f"{number}.png").write_bytes(b"")
    (tmp_path / "b" / "0.png").write_bytes(b"no picture")
    problems = [problem for problem in open_dataset(str(tmp_path)).problems if problem.kind == "unreadable"]
    said = together(problems)
    assert len(problems) == 5 and len(said) == 2
    assert said[0].rows == tuple(f"a/{number}.png" for number in range(4)) and "4 files" in said[0].message and "empty" in said[0].message
    assert said[1] == problems[4]


def test_other_problems_stay_as_they_are() -> None:
    problems = [DataProblem("copies", "Two rows are equal.", ("a",)), DataProblem("unreadable", Text("{path} is odd.", path="x"), ("x",))] * 2
    assert together(problems) == problems
