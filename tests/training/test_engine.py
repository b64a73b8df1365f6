"""The loop: learning, commands, events and numbers that agree."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.training.conftest import Session, small_project, with_recipe
from workbench.project.metrics import MetricsReader
from workbench.project.project import Choice, ObjectiveChoice, Project
from workbench.training.events import (
    Change,
    Checkpointed,
    EpochEnded,
    Failed,
    Finding,
    Finished,
    Interrupt,
    Pause,
    Probe,
    ProbeResult,
    Resume,
    RunState,
    Started,
    StateChanged,
    StepOnce,
    Steps,
    Stop,
)

STEPS = 14  # 210 training rows in batches of 16, the last of 2


def series(run: object) -> dict[str, np.ndarray]:
    reader = MetricsReader(run.metrics_path)  # type: ignore[attr-defined]
    reader.poll()
    return {tag: np.stack(reader.series(tag)) for tag in reader.tags()}


def test_a_run_learns_and_says_so(session: Session, project: Project) -> None:
    run = session.run(with_recipe(project, epochs=8))
    finished = session.outcome
    assert isinstance(finished, Finished) and finished.state is RunState.FINISHED
    assert session.events[-1] is finished
    assert finished.metrics["accuracy/test"] > 0.8 > 0.3 > session.of(Started)[0].chance
    assert [event.epoch for event in session.of(EpochEnded)] == list(range(8))
    assert run.state is RunState.FINISHED and run.info().metrics == finished.metrics
    assert {item.kind for item in session.of(Checkpointed)} == {"last", "best"}


def test_it_memorises_a_handful_of_rows(session: Session, project: Project) -> None:
    rows = session.prepared.splits
    few = replace(session.prepared, splits={**rows, "train": rows["train"][:16]})
    session.prepared = few
    plain = with_recipe(project, epochs=60, schedule=Choice("constant"))
    session.run(plain)
    assert session.outcome.metrics["accuracy/train"] == 1.0
    assert session.of(EpochEnded)[-1].metrics["loss/train"] < 0.2


def test_numbers_and_events_agree(session: Session, project: Project) -> None:
    run = session.run(project)
    found = series(run)
    assert found["loss/step"][0].tolist() == list(range(1, 4 * STEPS + 1))
    assert len(found["lr"][0]) == 4 * STEPS
    for event in session.of(EpochEnded):
        for tag, value in event.metrics.items():
            at = found[tag][0].tolist().index(event.step)
            assert found[tag][1][at] == value
    rows = np.array([16] * (STEPS - 1) + [len(session.prepared.rows("train")) - 16 * (STEPS - 1)])
    losses = found["loss/step"][1][:STEPS]
    assert session.of(EpochEnded)[0].metrics["loss/train"] == pytest.approx((losses * rows).sum() / rows.sum(), rel=1e-12)
    kept = [event for event in run.events() if not isinstance(event, Steps)]
    assert [type(event) for event in kept] == [type(event) for event in session.events if not isinstance(event, Steps)]


def test_pause_step_and_resume(session: Session, project: Project) -> None:
    said: dict[int, list[object]] = {5: [Pause(), StepOnce()], 6: [StepOnce()], 7: [Resume()]}
    paused: list[int] = []

    def watch(engine: object) -> None:
        def wait(_seconds: float) -> list[object]:
            paused.append(engine.step)  # type: ignore[attr-defined]
            return said.pop(engine.step, [])  # type: ignore[attr-defined]

        engine._inbox.wait = wait  # type: ignore[attr-defined]

    session.run(project, {5: [Pause()]}, before=watch)
    assert paused == [5, 6, 7]
    states = [(event.state, event.step) for event in session.of(StateChanged)]
    assert states == [(RunState.STARTING, 0), (RunState.RUNNING, 0), (RunState.PAUSED, 5), (RunState.RUNNING, 7)]
    assert {5, 6, 7} <= set(session.steps)
    assert isinstance(session.outcome, Finished)


def test_one_step_of_a_running_run_then_it_waits(session: Session, project: Project) -> None:
    session.run(project, {3: [StepOnce()]}, before=lambda engine: setattr(engine._inbox, "wait", lambda _seconds: [Stop()]))
    assert (RunState.PAUSED, 4) in [(event.state, event.step) for event in session.of(StateChanged)]
    assert session.outcome.state is RunState.STOPPED and session.outcome.step == 4


def test_stop_keeps_the_best(session: Session, project: Project) -> None:
    run = session.run(project, {2 * STEPS + 3: [Stop()]})
    assert session.outcome.state is RunState.STOPPED
    assert session.outcome.step == 2 * STEPS + 3
    assert run.last().step == 2 * STEPS + 3
    assert run.best().step == session.outcome.best_step in (STEPS, 2 * STEPS)
    assert "accuracy/test" in session.outcome.metrics


def test_stop_before_the_first_epoch_ends_leaves_something_to_look_at(session: Session, project: Project) -> None:
    run = session.run(project, {2: [Stop()]})
    assert run.best().step == run.last().step == 2


def test_interrupt_can_be_resumed(session: Session, project: Project) -> None:
    run = session.run(project, {7: [Interrupt()]})
    assert session.outcome == StateChanged(RunState.INTERRUPTED, 7)
    assert run.last().step == 7 and run.state is RunState.INTERRUPTED


def test_a_live_change_takes_effect_at_once(session: Session, project: Project) -> None:
    constant = with_recipe(project, schedule=Choice("constant"))
    run = session.run(constant, {5: [Change("recipe.optimizer.learning_rate", 0.005)], 9: [Change("recipe.epochs", 1)]})
    rates = series(run)["lr"][1]
    assert rates[:5].tolist() == [0.01] * 5 and rates[5:].tolist() == [0.005] * (STEPS - 5)
    assert session.outcome.step == STEPS


@pytest.mark.parametrize(("setting", "value"), [("recipe.seed", 3), ("recipe.epochs", "many"), ("recipe.optimizer.learning_rate", -1.0)])
def test_a_change_that_cannot_be_is_refused_and_the_run_goes_on(session: Session, project: Project, setting: str, value: object) -> None:
    session.run(with_recipe(project, epochs=1), {4: [Change(setting, value)]})
    assert [finding.rule for finding in session.of(Finding)] == ["change-refused"]
    assert isinstance(session.outcome, Finished)


def test_clipping_limits_the_gradient(session: Session, project: Project) -> None:
    run = session.run(with_recipe(project, epochs=1, clip_norm=1e-6, optimizer=Choice("sgd", {"learning_rate": 1.0, "weight_decay": 0.0})))
    assert len(series(run)["grad_norm"][1]) == STEPS, "every norm is known when all are limited"
    start = session.engine.model.state_dict()
    assert isinstance(session.outcome, Finished) and all(torch.isfinite(value).all() for value in start.values())
    assert session.outcome.metrics["accuracy/train"] < 0.4, "steps this short cannot learn"


def test_early_stopping_waits_as_long_as_it_was_told(session: Session, project: Project) -> None:
    frozen = with_recipe(project, epochs=30, patience=3, optimizer=Choice("sgd", {"learning_rate": 1e-9, "weight_decay": 0.0}),
                         watch="accuracy/train")
    session.run(with_recipe(frozen, watch="loss/val"))
    epochs = session.of(EpochEnded)
    best = max(event.epoch for event in epochs if event.best)
    assert isinstance(session.outcome, Finished) and session.outcome.state is RunState.FINISHED
    assert len(epochs) < 30 and epochs[-1].epoch == best + 3


def test_probes_answer_with_a_copy_in_eval_mode(session: Session, project: Project) -> None:
    def look(model: torch.nn.Module, prepared: object, step: int) -> tuple[bool, int]:
        for parameter in model.parameters():
            parameter.data.zero_()
        return model.training, step

    def broken(model: torch.nn.Module, prepared: object, step: int) -> None:
        raise ValueError("no such thing")

    session.run(with_recipe(project, epochs=1), {3: [Probe(1, look), Probe(2, broken)]})
    answers = session.of(ProbeResult)
    assert answers[0] == ProbeResult(1, 3, (False, 3))
    assert answers[1].error == "ValueError: no such thing"
    assert isinstance(session.outcome, Finished)


def test_two_objectives_are_told_apart(session: Session, project: Project) -> None:
    choice = project.objectives[0]
    both = replace(project, objectives=(choice, replace(choice, weight=0.5)))
    run = session.run(with_recipe(both, epochs=1))
    found = series(run)
    assert "accuracy.label/val" in session.outcome.metrics
    assert found["loss/step"][1] == pytest.approx(1.5 * found["loss.label/step"][1], rel=1e-5)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"device": "cuda:7"}, "cuda:7"),
        ({"device": "abacus"}, "abacus"),
        ({"batch_size": 0}, "batch_size"),
        ({"epochs": 0}, "epochs"),
        ({"watch": "beauty/val"}, "beauty/val"),
        ({"optimizer": Choice("newton")}, "newton"),
    ],
)
def test_what_cannot_run_fails_with_a_sentence(session: Session, change: dict[str, object], words: str) -> None:
    run = session.run(small_project(**{"epochs": 1, **change}) if "optimizer" not in change else replace(
        small_project(), recipe=replace(small_project().recipe, optimizer=change["optimizer"])))
    assert isinstance(session.outcome, Failed)
    assert words in session.outcome.message and session.outcome.hint
    assert run.state is RunState.FAILED and run.info().message == session.outcome.message


def test_an_objective_without_its_output_fails_with_a_sentence(session: Session, project: Project) -> None:
    session.run(replace(project, objectives=(ObjectiveChoice("classification", "nowhere", "label"),)))
    assert isinstance(session.outcome, Failed) and "nowhere" in session.outcome.message


def test_no_thread_is_left_and_the_thread_count_is_put_back(session: Session, project: Project) -> None:
    before = set(threading.enumerate())
    torch.set_num_threads(2)
    try:
        session.run(with_recipe(project, epochs=1))
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)
    assert set(threading.enumerate()) == before


def test_threads_are_probed_once_and_written_down(session: Session, project: Project) -> None:
    run = session.run(with_recipe(project, epochs=1, threads=0))
    chosen = session.of(Started)[0].threads
    assert run.environment["threads"] == chosen >= 1
    session.run(project, on=run, resume="last")
    assert session.of(Started)[0].threads == chosen


def test_a_batch_of_one_left_over_is_dropped(session: Session, project: Project) -> None:
    rows = session.prepared.splits
    session.prepared = replace(session.prepared, splits={**rows, "train": rows["train"][:33]})
    session.run(with_recipe(project, epochs=1))
    assert session.of(Started)[0].steps_per_epoch == 2
    assert isinstance(session.outcome, Finished)
