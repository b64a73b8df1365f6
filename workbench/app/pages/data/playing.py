"""The play button of sounds: by sounddevice (the `audio` extra), else by a player of the system. A machine without a sound device says so."""

from __future__ import annotations

import contextlib
import shutil
import sys
import wave
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PySide6.QtCore import QProcess, QTemporaryDir
from PySide6.QtWidgets import QHBoxLayout, QWidget

from workbench.app import theme
from workbench.app.language import tr
from workbench.app.widgets import button, quiet

_PLAYERS = ("pw-play", "paplay", "aplay", "afplay")
_USUAL_RATE = 16_000


def system_player() -> str:
    """Returns the program of the system that plays a WAV file, or ""."""
    return next((found for name in _PLAYERS if (found := shutil.which(name))), "")


def can_play() -> bool:
    """Whether anything on this machine plays sounds."""
    return find_spec("sounddevice") is not None or sys.platform == "win32" or bool(system_player())


class Player(QWidget):
    """Plays one sound, or stops it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("data.player")
        self._samples, self._rate = np.zeros(0, np.float32), 0
        self._process: QProcess | None = None
        self._folder: QTemporaryDir | None = None
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_8)
        self._words = quiet("" if can_play() else tr("Playing sounds needs the audio extra: pip install model-workbench[audio]"))
        self._words.setObjectName("data.player.words")
        if can_play():
            layout.addWidget(button("data.row.play", tr("Play"), self.play, tip=tr("Play this sound (P)"), parent=self))
            layout.addWidget(button("data.row.stop", tr("Stop"), self.stop, tip=tr("Stop playing"), parent=self))
        layout.addWidget(self._words, 1)

    def take(self, samples: np.ndarray, rate: int) -> None:
        """Takes a sound.

        Args:
            samples: float32 `(T,)` between -1 and 1.
            rate: Samples per second.
        """
        self._samples, self._rate = samples, rate

    @property
    def words(self) -> str:
        """What is said beside the buttons: why nothing is heard, or ""."""
        return self._words.text()

    def play(self) -> None:
        """Plays the sound from its beginning, or says why it cannot."""
        if not can_play() or not len(self._samples):
            return
        self.stop()
        self._words.setText("")
        # A machine without a sound device raises one of several errors of PortAudio, or has no PortAudio; the panel says what it said.
        try:
            if find_spec("sounddevice") is not None:
                import sounddevice

                sounddevice.play(np.clip(self._samples, -1, 1), self._rate or _USUAL_RATE)
            else:
                self._play_file(self._written())
        except Exception as error:
            self._say(str(error))

    def _say(self, reason: str) -> None:
        lines = reason.strip().splitlines() or [tr("no sound device was found")]
        self._words.setText(tr("The sound cannot be played: {reason}", reason=lines[-1]))

    def _written(self) -> Path:
        """Writes the sound as 16 bit WAV into a folder that goes with the program."""
        if self._folder is None:
            self._folder = QTemporaryDir()
        path = Path(self._folder.filePath("sound.wav"))
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(self._rate or _USUAL_RATE)
            file.writeframes((np.clip(self._samples, -1, 1) * 32767).astype("<i2").tobytes())
        return path

    def _play_file(self, path: Path) -> None:
        if sys.platform == "win32":
            import winsound

            winsound.PlaySound(str(path), winsound.SND_FILENAME | winsound.SND_ASYNC)
            return
        self._process = QProcess(self)
        self._process.finished.connect(self._ended)
        self._process.start(system_player(), [str(path)])

    def _ended(self, code: int) -> None:
        process = self._process
        if process is not None and code and process.exitStatus() == QProcess.ExitStatus.NormalExit:
            self._say(bytes(process.readAllStandardError().data()).decode("utf-8", "replace"))

    def stop(self) -> None:
        """Stops playing."""
        if self._process is not None:
            self._process.finished.disconnect(self._ended)
            self._process.kill()
            self._process.waitForFinished(200)
            self._process.deleteLater()
            self._process = None
        with contextlib.suppress(Exception):
            import sounddevice

            sounddevice.stop()
