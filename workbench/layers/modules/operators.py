"""Operators as modules, so that each has a place in the model where it can be watched."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Add(nn.Module):
    """Sum of two or more tensors of equal shape."""

    def forward(self, *inputs: Tensor) -> Tensor:
        total = inputs[0]
        for value in inputs[1:]:
            total = total + value
        return total


class Concatenate(nn.Module):
    """Tensors one after the other along an axis."""

    def __init__(self, axis: int) -> None:
        super().__init__()
        self.axis = axis

    def forward(self, *inputs: Tensor) -> Tensor:
        return torch.cat(inputs, dim=self.axis)

    def extra_repr(self) -> str:
        return f"axis={self.axis}"


class Permute(nn.Module):
    """The axes in another order."""

    def __init__(self, order: tuple[int, ...]) -> None:
        super().__init__()
        self.order = tuple(order)

    def forward(self, input: Tensor) -> Tensor:
        return input.permute(self.order)

    def extra_repr(self) -> str:
        return f"order={self.order}"


class PermuteAndFlatten(nn.Module):
    """The axes in another order, then the axes from `start` to `end` as one."""

    def __init__(self, order: tuple[int, ...], start: int, end: int) -> None:
        super().__init__()
        self.order, self.start, self.end = tuple(order), start, end

    def forward(self, input: Tensor) -> Tensor:
        return input.permute(self.order).flatten(self.start, self.end)

    def extra_repr(self) -> str:
        return f"order={self.order}, start={self.start}, end={self.end}"


class GlobalAverage(nn.Module):
    """Mean over height and width: (N, C, H, W) -> (N, C)."""

    def forward(self, input: Tensor) -> Tensor:
        return input.mean((2, 3))


class GlobalMaximum(nn.Module):
    """Maximum over height and width: (N, C, H, W) -> (N, C)."""

    def forward(self, input: Tensor) -> Tensor:
        return input.amax((2, 3))


class GlobalMinimum(nn.Module):
    """Minimum over height and width: (N, C, H, W) -> (N, C)."""

    def forward(self, input: Tensor) -> Tensor:
        return input.amin((2, 3))


class Column(nn.Module):
    """One number per row as a vector of one feature: (N,) -> (N, 1)."""

    def forward(self, input: Tensor) -> Tensor:
        return input.unsqueeze(1)


class OneFeature(nn.Module):
    """One number per step as a vector of one feature: (N, T) -> (N, T, 1)."""

    def forward(self, input: Tensor) -> Tensor:
        return input.unsqueeze(2)
