"""Looking into repetitions: each layer of each repetition has its own path, maps and attention."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.explain.conftest import built, chain
from workbench.data.prepare import Prepared
from workbench.errors import GraphError
from workbench.explain import METHODS
from workbench.explain.capture import capture
from workbench.explain.subject import subject_of
from workbench.graph import edit
from workbench.graph.graph import Graph
from workbench.graph.repeat import set_repeat
from workbench.models.build import Model


def grouped(graph: Graph, *layers: str) -> Graph:
    graph, path = edit.group(graph, [node.id for node in graph if node.layer in layers], "blocks")
    return set_repeat(graph, path, 4)


@pytest.fixture
def words(reviews: Prepared) -> Model:
    graph = chain(
        ("text_input", {"vocabulary": 2000, "maximum_length": 48}), ("embedding", {"width": 8}), ("self_attention", {"heads": 2}),
        ("layer_norm", {}), ("lstm", {"units": 8}), ("mean_over_time", {}), ("linear", {"units": 2}), ("output", {}),
    )
    return built(grouped(graph, "self_attention", "layer_norm", "lstm")).eval()


def test_attention_and_states_of_one_repetition(words: Model, reviews: Prepared) -> None:
    subject = subject_of(words, reviews, int(reviews.rows("test")[0]))
    name = next(step.path for step in words.plan.steps if step.layer == "self_attention").rpartition(".")[2]
    maps = METHODS["attention"].run(subject, {})
    assert maps.layers == tuple(f"blocks.{number}.{name}" for number in range(4))
    third = METHODS["attention"].run(subject, {"node": f"blocks.3.{name}"})
    assert third.layers == (f"blocks.3.{name}",)
    with pytest.raises(GraphError):
        METHODS["attention"].run(subject, {"node": "blocks.4"})
    lstm = next(step.path for step in words.plan.steps if step.layer == "lstm").rpartition(".")[2]
    trace = METHODS["states"].run(subject, {"node": f"blocks.2.{lstm}"})
    assert trace.node == f"blocks.2.{lstm}"
    assert METHODS["attention_rollout"].run(subject, {"faithfulness": False}).tokens == subject.tokens


def test_feature_maps_of_each_repetition_are_those_of_its_module(shapes: Prepared) -> None:
    graph = chain(
        ("image_input", {"channels": 1, "height": 32, "width": 32}), ("conv2d", {"filters": 3}), ("conv2d", {"filters": 3}), ("relu", {}),
        ("global_max_pool", {}), ("linear", {"units": 4}), ("output", {}),
    )
    second = [node.id for node in graph if node.layer == "conv2d"][1]
    relu = next(node.id for node in graph if node.layer == "relu")
    graph, path = edit.group(graph, [second, relu], "blocks")
    model = built(set_repeat(graph, path, 3)).eval()
    subject = subject_of(model, shapes, 0)
    paths = [step.path for step in model.plan.steps if step.path.startswith("blocks.") and step.layer == "conv2d"]
    assert len(paths) == 3
    with capture(model, paths) as captured, torch.no_grad():
        captured.model.call(dict(subject.values), dict(subject.lengths))
        for place in paths:
            maps = METHODS["feature_maps"].run(subject, {"node": place, "ordered": False})
            assert maps.node == place
            assert np.allclose(maps.maps, captured.outputs[place][0].numpy(), atol=1e-6)
