"""Integrated gradients: attributions that add up to what the input changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.catalogue import param
from workbench.explain.attribution import Attribution, AttributionParams
from workbench.explain.evidence import Evidence
from workbench.explain.subject import baseline_name

if TYPE_CHECKING:
    from torch import Tensor

FIRST_STEPS, INTERNAL_BATCH = 32, 64
SMALLEST_GAP = 1e-6


class IntegratedGradientsParams(AttributionParams):
    """How exact it shall be."""

    tolerance: float = param(
        0.01, label="Residual", help="Steps are doubled until what is missing in the sum is below this share of the whole.",
        main=False, gt=0, le=1,
    )
    most_steps: int = param(512, label="Most steps", help="Where doubling ends.", unit="passes", main=False, ge=1, le=4096)


class IntegratedGradients(Attribution):
    """Gradients averaged on the way from a baseline. Sundararajan, Taly, Yan 2017, arXiv:1703.01365.

    Runs captum's implementation with Gauss-Legendre nodes (its trapezoid is too small by 1/n), on the input of images and on
    what the embeddings give for texts.
    """

    name = "integrated_gradients"
    label = "Integrated gradients"
    summary = "Shares out the whole difference between this row and a baseline that says nothing; the parts add up."
    aliases = ("ig", "path attribution", "layer integrated gradients", "积分梯度")
    Params = IntegratedGradientsParams

    def attribute(self, evidence: Evidence, params: Any) -> tuple[np.ndarray, dict[str, Any]]:
        """Doubles the number of steps until the attributions add up well enough."""
        gap = _gap(evidence)
        steps = min(FIRST_STEPS, params.most_steps)
        while True:
            attributions = _integrated(evidence, steps)
            residual = abs(float(sum(item.double().sum() for item in attributions)) - gap) / max(abs(gap), SMALLEST_GAP)
            if residual <= params.tolerance or steps * 2 > params.most_steps:
                break
            steps *= 2
        return evidence.reduced(attributions), {"residual": residual, "baseline": baseline_name(evidence.subject)}


def _gap(evidence: Evidence) -> float:
    import torch

    with torch.no_grad():
        return float(evidence.score(*evidence.starts).double() - evidence.score(*evidence.baselines).double())


def _integrated(evidence: Evidence, steps: int) -> tuple[Tensor, ...]:
    from captum.attr import IntegratedGradients as Captum

    return Captum(evidence.score, multiply_by_inputs=True).attribute(
        evidence.starts, evidence.baselines, n_steps=steps, method="gausslegendre", internal_batch_size=min(INTERNAL_BATCH, steps),
    )
