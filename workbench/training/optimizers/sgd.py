"""Stochastic gradient descent with momentum."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from workbench.catalogue import param
from workbench.training.optimizers.base import OptimizerEntry, RateParams, can_fuse

if TYPE_CHECKING:
    from torch.nn import Parameter
    from torch.optim import Optimizer


class SGD(OptimizerEntry):
    """Steps against the gradient, with a memory of the way so far."""

    name: ClassVar[str] = "sgd"
    label: ClassVar[str] = "SGD"
    summary: ClassVar[str] = "Plain steps down the slope; with momentum and a good schedule often the best in the end."
    aliases: ClassVar[tuple[str, ...]] = ("torch.optim.SGD", "momentum", "nesterov", "gradient descent", "随机梯度下降", "动量", "优化器")

    class Params(RateParams):
        """The parameters of `sgd`."""

        learning_rate: float = param(
            0.1, label="Learning rate", help="How far one step goes; the schedule moves it below this peak.", log=True, gt=0.0, le=1e10,
        )
        weight_decay: float = param(
            0.0005, label="Weight decay", help="Pulls weights towards 0 at every step; keeps a model from memorising.",
            log=True, ge=0.0, le=10.0,
        )
        momentum: float = param(0.9, label="Momentum", help="How much of the last step is kept.", ge=0.0, lt=1.0)
        nesterov: bool = param(True, label="Nesterov", help="Looks ahead along the momentum before it takes the gradient.", main=False)

    def build(self, parameters: Iterable[Parameter], params: Any) -> Optimizer:
        from torch.optim import SGD

        listed = list(parameters)
        return SGD(
            listed, lr=params.learning_rate, momentum=params.momentum, weight_decay=params.weight_decay,
            nesterov=params.nesterov and params.momentum > 0, fused=params.fused and can_fuse(listed),
        )

    def moments(self, params: Any) -> int:
        return 1 if params.momentum else 0
