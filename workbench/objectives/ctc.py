"""A text from a longer sequence, without being told when each token comes: connectionist temporal classification."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from workbench.data.base import Field, FieldKind
from workbench.objectives.accumulators import SumMetric
from workbench.objectives.base import Better, Chance, Expected, Metric, Objective
from workbench.objectives.token_accumulators import Share
from workbench.objectives.tokens import IGNORED
from workbench.text import Text

if TYPE_CHECKING:
    from torch import Tensor

BLANK = 0
"""The token that says nothing; texts never hold it."""

_NEVER = -50.0


class Ctc(Objective):
    """Tokens in order, wherever they come (Graves et al. 2006). At every step the output scores each token and, as 0, silence."""

    name: ClassVar[str] = "ctc"
    label: ClassVar[str] = "Transcription (CTC)"
    category: ClassVar[str] = "supervised"
    summary: ClassVar[str] = "Writes down what is heard or read, in order, without being told when each token comes."
    aliases: ClassVar[tuple[str, ...]] = ("CTC", "CTCLoss", "speech recognition", "handwriting", "transcription", "语音识别", "转写", "连接时序分类")
    targets: ClassVar[tuple[FieldKind, ...]] = (FieldKind.TEXT,)
    main_metric: ClassVar[str] = "exact_match"
    output_axes: ClassVar[tuple[str, ...]] = ("batch", "time", "feature")
    class_axis: ClassVar[int | None] = -1

    def wanted(self, target: Tensor, lengths: Tensor | None) -> Tensor:
        """Returns the tokens with `IGNORED` behind them, `(N, L)`."""
        import torch

        if lengths is None:
            return target
        return target.masked_fill(torch.arange(target.shape[1], device=target.device) >= lengths[:, None], IGNORED)

    def ended(self, output: Tensor, steps: Tensor) -> Tensor:
        """Returns the scores with silence behind the end of each row, which changes neither what is heard nor how likely it is."""
        import torch

        late = torch.arange(output.shape[1], device=output.device) >= steps[:, None]
        silence = torch.where(torch.arange(output.shape[2], device=output.device) == BLANK, 0.0, _NEVER).to(output.dtype)
        return torch.where(late[:, :, None], silence, output)

    def loss(self, output: Tensor, target: Tensor, params: Any) -> Tensor:
        return self.row_losses(output, target, params).mean()

    def row_losses(self, output: Tensor, target: Tensor, params: Any) -> Tensor:
        import torch
        from torch.nn.functional import ctc_loss

        lengths = (target != IGNORED).sum(1)
        steps = torch.full_like(lengths, output.shape[1])
        scores = output.log_softmax(2).transpose(0, 1)
        losses = ctc_loss(scores, target.clamp(min=0), steps, lengths, blank=BLANK, reduction="none", zero_infinity=True)
        return losses / lengths.clamp(min=1)

    def row_scores(self, output: Tensor, target: Tensor) -> Tensor:
        """Returns for every row whether all tokens are right and in order, as 0 or 1."""
        return equal(output, target).float()

    def accumulators(self) -> dict[str, Metric]:
        return {"exact_match": Transcribed(), "error_rate": TokenErrorRate()}

    def decode(self, output: Tensor, field: Field, *, mean: float = 0.0, std: float = 1.0) -> list[dict[str, Any]]:
        """Returns the numbers of the tokens that were heard."""
        return [{"tokens": row} for row in heard(output)]

    def expected_output(self, field: Field) -> Expected:
        return Expected(0, Text("one score per token of the vocabulary, at every step"))

    def chance(self, targets: np.ndarray) -> Chance:
        """Guessing has next to no chance to get a whole text right; the loss of knowing the frequencies of tokens alone, per token."""
        counted = targets[targets != IGNORED]
        if not len(counted):
            return Chance(0.0, 0.0)
        shares = np.bincount(counted) / len(counted)
        known = shares[shares > 0]
        return Chance(0.0, float(-(known * np.log(known)).sum()))


def collapsed(best: list[int]) -> list[int]:
    """Returns a path without repetitions and blanks."""
    return [token for place, token in enumerate(best) if token != BLANK and (not place or best[place - 1] != token)]


def heard(output: Tensor) -> list[list[int]]:
    """Returns the tokens of the likeliest path of every row."""
    return [collapsed(row) for row in output.detach().argmax(2).tolist()]


def equal(output: Tensor, target: Tensor) -> Tensor:
    """Returns for every row whether the likeliest path says exactly the wanted tokens, bool `(N,)`."""
    import torch

    rows = [[token for token in row if token != IGNORED] for row in target.tolist()]
    return torch.tensor([said == row for said, row in zip(heard(output), rows, strict=True)], device=output.device)


class Transcribed(Share):
    """The share of rows whose tokens are all right and in order."""

    label: ClassVar[str] = "exact match"
    cheap: ClassVar[bool] = False

    def update(self, output: Tensor, target: Tensor) -> None:
        import torch

        right = equal(output, target)
        self.add_share(right, torch.ones_like(right))


class TokenErrorRate(SumMetric):
    """How many tokens must be added, removed or changed to get the wanted ones, for each wanted token."""

    label: ClassVar[str] = "token error rate"
    better: ClassVar[Better] = "lower"
    cheap: ClassVar[bool] = False

    def update(self, output: Tensor, target: Tensor) -> None:
        import torch

        rows = [[token for token in row if token != IGNORED] for row in target.tolist()]
        edits = sum(_distance(said, row) for said, row in zip(heard(output), rows, strict=True))
        self.add(torch.tensor([edits, sum(map(len, rows))], device=output.device))

    def value(self) -> float:
        if self.total is None:
            return math.nan
        edits, tokens = self.total.tolist()
        return edits / tokens if tokens else math.nan


def _distance(said: list[int], wanted: list[int]) -> int:
    """Returns the Levenshtein distance of two rows of tokens."""
    before = list(range(len(wanted) + 1))
    for place, token in enumerate(said, 1):
        now = [place]
        for column, other in enumerate(wanted):
            now.append(min(before[column + 1] + 1, now[-1] + 1, before[column] + (token != other)))
        before = now
    return before[-1]
