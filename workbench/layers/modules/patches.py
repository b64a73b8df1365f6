"""Patches of an image as a sequence, and a learned token in front of one."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class PatchEmbedding(nn.Module):
    """Square patches, each described by a vector: (N, C, H, W) -> (N, H/patch * W/patch, width), row by row."""

    def __init__(self, channels: int, width: int, patch: int, bias: bool = True) -> None:
        super().__init__()
        self.projection = nn.Conv2d(channels, width, patch, patch, bias=bias)

    def forward(self, input: Tensor) -> Tensor:
        return self.projection(input).flatten(2).transpose(1, 2)


class ClassToken(nn.Module):
    """A learned vector in front of every sequence: (N, T, D) -> (N, 1 + T, D)."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.token = nn.Parameter(torch.empty(features).normal_(std=0.02))

    def forward(self, input: Tensor) -> Tensor:
        return torch.cat([self.token.expand(input.shape[0], 1, -1), input], 1)
