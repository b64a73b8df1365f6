"""One number instead of an axis, as modules."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Reduce(nn.Module):
    """Mean, maximum, minimum or sum along an axis, which goes away.

    Args:
        method: `mean`, `amax`, `amin` or `sum`.
        axis: Position of the axis.
    """

    def __init__(self, method: str, axis: int) -> None:
        super().__init__()
        self.method, self.axis = method, axis

    def forward(self, input: Tensor) -> Tensor:
        return getattr(input, self.method)(self.axis)

    def extra_repr(self) -> str:
        return f"method={self.method}, axis={self.axis}"


class SumOverTime(nn.Module):
    """Sum of the valid positions: (N, T, D) and lengths (N,) -> (N, D)."""

    def forward(self, input: Tensor, lengths: Tensor | None = None) -> Tensor:
        if lengths is None:
            return input.sum(1)
        valid = torch.arange(input.shape[1], device=input.device) < lengths.clamp(min=1)[:, None]
        return input.masked_fill(~valid[:, :, None], 0).sum(1)


class MinOverTime(nn.Module):
    """Smallest number of the valid positions, feature by feature: (N, T, D) and lengths (N,) -> (N, D)."""

    def forward(self, input: Tensor, lengths: Tensor | None = None) -> Tensor:
        if lengths is None:
            return input.amin(1)
        valid = torch.arange(input.shape[1], device=input.device) < lengths.clamp(min=1)[:, None]
        return input.masked_fill(~valid[:, :, None], float("inf")).amin(1)
