"""The share of random orderings beaten: 1 for the truth, 0 for its opposite, about half for noise, nothing where there is no ranking."""

from __future__ import annotations

import numpy as np
import torch

from tests.explain.test_axioms import H, Pixels, W, image_subject
from workbench.explain.evidence import evidence_of
from workbench.explain.faithfulness import faithfulness
from workbench.explain.method import Watch

WEIGHTS = torch.linspace(-2, 3, 2 * H * W).reshape(2, H, W)


def linear_subject() -> object:
    return image_subject(Pixels(lambda image: (image * WEIGHTS).sum((1, 2, 3))[:, None]))


def test_truth_beats_all_and_its_opposite_none() -> None:
    with evidence_of(linear_subject(), Watch()) as evidence:
        truth = evidence.reduced(tuple(start * slope for start, slope in zip(evidence.starts, evidence.gradients(), strict=True)))
        assert faithfulness(evidence, truth) >= 0.95
        assert faithfulness(evidence, -truth) <= 0.05


def test_noise_beats_half() -> None:
    random = np.random.default_rng(0)
    with evidence_of(linear_subject(), Watch()) as evidence:
        shares = [faithfulness(evidence, random.standard_normal((H, W)), seed=seed) for seed in range(40)]
    assert 0.38 <= np.mean(shares) <= 0.62
    assert np.std(shares) > 0.05


def test_a_constant_map_has_no_faithfulness() -> None:
    with evidence_of(linear_subject(), Watch()) as evidence:
        assert faithfulness(evidence, np.zeros((H, W))) is None


def test_the_same_seed_gives_the_same_share() -> None:
    values = np.random.default_rng(3).standard_normal((H, W))
    with evidence_of(linear_subject(), Watch()) as evidence:
        first, second = (faithfulness(evidence, values, seed=9) for _ in range(2))
    assert first == second


def test_passes_are_counted() -> None:
    watch = Watch()
    with evidence_of(linear_subject(), watch) as evidence:
        faithfulness(evidence, np.arange(H * W).reshape(H, W), orderings=10)
    assert watch.passes == 2 * 11 * 16
