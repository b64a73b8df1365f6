"""Numbers: standardised over the training split; what is missing takes the mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from workbench.data.base import Field, FieldKind
from workbench.data.preprocessing.base import Preprocessor, Stored, where
from workbench.data.preprocessing.params import NumberParams
from workbench.errors import DataError, Text
from workbench.graph.shape import Shape


class NumberPreprocessor(Preprocessor):
    """Shift and scale of a number.

    Attributes:
        mean, deviation: Of the training split, in the number's own unit.
        unit: As shown.
    """

    kind = FieldKind.NUMBER

    def __init__(self, field: Field, mean: float, deviation: float, unit: str = "") -> None:
        super().__init__(field)
        self.mean, self.deviation, self.unit = mean, deviation, unit

    @classmethod
    def fit(cls, field: Field, column: Any, params: NumberParams) -> NumberPreprocessor:
        values = np.asarray(column, dtype=np.float64)
        values = values[np.isfinite(values)]
        if not params.standardise or not len(values):
            return cls(field, 0.0, 1.0, field.unit)
        mean, deviation = float(values.mean()), float(values.std())
        smallest = 1e-7 * max(1.0, abs(mean))
        return cls(field, mean, deviation if deviation > smallest else 1.0, field.unit)

    @classmethod
    def restore(cls, field: Field, state: Mapping[str, Any]) -> NumberPreprocessor:
        return cls(field, state["mean"], state["deviation"], state["unit"])

    @property
    def state(self) -> dict[str, Any]:
        return {"mean": self.mean, "deviation": self.deviation, "unit": self.unit}

    def store(self, column: Any) -> Stored:
        values = (np.asarray(column, dtype=np.float64) - self.mean) / self.deviation
        return (torch.from_numpy(np.where(np.isfinite(values), values, 0.0).astype(np.float32)),)

    def gather(self, stored: Stored, rows: torch.Tensor) -> tuple[torch.Tensor, None]:
        return stored[0].index_select(0, where(rows, stored[0])), None

    def encode_one(self, raw: Any) -> torch.Tensor:
        try:
            value = float(raw)
        except (TypeError, ValueError) as error:
            raise DataError(
                Text("{value} is no number.", value=str(raw)[:80]), Text("Write a number for {field}.", field=self.field.name)
            ) from error
        return self.store(np.array([value], dtype=np.float32))[0]

    def decode(self, values: torch.Tensor) -> torch.Tensor:
        """Returns standardised values in the number's own unit."""
        return values * self.deviation + self.mean

    def display(self, raw: Any) -> str:
        return f"{float(raw):g} {self.unit}".strip()

    def shape(self) -> Shape:
        return Shape.of()
