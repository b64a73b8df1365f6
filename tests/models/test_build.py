"""The built model: names, order, lengths, hooks, ties, and what it refuses."""

from __future__ import annotations

import copy
import pickle
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import nn

from tests.layers.cases import apply, generated, inputs_of
from workbench.errors import GraphError
from workbench.graph import edit
from workbench.graph.graph import Edge, Graph, PortRef, is_name
from workbench.graph.infer import infer
from workbench.layers import LAYERS
from workbench.layers.base import Call
from workbench.models.build import ALLOWED, Model, build, make
from workbench.models.cost import costs, total, training_bytes
from workbench.models.plan import plan
from workbench.models.source import source


def sketch(*rows: tuple[str, str, dict[str, Any], list[str]]) -> tuple[Graph, dict[str, str]]:
    """Draws rows of (path, layer, parameters, sources) and returns the ids by path."""
    graph, ids = Graph(), {}
    for path, layer, params, sources in rows:
        group, _, name = path.rpartition(".")
        graph, ids[path] = edit.add_node(graph, layer, params=params, name=name, group=group)
        for each in sources:
            source_path, _, port = each.partition(":")
            target = LAYERS[layer].inputs[0].name
            graph = edit.connect(graph, Edge(PortRef(ids[source_path], port or "output"), PortRef(ids[path], target)))
    return graph, ids


DIGITS = (
    ("image", "image_input", {"channels": 1, "height": 8, "width": 8}, []),
    ("conv1", "conv2d", {"filters": 4}, ["image"]),
    ("relu1", "relu", {}, ["conv1"]),
    ("pool1", "max_pool2d", {}, ["relu1"]),
    ("flat", "flatten", {}, ["pool1"]),
    ("fc", "linear", {"units": 10}, ["flat"]),
    ("label", "output", {}, ["fc"]),
)
WORDS = (
    ("tokens", "text_input", {"vocabulary": 11, "maximum_length": 9, "field": "text"}, []),
    ("embed", "embedding", {"width": 6}, ["tokens"]),
    ("memory", "lstm", {"units": 6}, ["embed"]),
    ("back", "linear", {"units": 11, "bias": False}, ["memory"]),
    ("next", "output", {}, ["back"]),
)


def test_submodules_are_named_by_their_nodes() -> None:
    graph, ids = sketch(*DIGITS)
    model = build(graph)
    assert [name for name, _ in model.named_children()] == [row[0] for row in DIGITS]
    assert isinstance(model.get_submodule(model.path_of(ids["conv1"])), nn.Conv2d)
    assert list(model.state_dict()) == ["conv1.weight", "conv1.bias", "fc.weight", "fc.bias"]
    assert model.call({"image": torch.zeros(2, 1, 8, 8), "other": torch.zeros(1)})["label"].shape == (2, 10)


def test_a_seed_decides_the_weights() -> None:
    graph, _ = sketch(*DIGITS)
    models = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        models.append(torch.cat([parameter.flatten() for parameter in build(graph).parameters()]))
    assert torch.equal(models[0], models[1]) and not torch.equal(models[0], models[2])


def test_specs_say_what_is_fed() -> None:
    graph, ids = sketch(*WORDS)
    planned = plan(graph)
    (given,), (result,), (rows,) = planned.inputs, planned.outputs, planned.lengths
    assert (given.name, given.node, given.field) == ("tokens", ids["tokens"], "text")
    assert (given.shape.dtype, given.shape.vocabulary) == ("int64", 11)
    assert (result.name, result.source, str(result.shape)) == ("next", PortRef(ids["back"], "output"), "N × T × 11")
    assert (rows.parameter, rows.input, rows.symbol.name, rows.symbol.maximum) == ("lengths", "tokens", "T", 9)
    assert plan(sketch(*DIGITS)[0]).inputs[0].field == "image"


def test_lengths_are_optional_and_their_names_checked() -> None:
    model = build(sketch(*WORDS)[0]).eval()
    tokens = torch.randint(0, 11, (2, 5))
    assert torch.equal(model(tokens), model(tokens, lengths=None))
    torch.testing.assert_close(model(tokens), model(tokens, lengths=torch.tensor([5, 5])))
    with pytest.raises(TypeError, match="sizes"):
        model(tokens, sizes=torch.tensor([5, 5]))
    with pytest.raises(ValueError, match="takes 1 inputs"):
        model(tokens, tokens)


def test_hooks_see_every_node_and_backward_hooks_stand() -> None:
    graph, _ = sketch(*DIGITS)
    model, seen, gradients = build(graph), [], []
    for name, module in model.named_children():
        module.register_forward_hook(lambda module, given, result, name=name: seen.append(name))
        module.register_full_backward_hook(lambda module, into, out, name=name: gradients.append(name))
    model(torch.randn(2, 1, 8, 8, requires_grad=True)).sum().backward()
    assert seen == [row[0] for row in DIGITS]
    assert gradients == seen[::-1]


