"""The play button of sounds. Playing needs the `audio` extra (sounddevice); without it the panel says so."""

from __future__ import annotations

import contextlib
from importlib.util import find_spec

import numpy as np
from PySide6.QtWidgets import QHBoxLayout, QWidget

from workbench.app import theme
from workbench.app.language import tr
from workbench.app.widgets import button, quiet


def can_play() -> bool:
    """Whether the package that plays sounds is installed."""
    return find_spec("sounddevice") is not None


class Player(QWidget):
    """Plays one sound, or stops it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("data.player")
        self._samples, self._rate = np.zeros(0, np.float32), 0
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_8)
        self._words = quiet("" if can_play() else tr("Playing sounds needs the audio extra: pip install model-workbench[audio]"))
        if can_play():
            layout.addWidget(button("data.row.play", tr("Play"), self.play, tip=tr("Play this sound"), parent=self))
            layout.addWidget(button("data.row.stop", tr("Stop"), self.stop, tip=tr("Stop playing"), parent=self))
        layout.addWidget(self._words, 1)

    def take(self, samples: np.ndarray, rate: int) -> None:
        """Takes a sound.

        Args:
            samples: float32 `(T,)` between -1 and 1.
            rate: Samples per second.
        """
        self._samples, self._rate = samples, rate

    def play(self) -> None:
        """Plays the sound from its beginning."""
        # A machine without a sound device raises one of several errors of PortAudio; the panel says what it said.
        try:
            import sounddevice

            sounddevice.play(np.clip(self._samples, -1, 1), self._rate or 16_000)
        except Exception as error:
            self._words.setText(tr("The sound cannot be played: {reason}", reason=str(error)))

    def stop(self) -> None:
        """Stops playing."""
        with contextlib.suppress(Exception):
            import sounddevice

            sounddevice.stop()
