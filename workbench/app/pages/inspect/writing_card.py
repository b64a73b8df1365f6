"""A language model goes on writing: the beginning, what it adds, and for every added token what else could have come."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDoubleSpinBox, QLabel, QWidget

from workbench.app import theme
from workbench.app.language import tr
from workbench.app.pages.inspect.tokens import TokenStrip
from workbench.app.widgets import Card, button, quiet


@dataclass(frozen=True, slots=True)
class Writing:
    """What was written.

    Attributes:
        begun: The tokens of the beginning.
        added: The tokens that the model added.
        shares: The probability of each added token, 0 to 1.
        others: For each added token the likeliest tokens in its place, with their probabilities.
    """

    begun: tuple[str, ...]
    added: tuple[str, ...]
    shares: tuple[float, ...]
    others: tuple[tuple[tuple[str, float], ...], ...]


class WritingCard(Card):
    """The text with its tinted continuation, a temperature, and another try.

    Signals:
        asked: Temperature and seed of a new continuation.
    """

    asked = Signal(float, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("inspect.writing", tr("It goes on writing"), parent)
        self._seed = 0
        self.writing: Writing | None = None
        words = QLabel(tr("Temperature"))
        theme.mark(words, "quiet")
        self.temperature = QDoubleSpinBox()
        self.temperature.setObjectName("inspect.writing.temperature")
        self.temperature.setAccessibleName(tr("Temperature"))
        self.temperature.setRange(0.0, 3.0)
        self.temperature.setSingleStep(0.1)
        self.temperature.setDecimals(1)
        self.temperature.setKeyboardTracking(False)
        self.temperature.setSpecialValueText(tr("0: always the likeliest"))
        self.temperature.setToolTip(tr("How freely the next word is drawn: at 1 by its probability, above 1 more boldly"))
        self.temperature.valueChanged.connect(lambda _value: self._ask())
        self.again = button("inspect.writing.again", tr("Draw again"), self._draw_again, tip=tr("Another continuation by other chance"))
        self.again.hide()
        for widget in (words, self.temperature, self.again):
            self.add_control(widget)
        self.strip = TokenStrip("inspect.writing.tokens", self, walkable=True)
        self.strip.token_hovered.connect(self._show_others)
        self.content.addWidget(self.strip)
        self._others = quiet("")
        self._others.setObjectName("inspect.writing.others")
        self.content.addWidget(self._others)

    def show_writing(self, writing: Writing) -> None:
        """Shows a beginning and its continuation; the likelier a token was, the stronger its ground."""
        self.writing = writing
        values = np.array([0.0] * len(writing.begun) + list(writing.shares))
        self.strip.show_tokens((*writing.begun, *writing.added), values, positive=True, scale=1.0)
        self.set_facts(tr("{count} tokens added", count=len(writing.added)))
        self._show_others(-1)

    def _show_others(self, place: int) -> None:
        if self.writing is None:
            return
        step = place - len(self.writing.begun)
        if not 0 <= step < len(self.writing.others):
            none = tr("It would end the text here. Type a beginning of your own on the left.")
            point = tr("Point at an added word to see what else could have come. Type a beginning of your own on the left.")
            self._others.setText(point if self.writing.added else none)
            return
        listed = "   ".join(f"{word} {share * 100:.1f} %" for word, share in self.writing.others[step])
        self._others.setText(tr("In place of {word}: {listed}", word=self.writing.added[step], listed=listed))

    def _draw_again(self) -> None:
        self._seed += 1
        self._ask()

    def _ask(self) -> None:
        self.again.setVisible(self.temperature.value() > 0)
        self.asked.emit(self.temperature.value(), self._seed)
