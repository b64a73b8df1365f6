"""Convolution with a padding that torch does not have."""

from __future__ import annotations

from torch import Tensor, nn


class PaddedConv2d(nn.Conv2d):
    """Convolution over an image with its own number of zeros on every side, for kernels without a middle.

    Args:
        in_channels: Channels of the image.
        out_channels: Filters.
        kernel_size: Height and width of the window, in pixels.
        zeros: Pixels added on the left, right, top and bottom.
        stride: How far the window moves at a time, in pixels.
        dilation: Distance between the points of the window, in pixels.
        groups: Groups of channels that do not see each other.
        bias: Whether a learned number is added per filter.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        zeros: tuple[int, int, int, int],
        stride: int | tuple[int, int] = 1,
        dilation: int | tuple[int, int] = 1,
        groups: int = 1,
        bias: bool = True,
    ) -> None:
        super().__init__(in_channels, out_channels, kernel_size, stride, dilation=dilation, groups=groups, bias=bias)
        self.zeros = nn.ZeroPad2d(zeros)

    def forward(self, input: Tensor) -> Tensor:
        return super().forward(self.zeros(input))


class SeparableConv2d(nn.Module):
    """A convolution of every channel by itself, then a mix of the channels: (N, C, H, W) -> (N, filters, H', W').

    Args:
        in_channels: Channels of the image.
        out_channels: Filters.
        kernel_size: Height and width of the window, in pixels.
        zeros: Pixels added on the left, right, top and bottom.
        multiplier: Patterns per channel.
        stride: How far the window moves at a time, in pixels.
        dilation: Distance between the points of the window, in pixels.
        bias: Whether a learned number is added per filter.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        zeros: tuple[int, int, int, int],
        multiplier: int = 1,
        stride: int = 1,
        dilation: int = 1,
        bias: bool = True,
    ) -> None:
        super().__init__()
        inner = in_channels * multiplier
        self.zeros = nn.ZeroPad2d(zeros)
        self.depthwise = nn.Conv2d(in_channels, inner, kernel_size, stride, dilation=dilation, groups=in_channels, bias=False)
        self.pointwise = nn.Conv2d(inner, out_channels, 1, bias=bias)

    def forward(self, input: Tensor) -> Tensor:
        return self.pointwise(self.depthwise(self.zeros(input)))
