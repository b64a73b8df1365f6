"""Activations with weights or gates on the last axis, and random dropping of whole parts while training."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class LastAxisPReLU(nn.PReLU):
    """A rectifier with a learned slope for every number of the last axis: (N, T, D) -> (N, T, D)."""

    def forward(self, input: Tensor) -> Tensor:
        return torch.where(input > 0, input, input * self.weight)


class FeatureDropout(nn.Module):
    """Drops a feature at all positions of a sequence at once: (N, T, D) -> (N, T, D)."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.dropout = nn.Dropout1d(p)

    def forward(self, input: Tensor) -> Tensor:
        return self.dropout(input.transpose(1, 2)).transpose(1, 2)


class DropPath(nn.Module):
    """Drops everything of a row with probability `p` while training, and scales the other rows up."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, input: Tensor) -> Tensor:
        if not self.training or self.p == 0:
            return input
        kept = torch.rand(input.shape[0], *[1] * (input.ndim - 1), device=input.device) >= self.p
        return input * kept / (1 - self.p)

    def extra_repr(self) -> str:
        return f"p={self.p}"
