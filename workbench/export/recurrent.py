"""The ONNX translation of recurrent layers: torch operators of our own that become ONNX `LSTM`, `GRU` and `RNN`.

Torch's exporter unrolls recurrent layers only once per process and never with row lengths; an operator with a translation exports
repeatedly, with lengths, in both directions, in several layers and with states to begin with.

Legend: N batch, T time, I input width, H hidden width, D directions (1 or 2), L layers, G gates.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

_INT32 = 6
_Step = Callable[[Tensor, Tensor, tuple[Tensor, ...]], tuple[Tensor, ...]]


@torch.library.custom_op("workbench::lstm", mutates_args=())
def lstm_layer(
    x: Tensor, w: Tensor, r: Tensor, b: Tensor, lengths: Tensor, hidden: Tensor | None, cell: Tensor | None, hidden_size: int
) -> tuple[Tensor, Tensor, Tensor]:
    """One LSTM layer with the weights and gate order (input, output, forget, cell) of ONNX.

    Args:
        x: `(N, T, I)`.
        w: `(D, 4H, I)`.
        r: `(D, 4H, H)`.
        b: `(D, 8H)`, input and recurrent bias.
        lengths: Valid steps per row, int64 `(N,)`.
        hidden: The state it begins with `(D, N, H)`, or None for zeros.
        cell: The same of the cell state.
        hidden_size: H.

    Returns:
        The output `(N, T, D*H)`, zero beyond the length; the last hidden and cell states `(D, N, H)`.
    """
    output, (last, memory) = _run(x, (w, r, b), lengths, (hidden, cell), _lstm_step)
    return output, last, memory


@torch.library.custom_op("workbench::gru", mutates_args=())
def gru_layer(
    x: Tensor, w: Tensor, r: Tensor, b: Tensor, lengths: Tensor, hidden: Tensor | None, hidden_size: int
) -> tuple[Tensor, Tensor]:
    """One GRU layer with the weights and gate order (update, reset, candidate) of ONNX; the reset gate follows the product.

    Args:
        x: `(N, T, I)`.
        w: `(D, 3H, I)`.
        r: `(D, 3H, H)`.
        b: `(D, 6H)`, input and recurrent bias.
        lengths: Valid steps per row, int64 `(N,)`.
        hidden: The state it begins with `(D, N, H)`, or None for zeros.
        hidden_size: H.

    Returns:
        The output `(N, T, D*H)`, zero beyond the length; the last state `(D, N, H)`.
    """
    output, (last,) = _run(x, (w, r, b), lengths, (hidden,), _gru_step)
    return output, last


@torch.library.custom_op("workbench::rnn", mutates_args=())
def rnn_layer(
    x: Tensor, w: Tensor, r: Tensor, b: Tensor, lengths: Tensor, hidden: Tensor | None, hidden_size: int, relu: bool
) -> tuple[Tensor, Tensor]:
    """One plain recurrent layer.

    Args:
        x: `(N, T, I)`.
        w: `(D, H, I)`.
        r: `(D, H, H)`.
        b: `(D, 2H)`, input and recurrent bias.
        lengths: Valid steps per row, int64 `(N,)`.
        hidden: The state it begins with `(D, N, H)`, or None for zeros.
        hidden_size: H.
        relu: Whether ReLU bends the sum, not tanh.

    Returns:
        The output `(N, T, D*H)`, zero beyond the length; the last state `(D, N, H)`.
    """
    output, (last,) = _run(x, (w, r, b), lengths, (hidden,), _relu_step if relu else _tanh_step)
    return output, last


def _lstm_step(given: Tensor, recalled: Tensor, states: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    gates = (given + recalled).chunk(4, 1)
    into, out, forget, fresh = gates[0].sigmoid(), gates[1].sigmoid(), gates[2].sigmoid(), gates[3].tanh()
    cell = forget * states[1] + into * fresh
    return out * cell.tanh(), cell


def _gru_step(given: Tensor, recalled: Tensor, states: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    (update, reset, fresh), (update_recalled, reset_recalled, fresh_recalled) = given.chunk(3, 1), recalled.chunk(3, 1)
    stays = (update + update_recalled).sigmoid()
    candidate = (fresh + (reset + reset_recalled).sigmoid() * fresh_recalled).tanh()
    return (stays * states[0] + (1 - stays) * candidate,)


def _tanh_step(given: Tensor, recalled: Tensor, states: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return ((given + recalled).tanh(),)


def _relu_step(given: Tensor, recalled: Tensor, states: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return ((given + recalled).relu(),)


def _run(
    x: Tensor, weights: tuple[Tensor, Tensor, Tensor], lengths: Tensor, begun: tuple[Tensor | None, ...], step: _Step
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Returns the output of all directions side by side, and every state of all directions one above the other."""
    runs = [
        _one_direction(x, tuple(part[d] for part in weights), lengths, [None if s is None else s[d] for s in begun], step, d == 1)
        for d in range(weights[0].shape[0])
    ]
    states = tuple(torch.stack(parts) for parts in zip(*(run[1] for run in runs), strict=True))
    return torch.cat([run[0] for run in runs], -1), states


