"""The module that is exported: raw values in, preprocessing, the model, answers out.

Legend: N batch, C channels, H and W pixels as given, h and w pixels as the model sees them, T tokens, K classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from workbench.data.preprocessing.resize import with_channels
from workbench.explain.capture import frozen_copy
from workbench.export.spec import InputSpec, OutputSpec
from workbench.export.twins import with_twins
from workbench.models.given import steps_of
from workbench.objectives import OBJECTIVES

EXAMPLE_ROWS, EXAMPLE_TOKENS = 2, 5


class Deployed(nn.Module):
    """A trained model with its preprocessing in front and readable answers behind.

    Args:
        model: Built from a drawing; a frozen copy of it is used.
        inputs: What is given.
        outputs: What is answered.
        preprocessors: Fitted preprocessing by field name.
        opset: The ONNX operator set it is exported for.
    """

    def __init__(
        self, model: Any, inputs: Sequence[InputSpec], outputs: Sequence[OutputSpec], preprocessors: Mapping[str, Any], opset: int,
    ) -> None:
        super().__init__()
        self.model: Any = with_twins(frozen_copy(model).cpu(), opset)
        self.inputs, self.outputs = tuple(inputs), tuple(outputs)
        self.before = nn.ModuleList(_before(spec, preprocessors[spec.field]) for spec in self.inputs)
        self.after = nn.ModuleList(_after(spec, preprocessors.get(spec.target)) for spec in self.outputs)
        self.eval()

    def forward(self, *raw: Tensor) -> tuple[Tensor, ...]:
        """Takes the tensors of all inputs in order; gives the tensors of all outputs in order."""
        values: dict[str, Tensor] = {}
        lengths: dict[str, Tensor] = {}
        place = 0
        for spec, before in zip(self.inputs, self.before, strict=True):
            values[spec.name] = before(raw[place])
            if spec.kind == "text":
                lengths[spec.name] = raw[place + 1].sum(1)
            elif spec.ragged:
                lengths[spec.name] = raw[place + 1]
                inside = torch.arange(values[spec.name].shape[1]) < raw[place + 1][:, None]
                values[spec.name] = values[spec.name] * (inside[:, :, None] if spec.kind == "series" else inside)
            place += len(spec.tensors)
        answers = ended(self.model, self.outputs, self.model.call(values, lengths), lengths)
        return tuple(tensor for spec, after in zip(self.outputs, self.after, strict=True) for tensor in after(answers[spec.name]))

    def examples(self) -> tuple[list[Tensor], list[dict[int, str]]]:
        """Returns one example tensor per ONNX input, and the names of its free axes."""
        tensors: list[Tensor] = []
        axes: list[dict[int, str]] = []
        for spec in self.inputs:
            if spec.kind == "image":
                size = (EXAMPLE_ROWS, spec.height + 3, spec.width + 5, spec.channels)
                tensors.append((torch.arange(size[0] * size[1] * size[2] * size[3]) % 251).to(torch.uint8).reshape(size))
                axes.append({0: "batch", 1: "height", 2: "width"})
            elif spec.kind == "text":
                ids = torch.arange(EXAMPLE_ROWS * EXAMPLE_TOKENS).reshape(EXAMPLE_ROWS, -1) % max(spec.vocabulary, 2)
                tensors += [ids, torch.ones_like(ids)]
                axes += [{0: "batch", 1: f"{spec.name}_length"} for _ in range(2)]
            elif spec.kind in ("series", "audio"):
                size = (EXAMPLE_ROWS, spec.length, *([spec.features] if spec.kind == "series" else []))
                tensors.append(torch.linspace(-1, 1, prod(size)).reshape(size))
                axes.append({0: "batch", 1: f"{spec.name}_length"} if spec.ragged else {0: "batch"})
                if spec.ragged:
                    tensors.append(torch.full((EXAMPLE_ROWS,), spec.length))
                    axes.append({0: "batch"})
            elif spec.kind == "category":
                tensors.append(torch.arange(EXAMPLE_ROWS) % len(spec.labels))
                axes.append({0: "batch"})
            else:
                tensors.append(torch.linspace(-1, 1, EXAMPLE_ROWS))
                axes.append({0: "batch"})
        return tensors, axes


def ended(model: Any, outputs: Sequence[OutputSpec], answers: Mapping[str, Tensor], lengths: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Returns the answers of a model with nothing behind the end of each row, where their objective would look there.

    Args:
        model: What gave the answers.
        outputs: What is answered.
        answers: By output name.
        lengths: The valid lengths by input name.
    """
    found = dict(answers)
    for spec in outputs:
        output = next((item for item in model.plan.outputs if item.name == spec.name), None)
        steps = steps_of(output, model.plan.lengths, lengths) if output is not None and spec.objective else None
        if steps is not None:
            found[spec.name] = OBJECTIVES[spec.objective].ended(found[spec.name], steps)
    return found


