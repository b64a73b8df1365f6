"""Normalisation that torch does not have in this form."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class RootMeanSquareNorm(nn.Module):
    """Features scaled to a root mean square of 1, then by learned factors.

    Args:
        features: Size of the axis that is scaled.
        epsilon: Added to the mean square.
        behind: Axes behind it: 0 for features that stand last, 2 for the channels of an image.
    """

    def __init__(self, features: int, epsilon: float = 1e-6, behind: int = 0) -> None:
        super().__init__()
        self.epsilon, self.behind = epsilon, behind
        self.weight = nn.Parameter(torch.ones(features))

    def forward(self, input: Tensor) -> Tensor:
        square = (input * input).mean(-1 - self.behind, keepdim=True)
        weight = self.weight.view(-1, *[1] * self.behind)
        return input * torch.rsqrt(square + self.epsilon) * weight
