"""One vector of a row of vectors, without counting the padding."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class MeanOverTime(nn.Module):
    """Mean of the valid positions: (N, T, D) and lengths (N,) -> (N, D)."""

    def forward(self, input: Tensor, lengths: Tensor | None = None) -> Tensor:
        if lengths is None:
            return input.mean(1)
        count = lengths.clamp(min=1)[:, None]
        valid = torch.arange(input.shape[1], device=input.device) < count
        return input.masked_fill(~valid[:, :, None], 0).sum(1) / count


class MaxOverTime(nn.Module):
    """Largest number of the valid positions, feature by feature: (N, T, D) and lengths (N,) -> (N, D)."""

    def forward(self, input: Tensor, lengths: Tensor | None = None) -> Tensor:
        if lengths is None:
            return input.amax(1)
        valid = torch.arange(input.shape[1], device=input.device) < lengths.clamp(min=1)[:, None]
        return input.masked_fill(~valid[:, :, None], float("-inf")).amax(1)


class LastOverTime(nn.Module):
    """The last valid position: (N, T, D) and lengths (N,) -> (N, D)."""

    def forward(self, input: Tensor, lengths: Tensor | None = None) -> Tensor:
        if lengths is None:
            return input[:, -1]
        last = (lengths.clamp(min=1) - 1)[:, None, None].expand(-1, 1, input.shape[2])
        return input.gather(1, last).squeeze(1)