def _one_direction(
    x: Tensor, weights: tuple[Tensor, ...], lengths: Tensor, begun: list[Tensor | None], step: _Step, reverse: bool
) -> tuple[Tensor, tuple[Tensor, ...]]:
    rows, steps, _ = x.shape
    (w, r, b), width = weights, weights[1].shape[1]
    bias, recurrent_bias = b.chunk(2)
    states = tuple(x.new_zeros(rows, width) if state is None else state.clone() for state in begun)
    output = x.new_zeros(rows, steps, width)
    for now in reversed(range(steps)) if reverse else range(steps):
        valid = (now < lengths)[:, None]
        new = step(x[:, now] @ w.T + bias, states[0] @ r.T + recurrent_bias, states)
        states = tuple(torch.where(valid, fresh, old) for fresh, old in zip(new, states, strict=True))
        output[:, now] = torch.where(valid, states[0], 0.0)
    return output, states


def _shapes_with(states: int) -> Callable[..., tuple[Tensor, ...]]:
    """Returns the rule that tells the exporter the shapes of an operator with so many states."""

    def shapes(x: Tensor, w: Tensor, r: Tensor, *rest: Any) -> tuple[Tensor, ...]:
        (rows, steps, _), directions, width = x.shape, w.shape[0], r.shape[2]
        return x.new_empty(rows, steps, directions * width), *(x.new_empty(directions, rows, width) for _ in range(states))

    return shapes


lstm_layer.register_fake(_shapes_with(2))
gru_layer.register_fake(_shapes_with(1))
rnn_layer.register_fake(_shapes_with(1))


def translations() -> dict[Any, Callable[..., Any]]:
    """Returns the translation table for `torch.onnx.export`: torch operator -> ONNX operators."""
    import onnxscript

    op: Any = onnxscript.opset18

    def in_time(x: Any, lengths: Any) -> tuple[Any, Any]:
        return op.Transpose(x, perm=[1, 0, 2]), op.Cast(lengths, to=_INT32)

    def flat(output: Any) -> Any:
        return op.Reshape(op.Transpose(output, perm=[2, 0, 1, 3]), op.Constant(value_ints=[0, 0, -1]))

    def lstm(x: Any, w: Any, r: Any, b: Any, lengths: Any, hidden: Any, cell: Any, hidden_size: int) -> Any:
        steps, rows = in_time(x, lengths)
        output, last, memory = op.LSTM(
            steps, w, r, b, rows, hidden, cell, hidden_size=hidden_size, direction=_direction(w)
        )
        return flat(output), last, memory

    def gru(x: Any, w: Any, r: Any, b: Any, lengths: Any, hidden: Any, hidden_size: int) -> Any:
        steps, rows = in_time(x, lengths)
        output, last = op.GRU(
            steps, w, r, b, rows, hidden, hidden_size=hidden_size, direction=_direction(w), linear_before_reset=1
        )
        return flat(output), last

    def rnn(x: Any, w: Any, r: Any, b: Any, lengths: Any, hidden: Any, hidden_size: int, relu: bool) -> Any:
        steps, rows = in_time(x, lengths)
        bends = ["Relu" if relu else "Tanh"] * (2 if _direction(w) == "bidirectional" else 1)
        output, last = op.RNN(
            steps, w, r, b, rows, hidden, hidden_size=hidden_size, direction=_direction(w), activations=bends
        )
        return flat(output), last

    ops = torch.ops.workbench
    return {ops.lstm.default: lstm, ops.gru.default: gru, ops.rnn.default: rnn}


def _direction(w: Any) -> str:
    return "bidirectional" if w.shape is not None and int(w.shape[0]) == 2 else "forward"


