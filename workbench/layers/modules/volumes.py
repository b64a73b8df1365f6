"""Convolution over volumes with a padding that torch does not have, and pooling over a whole volume."""

from __future__ import annotations

from torch import Tensor, nn


class PaddedConv3d(nn.Conv3d):
    """Convolution over a volume with its own number of zeros on every side, for kernels without a middle.

    Args:
        in_channels: Channels of the volume.
        out_channels: Filters.
        kernel_size: Depth, height and width of the window.
        zeros: Points added on the left, right, top, bottom, front and back.
        stride: How far the window moves at a time.
        dilation: Distance between the points of the window.
        groups: Groups of channels that do not see each other.
        bias: Whether a learned number is added per filter.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int, int],
        zeros: tuple[int, int, int, int, int, int],
        stride: int | tuple[int, int, int] = 1,
        dilation: int = 1,
        groups: int = 1,
        bias: bool = True,
    ) -> None:
        super().__init__(in_channels, out_channels, kernel_size, stride, dilation=dilation, groups=groups, bias=bias)
        self.zeros = nn.ZeroPad3d(zeros)

    def forward(self, input: Tensor) -> Tensor:
        return super().forward(self.zeros(input))


class GlobalAverage3d(nn.Module):
    """Mean over depth, height and width: (N, C, D, H, W) -> (N, C)."""

    def forward(self, input: Tensor) -> Tensor:
        return input.mean((2, 3, 4))


class GlobalMaximum3d(nn.Module):
    """Maximum over depth, height and width: (N, C, D, H, W) -> (N, C)."""

    def forward(self, input: Tensor) -> Tensor:
        return input.amax((2, 3, 4))
