"""Windows that slide: where the kernel lies, and what numbers come of it."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any

from workbench.layers.figures.sketch import clamped

_MOST_KERNEL, _MOST_STRIDE, _MOST_DILATION, _MOST_PADDING = 7, 4, 3, 3


@dataclass(frozen=True, slots=True)
class Slide:
    """How a window slides along one axis of a small example.

    Attributes:
        size: Places of the input.
        kernel: Points of the window.
        stride: Places it moves at a time.
        dilation: Distance between its points.
        before: Zeros put in front.
        after: Zeros put behind.
        out: Places of the output.
    """

    size: int
    kernel: int
    stride: int
    dilation: int
    before: int
    after: int
    out: int

    @property
    def total(self) -> int:
        """Places with padding."""
        return self.before + self.size + self.after

    def touched(self, place: int) -> list[int]:
        """Returns the padded places that the window sees for a place of the output."""
        return [place * self.stride + self.dilation * at for at in range(self.kernel)]


def slide(params: Any, axis: int = 1, *, size: int = 0, most: int = 9) -> Slide:
    """Returns a small example of a convolution or a pooling along one axis (0: height, 1: width) of its parameters."""
    kernel = clamped(_pair(params, "size", "kernel", axis), 1, _MOST_KERNEL)
    stride = clamped(_pair(params, "steps", "stride", axis) or kernel, 1, _MOST_STRIDE)
    dilation = clamped(_pair(params, "gaps", "dilation", axis), 1, _MOST_DILATION)
    extent = dilation * (kernel - 1) + 1
    places = size or clamped(extent + 2 * stride, 5, most)
    before, after = _zeros(getattr(params, "padding", 0), extent)
    places = max(places, extent - before - after)
    rest = places + before + after - extent
    out = (ceil(rest / stride) if getattr(params, "partial", False) else rest // stride) + 1
    return Slide(places, kernel, stride, dilation, before, after, out)


def fits(params: Any) -> bool:
    """Whether a picture can show these sizes as they are."""
    sizes = ((("size", "kernel"), _MOST_KERNEL), (("steps", "stride"), _MOST_STRIDE), (("gaps", "dilation"), _MOST_DILATION))
    return all(_pair(params, *names, axis) <= most for names, most in sizes for axis in (0, 1))


def _pair(params: Any, pair: str, name: str, axis: int) -> int:
    both = getattr(params, pair, None)
    if isinstance(both, tuple):
        return int(both[axis - 2 if len(both) == 2 else axis])
    return int(getattr(params, name, 1))


def _zeros(padding: str | int, extent: int) -> tuple[int, int]:
    if isinstance(padding, int):
        return min(padding, _MOST_PADDING), min(padding, _MOST_PADDING)
    if padding == "valid":
        return 0, 0
    return (extent - 1, 0) if padding == "causal" else ((extent - 1) // 2, extent - 1 - (extent - 1) // 2)


def parts(size: int, count: int) -> list[range]:
    """Returns the fields that adaptive pooling cuts an axis into: from floor(i n / k) to ceil((i + 1) n / k)."""
    return [range(at * size // count, ceil((at + 1) * size / count)) for at in range(count)]


def sample(row: int, column: int) -> int:
    """Returns a number of the small example image: a bright stroke on a dim ground."""
    return 3 if column - row % 2 in (2, 3) else (row * 2 + column * 3) % 2


def spread(row: int, column: int) -> int:
    """Returns a number between 0 and 9 of an example where every window differs."""
    return (7 * row + 5 * column + row * column) % 10


def weight(row: int, column: int, rows: int, columns: int) -> int:
    """Returns a weight of the example kernel, which answers to edges between dark on the left and bright on the right."""
    if columns == 1:
        return 1 if rows == 1 else (-1 if 2 * row + 1 < rows else 1 if 2 * row + 1 > rows else 0)
    return -1 if 2 * column + 1 < columns else 1 if 2 * column + 1 > columns else 0


def answer(how: str, values: list[float]) -> float | int:
    """Returns what a pooling window gives."""
    if how == "average":
        mean = sum(values) / max(1, len(values))
        return int(mean) if mean == int(mean) else round(mean, 1)
    return (max if how == "max" else min)(values)
