"""What torch says about rows that a bundle is asked about too, over odd batch sizes, lengths and image sizes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from workbench.data.base import Split
from workbench.explain.capture import frozen_copy
from workbench.export.network import ImageAfter, ended
from workbench.text import Text

if TYPE_CHECKING:
    from workbench.export.predict import Bundle
    from workbench.export.spec import InputSpec, OutputSpec

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One batch for both runtimes.

    Attributes:
        name: What it tries.
        make: Returns the ONNX inputs, and torch's answers by ONNX output name.
        targets: True classes, where they count for the accuracy.
    """

    name: str
    make: Callable[[], tuple[Arrays, Arrays]]
    targets: np.ndarray | None = None


class Reference:
    """The trained model with training's own preprocessing.

    Args:
        bundle: The bundle to be compared; it encodes raw rows its own way.
        model: The trained model.
        prepared: Its data.
        most_rows: At most this many validation rows.
    """

    def __init__(self, bundle: Bundle, model: Any, prepared: Any, most_rows: int) -> None:
        self.bundle, self.spec, self.prepared = bundle, bundle.spec, prepared
        self.model = frozen_copy(model).cpu()
        rows = prepared.splits[Split.VALIDATION]
        self.rows = np.asarray(rows if len(rows) else prepared.splits[Split.TRAIN])[:most_rows]

    def tries(self, batch_sizes: Sequence[int], rows_at_once: int) -> Iterator[Attempt]:
        """Yields everything that is tried."""
        for size in batch_sizes:
            if size <= len(self.rows):
                yield self.attempt(Text("batch of {size}", size=size), size)
        for start in range(0, len(self.rows), rows_at_once):
            for rows in self._alike(self.rows[start : start + rows_at_once]):
                yield Attempt(Text("all validation rows"), lambda rows=rows: self.answer(self._raw(rows)), self._targets(rows))
        for spec in self.spec.inputs:
            if spec.kind == "text":
                yield from self._lengths(spec)
            elif spec.kind == "image":
                yield from self._sizes(spec)

    def attempt(self, name: str, size: int) -> Attempt:
        """Returns a batch of the first `size` rows."""
        return Attempt(name, lambda: self.answer(self._raw(self.rows[:size])))

    def answer(self, raw: Sequence[Mapping[str, Any]]) -> tuple[Arrays, Arrays]:
        """Returns ONNX inputs of raw rows by input name, and torch's answers by ONNX output name."""
        values: dict[str, torch.Tensor] = {}
        lengths: dict[str, torch.Tensor] = {}
        for spec in self.spec.inputs:
            encoded = [self.prepared.preprocessors[spec.field].encode_one(row[spec.name]) for row in raw]
            values[spec.name] = _joined(encoded)
            if spec.kind == "text" or spec.ragged:
                lengths[spec.name] = torch.tensor([item.shape[1] for item in encoded])
        with torch.no_grad():
            answers = ended(self.model, self.spec.outputs, self.model.call(values, lengths), lengths)
        named = [pair for spec in self.spec.outputs for pair in self._named(spec, answers[spec.name])]
        return self._feed(raw), {name: tensor.numpy() for name, tensor in named}

    def _feed(self, raw: Sequence[Mapping[str, Any]]) -> Arrays:
        return self.bundle.feed(raw)

    def _named(self, spec: OutputSpec, answer: torch.Tensor) -> Iterator[tuple[str, torch.Tensor]]:
        if "logits" in spec.tensors:
            yield spec.tensors["logits"], answer
            yield spec.tensors["probabilities"], answer.softmax(spec.class_axis)
        elif spec.objective == "reconstruction":
            fitted = self.prepared.preprocessors[spec.target]
            yield spec.tensors["value"], ImageAfter(fitted.mean, fitted.deviation)(answer)[0]
        elif spec.objective == "regression":
            yield spec.tensors["value"], self.prepared.preprocessors[spec.target].decode(answer).flatten()
        else:
            yield spec.tensors["value"], answer

    def _raw(self, rows: np.ndarray) -> list[dict[str, Any]]:
        """Returns raw rows by input name; images of many sizes are brought to the size of the first by padding or cutting."""
        columns = {spec.name: list(self.prepared.dataset.column(spec.field, rows)) for spec in self.spec.inputs}
        for spec in self.spec.inputs:
            if spec.kind == "image":
                columns[spec.name] = _of_one_size(columns[spec.name])
        return [{name: column[index] for name, column in columns.items()} for index in range(len(rows))]

    def _alike(self, rows: np.ndarray) -> list[np.ndarray]:
        """Returns these rows in groups whose images are of one size."""
        keys = [""] * len(rows)
        for spec in self.spec.inputs:
            if spec.kind == "image":
                images = self.prepared.dataset.column(spec.field, rows)
                keys = [f"{key} {image.shape}" for key, image in zip(keys, images, strict=True)]
        _, group = np.unique(keys, return_inverse=True)
        return [rows[group == number] for number in range(int(group.max(initial=-1)) + 1)]

    def _targets(self, rows: np.ndarray) -> np.ndarray | None:
        target = next((spec.target for spec in self.spec.outputs if spec.objective == "classification"), "")
        return self.prepared.batch(rows).values[target].numpy() if target else None

    def _lengths(self, spec: InputSpec) -> Iterator[Attempt]:
        """Yields texts of one word, of a few, of no known word, and longer than the maximum."""
        texts = [str(text) for text in self.prepared.dataset.column(spec.field, self.rows[:3])]
        longest = " ".join(texts * (spec.maximum_length + 1))[: 16 * spec.maximum_length + 64]
        samples = {
            Text("length 1"): [text.split(" ")[0][:1] or "?" for text in texts], Text("no known token"): ["\u2603", ""],
            Text("length 5 beside length 1"): [" ".join(texts)[:40], texts[0][:1] or "?"], Text("longer than the maximum"): [longest],
        }
        for name, values in samples.items():
            yield Attempt(name, lambda values=values: self.answer(self._with(spec, values)))

    def _sizes(self, spec: InputSpec) -> Iterator[Attempt]:
        """Yields images that the graph has to resize: larger, smaller and of another form."""
        for height, width in ((spec.height * 2 + 1, spec.width + 3), (max(spec.height // 2, 1), max(spec.width - 1, 1))):
            raw = self._raw(self.rows[:3])
            images = [np.resize(row[spec.name], (height, width, row[spec.name].shape[2])) for row in raw]
            name = Text("image of {height} by {width}", height=height, width=width)
            yield Attempt(name, lambda images=images: self.answer(self._with(spec, images)))

    def _with(self, spec: InputSpec, values: Sequence[Any]) -> list[dict[str, Any]]:
        return [{**row, spec.name: value} for row, value in zip(self._raw(self.rows[: len(values)]), values, strict=True)]


def _joined(rows: Sequence[torch.Tensor]) -> torch.Tensor:
    """Stacks rows of a batch; texts `(1, T)` are padded on the right with PAD."""
    if rows[0].ndim in (2, 3) and rows[0].is_floating_point() and len({row.shape[1] for row in rows}) > 1:
        return _joined_series(rows)
    if rows[0].ndim != 2 or rows[0].dtype != torch.int64:
        return torch.cat([row.float() if row.is_floating_point() else row for row in rows])
    longest = max(row.shape[1] for row in rows)
    return torch.cat([torch.nn.functional.pad(row, (0, longest - row.shape[1])) for row in rows])


def _joined_series(rows: Sequence[torch.Tensor]) -> torch.Tensor:
    """Stacks series `(1, T, F)` or sounds `(1, T)` of unequal lengths, with zeros behind the shorter ones."""
    longest = max(row.shape[1] for row in rows)
    return torch.cat([torch.nn.functional.pad(row, (*(0, 0) * (row.ndim - 2), 0, longest - row.shape[1])) for row in rows])


def _of_one_size(images: list[np.ndarray]) -> list[np.ndarray]:
    height, width = images[0].shape[:2]
    same = []
    for image in images:
        cut = image[:height, :width]
        margins = ((0, height - cut.shape[0]), (0, width - cut.shape[1]), (0, 0))
        same.append(np.pad(cut, margins) if cut.shape != images[0].shape else cut)
    return same
