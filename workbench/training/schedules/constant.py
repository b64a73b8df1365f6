"""A rate that stays, after an optional warm-up."""

from __future__ import annotations

from typing import Any, ClassVar

from workbench.catalogue import Params, param
from workbench.training.schedules.base import Schedule


class Constant(Schedule):
    """Stays at the full rate after the warm-up."""

    name: ClassVar[str] = "constant"
    label: ClassVar[str] = "Constant"
    summary: ClassVar[str] = "The same learning rate throughout; the simplest, and the easiest to reason about."
    aliases: ClassVar[tuple[str, ...]] = ("ConstantLR", "fixed", "恒定", "学习率")

    class Params(Params):
        """The parameters of `constant`."""

        warm_up: float = param(0.0, label="Warm-up", help="The share of the run in which the rate climbs.", main=False, ge=0.0, le=1.0)

    def factor(self, step: int, total: int, params: Any) -> float:
        rise = round(params.warm_up * total)
        return (step + 1) / (rise + 1) if step < rise else 1.0
