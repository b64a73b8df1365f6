"""Recurrent layers, flat and batch-first, with row lengths, a state to begin with, and gates that can be watched.

N rows, T steps, D features, H units, K directions (1 or 2).
"""

# pyright: reportIncompatibleMethodOverride=false

from __future__ import annotations

import torch
from torch import Tensor, nn


class OverRows(nn.RNNBase):
    """What recurrent layers over padded rows share; a subclass is also one of torch's recurrent layers.

    Attributes:
        kept: What a replay keeps by name; `hidden` is the first.
        states: How many of them go from step to step.
    """

    kept: tuple[str, ...] = ("hidden",)
    states: int = 1

    @property
    def directions(self) -> int:
        """1, or 2 where rows are read from both ends."""
        return 2 if self.bidirectional else 1

    def _run(self, input: Tensor, lengths: Tensor | None, *begun: Tensor) -> tuple[Tensor, ...]:
        """Runs torch's layer over rows (N, T, D) with the lengths (N,); returns its output (N, T, K * H), then its states."""
        state = begun if len(begun) > 1 else begun[0] if begun else None
        if lengths is None:
            output, last = super().forward(input, state)
        else:
            valid = lengths.clamp(min=1).cpu()
            packed = nn.utils.rnn.pack_padded_sequence(input, valid, batch_first=True, enforce_sorted=False)
            output, last = super().forward(packed, state)  # pyright: ignore[reportArgumentType]
            output, _ = nn.utils.rnn.pad_packed_sequence(output, batch_first=True, total_length=input.shape[1])
        return output, *(last if isinstance(last, tuple) else (last,))

    def _begun(self, state: Tensor) -> Tensor:
        """Returns a state to begin with for every layer and direction: (N, K * H) -> (layers * K, N, H)."""
        return state.unflatten(1, (self.directions, -1)).transpose(0, 1).repeat(self.num_layers, 1, 1)

    def _joined(self, state: Tensor) -> Tensor:
        """Returns the directions of the last layer side by side: (layers * K, N, H) -> (N, K * H)."""
        return state[-self.directions :].transpose(0, 1).flatten(1)

    @torch.no_grad()
    def _replay(
        self, input: Tensor, lengths: Tensor | None, begun: tuple[Tensor | None, ...], layer: int, reverse: bool
    ) -> dict[str, Tensor]:
        """Runs layers step by step up to the watched one; `begun` are the states to begin with, (N, K * H) each."""
        steps = input.shape[1]
        rows = torch.full((len(input),), steps, device=input.device) if lengths is None else lengths.clamp(min=1)
        valid = torch.arange(steps, device=input.device) < rows.to(input.device)[:, None]
        watched = layer % self.num_layers
        given = input
        for index in range(watched):
            ways = [False, True][: self.directions]
            given = torch.cat([self._replay_one(given, valid, begun, index, way)["hidden"] for way in ways], dim=2)
        return self._replay_one(given, valid, begun, watched, reverse)

    def _replay_one(
        self, input: Tensor, valid: Tensor, begun: tuple[Tensor | None, ...], layer: int, reverse: bool
    ) -> dict[str, Tensor]:
        """Runs one direction of one layer; `valid` is (N, T)."""
        suffix = f"_l{layer}" + ("_reverse" if reverse else "")
        weight, bias = getattr(self, "weight_hh" + suffix), getattr(self, "bias_hh" + suffix)
        given = input @ getattr(self, "weight_ih" + suffix).T + getattr(self, "bias_ih" + suffix)
        zeros = input.new_zeros(len(input), self.hidden_size)
        own = slice(-self.hidden_size, None) if reverse else slice(0, self.hidden_size)
        states = [zeros if state is None else state[:, own] for state in begun]
        kept = {name: input.new_zeros(*input.shape[:2], self.hidden_size) for name in self.kept}
        for step in reversed(range(input.shape[1])) if reverse else range(input.shape[1]):
            values = self._step(given[:, step], states[0] @ weight.T + bias, states)
            now = valid[:, step, None]
            states = [torch.where(now, new, old) for new, old in zip(values[: self.states], states, strict=True)]
            for name, value in zip(self.kept, (*states, *values[self.states :]), strict=True):
                kept[name][:, step] = value * now
        return kept

    def _step(self, given: Tensor, recalled: Tensor, states: list[Tensor]) -> tuple[Tensor, ...]:
        """Returns the new states and then all that is kept, (N, H) each.

        Args:
            given: What the input says, bias included, (N, gates * H).
            recalled: What the hidden state says, bias included, (N, gates * H).
            states: The states of the step before, (N, H) each.
        """
        return (given + recalled,)


