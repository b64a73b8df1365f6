"""How much a ranking is worth: erase what it ranks highest, and see whether the answer falls faster than for random orders."""

from __future__ import annotations

import numpy as np

from workbench.explain.evidence import Evidence

ORDERINGS = 20
STEPS = 16


def faithfulness(evidence: Evidence, values: np.ndarray, *, seed: int = 0, orderings: int = ORDERINGS) -> float | None:
    """Returns the share of random orderings that this ranking beats in the deletion curve, the mean over two ways to erase.

    Deletion: Petsiuk et al. 2018 (RISE). Images lose pixels to black and to their mean colour, texts lose tokens to PAD and UNK.

    Args:
        evidence: The explained input.
        values: Signed attribution of the shape of the evidence; what is highest is erased first.
        seed: Of the random orderings.
        orderings: How many random orderings.

    Returns:
        Between 0 and 1, about 0.5 for a random ranking; None where all values are equal, because then there is no ranking.
    """
    flat = np.nan_to_num(values.reshape(-1).astype(np.float64))
    if flat.max() == flat.min():
        return None
    random = np.random.default_rng(seed)
    orders = np.stack([_ranked(flat, random), *(random.permutation(flat.size) for _ in range(orderings))])
    return float(np.mean([_share_beaten(_areas(evidence, orders, way)) for way in (0, 1)]))


def _ranked(flat: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Sorts highest first; equal values in random order, so that their positions do not count as knowledge."""
    return np.lexsort((random.permutation(flat.size), -flat))


def _share_beaten(areas: np.ndarray) -> float:
    own, others = areas[0], areas[1:]
    return float(np.mean((others > own) + 0.5 * (others == own)))


def _areas(evidence: Evidence, orders: np.ndarray, way: int) -> np.ndarray:
    """Returns the mean score along the deletion curve of each ordering, `(orderings,)`."""
    parts = orders.shape[1]
    counts = np.unique(np.linspace(1, max(parts - 1, 1), min(STEPS, parts)).round().astype(np.int64))
    ranks = np.argsort(orders, axis=1)
    masks = (ranks[:, None, :] < counts[None, :, None]).reshape(-1, parts)
    scores = evidence.scores_of(evidence.erased(masks, way))
    return scores.reshape(len(orders), len(counts)).mean(1)
