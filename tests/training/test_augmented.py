"""Training on varied and on balanced rows: exact on resume, validation as it is, rare classes seen as often."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
import torch

from tests.training.conftest import Session, small_project
from tests.training.test_exactness import contents, rows_of
from workbench.data import edits
from workbench.data.balance import MOST_REPEATS, oversampled
from workbench.data.base import Split
from workbench.data.open import open_dataset
from workbench.errors import WorkbenchError
from workbench.project.project import Choice, Project
from workbench.project.runs import create_run
from workbench.training.assembly import assemble
from workbench.training.events import Failed, Interrupt
from workbench.training.load import prepare_data
from workbench.training.task import Task, score_split


def varied(*names: str, balance: str = "none", **recipe: Any) -> Project:
    project = small_project(**recipe)
    chosen = tuple(Choice(name, MappingProxyType({"probability": 0.8})) for name in names)
    return replace(project, data=replace(project.data, augmentation=chosen, balance=balance))


@pytest.mark.parametrize("names", [("affine", "noise", "erase"), ("crop", "mixup"), ("rand_augment", "cutmix")], ids="+".join)
def test_resume_equals_going_on(session: Session, names: tuple[str, ...]) -> None:
    project = varied(*names)
    whole = session.run(project)
    broken = session.run(project, {20: [Interrupt()]})
    torch.manual_seed(5)
    session.run(project, on=broken, resume="last")
    assert contents(broken) == contents(whole)
    assert rows_of(broken) == rows_of(whole)


def test_it_trains_otherwise_than_without(session: Session) -> None:
    assert contents(session.run(varied("affine"))) != contents(session.run(varied()))


def test_validation_rows_are_never_varied(session: Session) -> None:
    project = varied("noise", epochs=1)
    run = session.run(project)
    prepared = prepare_data(project, run)
    plain = prepared.batch(prepared.rows(Split.VALIDATION))
    session.engine.task.model.eval()
    scored = score_split(session.engine.task, Split.VALIDATION, 64)
    assert torch.equal(plain.values["image"], session.engine.task.prepared.batch(prepared.rows(Split.VALIDATION)).values["image"])
    without = Task(replace(project, data=replace(project.data, augmentation=())), session.engine.task.model, prepared)
    assert scored == score_split(without, Split.VALIDATION, 64)


def test_mixed_rows_want_both_answers(session: Session) -> None:
    run = session.run(varied(epochs=1))
    task = Task(varied(), session.engine.task.model.eval(), prepare_data(varied(), run))
    batch = task.prepared.batch(task.prepared.rows(Split.TRAIN)[:8])
    partner = torch.arange(8).flip(0)
    with torch.no_grad():
        outputs = task.forward(batch)
    mixed = float(task.losses(outputs, replace(batch, partner=partner, share=0.7))[0])
    other = replace(batch, values={**batch.values, "label": batch.values["label"][partner]})
    assert mixed == pytest.approx(0.7 * float(task.losses(outputs, batch)[0]) + 0.3 * float(task.losses(outputs, other)[0]), rel=1e-5)


def test_an_augmentation_that_does_not_fit_ends_the_run_with_a_sentence(session: Session) -> None:
    session.run(varied("token_mask"))
    assert isinstance(session.outcome, Failed) and "nothing to vary" in session.outcome.message


def rare(balance: str) -> Project:
    """Digits of which most ones are left out."""
    plain = open_dataset("sample:digits")
    ones = np.flatnonzero(plain.column("label") == 1)[15:]
    project = varied(balance=balance, epochs=1)
    out = edits.excluded(edits.NO_EDITS, [plain.ids()[int(row)] for row in ones])
    return replace(project, data=replace(project.data, limit=0), edits=out)


def test_rare_rows_stand_more_often(session: Session) -> None:
    project = rare("oversample")
    run = create_run(session.folder, "rare", project)
    assembly = assemble(project, run, project.recipe, None, None)
    counts = np.bincount(assembly.prepared.dataset.column("label", assembly.rows.numpy()))
    assert counts.min() == counts.max()
    assert set(assembly.rows.tolist()) == set(assembly.prepared.rows(Split.TRAIN).tolist())
    plain = assemble(replace(project, data=replace(project.data, balance="none")), run, project.recipe, None, None)
    assert torch.equal(plain.rows, plain.prepared.rows(Split.TRAIN))


def test_rare_rows_weigh_more(session: Session) -> None:
    project = rare("weights")
    run = create_run(session.folder, "weights", project)
    weighed = assemble(project, run, project.recipe, None, None).task
    output, rare_class, usual = torch.zeros(1, 10), torch.tensor([1]), torch.tensor([2])
    pairs = torch.zeros(2, 10)
    pairs[0, 0] = 5.0
    loss = weighed.parts[0].loss
    assert float(loss(pairs, torch.tensor([1, 2]))) > float(loss(pairs, torch.tensor([2, 1])))
    assert float(loss(output, rare_class)) == pytest.approx(float(loss(output, usual)))


@pytest.mark.parametrize("seed", range(5))
def test_oversampling_is_even_seeded_and_bounded(seed: int) -> None:
    generator = np.random.default_rng(seed)
    classes = generator.choice(4, 300, p=[0.9, 0.06, 0.036, 0.004])
    rows = np.sort(generator.choice(1000, 300, replace=False))
    found = oversampled(rows, classes, seed)
    assert np.array_equal(found, oversampled(rows, classes, seed)) and set(found) == set(rows)
    which = dict(zip(rows.tolist(), classes.tolist(), strict=True))
    counts, real = np.bincount([which[row] for row in found.tolist()]), np.bincount(classes)
    assert all(count == min(real.max(), MOST_REPEATS * own) for count, own in zip(counts, real, strict=True) if own)


def test_rows_without_a_class_stand_once() -> None:
    assert oversampled(np.array([4, 7, 9]), np.array([-1, 0, -1]), 0).tolist() == [4, 7, 9]


def test_a_wrong_parameter_is_named(session: Session) -> None:
    project = varied()
    project = replace(project, data=replace(project.data, augmentation=(Choice("flip", MappingProxyType({"degrees": 3})),)))
    run = create_run(session.folder, "wrong", project)
    with pytest.raises(WorkbenchError, match="degrees"):
        assemble(project, run, project.recipe, None, None)
