"""The printed source and the built model are the same model."""

from __future__ import annotations

import importlib.abc
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Any

import pytest
import torch
from torch import nn

from tests.layers.cases import CASES, LONGEST, drawing, tensor
from workbench.graph import edit
from workbench.graph.graph import Edge, Graph, PortRef
from workbench.graph.infer import infer
from workbench.layers import LAYERS
from workbench.models import printing
from workbench.models.build import Model, build
from workbench.models.plan import plan
from workbench.models.source import source, source_lines

LENGTHS = [LONGEST, 1, 4]


def executed(text: str) -> nn.Module:
    """Returns the last class of a source, made."""
    names: dict[str, Any] = {"__name__": "exported"}
    exec(compile(text, "exported.py", "exec"), names)
    classes = [value for value in names.values() if isinstance(value, type) and value.__module__ == "exported"]
    assert classes[-1].__name__ == "Network"
    return classes[-1]()


def values_of(model: Model) -> tuple[list[torch.Tensor], dict[str, torch.Tensor]]:
    """Returns random inputs and lengths."""
    inputs = [tensor(spec.shape, 3, LONGEST) for spec in model.plan.inputs]
    return inputs, {spec.parameter: torch.tensor(LENGTHS) for spec in model.plan.lengths}


def assert_same(graph: Graph) -> None:
    """Asserts that source and model have equal keys, equal first weights for a seed, and equal outputs."""
    torch.manual_seed(5)
    model = build(graph)
    torch.manual_seed(5)
    printed = executed(source(graph))
    assert list(model.state_dict()) == list(printed.state_dict())
    assert all(
        torch.equal(left, right) for left, right in zip(model.state_dict().values(), printed.state_dict().values(), strict=True)
    )
    inputs, lengths = values_of(model)
    for given in (lengths, {}):
        left, right = model.eval()(*inputs, **given), printed.eval()(*inputs, **given)
        for one, other in zip(*((value,) if isinstance(value, torch.Tensor) else value for value in (left, right)), strict=True):
            assert torch.equal(one, other)


@pytest.mark.parametrize("name", [name for name in LAYERS.names() if not LAYERS[name].role])
def test_source_is_the_model_for_every_layer(name: str) -> None:
    tried = 0
    for attempt in range(30):
        raw, inputs = CASES[name](Random(f"source {name} {attempt}"))
        graph = drawing(name, raw, inputs)
        if infer(graph, LAYERS).ok:
            assert_same(graph)
            tried += 1
        if tried == 4:
            break
    assert tried == 4


def sketch(*rows: tuple[str, str, dict[str, Any], list[str]]) -> Graph:
    """Draws rows of (path, layer, parameters, sources); a source may name a port (`lstm1:hidden`)."""
    graph, ids = Graph(), {}
    for path, layer, params, sources in rows:
        group, _, name = path.rpartition(".")
        graph, ids[path] = edit.add_node(graph, layer, params=params, name=name, group=group)
        for each in sources:
            source_path, _, port = each.partition(":")
            target = LAYERS[layer].inputs[0].name
            graph = edit.connect(graph, Edge(PortRef(ids[source_path], port or "output"), PortRef(ids[path], target)))
    return graph