def test_a_copy_is_a_model_of_its_own_and_modules_can_be_exchanged() -> None:
    model = build(sketch(*DIGITS)[0])
    image = torch.randn(2, 1, 8, 8)
    twin = copy.deepcopy(model)
    assert torch.equal(twin(image), model(image)) and twin.plan is model.plan
    before = model(image)
    twin.relu1 = nn.Tanh()
    twin.fc.weight.data.zero_()
    assert not torch.equal(twin(image), before) and torch.equal(model(image), before)
    exchanged = copy.deepcopy(model)
    exchanged.relu1 = nn.Tanh()
    exchanged.relu1 = model.relu1
    assert torch.equal(exchanged(image), before)


def test_a_model_travels_between_processes() -> None:
    model = build(sketch(*WORDS)[0]).eval()
    tokens = torch.randint(0, 11, (2, 5))
    assert torch.equal(pickle.loads(pickle.dumps(model))(tokens), model(tokens))


def test_loose_ends_are_left_out() -> None:
    graph, _ = sketch(*DIGITS)
    graph, spare = edit.add_node(graph, "conv2d", name="spare")
    graph = edit.connect(graph, Edge.between(next(iter(graph.nodes)), spare))
    model = build(graph)
    assert "spare" not in dict(model.named_children())
    with pytest.raises(KeyError):
        model.path_of(spare)


def test_tied_weights_are_one_and_saved_under_both_names() -> None:
    graph, ids = sketch(*WORDS)
    tied = edit.tie(graph, ids["back"], "weight", ids["embed"])
    model = build(tied)
    assert model.back.weight is model.embed.weight
    assert {"back.weight", "embed.weight"} <= model.state_dict().keys()
    assert "self.back.weight = self.embed.weight" in source(tied)
    names: dict[str, Any] = {}
    exec(source(tied), names)
    printed = names["Network"]()
    printed.load_state_dict(model.state_dict())
    tokens = torch.randint(0, 11, (2, 5))
    assert torch.equal(printed(tokens), model(tokens)) and printed.back.weight is printed.embed.weight
    before, after = total(costs(infer(graph, LAYERS))), total(costs(infer(tied, LAYERS)))
    assert before.parameters - after.parameters == 66
    assert after.parameters == sum(parameter.numel() for parameter in model.parameters())


def test_ties_that_cannot_be_are_named() -> None:
    graph, ids = sketch(*WORDS)
    with pytest.raises(GraphError, match="back cannot share weight 11×6 with weight_ih_l0 24×6 of memory"):
        build(edit.tie(graph, ids["back"], "weight", ids["memory"], "weight_ih_l0"))
    chain, ids = sketch(
        *DIGITS[:5],
        ("a", "linear", {"units": 4, "bias": False}, ["flat"]),
        ("b", "linear", {"units": 4, "bias": False}, ["flat"]),
        ("c", "linear", {"units": 4, "bias": False}, ["flat"]),
        ("sum", "add", {}, ["a", "b", "c"]),
        ("label", "output", {}, ["sum"]),
    )
    one_owner = edit.tie(edit.tie(chain, ids["c"], "weight", ids["b"]), ids["b"], "weight", ids["a"])
    model = build(one_owner)
    assert model.a.weight is model.b.weight is model.c.weight


def test_a_mistake_is_said_with_what_to_do() -> None:
    graph, _ = sketch(DIGITS[0], ("fc", "linear", {}, ["image"]), ("label", "output", {}, ["fc"]))
    with pytest.raises(GraphError, match="fc needs one vector per row") as caught:
        build(graph)
    assert "Flatten first" in caught.value.hint
    unknown, _ = sketch(*DIGITS)
    node = next(iter(unknown.nodes.values()))
    with pytest.raises(GraphError):
        build(unknown.with_nodes({**unknown.nodes, node.id: replace(node, layer="quantum")}))
    with pytest.raises(GraphError):
        build(Graph())


def test_a_node_cannot_have_the_path_of_a_group() -> None:
    graph, _ = sketch(DIGITS[0], ("conv1.inner", "conv2d", {}, ["image"]), ("label", "output", {}, ["conv1.inner"]))
    inner = next(node for node in graph if node.name == "inner")
    graph, relu = edit.insert_after(graph, inner.id, "relu")
    assert build(graph).conv1.inner is not None
    clash = replace(graph[relu], name="conv1", group="")
    with pytest.raises(GraphError, match="conv1"):
        plan(graph.with_nodes({**graph.nodes, relu: clash}))


