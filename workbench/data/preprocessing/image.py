"""Images: bytes stay bytes until the batch, then `(x / 255 - mean) / deviation` per channel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from workbench.data.base import Field, FieldKind
from workbench.data.preprocessing.base import Preprocessor, Stored, where
from workbench.data.preprocessing.params import ImageParams
from workbench.data.preprocessing.resize import conformed, conformed_all
from workbench.errors import DataError, Text
from workbench.graph.shape import Shape

LARGEST_NATURAL_SIDE = 128
_SAMPLE = 2000
_CACHED_VALUES = 1 << 17
_FLAT = 1e-6


class ImagePreprocessor(Preprocessor):
    """Channels, size and normalisation of images.

    Attributes:
        channels, height, width: What the model sees.
        mean, deviation: Per channel, of values between 0 and 1.
    """

    kind = FieldKind.IMAGE

    def __init__(
        self, field: Field, channels: int, height: int, width: int, mean: Sequence[float], deviation: Sequence[float],
    ) -> None:
        super().__init__(field)
        self.channels, self.height, self.width = channels, height, width
        self.mean, self.deviation = tuple(mean), tuple(deviation)
        spread = torch.tensor(self.deviation, dtype=torch.float64)
        self._scale = (1 / (255 * spread)).float().view(1, -1, 1, 1)
        self._shift = (-torch.tensor(self.mean, dtype=torch.float64) / spread).float().view(1, -1, 1, 1)

    @classmethod
    def fit(cls, field: Field, column: Any, params: ImageParams) -> ImagePreprocessor:
        height, width = natural_size(field, column)
        channels, height, width = params.channels or field.channels or 1, params.height or height, params.width or width
        mean, deviation = (0.0,) * channels, (1.0,) * channels
        if params.normalise:
            mean, deviation = _statistics(column, channels, height, width)
        return cls(field, channels, height, width, mean, deviation)

    @classmethod
    def restore(cls, field: Field, state: Mapping[str, Any]) -> ImagePreprocessor:
        return cls(field, state["channels"], state["height"], state["width"], state["mean"], state["deviation"])

    @property
    def state(self) -> dict[str, Any]:
        return {
            "channels": self.channels, "height": self.height, "width": self.width,
            "mean": list(self.mean), "deviation": list(self.deviation),
        }

    def store(self, column: Any) -> Stored:
        return (conformed_all(column, self.channels, self.height, self.width),)

    def gather(self, stored: Stored, rows: torch.Tensor) -> tuple[torch.Tensor, None]:
        # Pixels stay interleaved (channels last) as they came: convolution and pooling on the CPU are much faster so.
        pixels = stored[0].permute(0, 2, 3, 1).index_select(0, where(rows, stored[0]))
        return self.normalised(pixels.permute(0, 3, 1, 2)), None

    def fetched(self, column: Any) -> tuple[torch.Tensor, None]:
        if not isinstance(column, np.ndarray) or column.shape[1:] != (self.height, self.width, self.channels):
            return super().fetched(column)[0], None
        # Nothing to resize: the pixels lie channels last already and need not be turned there and back.
        return self.normalised(torch.from_numpy(np.require(column, requirements=("C", "W"))).permute(0, 3, 1, 2)), None

    def normalised(self, images: torch.Tensor) -> torch.Tensor:
        """Returns images with values 0 to 255, `(N, C, H, W)`, as the model sees them, float32."""
        if self._scale.device != images.device:
            self._scale, self._shift = self._scale.to(images.device), self._shift.to(images.device)
        pixels = images.permute(0, 2, 3, 1)
        if images.shape[1] == 1 or images.device.type != "cpu" or not pixels.is_contiguous():
            return images.to(torch.float32, copy=True).mul_(self._scale).add_(self._shift)
        # A whole line of interleaved pixels at a time, a few images at a time: three values at a time are slow, and so is what leaves the cache.
        count, height, width, channels = pixels.shape
        values = torch.empty((count, height, width * channels), dtype=torch.float32)
        scale, shift = self._scale.flatten().repeat(width), self._shift.flatten().repeat(width)
        few = max(1, _CACHED_VALUES // max(1, height * width * channels))
        for part, lines in zip(values.split(few), pixels.reshape(values.shape).split(few), strict=True):
            part.copy_(lines).mul_(scale).add_(shift)
        return values.view(pixels.shape).permute(0, 3, 1, 2)

    def encode_one(self, raw: Any) -> torch.Tensor:
        return self.normalised(conformed(_pixels(raw)[None], self.channels, self.height, self.width))

    def display(self, raw: Any) -> np.ndarray:
        """Returns what the model sees of an image, before normalising: uint8 `(h, w, C)`."""
        seen = conformed(_pixels(raw)[None], self.channels, self.height, self.width)[0]
        return seen.permute(1, 2, 0).round().clamp(0, 255).to(torch.uint8).numpy()

    def shape(self) -> Shape:
        return Shape.of(channel=self.channels, height=self.height, width=self.width)


def natural_size(field: Field, column: Any) -> tuple[int, int]:
    """Returns the height and width that suit the data: the common size, or the median, to 8 pixels, at most 128.

    Args:
        field: The image field.
        column: Raw images; needed only where their sizes differ.
    """
    if field.height and field.width:
        return field.height, field.width
    sizes = np.array([image.shape[:2] for image in column]) if len(column) else np.full((1, 2), 32)
    height, width = (int(np.clip(round(side / 8) * 8, 8, LARGEST_NATURAL_SIDE)) for side in np.median(sizes, axis=0))
    return height, width


def _statistics(column: Any, channels: int, height: int, width: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Returns mean and deviation per channel over all pixels; over at most 2,000 spread rows where images need a resize."""
    kept = isinstance(column, np.ndarray) and column.shape[1:] == (height, width, channels)
    if not kept:
        rows = np.unique(np.linspace(0, len(column) - 1, min(len(column), _SAMPLE)).astype(np.int64))
        column = column[rows] if isinstance(column, np.ndarray) else [column[row] for row in rows]
    total, squares, pixels = torch.zeros(channels, dtype=torch.float64), torch.zeros(channels, dtype=torch.float64), 0
    for part in conformed_all(column, channels, height, width).split(2048):
        values = part.float() if part.dtype == torch.uint8 else part.double()
        # Sums of squares of bytes are exact in float64; per row they are exact in float32 up to 258 x 258 pixels.
        rows_of = values.flatten(2)
        total += rows_of.sum(2).double().sum(0)
        squares += rows_of.square().sum(2).double().sum(0)
        pixels += rows_of.shape[0] * rows_of.shape[2]
    mean = total / max(pixels, 1) / 255
    deviation = (squares / max(pixels, 1) / 255**2 - mean.square()).clamp(min=0).sqrt()
    deviation[deviation < _FLAT] = 1.0
    return tuple(mean.tolist()), tuple(deviation.tolist())


def _pixels(raw: Any) -> np.ndarray:
    """Returns one image as uint8 `(H, W, C)`.

    Raises:
        DataError: It is none.
    """
    image = np.asarray(raw)
    image = image[..., None] if image.ndim == 2 else image
    if image.ndim != 3 or image.dtype != np.uint8 or image.shape[2] not in (1, 3) or 0 in image.shape:
        raise DataError(
            Text("An image of form {form} and type {dtype} cannot be used.", form=str(image.shape), dtype=str(image.dtype)),
            Text("Give bytes (height, width) or (height, width, channels) with 1 or 3 channels."),
        )
    return image
