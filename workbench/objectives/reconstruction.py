"""The input itself, learned through a narrow place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from workbench.catalogue import Params, param
from workbench.data.base import Field, FieldKind
from workbench.objectives.accumulators import MeanSquaredError, PeakSignalToNoise
from workbench.objectives.base import Chance, Expected, Metric, Objective
from workbench.text import Text

if TYPE_CHECKING:
    from torch import Tensor


class Reconstruction(Objective):
    """An image, pixel by pixel. The output has the form of the image that the model sees, with standardised values."""

    name: ClassVar[str] = "reconstruction"
    label: ClassVar[str] = "Reconstruction"
    category: ClassVar[str] = "self-supervised"
    summary: ClassVar[str] = "Paints an image again after it went through a narrow place."
    aliases: ClassVar[tuple[str, ...]] = ("autoencoder", "PSNR", "denoising", "compression", "自编码器", "重建", "压缩")
    targets: ClassVar[tuple[FieldKind, ...]] = (FieldKind.IMAGE,)
    main_metric: ClassVar[str] = "psnr"
    output_axes: ClassVar[tuple[str, ...]] = ("batch", "channel", "height", "width")
    reads_target: ClassVar[bool] = True

    class Params(Params):
        """The parameters of `reconstruction`."""

        error: Literal["squared", "absolute"] = param(
            "squared", label="Error", help="Squared counts large misses more; absolute gives sharper pictures.", choices=("squared", "absolute"),
        )

    def loss(self, output: Tensor, target: Tensor, params: Any) -> Tensor:
        return self._errors(output, target, params).mean()

    def row_losses(self, output: Tensor, target: Tensor, params: Any) -> Tensor:
        return self._errors(output, target, params).flatten(1).mean(1)

    def _errors(self, output: Tensor, target: Tensor, params: Any) -> Tensor:
        difference = output - target
        return difference.abs() if params.error == "absolute" else difference.square()

    def row_scores(self, output: Tensor, target: Tensor) -> Tensor:
        """Returns the mean squared error of every row."""
        return (output - target).square().flatten(1).mean(1)

    def accumulators(self) -> dict[str, Metric]:
        return {"psnr": PeakSignalToNoise(), "mse": MeanSquaredError()}

    def decode(self, output: Tensor, field: Field, *, mean: float = 0.0, std: float = 1.0) -> list[dict[str, Any]]:
        """Returns the painted image, channel by channel, in standardised values."""
        return [{"image": image} for image in output.detach().double().tolist()]

    def expected_output(self, field: Field) -> Expected:
        return Expected(field.channels, Text("an image of the size that goes in"))

    def chance(self, targets: np.ndarray) -> Chance:
        """Painting the mean everywhere: the error is the variance."""
        if not targets.size:
            return Chance(0.0, 0.0)
        variance, span = float(np.var(targets)), float(targets.max() - targets.min())
        return Chance(10 * float(np.log10(max(span, 1e-12) ** 2 / max(variance, 1e-12))), variance)
