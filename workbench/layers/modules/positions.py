"""Positional encodings: where in the row a vector stands."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class SinusoidalPositions(nn.Module):
    """Adds waves of many lengths (Vaswani et al. 2017), so that every position looks different: (N, T, D) -> (N, T, D).

    Args:
        width: D.
        maximum_length: The largest T.
    """

    def __init__(self, width: int, maximum_length: int) -> None:
        super().__init__()
        position = torch.arange(maximum_length, dtype=torch.float64)[:, None]
        angles = position * 10000.0 ** (-torch.arange(0, width, 2, dtype=torch.float64) / width)
        waves = torch.stack([angles.sin(), angles.cos()], dim=2).flatten(1)[:, :width]
        self.waves: Tensor
        self.register_buffer("waves", waves.float(), persistent=False)

    def forward(self, input: Tensor) -> Tensor:
        return input + self.waves[: input.shape[1]]


class LearnedPositions(nn.Module):
    """Adds a learned vector per position: (N, T, D) -> (N, T, D).

    Args:
        width: D.
        maximum_length: The largest T.
    """

    def __init__(self, width: int, maximum_length: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(maximum_length, width))
        nn.init.normal_(self.weight, std=0.02)

    def forward(self, input: Tensor) -> Tensor:
        return input + self.weight[: input.shape[1]]
