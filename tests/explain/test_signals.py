"""Attribution of series, sounds and tables: where the network is a straight line, the shares are weight times value."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from tests.explain.conftest import built
from workbench.data.base import FieldKind
from workbench.explain import METHODS
from workbench.explain.continuation import go_on
from workbench.explain.results import TokenScores
from workbench.explain.signals import MOST_PARTS, evidence_class
from workbench.explain.subject import Subject
from workbench.graph import edit
from workbench.graph.graph import Edge, Graph
from workbench.project.sketch import Sketch

METHODS_OF_SHARES = ("integrated_gradients", "input_x_gradient", "occlusion")


def straight(steps: int, kind: FieldKind) -> tuple[Any, torch.Tensor]:
    """Returns a subject whose answer is the sum of weight times value, and the weights `(steps,)`."""
    sketch = Sketch("en")
    if kind == FieldKind.SERIES:
        sketch.add("series_input", "signal", field="signal", features=1, length=steps)
    else:
        sketch.add("audio_input", "signal", field="signal", samples=steps, rate=1000)
    sketch.chain("flatten", ("linear", {"units": 1}))
    sketch.add("output", "answer")
    model = built(sketch.graph)
    weights = torch.linspace(-1, 1, steps)
    for parameter in model.parameters():
        parameter.data = weights.reshape(1, -1) if parameter.ndim == 2 else torch.zeros_like(parameter)
    values = torch.sin(torch.arange(steps, dtype=torch.float32)) + 0.1
    values = values.reshape(1, steps, 1) if kind == FieldKind.SERIES else values.reshape(1, steps)
    return Subject(model.eval(), {"signal": values}, {}, "signal", kind, "answer"), weights


@pytest.mark.parametrize("name", METHODS_OF_SHARES)
def test_steps_of_a_series_share_the_answer_out(name: str) -> None:
    subject, weights = straight(24, FieldKind.SERIES)
    result = METHODS[name].run(subject)
    assert isinstance(result, TokenScores) and result.tokens == tuple(str(step) for step in range(1, 25))
    np.testing.assert_allclose(result.values, (weights * subject.values["signal"].reshape(-1)).numpy(), atol=1e-4)
    assert result.facts.faithfulness is not None and result.facts.faithfulness > 0.8
    assert result.facts.baseline in ("", "the mean of the training rows")


def test_long_sounds_are_shared_out_in_blocks_that_add_up() -> None:
    subject, weights = straight(730, FieldKind.AUDIO)
    result = METHODS["integrated_gradients"].run(subject)
    assert len(result.values) == MOST_PARTS and result.tokens[:2] == ("1", "8")
    assert result.values.sum() == pytest.approx(float((weights * subject.values["signal"].reshape(-1)).sum()), rel=1e-3)
    assert result.facts.baseline == "silence" and result.facts.residual < 0.01


@pytest.mark.parametrize("name", METHODS_OF_SHARES)
def test_columns_of_a_table_share_the_answer_out(name: str) -> None:
    graph, ends = Graph(), []
    for column in ("width", "height", "idle"):
        graph, node = edit.add_node(graph, "number_input", params={"field": column}, name=column)
        ends.append(node)
    graph, both = edit.add_node(graph, "concatenate", name="both")
    for node in ends:
        graph = edit.connect(graph, Edge.between(node, both, target_port="inputs"))
    graph, linear = edit.add_node(graph, "linear", params={"units": 1}, name="line")
    graph, output = edit.add_node(graph, "output", name="answer")
    graph = edit.connect(edit.connect(graph, Edge.between(both, linear)), Edge.between(linear, output))
    model = built(graph)
    weights = torch.tensor([2.0, -3.0, 0.0])
    for parameter in model.parameters():
        parameter.data = weights.reshape(1, 3) if parameter.ndim == 2 else torch.zeros_like(parameter)
    values = {name: torch.tensor([value]) for name, value in (("width", 0.5), ("height", 1.0), ("idle", 4.0))}
    subject = Subject(model.eval(), values, {}, "width", FieldKind.NUMBER, "answer")
    result = METHODS[name].run(subject)
    assert result.tokens == ("width", "height", "idle")
    np.testing.assert_allclose(result.values, [1.0, -3.0, 0.0], atol=1e-4)


def test_every_kind_of_numbers_is_taken_apart() -> None:
    assert evidence_class(FieldKind.SERIES) is evidence_class(FieldKind.AUDIO) is not evidence_class(FieldKind.NUMBER)


@pytest.fixture
def writer() -> Subject:
    """A model that writes 3 after 2, 4 after 3, and ends after 4, whatever stands before."""
    sketch = Sketch("en")
    sketch.add("text_input", "text", field="text", vocabulary=5, maximum_length=8, decoder=True)
    sketch.chain(("embedding", {"width": 5}))
    sketch.add("linear", "next", units=5)
    sketch.add("output", "answer")
    model = built(sketch.graph)
    follows = {0: 2, 2: 3, 3: 4, 4: 0, 1: 0}
    for name, parameter in model.named_parameters():
        parameter.data = torch.eye(5) if "next" not in name else torch.zeros_like(parameter)
        if "next" in name and parameter.ndim == 2:
            for token, after in follows.items():
                parameter.data[after, token] = 6.0
    values = {"text": torch.tensor([[0]])}
    return Subject(model.eval(), values, {"text": torch.tensor([1])}, "text", FieldKind.TEXT, "answer")


def test_a_text_is_gone_on_with_until_its_end(writer: Subject) -> None:
    found = go_on(writer, "text", (2,), most=8)
    assert [step.id for step in found] == [3, 4]
    assert all(step.others[0] == (step.id, pytest.approx(step.share)) and step.share > 0.9 for step in found)
    assert [step.id for step in go_on(writer, "text", (), most=2)] == [2, 3]
    assert go_on(writer, "text", (2,), most=8, cancelled=lambda: True) == ()


def test_chance_is_seeded_and_leaves_the_global_generator_alone(writer: Subject) -> None:
    before = torch.get_rng_state()
    drawn = [tuple(step.id for step in go_on(writer, "text", (2,), most=8, temperature=20.0, seed=seed)) for seed in (1, 1, 2, 3, 4)]
    assert drawn[0] == drawn[1] and len(set(drawn)) > 1
    assert torch.equal(before, torch.get_rng_state())
