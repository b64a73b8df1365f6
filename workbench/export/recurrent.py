"""The ONNX translation of LSTM layers: a torch operator of our own that becomes ONNX `LSTM`.

Torch's exporter unrolls `nn.LSTM` only once per process and never with row lengths; an operator with a translation exports
repeatedly, with lengths, in both directions and in several layers.

Legend: N batch, T time, I input width, H hidden width, D directions (1 or 2), L layers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

_INT32 = 6


@torch.library.custom_op("workbench::lstm", mutates_args=())
def lstm_layer(x: Tensor, w: Tensor, r: Tensor, b: Tensor, lengths: Tensor, hidden_size: int) -> tuple[Tensor, Tensor, Tensor]:
    """One LSTM layer with the weights and gate order (input, output, forget, cell) of ONNX.

    Args:
        x: `(N, T, I)`.
        w: `(D, 4H, I)`.
        r: `(D, 4H, H)`.
        b: `(D, 8H)`, input and recurrent bias.
        lengths: Valid steps per row, int64 `(N,)`.
        hidden_size: H.

    Returns:
        The output `(N, T, D*H)`, zero beyond the length; the last hidden and cell states `(D, N, H)`.
    """
    runs = [_one_direction(x, w[d], r[d], b[d], lengths, reverse=d == 1) for d in range(w.shape[0])]
    return torch.cat([run[0] for run in runs], -1), torch.stack([run[1] for run in runs]), torch.stack([run[2] for run in runs])


def _one_direction(x: Tensor, w: Tensor, r: Tensor, b: Tensor, lengths: Tensor, *, reverse: bool) -> tuple[Tensor, Tensor, Tensor]:
    rows, steps, _ = x.shape
    bias = b.reshape(2, -1).sum(0)
    hidden = cell = x.new_zeros(rows, r.shape[1])
    output = x.new_zeros(rows, steps, r.shape[1])
    for step in reversed(range(steps)) if reverse else range(steps):
        gates = (x[:, step] @ w.T + hidden @ r.T + bias).chunk(4, 1)
        into, out, forget, fresh = gates[0].sigmoid(), gates[1].sigmoid(), gates[2].sigmoid(), gates[3].tanh()
        valid = (step < lengths)[:, None]
        cell = torch.where(valid, forget * cell + into * fresh, cell)
        hidden = torch.where(valid, out * cell.tanh(), hidden)
        output[:, step] = torch.where(valid, hidden, 0.0)
    return output, hidden, cell


@lstm_layer.register_fake
def _lstm_shapes(x: Tensor, w: Tensor, r: Tensor, b: Tensor, lengths: Tensor, hidden_size: int) -> tuple[Tensor, Tensor, Tensor]:
    rows, steps, _ = x.shape
    directions = w.shape[0]
    return (
        x.new_empty(rows, steps, directions * hidden_size), x.new_empty(directions, rows, hidden_size),
        x.new_empty(directions, rows, hidden_size),
    )


def translations() -> dict[Any, Callable[..., Any]]:
    """Returns the translation table for `torch.onnx.export`: torch operator -> ONNX operators."""
    import onnxscript

    op: Any = onnxscript.opset18

    def one_way(x: Any, w: Any, r: Any, b: Any, lengths: Any, hidden_size: int, direction: str) -> Any:
        steps = op.Transpose(x, perm=[1, 0, 2])
        output, hidden, cell = op.LSTM(steps, w, r, b, op.Cast(lengths, to=_INT32), hidden_size=hidden_size, direction=direction)
        flat = op.Reshape(op.Transpose(output, perm=[2, 0, 1, 3]), op.Constant(value_ints=[0, 0, -1]))
        return flat, hidden, cell

    def translate(x: Any, w: Any, r: Any, b: Any, lengths: Any, hidden_size: int) -> Any:
        direction = "bidirectional" if w.shape is not None and int(w.shape[0]) == 2 else "forward"
        return one_way(x, w, r, b, lengths, hidden_size, direction)

    return {torch.ops.workbench.lstm.default: translate}


class LstmTwin(nn.Module):
    """The same LSTM in the form that exports: same weights, same signature as our layer, lengths included.

    Args:
        lstm: A batch-first LSTM without projection; its dropout between layers does not act in eval mode.
    """

    def __init__(self, lstm: nn.LSTM) -> None:
        super().__init__()
        if not lstm.batch_first or lstm.proj_size:
            raise ValueError("only a batch-first LSTM without projection can be exported")
        self.hidden_size, self.num_layers, self.directions = lstm.hidden_size, lstm.num_layers, 2 if lstm.bidirectional else 1
        for layer in range(lstm.num_layers):
            for name, value in zip("wrb", self._weights(lstm, layer), strict=True):
                self.register_buffer(f"{name}{layer}", value)

    def _weights(self, lstm: nn.LSTM, layer: int) -> tuple[Tensor, Tensor, Tensor]:
        found = dict(lstm.named_parameters())
        ends = [f"_l{layer}", f"_l{layer}_reverse"][: self.directions]
        zeros = found[f"weight_hh{ends[0]}"].new_zeros(4 * self.hidden_size)
        biases = [torch.cat([_reordered(found.get(f"bias_{kind}{end}", zeros)) for kind in ("ih", "hh")]) for end in ends]
        w = torch.stack([_reordered(found[f"weight_ih{end}"]) for end in ends])
        r = torch.stack([_reordered(found[f"weight_hh{end}"]) for end in ends])
        return w.detach().clone(), r.detach().clone(), torch.stack(biases).detach().clone()

    def run(self, x: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        """Returns the last layer's output `(N, T, D*H)` and all hidden and cell states `(L*D, N, H)`."""
        steps = torch.full((x.shape[0],), x.shape[1], dtype=torch.int64, device=x.device) if lengths is None else lengths
        hidden, cell = [], []
        for layer in range(self.num_layers):
            w, r, b = (getattr(self, f"{name}{layer}") for name in "wrb")
            x, last, memory = lstm_layer(x, w, r, b, steps, self.hidden_size)
            hidden.append(last)
            cell.append(memory)
        return x, torch.cat(hidden), torch.cat(cell)

    def forward(self, input: Tensor, lengths: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """Returns output `(N, T, D*H)`, and the last layer's hidden and cell states `(N, D*H)`."""
        output, hidden, cell = self.run(input, lengths)
        return output, _flat(hidden, self.directions), _flat(cell, self.directions)


def _reordered(weights: Tensor) -> Tensor:
    """Torch keeps the gates as input, forget, cell, output; ONNX as input, output, forget, cell."""
    into, forget, fresh, out = weights.chunk(4)
    return torch.cat([into, out, forget, fresh])


def _flat(states: Tensor, directions: int) -> Tensor:
    """Returns the last layer's states `(N, D*H)` of `(L*D, N, H)`."""
    last = states[-directions:]
    return last.permute(1, 0, 2).flatten(1)
