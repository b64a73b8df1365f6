"""What differs between two drawings that the canvas shows one after the other."""

from __future__ import annotations

from PySide6.QtCore import QRectF

from workbench.app.pages.build.card import Card
from workbench.graph.graph import Node


class Changes:
    """What another drawing changed among the cards.

    Attributes:
        cards: Those that are new or changed.
        areas: Where they were and are, and where others went.
        wires: Keys of new wires.
        gone: Cards that are there no longer.
    """

    def __init__(self) -> None:
        self.cards: set[str] = set()
        self.areas: list[QRectF] = []
        self.wires: set[int] = set()
        self.gone: list[Card] = []
        self._steps: set[tuple[float, float]] = set()

    def saw(self, dx: float, dy: float) -> None:
        """Notes by how much a card moved."""
        if len(self._steps) < 2:
            self._steps.add((dx, dy))

    def wide(self, most: int) -> list[QRectF]:
        """Returns the areas, or where there are many the one that holds them all."""
        if len(self.areas) <= most:
            return self.areas
        left, top = min(area.left() for area in self.areas), min(area.top() for area in self.areas)
        right, bottom = max(area.right() for area in self.areas), max(area.bottom() for area in self.areas)
        return [QRectF(left, top, right - left, bottom - top)]

    @property
    def step(self) -> tuple[float, float] | None:
        """By how much all cards that were there before moved, where that is the same for all."""
        return next(iter(self._steps)) if len(self._steps) == 1 else None


def looks_same(old: Node, new: Node) -> bool:
    """Whether only the place differs."""
    return old.layer == new.layer and old.params is new.params and (old.name, old.label) == (new.name, new.label) and old.extra is new.extra
