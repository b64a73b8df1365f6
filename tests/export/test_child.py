"""Export in a child process: the same bundle, cancel, time limit, crashes and errors as text, nothing left behind."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.export.conftest import Made
from workbench.errors import DataError, ExportError, WorkbenchError
from workbench.export import child
from workbench.export.child import ExportCancelled, export_run, run_in_child
from workbench.export.predict import Bundle
from workbench.export.verify import verify
from workbench.project.runs import RunFolder, create_run
from workbench.training.snapshots import Snapshot, copied


@pytest.fixture(scope="module")
def run(made: dict[str, Made], tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run with a checkpoint, as training leaves it."""
    digits = made["digits"]
    folder = create_run(tmp_path_factory.mktemp("project"), "try", digits.project)
    folder.write_fitted(digits.prepared.fitted)
    folder.write_checkpoint("best", 5, Snapshot(5, copied(digits.model.state_dict()), {}, {}, {}).files())
    return folder


def answering(progress: Callable[[float, str], None], value: int) -> dict[str, Any]:
    progress(0.5, "half")
    print("noise on stdout")
    return {"value": value * 2, "pid": os.getpid(), "threads": torch.get_num_threads()}


def failing(_progress: Any, kind: str) -> None:
    if kind == "person":
        raise DataError("The row is gone.", "Look for it.")
    if kind == "bug":
        raise ZeroDivisionError("by zero")
    os._exit(9)


def waiting(_progress: Any, marker: str) -> None:
    Path(marker).write_text(str(os.getpid()))
    while True:
        time.sleep(0.05)


def test_the_child_exports_and_the_run_can_be_verified_again(run: RunFolder, tmp_path: Path) -> None:
    said: list[tuple[float, str]] = []
    report = export_run(run, tmp_path / "bundle", 18, progress=lambda share, what: said.append((share, what)))
    assert report.verification.passed and report.opset == 18 and report.bytes == report.model.stat().st_size
    assert [share for share, _ in said] == sorted(share for share, _ in said) and said[-1][0] == 1.0
    assert sorted(item.name for item in tmp_path.iterdir()) == ["bundle"]
    assert Bundle(report.bundle).spec.run == run.path.name
    assert verify(report.bundle, run).passed
    document = report.to_json()
    assert document["verification"]["passed"] and {"bundle", "model", "verification"} <= document.keys()


def test_a_child_is_a_fresh_process_each_time() -> None:
    said: list[float] = []
    answers = [run_in_child(answering, (value,), lambda share, _what: said.append(share)) for value in (1, 2)]
    assert [answer["value"] for answer in answers] == [2, 4] and said == [0.5, 0.5]
    assert len({os.getpid(), *(answer["pid"] for answer in answers)}) == 3
    assert {answer["threads"] for answer in answers} == {1}


def test_systems_that_cannot_fork_spawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "can_fork", lambda: False)
    child.warm()
    assert run_in_child(answering, (21,))["value"] == 42


def test_errors_arrive_as_text() -> None:
    with pytest.raises(WorkbenchError) as caught:
        run_in_child(failing, ("person",))
    assert caught.value.message == "The row is gone." and caught.value.hint == "Look for it."
    with pytest.raises(ExportError, match="ZeroDivisionError: by zero") as caught:
        run_in_child(failing, ("bug",))
    assert "Traceback" in caught.value.__notes__[0]
    with pytest.raises(ExportError, match="exit code 9"):
        run_in_child(failing, ("crash",))


def test_a_child_whose_parent_is_gone_leaves_without_a_word(capfd: pytest.CaptureFixture[str]) -> None:
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    receiver.close()
    orphan = context.Process(target=child._work, args=(sender, answering, (1,), ()))
    orphan.start()
    sender.close()
    orphan.join(60)
    assert orphan.exitcode == 1
    assert "Traceback" not in "".join(capfd.readouterr())


@pytest.mark.parametrize("how", ["cancel", "timeout"])
def test_cancel_and_timeout_end_the_child(how: str, tmp_path: Path) -> None:
    marker = tmp_path / "pid"
    if how == "cancel":
        with pytest.raises(ExportCancelled):
            run_in_child(waiting, (str(marker),), cancelled=marker.exists)
    else:
        with pytest.raises(ExportError, match="too long"):
            run_in_child(waiting, (str(marker),), timeout_seconds=5)
    if marker.exists() and marker.read_text():
        with pytest.raises(ProcessLookupError):
            os.kill(int(marker.read_text()), 0)


def test_a_failed_export_changes_nothing(run: RunFolder, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="not a run folder"):
        export_run(tmp_path / "absent", tmp_path / "bundle")
    with pytest.raises(ExportCancelled):
        export_run(run, tmp_path / "bundle", cancelled=lambda: True)
    with pytest.raises(ExportError, match="operator set 3"):
        export_run(run, tmp_path / "bundle", 3)
    assert list(tmp_path.iterdir()) == []
