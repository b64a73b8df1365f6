"""Attention over the channels and the places of an image.

Legend: N batch, C channels, H and W pixels.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class SqueezeExcitation(nn.Module):
    """Channels turned up or down by what their means say: (N, C, H, W) -> (N, C, H, W), with SiLU as in EfficientNet.

    Args:
        channels: Channels of the image.
        hidden: Width of the layer in the middle.
    """

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.squeeze = nn.Linear(channels, hidden)
        self.bend = nn.SiLU()
        self.excite = nn.Linear(hidden, channels)
        self.gate = nn.Sigmoid()

    def forward(self, input: Tensor) -> Tensor:
        strength = self.gate(self.excite(self.bend(self.squeeze(input.mean((2, 3))))))
        return input * strength[:, :, None, None]


class Cbam(nn.Module):
    """Channels, then places, turned up or down: (N, C, H, W) -> (N, C, H, W).

    Mean and maximum of a channel go through the same two linear layers side by side, as two rows.

    Args:
        channels: Channels of the image.
        hidden: Width of the layer in the middle.
        kernel_size: Window that weighs places, in pixels; odd.
    """

    def __init__(self, channels: int, hidden: int, kernel_size: int) -> None:
        super().__init__()
        self.squeeze = nn.Linear(channels, hidden)
        self.bend = nn.SiLU()
        self.excite = nn.Linear(hidden, channels)
        self.gate = nn.Sigmoid()
        self.spatial = nn.Conv2d(2, 1, kernel_size, padding=kernel_size // 2, bias=False)
        self.spatial_gate = nn.Sigmoid()

    def forward(self, input: Tensor) -> Tensor:
        described = torch.stack([input.mean((2, 3)), input.amax((2, 3))], 1)
        strength = self.gate(self.excite(self.bend(self.squeeze(described))).sum(1))
        weighed = input * strength[:, :, None, None]
        seen = torch.stack([weighed.mean(1), weighed.amax(1)], 1)
        return weighed * self.spatial_gate(self.spatial(seen))
