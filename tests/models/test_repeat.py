"""Repeated groups: built as printed, own or shared weights, nested, with a memory, with lengths; costs and fields of all repetitions."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
import torch

from tests.layers.cases import LONGEST
from tests.models.test_random_drawings import grown
from tests.models.test_source import assert_same, executed, sketch, values_of
from workbench.errors import GraphError
from workbench.graph import edit
from workbench.graph.bypass import bypass
from workbench.graph.graph import Edge, Graph, PortRef
from workbench.graph.infer import infer
from workbench.graph.repeat import set_repeat
from workbench.graph.repetitions import written_out
from workbench.layers import LAYERS
from workbench.models.build import build
from workbench.models.cost import costs, total
from workbench.models.memory import forecast
from workbench.models.plan import plan
from workbench.models.receptive import receptive_fields
from workbench.models.source import source, source_lines

IMAGE = ("image", "image_input", {"channels": 4, "height": 8, "width": 8}, [])


def residual(times: int = 3, shared: bool = False) -> Graph:
    graph = sketch(
        IMAGE, ("blocks.conv1", "conv2d", {"filters": 4}, ["image"]), ("blocks.norm", "batch_norm2d", {}, ["blocks.conv1"]),
        ("blocks.bend", "relu", {}, ["blocks.norm"]), ("blocks.sum", "add", {}, ["blocks.bend", "image"]),
        ("pool", "global_average_pool", {}, ["blocks.sum"]), ("label", "output", {}, ["pool"]),
    )
    return set_repeat(graph, "blocks", times, shared)


def wired(graph: Graph, source: str, target: str, port: str) -> Graph:
    ends = {node.path: node.id for node in graph}
    return edit.connect(graph, Edge(PortRef(ends[source], "output"), PortRef(ends[target], port)))


def decoder(shared: bool = False) -> Graph:
    """Words that look at another text, three times over."""
    graph = sketch(
        ("words", "text_input", {"vocabulary": 20, "maximum_length": LONGEST}, []),
        ("seen", "text_input", {"vocabulary": 20, "maximum_length": LONGEST, "symbol": "S"}, []),
        ("embed", "embedding", {"width": 8}, ["words"]), ("memory", "embedding", {"width": 8}, ["seen"]),
        ("layers.attend", "self_attention", {"heads": 2, "causal": True}, ["embed"]),
        ("layers.around", "add", {}, ["embed", "layers.attend"]), ("layers.norm", "layer_norm", {}, ["layers.around"]),
        ("layers.look", "cross_attention", {"heads": 2}, ["layers.norm"]), ("layers.through", "add", {}, ["layers.around", "layers.look"]),
        ("layers.smooth", "conv1d", {"filters": 8, "kernel": 3}, ["layers.through"]), ("layers.drop", "dropout", {}, ["layers.smooth"]),
        ("label", "output", {}, ["layers.drop"]),
    )
    return set_repeat(wired(graph, "memory", "layers.look", "memory"), "layers", 3, shared)


def nested(outer: bool = False, inner: bool = False) -> Graph:
    """Stages of two convolutions and a mixing one, the whole inside a group that is not repeated."""
    graph = sketch(
        IMAGE, ("net.stages.mix", "conv2d", {"filters": 4, "kernel": 1}, ["image"]),
        ("net.stages.cells.conv1", "conv2d", {"filters": 4}, ["net.stages.mix"]), ("net.stages.cells.bend", "relu", {}, ["net.stages.cells.conv1"]),
        ("net.stages.cells.sum", "add", {}, ["net.stages.cells.bend", "image"]), ("net.stages.bend", "tanh", {}, ["net.stages.cells.sum"]),
        ("pool", "global_average_pool", {}, ["net.stages.bend"]), ("label", "output", {}, ["pool"]),
    )
    return set_repeat(set_repeat(graph, "net.stages", 2, outer), "net.stages.cells", 3, inner)


def owning(shared: bool = False) -> Graph:
    """Weights tied inside a repetition, to a layer outside, and from a layer outside."""
    graph = sketch(
        ("x", "number_input", {"size": 6} if "size" in LAYERS["number_input"].Params.model_fields else {}, []),
        ("first", "linear", {"units": 6}, ["x"]), ("blocks.one", "linear", {"units": 6}, ["first"]), ("blocks.bend", "gelu", {}, ["blocks.one"]),
        ("blocks.two", "linear", {"units": 6}, ["blocks.bend"]), ("blocks.three", "linear", {"units": 6}, ["blocks.two"]),
        ("last", "linear", {"units": 6}, ["blocks.three"]), ("more", "linear", {"units": 6}, ["last"]), ("label", "output", {}, ["more"]),
    )
    ids = {node.path: node.id for node in graph}
    graph = edit.tie(graph, ids["blocks.two"], "weight", ids["blocks.one"])
    graph = edit.tie(graph, ids["blocks.three"], "weight", ids["last"])
    graph = edit.tie(graph, ids["more"], "bias", ids["blocks.one"])
    return set_repeat(graph, "blocks", 4, shared)


DRAWINGS: dict[str, Graph] = {
    "own": residual(), "shared": residual(shared=True), "twice": residual(2, True), "memory": decoder(), "memory, shared": decoder(True),
    "nested": nested(), "nested, inner shared": nested(inner=True), "nested, outer shared": nested(outer=True), "nested, shared": nested(True, True),
    "tied": owning(), "tied, shared": owning(True),
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_source_is_the_model(name: str) -> None:
    assert not [problem for problem in infer(DRAWINGS[name], LAYERS).problems if problem.kind.startswith("repeat")]
    assert_same(DRAWINGS[name])


@pytest.mark.parametrize("name", DRAWINGS)
def test_gradients_and_tied_parameters_are_those_of_the_source(name: str) -> None:
    torch.manual_seed(3)
    model = build(DRAWINGS[name]).eval()
    printed = executed(source(DRAWINGS[name])).eval()
    printed.load_state_dict(model.state_dict())
    assert [key for key, _ in model.named_parameters()] == [key for key, _ in printed.named_parameters()]
    inputs, lengths = values_of(model)
    for each in (model, printed):
        result = each(*inputs, **lengths)
        (result[:, :1] if result.dim() == 3 else result).square().sum().backward()
    for (key, one), (_, other) in zip(model.named_parameters(), printed.named_parameters(), strict=True):
        assert one.grad is not None, key
        assert other.grad is not None, key
        assert torch.allclose(one.grad, other.grad, atol=1e-6), key


def test_repetitions_run_one_after_the_other() -> None:
    graph = residual(3)
    model = build(graph).eval()
    x = torch.randn(2, 4, 8, 8)
    value: Any = x
    for number in range(3):
        block = model.get_submodule(f"blocks.{number}")
        value = block.bend(block.norm(block.conv1(value))) + value
    assert torch.allclose(model(x), value.mean((2, 3)), atol=1e-6)


def test_every_repetition_reads_the_memory() -> None:
    graph = decoder()
    memory = next(node.id for node in graph if node.name == "memory")
    wires = [wired.ports for step in plan(graph).steps if step.layer == "cross_attention" for wired in step.wiring if wired.parameter == "memory"]
    assert wires == [(PortRef(memory, "output"),)] * 3


def test_ids_of_repetitions_stay_when_more_are_added() -> None:
    few, many = plan(residual(2)), plan(set_repeat(residual(2), "blocks", 5))
    assert [step.path for step in few.steps if step.drawn != step.node] == [f"blocks.1.{name}" for name in ("conv1", "norm", "bend", "sum")]
    graph = residual(2)
    before, after = plan(graph).paths, plan(set_repeat(graph, "blocks", 5)).paths
    assert before.items() <= after.items()
    assert len(many.steps) == 4 * 5 + 3
    assert set(graph.nodes) <= before.keys()


def test_costs_and_fields_count_every_repetition() -> None:
    for name, graph in DRAWINGS.items():
        inferred = infer(graph, LAYERS)
        model = build(graph)
        assert total(costs(inferred)).parameters == sum(parameter.numel() for parameter in model.parameters()), name
    once, thrice = (infer(residual(times), LAYERS) for times in (1, 3))
    assert total(costs(thrice)).macs == 3 * total(costs(once)).macs
    last = next(node.id for node in residual(3) if node.name == "sum")
    graph = residual(3)
    last = next(node.id for node in graph if node.name == "sum")
    assert receptive_fields(infer(graph, LAYERS))[last] == (7, 7)
    deep = nested()
    end = next(node.id for node in deep if node.name == "sum")
    assert receptive_fields(infer(deep, LAYERS))[end] == (13, 13)


def test_the_memory_of_repetitions_is_that_of_groups_written_out() -> None:
    for times in (2, 3, 9):
        graph = residual(times)
        once, whole = forecast(infer(graph, LAYERS), 16), forecast(infer(written_out(graph), LAYERS), 16)
        assert (once.weights, once.training) == (whole.weights, whole.training)
        assert once.predicting == whole.predicting
        assert once.fullest in graph or not once.fullest


def test_written_out_is_the_same_model() -> None:
    for name in ("own", "memory", "nested", "tied"):
        graph = DRAWINGS[name]
        torch.manual_seed(4)
        one = build(graph).eval()
        torch.manual_seed(4)
        other = build(written_out(graph)).eval()
        inputs, lengths = values_of(one)
        state = dict(zip(other.state_dict(), one.state_dict().values(), strict=True))
        other.load_state_dict(state)
        assert torch.equal(one(*inputs, **lengths), other(*inputs, **lengths)), name


def test_bypassed_layers_are_left_out_of_every_repetition() -> None:
    graph = residual(3)
    norm = next(node.id for node in graph if node.name == "norm")
    graph = bypass(graph, (norm,))
    assert_same(graph)
    assert not [key for key in build(graph).state_dict() if "norm" in key]


def test_lines_of_the_source_name_nodes_of_the_drawing() -> None:
    graph = residual(3)
    lines, text = source_lines(graph), source(graph).splitlines()
    for node in graph:
        if node.group:
            assert lines[node.id]
            assert all(node.name in text[line - 1] for line in lines[node.id])
    assert "self.blocks = nn.ModuleList(Block() for _ in range(3))" in source(graph)
    assert "        for block in self.blocks:" in text


def test_a_thousand_layers_are_planned_at_once() -> None:
    model = build(residual(1000, True))
    assert len(model.plan.steps) == 4 * 1000 + 3
    assert len(list(model.parameters())) == 4


def test_a_group_that_cannot_be_repeated_is_not_planned() -> None:
    graph = sketch(IMAGE, ("blocks.conv1", "conv2d", {"filters": 9}, ["image"]), ("label", "output", {}, ["blocks.conv1"]))
    with pytest.raises(GraphError, match=r"image gives it channel 4, but blocks\.conv1 hands on 9"):
        plan(set_repeat(graph, "blocks", 2))


@pytest.mark.parametrize("shared", [False, True])
def test_formulas_in_repeated_groups_are_printed_once(shared: bool) -> None:
    gate = {"expression": "x * sigmoid(scale * y)", "parameters": "scale: channel = ones"}
    graph = sketch(
        IMAGE, ("blocks.conv", "conv2d", {"filters": 4}, ["image"]), ("blocks.gate", "expression", gate, []),
        ("last", "expression", {"expression": "mean(x, height, width) + 1"}, []), ("label", "output", {}, ["last"]),
    )
    for source_node, target, port in (("blocks.conv", "blocks.gate", "x"), ("image", "blocks.gate", "y"), ("blocks.gate", "last", "x")):
        graph = wired(graph, source_node, target, port)
    graph = set_repeat(graph, "blocks", 3, shared)
    assert_same(graph)
    assert source(graph).count("class Gate(nn.Module)") == 1 and "class Last(nn.Module)" in source(graph)


@pytest.mark.parametrize("seed", range(5))
def test_whatever_inference_lets_repeat_is_built_as_printed(seed: int) -> None:
    rng = Random(seed)
    graph, inferred = grown(rng)
    inner = [node for node in inferred.order if not LAYERS[graph[node].layer].role]
    tried = 0
    for _ in range(30):
        first = rng.randrange(len(inner))
        repeated, path = edit.group(graph, inner[first:first + rng.randint(1, 3)], "blocks")
        repeated = set_repeat(repeated, path, rng.choice((2, 3)), rng.random() < 0.4)
        if infer(repeated, LAYERS).ok and any(step.places for step in plan(repeated).steps):
            assert_same(repeated)
            tried += 1
        if tried == 3:
            break
    assert tried
