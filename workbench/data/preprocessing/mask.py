"""Masks: a class for every pixel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from workbench.data.base import Field, FieldKind
from workbench.data.preprocessing.base import Preprocessor, Stored, where
from workbench.data.preprocessing.image import LARGEST_NATURAL_SIDE
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
        sizes = np.array([mask.shape[:2] for mask in column]) if len(column) else np.full((1, 2), 32)
        common = sizes[0] if bool((sizes == sizes[0]).all()) else np.clip(np.round(np.median(sizes, axis=0) / 8) * 8, 8, LARGEST_NATURAL_SIDE)
        return cls(field, field.categories, params.height or int(common[0]), params.width or int(common[1]))

    @classmethod
    def restore(cls, field: Field, state: Mapping[str, Any]) -> MaskPreprocessor:
        return cls(field, state["categories"], state["height"], state["width"])

    @property
    def state(self) -> dict[str, Any]:
        return {"categories": list(self.categories), "height": self.height, "width": self.width}

    def store(self, column: Any) -> Stored:
        masks = self._sized(column)
        if masks.size and int(masks.max()) >= len(self.categories):
            raise DataError(
                Text("The label {label} of {field} is out of range: there are {count} classes.",
                     label=int(masks.max()), field=self.field.name, count=len(self.categories)),
                Text("Labels must be numbers from 0 to {last}.", last=len(self.categories) - 1),
            )
        return (torch.from_numpy(masks),)

    def _sized(self, column: Any) -> np.ndarray:
        """Returns all masks in the size of the model, uint8 `(n, H, W)`: each pixel is the nearest one, so that no class is made up."""
        if isinstance(column, np.ndarray):
            return np.ascontiguousarray(nearest(column, self.height, self.width), dtype=np.uint8)
        masks = np.zeros((len(column), self.height, self.width), np.uint8)
        for place, mask in enumerate(column):
            masks[place] = nearest(np.asarray(mask)[None], self.height, self.width)[0]
        return masks

    def gather(self, stored: Stored, rows: torch.Tensor) -> tuple[torch.Tensor, None]:
        return stored[0].index_select(0, where(rows, stored[0])).long(), None

    def encode_one(self, raw: Any) -> torch.Tensor:
        return self.store([np.asarray(raw)])[0].long()

    def shape(self) -> Shape:
        return Shape.of("int64", len(self.categories), height=self.height, width=self.width)


def nearest(masks: np.ndarray, height: int, width: int) -> np.ndarray:
    """Returns masks `(n, H, W)` in another size, taking for every pixel the one at the same place."""
    own_height, own_width = masks.shape[1:]
    if (own_height, own_width) == (height, width):
        return masks
    down = ((np.arange(height) + 0.5) * own_height / height).astype(np.int64)
    across = ((np.arange(width) + 0.5) * own_width / width).astype(np.int64)
    return masks[:, down[:, None], across[None, :]]
