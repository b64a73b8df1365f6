"""Positional encodings: where in the row, or in the image, a vector stands."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def waves_of(positions: int, width: int) -> Tensor:
    """Returns sines and cosines of many lengths (Vaswani et al. 2017), one row per position: (positions, width)."""
    position = torch.arange(positions, dtype=torch.float64)[:, None]
    angles = position * 10000.0 ** (-torch.arange(0, width, 2, dtype=torch.float64) / width)
    return torch.stack([angles.sin(), angles.cos()], dim=2).flatten(1)[:, :width].float()


def rotated(input: Tensor) -> Tensor:
    """Turns pairs of features by angles that grow with the position (Su et al. 2021): (..., T, D) -> (..., T, D), D even.

    The product of two turned vectors depends on their distance alone. A pair is a feature and the one half the width further.
    """
    first, second = input.chunk(2, dim=-1)
    width = first.shape[-1]
    lengths = 10000.0 ** (-torch.arange(width, device=input.device, dtype=torch.float32) / width)
    angles = torch.arange(input.shape[-2], device=input.device, dtype=torch.float32)[:, None] * lengths
    cosine, sine = angles.cos().to(input.dtype), angles.sin().to(input.dtype)
    return torch.cat([first * cosine - second * sine, second * cosine + first * sine], dim=-1)


class SinusoidalPositions(nn.Module):
    """Adds waves of many lengths (Vaswani et al. 2017), so that every position looks different: (N, T, D) -> (N, T, D).

    Args:
        width: D.
        maximum_length: The largest T.
    """

    def __init__(self, width: int, maximum_length: int) -> None:
        super().__init__()
        self.waves: Tensor
        self.register_buffer("waves", waves_of(maximum_length, width), persistent=False)

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


class RotaryPositions(nn.Module):
    """Turns pairs of features by angles that grow with the position (Su et al. 2021): (N, T, D) -> (N, T, D), D even."""

    def forward(self, input: Tensor) -> Tensor:
        return rotated(input)


class SinusoidalImagePositions(nn.Module):
    """Adds waves over rows to one half of the channels and waves over columns to the other: (N, C, H, W) -> (N, C, H, W).

    Args:
        channels: C.
        height: H.
        width: W.
    """

    def __init__(self, channels: int, height: int, width: int) -> None:
        super().__init__()
        half = channels // 2
        rows = waves_of(height, half).T[:, :, None].expand(-1, -1, width)
        columns = waves_of(width, channels - half).T[:, None, :].expand(-1, height, -1)
        self.waves: Tensor
        self.register_buffer("waves", torch.cat([rows, columns]), persistent=False)

    def forward(self, input: Tensor) -> Tensor:
        return input + self.waves


class LearnedImagePositions(nn.Module):
    """Adds a learned vector per row and one per column: (N, C, H, W) -> (N, C, H, W).

    Args:
        channels: C.
        height: H.
        width: W.
    """

    def __init__(self, channels: int, height: int, width: int) -> None:
        super().__init__()
        self.rows = nn.Parameter(torch.empty(channels, height, 1))
        self.columns = nn.Parameter(torch.empty(channels, 1, width))
        nn.init.normal_(self.rows, std=0.02)
        nn.init.normal_(self.columns, std=0.02)

    def forward(self, input: Tensor) -> Tensor:
        return input + self.rows + self.columns
