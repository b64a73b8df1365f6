"""Series and sounds: numbers over time, of one common length."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from workbench.data.base import Field, FieldKind
from workbench.data.preprocessing.base import Preprocessor, Stored, where
from workbench.data.preprocessing.params import AudioParams, SeriesParams
from workbench.errors import DataError, Text
from workbench.graph.shape import Shape


class SeriesPreprocessor(Preprocessor):
    """Shift and scale of each number of a step.

    Attributes:
        length: Steps of a row.
        mean, deviation: Per feature, over all steps of the training split.
    """

    kind = FieldKind.SERIES

    def __init__(self, field: Field, length: int, mean: Sequence[float], deviation: Sequence[float]) -> None:
        super().__init__(field)
        self.length, self.mean, self.deviation = length, tuple(mean), tuple(deviation)

    @classmethod
    def fit(cls, field: Field, column: Any, params: SeriesParams) -> SeriesPreprocessor:
        values = np.asarray(column, dtype=np.float64)
        length, features = values.shape[1:]
        if not params.standardise or not len(values):
            return cls(field, length, (0.0,) * features, (1.0,) * features)
        mean, deviation = np.nanmean(values, axis=(0, 1)), np.nanstd(values, axis=(0, 1))
        deviation = np.where(deviation > 1e-7 * np.maximum(1.0, np.abs(mean)), deviation, 1.0)
        return cls(field, length, mean.tolist(), deviation.tolist())

    @classmethod
    def restore(cls, field: Field, state: Mapping[str, Any]) -> SeriesPreprocessor:
        return cls(field, state["length"], state["mean"], state["deviation"])

    @property
    def state(self) -> dict[str, Any]:
        return {"length": self.length, "mean": list(self.mean), "deviation": list(self.deviation)}

    def store(self, column: Any) -> Stored:
        values = (np.asarray(column, dtype=np.float64) - np.array(self.mean)) / np.array(self.deviation)
        return (torch.from_numpy(np.where(np.isfinite(values), values, 0.0).astype(np.float32)),)

    def gather(self, stored: Stored, rows: torch.Tensor) -> tuple[torch.Tensor, None]:
        return stored[0].index_select(0, where(rows, stored[0])), None

    def encode_one(self, raw: Any) -> torch.Tensor:
        return self.store(numbers(raw, self.field, (self.length, len(self.mean)))[None])[0]

    def shape(self) -> Shape:
        return Shape.of(time=self.length, feature=len(self.mean))


class AudioPreprocessor(Preprocessor):
    """Sounds stay as they are: samples between -1 and 1.

    Attributes:
        samples: Of every sound.
        rate: Samples per second.
    """

    kind = FieldKind.AUDIO

    def __init__(self, field: Field, samples: int, rate: int) -> None:
        super().__init__(field)
        self.samples, self.rate = samples, rate

    @classmethod
    def fit(cls, field: Field, column: Any, params: AudioParams) -> AudioPreprocessor:
        return cls(field, int(np.asarray(column).shape[1]), field.rate)

    @classmethod
    def restore(cls, field: Field, state: Mapping[str, Any]) -> AudioPreprocessor:
        return cls(field, state["samples"], state["rate"])

    @property
    def state(self) -> dict[str, Any]:
        return {"samples": self.samples, "rate": self.rate}

    def store(self, column: Any) -> Stored:
        return (torch.from_numpy(np.ascontiguousarray(column, dtype=np.float32)),)

    def gather(self, stored: Stored, rows: torch.Tensor) -> tuple[torch.Tensor, None]:
        return stored[0].index_select(0, where(rows, stored[0])), None

    def encode_one(self, raw: Any) -> torch.Tensor:
        return self.store(numbers(raw, self.field, (self.samples,))[None])[0]

    def shape(self) -> Shape:
        return Shape.of(time=self.samples)


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
