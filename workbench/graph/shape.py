"""Shapes with named axes: what travels along an edge."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from workbench.graph.dim import Dim, Symbol
from workbench.text import Text


class Axis(StrEnum):
    """The names of axes. A person's own array may bring other names; they are plain strings."""

    BATCH = "batch"
    CHANNEL = "channel"
    HEIGHT = "height"
    WIDTH = "width"
    DEPTH = "depth"
    TIME = "time"
    TOKEN = "token"
    FEATURE = "feature"


SEQUENCE_AXES = frozenset({Axis.TIME, Axis.TOKEN})
BATCH = Symbol("N")


@dataclass(frozen=True, slots=True)
class Shape:
    """Named axes with their sizes, and what the numbers are.

    Attributes:
        axes: One name per axis, batch first.
        dims: One size per axis.
        dtype: `float32`, `int64`, `uint8` or `bool`.
        vocabulary: For integers that index a vocabulary, its size.
    """

    axes: tuple[str, ...]
    dims: tuple[Dim, ...]
    dtype: str = "float32"
    vocabulary: int | None = None

    def __post_init__(self) -> None:
        assert len(self.axes) == len(self.dims), (self.axes, self.dims)

    @classmethod
    def of(cls, dtype: str = "float32", vocabulary: int | None = None, /, **sizes: Dim | Symbol | int) -> Shape:
        """Returns a shape with a batch axis in front: `Shape.of(channel=3, height=8, width=8)`."""
        return cls(
            (Axis.BATCH, *sizes), (Dim.of(BATCH), *(Dim.of(size) for size in sizes.values())), dtype, vocabulary
        )

    @property
    def rank(self) -> int:
        """The number of axes, batch included."""
        return len(self.axes)

    @property
    def sequence_axis(self) -> int | None:
        """The index of the first sequence axis (time or token), or None."""
        return next((index for index, axis in enumerate(self.axes) if axis in SEQUENCE_AXES), None)

    @property
    def ragged(self) -> bool:
        """Whether rows of a batch differ in length."""
        index = self.sequence_axis
        return index is not None and self.dims[index].ragged

    def __getitem__(self, axis: str) -> Dim:
        """Returns the size of the axis of that name.

        Raises:
            KeyError: There is no such axis.
        """
        if axis not in self.axes:
            raise KeyError(axis)
        return self.dims[self.axes.index(axis)]

    def get(self, axis: str) -> Dim | None:
        """Returns the size of the axis of that name, or None."""
        return self.dims[self.axes.index(axis)] if axis in self.axes else None

    def index(self, axis: str) -> int:
        """Returns the position of the axis of that name."""
        return self.axes.index(axis)

    def with_dim(self, axis: str, size: Dim | int) -> Shape:
        """Returns this shape with another size on one axis."""
        index = self.axes.index(axis)
        return replace(self, dims=(*self.dims[:index], Dim.of(size), *self.dims[index + 1:]))

    def with_axes(self, axes: Iterable[str], dims: Iterable[Dim | int]) -> Shape:
        """Returns float data with other axes."""
        return Shape(tuple(axes), tuple(Dim.of(dim) for dim in dims))

    def elements_per_row(self, lengths: int = 32) -> int:
        """Returns the number of elements of one row, with `lengths` for every size that is not known yet."""
        total = 1
        for axis, dim in zip(self.axes, self.dims, strict=True):
            if axis != Axis.BATCH:
                size = dim.constant
                total *= max(_at_length(dim, lengths) if size is None else size, 0)
        return total

    def __str__(self) -> str:
        return " × ".join(str(dim) for dim in self.dims)

    def named(self) -> Text:
        """Returns `batch N × channel 3 × height 8 × width 8`; the axes can be translated."""
        words = {f"axis{place}": Text(axis) for place, axis in enumerate(self.axes)}
        sizes = {f"size{place}": str(dim) for place, dim in enumerate(self.dims)}
        return Text(" × ".join(f"{{axis{place}}} {{size{place}}}" for place in range(self.rank)), **words, **sizes)


def listed(axes: Sequence[str]) -> Text:
    """Returns `channel, height, width`; the axes can be translated."""
    return Text(", ".join(f"{{axis{place}}}" for place in range(len(axes))), **{f"axis{place}": Text(axis) for place, axis in enumerate(axes)})


def _at_length(dim: Dim, length: int) -> int:
    return int(dim.evaluate({symbol.name: length for symbol in dim.symbols()}))
