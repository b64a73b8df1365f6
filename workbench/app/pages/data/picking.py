"""Cursor, selection and rubber band of the grid: which places are picked, over any number of rows. No widget."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPoint, QRect

DRAG_PX = 6


class Picking:
    """Places are positions in view order. One that is not picked out stands alone for the selection: the one under the cursor.

    Attributes:
        place: The cursor, or -1.
    """

    def __init__(self) -> None:
        self.place, self._anchor = -1, -1
        self._picked: np.ndarray | None = None
        self._base: np.ndarray | None = None
        self._from: QPoint | None = None
        self._to: QPoint | None = None
        self._adding = False

    def reset(self, place: int) -> None:
        """Puts the cursor on a place and picks nothing else."""
        self.place = self._anchor = place
        self._picked = None
        self.end_band()

    @property
    def count(self) -> int:
        """How many places are picked."""
        return int(np.count_nonzero(self._picked)) if self._picked is not None else int(self.place >= 0)

    def holds(self, place: int) -> bool:
        """Whether a place is picked."""
        return bool(self._picked[place]) if self._picked is not None else place == self.place

    def places(self, count: int) -> np.ndarray:
        """Returns the picked places of `count`, sorted."""
        if self._picked is not None:
            return np.flatnonzero(self._picked)
        return np.array([self.place] if 0 <= self.place < count else [], dtype=np.int64)

    def pick(self, places: np.ndarray, count: int) -> None:
        """Picks these places of `count`, and no others."""
        self._picked = np.zeros(count, dtype=bool) if len(places) else None
        if self._picked is not None:
            self._picked[places] = True

    def move(self, place: int, count: int, *, extend: bool = False, toggle: bool = False) -> None:
        """Moves the cursor.

        Args:
            place: Where to.
            count: How many places there are.
            extend: Picks everything from where the last plain move ended.
            toggle: Picks this place too, or lets go of it.
        """
        if toggle:
            now = self._as_mask(count)
            now[place] = not now[place]
            self._picked = now if now.any() else None
            self._anchor = place
        elif extend:
            low, high = sorted((max(self._anchor, 0), place))
            self.pick(np.arange(low, high + 1), count)
        else:
            self._picked, self._anchor = None, place
        self.place = place

    def _as_mask(self, count: int) -> np.ndarray:
        if self._picked is not None:
            return self._picked.copy()
        mask = np.zeros(count, dtype=bool)
        if 0 <= self.place < count:
            mask[self.place] = True
        return mask

    def begin_band(self, point: QPoint, scrolled: int, *, adding: bool) -> None:
        """Notes where a rubber band may begin."""
        self._from, self._to, self._adding = point + QPoint(0, scrolled), None, adding
        self._base = self._picked.copy() if adding and self._picked is not None else None

    def drag(self, point: QPoint, scrolled: int) -> bool:
        """Draws the band to a point; says whether it is one by now."""
        if self._from is None:
            return False
        here = point + QPoint(0, scrolled)
        if self._to is not None or (here - self._from).manhattanLength() >= DRAG_PX:
            self._to = here
        return self._to is not None

    def band(self, scrolled: int) -> QRect | None:
        """Returns the band in the viewport, or None while there is none."""
        if self._from is None or self._to is None:
            return None
        return QRect(self._from - QPoint(0, scrolled), self._to - QPoint(0, scrolled)).normalized()

    def pick_band(self, places: np.ndarray, count: int) -> None:
        """Picks what the band touches, besides what was picked before where it adds."""
        self.pick(places, count)
        if self._adding and self._base is not None and len(self._base) == count:
            self._picked = self._base if self._picked is None else self._picked | self._base

    def end_band(self) -> None:
        """Lets go of the band; what it picked stays."""
        self._from = self._to = self._base = None
