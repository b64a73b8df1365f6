"""Categories: names become numbers in the order of the field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from workbench.data.base import Field, FieldKind
from workbench.data.preprocessing.base import Preprocessor, Stored, where
from workbench.data.preprocessing.params import CategoryParams
from workbench.errors import DataError, Text
from workbench.graph.shape import Shape

MISSING = -1


class CategoryPreprocessor(Preprocessor):
    """The names a model knows. Newer data may bring them in another order, never new ones.

    Attributes:
        categories: The names, in the order of their numbers.
    """

    kind = FieldKind.CATEGORY

    def __init__(self, field: Field, categories: Sequence[str]) -> None:
        super().__init__(field)
        self.categories = tuple(categories)

    @classmethod
    def fit(cls, field: Field, column: Any, params: CategoryParams) -> CategoryPreprocessor:
        return cls(field, field.categories)

    @classmethod
    def restore(cls, field: Field, state: Mapping[str, Any]) -> CategoryPreprocessor:
        return cls(field, state["categories"])

    @property
    def state(self) -> dict[str, Any]:
        return {"categories": list(self.categories)}

    def store(self, column: Any) -> Stored:
        labels = np.asarray(column, dtype=np.int64)
        self._check_range(labels)
        if self.field.categories != self.categories:
            labels = self._renumbered(labels)
        return (torch.from_numpy(np.ascontiguousarray(labels)),)

    def gather(self, stored: Stored, rows: torch.Tensor) -> tuple[torch.Tensor, None]:
        return stored[0].index_select(0, where(rows, stored[0])), None

    def encode_one(self, raw: Any) -> torch.Tensor:
        if isinstance(raw, str):
            if raw not in self.categories:
                raise self._unknown(raw)
            raw = self.categories.index(raw)
        if not 0 <= int(raw) < len(self.categories):
            raise self._unknown(str(raw))
        return torch.tensor([int(raw)])

    def display(self, raw: Any) -> str:
        names = self.field.categories
        return names[int(raw)] if 0 <= int(raw) < len(names) else ""

    def shape(self) -> Shape:
        return Shape.of("int64", len(self.categories))

    def _check_range(self, labels: np.ndarray) -> None:
        bad = labels[(labels < MISSING) | (labels >= len(self.field.categories))]
        if len(bad):
            raise DataError(
                Text("The label {label} of {field} is out of range: there are {count} classes.",
                     label=int(bad[0]), field=self.field.name, count=len(self.field.categories)),
                Text("Labels must be numbers from 0 to {last}.", last=len(self.field.categories) - 1),
            )

    def _renumbered(self, labels: np.ndarray) -> np.ndarray:
        known = {name: number for number, name in enumerate(self.categories)}
        table = np.array([*(known.get(name, MISSING - 1) for name in self.field.categories), MISSING], dtype=np.int64)
        renumbered = table[labels]
        if np.any(renumbered < MISSING):
            raise self._unknown(self.field.categories[int(labels[renumbered < MISSING][0])])
        return renumbered

    def _unknown(self, name: str) -> DataError:
        return DataError(
            Text("{name} is no class of {field} that this model knows.", name=name[:80], field=self.field.name),
            Text("It knows {names}.", names=", ".join(self.categories[:12])),
        )
