"""What the two objectives about writing share: a token at every place, given all before it. This module holds no objective of its own.

A text that is written begins and ends with the number 0: the model is given 0, t1, ..., tn and shall say t1, ..., tn, 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from workbench.catalogue import Params, param
from workbench.data.base import Field, FieldKind
from workbench.objectives.base import Chance, Expected, Objective
from workbench.text import Text

if TYPE_CHECKING:
    from torch import Tensor

IGNORED = -100
"""What stands in a target where nothing is to be said."""


class TokenParams(Params):
    """What can be set on learning to write."""

    label_smoothing: float = param(
        0.0, label="Label smoothing", help="Moves this share of the target's probability to all tokens alike; tames overconfidence.", ge=0.0, lt=1.0,
    )


class Writing(Objective):
    """A token at every place. The output gives one raw score per token of the vocabulary at each place, `(N, T, V)`."""

    targets: ClassVar[tuple[FieldKind, ...]] = (FieldKind.TEXT,)
    output_axes: ClassVar[tuple[str, ...]] = ("batch", "token", "feature")
    class_axis: ClassVar[int | None] = -1
    writes: ClassVar[bool] = True
    Params = TokenParams

    def wanted(self, target: Tensor, lengths: Tensor | None) -> Tensor:
        """Returns the tokens with the end 0 behind them and `IGNORED` after that, `(N, T + 1)`."""
        import torch
        from torch.nn.functional import pad

        wider = pad(target, (0, 1))
        if lengths is None:
            return wider
        places = torch.arange(wider.shape[1], device=wider.device)
        return wider.masked_fill(places > lengths[:, None], IGNORED)

    def loss(self, output: Tensor, target: Tensor, params: Any) -> Tensor:
        from torch.nn.functional import cross_entropy

        return cross_entropy(output.flatten(0, 1), target.flatten(), ignore_index=IGNORED, label_smoothing=params.label_smoothing)

    def row_losses(self, output: Tensor, target: Tensor, params: Any) -> Tensor:
        from torch.nn.functional import cross_entropy

        losses = cross_entropy(
            output.transpose(1, 2), target, ignore_index=IGNORED, label_smoothing=params.label_smoothing, reduction="none",
        )
        return losses.sum(1) / (target != IGNORED).sum(1).clamp(min=1)

    def row_scores(self, output: Tensor, target: Tensor) -> Tensor:
        """Returns the share of right tokens of every row."""
        counted = target != IGNORED
        return ((output.argmax(2) == target) & counted).sum(1) / counted.sum(1).clamp(min=1)

    def decode(self, output: Tensor, field: Field, *, mean: float = 0.0, std: float = 1.0) -> list[dict[str, Any]]:
        """Returns the likeliest token of every place as its number."""
        return [{"tokens": row} for row in output.detach().argmax(2).tolist()]

    def expected_output(self, field: Field) -> Expected:
        return Expected(0, Text("one score per token of the vocabulary, at every place"))

    def chance(self, targets: np.ndarray) -> Chance:
        """Saying the most frequent token everywhere; the loss of knowing the frequencies alone."""
        counted = targets[targets != IGNORED]
        if not len(counted):
            return Chance(0.0, 0.0)
        shares = np.bincount(counted) / len(counted)
        known = shares[shares > 0]
        return Chance(float(shares.max()), float(-(known * np.log(known)).sum()))
