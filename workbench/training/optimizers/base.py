"""The contract of an optimizer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from workbench.catalogue import Entry, Params, param

if TYPE_CHECKING:
    from torch.nn import Parameter
    from torch.optim import Optimizer


class RateParams(Params):
    """What every optimizer has."""

    learning_rate: float = param(
        0.002, label="Learning rate", help="How far one step goes; the schedule moves it below this peak.", log=True, gt=0.0, le=1e10,
    )
    weight_decay: float = param(
        0.01, label="Weight decay", help="Pulls weights towards 0 at every step; keeps a model from memorising.", log=True, ge=0.0, le=10.0,
    )
    fused: bool = param(
        True, label="Fused", help="One kernel for all weights where the device has one; the same mathematics, faster.", main=False,
    )


class OptimizerEntry(Entry, ABC):
    """One optimizer. One class in one module of `workbench/training/optimizers/`."""

    category: ClassVar[str] = "optimizer"

    @abstractmethod
    def build(self, parameters: Iterable[Parameter], params: Any) -> Optimizer:
        """Returns the torch optimizer for these parameters."""

    @abstractmethod
    def moments(self, params: Any) -> int:
        """Returns how many numbers it remembers for each trained one, from the first step on."""


def can_fuse(parameters: Iterable[Parameter]) -> bool:
    """Whether torch has a fused kernel for all of these."""
    return all(one.is_floating_point() and one.device.type in ("cpu", "cuda") for one in parameters)
