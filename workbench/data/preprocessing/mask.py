"""Masks: a class for every pixel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from workbench.data.base import Field, FieldKind
from workbench.data.preprocessing.base import Preprocessor, Stored, where
from workbench.data.preprocessing.params import MaskParams
from workbench.errors import DataError, Text
from workbench.graph.shape import Shape


class MaskPreprocessor(Preprocessor):
    """Classes of pixels, kept as bytes until the batch.

    Attributes:
        categories: The names of the classes, in the order of their numbers.
        height, width: In pixels.
    """

    kind = FieldKind.MASK

    def __init__(self, field: Field, categories: Sequence[str], height: int, width: int) -> None:
        super().__init__(field)
        self.categories, self.height, self.width = tuple(categories), height, width

    @classmethod
    def fit(cls, field: Field, column: Any, params: MaskParams) -> MaskPreprocessor:
        height, width = np.asarray(column).shape[1:]
        return cls(field, field.categories, int(height), int(width))

    @classmethod
    def restore(cls, field: Field, state: Mapping[str, Any]) -> MaskPreprocessor:
        return cls(field, state["categories"], state["height"], state["width"])

    @property
    def state(self) -> dict[str, Any]:
        return {"categories": list(self.categories), "height": self.height, "width": self.width}

    def store(self, column: Any) -> Stored:
        masks = np.ascontiguousarray(column, dtype=np.uint8)
        if masks.size and int(masks.max()) >= len(self.categories):
            raise DataError(
                Text("The label {label} of {field} is out of range: there are {count} classes.",
                     label=int(masks.max()), field=self.field.name, count=len(self.categories)),
                Text("Labels must be numbers from 0 to {last}.", last=len(self.categories) - 1),
            )
        return (torch.from_numpy(masks),)

    def gather(self, stored: Stored, rows: torch.Tensor) -> tuple[torch.Tensor, None]:
        return stored[0].index_select(0, where(rows, stored[0])).long(), None

    def encode_one(self, raw: Any) -> torch.Tensor:
        return self.store(np.asarray(raw)[None])[0].long()

    def shape(self) -> Shape:
        return Shape.of("int64", len(self.categories), height=self.height, width=self.width)
