"""Data under other axes and parts of it, as modules."""

from __future__ import annotations

from torch import Tensor, nn


class Reshape(nn.Module):
    """The numbers of a row under other axes: (N, ...) -> (N, *sizes)."""

    def __init__(self, sizes: tuple[int, ...]) -> None:
        super().__init__()
        self.sizes = tuple(sizes)

    def forward(self, input: Tensor) -> Tensor:
        return input.reshape(-1, *self.sizes)

    def extra_repr(self) -> str:
        return f"sizes={self.sizes}"


class Slice(nn.Module):
    """A part of an axis."""

    def __init__(self, axis: int, start: int, stop: int, step: int = 1) -> None:
        super().__init__()
        self.axis, self.cut = axis, slice(start, stop, step)

    def forward(self, input: Tensor) -> Tensor:
        return input[(*[slice(None)] * self.axis, self.cut)]

    def extra_repr(self) -> str:
        return f"axis={self.axis}, cut={self.cut}"


class Select(nn.Module):
    """One place of an axis, which goes away."""

    def __init__(self, axis: int, index: int) -> None:
        super().__init__()
        self.axis, self.index = axis, index

    def forward(self, input: Tensor) -> Tensor:
        return input.select(self.axis, self.index)

    def extra_repr(self) -> str:
        return f"axis={self.axis}, index={self.index}"


class Split(nn.Module):
    """Equal parts of an axis."""

    def __init__(self, parts: int, axis: int) -> None:
        super().__init__()
        self.parts, self.axis = parts, axis

    def forward(self, input: Tensor) -> tuple[Tensor, ...]:
        return input.chunk(self.parts, self.axis)

    def extra_repr(self) -> str:
        return f"parts={self.parts}, axis={self.axis}"
