"""Every attention layer exports with row lengths, again and again in one process, and ONNX Runtime agrees over odd shapes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from torch import nn

from workbench.explain.capture import frozen_copy
from workbench.export.onnx_file import write_onnx
from workbench.export.twins import AttentionTwin, with_twins
from workbench.graph import edit
from workbench.graph.graph import Edge, Graph, PortRef
from workbench.layers import LAYERS
from workbench.layers.modules.attention import CrossAttention
from workbench.models.build import Model, build


def drawn(*rows: tuple[str, str, dict[str, Any], dict[str, str]]) -> Graph:
    """Draws rows of (name, layer, parameters, {port: source}); every loose end becomes an output."""
    graph, ids = Graph(), dict[str, str]()
    for name, layer, params, wires in rows:
        graph, ids[name] = edit.add_node(graph, layer, params=params, name=name)
        for port, source in wires.items():
            node, _, output = source.partition(":")
            graph = edit.connect(graph, Edge(PortRef(ids[node], output or "output"), PortRef(ids[name], port)))
    used = {edge.source for edge in graph.edges}
    for node in list(graph):
        for port in LAYERS[node.layer].outputs:
            if PortRef(node.id, port.name) not in used:
                graph, end = edit.add_node(graph, "output")
                graph = edit.connect(graph, Edge(PortRef(node.id, port.name), PortRef(end, "input")))
    return graph


TEXT = ("text", "text_input", {"vocabulary": 11, "maximum_length": 50, "symbol": "T"}, {})
OTHER = ("other", "text_input", {"vocabulary": 11, "maximum_length": 50, "symbol": "S"}, {})
IMAGE = ("image", "image_input", {"channels": 8, "height": 3, "width": 4}, {})
WORDS = ("words", "embedding", {"width": 8}, {"input": "text"})
QUESTIONS = ("questions", "embedding", {"width": 6}, {"input": "other"})
DRAWINGS = {
    "self": drawn(
        TEXT, WORDS,
        ("rotary", "self_attention", {"heads": 4, "key_heads": 2, "positions": "rotary"}, {"input": "words"}),
        ("alibi", "self_attention", {"heads": 2, "positions": "alibi"}, {"input": "rotary"}),
        ("causal", "self_attention", {"heads": 2, "positions": "alibi", "causal": True}, {"input": "alibi"}),
        ("encoder", "transformer_encoder", {"heads": 2, "activation": "swiglu", "positions": "rotary"}, {"input": "causal"}),
        ("gpt", "transformer_decoder", {"heads": 2, "norm": "post", "activation": "relu"}, {"input": "encoder"}),
        ("turned", "rotary_positions", {}, {"input": "gpt"}),
        ("dot", "dot_product_attention", {"causal": True}, {"query": "turned", "keys": "turned", "values": "gpt"}),
        ("mean", "mean_over_time", {}, {"input": "dot"}),
        ("pooled", "additive_attention", {"units": 5}, {"keys": "gpt"}),
    ),
    "two texts": drawn(
        TEXT, OTHER, WORDS, QUESTIONS,
        ("encoder", "gru", {"units": 4, "bidirectional": True}, {"input": "words"}),
        ("decoder", "gru", {"units": 8}, {"input": "questions", "hidden": "encoder:hidden"}),
        ("bahdanau", "additive_attention", {"units": 5}, {"keys": "encoder", "query": "decoder"}),
        ("luong", "dot_product_attention", {}, {"keys": "encoder", "query": "bahdanau"}),
        ("cross", "cross_attention", {"heads": 4, "key_heads": 2}, {"input": "luong", "memory": "words"}),
        ("blocks", "transformer_decoder", {"heads": 2}, {"input": "cross", "memory": "encoder"}),
        ("last", "last_over_time", {}, {"input": "blocks"}),
    ),
    "image and text": drawn(
        IMAGE, TEXT, WORDS,
        ("placed", "image_positions", {"kind": "learned"}, {"input": "image"}),
        ("look", "image_attention", {"heads": 2, "positions": "sinusoidal"}, {"input": "placed"}),
        ("both", "cross_modal_attention", {"heads": 2}, {"first": "look", "second": "words"}),
        ("asked", "cross_attention", {"heads": 2}, {"input": "both:first", "memory": "both:second"}),
        ("pooled", "additive_attention", {"units": 4}, {"keys": "asked"}),
        ("mean", "mean_over_time", {}, {"input": "both:second"}),
    ),
}


class Masked(nn.Module):
    """A model whose lengths come as masks, in the order of the inputs, as in a bundle."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.model: Any = model

    def forward(self, *given: torch.Tensor) -> tuple[torch.Tensor, ...]:
        count = len(self.model.plan.inputs)
        rows = {spec.parameter: mask.sum(1) for spec, mask in zip(self.model.plan.lengths, given[count:], strict=True)}
        return tuple(self.model(*given[:count], **rows))


