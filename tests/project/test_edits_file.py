"""Changes to rows travel with the project: its folder, its runs, its recovery file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from workbench.data import edits
from workbench.data.edits import NO_EDITS
from workbench.errors import WorkbenchError
from workbench.project.file import load, save
from workbench.project.overrides import with_settings
from workbench.project.project import Choice, DataChoice, Project
from workbench.project.recovery import read_recovery, write_recovery

CHANGED = Project(name="a", edits=edits.tagged(edits.excluded(NO_EDITS, ["x/1"]), ["x/2"], "odd"))


def test_saved_and_opened(tmp_path: Path) -> None:
    save(CHANGED, tmp_path)
    assert load(tmp_path).project.edits == CHANGED.edits
    assert (tmp_path / edits.FILE).read_text(encoding="utf-8").count("\n") == 2


def test_a_project_without_changes_has_no_file(tmp_path: Path) -> None:
    save(replace(CHANGED, edits=NO_EDITS), tmp_path)
    assert not (tmp_path / edits.FILE).exists()


def test_the_last_change_taken_back_empties_the_file(tmp_path: Path) -> None:
    save(CHANGED, tmp_path)
    save(replace(CHANGED, edits=NO_EDITS), tmp_path)
    assert load(tmp_path).project.edits == NO_EDITS


def test_recovered(tmp_path: Path) -> None:
    write_recovery(CHANGED, None, tmp_path / "recovery.json")
    assert read_recovery(tmp_path / "recovery.json").project == CHANGED


def test_settings_leave_them_alone() -> None:
    assert with_settings(CHANGED, ["train.epochs=3"]).edits == CHANGED.edits


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    save(CHANGED, tmp_path)
    (tmp_path / edits.FILE).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(WorkbenchError, match=r"data\.edits"):
        load(tmp_path)


def test_augmentations_travel_as_a_list(tmp_path: Path) -> None:
    chosen = (Choice("flip", MappingProxyType({"field": "image", "probability": 0.5})), Choice("noise"))
    project = Project(name="a", data=DataChoice("sample:digits", augmentation=chosen, balance="weights"))
    save(project, tmp_path)
    assert load(tmp_path).project == project
    save(replace(project, data=replace(project.data, augmentation=())), tmp_path)
    assert load(tmp_path).project.data.augmentation == ()
    assert "augmentation" not in (tmp_path / "workbench.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("value", ["'flip'", "[3]", "[{amount = 1}]", "{name = 'flip'}"])
def test_an_augmentation_that_is_none_is_named(tmp_path: Path, value: str) -> None:
    save(Project(name="a"), tmp_path)
    path = tmp_path / "workbench.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("[data]\n", f"[data]\naugmentation = {value}\n"), encoding="utf-8")
    with pytest.raises(WorkbenchError, match="augmentation"):
        load(tmp_path)
