"""Cards that glide to where an automatic layout has put them."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QAbstractAnimation, QEasingCurve, QObject, QVariantAnimation

from workbench.app.pages.build.scene import CanvasScene

DURATION_MS = 280
MOST_CARDS = 600
Place = tuple[float, float]


class Motion(QObject):
    """Moves cards from where they were to where the drawing has them by now."""

    def __init__(self, scene: CanvasScene, parent: QObject) -> None:
        super().__init__(parent)
        self._scene = scene
        self._ways: dict[str, tuple[Place, Place]] = {}
        self._animation = QVariantAnimation(self)
        self._animation.setStartValue(0.0)
        self._animation.setEndValue(1.0)
        self._animation.setDuration(DURATION_MS)
        self._animation.setEasingCurve(QEasingCurve.Type.InOutCubic)
        self._animation.valueChanged.connect(self._step)

    @property
    def running(self) -> bool:
        """Whether cards are on their way."""
        return self._animation.state() == QAbstractAnimation.State.Running

    def start(self, before: Mapping[str, Place]) -> None:
        """Lets the cards glide from these places to those of the drawing."""
        nodes = self._scene.drawing.nodes
        self._ways = {card: (before[card], nodes[card].position) for card in before if card in nodes and before[card] != nodes[card].position}
        if 0 < len(self._ways) <= MOST_CARDS:
            self._step(0.0)
            self._animation.start()

    def finish(self) -> None:
        """Puts the cards at the end of their way at once."""
        if self.running:
            self._animation.stop()
            self._step(1.0)

    def _step(self, share: float) -> None:
        places = {
            card: (x + (new_x - x) * share, y + (new_y - y) * share)
            for card, ((x, y), (new_x, new_y)) in self._ways.items() if card in self._scene.cards
        }
        self._scene.shift(places)
