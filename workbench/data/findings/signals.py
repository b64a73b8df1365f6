"""Sounds and series in trouble: silent, clipped, flat, far too short or too long."""

from __future__ import annotations

import numpy as np

from workbench.data.base import DataProblem, Field, FieldKind
from workbench.data.findings.base import Finder, Look, called
from workbench.text import Text

_SILENT = 10 ** (-60 / 20)
_FULL, _CLIPPED = 0.999, 0.01
_FEW = 0.2
_MANY, _TIMES = 50, 12


class Signals(Finder):
    """Sounds without a sound, sounds cut off at full scale, and series that never change."""

    name = "silent"
    label = "Silent, clipped and flat signals"
    summary = "Sounds below -60 dB, sounds that hit full scale again and again, and series that stay the same."
    aliases = ("silence", "clipping", "overdriven", "flat line", "静音", "削波")
    thorough = True

    def find(self, look: Look) -> list[DataProblem]:
        sounds = [problem for field in look.fields(FieldKind.AUDIO) for problem in self._sounds(look, field)]
        return sounds + [problem for field in look.fields(FieldKind.SERIES) for problem in self._series(look, field)]

    def _sounds(self, look: Look, field: Field) -> list[DataProblem]:
        facts = look.kept("loudness", [field], lambda: _loudness(look, field.name))
        silent, clipped = [row for row, peak, _ in facts if peak < _SILENT], [row for row, _, share in facts if share > _CLIPPED]
        found: list[DataProblem] = []
        if 0 < len(silent) <= _FEW * len(facts):
            found.append(DataProblem(
                self.name, Text("{count} sounds in {field} are silent.", count=len(silent), field=called(field)), look.names(silent),
                Text("There is nothing in them to hear; often the recording failed."),
            ))
        if 0 < len(clipped) <= _FEW * len(facts):
            found.append(DataProblem(
                "clipped", Text("{count} sounds in {field} were recorded too loud and are cut off.", count=len(clipped), field=called(field)),
                look.names(clipped), Text("What is cut off sounds like noise of every pitch."),
            ))
        return found

    def _series(self, look: Look, field: Field) -> list[DataProblem]:
        rows = look.kept("flat", [field], lambda: _flat(look, field.name))
        if not 0 < len(rows) <= _FEW * len(look.usable):
            return []
        return [DataProblem(
            "flat", Text("{count} series in {field} never change.", count=len(rows), field=called(field)), look.names(rows),
            Text("Often a sensor was not connected; there is nothing in them to learn from."),
        )]


def _loudness(look: Look, name: str) -> list[tuple[int, float, float]]:
    """Returns every row, the peak of its sound and the share of it at full scale."""
    return [
        (int(row), float(np.abs(sound).max(initial=0)), float((np.abs(sound) >= _FULL).mean()) if len(sound) else 0.0)
        for rows, sounds in look.parts(name) for row, sound in zip(rows, sounds, strict=True)
    ]


def _flat(look: Look, name: str) -> list[int]:
    """Returns the rows whose series stay the same."""
    return [
        int(row) for rows, series in look.parts(name) for row, values in zip(rows, series, strict=True)
        if len(values) > 1 and bool((values == values[:1]).all())
    ]


def _lengths(look: Look, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Returns rows and how many steps each has."""
    parts = [(rows, np.array([len(one) for one in signals])) for rows, signals in look.parts(name)]
    if not parts:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    return np.concatenate([rows for rows, _ in parts]), np.concatenate([lengths for _, lengths in parts])


class SignalLengths(Finder):
    """Sounds and series many times as long, or as short, as most others."""

    name = "signal-lengths"
    label = "Extreme lengths of signals"
    summary = "Sounds and series many times longer or shorter than most."
    aliases = ("duration outliers", "时长异常")
    thorough = True

    def find(self, look: Look) -> list[DataProblem]:
        fields = [field for field in look.fields(FieldKind.AUDIO, FieldKind.SERIES) if not field.length]
        return [problem for field in fields for problem in self._of(look, field)]

    def _of(self, look: Look, field: Field) -> list[DataProblem]:
        rows, lengths = look.kept("steps", [field], lambda: _lengths(look, field.name))
        if len(rows) < _MANY:
            return []
        usual = float(np.median(lengths))
        odd = (lengths > _TIMES * usual) | (lengths * _TIMES < usual)
        if not 0 < odd.sum() <= _FEW * len(rows):
            return []
        return [DataProblem(
            "lengths",
            Text("{count} rows of {field} are more than {times} times longer or shorter than the usual {usual} steps.",
                 count=int(odd.sum()), field=called(field), times=_TIMES, usual=round(usual)),
            look.names(rows[odd]), Text("A batch is as long as its longest row: each of these makes its whole batch slow, or says next to nothing."),
        )]


__all__ = ["SignalLengths", "Signals"]