FAMILIES = sketch(
    ("tokens", "text_input", {"vocabulary": 30, "maximum_length": LONGEST}, []),
    ("picture", "image_input", {"channels": 3, "height": 8, "width": 8}, []),
    ("age", "number_input", {}, []),
    ("colour", "category_input", {"categories": 4}, []),
    ("embed", "embedding", {"width": 8}, ["tokens"]),
    ("encoder.where", "positional_encoding", {}, ["embed"]),
    ("encoder.attend", "self_attention", {"heads": 2}, ["encoder.where"]),
    ("encoder.around", "add", {}, ["encoder.where", "encoder.attend"]),
    ("encoder.norm", "layer_norm", {}, ["encoder.around"]),
    ("memory", "lstm", {"units": 4, "bidirectional": True}, ["encoder.norm"]),
    ("mean", "mean_over_time", {}, ["memory"]),
    ("seen.conv1", "conv2d", {"filters": 4}, ["picture"]),
    ("seen.bend", "relu", {}, ["seen.conv1"]),
    ("seen.pool", "global_max_pool", {}, ["seen.bend"]),
    ("hue", "embedding", {"width": 3}, ["colour"]),
    ("all", "concatenate", {}, ["mean", "memory:cell", "seen.pool", "age", "hue"]),
    ("head", "linear", {"units": 2}, ["all"]),
    ("label", "output", {}, ["head"]),
    ("length", "linear", {"units": 1}, ["memory:hidden"]),
    ("amount", "output", {}, ["length"]),
)


def test_all_families_in_one_drawing() -> None:
    assert_same(FAMILIES)
    planned = plan(FAMILIES)
    assert [spec.name for spec in planned.inputs] == ["tokens", "picture", "age", "colour"]
    assert [spec.name for spec in planned.outputs] == ["label", "amount"]
    text = source(FAMILIES)
    assert "label, amount" not in text and "return head, length" in text
    assert "self.encoder = nn.Module()" in text and "self.seen.conv1 = nn.Conv2d(" in text


def test_each_of_our_classes_is_printed_once_and_only_where_used() -> None:
    text = source(FAMILIES)
    assert all(text.count(f"class {name}(") == 1 for name in ("SelfAttention", "LSTM", "SinusoidalPositions", "MeanOverTime"))
    assert not any(
        f"class {name}(" in text for name in ("TransformerEncoder", "LearnedPositions", "MaxOverTime", "Add", "Concatenate")
    )
    encoder = sketch(
        ("tokens", "text_input", {}, []),
        ("embed", "embedding", {"width": 8}, ["tokens"]),
        ("block", "transformer_encoder", {}, ["embed"]),
        ("end", "output", {}, ["block"]),
    )
    text = source(encoder)
    assert text.index("class SelfAttention(") < text.index("class EncoderBlock(") < text.index("class TransformerEncoder(")
    assert_same(encoder)


def test_classes_are_printed_word_for_word() -> None:
    file = Path(printing.__file__).parents[1] / "layers/modules/recurrent.py"
    body = file.read_text(encoding="utf-8").partition("class LSTM")[2].partition("\n\n\nclass ")[0]
    assert "class LSTM" + body in source(FAMILIES)


def test_source_runs_with_torch_alone(tmp_path: Path) -> None:
    text = source(FAMILIES)
    assert "workbench" not in text
    model = build(FAMILIES).eval()
    inputs, lengths = values_of(model)
    torch.save({"state": model.state_dict(), "inputs": inputs, "lengths": lengths["lengths"]}, tmp_path / "given.pt")
    (tmp_path / "exported.py").write_text(text, encoding="utf-8")
    code = (
        "import sys, torch; sys.path.insert(0, '.'); import exported; given = torch.load('given.pt'); model = exported.Network().eval();"
        "model.load_state_dict(given['state']); results = model(*given['inputs'], lengths=given['lengths']);"
        "torch.save(results, 'results.pt'); assert 'workbench' not in sys.modules"
    )
    subprocess.run([sys.executable, "-I", "-W", "ignore", "-c", code], cwd=tmp_path, check=True, timeout=60)
    for mine, theirs in zip(model(*inputs, **lengths), torch.load(tmp_path / "results.pt"), strict=True):
        torch.testing.assert_close(theirs, mine)


def test_lines_belong_to_their_nodes() -> None:
    lines = source(FAMILIES).splitlines()
    places = source_lines(FAMILIES)
    for node in FAMILIES:
        printed = [lines[number - 1] for number in places.get(node.id, ())]
        if node.layer in ("add", "concatenate", "global_max_pool", "number_input"):
            assert len(printed) == 1 and printed[0].strip().startswith(f"{node.path.replace('.', '_')} = ")
        elif LAYERS[node.layer].role:
            assert not printed
        else:
            assert f"self.{node.path} = " in printed[0] and f"self.{node.path}(" in printed[-1]


