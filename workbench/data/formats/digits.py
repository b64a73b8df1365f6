"""The handwritten digits that come with the program."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.data.base import Dataset, Field, FieldKind, Format
from workbench.data.memory import MemoryDataset, NumberedIds
from workbench.resources import resource
from workbench.text import Text

LARGEST_COUNT = 16
LICENCE = (
    "CC BY 4.0: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository"
)


def grey_of_counts(counts: np.ndarray) -> np.ndarray:
    """Returns ink counts of 4 x 4 blocks (0 to 16) as grey values (0 to 255).

    Args:
        counts: Integers of any shape.
    """
    return ((counts.astype(np.int32) * 255 + LARGEST_COUNT // 2) // LARGEST_COUNT).astype(np.uint8)


def counts_of_drawing(drawing: np.ndarray) -> np.ndarray:
    """Reduces a drawing as the digits were made: how much ink lies in each 4 x 4 block.

    Args:
        drawing: Grey ink on black, uint8 `(32, 32)`.

    Returns:
        Counts 0 to 16, `(8, 8)`; half inked pixels count half.
    """
    blocks = drawing.astype(np.float64).reshape(8, 4, 8, 4).sum(axis=(1, 3)) / 255
    return np.rint(blocks).astype(np.int64)


class Digits(Format):
    """The UCI handwritten digits."""

    name = "digits"
    label = "Handwritten digits"
    category = "sample"
    summary = "1,797 real handwritten digits, 8 x 8 pixels, written by 13 people."
    aliases = ("UCI", "optdigits", "load_digits", "sklearn", "手写数字")

    def open(self, source: str, params: Any) -> Dataset:
        with np.load(resource("data", "digits", "digits.npz"), allow_pickle=False) as file:
            images, labels = grey_of_counts(file["images"])[..., None], file["labels"].astype(np.int64)
        fields = (
            Field("image", FieldKind.IMAGE, Text("Image"), channels=1, height=8, width=8),
            Field("label", FieldKind.CATEGORY, Text("Digit"), categories=tuple("0123456789")),
        )
        return MemoryDataset(
            format=self.name, source=source or "sample:digits", fields=fields, columns={"image": images, "label": labels},
            ids=NumberedIds(("digits", len(labels))),
            licence=LICENCE,
        )
