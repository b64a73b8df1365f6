"""Pooling to a given size where it does not divide evenly, one axis after the other: exact, since every field is a rectangle."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def parts(input: Tensor, axis: int, count: int) -> list[Tensor]:
    """Returns `count` equal parts of an axis; where it does not divide evenly, neighbours share a place."""
    size = input.shape[axis]
    bounds = [(index * size // count, -(-(index + 1) * size // count)) for index in range(count)]
    return [input.narrow(axis, first, beyond - first) for first, beyond in bounds]


class AdaptiveAverage(nn.Module):
    """Mean over the fields of a grid: (N, C, ...) -> (N, C, *sizes)."""

    def __init__(self, sizes: tuple[int, ...]) -> None:
        super().__init__()
        self.sizes = tuple(sizes)

    def forward(self, input: Tensor) -> Tensor:
        fields = input
        for axis, count in enumerate(self.sizes, 2):
            fields = torch.stack([part.mean(axis) for part in parts(fields, axis, count)], axis)
        return fields

    def extra_repr(self) -> str:
        return f"sizes={self.sizes}"


class AdaptiveMaximum(nn.Module):
    """Maximum over the fields of a grid: (N, C, ...) -> (N, C, *sizes)."""

    def __init__(self, sizes: tuple[int, ...]) -> None:
        super().__init__()
        self.sizes = tuple(sizes)

    def forward(self, input: Tensor) -> Tensor:
        fields = input
        for axis, count in enumerate(self.sizes, 2):
            fields = torch.stack([part.amax(axis) for part in parts(fields, axis, count)], axis)
        return fields

    def extra_repr(self) -> str:
        return f"sizes={self.sizes}"


class AdaptiveAverage3d(AdaptiveAverage):
    """Mean over the fields of a volume: (N, C, D, H, W) -> (N, C, *sizes)."""


class AdaptiveMaximum3d(AdaptiveMaximum):
    """Maximum over the fields of a volume: (N, C, D, H, W) -> (N, C, *sizes)."""
