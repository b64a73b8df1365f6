"""Blocks of convolutions with a way around them.

Legend: N batch, C channels, H and W pixels.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ResidualBlock(nn.Module):
    """Two convolutions whose result is added to what came in: (N, C, H, W) -> (N, filters, ⌈H/stride⌉, ⌈W/stride⌉).

    Args:
        channels: Channels of the image.
        filters: Filters of both convolutions.
        kernel_size: Height and width of the windows, in pixels; odd.
        stride: How far the first window moves at a time, in pixels.
    """

    def __init__(self, channels: int, filters: int, kernel_size: int = 3, stride: int = 1) -> None:
        super().__init__()
        edge = kernel_size // 2
        self.first = nn.Conv2d(channels, filters, kernel_size, stride, edge, bias=False)
        self.first_norm = nn.BatchNorm2d(filters)
        self.first_bend = nn.ReLU()
        self.second = nn.Conv2d(filters, filters, kernel_size, padding=edge, bias=False)
        self.second_norm = nn.BatchNorm2d(filters)
        self.around = nn.Identity()
        if stride > 1 or channels != filters:
            self.around = nn.Sequential(nn.Conv2d(channels, filters, 1, stride, bias=False), nn.BatchNorm2d(filters))
        self.last_bend = nn.ReLU()

    def forward(self, input: Tensor) -> Tensor:
        inner = self.first_bend(self.first_norm(self.first(input)))
        return self.last_bend(self.second_norm(self.second(inner)) + self.around(input))


class DenseLayer(nn.Module):
    """One convolution of a dense block, whose result is laid behind what came in."""

    def __init__(self, channels: int, growth: int, kernel_size: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels)
        self.bend = nn.ReLU()
        self.convolution = nn.Conv2d(channels, growth, kernel_size, padding=kernel_size // 2, bias=False)

    def forward(self, input: Tensor) -> Tensor:
        return torch.cat([input, self.convolution(self.bend(self.norm(input)))], 1)


class DenseBlock(nn.Module):
    """Convolutions that each see all results before them: (N, C, H, W) -> (N, C + layers * growth, H, W).

    Args:
        channels: Channels of the image.
        layers: Convolutions.
        growth: Channels that each adds.
        kernel_size: Height and width of the windows, in pixels; odd.
    """

    def __init__(self, channels: int, layers: int, growth: int, kernel_size: int = 3) -> None:
        super().__init__()
        self.layers = nn.Sequential(*(DenseLayer(channels + index * growth, growth, kernel_size) for index in range(layers)))

    def forward(self, input: Tensor) -> Tensor:
        return self.layers(input)
