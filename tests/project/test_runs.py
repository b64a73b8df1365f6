from __future__ import annotations

import json
import math
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from workbench.errors import ProjectError
from workbench.project import checkpoints
from workbench.project.events import (
    Change,
    Checkpointed,
    EpochEnded,
    Failed,
    Finding,
    Finished,
    Pause,
    Probe,
    Resume,
    RunState,
    Started,
    StateChanged,
    StepOnce,
    Steps,
    Stop,
)
from workbench.project.project import Project
from workbench.project.runs import EventReader, RunFolder, create_run, latest_run, list_runs

EVENTS = [
    Started(10, 3, 0, "cpu", 2, 1000, 0.1),
    StateChanged(RunState.RUNNING, 0),
    Steps(10, 0, 5000.0, 0.5),
    Finding("nan", "The loss is NaN.", "Nothing can be learned from it.", 7, "n3", {"step": 7}, ("clip-gradients", "halve-learning-rate")),
    EpochEnded(0, 10, {"loss/val": 0.5, "accuracy/val": 0.75}, True, 1.5),
    Checkpointed("checkpoints/last", 10, "last"),
    Failed("It broke.", "Mend it.", "trace"),
    Finished(RunState.STOPPED, 1, 20, {"accuracy/test": 0.9}, 3.0, 10),
]


@pytest.fixture
def run(tmp_path: Path, project: Project) -> RunFolder:
    return create_run(tmp_path, "first try!", project)


def test_a_new_run_holds_the_project_and_the_machine(tmp_path: Path, run: RunFolder, project: Project) -> None:
    assert re.fullmatch(r"\d{8}-\d{6}-first-try", run.path.name)
    assert run.snapshot() == project
    assert run.environment["packages"]["torch"]
    assert run.name == "first try!"
    assert run.project_folder == tmp_path
    assert run.state is RunState.STARTING
    run.note_environment(threads=2)
    assert run.environment["threads"] == 2


def test_two_runs_in_one_second_have_two_folders(tmp_path: Path, project: Project) -> None:
    paths = {create_run(tmp_path, "same", project).path for _ in range(4)}
    assert len(paths) == 4
    assert len(list_runs(tmp_path)) == 4


def test_events_come_back_as_they_went(run: RunFolder) -> None:
    for event in EVENTS:
        run.append_event(event)
    assert run.events() == EVENTS


def test_numbers_that_are_none_come_back_as_nan(run: RunFolder) -> None:
    run.append_event(EpochEnded(0, 1, {"loss/val": math.inf}, False, 0.0))
    assert b"Infinity" not in run.events_path.read_bytes()
    event = run.events()[0]
    assert isinstance(event, EpochEnded)
    assert math.isnan(event.metrics["loss/val"])


def test_a_torn_last_line_costs_itself_only(run: RunFolder) -> None:
    run.append_event(EVENTS[0])
    with open(run.events_path, "ab") as file:
        file.write(b'{"event": "Steps", "st')
    assert run.events() == EVENTS[:1]
    run.append_event(EVENTS[1])
    assert run.events() == EVENTS[:2]


def test_events_of_a_later_version_are_left_out(run: RunFolder) -> None:
    run.events_path.write_text('{"event": "Telescope", "lens": 3}\n{"event": "StateChanged", "state": "running", "step": 1, "mood": "good"}\n')
    assert run.events() == [StateChanged(RunState.RUNNING, 1)]


def test_the_event_reader_follows(run: RunFolder) -> None:
    reader = EventReader(run.events_path)
    assert list(reader.poll()) == []
    for event in EVENTS:
        run.append_event(event)
        assert list(reader.poll()) == [event]


def test_commands_travel_in_order_and_once(run: RunFolder) -> None:
    sent = [Pause(), StepOnce(), Change("recipe.optimizer.learning_rate", 0.01), Resume(), Stop()]
    for command in sent:
        run.post(command)
    (run.path / "inbox" / "00000000000000000000-junk.json").write_bytes(b"\xff{")
    assert run.read_inbox() == sent
    assert run.read_inbox() == []
    assert os.listdir(run.path / "inbox") == []


def test_a_probe_does_not_travel(run: RunFolder) -> None:
    with pytest.raises(ValueError, match="Probe"):
        run.post(Probe(1, print))


@pytest.mark.parametrize("last", [RunState.RUNNING, RunState.PAUSED])
def test_a_run_whose_process_is_gone_is_interrupted(run: RunFolder, last: RunState) -> None:
    run.append_event(StateChanged(last, 3))
    assert run.state is last
    writer = json.loads((run.path / "process.json").read_text())
    (run.path / "process.json").write_text(json.dumps({**writer, "started": writer["started"] - 60}))
    assert run.state is RunState.INTERRUPTED


