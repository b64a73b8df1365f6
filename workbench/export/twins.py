"""Export twins: modules that compute the same as a layer in a form that the exporter and ONNX Runtime take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from workbench.export.recurrent import GruTwin, LstmTwin, RnnTwin
from workbench.layers.modules.attention import SelfAttention

ATTENTION_OPSET = 23
"""From here on attention becomes one ONNX `Attention` node, whose mask ONNX Runtime does not broadcast over queries."""


_RECURRENT: tuple[tuple[type[nn.RNNBase], Callable[[Any], nn.Module]], ...] = (
    (nn.LSTM, LstmTwin), (nn.GRU, GruTwin), (nn.RNN, RnnTwin),
)


class AttentionTwin(SelfAttention):
    """The same self-attention with a mask row for every query."""

    def __init__(self, attention: SelfAttention) -> None:
        super().__init__(attention.qkv.in_features, attention.heads, attention.causal, attention.dropout)
        self.qkv, self.out = attention.qkv, attention.out

    def _mask(self, input: Tensor, lengths: Tensor | None) -> Tensor | None:
        mask = super()._mask(input, lengths)
        return mask if mask is None or mask.ndim < 4 else mask.expand(-1, -1, input.shape[1], -1)


def with_twins(model: nn.Module, opset: int) -> nn.Module:
    """Replaces what needs it inside `model`, in place, and returns the model.

    Args:
        model: A frozen copy.
        opset: The ONNX operator set it is exported for.
    """
    for name, child in list(model.named_children()):
        twin = next((twin for kind, twin in _RECURRENT if isinstance(child, kind)), None)
        if twin is not None:
            setattr(model, name, twin(child))
        elif isinstance(child, SelfAttention) and opset >= ATTENTION_OPSET:
            setattr(model, name, AttentionTwin(child).eval())
        else:
            with_twins(child, opset)
    return model
