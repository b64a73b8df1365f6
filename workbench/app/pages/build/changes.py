"""What differs between two drawings that the canvas shows one after the other."""

from __future__ import annotations

from PySide6.QtCore import QRectF

from workbench.graph.graph import Node


class Changes:
    """What another drawing changed among the cards.

    Attributes:
        cards: Those that are new or changed.
        areas: Where they were and are, and where others went.
        wires: Keys of new wires.
    """

    def __init__(self) -> None:
        self.cards: set[str] = set()
        self.areas: list[QRectF] = []
        self.wires: set[int] = set()
        self._steps: set[tuple[float, float]] = set()

    def saw(self, dx: float, dy: float) -> None:
        """Notes by how much a card moved."""
        if len(self._steps) < 2:
            self._steps.add((dx, dy))

    @property
    def step(self) -> tuple[float, float] | None:
        """By how much all cards that were there before moved, where that is the same for all."""
        return next(iter(self._steps)) if len(self._steps) == 1 else None


def looks_same(old: Node, new: Node) -> bool:
    """Whether only the place differs."""
    return old.layer == new.layer and old.params is new.params and (old.name, old.label) == (new.name, new.label) and old.extra is new.extra
