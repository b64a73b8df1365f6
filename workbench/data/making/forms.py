"""Between raw values and the tensors that augmentations vary, there and back, without resizing and without a tokeniser.

Augmentations vary what a model would be given. What is kept must be raw, as the source holds it: images in their own size as bytes,
series in their own units, texts as texts. Each form goes over to tensors that mean to an augmentation what model-ready ones mean.

Legend: N rows, C channels, H height, W width, T steps, F features.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from workbench.data.base import Dataset, Field, FieldKind
from workbench.data.streaming import fitting_sample, readable_column

if TYPE_CHECKING:
    from torch import Tensor

_WORD = re.compile(r"\S+")


class Form(ABC):
    """One kind of field. Stands where an `Augmenter` looks for preprocessing: it says where black is, and how fast a sound runs."""

    kind: ClassVar[FieldKind]
    mean: tuple[float, ...] = ()
    deviation: tuple[float, ...] = ()
    rate: int = 0

    def alike(self, raw: Any) -> Hashable:
        """Returns what raw values must have in common to be varied in one batch."""
        return np.shape(raw)

    @abstractmethod
    def tensor(self, raw: Sequence[Any]) -> tuple[Tensor, Tensor | None]:
        """Returns raw values that are alike as a tensor, and valid lengths where they differ."""

    @abstractmethod
    def raw(self, values: Tensor, lengths: Tensor | None, given: Sequence[Any]) -> list[Any]:
        """Returns raw values again; `given` are those that the tensor was made of."""


class ImageForm(Form):
    """Bytes `(H, W, C)` as `(N, C, H, W)` between 0 and 1.

    Args:
        channels: C.
    """

    kind = FieldKind.IMAGE

    def __init__(self, channels: int) -> None:
        self.mean, self.deviation = (0.0,) * channels, (1.0,) * channels

    def tensor(self, raw: Sequence[Any]) -> tuple[Tensor, None]:
        import torch

        return torch.from_numpy(np.stack(raw)).permute(0, 3, 1, 2).float() / 255, None

    def raw(self, values: Tensor, lengths: Tensor | None, given: Sequence[Any]) -> list[Any]:
        import torch

        pixels = (values * 255).round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1)
        return list(np.ascontiguousarray(pixels.numpy()))


class MaskForm(Form):
    """Classes `(H, W)`, which move along with an image."""

    kind = FieldKind.MASK

    def tensor(self, raw: Sequence[Any]) -> tuple[Tensor, None]:
        import torch

        return torch.from_numpy(np.stack(raw)).long(), None

    def raw(self, values: Tensor, lengths: Tensor | None, given: Sequence[Any]) -> list[Any]:
        return list(np.ascontiguousarray(values.numpy().astype(np.uint8)))


class SeriesForm(Form):
    """Numbers `(T, F)` as `(N, T, F)` with mean 0 and deviation 1 per feature; gaps become the mean.

    Args:
        mean, deviation: Per feature, of rows to train on.
    """

    kind = FieldKind.SERIES

    def __init__(self, mean: np.ndarray, deviation: np.ndarray) -> None:
        self._mean, self._deviation = mean, deviation

    def tensor(self, raw: Sequence[Any]) -> tuple[Tensor, None]:
        import torch

        values = (np.stack(raw).astype(np.float64) - self._mean) / self._deviation
        return torch.from_numpy(np.where(np.isfinite(values), values, 0.0).astype(np.float32)), None

    def raw(self, values: Tensor, lengths: Tensor | None, given: Sequence[Any]) -> list[Any]:
        return list((values.double().numpy() * self._deviation + self._mean).astype(np.float32))


class AudioForm(Form):
    """Samples `(T,)` between -1 and 1, as they are.

    Args:
        rate: Samples per second.
    """

    kind = FieldKind.AUDIO

    def __init__(self, rate: int) -> None:
        self.rate = rate

    def tensor(self, raw: Sequence[Any]) -> tuple[Tensor, None]:
        import torch

        return torch.from_numpy(np.stack(raw).astype(np.float32)), None

    def raw(self, values: Tensor, lengths: Tensor | None, given: Sequence[Any]) -> list[Any]:
        return list(values.numpy().astype(np.float32))


class TextForm(Form):
    """The places of words in their text, counted from 1, as `(N, T)`; of a text without spaces the places of its characters."""

    kind = FieldKind.TEXT

    def alike(self, raw: Any) -> Hashable:
        return ()

    def tensor(self, raw: Sequence[Any]) -> tuple[Tensor, Tensor]:
        import torch

        counts = [len(words_of(text)[0]) for text in raw]
        lengths = torch.tensor(counts)
        places = torch.arange(1, max(*counts, 1) + 1).repeat(len(counts), 1)
        return torch.where(places <= lengths[:, None], places, 0), lengths

    def raw(self, values: Tensor, lengths: Tensor | None, given: Sequence[Any]) -> list[Any]:
        assert lengths is not None
        found: list[str] = []
        for places, length, text in zip(values.tolist(), lengths.tolist(), given, strict=True):
            words, gaps = words_of(text)
            kept = [words[place - 1] for place in places[:length] if place]
            between = [*gaps[1 : len(kept)], gaps[-1]] if kept else [""]
            found.append(gaps[0] + "".join(word + gap for word, gap in zip(kept, between, strict=False)))
        return found


def words_of(text: str) -> tuple[list[str], list[str]]:
    """Returns the words of a text and what stands before, between and behind them; of a text of one word, its characters."""
    words = [found.span() for found in _WORD.finditer(text)]
    if len(words) <= 1:
        return list(text), [""] * (len(text) + 1)
    edges = [0, *(edge for span in words for edge in span), len(text)]
    return [text[begin:end] for begin, end in words], [text[edges[place] : edges[place + 1]] for place in range(0, len(edges), 2)]


def form_of(dataset: Dataset, field: Field, training: np.ndarray) -> Form | None:
    """Returns the form of a field, or None where nothing varies its kind.

    Args:
        dataset: The data.
        field: The field.
        training: The rows whose spread is that of a series, int64.
    """
    if field.kind == FieldKind.IMAGE:
        return ImageForm(field.channels)
    if field.kind == FieldKind.AUDIO:
        return AudioForm(field.rate)
    if field.kind != FieldKind.SERIES:
        return {FieldKind.MASK: MaskForm, FieldKind.TEXT: TextForm}.get(field.kind, type(None))()
    from workbench.data.preprocessing.params import SeriesParams
    from workbench.data.preprocessing.series import SeriesPreprocessor

    fitted = SeriesPreprocessor.fit(field, readable_column(dataset, field.name, fitting_sample(training, 0))[0], SeriesParams())
    return SeriesForm(np.asarray(fitted.mean), np.asarray(fitted.deviation))