class RecurrentTwin(nn.Module, ABC):
    """The same recurrent layer in the form that exports: same weights, same signature as our layer, lengths included.

    Args:
        layer: A batch-first layer of torch without projection; its dropout between layers does not act in eval mode.
    """

    order: tuple[int, ...] = (0,)
    """Where ONNX finds its gates among those of torch."""

    def __init__(self, layer: nn.RNNBase) -> None:
        super().__init__()
        if not layer.batch_first or layer.proj_size:
            raise ValueError("only a batch-first recurrent layer without projection can be exported")
        self.hidden_size, self.num_layers, self.directions = layer.hidden_size, layer.num_layers, 2 if layer.bidirectional else 1
        for index in range(layer.num_layers):
            for name, value in zip("wrb", self._weights(layer, index), strict=True):
                self.register_buffer(f"{name}{index}", value)

    def _weights(self, layer: nn.RNNBase, index: int) -> tuple[Tensor, Tensor, Tensor]:
        found = dict(layer.named_parameters())
        ends = [f"_l{index}", f"_l{index}_reverse"][: self.directions]
        zeros = found[f"weight_hh{ends[0]}"].new_zeros(len(self.order) * self.hidden_size)
        biases = [torch.cat([self._ordered(found.get(f"bias_{kind}{end}", zeros)) for kind in ("ih", "hh")]) for end in ends]
        w = torch.stack([self._ordered(found[f"weight_ih{end}"]) for end in ends])
        r = torch.stack([self._ordered(found[f"weight_hh{end}"]) for end in ends])
        return w.detach().clone(), r.detach().clone(), torch.stack(biases).detach().clone()

    def _ordered(self, weights: Tensor) -> Tensor:
        gates = weights.chunk(len(self.order))
        return torch.cat([gates[index] for index in self.order])

    @abstractmethod
    def run_layer(self, x: Tensor, weights: tuple[Tensor, ...], steps: Tensor, begun: list[Tensor | None]) -> tuple[Tensor, ...]:
        """Returns the output of one layer `(N, T, D*H)` and its last states `(D, N, H)`."""

    def run(self, x: Tensor, lengths: Tensor | None, *begun: Tensor | None) -> tuple[Tensor, ...]:
        """Returns the last layer's output `(N, T, D*H)` and its states `(N, D*H)`.

        Args:
            x: `(N, T, I)`.
            lengths: Valid steps per row, int64 `(N,)`, or None.
            *begun: The states that every layer begins with, `(N, D*H)` each, or None for zeros.
        """
        rows, length = x.shape[0], x.shape[1]
        steps = torch.full((rows,), length, dtype=torch.int64, device=x.device) if lengths is None else lengths.clamp(min=1)
        first = [None if state is None else state.unflatten(1, (self.directions, self.hidden_size)).transpose(0, 1) for state in begun]
        states: tuple[Tensor, ...] = ()
        for layer in range(self.num_layers):
            x, *last = self.run_layer(x, tuple(getattr(self, f"{name}{layer}") for name in "wrb"), steps, first)
            states = tuple(last)
        return x, *(state.permute(1, 0, 2).flatten(1) for state in states)


class LstmTwin(RecurrentTwin):
    """An LSTM; torch keeps the gates as input, forget, cell, output; ONNX as input, output, forget, cell."""

    order = (0, 3, 1, 2)

    def run_layer(self, x: Tensor, weights: tuple[Tensor, ...], steps: Tensor, begun: list[Tensor | None]) -> tuple[Tensor, ...]:
        hidden, cell = begun
        if hidden is None and cell is not None:
            hidden = torch.zeros_like(cell)
        if cell is None and hidden is not None:
            cell = torch.zeros_like(hidden)
        w, r, b = weights
        return lstm_layer(x, w, r, b, steps, hidden, cell, self.hidden_size)

    def forward(
        self, input: Tensor, lengths: Tensor | None = None, hidden: Tensor | None = None, cell: Tensor | None = None
    ) -> tuple[Tensor, ...]:
        """Returns output `(N, T, D*H)`, and the last layer's hidden and cell states `(N, D*H)`."""
        return self.run(input, lengths, hidden, cell)


class GruTwin(RecurrentTwin):
    """A GRU; torch keeps the gates as reset, update, candidate; ONNX as update, reset, candidate."""

    order = (1, 0, 2)

    def run_layer(self, x: Tensor, weights: tuple[Tensor, ...], steps: Tensor, begun: list[Tensor | None]) -> tuple[Tensor, ...]:
        w, r, b = weights
        return gru_layer(x, w, r, b, steps, begun[0], self.hidden_size)

    def forward(self, input: Tensor, lengths: Tensor | None = None, hidden: Tensor | None = None) -> tuple[Tensor, ...]:
        """Returns output `(N, T, D*H)`, and the last layer's state `(N, D*H)`."""
        return self.run(input, lengths, hidden)


class RnnTwin(RecurrentTwin):
    """A plain recurrent layer."""

    def __init__(self, layer: nn.RNN) -> None:
        super().__init__(layer)
        self.relu = layer.nonlinearity == "relu"

    def run_layer(self, x: Tensor, weights: tuple[Tensor, ...], steps: Tensor, begun: list[Tensor | None]) -> tuple[Tensor, ...]:
        w, r, b = weights
        return rnn_layer(x, w, r, b, steps, begun[0], self.hidden_size, self.relu)

    def forward(self, input: Tensor, lengths: Tensor | None = None, hidden: Tensor | None = None) -> tuple[Tensor, ...]:
        """Returns output `(N, T, D*H)`, and the last layer's state `(N, D*H)`."""
        return self.run(input, lengths, hidden)
