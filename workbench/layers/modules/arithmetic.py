"""Wires combined, as modules: product, difference, stack, matrix product, bilinear form."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Multiply(nn.Module):
    """Product of two or more tensors of equal shape."""

    def forward(self, *inputs: Tensor) -> Tensor:
        total = inputs[0]
        for value in inputs[1:]:
            total = total * value
        return total


class Subtract(nn.Module):
    """Difference of two tensors of equal shape."""

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        return left - right


class Stack(nn.Module):
    """Tensors of equal shape side by side along a new axis."""

    def __init__(self, axis: int) -> None:
        super().__init__()
        self.axis = axis

    def forward(self, *inputs: Tensor) -> Tensor:
        return torch.stack(inputs, self.axis)

    def extra_repr(self) -> str:
        return f"axis={self.axis}"


class MatrixProduct(nn.Module):
    """Matrix product of the last two axes: (N, ..., i, j) and (N, ..., j, k) -> (N, ..., i, k)."""

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        return left @ right


class RaggedMatrixProduct(nn.Module):
    """Matrix product whose second factor has padded rows; the padding counts as zero.

    Args:
        axis: The axis of the second factor along which rows differ in length.
    """

    def __init__(self, axis: int) -> None:
        super().__init__()
        self.axis = axis

    def forward(self, left: Tensor, right: Tensor, lengths: Tensor | None = None) -> Tensor:
        if lengths is None:
            return left @ right
        behind = right.ndim - 1 - self.axis
        place = torch.arange(right.shape[self.axis], device=right.device).view(-1, *[1] * behind)
        valid = place < lengths.view(-1, *[1] * (right.ndim - 1))
        return left @ right.masked_fill(~valid, 0)


class PairwiseBilinear(nn.Bilinear):
    """All products of two vectors, weighed: (N, ..., D) and (N, ..., E) -> (N, ..., units)."""

    def forward(self, input1: Tensor, input2: Tensor) -> Tensor:
        units, first, second = self.weight.shape
        mixed = input1 @ self.weight.permute(1, 0, 2).reshape(first, units * second)
        result = (mixed.unflatten(-1, (units, second)) @ input2[..., None]).squeeze(-1)
        bias = self._parameters["bias"]
        return result if bias is None else result + bias
