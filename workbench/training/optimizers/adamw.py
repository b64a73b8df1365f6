"""AdamW (Loshchilov and Hutter 2019, arXiv 1711.05101)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from workbench.catalogue import param
from workbench.training.optimizers.base import OptimizerEntry, RateParams, can_fuse

if TYPE_CHECKING:
    from torch.nn import Parameter
    from torch.optim import Optimizer


class AdamW(OptimizerEntry):
    """Adam with the weight decay taken out of the gradient."""

    name: ClassVar[str] = "adamw"
    label: ClassVar[str] = "AdamW"
    summary: ClassVar[str] = "Gives every weight its own step size; works at once on almost anything."
    aliases: ClassVar[tuple[str, ...]] = ("Adam", "torch.optim.AdamW", "keras.optimizers.AdamW", "优化器", "自适应")

    class Params(RateParams):
        """The parameters of `adamw`."""

        beta1: float = param(0.9, label="Beta 1", help="How long the direction is remembered.", main=False, ge=0.0, lt=1.0)
        beta2: float = param(0.999, label="Beta 2", help="How long the size of the gradient is remembered.", main=False, ge=0.0, lt=1.0)
        eps: float = param(1e-8, label="Epsilon", help="Keeps the division from exploding.", main=False, log=True, gt=0.0)

    def build(self, parameters: Iterable[Parameter], params: Any) -> Optimizer:
        from torch.optim import AdamW

        listed = list(parameters)
        return AdamW(
            listed, lr=params.learning_rate, betas=(params.beta1, params.beta2), eps=params.eps, weight_decay=params.weight_decay,
            fused=params.fused and can_fuse(listed),
        )

    def moments(self, params: Any) -> int:
        return 2
