"""Finds what lies in a rectangle without asking everything on the canvas."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
Cells = tuple[int, int, int, int]

CELL_PX = 512
MOST_CELLS = 64


class Buckets(Generic[K]):
    """A grid of square cells, each with the keys whose rectangle touches it. Very long rectangles are kept aside and always tested."""

    def __init__(self) -> None:
        self._cells: dict[tuple[int, int], dict[K, None]] = {}
        self._places: dict[K, Cells] = {}
        self._long: dict[K, None] = {}

    def __len__(self) -> int:
        return len(self._places)

    def put(self, key: K, left: float, top: float, right: float, bottom: float) -> None:
        """Adds a key, or moves it."""
        place = _cells_of(left, top, right, bottom)
        if self._places.get(key) == place:
            return
        self.remove(key)
        self._places[key] = place
        if _count(place) > MOST_CELLS:
            self._long[key] = None
            return
        for cell in _walk(place):
            self._cells.setdefault(cell, {})[key] = None

    def remove(self, key: K) -> None:
        """Removes a key where it is there."""
        place = self._places.pop(key, None)
        if place is None or self._long.pop(key, 0) is None:
            return
        for cell in _walk(place):
            del self._cells[cell][key]
            if not self._cells[cell]:
                del self._cells[cell]

    def within(self, left: float, top: float, right: float, bottom: float) -> list[K]:
        """Returns the keys whose cells touch the rectangle, each once; a few may lie just outside."""
        place = _cells_of(left, top, right, bottom)
        if _count(place) >= len(self._cells):
            return list(self._places)
        found: dict[K, None] = dict(self._long)
        for cell in _walk(place):
            if cell in self._cells:
                found.update(self._cells[cell])
        return list(found)


def _cells_of(left: float, top: float, right: float, bottom: float) -> Cells:
    return int(left // CELL_PX), int(top // CELL_PX), int(right // CELL_PX), int(bottom // CELL_PX)


def _count(place: Cells) -> int:
    return (place[2] - place[0] + 1) * (place[3] - place[1] + 1)


def _walk(place: Cells) -> Iterator[tuple[int, int]]:
    for column in range(place[0], place[2] + 1):
        for row in range(place[1], place[3] + 1):
            yield column, row
