"""Made-up pictures of shapes among specks; the pixels that decide are known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from workbench.catalogue import Params, param
from workbench.data.base import Dataset, Field, FieldKind, Format
from workbench.data.memory import MemoryDataset, NumberedIds
from workbench.text import Text

_CHUNK = 1024
_SPECKS = 6


class ShapesParams(Params):
    """How many pictures, how large, how noisy."""

    rows: int = param(2000, label="Rows", help="How many pictures.", unit="rows", ge=10, le=200_000, log=True)
    size: int = param(32, label="Size", help="Height and width of a picture.", unit="px", ge=16, le=128)
    channels: Literal[1, 3] = param(1, label="Channels", help="1 is grey, 3 is colour; the colour says nothing.", choices=(1, 3))
    noise: float = param(0.1, label="Noise", help="Deviation of the pixel noise, as a share of the full range.", ge=0.0, le=1.0)
    seed: int = param(7, label="Seed", help="The same seed makes the same pictures.", ge=0, le=2**31 - 1)


class ShapesDataset(MemoryDataset):
    """Generated pictures that know which pixels belong to the shape.

    Args:
        masks: The pixels of each shape, bool `(n, H, W)`.
        **rest: As for `MemoryDataset`.
    """

    def __init__(self, masks: np.ndarray, **rest: Any) -> None:
        super().__init__(**rest)
        self._masks = masks

    def deciding(self, row: int, field: str = "") -> np.ndarray:
        return self._masks[row]


class Shapes(Format):
    """Generated pictures of circles, squares, triangles and crosses."""

    name = "shapes"
    label = "Generated shapes"
    category = "generator"
    summary = "Made-up pictures: a circle, square, triangle or cross among specks; the pixels that decide are known."
    aliases = ("geometric", "synthetic", "图形", "形状")
    Params = ShapesParams

    def open(self, source: str, params: Any) -> Dataset:
        labels = np.random.default_rng((params.seed, 0)).permutation(np.arange(params.rows) % len(FORMS))
        images = np.empty((params.rows, params.size, params.size, params.channels), dtype=np.uint8)
        masks = np.empty(images.shape[:3], dtype=bool)
        for start in range(0, params.rows, _CHUNK):
            part = slice(start, min(start + _CHUNK, params.rows))
            generator = np.random.default_rng((params.seed, 1, start))
            masks[part] = _masks(generator, labels[part], params.size)
            images[part] = _painted(generator, masks[part], params.channels, params.noise)
        fields = (
            Field("image", FieldKind.IMAGE, Text("Picture"), channels=params.channels, height=params.size, width=params.size),
            Field("label", FieldKind.CATEGORY, Text("Shape"), categories=tuple(FORMS)),
        )
        return ShapesDataset(
            masks, format=self.name, source=source or "generated:shapes", fields=fields, ids=NumberedIds(("shapes", params.rows)),
            columns={"image": images, "label": labels.astype(np.int64)}, licence="CC0 1.0 (generated)",
        )


FARTHEST = 1.56
"""The distance from the centre to the farthest corner of any form (the triangle's)."""


def _circle(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return u * u + v * v <= 1


def _square(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return np.maximum(np.abs(u), np.abs(v)) <= 0.886


def _triangle(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    height = 0.777
    return (v <= height) & (0.866 * u - 0.5 * v <= height) & (-0.866 * u - 0.5 * v <= height)


def _cross(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    first, second = np.abs(u), np.abs(v)
    return (np.minimum(first, second) <= 0.34) & (np.maximum(first, second) <= 1.325)


FORMS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "circle": _circle, "square": _square, "triangle": _triangle, "cross": _cross,
}
"""Inside or outside, in coordinates where every form covers the area pi: brightness alone must not tell them apart."""


def _masks(generator: np.random.Generator, labels: np.ndarray, size: int) -> np.ndarray:
    """Returns the pixels of one shape per label, bool `(n, size, size)`."""
    count = len(labels)
    radius = generator.uniform(0.13, 0.24, (count, 1, 1)) * size
    reach = FARTHEST * radius
    centre_x, centre_y = (reach + generator.random((count, 1, 1)) * (size - 1 - 2 * reach) for _ in range(2))
    angle = generator.uniform(0, 2 * np.pi, (count, 1, 1))
    across, down = np.arange(size)[None, None, :] - centre_x, np.arange(size)[None, :, None] - centre_y
    cosine, sine = np.cos(angle) / radius, np.sin(angle) / radius
    u, v = across * cosine + down * sine, down * cosine - across * sine
    masks = np.zeros((count, size, size), dtype=bool)
    for number, inside in enumerate(FORMS.values()):
        rows = labels == number
        masks[rows] = inside(u[rows], v[rows])
    return masks


def _painted(generator: np.random.Generator, masks: np.ndarray, channels: int, noise: float) -> np.ndarray:
    """Returns pictures of these masks on a dim ground with specks and noise, uint8 `(n, H, W, channels)`."""
    count, size, _ = masks.shape
    ground = generator.uniform(0.05, 0.3, (count, 1, 1, channels))
    ink = generator.uniform(0.6, 1.0, (count, 1, 1, channels))
    light = np.where(masks[..., None], ink, ground)
    rows = np.repeat(np.arange(count), _SPECKS)
    ys, xs = (generator.integers(0, size, count * _SPECKS) for _ in range(2))
    light[rows, ys, xs] = np.where(masks[rows, ys, xs][:, None], light[rows, ys, xs], ink[rows, 0, 0])
    light += generator.standard_normal(light.shape, dtype=np.float32) * noise
    return np.rint(np.clip(light, 0, 1) * 255).astype(np.uint8)
