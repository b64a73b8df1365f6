"""The metrics: counts and float64 sums on the device. torchmetrics is their oracle in the tests."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from workbench.objectives.base import Better, Metric

if TYPE_CHECKING:
    from torch import Tensor


def exact(tensor: Tensor) -> Tensor:
    """Returns float64 values without gradient: on the device, or on the CPU where the device has no float64 (mps)."""
    detached = tensor.detach()
    return (detached.cpu() if detached.device.type == "mps" else detached).double()


class SumMetric(Metric):
    """A metric whose whole state is one tensor that batches are added to.

    Attributes:
        total: The running sums, or None before the first batch.
    """

    def __init__(self) -> None:
        self.total: Tensor | None = None

    def add(self, part: Tensor) -> None:
        """Adds the sums of one batch."""
        if self.total is None:
            self.total = part
        else:
            self.total += part

    def reset(self) -> None:
        self.total = None

    def state(self) -> dict[str, Tensor]:
        return {} if self.total is None else {"total": self.total}

    def load(self, state: Mapping[str, Tensor], device: Any = "cpu") -> None:
        total = state.get("total")
        self.total = None if total is None else total.to(device, copy=True)


class Mean(SumMetric):
    """The mean of numbers that are given with how many rows each stands for (the loss)."""

    label: ClassVar[str] = "mean"
    better: ClassVar[Better] = "lower"

    def update(self, output: Tensor, target: Tensor) -> None:
        """Takes in row values; the target is not looked at."""
        self.add_mean(output.mean(), len(output))

    def add_mean(self, mean: Tensor, rows: int) -> None:
        """Takes in the mean of `rows` rows."""
        import torch

        total = exact(mean) * rows
        self.add(torch.stack((total, torch.full_like(total, rows))))

    def value(self) -> float:
        if self.total is None:
            return math.nan
        total, rows = self.total.tolist()
        return total / rows


class Accuracy(SumMetric):
    """The share of rows whose highest score is the right class."""

    label: ClassVar[str] = "accuracy"

    def __init__(self) -> None:
        super().__init__()
        self.rows = 0

    def update(self, output: Tensor, target: Tensor) -> None:
        self.add((output.argmax(1) == target).sum())
        self.rows += target.numel()

    def value(self) -> float:
        return math.nan if self.total is None else self.total.item() / self.rows

    def reset(self) -> None:
        super().reset()
        self.rows = 0

    def state(self) -> dict[str, Tensor]:
        if self.total is None:
            return {}
        return {"total": self.total, "rows": self.total.new_tensor(self.rows)}

    def load(self, state: Mapping[str, Tensor], device: Any = "cpu") -> None:
        super().load(state, device)
        self.rows = int(state["rows"]) if "rows" in state else 0


class Confusion(SumMetric):
    """How often each class (row) was taken for each class (column): int64 `(C, C)`. Its value is the macro F1 score."""

    label: ClassVar[str] = "macro F1"
    cheap: ClassVar[bool] = False

    def update(self, output: Tensor, target: Tensor) -> None:
        import torch

        classes = output.shape[1]
        pairs = target * classes + output.argmax(1)
        self.add(torch.bincount(pairs.flatten(), minlength=classes * classes).view(classes, classes))

    def value(self) -> float:
        """Returns F1 averaged over the classes that occur, as target or as prediction."""
        if self.total is None:
            return math.nan
        matrix = self.total.double()
        right, wrong = matrix.diagonal(), matrix.sum(0) + matrix.sum(1)
        occurs = wrong > 0
        return (2 * right[occurs] / wrong[occurs]).mean().item()


class MeanIntersectionOverUnion(Confusion):
    """Of every class, the pixels that both say over the pixels that either says, averaged over the classes that occur."""

    label: ClassVar[str] = "mean IoU"

    def value(self) -> float:
        if self.total is None:
            return math.nan
        matrix = self.total.double()
        both, either = matrix.diagonal(), matrix.sum(0) + matrix.sum(1) - matrix.diagonal()
        occurs = either > 0
        return (both[occurs] / either[occurs]).mean().item()


class MeanSquaredError(SumMetric):
    """The mean squared distance between prediction and target."""

    label: ClassVar[str] = "mean squared error"
    better: ClassVar[Better] = "lower"

    def update(self, output: Tensor, target: Tensor) -> None:
        import torch

        error = ((exact(output) - exact(target)) ** 2).sum()
        self.add(torch.stack((error, error.new_tensor(target.numel()))))

    def value(self) -> float:
        if self.total is None:
            return math.nan
        total, count = self.total.tolist()
        return total / count


class PeakSignalToNoise(SumMetric):
    """How far the error lies below the span of the target's values, in decibels."""

    label: ClassVar[str] = "peak signal to noise"
    unit: str = "dB"

    def update(self, output: Tensor, target: Tensor) -> None:
        import torch

        wanted = exact(target)
        error = ((exact(output) - wanted) ** 2).sum()
        part = torch.stack((error, error.new_tensor(target.numel()), wanted.min(), wanted.max()))
        if self.total is None:
            self.total = part
            return
        before = self.total
        self.total = torch.stack((before[0] + part[0], before[1] + part[1], torch.minimum(before[2], part[2]), torch.maximum(before[3], part[3])))

    def value(self) -> float:
        if self.total is None:
            return math.nan
        error, count, low, high = self.total.tolist()
        mean, span = error / count, high - low
        return 10 * math.log10(span * span / mean) if mean > 0 and span > 0 else math.inf if span > 0 else math.nan


class MeanAbsoluteError(SumMetric):
    """The mean distance between prediction and target."""

    label: ClassVar[str] = "mean absolute error"
    better: ClassVar[Better] = "lower"

    def update(self, output: Tensor, target: Tensor) -> None:
        import torch

        error = (exact(output).reshape(target.shape) - exact(target)).abs().sum()
        self.add(torch.stack((error, error.new_tensor(target.numel()))))

    def value(self) -> float:
        if self.total is None:
            return math.nan
        total, rows = self.total.tolist()
        return total / rows


class RSquared(SumMetric):
    """The share of the target's variance that the prediction explains; 0 is guessing the mean."""

    label: ClassVar[str] = "R²"

    def update(self, output: Tensor, target: Tensor) -> None:
        import torch

        wanted = exact(target)
        error = ((exact(output).reshape(target.shape) - wanted) ** 2).sum()
        self.add(torch.stack((error, wanted.sum(), (wanted * wanted).sum(), error.new_tensor(target.numel()))))

    def value(self) -> float:
        if self.total is None:
            return math.nan
        error, total, squares, rows = self.total.tolist()
        variance = squares - total * total / rows
        return 1 - error / variance if variance > 0 else math.nan
