"""Where each cell of the grid stands, by arithmetic alone: a million rows cost as much as ten. No Qt widget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from PySide6.QtCore import QPoint, QRect

GAP_PX, CAPTION_PX, HEADER_PX = 8, 18, 30


@dataclass(slots=True)
class CellLayout:
    """Cells of one size in lines, in groups with a heading each or in one group without.

    Attributes:
        count: How many cells there are.
        cell_width, cell_height: Pixels of a cell.
        width: Of the viewport.
        lines: Whether a cell takes a whole line.
        sizes: How many cells each group has; empty for one group without a heading.
    """

    count: int
    cell_width: int
    cell_height: int
    width: int
    lines: bool
    sizes: Sequence[int] = ()
    columns: int = 1
    pitch: int = 1
    _first: np.ndarray = field(default_factory=lambda: np.zeros(1, np.int64))
    _top: np.ndarray = field(default_factory=lambda: np.zeros(1, np.int64))
    height: int = 0

    def __post_init__(self) -> None:
        self.columns = 1 if self.lines else max(1, (self.width - GAP_PX) // (self.cell_width + GAP_PX))
        self.pitch = self.cell_height + (0 if self.lines else GAP_PX)
        sizes = np.asarray(self.sizes or [self.count], dtype=np.int64)
        heights = -(-sizes // self.columns) * self.pitch + self._header
        ends = np.cumsum(heights)
        self._first = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        self._top = np.concatenate([[0], ends[:-1]])
        self.height = int(ends[-1]) + (0 if self.lines else GAP_PX)

    @property
    def _header(self) -> int:
        return HEADER_PX if self.sizes else 0

    @property
    def _stride(self) -> float:
        """Pixels from one column to the next: what is left over widens the gaps."""
        room = self.width - 2 * GAP_PX - self.cell_width
        return room / (self.columns - 1) if self.columns > 1 else float(self.cell_width + GAP_PX)

    def rect(self, place: int, scrolled: int) -> QRect:
        """Returns where a cell stands in the viewport."""
        group = int(np.searchsorted(self._first, place, "right")) - 1
        line, column = divmod(place - int(self._first[group]), self.columns)
        top = int(self._top[group]) + self._header + line * self.pitch - scrolled
        if self.lines:
            return QRect(0, top, self.width, self.cell_height)
        return QRect(GAP_PX + int(column * self._stride), top + GAP_PX, self.cell_width, self.cell_height)

    def at(self, point: QPoint, scrolled: int) -> int:
        """Returns the place of the cell at a point of the viewport, or -1."""
        place = self.near(point, scrolled)
        return place if place >= 0 and self.rect(place, scrolled).contains(point) else -1

    def near(self, point: QPoint, scrolled: int) -> int:
        """Returns the place of the cell in whose line and column a point lies, the nearest one, or -1 where there are no cells."""
        if not self.count:
            return -1
        y = max(0, point.y() + scrolled)
        group = max(0, int(np.searchsorted(self._top, y, "right")) - 1)
        first, size = int(self._first[group]), self._size(group)
        line = max(0, (y - int(self._top[group]) - self._header - (0 if self.lines else GAP_PX)) // self.pitch)
        column = 0 if self.lines else min(max(int((point.x() - GAP_PX) // self._stride), 0), self.columns - 1)
        return min(first + line * self.columns + column, first + max(size - 1, 0), self.count - 1)

    def _size(self, group: int) -> int:
        return int(self.sizes[group]) if self.sizes else self.count

    def visible(self, scrolled: int, height: int) -> range:
        """Returns the places that stand in the viewport, whole lines."""
        if not self.count:
            return range(0)
        first = self.near(QPoint(0, -GAP_PX), scrolled)
        last = self.near(QPoint(self.width, height + self.pitch), scrolled)
        return range(first, min(self.count, last + 1))

    def headers(self, scrolled: int, height: int) -> list[tuple[int, QRect]]:
        """Returns the headings that stand in the viewport: group and box. The first stays at the top until the next one pushes it out."""
        if not self.sizes:
            return []
        first = max(0, int(np.searchsorted(self._top, scrolled, "right")) - 1)
        last = int(np.searchsorted(self._top, scrolled + height, "right"))
        tops = [int(self._top[group]) - scrolled for group in range(first, last)]
        if tops and tops[0] < 0:
            tops[0] = min(0, tops[1] - HEADER_PX if len(tops) > 1 else 0)
        return [(first + number, QRect(0, top, self.width, HEADER_PX)) for number, top in enumerate(tops)]

    def moved(self, place: int, lines: int) -> int:
        """Returns the place some lines above or below, in the same column where there is one; across groups too."""
        for _ in range(min(abs(lines), 200)):
            after = self._below(place) if lines > 0 else self._above(place)
            if after == place:
                break
            place = after
        return place

    def group_of(self, place: int) -> int:
        """Returns the group in which a place stands."""
        return int(np.searchsorted(self._first, place, "right")) - 1

    def header_at(self, point: QPoint, scrolled: int, height: int) -> int:
        """Returns the group whose heading is at a point of the viewport, or -1."""
        return next((group for group, box in reversed(self.headers(scrolled, height)) if box.contains(point)), -1)

    def _below(self, place: int) -> int:
        group = self.group_of(place)
        first, size = int(self._first[group]), self._size(group)
        inside = place - first
        if inside // self.columns < (size - 1) // self.columns:
            return min(place + self.columns, first + size - 1)
        following = first + size
        if following >= self.count:
            return place
        return min(following + inside % self.columns, following + self._size(self.group_of(following)) - 1)

    def _above(self, place: int) -> int:
        first = int(self._first[self.group_of(place)])
        inside = place - first
        if inside >= self.columns:
            return place - self.columns
        last = first - 1
        if last < 0:
            return place
        line = (last - int(self._first[self.group_of(last)])) // self.columns
        return min(int(self._first[self.group_of(last)]) + line * self.columns + inside, last)