def test_a_run_that_said_how_it_ended_stays_so(run: RunFolder) -> None:
    run.append_event(EVENTS[-1])
    (run.path / "process.json").unlink()
    info = run.info()
    assert (info.state, info.epoch, info.step, info.metrics) == (RunState.STOPPED, 1, 20, {"accuracy/test": 0.9})


def test_a_failed_run_says_why(run: RunFolder) -> None:
    run.append_event(EVENTS[4])
    run.append_event(Failed("It broke."))
    info = run.info()
    assert (info.state, info.message, info.metrics["loss/val"]) == (RunState.FAILED, "It broke.", 0.5)


def test_the_state_is_found_behind_many_step_events(run: RunFolder) -> None:
    run.append_event(EVENTS[1])
    run.append_event(EVENTS[4])
    line = (json.dumps({"event": "Steps", "step": 11, "epoch": 1, "rows_per_second": 1.0, "seconds": 1.0}) + "\n").encode()
    with open(run.events_path, "ab") as file:
        file.write(line * 5000)
    info = run.info()
    assert (info.state, info.epoch) == (RunState.RUNNING, 0)


def test_runs_are_listed_newest_first_and_other_folders_left_out(tmp_path: Path, project: Project, run: RunFolder) -> None:
    (tmp_path / "runs" / "20200101-000000-notes").mkdir()
    (tmp_path / "runs" / "readme.txt").write_text("mine")
    old = run.path.rename(run.path.with_name("20200101-000000-old"))
    child = create_run(tmp_path, "child", project, parent=RunFolder(old), differences=({"setting": "epochs", "new": 4},))
    infos = list_runs(tmp_path)
    assert [info.path for info in infos] == [child.path, old]
    assert infos[0].parent == old.name
    assert child.differences == [{"setting": "epochs", "new": 4}]
    found = latest_run(tmp_path)
    assert found is not None and found.path == child.path


def test_no_run_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="not a run folder"):
        RunFolder(tmp_path)
    assert list_runs(tmp_path) == []


def test_a_checkpoint_comes_back(run: RunFolder) -> None:
    written = run.write_checkpoint("last", 5, {checkpoints.MODEL: b"weights", checkpoints.STATE: b'{"step": 5}'})
    found = run.last()
    assert found == written
    assert found.read(checkpoints.MODEL) == b"weights"
    assert found.state() == {"step": 5}
    assert run.best() == written
    best = run.write_checkpoint("best", 4, {checkpoints.MODEL: b"better"})
    assert run.best() == best
    assert run.checkpoints() == [written, best]


def test_a_damaged_checkpoint_gives_way_to_the_previous_one(run: RunFolder) -> None:
    run.write_checkpoint("last", 5, {checkpoints.MODEL: b"first"})
    second = run.write_checkpoint("last", 9, {checkpoints.MODEL: b"second"})
    (second.path / checkpoints.MODEL).write_bytes(b"sEcond")
    found = run.last()
    assert found is not None
    assert (found.step, found.read(checkpoints.MODEL)) == (5, b"first")
    with pytest.raises(ProjectError, match="damaged"):
        second.read(checkpoints.MODEL)


def test_a_full_disk_leaves_the_checkpoint_before(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    first = run.write_checkpoint("last", 5, {checkpoints.MODEL: b"first"})

    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoints, "write_synced", full)
    with pytest.raises(OSError, match="No space"):
        run.write_checkpoint("last", 9, {checkpoints.MODEL: b"second"})
    assert run.last() == first
    assert os.listdir(run.checkpoints_path) == ["last"]


_CHECKPOINTER = """
import sys
from workbench.project.runs import RunFolder
run, step = RunFolder(sys.argv[1]), int(sys.argv[2])
run.claim()
while True:
    step += 1
    run.write_checkpoint("last", step, {"model.safetensors": f"{step:06d}".encode() * 20_000, "state.json": b"{}"})
    if step == int(sys.argv[2]) + 1:
        print("ready", flush=True)
"""


def test_a_kill_while_checkpointing_leaves_a_complete_one(run: RunFolder) -> None:
    step = 0
    for delay in range(5):
        child = subprocess.Popen([sys.executable, "-c", _CHECKPOINTER, str(run.path), str(step)], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        with pytest.raises(subprocess.TimeoutExpired):
            child.wait(0.017 * (delay + 1))
        child.send_signal(signal.SIGKILL)
        child.wait(10)
        child.stdout.close()
        found = run.last()
        assert found is not None
        assert found.step > step
        assert found.read("model.safetensors") == f"{found.step:06d}".encode() * 20_000
        step = found.step
        assert run.state is RunState.INTERRUPTED
