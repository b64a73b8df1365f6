"""Starting, following, steering from outside, loading and evaluating."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.training.conftest import Session, small_project, with_recipe
from workbench.data.base import Split
from workbench.errors import DataError, ProjectError, TrainingError
from workbench.project.project import Choice, Project
from workbench.project.runs import RunFolder, create_run
from workbench.training import launch
from workbench.training.evaluate import evaluate
from workbench.training.events import EpochEnded, Failed, Finished, Interrupt, Pause, Resume, RunState, StateChanged, Stop
from workbench.training.inbox import FolderInbox, Inbox
from workbench.training.load import load_model


@pytest.fixture
def trained(session: Session, project: Project) -> RunFolder:
    return session.run(with_recipe(project, epochs=6))


def test_start_trains_in_this_thread_and_says_how_it_ended(tmp_path: Path) -> None:
    events: list[Any] = []
    run, outcome = launch.start(tmp_path, small_project(epochs=1), events.append, name="first try")
    assert isinstance(outcome, Finished) and launch.exit_code(outcome) == 0
    assert events[-1] == outcome and run.name == "first try" and run.state is RunState.FINISHED
    assert launch.find_run(tmp_path, "last").path == run.path == launch.find_run(tmp_path, run.path.name).path


def test_an_examination_loads_once_and_says_what_single_looks_say(trained: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    from workbench.training import evaluate as module

    loads: list[Any] = []
    monkeypatch.setattr(module, "load_model", lambda *arguments: (loads.append(arguments), load_model(*arguments))[1])
    examination = module.Examination(trained, cache=False)
    found = {split: examination.of(split) for split in Split}
    assert len(loads) == 1
    for split, one in found.items():
        other = evaluate(trained, split, cache=False)
        assert one.metrics == other.metrics and np.array_equal(one.rows, other.rows) and np.array_equal(one.losses, other.losses)
        assert one.shares is not None and np.allclose(one.shares.sum(1), 1, atol=1e-5) and np.array_equal(one.shares.argmax(1), one.predictions)
        kept = evaluate(trained, split)
        assert kept.shares is not None and np.array_equal(evaluate(trained, split).shares, kept.shares)


def test_resume_goes_on_and_refuses_a_run_that_is_under_way(session: Session, project: Project) -> None:
    run = session.run(project, {20: [Interrupt()]})
    outcome = launch.resume(run)
    assert isinstance(outcome, Finished) and outcome.step == 4 * 14
    busy = create_run(session.folder, "busy", project)
    busy.append_event(StateChanged(RunState.RUNNING, 3))
    busy.claim()
    with pytest.raises(TrainingError, match="right now"):
        launch.resume(busy)


def test_a_missing_device_leaves_no_run_behind(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="cuda:9"):
        launch.start(tmp_path, small_project(device="cuda:9"))
    assert not (tmp_path / "runs").exists()


def test_a_failed_run_raises_and_is_red(tmp_path: Path) -> None:
    project = small_project()
    wild = replace(project, recipe=replace(project.recipe, optimizer=Choice("sgd", {"learning_rate": 1e10})))
    with pytest.raises(TrainingError, match="became"):
        launch.start(tmp_path, wild)
    assert launch.find_run(tmp_path, "last").state is RunState.FAILED


def test_find_run_names_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="no run yet"):
        launch.find_run(tmp_path, "last")
    with pytest.raises(ProjectError, match="not a run folder"):
        launch.find_run(tmp_path, "nowhere")


def test_a_run_can_be_followed_and_stopped_through_its_folder(tmp_path: Path) -> None:
    run = create_run(tmp_path, "followed", small_project(epochs=100_000))
    ended: list[Any] = []
    thread = threading.Thread(target=lambda: ended.append(launch.train(run, run.snapshot())))
    thread.start()
    seen: list[Any] = []
    for event in launch.follow(RunFolder(run.path), seconds=0.02):
        seen.append(event)
        if isinstance(event, EpochEnded) and event.epoch == 1:
            run.post(Pause())
        if event == StateChanged(RunState.PAUSED, getattr(event, "step", -1)):
            run.post(Resume())
            run.post(Stop())
    thread.join(20)
    assert isinstance(ended[0], Finished) and ended[0].state is RunState.STOPPED
    assert isinstance(seen[-1], Finished) and seen[-1].state is RunState.STOPPED
    assert RunState.PAUSED in [event.state for event in seen if isinstance(event, StateChanged)]


def test_the_inbox_costs_nothing_and_keeps_the_order(tmp_path: Path) -> None:
    inbox = Inbox()
    assert not inbox.pending() and inbox.take() == [] and inbox.wait(0) == []
    inbox.put(Pause())
    inbox.put(Resume())
    assert inbox.pending() and inbox.wait(1) == [Pause(), Resume()]
    run = create_run(tmp_path, "posted", small_project())
    folder = FolderInbox(run, seconds=0.0)
    run.post(Stop())
    folder.put(Pause())
    assert folder.take() == [Pause(), Stop()]


def test_a_loaded_model_is_the_one_that_was_scored(session: Session, trained: RunFolder) -> None:
    model, prepared = load_model(trained)
    assert not model.training
    found = evaluate(trained, Split.TEST)
    assert found.metrics == pytest.approx({tag: session.outcome.metrics[tag] for tag in found.metrics}, abs=1e-6)
    assert set(found.metrics) == {"loss/test", "accuracy/test", "f1/test"}
    batch = prepared.batch(torch.as_tensor(found.rows[:5]))
    with torch.no_grad():
        assert model(batch.values["image"]).argmax(1).tolist() == found.predictions[:5].tolist()


def test_a_run_without_checkpoint_says_so(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="no checkpoint"):
        load_model(create_run(tmp_path, "empty", small_project()))


def test_evaluation_adds_up(trained: RunFolder) -> None:
    found = evaluate(trained, Split.VALIDATION, cache=False)
    assert found.confusion is not None and found.confusion.sum() == len(found.rows) == 45
    assert found.confusion.trace() / 45 == pytest.approx(found.metrics["accuracy/val"])
    assert found.losses.mean() == pytest.approx(found.metrics["loss/val"], rel=1e-5)
    worst = found.worst(5)
    assert found.losses[worst].tolist() == sorted(found.losses.tolist(), reverse=True)[:5]
    mistakes = found.confident_mistakes(50)
    assert (found.predictions[mistakes] != found.targets[mistakes]).all()
    assert (np.diff(found.confidences[mistakes]) <= 0).all()
    assert sum(count for _, _, count in found.worst_confusions(100)) == len(mistakes)


def test_an_evaluation_is_kept_for_its_checkpoint_only(trained: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    first = evaluate(trained)
    kept = trained.path / "cache" / "test-best.npz"
    assert kept.is_file()
    with monkeypatch.context() as patch:
        patch.setattr("workbench.training.evaluate.load_model", lambda *_: pytest.fail("it should have been read"))
        again = evaluate(trained)
    assert again.metrics == first.metrics and np.array_equal(again.predictions, first.predictions)
    assert again.confusion is not None and np.array_equal(again.confusion, first.confusion)
    kept.write_bytes(b"no archive")
    assert evaluate(trained).metrics == first.metrics


def test_an_empty_split_is_refused(session: Session, project: Project) -> None:
    none = replace(project, data=replace(project.data, split=replace(project.data.split, test=0.0)))
    run = session.run(with_recipe(none, epochs=1), own_data=True)
    assert "accuracy/test" not in session.outcome.metrics
    with pytest.raises(DataError, match="no rows"):
        evaluate(run, "test")


def test_a_full_disk_ends_the_run_with_a_sentence(session: Session, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: RunFolder, *_: Any) -> None:
        raise OSError(28, "No space left on device")

    run = create_run(session.folder, "full", project)
    session.run(project, {20: [Interrupt()]}, on=run)
    monkeypatch.setattr(RunFolder, "write_checkpoint", full)
    session.run(project, on=run, resume="last")
    assert "No space left" in session.outcome.message
    assert run.last().step == 20


def test_numbers_that_cannot_be_written_end_the_run_with_a_sentence(
    session: Session, project: Project, monkeypatch: pytest.MonkeyPatch,
) -> None:
    from workbench.project.metrics import MetricsWriter

    def full(self: MetricsWriter) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(MetricsWriter, "flush", full)
    session.run(project)
    assert isinstance(session.outcome, Failed) and "No space left" in session.outcome.message
    assert session.events[-1] is session.outcome


def test_a_bug_ends_the_run_and_stands_in_its_log(session: Session, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("this was not foreseen")

    monkeypatch.setattr("workbench.training.stepper.Stepper.step", broken)
    run = session.run(project)
    assert isinstance(session.outcome, Failed) and "this was not foreseen" in session.outcome.message
    assert "in _block" in run.log_path.read_text()