def test_costs_add_up() -> None:
    graph, ids = sketch(*DIGITS)
    inferred = infer(graph, LAYERS)
    found = costs(inferred)
    assert found[ids["conv1"]].parameters == 4 * 9 + 4 and found[ids["conv1"]].macs == 8 * 8 * 4 * 9
    assert found[ids["fc"]].macs == 64 * 10 and found[ids["relu1"]].kept_bytes == 4 * 256
    whole = total(found)
    assert whole.parameters == sum(parameter.numel() for parameter in build(graph).parameters())
    assert training_bytes(whole, 10) - training_bytes(whole, 9) == whole.kept_bytes


def test_costs_are_there_for_the_good_part_of_a_wrong_drawing() -> None:
    graph, ids = sketch(DIGITS[0], DIGITS[1], ("fc", "linear", {}, ["conv1"]), ("label", "output", {}, ["fc"]))
    found = costs(infer(graph, LAYERS))
    assert ids["conv1"] in found and ids["fc"] not in found


ENCODER = (
    *WORDS[:2],
    ("block", "transformer_encoder", {"heads": 2, "layers": 3}, ["embed"]),
    ("result", "output", {}, ["block"]),
)

WIDER = (*WORDS[:2], ("memory", "lstm", {"units": 64}, ["embed"]), ("result", "output", {}, ["memory"]))


@pytest.mark.parametrize("rows", [DIGITS, WIDER, ENCODER])
def test_kept_memory_is_that_of_torch(rows: Any) -> None:
    graph, _ = sketch(*rows)
    model = build(graph)
    given = torch.randint(0, 11, (4, 8)) if model.plan.lengths else torch.randn(4, 1, 8, 8)
    others = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
    kept: dict[int, torch.Tensor] = {}

    def keep(value: torch.Tensor) -> torch.Tensor:
        kept.setdefault(value.untyped_storage().data_ptr(), value)
        return value

    lengths = {spec.parameter: torch.tensor([8, 8, 8, 8]) for spec in model.plan.lengths}
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda value: value):
        model(given, **lengths)
    real = sum(value.untyped_storage().nbytes() for key, value in kept.items() if key not in others) / len(given)
    assert total(costs(infer(graph, LAYERS), length=8)).kept_bytes == pytest.approx(real, rel=0.15)


def test_longer_rows_cost_more() -> None:
    inferred = infer(sketch(*WORDS)[0], LAYERS)
    assert total(costs(inferred, length=64)).macs == 2 * total(costs(inferred, length=32)).macs


def test_only_classes_that_layers_use_are_allowed() -> None:
    used = {layer.call(params, inputs).target for name in LAYERS.names() for layer, params, inputs in generated(name, 24)}
    assert {target.removeprefix("nn.") for target in used if target.startswith("nn.")} == ALLOWED
    with pytest.raises(AssertionError):
        make(Call("nn.Bilinear", {"in1_features": 1, "in2_features": 1, "out_features": 1}))
    assert is_name("gate") and not any(is_name(name) for name in vars(Model) if not name.startswith("_"))


def test_inputs_that_share_a_length_take_one_lengths_argument() -> None:
    graph, _ = sketch(
        ("words", "text_input", {"vocabulary": 9, "maximum_length": 6}, []),
        ("kinds", "text_input", {"vocabulary": 3, "maximum_length": 6}, []),
        ("a", "embedding", {"width": 4}, ["words"]),
        ("b", "embedding", {"width": 4}, ["kinds"]),
        ("sum", "add", {}, ["a", "b"]),
        ("mean", "mean_over_time", {}, ["sum"]),
        ("result", "output", {}, ["mean"]),
    )
    (rows,) = plan(graph).lengths
    assert (rows.parameter, rows.inputs) == ("lengths", ("words", "kinds"))
    model = build(graph)
    values = {"words": torch.randint(0, 9, (2, 6)), "kinds": torch.randint(0, 3, (2, 6))}
    lengths = torch.tensor([6, 2])
    model.call(values, {"words": lengths, "kinds": lengths})
    with pytest.raises(ValueError, match="words and kinds"):
        model.call(values, {"words": lengths, "kinds": torch.tensor([6, 3])})


def test_no_layer_computes_in_place_or_by_a_function() -> None:
    """Every explanation method hooks modules, so what bends must be one, and must leave its input as it is."""
    for layer in LAYERS:
        for _, params, inputs in generated(layer.name, 2):
            module = make(layer.call(params, inputs)).eval()
            assert not any(getattr(part, "inplace", False) for part in module.modules())
            values = inputs_of(layer, params, inputs)
            kept = {port: value.clone() for port, value in values.items()}
            apply(module, layer, params, inputs, values)
            assert all(torch.equal(values[port], kept[port]) for port in kept), layer.name
