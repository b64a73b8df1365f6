"""Rows mixed with other rows: values and targets by the same share."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from workbench.catalogue import param
from workbench.data.augmentation.base import Augmentation, AugmentParams, Chance, Subject
from workbench.data.augmentation.colour import rectangle
from workbench.data.base import FieldKind

if TYPE_CHECKING:
    from torch import Tensor


class MixParams(AugmentParams):
    """How strongly rows are mixed."""

    probability: float = param(0.5, label="Probability", help="The share of batches in which rows are mixed.", ge=0.0, le=1.0)
    alpha: float = param(0.3, label="Alpha", help="Small: one of the two rows nearly alone; 1: every share alike.", gt=0.0, le=10.0)


class Mixing(Augmentation):
    """What mixing methods share: one share for the whole batch, so that the loss is mixed as the rows are."""

    kinds = (FieldKind.IMAGE, FieldKind.AUDIO, FieldKind.SERIES, FieldKind.NUMBER)
    mixes_rows = True
    Params = MixParams

    def draw(self, params: MixParams, chance: Chance) -> tuple[Tensor, float]:
        """Returns the partner of every row, int64 `(N,)`, and the share of the row itself, between 0.5 and 1."""
        import torch

        share = _beta(params.alpha, chance) if float(chance.uniform()[0]) < params.probability else 1.0
        partner = chance.order() if share < 1.0 else torch.arange(chance.rows, device=chance.device)
        return partner, max(share, 1.0 - share)

    @abstractmethod
    def mix(self, values: Tensor, partner: Tensor, share: float, chance: Chance) -> tuple[Tensor, float]:
        """Returns mixed values, and the share that was really kept of each row."""

    def apply(self, values: Tensor, lengths: Tensor | None, params: Any, chance: Chance, subject: Subject) -> tuple[Tensor, Tensor | None]:
        """Mixes the values alone, for a preview; training mixes targets as well."""
        partner, share = self.draw(params, chance)
        return (values if share >= 1.0 else self.mix(values, partner, share, chance)[0]), lengths


class MixUp(Mixing):
    """Weighted sums of two rows (Zhang et al. 2018)."""

    name = "mixup"
    label = "MixUp"
    summary = "Lays two rows over each other and wants both answers by their shares; tames overconfidence."
    aliases = ("Mixup", "mix", "混合")

    def mix(self, values: Tensor, partner: Tensor, share: float, chance: Chance) -> tuple[Tensor, float]:
        return values * share + values[partner] * (1.0 - share), share


class CutMix(Mixing):
    """A rectangle of another image (Yun et al. 2019)."""

    name = "cutmix"
    label = "CutMix"
    summary = "Puts a rectangle of another image into each image and wants both answers by their areas."
    aliases = ("Cutmix", "cut and mix", "剪切混合")
    kinds = (FieldKind.IMAGE,)

    def mix(self, values: Tensor, partner: Tensor, share: float, chance: Chance) -> tuple[Tensor, float]:
        side = values.new_full((1,), (1.0 - share) ** 0.5)
        place = rectangle(values.shape[2], values.shape[3], side, side, _One(chance))
        return values.where(~place[:, None], values[partner]), 1.0 - float(place.float().mean())


class _One(Chance):
    """The same generator for one draw instead of one per row."""

    def __init__(self, chance: Chance) -> None:
        self.rows, self.device, self.generator = 1, chance.device, chance.generator


def _beta(alpha: float, chance: Chance) -> float:
    """Returns a number of the distribution beta(alpha, alpha), by Jöhnk's way, which needs uniform numbers alone."""
    for _ in range(1000):
        one, other = (float(number) for number in _One(chance).uniform(0, 1, 2)[0])
        left, right = one ** (1 / alpha), other ** (1 / alpha)
        if 0 < left + right <= 1:
            return left / (left + right)
    return 1.0


__all__ = ["CutMix", "MixUp", "Mixing"]
