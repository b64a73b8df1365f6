from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from workbench.errors import ProjectError
from workbench.project import recovery
from workbench.project.file import load, save
from workbench.project.project import Project
from workbench.project.recovery import Recovery, find_recovery, find_unsaved, read_recovery


def test_an_unsaved_edit_is_found_and_the_project_untouched(tmp_path: Path, project: Project) -> None:
    save(project, tmp_path)
    keeper = Recovery(tmp_path, interval_seconds=0)
    edited = replace(project, notes="not saved")
    keeper.note(edited)
    keeper.close()
    found = find_recovery(tmp_path)
    assert found is not None
    assert (found.project, found.folder) == (edited, tmp_path)
    assert load(tmp_path).project == project


def test_nothing_is_found_where_nothing_is_unsaved(tmp_path: Path, project: Project) -> None:
    save(project, tmp_path)
    assert find_recovery(tmp_path) is None
    keeper = Recovery(tmp_path)
    keeper.note(project)
    keeper.close()
    assert find_recovery(tmp_path) is None
    keeper = Recovery(tmp_path)
    keeper.note(replace(project, notes="given up"))
    keeper.flush()
    keeper.clear()
    keeper.close()
    assert find_recovery(tmp_path) is None


def test_the_file_is_written_off_the_calling_thread(tmp_path: Path, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    written, threads = threading.Event(), list[str]()

    def write(*_arguments: object) -> None:
        threads.append(threading.current_thread().name)
        written.set()

    monkeypatch.setattr(recovery, "write_recovery", write)
    keeper = Recovery(tmp_path, interval_seconds=0)
    keeper.note(project)
    assert written.wait(10)
    keeper.close()
    assert threads == ["recovery"]


def test_a_full_disk_does_not_stop_editing(tmp_path: Path, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(recovery, "write_atomically", full)
    keeper = Recovery(tmp_path)
    keeper.note(project)
    keeper.close()
    assert "No space" in keeper.error


def test_a_project_without_a_folder_is_found_later(tmp_path: Path, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_STATE_DIR", str(tmp_path))
    keeper = Recovery(None)
    keeper.note(project)
    keeper.close()
    found = find_unsaved()
    assert [(item.project, item.folder) for item in found] == [(project, None)]


@pytest.mark.parametrize("damage", ["truncate", "change", "junk", "newer"])
def test_a_damaged_recovery_file_is_refused(tmp_path: Path, project: Project, damage: str) -> None:
    save(project, tmp_path)
    keeper = Recovery(tmp_path)
    keeper.note(replace(project, notes="not saved"))
    keeper.close()
    data = keeper.path.read_text("utf-8")
    newer = json.dumps({**json.loads(data), "schema_version": 9})
    changes = {"truncate": data[:-20], "change": data.replace("not saved", "not SAVED"), "junk": "[]", "newer": newer}
    keeper.path.write_text(changes[damage], "utf-8")
    with pytest.raises(ProjectError) as caught:
        read_recovery(keeper.path)
    assert caught.value.hint
    assert find_recovery(tmp_path) is None
