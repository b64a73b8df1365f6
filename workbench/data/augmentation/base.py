"""The contract of an augmentation: a batch in, a varied batch of the same form out, all chance from one generator.

Legend: N rows, C channels, H height, W width, T steps, F features.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from workbench.catalogue import Entry, Params, param
from workbench.data.base import FieldKind

if TYPE_CHECKING:
    import torch
    from torch import Tensor

Move = Callable[["Tensor", bool], "Tensor"]
"""Moves images (N, C, H, W); the flag says that values are classes, which cannot be mixed with their neighbours."""


class AugmentParams(Params):
    """What every augmentation has."""

    active: bool = param(True, label="Active", help="Off: its settings are kept, but nothing is varied.", main=False)
    field: str = param("", label="Field", help="Which input is varied; empty: every input of its kind.", main=False)
    probability: float = param(0.5, label="Probability", help="The share of rows that is varied in each batch.", ge=0.0, le=1.0)


@dataclass(frozen=True)
class Subject:
    """What an augmentation may know of the field in its hands.

    Attributes:
        kind: The kind of field.
        black: What a channel of an image holds where the picture is black, after normalising, one number per channel.
        scale: How much a channel changes from black to white.
        unknown: The number of the unknown token.
        rate: Samples per second of a sound.
    """

    kind: FieldKind
    black: tuple[float, ...] = (0.0,)
    scale: tuple[float, ...] = (1.0,)
    unknown: int = 1
    rate: int = 0


class Chance:
    """All chance of one augmentation in one step: a function of the run's seed, the step and the place in the list.

    Args:
        seed: Made of these numbers.
        rows: N.
        device: Where the batch lies.
    """

    def __init__(self, seed: int, rows: int, device: torch.device) -> None:
        import torch

        self.rows, self.device = rows, device
        self.generator = torch.Generator(device).manual_seed(seed)

    def uniform(self, low: float = 0.0, high: float = 1.0, *form: int) -> Tensor:
        """Returns numbers between two bounds, `(N, *form)`."""
        import torch

        return torch.rand(self.rows, *form, generator=self.generator, device=self.device) * (high - low) + low

    def normal(self, *form: int) -> Tensor:
        """Returns normally distributed numbers, `(N, *form)`."""
        import torch

        return torch.randn(self.rows, *form, generator=self.generator, device=self.device)

    def whole(self, low: int, high: int, *form: int) -> Tensor:
        """Returns whole numbers from `low` to `high`, both included, int64 `(N, *form)`."""
        import torch

        return torch.randint(low, high + 1, (self.rows, *form), generator=self.generator, device=self.device)

    def happens(self, probability: float) -> Tensor:
        """Returns which rows are varied, bool `(N,)`."""
        return self.uniform() < probability

    def order(self) -> Tensor:
        """Returns a random order of the rows, int64 `(N,)`."""
        import torch

        return torch.randperm(self.rows, generator=self.generator, device=self.device)


class Augmentation(Entry, ABC):
    """One way to vary rows. One class in one module of `workbench/data/augmentation/`.

    Attributes:
        kinds: The kinds of input that it varies.
        moves_places: Whether it moves what an image shows: a mask of the same row then moves along.
        mixes_rows: Whether it mixes each row with another, targets too.
    """

    category: ClassVar[str] = "augmentation"
    kinds: ClassVar[tuple[FieldKind, ...]] = ()
    moves_places: ClassVar[bool] = False
    mixes_rows: ClassVar[bool] = False
    Params: ClassVar[type[Params]] = AugmentParams

    @abstractmethod
    def apply(self, values: Tensor, lengths: Tensor | None, params: Any, chance: Chance, subject: Subject) -> tuple[Tensor, Tensor | None]:
        """Returns varied values, and the valid lengths where rows differ; what came in stays as it is.

        Args:
            values: Model-ready values of one field: image `(N, C, H, W)`, text `(N, T)` int64, series `(N, T, F)`, sound `(N, T)`.
            lengths: Valid lengths `(N,)`, or None where all rows have one length.
            params: Its parsed parameters.
            chance: Where all chance comes from.
            subject: What is known of the field.
        """


class Moving(Augmentation):
    """An augmentation that moves what an image shows."""

    kinds = (FieldKind.IMAGE,)
    moves_places = True

    @abstractmethod
    def move(self, height: int, width: int, params: Any, chance: Chance, subject: Subject) -> Move:
        """Returns how images of this size, and masks with them, are moved in this step."""

    def apply(self, values: Tensor, lengths: Tensor | None, params: Any, chance: Chance, subject: Subject) -> tuple[Tensor, Tensor | None]:
        return self.move(values.shape[2], values.shape[3], params, chance, subject)(values, False), lengths


def chosen(rows: Tensor, new: Tensor, old: Tensor) -> Tensor:
    """Returns the new values for the chosen rows, bool `(N,)`, and the old ones for all others."""
    import torch

    return torch.where(rows.view(-1, *[1] * (old.dim() - 1)), new, old)


def valid(values: Tensor, lengths: Tensor | None) -> Tensor | None:
    """Returns which steps are no padding, bool `(N, T)`, or None where all are."""
    import torch

    return None if lengths is None else torch.arange(values.shape[1], device=values.device) < lengths.to(values.device)[:, None]
