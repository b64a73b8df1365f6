"""The export twin of an LSTM computes what the layer computes, in every form, with lengths."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from workbench.export.recurrent import LstmTwin
from workbench.export.twins import AttentionTwin, with_twins
from workbench.layers.modules.attention import SelfAttention
from workbench.layers.modules.recurrent import LSTM


@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("lengths", [None, [9, 1, 4, 6]])
def test_twin_equals_layer(layers: int, bidirectional: bool, lengths: list[int] | None) -> None:
    torch.manual_seed(0)
    layer = LSTM(5, 6, layers, bidirectional).eval()
    rows = torch.randn(4, 9, 5)
    valid = None if lengths is None else torch.tensor(lengths)
    with torch.no_grad():
        expected, found = layer(rows, valid), LstmTwin(layer)(rows, valid)
    for theirs, ours in zip(expected, found, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-6, rtol=0)


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
