"""Up, then down: the one-cycle policy (Smith and Topin 2018, arXiv 1708.07120)."""

from __future__ import annotations

from typing import Any, ClassVar

from workbench.catalogue import Params, param
from workbench.training.schedules.base import Schedule, blend


class OneCycle(Schedule):
    """Climbs from a small rate to the full one, then falls to almost nothing, both along a half cosine."""

    name: ClassVar[str] = "one_cycle"
    label: ClassVar[str] = "One cycle"
    summary: ClassVar[str] = "Rises to the full learning rate, then falls to almost nothing; quick and forgiving."
    aliases: ClassVar[tuple[str, ...]] = ("OneCycleLR", "1cycle", "super-convergence", "单周期", "学习率")

    class Params(Params):
        """The parameters of `one_cycle`."""

        rise: float = param(0.25, label="Rise", help="The share of the run in which the rate climbs.", ge=0.0, le=1.0)
        start: float = param(0.04, label="Start", help="The first rate, as a share of the full one.", main=False, gt=0.0, le=1.0)
        end: float = param(0.0001, label="End", help="The last rate, as a share of the full one.", main=False, ge=0.0, le=1.0)

    def factor(self, step: int, total: int, params: Any) -> float:
        share = step / max(total - 1, 1)
        if share < params.rise:
            return blend(params.start, 1.0, share / params.rise)
        return blend(1.0, params.end, (share - params.rise) / max(1.0 - params.rise, 1e-9))
