"""Planted mistakes are called by their name, at their node; the first repair leads to a network that trains for at least 95 of 100."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from tests.graph.mistakes import MISTAKES, Change
from workbench.data.base import Split
from workbench.data.open import open_dataset
from workbench.data.prepare import prepare
from workbench.project.check import check
from workbench.project.feeding import input_fields
from workbench.project.project import DataChoice, Project
from workbench.project.starters import STARTERS

KINDS = {kind for kind, *_ in MISTAKES}
TRAINS_AFTER_ONE_CLICK = 0.95


@cache
def starter(name: str) -> Project:
    project = STARTERS[name].make()
    return replace(project, data=replace(project.data, limit=300))


@cache
def dataset(source: str) -> Any:
    return open_dataset(source) if source else None


@cache
def fields_of(name: str) -> Any:
    project = starter(name)
    return prepare(dataset(project.data.source), project.data, input_fields(project), [item.target for item in project.objectives])


def problems(project: Project, name: str) -> Any:
    source = project.data.source
    return check(project, dataset(source), shapes=fields_of(name).shapes() if source else None, rows=200)


def test_the_table_is_long_enough() -> None:
    assert len(MISTAKES) >= 100 and len(KINDS) >= 85


@pytest.mark.parametrize("name", sorted({row[2] for row in MISTAKES}))
def test_the_networks_are_sound_before(name: str) -> None:
    assert problems(starter(name), name).problems == ()


@pytest.mark.parametrize(("kind", "node", "name", "change"), MISTAKES, ids=[f"{index}-{row[0]}" for index, row in enumerate(MISTAKES)])
def test_a_mistake_is_named(kind: str, node: str, name: str, change: Change) -> None:
    broken = change(starter(name))
    found = problems(broken, name).problems
    told = [problem for problem in found if problem.kind == kind]
    assert told, [(problem.kind, problem.message) for problem in found]
    if node:
        names = [broken.graph[problem.node].name if problem.node in broken.graph else "" for problem in told]
        assert node in names, names
        assert node in told[names.index(node)].message
    assert told[0].message.endswith(".") and len(told[0].fixes) >= 1


def trains(project: Project) -> bool:
    """Whether a first step of training works and moves the weights."""
    import torch

    from workbench.errors import WorkbenchError
    from workbench.models.build import build
    from workbench.training.task import Task

    try:
        torch.manual_seed(0)
        model = build(project.graph)
        prepared = prepare(
            dataset(project.data.source), project.data, input_fields(project), [item.target for item in project.objectives]
        )
        batch = prepared.batch(prepared.rows(Split.TRAIN)[: project.recipe.batch_size])
        task = Task(project, model, prepared)
        task.losses(task.forward(batch), batch)[0].backward()
        gradients = [parameter.grad for parameter in model.parameters() if parameter.grad is not None]
    except (WorkbenchError, ValueError, KeyError, RuntimeError, IndexError):
        return False
    return bool(gradients) and all(bool(torch.isfinite(gradient).all()) for gradient in gradients)


def test_the_first_repair_makes_a_network_that_trains() -> None:
    failed: list[str] = []
    for kind, _node, name, change in MISTAKES:
        broken = change(starter(name))
        problem = next(problem for problem in problems(broken, name).problems if problem.kind == kind)
        mended = problem.fixes[0].apply(broken) if problem.fixes else broken
        if mended.data == DataChoice() or not problems(mended, name).ok or not trains(mended):
            failed.append(kind)
    assert len(MISTAKES) - len(failed) >= TRAINS_AFTER_ONE_CLICK * len(MISTAKES), failed
