"""Occlusion: cover a part and see what is lost. Needs no gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.catalogue import param
from workbench.explain.attribution import Attribution, AttributionParams
from workbench.explain.evidence import Evidence
from workbench.explain.subject import baseline_name

MOST_WINDOWS = 400


class OcclusionParams(AttributionParams):
    """The window that covers."""

    window: int = param(0, label="Window", help="Side of the square (or number of tokens) covered at once; 0 fits it to the input.",
                        unit="pixels", ge=0)
    stride: int = param(0, label="Stride", help="How far the window moves; 0 takes half a window.", unit="pixels", ge=0)


class Occlusion(Attribution):
    """What is lost when a part is covered. Zeiler, Fergus 2013, arXiv:1311.2901."""

    name = "occlusion"
    label = "Occlusion"
    summary = "Covers one part after another and shows how much of the answer goes with it."
    aliases = ("feature ablation", "perturbation", "leave one out", "遮挡")
    Params = OcclusionParams

    def attribute(self, evidence: Evidence, params: Any) -> tuple[np.ndarray, dict[str, Any]]:
        """Returns, for each part, the mean loss over the windows that cover it."""
        masks = windows(evidence.shape, params.window, params.stride)
        whole = evidence.scores_of(evidence.erased(np.zeros((1, evidence.parts), bool), 0))[0]
        losses = whole - evidence.scores_of(evidence.erased(masks, 0))
        shares = losses @ masks / np.maximum(masks.sum(0), 1)
        return shares.reshape(evidence.shape), {"baseline": baseline_name(evidence.subject)}


def windows(shape: tuple[int, ...], window: int = 0, stride: int = 0) -> np.ndarray:
    """Returns all windows over parts of this shape, bool `(windows, parts)`; the last ones end at the border.

    Args:
        shape: `(H, W)` or `(T,)`.
        window: The side; 0 takes about an eighth of the shorter side, and one token.
        stride: The step; 0 takes half a window, more where there would be too many.
    """
    side = window or (max(2, min(shape) // 7) if len(shape) == 2 else 1)
    step = stride or max(1, side // 2)
    while not stride and np.prod([len(_starts(size, side, step)) for size in shape]) > MOST_WINDOWS and step < side:
        step += 1
    grids = np.stack(np.meshgrid(*(_starts(size, side, step) for size in shape), indexing="ij"), -1).reshape(-1, len(shape))
    masks = np.zeros((len(grids), *shape), bool)
    for mask, corner in zip(masks, grids, strict=True):
        mask[tuple(slice(start, start + side) for start in corner)] = True
    return masks.reshape(len(masks), -1)


def _starts(size: int, side: int, step: int) -> list[int]:
    last = max(size - side, 0)
    return sorted({*range(0, last + 1, step), last})