def test_shapes_stand_beside_the_calls() -> None:
    text = source(FAMILIES)
    assert "seen_conv1 = self.seen.conv1(picture)  # (N, 4, 8, 8)" in text
    assert "memory, memory_hidden, memory_cell = self.memory(encoder_norm, lengths)  # (N, T, 8), (N, 8), (N, 8)" in text


def test_names_that_collide_are_told_apart() -> None:
    graph = sketch(
        ("picture", "image_input", {"channels": 1, "height": 4, "width": 4}, []),
        ("a.b", "conv2d", {"filters": 2}, ["picture"]),
        ("a_b", "relu", {}, ["a.b"]),
        ("Tensor", "conv2d", {"filters": 2, "kernel": 1}, ["a_b"]),
        ("lstm_hidden", "flatten", {}, ["Tensor"]),
        ("result", "output", {}, ["lstm_hidden"]),
    )
    assert_same(graph)


def test_two_texts_of_different_length_have_lengths_of_their_own() -> None:
    graph = sketch(
        ("question", "text_input", {"vocabulary": 9, "maximum_length": LONGEST, "symbol": "Q"}, []),
        ("answer", "text_input", {"vocabulary": 9, "maximum_length": LONGEST, "symbol": "A"}, []),
        ("left", "embedding", {"width": 4}, ["question"]),
        ("right", "embedding", {"width": 4}, ["answer"]),
        ("left_mean", "mean_over_time", {}, ["left"]),
        ("right_mean", "mean_over_time", {}, ["right"]),
        ("both", "concatenate", {}, ["left_mean", "right_mean"]),
        ("result", "output", {}, ["both"]),
    )
    assert [(spec.parameter, spec.input) for spec in plan(graph).lengths] == [("lengths_Q", "question"), ("lengths_A", "answer")]
    assert_same(graph)
    model = build(graph)
    given = {"question": torch.randint(0, 9, (2, 5)), "answer": torch.randint(0, 9, (2, 7))}
    rows = {"question": torch.tensor([5, 2]), "answer": torch.tensor([3, 7])}
    alone = {"question": given["question"][1:, :2], "answer": given["answer"][1:, :7]}
    torch.testing.assert_close(model.call(given, rows)["result"][1:], model.call(alone)["result"])


def test_long_constructors_are_wrapped() -> None:
    graph = sketch(
        ("picture", "image_input", {}, []),
        (
            "a_convolution_with_a_rather_long_name",
            "conv2d",
            {"filters": 64, "kernel": 5, "kernel_width": 3, "stride": 2, "padding": 2, "dilation": 2, "bias": False},
            ["picture"],
        ),
        ("result", "output", {}, ["a_convolution_with_a_rather_long_name"]),
    )
    assert all(len(line) <= 120 for line in source(graph).splitlines() if "self." in line and "#" not in line)
    assert_same(graph)


def test_modules_are_read_through_their_loader_where_there_are_no_files(monkeypatch: pytest.MonkeyPatch) -> None:
    class Frozen(importlib.abc.InspectLoader):
        def get_source(self, fullname: str) -> str:
            return f"from torch import nn\n\n\nclass Sealed(nn.Module):\n    place = {fullname!r}\n"

    class Spec:
        loader = Frozen()

    printing._our_text.cache_clear()
    monkeypatch.setattr(printing.importlib.util, "find_spec", lambda name: Spec())
    imports, bodies = printing.definitions(["sealed.Sealed"])
    printing._our_text.cache_clear()
    assert imports == ["from torch import nn"]
    assert bodies == ["class Sealed(nn.Module):\n    place = 'workbench.layers.modules.sealed'"]