class LSTM(OverRows, nn.LSTM):
    """Long short-term memory (Hochreiter and Schmidhuber 1997) over padded rows.

    Args:
        input_size: D.
        hidden_size: H.
        num_layers: How many layers stand on each other.
        bidirectional: Whether a second one reads every row from its end.
        dropout: The share of numbers dropped between layers while training.
    """

    kept = ("hidden", "cell", "input_gate", "forget_gate", "cell_candidate", "output_gate")
    states = 2

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, bidirectional: bool = False, dropout: float = 0.0
    ) -> None:
        super().__init__(input_size, hidden_size, num_layers, batch_first=True, bidirectional=bidirectional, dropout=dropout)

    def forward(
        self, input: Tensor, lengths: Tensor | None = None, hidden: Tensor | None = None, cell: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Runs the layer.

        Args:
            input: (N, T, D), rows padded on the right.
            lengths: The valid steps of every row (N,), or None where no row is padded.
            hidden: The hidden state that every layer begins with, (N, K * H), or None for zeros.
            cell: The same of the cell state.

        Returns:
            The output of every step (N, T, K * H), zero where a row is padded; the hidden and the cell state of the last layer
            after the last valid step, (N, K * H) each.
        """
        begun: list[Tensor] = []
        if hidden is not None or cell is not None:
            known = [None if value is None else self._begun(value) for value in (hidden, cell)]
            zeros = torch.zeros_like(next(value for value in known if value is not None))
            begun = [zeros if value is None else value for value in known]
        output, last, memory = self._run(input, lengths, *begun)
        return output, self._joined(last), self._joined(memory)

    def trace(
        self,
        input: Tensor,
        lengths: Tensor | None = None,
        hidden: Tensor | None = None,
        cell: Tensor | None = None,
        layer: int = -1,
        reverse: bool = False,
    ) -> dict[str, Tensor]:
        """Runs the layer step by step and keeps what forward does not return. Dropout between layers is left out.

        Args:
            input: (N, T, D), rows padded on the right.
            lengths: The valid steps of every row (N,), or None where no row is padded.
            hidden: The hidden state that every layer begins with, (N, K * H), or None for zeros.
            cell: The same of the cell state.
            layer: Which layer to watch; -1 is the last.
            reverse: Whether to watch the direction that reads from the end.

        Returns:
            By name, (N, T, H) each, zero where a row is padded: `hidden`, `cell`, `input_gate`, `forget_gate`, `cell_candidate`,
            `output_gate`.
        """
        return self._replay(input, lengths, (hidden, cell), layer, reverse)

    def _step(self, given: Tensor, recalled: Tensor, states: list[Tensor]) -> tuple[Tensor, ...]:
        gates = (given + recalled).chunk(4, dim=1)
        opened, forgets, candidate, shows = gates[0].sigmoid(), gates[1].sigmoid(), gates[2].tanh(), gates[3].sigmoid()
        cell = forgets * states[1] + opened * candidate
        return shows * cell.tanh(), cell, opened, forgets, candidate, shows


class GRU(OverRows, nn.GRU):
    """Gated recurrent units (Cho et al. 2014; the reset gate after the product, as cuDNN) over padded rows.

    Args:
        input_size: D.
        hidden_size: H.
        num_layers: How many layers stand on each other.
        bidirectional: Whether a second one reads every row from its end.
        dropout: The share of numbers dropped between layers while training.
    """

    kept = ("hidden", "reset_gate", "update_gate", "candidate")

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, bidirectional: bool = False, dropout: float = 0.0
    ) -> None:
        super().__init__(input_size, hidden_size, num_layers, batch_first=True, bidirectional=bidirectional, dropout=dropout)

    def forward(self, input: Tensor, lengths: Tensor | None = None, hidden: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Runs the layer.

        Args:
            input: (N, T, D), rows padded on the right.
            lengths: The valid steps of every row (N,), or None where no row is padded.
            hidden: The state that every layer begins with, (N, K * H), or None for zeros.

        Returns:
            The output of every step (N, T, K * H), zero where a row is padded; the state of the last layer after the last valid
            step, (N, K * H).
        """
        output, last = self._run(input, lengths, *([] if hidden is None else [self._begun(hidden)]))
        return output, self._joined(last)

    def trace(
        self,
        input: Tensor,
        lengths: Tensor | None = None,
        hidden: Tensor | None = None,
        layer: int = -1,
        reverse: bool = False,
    ) -> dict[str, Tensor]:
        """Runs the layer step by step and keeps what forward does not return. Dropout between layers is left out.

        Args:
            input: (N, T, D), rows padded on the right.
            lengths: The valid steps of every row (N,), or None where no row is padded.
            hidden: The state that every layer begins with, (N, K * H), or None for zeros.
            layer: Which layer to watch; -1 is the last.
            reverse: Whether to watch the direction that reads from the end.

        Returns:
            By name, (N, T, H) each, zero where a row is padded: `hidden`, `reset_gate`, `update_gate` (the share of the state
            that stays), `candidate`.
        """
        return self._replay(input, lengths, (hidden,), layer, reverse)

    def _step(self, given: Tensor, recalled: Tensor, states: list[Tensor]) -> tuple[Tensor, ...]:
        given_reset, given_update, given_candidate = given.chunk(3, dim=1)
        reset_recalled, update_recalled, candidate_recalled = recalled.chunk(3, dim=1)
        reset, stays = (given_reset + reset_recalled).sigmoid(), (given_update + update_recalled).sigmoid()
        candidate = (given_candidate + reset * candidate_recalled).tanh()
        return stays * states[0] + (1 - stays) * candidate, reset, stays, candidate


class RNN(OverRows, nn.RNN):
    """A plain recurrent layer (Elman 1990) over padded rows.

    Args:
        input_size: D.
        hidden_size: H.
        num_layers: How many layers stand on each other.
        nonlinearity: `tanh` or `relu`.
        bidirectional: Whether a second one reads every row from its end.
        dropout: The share of numbers dropped between layers while training.
    """

    kept = ("hidden", "from_input", "from_memory")

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bidirectional: bool = False,
        dropout: float = 0.0,
    ) -> None:
        super().__init__(
            input_size, hidden_size, num_layers, nonlinearity, batch_first=True, bidirectional=bidirectional, dropout=dropout
        )

    def forward(self, input: Tensor, lengths: Tensor | None = None, hidden: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Runs the layer.

        Args:
            input: (N, T, D), rows padded on the right.
            lengths: The valid steps of every row (N,), or None where no row is padded.
            hidden: The state that every layer begins with, (N, K * H), or None for zeros.

        Returns:
            The output of every step (N, T, K * H), zero where a row is padded; the state of the last layer after the last valid
            step, (N, K * H).
        """
        output, last = self._run(input, lengths, *([] if hidden is None else [self._begun(hidden)]))
        return output, self._joined(last)

    def trace(
        self,
        input: Tensor,
        lengths: Tensor | None = None,
        hidden: Tensor | None = None,
        layer: int = -1,
        reverse: bool = False,
    ) -> dict[str, Tensor]:
        """Runs the layer step by step and keeps what forward does not return. Dropout between layers is left out.

        Args:
            input: (N, T, D), rows padded on the right.
            lengths: The valid steps of every row (N,), or None where no row is padded.
            hidden: The state that every layer begins with, (N, K * H), or None for zeros.
            layer: Which layer to watch; -1 is the last.
            reverse: Whether to watch the direction that reads from the end.

        Returns:
            By name, (N, T, H) each, zero where a row is padded: `hidden`, and what it is made of, `from_input` and `from_memory`.
        """
        return self._replay(input, lengths, (hidden,), layer, reverse)

    def _step(self, given: Tensor, recalled: Tensor, states: list[Tensor]) -> tuple[Tensor, ...]:
        total = given + recalled
        return (total.relu() if self.nonlinearity == "relu" else total.tanh()), given, recalled
