"""Series and sounds: numbers over time, of one common length or each of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from workbench.data.base import Field, FieldKind
from workbench.data.preprocessing.base import Preprocessor, Stored, where
from workbench.data.preprocessing.params import AudioParams, SeriesParams
from workbench.errors import DataError, Text
from workbench.graph.dim import Symbol
from workbench.graph.shape import Shape

LENGTH_SYMBOL, SAMPLES_SYMBOL = "S", "A"
LONGEST_SECONDS = 30


class SeriesPreprocessor(Preprocessor):
    """Shift and scale of each number of a step.

    Attributes:
        length: Steps of a row, or the most where rows differ.
        mean, deviation: Per feature, over all steps of the training split.
        ragged: Whether rows differ in length: a batch is then as long as its longest row, zeros stand behind the others, and it has lengths.
    """

    kind = FieldKind.SERIES

    def __init__(self, field: Field, length: int, mean: Sequence[float], deviation: Sequence[float], ragged: bool = False) -> None:
        super().__init__(field)
        self.length, self.mean, self.deviation, self.ragged = length, tuple(mean), tuple(deviation), ragged

    @classmethod
    def fit(cls, field: Field, column: Any, params: SeriesParams) -> SeriesPreprocessor:
        lengths = {len(row) for row in column}
        length, ragged = params.length or max(lengths, default=1), not params.length and (len(lengths) > 1 or not field.length)
        steps = np.concatenate([np.asarray(row, np.float64) for row in column]) if len(column) else np.zeros((0, max(field.features, 1)))
        features = steps.shape[1]
        if not params.standardise or not len(steps):
            return cls(field, length, (0.0,) * features, (1.0,) * features, ragged)
        known = np.isfinite(steps).any(axis=0)
        mean, deviation = np.zeros(features), np.ones(features)
        steps = np.where(np.isfinite(steps), steps, np.nan)[:, known]
        mean[known], deviation[known] = np.nanmean(steps, axis=0), np.nanstd(steps, axis=0)
        deviation = np.where(deviation > 1e-7 * np.maximum(1.0, np.abs(mean)), deviation, 1.0)
        return cls(field, length, mean.tolist(), deviation.tolist(), ragged)

    @classmethod
    def restore(cls, field: Field, state: Mapping[str, Any]) -> SeriesPreprocessor:
        return cls(field, state["length"], state["mean"], state["deviation"], state.get("ragged", False))

    @property
    def state(self) -> dict[str, Any]:
        return {"length": self.length, "mean": list(self.mean), "deviation": list(self.deviation), **({"ragged": True} if self.ragged else {})}

    def store(self, column: Any) -> Stored:
        if isinstance(column, np.ndarray) and column.ndim == 3 and column.shape[1] == self.length and not self.ragged:
            return (torch.from_numpy(self._scaled(column).astype(np.float32)),)
        lengths = np.array([min(len(row), self.length) for row in column], np.int64)
        values = np.zeros((len(lengths), int(lengths.max(initial=1)) if self.ragged else self.length, len(self.mean)), np.float32)
        for place, row in enumerate(column):
            values[place, : lengths[place]] = self._scaled(row[: self.length])
        tensor = torch.from_numpy(values)
        return (tensor, torch.from_numpy(np.maximum(lengths, 1))) if self.ragged else (tensor,)

    def _scaled(self, row: Any) -> np.ndarray:
        values = (np.asarray(row, dtype=np.float64) - np.array(self.mean)) / np.array(self.deviation)
        return np.where(np.isfinite(values), values, 0.0)

    def gather(self, stored: Stored, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        values = stored[0]
        rows = where(rows, values)
        if not self.ragged:
            return values.index_select(0, rows), None
        lengths = stored[1].index_select(0, rows)
        longest = int(lengths.max()) if len(lengths) else 1
        return values.narrow(1, 0, longest).index_select(0, rows), lengths

    def encode_one(self, raw: Any) -> torch.Tensor:
        if self.field.length == self.length and not self.ragged:
            return self.store(numbers(raw, self.field, (self.length, len(self.mean)))[None])[0]
        return self.store([numbers(raw, self.field, (-1, len(self.mean)))])[0]

    def shape(self) -> Shape:
        time = Symbol(LENGTH_SYMBOL, maximum=self.length, ragged=True) if self.ragged else self.length
        return Shape.of(time=time, feature=len(self.mean))


class AudioPreprocessor(Preprocessor):
    """Sounds stay as they are, cut or filled up with silence to one length, or each of its own.

    Attributes:
        samples: Of every sound, or the most where rows differ.
        rate: Samples per second.
        ragged: Whether each sound keeps its length: a batch is then as long as its longest, and it has lengths.
    """

    kind = FieldKind.AUDIO

    def __init__(self, field: Field, samples: int, rate: int, ragged: bool = False) -> None:
        super().__init__(field)
        self.samples, self.rate, self.ragged = samples, rate, ragged

    @classmethod
    def fit(cls, field: Field, column: Any, params: AudioParams) -> AudioPreprocessor:
        longest = field.length or max((len(row) for row in column), default=1)
        wanted = round(params.seconds * field.rate) if params.seconds else longest if field.length else min(longest, LONGEST_SECONDS * field.rate)
        return cls(field, max(wanted, 1), field.rate, params.own and not params.seconds)

    @classmethod
    def restore(cls, field: Field, state: Mapping[str, Any]) -> AudioPreprocessor:
        return cls(field, state["samples"], state["rate"], state.get("ragged", False))

    @property
    def state(self) -> dict[str, Any]:
        return {"samples": self.samples, "rate": self.rate, **({"ragged": True} if self.ragged else {})}

    def store(self, column: Any) -> Stored:
        if isinstance(column, np.ndarray) and column.shape[1] == self.samples and not self.ragged:
            return (torch.from_numpy(np.ascontiguousarray(column, dtype=np.float32)),)
        lengths = np.array([min(len(row), self.samples) for row in column], np.int64)
        values = np.zeros((len(lengths), int(lengths.max(initial=1)) if self.ragged else self.samples), np.float32)
        for place, row in enumerate(column):
            values[place, : lengths[place]] = row[: self.samples]
        tensor = torch.from_numpy(values)
        return (tensor, torch.from_numpy(np.maximum(lengths, 1))) if self.ragged else (tensor,)

    def gather(self, stored: Stored, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        rows = where(rows, stored[0])
        if not self.ragged:
            return stored[0].index_select(0, rows), None
        lengths = stored[1].index_select(0, rows)
        longest = int(lengths.max()) if len(lengths) else 1
        return stored[0].narrow(1, 0, longest).index_select(0, rows), lengths

    def encode_one(self, raw: Any) -> torch.Tensor:
        form = (self.samples,) if self.field.length == self.samples and not self.ragged else (-1,)
        return self.store([numbers(raw, self.field, form)])[0]

    def shape(self) -> Shape:
        return Shape.of(time=Symbol(SAMPLES_SYMBOL, maximum=self.samples, ragged=True) if self.ragged else self.samples)


def numbers(raw: Any, field: Field, form: tuple[int, ...]) -> np.ndarray:
    """Returns a value given by a person as float32 numbers of a form.

    Raises:
        DataError: There are too many or too few, or they are no numbers.
    """
    try:
        return np.asarray(raw, dtype=np.float32).reshape(form)
    except (TypeError, ValueError) as error:
        sizes = " × ".join(str(size) for size in form)
        raise DataError(
            Text("{field} takes {sizes} numbers.", field=field.name, sizes=sizes), Text("Give that many, step by step."),
        ) from error
