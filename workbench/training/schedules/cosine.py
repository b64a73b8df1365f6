"""Cosine decay with warm-up (Loshchilov and Hutter 2017, arXiv 1608.03983)."""

from __future__ import annotations

from typing import Any, ClassVar

from workbench.catalogue import Params, param
from workbench.training.schedules.base import Schedule, blend


class Cosine(Schedule):
    """Climbs in a straight line over the warm-up, then falls along a half cosine."""

    name: ClassVar[str] = "cosine"
    label: ClassVar[str] = "Cosine with warm-up"
    summary: ClassVar[str] = "A short straight rise, then a long gentle fall; the usual choice for Transformers."
    aliases: ClassVar[tuple[str, ...]] = ("CosineAnnealingLR", "CosineDecay", "warmup", "余弦", "预热", "学习率")

    class Params(Params):
        """The parameters of `cosine`."""

        warm_up: float = param(0.05, label="Warm-up", help="The share of the run in which the rate climbs.", ge=0.0, le=1.0)
        end: float = param(0.01, label="End", help="The last rate, as a share of the full one.", main=False, ge=0.0, le=1.0)

    def factor(self, step: int, total: int, params: Any) -> float:
        rise = round(params.warm_up * total)
        if step < rise:
            return (step + 1) / (rise + 1)
        return blend(1.0, params.end, (step - rise) / max(total - 1 - rise, 1))
