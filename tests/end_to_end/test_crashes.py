"""Killed at any moment: a run goes on to the same bits, the window offers what was not saved, and both end cleanly when asked to."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QDialog, QMessageBox

from workbench.app.window import Window
from workbench.project.file import load
from workbench.project.metrics import MetricsReader
from workbench.project.new import new_project
from workbench.project.runs import RunFolder, list_runs
from workbench.training.events import Finished, RunState

ROOT = Path(__file__).resolve().parents[2]
EPOCHS = 8
SETTINGS = [f"train.epochs={EPOCHS}", "train.threads=1", 'train.device="cpu"', "train.checkpoint_seconds=0.1"]
LINE_LIMIT_S = 60


def started(arguments: list[str], folder: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "QT_QPA_PLATFORM": "offscreen"}
    return subprocess.Popen([sys.executable, *arguments], cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def training(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return started(["-m", "workbench", "train", "digits", "--json", *arguments], folder)


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=100)
    return process.returncode, out, err


def finished(folder: Path, *arguments: str) -> RunFolder:
    status, out, err = ended(training(folder, *arguments))
    assert status == 0, err
    return RunFolder(json.loads(out)["run"])


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RunFolder]:
    """A folder with a project and its uninterrupted run."""
    folder = tmp_path_factory.mktemp("killed")
    new_project("digits-cnn", folder / "digits")
    return folder, finished(folder, *settings())


def settings() -> list[str]:
    return [word for text in SETTINGS for word in ("--set", text)]


def interrupted(folder: Path, name: str, step: int, number: signal.Signals) -> tuple[RunFolder, int]:
    """Starts a run, ends its process once a checkpoint at or after `step` is whole, and returns the run and the exit status."""
    process, run = training(folder, "--name", name, *settings()), None
    deadline = time.monotonic() + LINE_LIMIT_S
    while process.poll() is None and time.monotonic() < deadline:
        found = [info.path for info in list_runs(folder / "digits") if info.name == name]
        run = run or (RunFolder(found[0]) if found else None)
        checkpoint = run.last() if run is not None else None
        if checkpoint is not None and checkpoint.step >= step:
            break
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.02)
    process.send_signal(number)
    status = ended(process)[0]
    assert run is not None
    return run, status


def numbers(run: RunFolder) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    reader = MetricsReader(run.metrics_path)
    reader.poll()
    return {tag: reader.series(tag) for tag in reader.tags()}


def assert_same(run: RunFolder, other: RunFolder) -> None:
    for kind in ("best", "last"):
        file = f"checkpoints/{kind}/model.safetensors"
        assert (run.path / file).read_bytes() == (other.path / file).read_bytes(), kind
    mine, theirs = numbers(run), numbers(other)
    assert mine.keys() == theirs.keys()
    for tag in mine:
        np.testing.assert_array_equal(mine[tag], theirs[tag], tag)
    scores = [next(event for event in reversed(item.events()) if isinstance(event, Finished)) for item in (run, other)]
    assert scores[0].metrics == scores[1].metrics and scores[0].best_step == scores[1].best_step


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=str)
def test_a_run_that_was_ended_goes_on_to_the_same_bits(number: signal.Signals, whole: tuple[Path, RunFolder]) -> None:
    folder, uninterrupted = whole
    steps = int(numbers(uninterrupted)["loss/step"][0][-1])
    step = random.Random(int(number)).randrange(1, steps // 2)
    run, status = interrupted(folder, f"ended-{int(number)}", step, number)
    assert status == (-signal.SIGKILL if number is signal.SIGKILL else 130)
    assert run.state is RunState.INTERRUPTED
    assert finished(folder, "--resume", run.path.name).path == run.path
    assert_same(run, uninterrupted)


CHILD = """
import sys
from dataclasses import replace
from pathlib import Path
from PySide6.QtCore import QTimer
from workbench.app import main
from workbench.app.jobs import stop_jobs
from workbench.app.window import Window

app = main.application()
hook = main.install_hooks(app)
window = Window()
window.show()
window.show_page("welcome")
folder = Path(sys.argv[1])
window.files.open_path(folder)
session = window.session

def say(word):
    print(word, flush=True)

def kept():
    checkpoint = session.trainer.run.last()
    return checkpoint is not None and checkpoint.step > 0

def look():
    latest = session.trainer.latest
    if sys.argv[2] == "edit" and (folder / ".workbench" / "recovery.json").exists():
        say("ready")
    elif sys.argv[2] != "edit" and latest is not None and kept():
        say("ready")
        if sys.argv[2] == "close":
            timer.stop()
            window.running.ask_to_stop = lambda: True
            window.close()

