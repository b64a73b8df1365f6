"""Metrics of writing, over all places that count. torchmetrics is their oracle in the tests."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

from workbench.objectives.accumulators import SumMetric, exact
from workbench.objectives.base import Better
from workbench.objectives.tokens import IGNORED

if TYPE_CHECKING:
    from torch import Tensor


class Share(SumMetric):
    """A share of what was counted: its state is how many were right and how many there were."""

    def add_share(self, right: Tensor, counted: Tensor) -> None:
        """Counts one batch."""
        import torch

        self.add(torch.stack((right.sum(), counted.sum())).double() if right.device.type != "mps" else torch.stack((right.sum(), counted.sum())))

    def value(self) -> float:
        if self.total is None:
            return math.nan
        right, counted = self.total.tolist()
        return right / counted if counted else math.nan


class TokenAccuracy(Share):
    """The share of tokens that are the likeliest one."""

    label: ClassVar[str] = "token accuracy"

    def update(self, output: Tensor, target: Tensor) -> None:
        counted = target != IGNORED
        self.add_share((output.argmax(2) == target) & counted, counted)


class ExactMatch(Share):
    """The share of rows in which every token is right.

    The tokens before are the right ones while it is measured. A row counts as right if and only if writing freely, always the likeliest
    token, gives exactly the wanted text: up to the first mistake both are given the same.
    """

    label: ClassVar[str] = "exact match"

    def update(self, output: Tensor, target: Tensor) -> None:
        import torch

        right = ((output.argmax(2) == target) | (target == IGNORED)).all(1)
        self.add_share(right, torch.ones_like(right))


class Perplexity(SumMetric):
    """Among how many equally likely tokens the model hesitates: e to the mean cross entropy."""

    label: ClassVar[str] = "perplexity"
    better: ClassVar[Better] = "lower"
    cheap: ClassVar[bool] = False

    def update(self, output: Tensor, target: Tensor) -> None:
        import torch
        from torch.nn.functional import cross_entropy

        counted = target != IGNORED
        total = exact(cross_entropy(output.flatten(0, 1), target.flatten(), ignore_index=IGNORED, reduction="sum"))
        self.add(torch.stack((total, counted.sum().to(total))))

    def value(self) -> float:
        if self.total is None:
            return math.nan
        total, counted = self.total.tolist()
        return math.exp(min(total / counted, 700.0)) if counted else math.nan
