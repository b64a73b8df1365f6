"""Made-up series: sine, square, triangle and sawtooth among noise, each for a while; what comes next is known too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from workbench.catalogue import Params, param
from workbench.data.base import Dataset, Field, FieldKind, Format
from workbench.data.memory import MemoryDataset, NumberedIds
from workbench.text import Text

_CHUNK = 4096
_SHORTEST = 0.5


class WavesParams(Params):
    """How many series, how long, how noisy."""

    rows: int = param(2000, label="Rows", help="How many series.", unit="rows", ge=10, le=1_000_000, log=True)
    length: int = param(64, label="Length", help="How many steps a series has.", unit="steps", ge=16, le=4096)
    channels: int = param(1, label="Channels", help="How many numbers per step; the first holds the wave, the others only noise.", ge=1, le=64)
    noise: float = param(0.15, label="Noise", help="Deviation of the noise; the waves reach from −1 to 1.", ge=0.0, le=5.0)
    seed: int = param(7, label="Seed", help="The same seed makes the same series.", ge=0, le=2**31 - 1)


class WavesDataset(MemoryDataset):
    """Generated series that know when the wave is there.

    Args:
        present: Whether the wave is there, bool `(n, T)`.
        **rest: As for `MemoryDataset`.
    """

    def __init__(self, present: np.ndarray, **rest: Any) -> None:
        super().__init__(**rest)
        self._present = present

    def deciding(self, row: int, field: str = "") -> np.ndarray:
        """Returns the steps that hold the wave, bool `(T,)`."""
        return self._present[row]


class Waves(Format):
    """Generated waves."""

    name = "waves"
    label = "Generated waves"
    category = "generator"
    summary = "Made-up series: a sine, square, triangle or sawtooth sounds for a while among noise; which one, and what would come next."
    aliases = ("time series", "signal", "forecast", "sensor", "波形", "时间序列", "预测")
    Params = WavesParams

    def open(self, source: str, params: Any) -> Dataset:
        series = np.empty((params.rows, params.length, params.channels), np.float32)
        present, following = np.empty(series.shape[:2], bool), np.empty(params.rows, np.float32)
        labels = np.random.default_rng((params.seed, 0)).permutation(np.arange(params.rows) % len(FORMS))
        for start in range(0, params.rows, _CHUNK):
            part = slice(start, min(start + _CHUNK, params.rows))
            generator = np.random.default_rng((params.seed, 1, start))
            clean, present[part], following[part] = _clean(generator, labels[part], params.length)
            series[part] = generator.standard_normal(series[part].shape, dtype=np.float32) * np.float32(params.noise)
            series[part, :, 0] += clean
        fields = (
            Field("series", FieldKind.SERIES, Text("Series"), length=params.length, features=params.channels),
            Field("label", FieldKind.CATEGORY, Text("Wave"), categories=tuple(FORMS)),
            Field("next", FieldKind.NUMBER, Text("Next value")),
        )
        return WavesDataset(
            present, format=self.name, source=source or "generated:waves", fields=fields, ids=NumberedIds(("waves", params.rows)),
            columns={"series": series, "label": labels.astype(np.int64), "next": following}, licence="CC0 1.0 (generated)",
        )


FORMS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "sine": lambda phase: np.sin(2 * np.pi * phase),
    "square": lambda phase: np.where(phase % 1 < 0.5, 1.0, -1.0),
    "triangle": lambda phase: 4 * np.abs((phase - 0.25) % 1 - 0.5) - 1,
    "sawtooth": lambda phase: 2 * (phase % 1) - 1,
}
"""From the phase, in periods, to a value between -1 and 1."""


def _clean(generator: np.random.Generator, labels: np.ndarray, length: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns the waves without noise `(n, T)`, where they are there, and the value that the wave would take after the last step."""
    count = len(labels)
    period, phase = generator.uniform(8, 20, (count, 1)), generator.random((count, 1))
    lasts = (generator.uniform(_SHORTEST, 1, count) * length).astype(np.int64)
    begins = (generator.random(count) * (length - lasts + 1)).astype(np.int64)
    steps = np.arange(length + 1)[None, :]
    values = np.empty((count, length + 1))
    for number, form in enumerate(FORMS.values()):
        rows = labels == number
        values[rows] = form(phase[rows] + steps / period[rows])
    present = (steps[:, :length] >= begins[:, None]) & (steps[:, :length] < (begins + lasts)[:, None])
    return np.where(present, values[:, :length], 0.0), present, values[:, length]
