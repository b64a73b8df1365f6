"""Several changes of an image from one setting: RandAugment and TrivialAugment."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from workbench.catalogue import param
from workbench.data.augmentation.base import Augmentation, AugmentParams, Chance, Subject, chosen
from workbench.data.augmentation.colour import as_given, as_seen, grey
from workbench.data.augmentation.moving import affine_matrix, sampled
from workbench.data.base import FieldKind

if TYPE_CHECKING:
    from torch import Tensor

Operation = Callable[["Tensor", "Tensor"], "Tensor"]
"""From images with black at 0 and white at 1, and a strength from -1 to 1 per row, to images."""

_TURN = 0.52
_SHIFT = 0.3
_SLANT = 0.3
_SHARE = 0.9


def _moved(images: Tensor, strength: Tensor, what: str) -> Tensor:
    import torch

    still, ones = torch.zeros_like(strength), torch.ones_like(strength)
    angle = strength * _TURN if what == "turn" else still
    across, along = (strength * 2 * _SHIFT if what == name else still for name in ("across", "along"))
    slant = strength * _SLANT if what == "slant" else still
    height, width = images.shape[2], images.shape[3]
    matrix = affine_matrix(height, width, angle, torch.stack([across, along], 1), ones, slant)
    plain = Subject(FieldKind.IMAGE, (0.0,) * images.shape[1], (1.0,) * images.shape[1])
    return sampled(matrix, torch.ones_like(strength, dtype=torch.bool), height, width, plain)(images, False)


def _between(images: Tensor, other: Tensor, strength: Tensor) -> Tensor:
    return other + (images - other) * (1 + _SHARE * strength.view(-1, 1, 1, 1))


def _solarised(images: Tensor, strength: Tensor) -> Tensor:
    return images.where(images < 1 - strength.abs().view(-1, 1, 1, 1), 1 - images)


def _posterised(images: Tensor, strength: Tensor) -> Tensor:
    steps = (2 ** (8 - (6 * strength.abs()).round())).view(-1, 1, 1, 1) - 1
    return (images * steps).round() / steps


def _stretched(images: Tensor, strength: Tensor) -> Tensor:
    low, high = images.amin((2, 3), keepdim=True), images.amax((2, 3), keepdim=True)
    return (images - low) / (high - low).clamp(min=1e-3)


OPERATIONS: tuple[Operation, ...] = (
    lambda images, strength: images,
    lambda images, strength: _moved(images, strength, "turn"),
    lambda images, strength: _moved(images, strength, "across"),
    lambda images, strength: _moved(images, strength, "along"),
    lambda images, strength: _moved(images, strength, "slant"),
    lambda images, strength: images * (1 + _SHARE * strength.view(-1, 1, 1, 1)),
    lambda images, strength: _between(images, grey(images).mean((1, 2, 3), keepdim=True), strength),
    lambda images, strength: _between(images, grey(images), strength),
    _posterised,
    _solarised,
    _stretched,
)
"""Nothing, four moves, brightness, contrast, saturation, fewer tones, inverted tones, full contrast."""


class RandAugmentParams(AugmentParams):
    """How many changes, how strong."""

    probability: float = param(1.0, label="Probability", help="The share of rows that is varied in each batch.", ge=0.0, le=1.0)
    count: int = param(2, label="Changes", help="How many changes follow each other.", ge=1, le=6)
    strength: float = param(0.3, label="Strength", help="0: nothing; 1: as strong as an image can bear.", ge=0.0, le=1.0)


class RandAugment(Augmentation):
    """A few random changes of one strength (Cubuk et al. 2020)."""

    name = "rand_augment"
    label = "RandAugment"
    summary = "A few random changes of place, light and colour, with one strength to set."
    aliases = ("RandAugment", "AutoAugment", "随机增强")
    kinds = (FieldKind.IMAGE,)
    Params = RandAugmentParams

    def apply(
        self, values: Tensor, lengths: Tensor | None, params: RandAugmentParams, chance: Chance, subject: Subject
    ) -> tuple[Tensor, Tensor | None]:
        rows, seen = chance.happens(params.probability), as_seen(values, subject)
        for _ in range(params.count):
            strength = params.strength * (chance.whole(0, 1) * 2 - 1)
            seen = _changed(seen, chance.whole(0, len(OPERATIONS) - 1), strength)
        return chosen(rows, as_given(seen, subject), values), lengths


class TrivialAugment(Augmentation):
    """One random change of random strength (Müller and Hutter 2021)."""

    name = "trivial_augment"
    label = "TrivialAugment"
    summary = "One random change of random strength for every row; nothing to set."
    aliases = ("TrivialAugmentWide", "AutoAugment", "简单增强")
    kinds = (FieldKind.IMAGE,)

    class Params(AugmentParams):
        """The parameters of `trivial_augment`."""

        probability: float = param(1.0, label="Probability", help="The share of rows that is varied in each batch.", ge=0.0, le=1.0)

    def apply(
        self, values: Tensor, lengths: Tensor | None, params: AugmentParams, chance: Chance, subject: Subject
    ) -> tuple[Tensor, Tensor | None]:
        rows, strength = chance.happens(params.probability), chance.uniform(-1, 1)
        seen = _changed(as_seen(values, subject), chance.whole(0, len(OPERATIONS) - 1), strength)
        return chosen(rows, as_given(seen, subject), values), lengths


def _changed(seen: Tensor, which: Tensor, strength: Tensor) -> Tensor:
    """Applies to every row its own operation: a loop over operations, each on all of its rows at once."""
    new = seen.clone()
    for number, operation in enumerate(OPERATIONS):
        places = (which == number).nonzero().squeeze(1)
        if number and len(places):
            new[places] = operation(seen[places], strength[places].to(seen.dtype)).clamp(0, 1)
    return new


__all__ = ["OPERATIONS", "RandAugment", "TrivialAugment"]
