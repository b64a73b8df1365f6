"""Pooling that torch does not have."""

from __future__ import annotations

from torch import Tensor, nn


class MinPool2d(nn.MaxPool2d):
    """Minimum in windows: (N, C, H, W) -> (N, C, H', W')."""

    def forward(self, input: Tensor) -> Tensor:
        return -super().forward(-input)
