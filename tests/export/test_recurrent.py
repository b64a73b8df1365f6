"""The export twins of recurrent layers compute what the layers compute, in every form, with lengths, and so does ONNX Runtime."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import nn

from workbench.export.onnx_file import write_onnx
from workbench.export.recurrent import GruTwin, LstmTwin, RnnTwin
from workbench.export.twins import AttentionTwin, with_twins
from workbench.layers.modules.attention import SelfAttention
from workbench.layers.modules.recurrent import GRU, LSTM, RNN

FORMS: list[tuple[type[Any], type[Any], dict[str, Any]]] = [
    (LSTM, LstmTwin, {}), (GRU, GruTwin, {}), (RNN, RnnTwin, {}), (RNN, RnnTwin, {"nonlinearity": "relu"}),
]


def begun(kind: type[Any], width: int, rows: int = 4) -> dict[str, torch.Tensor]:
    """Random states to begin with."""
    return {name: torch.randn(rows, width) for name in (("hidden", "cell") if kind is LSTM else ("hidden",))}


@pytest.mark.parametrize(("kind", "twin", "more"), FORMS)
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("lengths", [None, [9, 0, 4, 6]])
@pytest.mark.parametrize("with_states", [False, True])
def test_twin_equals_layer(
    kind: type[Any], twin: type[Any], more: dict[str, Any], layers: int, bidirectional: bool, lengths: list[int] | None, with_states: bool,
) -> None:
    torch.manual_seed(0)
    layer = kind(5, 6, layers, bidirectional=bidirectional, **more).eval()
    rows, states = torch.randn(4, 9, 5), begun(kind, 12 if bidirectional else 6) if with_states else {}
    valid = None if lengths is None else torch.tensor(lengths)
    with torch.no_grad():
        expected, found = layer(rows, valid, **states), twin(layer)(rows, valid, **states)
    for theirs, ours in zip(expected, found, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-6, rtol=0)


def test_a_cell_alone_begins_with_a_hidden_state_of_zeros() -> None:
    layer, rows, cell = LSTM(5, 6), torch.randn(2, 4, 5), torch.randn(2, 6)
    for theirs, ours in zip(layer(rows, cell=cell), LstmTwin(layer)(rows, cell=cell), strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-6, rtol=0)


class EncoderDecoder(nn.Module):
    """Two layers both ways, whose last states begin a second layer; rows through a mask, as in a bundle."""

    def __init__(self, kind: type[Any], more: dict[str, Any]) -> None:
        super().__init__()
        self.encoder, self.decoder = kind(5, 4, 2, bidirectional=True, **more), kind(5, 8, **more)

    def forward(self, *given: torch.Tensor) -> tuple[torch.Tensor, ...]:
        rows, lengths = given[0], given[1].sum(1)
        output, *states = self.encoder(rows, lengths)
        return output, *self.decoder(rows, lengths, *states)


@pytest.mark.parametrize(("kind", "twin", "more"), FORMS)
def test_onnx_runtime_agrees_over_odd_batches_and_lengths(kind: type[Any], twin: type[Any], more: dict[str, Any], tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = EncoderDecoder(kind, more).eval()
    network, path = with_twins(copy.deepcopy(model), 20), tmp_path / "model.onnx"
    examples = [torch.randn(2, 5, 5), torch.ones(2, 5, dtype=torch.int64)]
    outputs = [f"result{index}" for index in range(len(model(*examples)))]
    write_onnx(
        network, examples, [{0: "batch", 1: "length"}] * 2, (["rows", "mask"], outputs), path, opset=20, metadata={"made": "here"}
    )
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    kinds = {node.op_type for node in onnx.load(path).graph.node}
    assert kind.__name__ in kinds and not kinds & {"Loop", "Scan"}
    for count, steps in ((1, 1), (1, 7), (5, 3), (4, 40)):
        rows, lengths = torch.randn(count, steps, 5), torch.randint(1, steps + 1, (count,))
        mask = (torch.arange(steps) < lengths[:, None]).long()
        found = session.run(None, {"rows": rows.numpy(), "mask": mask.numpy()})
        with torch.no_grad():
            for ours, theirs in zip(found, model(rows, mask), strict=True):
                np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-5)


def test_what_stands_beyond_the_length_has_no_effect() -> None:
    twin = LstmTwin(LSTM(3, 4, bidirectional=True))
    rows, lengths = torch.randn(2, 6, 3), torch.tensor([2, 6])
    other = rows.clone()
    other[0, 2:] = 1e6
    for first, second in zip(twin(rows, lengths), twin(other, lengths), strict=True):
        assert torch.equal(first, second)


def test_layers_that_cannot_be_exported_are_refused() -> None:
    with pytest.raises(ValueError, match="batch-first"):
        LstmTwin(nn.LSTM(3, 4))
    with pytest.raises(ValueError, match="projection"):
        LstmTwin(nn.LSTM(3, 4, batch_first=True, proj_size=2))


def test_twins_take_the_place_of_layers_wherever_they_stand() -> None:
    model = nn.ModuleDict({"a": LSTM(3, 4), "deep": nn.Sequential(nn.Linear(2, 2), LSTM(3, 4)), "b": SelfAttention(4, 2)})
    with_twins(model, 20)
    assert isinstance(model["a"], LstmTwin) and isinstance(model["deep"][1], LstmTwin) and not isinstance(model["b"], AttentionTwin)
    with_twins(model, 23)
    assert isinstance(model["b"], AttentionTwin)


def test_attention_twin_equals_layer() -> None:
    torch.manual_seed(1)
    rows, lengths = torch.randn(3, 5, 8), torch.tensor([5, 1, 3])
    for causal in (False, True):
        layer = SelfAttention(8, 2, causal).eval()
        twin = AttentionTwin(layer).eval()
        with torch.no_grad():
            for given in (None, lengths):
                torch.testing.assert_close(twin(rows, given), layer(rows, given), atol=1e-6, rtol=0)
