"""Recurrent layers, flat and batch-first, with row lengths and gates that can be watched."""

# pyright: reportIncompatibleMethodOverride=false

from __future__ import annotations

import torch
from torch import Tensor, nn


class LSTM(nn.LSTM):
    """Long short-term memory (Hochreiter and Schmidhuber 1997) over padded rows.

    N rows, T steps, D features, H units, K directions (1 or 2).

    Args:
        input_size: D.
        hidden_size: H.
        num_layers: How many layers stand on each other.
        bidirectional: Whether a second one reads every row from its end.
        dropout: The share of numbers dropped between layers while training.
    """

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, bidirectional: bool = False, dropout: float = 0.0
    ) -> None:
        super().__init__(input_size, hidden_size, num_layers, batch_first=True, bidirectional=bidirectional, dropout=dropout)

    def forward(self, input: Tensor, lengths: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """Runs the layer.

        Args:
            input: (N, T, D), rows padded on the right.
            lengths: The valid steps of every row (N,), or None where no row is padded.

        Returns:
            The output of every step (N, T, K * H), zero where a row is padded; the hidden and the cell state of the last layer
            after the last valid step, (N, K * H) each.
        """
        if lengths is None:
            output, (hidden, cell) = super().forward(input)
        else:
            valid = lengths.clamp(min=1).cpu()
            packed = nn.utils.rnn.pack_padded_sequence(input, valid, batch_first=True, enforce_sorted=False)
            output, (hidden, cell) = super().forward(packed)
            output, _ = nn.utils.rnn.pad_packed_sequence(output, batch_first=True, total_length=input.shape[1])
        return output, self._joined(hidden), self._joined(cell)

    def _joined(self, state: Tensor) -> Tensor:
        """Returns the directions of the last layer side by side: (layers * K, N, H) -> (N, K * H)."""
        directions = 2 if self.bidirectional else 1
        return state[-directions:].transpose(0, 1).flatten(1)

    @torch.no_grad()
    def trace(self, input: Tensor, lengths: Tensor | None = None, layer: int = -1, reverse: bool = False) -> dict[str, Tensor]:
        """Runs the layer step by step and keeps what forward does not return. Dropout between layers is left out.

        Args:
            input: (N, T, D), rows padded on the right.
            lengths: The valid steps of every row (N,), or None where no row is padded.
            layer: Which layer to watch; -1 is the last.
            reverse: Whether to watch the direction that reads from the end.

        Returns:
            By name, (N, T, H) each, zero where a row is padded: `hidden`, `cell`, `input_gate`, `forget_gate`, `cell_candidate`,
            `output_gate`.
        """
        steps = input.shape[1]
        rows = torch.full((len(input),), steps, device=input.device) if lengths is None else lengths.clamp(min=1)
        valid = torch.arange(steps, device=input.device) < rows.to(input.device)[:, None]
        watched = layer % self.num_layers
        given = input
        for index in range(watched):
            directions = [False, True] if self.bidirectional else [False]
            given = torch.cat([self._traced(given, valid, index, way)["hidden"] for way in directions], dim=2)
        return self._traced(given, valid, watched, reverse)

    def _traced(self, input: Tensor, valid: Tensor, layer: int, reverse: bool) -> dict[str, Tensor]:
        """Runs one direction of one layer; `valid` is (N, T)."""
        suffix = f"_l{layer}" + ("_reverse" if reverse else "")
        weight, recurrent = getattr(self, "weight_ih" + suffix), getattr(self, "weight_hh" + suffix)
        bias = getattr(self, "bias_ih" + suffix) + getattr(self, "bias_hh" + suffix)
        given = input @ weight.T + bias
        hidden = cell = input.new_zeros(len(input), self.hidden_size)
        names = ("hidden", "cell", "input_gate", "forget_gate", "cell_candidate", "output_gate")
        kept = {name: input.new_zeros(*input.shape[:2], self.hidden_size) for name in names}
        for step in reversed(range(input.shape[1])) if reverse else range(input.shape[1]):
            gates = (given[:, step] + hidden @ recurrent.T).chunk(4, dim=1)
            opened, forgets, candidate, shows = gates[0].sigmoid(), gates[1].sigmoid(), gates[2].tanh(), gates[3].sigmoid()
            now = valid[:, step, None]
            cell = torch.where(now, forgets * cell + opened * candidate, cell)
            hidden = torch.where(now, shows * cell.tanh(), hidden)
            for name, value in zip(names, (hidden, cell, opened, forgets, candidate, shows), strict=True):
                kept[name][:, step] = value * now
        return kept
