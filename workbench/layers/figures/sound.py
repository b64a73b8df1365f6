"""Sound: a wave and its spectrogram, computed by the transform itself on a rising tone."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from math import cos, log10, pi, sin
from types import MappingProxyType
from typing import Any

from workbench.graph.shape import Shape
from workbench.layers.figures.picture import Figure, Path, Picture, Tone
from workbench.layers.figures.sketch import Sketch, clamped
from workbench.text import Text

_SAMPLES, _WINDOW = 640, 64


def tone(at: int) -> float:
    """Returns a sample of a rising tone above a steady one."""
    phase = 2 * pi * (0.03 * at + 0.32 * at * at / (2 * _SAMPLES))
    return 0.6 * sin(phase) + 0.4 * sin(2 * pi * 0.06 * at)


@lru_cache(maxsize=16)
def power(hop: int) -> tuple[tuple[float, ...], ...]:
    """Returns the power of each pitch in each window of the example, `(steps, pitches)`."""
    taper = [0.5 - 0.5 * cos(2 * pi * n / _WINDOW) for n in range(_WINDOW)]
    found: list[tuple[float, ...]] = []
    for start in range(0, _SAMPLES - _WINDOW + 1, hop):
        values = [taper[n] * tone(start + n) for n in range(_WINDOW)]
        real = [sum(value * cos(2 * pi * k * n / _WINDOW) for n, value in enumerate(values)) for k in range(_WINDOW // 2)]
        other = [sum(value * sin(2 * pi * k * n / _WINDOW) for n, value in enumerate(values)) for k in range(_WINDOW // 2)]
        found.append(tuple(a * a + b * b for a, b in zip(real, other, strict=True)))
    return tuple(found)


class Spectrum(Figure):
    """A wave above, what it becomes below; for mel bands, the triangles that gather pitches beside it.

    Args:
        mel: Whether pitches are gathered in mel bands.
    """

    def __init__(self, *, mel: bool = False) -> None:
        self.mel = mel

    def steps(self, params: Any) -> int:
        return len(power(self._hop(params)))

    @staticmethod
    def _hop(params: Any) -> int:
        return clamped(round(_WINDOW * params.hop / params.window), 16, 64)

    def draw(self, params: Any, inputs: Mapping[str, Shape] = MappingProxyType({}), step: int = 0) -> Picture:
        hop = self._hop(params)
        found = power(hop)
        here = step % len(found)
        sheet = Sketch(210)
        sheet.items.append(Path(tuple((44 + 300 * at / _SAMPLES, 34 - 20 * tone(at)) for at in range(0, _SAMPLES, 2)), Tone.BLUE, 1.2))
        sheet.frame(44 + 300 * here * hop / _SAMPLES, 10, 300 * _WINDOW / _SAMPLES, 48)
        rows = self._bands(found, params) if self.mel else [list(frame) for frame in found]
        high = 124 / len(rows[0])
        width = 300 / len(rows)
        most = max(value for row in rows for value in row)
        for at, row in enumerate(rows):
            for band, value in enumerate(row):
                sheet.box(44 + width * at, 192 - high * (band + 1), width, high, Tone.BLUE, self._strength(value / most, params.scale), None)
        sheet.frame(44 + width * here, 68, width, 124)
        sheet.label(22, 130, Text("mel band") if self.mel else Text("pitch"), 10, Tone.QUIET, turned=True)
        sheet.note(194, 202, Text("time"))
        sheet.label(22, 34, Text("sound"), 10, Tone.QUIET, turned=True)
        return sheet.picture()

    @staticmethod
    def _strength(share: float, scale: str) -> float:
        if scale == "log":
            return max(0.0, 1 + log10(max(share, 1e-4)) / 4) * 0.9
        return (share**0.5 if scale == "magnitude" else share) * 0.9

    @staticmethod
    def _bands(found: tuple[tuple[float, ...], ...], params: Any) -> list[list[float]]:
        count, half = clamped(params.bands, 2, 16), params.rate / 2
        def mel(pitch: float) -> float:
            return 2595 * log10(1 + pitch / 700)

        highest = params.highest or half
        edges = [mel(params.lowest) + (mel(highest) - mel(params.lowest)) * at / (count + 1) for at in range(count + 2)]
        places = [700 * (10 ** (edge / 2595) - 1) for edge in edges]
        pitches = [half * k / (_WINDOW // 2) for k in range(_WINDOW // 2)]

        def share(pitch: float, band: int) -> float:
            low, middle, high = places[band : band + 3]
            near = 1.0 if abs(pitch - middle) < half / _WINDOW else 0.0
            return max(0.0, min((pitch - low) / (middle - low), (high - pitch) / (high - middle))) or near

        weights = [[share(pitch, band) for pitch in pitches] for band in range(count)]
        return [[sum(weight * value for weight, value in zip(row, frame, strict=True)) for row in weights] for frame in found]