class ImageBefore(nn.Module):
    """uint8 `(N, H, W, C)` of any size becomes what the model sees, float32 `(N, c, h, w)`; the same steps as in training."""

    def __init__(self, channels: int, height: int, width: int, scale: Tensor, shift: Tensor) -> None:
        super().__init__()
        self.channels, self.height, self.width = channels, height, width
        self.scale: Tensor
        self.shift: Tensor
        self.register_buffer("scale", scale)
        self.register_buffer("shift", shift)

    def forward(self, images: Tensor) -> Tensor:
        planes = with_channels(images.permute(0, 3, 1, 2).float(), self.channels)
        sized = F.interpolate(planes, size=(self.height, self.width), mode="bilinear", antialias=True, align_corners=False)
        return sized * self.scale + self.shift


class NumberBefore(nn.Module):
    """A number in its own unit becomes standardised; what is missing (NaN, infinite) takes the mean."""

    def __init__(self, mean: float, deviation: float) -> None:
        super().__init__()
        self.mean, self.deviation = mean, deviation

    def forward(self, values: Tensor) -> Tensor:
        standardised = (values - self.mean) / self.deviation
        return torch.where(torch.isfinite(standardised), standardised, torch.zeros_like(standardised))


class SeriesBefore(nn.Module):
    """Numbers per step in their own units become standardised; what is missing (NaN, infinite) takes the mean."""

    def __init__(self, mean: Sequence[float], deviation: Sequence[float]) -> None:
        super().__init__()
        self.mean: Tensor
        self.deviation: Tensor
        self.register_buffer("mean", torch.tensor(mean))
        self.register_buffer("deviation", torch.tensor(deviation))

    def forward(self, values: Tensor) -> Tensor:
        standardised = (values - self.mean) / self.deviation
        return torch.where(torch.isfinite(standardised), standardised, torch.zeros_like(standardised))


class ClassesAfter(nn.Module):
    """Scores as they are and as probabilities."""

    def __init__(self, axis: int = -1) -> None:
        super().__init__()
        self.axis = axis

    def forward(self, logits: Tensor) -> tuple[Tensor, ...]:
        return logits, logits.softmax(self.axis)


class ImageAfter(nn.Module):
    """A painted image `(N, C, H, W)` with values between 0 (black) and 1 (white), as far as the model keeps to them."""

    def __init__(self, mean: Sequence[float], deviation: Sequence[float]) -> None:
        super().__init__()
        self.mean: Tensor
        self.deviation: Tensor
        self.register_buffer("mean", torch.tensor(mean).view(1, -1, 1, 1))
        self.register_buffer("deviation", torch.tensor(deviation).view(1, -1, 1, 1))

    def forward(self, values: Tensor) -> tuple[Tensor, ...]:
        return (values * self.deviation + self.mean,)


class NumberAfter(nn.Module):
    """A standardised number in its own unit, `(N,)`."""

    def __init__(self, mean: float, deviation: float) -> None:
        super().__init__()
        self.mean, self.deviation = mean, deviation

    def forward(self, values: Tensor) -> tuple[Tensor, ...]:
        return ((values * self.deviation + self.mean).flatten(),)


class AsItIs(nn.Module):
    """What no objective reads is given out unchanged."""

    def forward(self, values: Tensor) -> tuple[Tensor, ...]:
        return (values,)


def _before(spec: InputSpec, preprocessor: Any) -> nn.Module:
    if spec.kind == "image":
        spread = torch.tensor(preprocessor.deviation, dtype=torch.float64).view(1, -1, 1, 1)
        mean = torch.tensor(preprocessor.mean, dtype=torch.float64).view(1, -1, 1, 1)
        scale, shift = (1 / (255 * spread)).float(), (-mean / spread).float()
        return ImageBefore(preprocessor.channels, preprocessor.height, preprocessor.width, scale, shift)
    if spec.kind == "series":
        return SeriesBefore(preprocessor.mean, preprocessor.deviation)
    return nn.Identity() if spec.kind in ("text", "category", "audio") else NumberBefore(preprocessor.mean, preprocessor.deviation)


def _after(spec: OutputSpec, preprocessor: Any) -> nn.Module:
    if "logits" in spec.tensors:
        return ClassesAfter(spec.class_axis)
    if spec.objective == "reconstruction" and preprocessor is not None:
        return ImageAfter(preprocessor.mean, preprocessor.deviation)
    if spec.objective == "regression" and preprocessor is not None:
        return NumberAfter(preprocessor.mean, preprocessor.deviation)
    return AsItIs()
