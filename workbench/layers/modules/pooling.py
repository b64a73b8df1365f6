"""Pooling that torch does not have."""

from __future__ import annotations

from torch import Tensor, nn


class MinPool2d(nn.Module):
    """Minimum in windows: (N, C, H, W) -> (N, C, H', W'). Padding never wins."""

    def __init__(self, kernel_size: int, stride: int | None = None, padding: int = 0) -> None:
        super().__init__()
        self.maximum = nn.MaxPool2d(kernel_size, stride, padding)

    def forward(self, input: Tensor) -> Tensor:
        return -self.maximum(-input)