def values(model: Model, rows: int, sizes: dict[str, int]) -> list[torch.Tensor]:
    """Random inputs, then masks."""
    given = []
    for spec in model.plan.inputs:
        symbol = next((dim.symbols() for dim in spec.shape.dims[1:] if dim.symbols()), None)
        steps = sizes[next(iter(symbol)).name] if symbol else 0
        given.append(torch.randint(0, 11, (rows, steps)) if symbol else torch.randn(rows, 8, 3, 4))
    for spec in model.plan.lengths:
        steps = sizes[spec.symbol.name]
        given.append((torch.arange(steps) < torch.randint(1, steps + 1, (rows, 1))).long())
    return given


def axes(model: Model) -> list[dict[int, str]]:
    free = [{0: "batch"} | ({1: str(next(iter(spec.shape.dims[1].symbols())).name)} if spec.shape.ragged else {}) for spec in model.plan.inputs]
    return free + [{0: "batch", 1: spec.symbol.name} for spec in model.plan.lengths]


@pytest.mark.parametrize(("name", "opset"), [("self", 18), ("self", 23), ("two texts", 23), ("image and text", 18)])
def test_onnx_runtime_agrees(name: str, opset: int, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = build(DRAWINGS[name]).eval()
    network, path = Masked(with_twins(frozen_copy(model), opset)), tmp_path / "model.onnx"
    examples = values(model, 2, {"T": 5, "S": 6})
    names = [f"given{index}" for index in range(len(examples))]
    write_onnx(network, examples, axes(model), (names, [spec.name for spec in model.plan.outputs]), path, opset=opset, metadata={})
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    for rows, sizes in ((1, {"T": 1, "S": 1}), (1, {"T": 7, "S": 3}), (5, {"T": 2, "S": 9}), (3, {"T": 40, "S": 2})):
        given = values(model, rows, sizes)
        found = session.run(None, {name: value.numpy() for name, value in zip(names, given, strict=True)})
        with torch.no_grad():
            expected = Masked(model)(*given)
        for ours, theirs in zip(found, expected, strict=True):
            np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-5 * max(1, float(theirs.abs().max())), rtol=0)


def test_every_attention_layer_stands_in_a_drawing() -> None:
    drawings = {node.layer for graph in DRAWINGS.values() for node in graph}
    assert {layer.name for layer in LAYERS if layer.family == "attention" and _attends(layer)} <= drawings


def _attends(layer: Any) -> bool:
    return type(layer).__module__.rpartition(".")[2] in ("attention", "transformer", "content_attention")


def test_a_twin_takes_what_its_layer_takes() -> None:
    torch.manual_seed(0)
    layer = CrossAttention(8, 2, 6).eval()
    twin, given, memory, lengths = AttentionTwin(layer), torch.randn(3, 8, 2, 2), torch.randn(3, 5, 6), torch.tensor([5, 1, 3])
    torch.testing.assert_close(twin(given, memory, lengths=lengths), layer(given, memory, lengths))
