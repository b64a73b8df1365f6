"""Convolution, pooling and sampling along a sequence (N, T, D) whose rows may be padded.

Legend: N batch, T positions, D features, L valid positions of a row.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


def without_padding(input: Tensor, lengths: Tensor | None, value: float = 0.0) -> Tensor:
    """Returns `(N, T, D)` with `value` at all positions from `lengths` `(N,)` on."""
    if lengths is None:
        return input
    valid = torch.arange(input.shape[1], device=input.device) < lengths[:, None]
    return input.masked_fill(~valid[:, :, None], value)


class SequenceConv1d(nn.Conv1d):
    """Convolution along a sequence: (N, T, D) and lengths (N,) -> (N, T', filters); padded positions count as zero.

    Args:
        in_channels: Features of the sequence.
        out_channels: Filters.
        kernel_size: Positions in the window.
        zeros: Zeros added before and after the sequence.
        stride: How far the window moves at a time.
        dilation: Distance between the points of the window.
        groups: Groups of features that do not see each other.
        bias: Whether a learned number is added per filter.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        zeros: tuple[int, int],
        stride: int = 1,
        dilation: int = 1,
        groups: int = 1,
        bias: bool = True,
    ) -> None:
        super().__init__(in_channels, out_channels, kernel_size, stride, dilation=dilation, groups=groups, bias=bias)
        self.zeros = nn.ZeroPad1d(zeros)

    def forward(self, input: Tensor, lengths: Tensor | None = None) -> Tensor:
        rows = without_padding(input, lengths).transpose(1, 2)
        return super().forward(self.zeros(rows)).transpose(1, 2)


class SequenceConvTranspose1d(nn.ConvTranspose1d):
    """Transposed convolution along a sequence: (N, T, D) and lengths (N,) -> (N, T', filters)."""

    def forward(self, input: Tensor, lengths: Tensor | None = None) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        return super().forward(without_padding(input, lengths).transpose(1, 2)).transpose(1, 2)


class SequenceMaxPool(nn.Module):
    """Maximum in windows along a sequence: (N, T, D) -> (N, T', D); padded positions never win.

    It pools the rows as images one pixel high per position, since torch's MaxPool1d exports for one length only.

    Args:
        kernel_size: Positions in the window.
        stride: How far the window moves at a time.
        partial: Whether windows that stick out at the end count, with what they hold: T' = ⌈T / stride⌉.
    """

    def __init__(self, kernel_size: int, stride: int, partial: bool = True) -> None:
        super().__init__()
        self.stride, self.more = stride, kernel_size - 1 if partial else 0
        self.pool = nn.MaxPool2d((kernel_size, 1), (stride, 1))

    def forward(self, input: Tensor, lengths: Tensor | None = None) -> Tensor:
        rows = nn.functional.pad(without_padding(input, lengths, float("-inf")), (0, 0, 0, self.more), value=float("-inf"))
        pooled = self.pool(rows[:, None])[:, 0]
        return pooled if lengths is None else without_padding(pooled, (lengths + self.stride - 1) // self.stride)


class SequenceAveragePool(nn.Module):
    """Mean in windows along a sequence: (N, T, D) -> (N, T', D); padded positions do not count.

    Args:
        kernel_size: Positions in the window.
        stride: How far the window moves at a time.
        partial: Whether windows that stick out at the end count, with what they hold: T' = ⌈T / stride⌉.
    """

    def __init__(self, kernel_size: int, stride: int, partial: bool = True) -> None:
        super().__init__()
        self.more = kernel_size - 1 if partial else 0
        self.pool = nn.AvgPool1d(kernel_size, stride)

    def forward(self, input: Tensor, lengths: Tensor | None = None) -> Tensor:
        counted = without_padding(torch.ones_like(input[:, :, :1]), lengths)
        total = self.pool(nn.functional.pad(without_padding(input, lengths).transpose(1, 2), (0, self.more)))
        share = self.pool(nn.functional.pad(counted.transpose(1, 2), (0, self.more)))
        return (total / share.masked_fill(share == 0, 1)).transpose(1, 2)


def _shares(steps: int, input: Tensor, lengths: Tensor | None) -> Tensor:
    """Returns which positions each of `steps` equal parts of a row holds, (N, steps, T) bool; parts of short rows overlap."""
    count = torch.full_like(input[:, 0, 0], input.shape[1], dtype=torch.int64) if lengths is None else lengths.clamp(min=1)
    part = torch.arange(steps, device=input.device)
    first = part * count[:, None] // steps
    beyond = ((part + 1) * count[:, None] + steps - 1) // steps
    position = torch.arange(input.shape[1], device=input.device)
    return (position >= first[:, :, None]) & (position < beyond[:, :, None])


class SequenceAdaptiveAverage(nn.Module):
    """Mean of `steps` equal parts of every row, however long it is: (N, T, D) -> (N, steps, D)."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.steps = steps

    def forward(self, input: Tensor, lengths: Tensor | None = None) -> Tensor:
        held = _shares(self.steps, input, lengths).to(input.dtype)
        return (held / held.sum(2, keepdim=True)) @ without_padding(input, lengths)


class SequenceAdaptiveMax(nn.Module):
    """Maximum of `steps` equal parts of every row, however long it is: (N, T, D) -> (N, steps, D)."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.steps = steps

    def forward(self, input: Tensor, lengths: Tensor | None = None) -> Tensor:
        held = _shares(self.steps, input, lengths)
        return input[:, None].masked_fill(~held[:, :, :, None], float("-inf")).amax(2)


class SequenceRepeat(nn.Module):
    """Every position several times in a row: (N, T, D) -> (N, factor * T, D)."""

    def __init__(self, factor: int) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, input: Tensor) -> Tensor:
        return input[:, :, None].expand(-1, -1, self.factor, -1).flatten(1, 2)
