"""Export twins: modules that compute the same as a layer in a form that the exporter and ONNX Runtime take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from workbench.export.recurrent import GruTwin, LstmTwin, RnnTwin

ATTENTION_OPSET = 23
"""From here on attention becomes one ONNX `Attention` node, whose mask ONNX Runtime does not broadcast over queries."""


_RECURRENT: tuple[tuple[type[nn.RNNBase], Callable[[Any], nn.Module]], ...] = (
    (nn.LSTM, LstmTwin), (nn.GRU, GruTwin), (nn.RNN, RnnTwin),
)


class AttentionTwin(nn.Module):
    """The same attention by way of its weights, one operator after the other.

    Args:
        attention: Any module that has `explicit`, which takes what `forward` takes and returns the output first.
    """

    def __init__(self, attention: Any) -> None:
        super().__init__()
        self.attention = attention

    def forward(self, *given: Tensor | None, **named: Tensor | None) -> Tensor:
        """Returns what the attention returns."""
        return self.attention.explicit(*given, **named)[0]


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
        elif hasattr(child, "attention_weights") and opset >= ATTENTION_OPSET:
            setattr(model, name, AttentionTwin(child).eval())
        else:
            with_twins(child, opset)
    return model
