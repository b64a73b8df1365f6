"""Made-up melodies: a few tones one after the other, and the notes that were played."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.catalogue import Params, param
from workbench.data.base import Dataset, Field, FieldKind, Format
from workbench.data.memory import MemoryDataset, NumberedIds
from workbench.text import Text

_CHUNK = 512
_SHORTEST, _LONGEST = 2, 5
NOTES = {"c": 523.25, "d": 587.33, "e": 659.26, "g": 783.99, "a": 880.0, "h": 987.77}
"""The pitch of every note in hertz (C5 to B5, equal temperament); `h` is the German name of B."""


class TonesParams(Params):
    """How many melodies, how long, how noisy."""

    rows: int = param(4000, label="Rows", help="How many melodies.", unit="rows", ge=10, le=100_000, log=True)
    samples: int = param(2000, label="Samples", help="How many samples a melody has.", unit="samples", ge=500, le=100_000)
    rate: int = param(2500, label="Sample rate", help="Samples per second.", unit="Hz", ge=2500, le=48_000)
    noise: float = param(0.1, label="Noise", help="Deviation of the noise; tones reach from −0.5 to 0.5.", ge=0.0, le=5.0)
    seed: int = param(7, label="Seed", help="The same seed makes the same melodies.", ge=0, le=2**31 - 1)


class TonesDataset(MemoryDataset):
    """Generated melodies that know when something sounds.

    Args:
        sounding: Whether a tone sounds, bool `(n, T)`.
        **rest: As for `MemoryDataset`.
    """

    def __init__(self, sounding: np.ndarray, **rest: Any) -> None:
        super().__init__(**rest)
        self._sounding = sounding

    def deciding(self, row: int, field: str = "") -> np.ndarray:
        """Returns the samples at which a tone sounds, bool `(T,)`."""
        return self._sounding[row]


class Tones(Format):
    """Generated melodies."""

    name = "tones"
    label = "Generated tones"
    category = "generator"
    summary = "Made-up melodies of two to five tones among noise, and their notes in order; when each sounds is known but not told."
    aliases = ("audio", "sound", "music", "transcription", "speech", "CTC", "音调", "旋律", "声音", "转写")
    Params = TonesParams

    def open(self, source: str, params: Any) -> Dataset:
        sounds, sounding = np.empty((params.rows, params.samples), np.float32), np.empty((params.rows, params.samples), bool)
        texts: list[str] = []
        for start in range(0, params.rows, _CHUNK):
            part = slice(start, min(start + _CHUNK, params.rows))
            generator = np.random.default_rng((params.seed, start))
            notes = generator.integers(0, len(NOTES), (part.stop - part.start, _LONGEST))
            counts = generator.integers(_SHORTEST, _LONGEST + 1, len(notes))
            sounds[part], sounding[part] = _played(generator, notes, counts, params)
            texts += ["".join(list(NOTES)[note] for note in row[:count]) for row, count in zip(notes.tolist(), counts.tolist(), strict=True)]
        fields = (
            Field("sound", FieldKind.AUDIO, Text("Sound"), length=params.samples, rate=params.rate), Field("notes", FieldKind.TEXT, Text("Notes")),
        )
        return TonesDataset(
            sounding, format=self.name, source=source or "generated:tones", fields=fields, ids=NumberedIds(("tones", params.rows)),
            columns={"sound": sounds, "notes": texts}, licence="CC0 1.0 (generated)",
        )


def _played(generator: np.random.Generator, notes: np.ndarray, counts: np.ndarray, params: TonesParams) -> tuple[np.ndarray, np.ndarray]:
    """Returns sounds float32 `(n, T)` and where a tone sounds, bool `(n, T)`. Tones swell and fade, so equal neighbours can be told apart."""
    count, steps = len(notes), params.samples
    room = steps / counts
    begins = (np.arange(_LONGEST)[None, :] + generator.uniform(0.02, 0.2, notes.shape)) * room[:, None]
    lasts = generator.uniform(0.55, 0.78, notes.shape) * room[:, None]
    time = np.arange(steps, dtype=np.float32)
    pitch, phase = np.array(list(NOTES.values()), np.float32)[notes] / params.rate, generator.random(notes.shape).astype(np.float32)
    sounds = generator.standard_normal((count, steps), dtype=np.float32) * np.float32(params.noise)
    sounding = np.zeros((count, steps), bool)
    for place in range(_LONGEST):
        share = (time[None, :] - begins[:, place, None].astype(np.float32)) / lasts[:, place, None].astype(np.float32)
        heard = (share >= 0) & (share < 1) & (place < counts)[:, None]
        rows, at = np.nonzero(heard)
        swell = np.sin(np.float32(np.pi) * share[rows, at]) ** np.float32(0.5)
        turn = np.float32(2 * np.pi) * (pitch[rows, place] * time[at] + phase[rows, place])
        sounds[rows, at] += np.float32(0.5) * swell * np.sin(turn)
        sounding |= heard
    return np.clip(sounds, -1, 1), sounding
