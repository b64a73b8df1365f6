"""Gradients of the explained number, as they are and times the input."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.explain.attribution import Attribution
from workbench.explain.evidence import Evidence


class Saliency(Attribution):
    """How strongly the answer reacts to each part. Simonyan, Vedaldi, Zisserman 2013, arXiv:1312.6034."""

    name = "saliency"
    label = "Saliency"
    summary = "How strongly the answer reacts to a small change of each pixel or token; it has no sign."
    aliases = ("gradient", "vanilla gradient", "sensitivity", "显著图", "梯度")

    def attribute(self, evidence: Evidence, params: Any) -> tuple[np.ndarray, dict[str, Any]]:
        """Returns absolute gradients."""
        return evidence.magnitudes(evidence.gradients()), {}


class InputXGradient(Attribution):
    """Gradient times input, as if the model were linear around this row. Shrikumar et al. 2016, arXiv:1605.01713."""

    name = "input_x_gradient"
    label = "Input × gradient"
    summary = "What each pixel or token would add if the model were a straight line at this row."
    aliases = ("gradient times input", "grad x input", "输入乘梯度")

    def attribute(self, evidence: Evidence, params: Any) -> tuple[np.ndarray, dict[str, Any]]:
        """Returns input times gradient, summed over channels or embedding width."""
        gradients = evidence.gradients()
        return evidence.reduced(tuple(start * slope for start, slope in zip(evidence.starts, gradients, strict=True))), {}
