"""A resumed run is the uninterrupted one, bit for bit; looking at a run does not change it."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.training.conftest import Session, small_project, with_recipe
from tests.training.test_engine import series
from workbench.project.project import Choice, Project
from workbench.project.runs import RunFolder, create_run
from workbench.training.events import Change, EpochEnded, Finding, Interrupt, Probe
from workbench.training.snapshots import read_snapshot

STEPS = 14


def contents(run: RunFolder) -> tuple[str, str]:
    """Hashes of the last and of the best checkpoint: weights, optimizer, metrics, counters; times left out."""
    return _hash(run.last()), _hash(run.best())


def _hash(checkpoint: object) -> str:
    snapshot = read_snapshot(checkpoint)  # type: ignore[arg-type]
    digest = hashlib.sha256(f"{snapshot.step}".encode())
    for tensors in (snapshot.model, snapshot.optimizer, snapshot.metrics):
        for name, tensor in sorted(tensors.items()):
            digest.update(name.encode() + tensor.numpy().tobytes())
    digest.update(json.dumps({key: value for key, value in snapshot.state.items() if key != "seconds"}, sort_keys=True).encode())
    return digest.hexdigest()


def rows_of(run: RunFolder) -> dict[str, list[list[float]]]:
    return {tag: values.tolist() for tag, values in series(run).items()}


OPTIMIZERS = [Choice("adamw", {"learning_rate": 0.01}), Choice("adamw", {"learning_rate": 0.01, "fused": False}), Choice("sgd")]


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=["adamw", "unfused", "sgd"])
@pytest.mark.parametrize("step", [5, STEPS, 2 * STEPS + 9])
def test_resume_equals_going_on(session: Session, optimizer: Choice, step: int) -> None:
    project = small_project(clip_norm=1.0, patience=9)
    project = with_recipe(project, optimizer=optimizer)
    whole = session.run(project)
    scored = session.outcome.metrics
    broken = session.run(project, {step: [Interrupt()]})
    assert broken.last().step == step
    torch.manual_seed(99)
    torch.randn(77)
    session.run(project, on=broken, resume="last")
    assert contents(broken) == contents(whole)
    assert rows_of(broken) == rows_of(whole)
    assert session.outcome.metrics == scored


def test_resume_after_live_changes_equals_going_on(session: Session, project: Project) -> None:
    said = {8: [Change("recipe.optimizer.learning_rate", 0.002)], 12: [Change("recipe.epochs", 3)]}
    whole = session.run(project, said)
    broken = session.run(project, {**said, 20: [Interrupt()]})
    session.run(project, on=broken, resume="last")
    assert session.outcome.step == 3 * STEPS
    assert contents(broken) == contents(whole)


def test_early_stopping_counts_on_after_resume(session: Session, project: Project) -> None:
    patient = with_recipe(project, epochs=20, patience=4, watch="loss/val", optimizer=Choice("sgd", {"learning_rate": 1e-9}))
    whole = session.run(patient)
    ended = session.outcome.step
    broken = session.run(patient, {ended - STEPS - 3: [Interrupt()]})
    session.run(patient, on=broken, resume="last")
    assert session.outcome.step == ended < 20 * STEPS
    assert contents(broken) == contents(whole)


def test_rows_after_the_checkpoint_are_forgotten(session: Session, project: Project) -> None:
    """A process that dies leaves numbers of steps that its last checkpoint does not know; they come again."""
    whole = session.run(project)

    def die(model: torch.nn.Module, prepared: object, step: int) -> None:
        session.engine._writer.drain()
        session.engine.recorder.flush()
        raise KeyboardInterrupt

    run = create_run(session.folder, "broken", project)
    with pytest.raises(KeyboardInterrupt):
        session.run(project, {STEPS + 6: [Probe(1, die)]}, on=run)
    assert run.last().step < STEPS + 6 == series(run)["loss/step"][0].max()
    session.run(project, on=run, resume="last")
    assert rows_of(run) == rows_of(whole)
    assert contents(run) == contents(whole)


def test_resume_without_any_checkpoint_begins_anew(session: Session, project: Project) -> None:
    short = with_recipe(project, epochs=1)
    whole = session.run(short)
    session.run(short, on=create_run(session.folder, "early", short), resume="last")
    assert contents(RunFolder(session.engine.run_folder.path)) == contents(whole)


def test_looking_does_not_change_the_run(session: Session, project: Project) -> None:
    plain = session.run(project)

    def look(model: torch.nn.Module, prepared: object, step: int) -> float:
        torch.manual_seed(step)
        model.train()
        batch = prepared.batch(prepared.rows("train")[:32])  # type: ignore[attr-defined]
        model(batch.values["image"]).sum().backward()
        return float(torch.rand(()))

    looked = session.run(project, {step: [Probe(step, look)] for step in range(1, 4 * STEPS, 3)})
    assert contents(looked) == contents(plain)


def test_initial_weights_are_a_function_of_the_seed(session: Session, project: Project) -> None:
    found = []
    for noise in (1, 2):
        torch.manual_seed(noise)
        session.run(project, {1: [Interrupt()]})
        found.append(session.engine.run_folder)
    session.run(with_recipe(project, seed=8), {1: [Interrupt()]})
    assert contents(found[0]) == contents(found[1]) != contents(session.engine.run_folder)


def test_building_and_loading_draw_nothing_from_the_shared_generator(session: Session, project: Project) -> None:
    from workbench.training.load import load_weights

    run = session.run(with_recipe(project, epochs=1))
    before = torch.get_rng_state()
    load_weights(project, run)
    assert torch.equal(torch.get_rng_state(), before)


CHILD = """
import sys
from workbench.project.runs import RunFolder
from workbench.training.launch import train
run = RunFolder(sys.argv[1])
train(run, run.snapshot(), lambda event: print(type(event).__name__, getattr(event, "step", ""), flush=True), resumed=len(sys.argv) > 2)
"""


def start_child(run: RunFolder, *arguments: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen([sys.executable, "-c", CHILD, str(run.path), *arguments], stdout=subprocess.PIPE, text=True, env=environment)


def wait_for_step(child: subprocess.Popen[str], step: int) -> None:
    assert child.stdout is not None
    for line in child.stdout:
        kind, _, at = line.partition(" ")
        if kind == "Steps" and int(at) >= step:
            return
    raise AssertionError("the child ended early")


def test_killed_at_a_random_step_and_resumed_equals_never_killed(tmp_path: Path, session: Session) -> None:
    project = small_project(epochs=12, checkpoint_seconds=0.05)
    project = replace(project, data=replace(project.data, limit=300))
    whole = session.run(project)
    run = create_run(tmp_path, "killed", project)
    step = random.randrange(STEPS, 10 * STEPS)
    child = start_child(run)
    wait_for_step(child, step)
    child.kill()
    child.wait()
    child.stdout.close()  # type: ignore[union-attr]
    assert not run.alive, f"killed around step {step}"
    session.run(project, on=RunFolder(run.path), resume="last", own_data=True)
    assert contents(run) == contents(whole), f"killed around step {step}"
    assert rows_of(run) == rows_of(whole), f"killed around step {step}"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_run_with_a_checkpoint(tmp_path: Path, number: signal.Signals) -> None:
    run = create_run(tmp_path, "signalled", small_project(epochs=100_000))
    child = start_child(run)
    wait_for_step(child, 1)
    child.send_signal(number)
    last = child.stdout.read().splitlines()[-1]  # type: ignore[union-attr]
    assert child.wait() == 0
    child.stdout.close()  # type: ignore[union-attr]
    assert last.split()[0] == "StateChanged"
    assert run.last().step == int(last.split()[1]) > 0
    assert str(run.state) == "interrupted"


def test_a_finding_is_told_once_over_a_resume(session: Session, project: Project) -> None:
    still = with_recipe(project, epochs=20, optimizer=Choice("sgd", {"learning_rate": 1e-9, "momentum": 0.0}))
    run = session.run(still, {10 * STEPS: [Interrupt()]})
    told = [finding.rule for finding in session.of(Finding)]
    session.run(still, on=run, resume="last")
    told += [finding.rule for finding in session.of(Finding)]
    assert told.count("stuck-at-chance") == 1
    assert len([event for event in run.events() if isinstance(event, EpochEnded)]) == 20
