"""Every objective: loss, rows, chance and decoding."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from workbench.data.base import Field, FieldKind
from workbench.models.given import late
from workbench.objectives import OBJECTIVES, Objective
from workbench.objectives.ctc import collapsed
from workbench.objectives.tokens import IGNORED

CATEGORIES = Field("label", FieldKind.CATEGORY, categories=("cat", "dog", "owl"))
NUMBER = Field("price", FieldKind.NUMBER, unit="€")
MASK = Field("mask", FieldKind.MASK, categories=("rest", "road", "lane"), height=4, width=5)
IMAGE = Field("image", FieldKind.IMAGE, channels=2, height=4, width=5)
TEXT = Field("text", FieldKind.TEXT)


def example(objective: Objective) -> tuple[Field, torch.Tensor, torch.Tensor]:
    made = torch.Generator().manual_seed(1)
    if FieldKind.CATEGORY in objective.targets:
        return CATEGORIES, torch.randn(6, 3, generator=made, requires_grad=True), torch.tensor([0, 1, 2, 0, 0, 1])
    if FieldKind.MASK in objective.targets:
        return MASK, torch.randn(6, 3, 4, 5, generator=made, requires_grad=True), torch.randint(0, 3, (6, 4, 5), generator=made)
    if FieldKind.IMAGE in objective.targets:
        return IMAGE, torch.randn(6, 2, 4, 5, generator=made, requires_grad=True), torch.randn(6, 2, 4, 5, generator=made)
    if objective.name == "ctc":
        return TEXT, torch.randn(6, 12, 9, generator=made, requires_grad=True), torch.randint(1, 9, (6, 4), generator=made)
    if FieldKind.TEXT in objective.targets:
        return TEXT, torch.randn(6, 5, 9, generator=made, requires_grad=True), torch.randint(0, 9, (6, 5), generator=made)
    return NUMBER, torch.randn(6, 1, generator=made, requires_grad=True), torch.randn(6, generator=made)


@pytest.mark.parametrize("objective", list(OBJECTIVES), ids=lambda entry: entry.name)
def test_contract(objective: Objective) -> None:
    field, output, target = example(objective)
    params = objective.parse({})
    loss = objective.loss(output, target, params)
    assert loss.shape == () and loss.requires_grad
    assert objective.row_losses(output, target, params).mean().item() == pytest.approx(loss.item(), rel=1e-6)
    bound = objective.loss_function(params, target.numpy(), "cpu")
    assert torch.equal(bound(output, target), loss)
    assert next(iter(objective.accumulators())) == objective.main_metric
    assert len(objective.decode(output, field)) == 6
    assert objective.expected_output(field).width in (0, output.shape[1])
    assert output.ndim == len(objective.output_axes)
    scores = objective.row_scores(output, target)
    assert scores is None or scores.shape == (6,)
    assert objective.chance(target.numpy()).loss > 0
    assert objective.better("loss") == "lower" and objective.better(objective.main_metric) == "higher"


def test_classification_chance_is_the_frequent_class_and_the_entropy() -> None:
    chance = OBJECTIVES["classification"].chance(np.array([0, 0, 0, 1]))
    assert chance.metric == 0.75
    assert chance.loss == pytest.approx(-(0.75 * math.log(0.75) + 0.25 * math.log(0.25)))


def test_regression_chance_is_the_mean() -> None:
    targets = np.array([1.0, 2.0, 6.0])
    chance = OBJECTIVES["regression"].chance(targets)
    assert (chance.metric, chance.loss) == (0.0, pytest.approx(targets.var()))


def test_decode_names_the_class_with_scores_that_sum_to_one() -> None:
    row = OBJECTIVES["classification"].decode(torch.tensor([[0.0, 5.0, 1.0]]), CATEGORIES)[0]
    assert row["label"] == "dog"
    assert sum(row["scores"].values()) == pytest.approx(1.0)
    assert list(row["scores"]) == ["cat", "dog", "owl"]


def test_decode_gives_numbers_back_in_their_unit() -> None:
    assert OBJECTIVES["regression"].decode(torch.tensor([[2.0]]), NUMBER, mean=10.0, std=3.0) == [{"value": 16.0, "unit": "€"}]


def test_balanced_weights_make_classes_count_alike() -> None:
    objective = OBJECTIVES["classification"]
    target = torch.tensor([0, 0, 0, 1])
    output = torch.randn(4, 3, generator=torch.Generator().manual_seed(2))
    rows = cross_entropy(output, target, reduction="none")
    loss = objective.loss_function(objective.parse({"class_weights": "balanced"}), target.numpy(), "cpu")(output, target)
    assert loss.item() == pytest.approx((rows[:3].mean() + rows[3]).item() / 2, rel=1e-6)


@pytest.mark.parametrize(("error", "expected"), [("squared", 4.0), ("absolute", 2.0), ("huber", 1.5)])
def test_regression_errors(error: str, expected: float) -> None:
    objective = OBJECTIVES["regression"]
    assert objective.loss(torch.tensor([[3.0]]), torch.tensor([1.0]), objective.parse({"error": error})).item() == expected


def test_a_written_text_ends_with_nought_and_the_rest_does_not_count() -> None:
    objective = OBJECTIVES["sequence"]
    wanted = objective.wanted(torch.tensor([[5, 6, 7], [8, 0, 0]]), torch.tensor([3, 1]))
    assert wanted.tolist() == [[5, 6, 7, 0], [8, 0, IGNORED, IGNORED]]
    output = torch.randn(2, 4, 9, generator=torch.Generator().manual_seed(4))
    rows = objective.row_losses(output, wanted, objective.parse({}))
    assert rows[1].item() == pytest.approx(cross_entropy(output[1, :2], wanted[1, :2]).item(), rel=1e-6)
    changed = output.clone()
    changed[1, 2:] += 100 * torch.randn(2, 9)
    assert torch.equal(objective.row_losses(changed, wanted, objective.parse({})), rows)
    assert objective.loss(changed, wanted, objective.parse({})).item() == pytest.approx(
        objective.loss(output, wanted, objective.parse({})).item(), rel=1e-6)


def test_what_is_given_is_the_target_one_token_late() -> None:
    assert late(torch.tensor([[5, 6, 7], [8, 0, 0]])).tolist() == [[0, 5, 6, 7], [0, 8, 0, 0]]


def test_a_painted_mask_is_told_by_its_pixels_and_its_shares() -> None:
    scores = torch.zeros(1, 3, 1, 4)
    scores[0, 1, 0, :3] = 1.0
    row = OBJECTIVES["segmentation"].decode(scores, MASK)[0]
    assert (row["label"], row["mask"], row["scores"]) == ("road", [[1, 1, 1, 0]], {"rest": 0.25, "road": 0.75, "lane": 0.0})


def test_transcription_counts_repetitions_once_and_drops_silence() -> None:
    path = torch.tensor([[0, 3, 3, 0, 3, 5, 5, 0], [4, 4, 4, 4, 0, 0, 0, 0]])
    output = torch.nn.functional.one_hot(path, 9).float() * 9
    assert OBJECTIVES["ctc"].decode(output, TEXT) == [{"tokens": [3, 3, 5]}, {"tokens": [4]}]
    wanted = OBJECTIVES["ctc"].wanted(torch.tensor([[3, 3, 5], [6, 0, 0]]), torch.tensor([3, 1]))
    exact, errors = (metric for metric in OBJECTIVES["ctc"].accumulators().values())
    exact.update(output, wanted)
    errors.update(output, wanted)
    assert (exact.value(), errors.value()) == (0.5, 0.25)


def test_transcription_adds_up_every_way_to_say_it() -> None:
    objective = OBJECTIVES["ctc"]
    output = torch.randn(1, 3, 3, generator=torch.Generator().manual_seed(6))
    shares = output.softmax(2)[0]
    ways = [path for path in itertools.product(range(3), repeat=3) if collapsed(list(path)) == [1, 2]]
    total = sum(math.prod(shares[step, token].item() for step, token in enumerate(path)) for path in ways)
    loss = objective.loss(output, torch.tensor([[1, 2]]), objective.parse({}))
    assert loss.item() == pytest.approx(-math.log(total) / 2, rel=1e-5)
