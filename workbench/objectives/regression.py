"""A number, learned with a squared, absolute or Huber error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from workbench.catalogue import Params, param
from workbench.data.base import Field, FieldKind
from workbench.objectives.accumulators import MeanAbsoluteError, RSquared
from workbench.objectives.base import Chance, Expected, Metric, Objective
from workbench.text import Text

if TYPE_CHECKING:
    from torch import Tensor


class Regression(Objective):
    """A number. The output has one value per row; targets are standardised by the field's preprocessing."""

    name: ClassVar[str] = "regression"
    label: ClassVar[str] = "Regression"
    category: ClassVar[str] = "supervised"
    summary: ClassVar[str] = "Says how much: one number per row."
    aliases: ClassVar[tuple[str, ...]] = ("mse", "MSELoss", "L1Loss", "mae", "HuberLoss", "mean_squared_error", "回归", "均方误差")
    targets: ClassVar[tuple[FieldKind, ...]] = (FieldKind.NUMBER,)
    main_metric: ClassVar[str] = "r2"

    class Params(Params):
        """The parameters of `regression`."""

        error: Literal["squared", "absolute", "huber"] = param(
            "squared", label="Error",
            help="Squared counts large misses more; absolute forgives outliers; Huber is squared near 0 and absolute far away.",
        )
        delta: float = param(
            1.0, label="Huber delta", help="Where Huber turns from squared to absolute, in standard deviations of the target.",
            main=False, gt=0.0,
        )

    def loss(self, output: Tensor, target: Tensor, params: Any) -> Tensor:
        return self._loss(output, target, params, "mean")

    def row_losses(self, output: Tensor, target: Tensor, params: Any) -> Tensor:
        return self._loss(output, target, params, "none")

    def _loss(self, output: Tensor, target: Tensor, params: Any, reduction: str) -> Tensor:
        from torch.nn import functional

        values = output.reshape(target.shape)
        if params.error == "huber":
            return functional.huber_loss(values, target, reduction=reduction, delta=params.delta)
        error = functional.mse_loss if params.error == "squared" else functional.l1_loss
        return error(values, target, reduction=reduction)

    def accumulators(self) -> dict[str, Metric]:
        return {"r2": RSquared(), "mae": MeanAbsoluteError()}

    def decode(self, output: Tensor, field: Field, *, mean: float = 0.0, std: float = 1.0) -> list[dict[str, Any]]:
        return [{"value": value * std + mean, "unit": field.unit} for value in output.detach().double().flatten().tolist()]

    def expected_output(self, field: Field) -> Expected:
        return Expected(1, Text("one number per row"))

    def chance(self, targets: np.ndarray) -> Chance:
        """Guessing the mean: R² is 0 and the squared error is the variance."""
        return Chance(0.0, float(np.var(targets)) if len(targets) else 0.0)