timer = QTimer(window, interval=20)
timer.timeout.connect(look)
timer.start()
if sys.argv[2] == "edit":
    session.edit("note", replace(session.project, notes="not saved"))
else:
    recipe = replace(session.project.recipe, epochs=500, threads=1, checkpoint_seconds=0.1)
    session.trainer.start(project=replace(session.project, recipe=recipe))
status = app.exec()
stop_jobs()
sys.exit(status)
"""


@contextmanager
def other_window(folder: Path, what: str) -> Iterator[subprocess.Popen[str]]:
    """A window in a process of its own that edits or trains, yielded once it has got so far."""
    process = started(["-c", CHILD, str(folder), what], folder)
    try:
        assert process.stdout is not None
        said = process.stdout.readline()
        assert said == "ready\n", said + ended(process)[2]
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    new_project("digits-cnn", tmp_path / "digits")
    return tmp_path / "digits"


def test_what_was_not_saved_is_offered_after_a_kill(project: Path, window: Window) -> None:
    before = {path.name: path.read_bytes() for path in project.iterdir() if path.is_file()}
    with other_window(project, "edit") as process:
        process.kill()
        process.wait()
    assert {path.name: path.read_bytes() for path in project.iterdir() if path.is_file()} == before
    window.files.open_path(project)
    assert window.session.project == load(project).project and not window.session.modified
    row = window.notices.rows()[0]
    assert "was not saved" in row.message
    next(remedy for remedy in row.remedies if remedy.label == "Restore").do()
    assert window.session.project.notes == "not saved" and window.session.modified
    window.session.undo()
    assert window.session.project == load(project).project


def test_a_run_whose_window_was_killed_is_interrupted_and_goes_on(project: Path, window: Window, qtbot: Any) -> None:
    with other_window(project, "train") as process:
        process.kill()
        process.wait()
    window.files.open_path(project)
    session = window.session
    assert [info.state for info in session.runs] == [RunState.INTERRUPTED]
    checkpoint = session.selected_run.last()
    assert checkpoint is not None and checkpoint.step > 0
    window.running.resume_selected()
    qtbot.waitUntil(lambda: session.trainer.latest is not None, timeout=30_000)
    assert session.trainer.started.step == checkpoint.step and session.trainer.failed is None
    session.trainer.stop()
    qtbot.waitUntil(lambda: not session.trainer.running, timeout=30_000)
    assert session.runs[0].state is RunState.STOPPED


def test_a_run_that_another_window_trains_is_left_alone(project: Path, window: Window) -> None:
    with other_window(project, "train"):
        window.files.open_path(project)
        assert not window.session.runs[0].state.over
        window.running.resume_selected()
        assert not window.session.trainer.running
        assert "is being trained right now" in window.notices.rows()[0].message


def test_closing_while_training_ends_cleanly(project: Path) -> None:
    with other_window(project, "close") as process:
        status, _, err = ended(process)
    assert status == 0, err
    assert "QThread" not in err and "Traceback" not in err
    assert [info.state for info in list_runs(project)] == [RunState.STOPPED]


def test_closing_while_training_asks_first(project: Path, window: Window, qtbot: Any) -> None:
    window.files.open_path(project)
    recipe = replace(window.session.project.recipe, epochs=500, threads=1)
    window.session.trainer.start(project=replace(window.session.project, recipe=recipe))
    asked: list[str] = []

    def keep_training() -> None:
        box = next(widget for widget in QApplication.topLevelWidgets() if isinstance(widget, QMessageBox) and widget.isVisible())
        asked.append(box.objectName())
        next(item for item in box.buttons() if item.objectName().endswith(".cancel")).click()

    QTimer.singleShot(200, window, keep_training)
    window.close()
    assert asked == ["window.ask.stop"]
    assert window.isVisible() and window.session.trainer.running


def test_an_error_in_a_slot_reaches_the_one_dialog_and_the_window_stays(window: Window, qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from workbench.app import main

    hook = main.Hook(window)
    hook.wanted.connect(lambda report: main.show_report(window, report))
    monkeypatch.setattr(sys, "excepthook", hook.take)

    def broken() -> None:
        raise RuntimeError("nobody foresaw this")

    with qtbot.captureExceptions():
        monkeypatch.setattr(sys, "excepthook", hook.take)
        for _ in range(3):
            QTimer.singleShot(0, window, broken)
        qtbot.waitUntil(lambda: bool(dialogs()), timeout=5000)
        qtbot.wait(50)
    assert len(dialogs()) == 1 and window.isVisible()
    dialogs()[0].accept()


def dialogs() -> list[QDialog]:
    return [item for item in QApplication.topLevelWidgets() if isinstance(item, QDialog) and item.isVisible() and item.objectName() == "window.error"]
