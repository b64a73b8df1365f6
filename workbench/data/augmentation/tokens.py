"""Texts varied: words dropped, swapped, hidden. Every row keeps at least one token."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.catalogue import param
from workbench.data.augmentation.base import Augmentation, AugmentParams, Chance, Subject, valid
from workbench.data.base import FieldKind

if TYPE_CHECKING:
    from torch import Tensor


class TokenParams(AugmentParams):
    """How many tokens are changed."""

    share: float = param(0.1, label="Share", help="The share of a text's tokens that is changed.", ge=0.0, le=0.9)


class TokenDropout(Augmentation):
    """Tokens left out; the text becomes shorter."""

    name = "token_dropout"
    label = "Leave out tokens"
    summary = "Leaves some tokens out; what stands after them moves up."
    aliases = ("word dropout", "random deletion", "EDA", "删除词元")
    kinds = (FieldKind.TEXT,)
    Params = TokenParams

    def apply(self, values: Tensor, lengths: Tensor | None, params: TokenParams, chance: Chance, subject: Subject) -> tuple[Tensor, Tensor | None]:
        import torch

        rows = chance.happens(params.probability)
        given = torch.full((len(values),), values.shape[1], device=values.device) if lengths is None else lengths.to(values.device)
        real = torch.arange(values.shape[1], device=values.device) < given[:, None]
        stays = real & ~((chance.uniform(0, 1, values.shape[1]) < params.share) & rows[:, None])
        stays[:, 0] |= ~stays.any(1)
        order = torch.argsort((~stays).to(torch.uint8), dim=1, stable=True)
        count = stays.sum(1)
        kept = torch.where(torch.arange(values.shape[1], device=values.device) < count[:, None], values.gather(1, order), 0)
        return kept, None if lengths is None else count.to(lengths.device)


class TokenSwap(Augmentation):
    """Neighbours change places."""

    name = "token_swap"
    label = "Swap tokens"
    summary = "Lets some tokens change places with the next one."
    aliases = ("random swap", "EDA", "交换词元")
    kinds = (FieldKind.TEXT,)
    Params = TokenParams

    def apply(self, values: Tensor, lengths: Tensor | None, params: TokenParams, chance: Chance, subject: Subject) -> tuple[Tensor, Tensor | None]:
        import torch

        steps = values.shape[1] // 2
        if not steps:
            return values, lengths
        rows, real = chance.happens(params.probability), valid(values, lengths)
        first = int(chance.whole(0, 1)[0]) if values.shape[1] > 2 * steps or steps > 1 else 0
        steps = (values.shape[1] - first) // 2
        pairs = values[:, first : first + 2 * steps].reshape(len(values), steps, 2)
        wanted = (chance.uniform(0, 1, steps) < params.share) & rows[:, None]
        if real is not None:
            wanted &= real[:, first : first + 2 * steps].reshape(len(values), steps, 2).all(2)
        new = values.clone()
        new[:, first : first + 2 * steps] = torch.where(wanted[:, :, None], pairs.flip(2), pairs).flatten(1)
        return new, lengths


class TokenMask(Augmentation):
    """Tokens hidden behind the unknown one."""

    name = "token_mask"
    label = "Hide tokens"
    summary = "Puts the unknown token in the place of some others, so that no single word is relied on alone."
    aliases = ("masking", "MLM", "random masking", "掩盖词元")
    kinds = (FieldKind.TEXT,)
    Params = TokenParams

    def apply(self, values: Tensor, lengths: Tensor | None, params: TokenParams, chance: Chance, subject: Subject) -> tuple[Tensor, Tensor | None]:
        rows, real = chance.happens(params.probability), valid(values, lengths)
        hidden = (chance.uniform(0, 1, values.shape[1]) < params.share) & rows[:, None]
        return values.masked_fill(hidden if real is None else hidden & real, subject.unknown), lengths


__all__ = ["TokenDropout", "TokenMask", "TokenSwap"]
