"""Runs of repeated groups: they learn, resume exactly, keep shared weights equal, and hand weights on to other drawings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from tests.training.conftest import Session, small_project
from workbench.graph import edit
from workbench.graph.graph import Graph
from workbench.graph.repeat import set_repeat
from workbench.models.build import build
from workbench.models.moving import Weights, move, nodes_of
from workbench.project.project import Project
from workbench.project.sketch import Sketch
from workbench.training.autopsy import node_of
from workbench.training.doctor import DeadUnits
from workbench.training.events import EpochEnded, Interrupt
from workbench.training.load import load_model


def drawing(times: int, shared: bool = False) -> Graph:
    sketch = Sketch()
    sketch.add("image_input", "image", field="image", channels=1, height=8, width=8)
    sketch.chain(("conv2d", {"filters": 6}))
    block = [sketch.add("conv2d", "mix", filters=6).node, sketch.add("batch_norm2d", "norm").node, sketch.add("relu", "bend").node]
    sketch.chain("global_average_pool", ("linear", {"units": 10}))
    sketch.add("output", "digit")
    graph, path = edit.group(sketch.graph, block, "blocks")
    return set_repeat(graph, path, times, shared)


def project(times: int = 3, shared: bool = False, **recipe: Any) -> Project:
    return replace(small_project(**recipe), graph=drawing(times, shared))


@pytest.mark.parametrize("shared", [False, True])
def test_a_run_learns_and_resumes_bit_by_bit(session: Session, shared: bool) -> None:
    whole = session.run(project(shared=shared, epochs=3))
    losses = [event.metrics["loss/train"] for event in session.of(EpochEnded)]
    assert losses[-1] < 0.97 * losses[0]
    model, _ = load_model(whole, "last")
    state = {name: value.clone() for name, value in model.state_dict().items()}
    assert {f"blocks.{number}.mix.weight" for number in range(3)} <= state.keys()
    if shared:
        assert all(torch.equal(state["blocks.0.mix.weight"], state[f"blocks.{number}.mix.weight"]) for number in (1, 2))
        assert model.get_parameter("blocks.2.mix.weight") is model.get_parameter("blocks.0.mix.weight")
    else:
        assert not torch.equal(state["blocks.0.mix.weight"], state["blocks.1.mix.weight"])
    half = session.run(project(shared=shared, epochs=3), {20: [Interrupt()]})
    session.run(project(shared=shared, epochs=3), on=half, resume=half.last())
    again, _ = load_model(half, "last")
    assert all(torch.equal(value, state[name]) for name, value in again.state_dict().items())


def test_weights_move_by_node_to_more_and_to_fewer_repetitions() -> None:
    graph = drawing(1)
    more = set_repeat(graph, "blocks", 3)
    one, three = build(graph), build(more)
    moved = move(three, more, Weights(one.state_dict(), nodes_of(graph)))
    assert torch.equal(three.get_parameter("blocks.0.mix.weight"), one.get_parameter("blocks.mix.weight"))
    assert any(name.startswith("blocks.1.") for name in moved.missing)
    assert not any(name.startswith("blocks.0.") for name in moved.missing)
    back = build(graph)
    move(back, graph, Weights(three.state_dict(), nodes_of(more)))
    assert torch.equal(back.get_parameter("blocks.mix.weight"), one.get_parameter("blocks.mix.weight"))
    five = set_repeat(graph, "blocks", 5)
    longer = build(five)
    move(longer, five, Weights(three.state_dict(), nodes_of(more)))
    for number in range(3):
        own = three.get_parameter(f"blocks.{number}.mix.weight")
        assert torch.equal(longer.get_parameter(f"blocks.{number}.mix.weight"), own)


def test_findings_name_the_repetition_and_the_node_of_the_drawing() -> None:
    graph = drawing(3)
    model = build(graph)
    nodes = {step.path: step.drawn for step in model.plan.steps}
    relu = next(node.id for node in graph if node.layer == "relu")
    assert node_of("blocks.2.bend", nodes) == ("blocks.2.bend", relu)
    with torch.no_grad():
        model.get_parameter("blocks.1.norm.bias").fill_(-100.0)
    watch = DeadUnits(model, nodes)
    with watch.looking(), torch.no_grad():
        model(torch.randn(8, 1, 8, 8))
    (found,) = [finding for finding in watch.findings(5) if "blocks.1." in str(finding.message)]
    assert found.node == relu
