"""Which groups of rows are folded, and which rows are left to see then. No widget."""

from __future__ import annotations

import numpy as np


class Grouping:
    """Groups that follow each other; a folded one keeps its heading and its count.

    Attributes:
        groups: Name and size of each, in order; empty for no groups.
    """

    def __init__(self) -> None:
        self.groups: list[tuple[str, int]] = []
        self._folded: set[str] = set()
        self._all = np.zeros(0, dtype=np.int64)

    def take(self, shown: np.ndarray, groups: list[tuple[str, int]]) -> np.ndarray:
        """Takes other rows and groups, and returns the rows to see; a name that was folded stays so while there are groups."""
        self._all, self.groups = shown, groups
        self._folded &= {name for name, _ in groups}
        return self._seen()

    def is_folded(self, group: int) -> bool:
        """Whether a group is folded."""
        return self.groups[group][0] in self._folded

    def toggled(self, group: int) -> np.ndarray:
        """Folds or unfolds a group and returns the rows to see."""
        self._folded ^= {self.groups[group][0]}
        return self._seen()

    def unfolded(self) -> np.ndarray:
        """Unfolds every group and returns the rows to see."""
        self._folded.clear()
        return self._seen()

    @property
    def sizes(self) -> list[int]:
        """How many rows of each group are to be seen."""
        return [0 if name in self._folded else size for name, size in self.groups]

    def _seen(self) -> np.ndarray:
        if not self._folded:
            return self._all
        open_groups = np.repeat([name not in self._folded for name, _ in self.groups], [size for _, size in self.groups])
        return self._all[open_groups]
