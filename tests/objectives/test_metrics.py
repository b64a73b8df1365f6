"""Metrics against torchmetrics, over odd batches and through a checkpoint."""

from __future__ import annotations

import pytest
import torch
import torchmetrics
from torchmetrics.functional import mean_absolute_error, r2_score

from workbench.objectives.accumulators import (
    Accuracy,
    Confusion,
    Mean,
    MeanAbsoluteError,
    MeanIntersectionOverUnion,
    MeanSquaredError,
    PeakSignalToNoise,
    RSquared,
)
from workbench.objectives.base import Metric
from workbench.objectives.token_accumulators import ExactMatch, Perplexity, TokenAccuracy
from workbench.objectives.tokens import IGNORED


def batches(classes: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
    made = torch.Generator().manual_seed(3)
    return [
        (torch.randn(rows, classes, generator=made), torch.randint(0, max(classes - 1, 1), (rows,), generator=made))
        for rows in (7, 1, 32, 5)
    ]


def fed(metric: Metric, parts: list[tuple[torch.Tensor, torch.Tensor]]) -> Metric:
    for output, target in parts:
        metric.update(output, target)
    return metric


@pytest.mark.parametrize("classes", [2, 5, 10])
def test_accuracy_equals_the_oracle(classes: int) -> None:
    parts = batches(classes)
    oracle = torchmetrics.Accuracy(task="multiclass", num_classes=classes)
    for output, target in parts:
        oracle.update(output, target)
    assert fed(Accuracy(), parts).value() == pytest.approx(oracle.compute().item(), abs=1e-7)


@pytest.mark.parametrize("classes", [2, 5, 10])
def test_macro_f1_and_confusion_equal_the_oracle(classes: int) -> None:
    parts = batches(classes)
    f1 = torchmetrics.F1Score(task="multiclass", num_classes=classes, average="macro")
    matrix = torchmetrics.ConfusionMatrix(task="multiclass", num_classes=classes)
    for output, target in parts:
        f1.update(output, target)
        matrix.update(output, target)
    ours = fed(Confusion(), parts)
    assert ours.value() == pytest.approx(f1.compute().item(), abs=1e-6)
    assert torch.equal(ours.state()["total"], matrix.compute())


def test_regression_metrics_equal_the_oracle() -> None:
    made = torch.Generator().manual_seed(5)
    parts = [(torch.randn(rows, 1, generator=made), torch.randn(rows, generator=made) * 3 + 1) for rows in (9, 1, 20)]
    output, target = torch.cat([part[0] for part in parts]).flatten(), torch.cat([part[1] for part in parts])
    assert fed(MeanAbsoluteError(), parts).value() == pytest.approx(mean_absolute_error(output, target).item(), abs=1e-6)
    assert fed(RSquared(), parts).value() == pytest.approx(r2_score(output, target).item(), abs=1e-5)


def masks(classes: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
    made = torch.Generator().manual_seed(8)
    return [
        (torch.randn(rows, classes, 6, 5, generator=made), torch.randint(0, classes, (rows, 6, 5), generator=made)) for rows in (3, 1, 4)
    ]


@pytest.mark.parametrize("classes", [2, 5])
def test_segmentation_metrics_equal_the_oracle(classes: int) -> None:
    parts = masks(classes)
    iou = torchmetrics.JaccardIndex(task="multiclass", num_classes=classes, average="macro")
    pixels = torchmetrics.Accuracy(task="multiclass", num_classes=classes, average="micro")
    for output, target in parts:
        iou.update(output, target)
        pixels.update(output, target)
    assert fed(MeanIntersectionOverUnion(), parts).value() == pytest.approx(iou.compute().item(), abs=1e-6)
    assert fed(Accuracy(), parts).value() == pytest.approx(pixels.compute().item(), abs=1e-7)


def test_reconstruction_metrics_equal_the_oracle() -> None:
    made = torch.Generator().manual_seed(9)
    parts = [(torch.randn(rows, 1, 4, 4, generator=made), torch.randn(rows, 1, 4, 4, generator=made)) for rows in (5, 1, 7)]
    output, target = (torch.cat([part[side] for part in parts]) for side in (0, 1))
    oracle = torchmetrics.functional.image.peak_signal_noise_ratio(output, target, data_range=(target.max() - target.min()).item())
    assert fed(PeakSignalToNoise(), parts).value() == pytest.approx(oracle.item(), abs=1e-5)
    assert fed(MeanSquaredError(), parts).value() == pytest.approx(torchmetrics.functional.mean_squared_error(output, target).item(), abs=1e-6)


def writing() -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Texts of unequal length, some of them wholly right."""
    made = torch.Generator().manual_seed(10)
    parts = []
    for rows, length in ((4, 5), (1, 3), (6, 7)):
        output, target = torch.randn(rows, length, 8, generator=made), torch.randint(0, 8, (rows, length), generator=made)
        target[::2] = output.argmax(2)[::2]
        target[torch.arange(length) > torch.randint(1, length, (rows, 1), generator=made)] = IGNORED
        parts.append((output, target))
    return parts


def test_writing_metrics_equal_the_oracle() -> None:
    parts = writing()
    accuracy = torchmetrics.Accuracy(task="multiclass", num_classes=8, average="micro", ignore_index=IGNORED)
    perplexity = torchmetrics.text.Perplexity(ignore_index=IGNORED)
    right = rows = 0
    for output, target in parts:
        accuracy.update(output.flatten(0, 1), target.flatten())
        perplexity.update(output, target)
        for said, wanted in zip(output.argmax(2).tolist(), target.tolist(), strict=True):
            right += all(one == other for one, other in zip(said, wanted, strict=True) if other != IGNORED)
            rows += 1
    assert fed(TokenAccuracy(), parts).value() == pytest.approx(accuracy.compute().item(), abs=1e-7)
    assert fed(Perplexity(), parts).value() == pytest.approx(perplexity.compute().item(), rel=1e-5)
    assert 0 < right < rows and fed(ExactMatch(), parts).value() == pytest.approx(right / rows)


@pytest.mark.parametrize("kind", [TokenAccuracy, ExactMatch, Perplexity])
def test_writing_goes_on_exactly(kind: type[Metric]) -> None:
    parts = writing()
    first, second = fed(kind(), parts[:2]), kind()
    assert second.value() != second.value()
    second.load({name: value.clone() for name, value in first.state().items()})
    assert fed(second, parts[2:]).value() == fed(kind(), parts).value()


def test_signal_to_noise_goes_on_exactly() -> None:
    made = torch.Generator().manual_seed(11)
    parts = [(torch.randn(3, 4, generator=made), torch.randn(3, 4, generator=made)) for _ in range(3)]
    first, second = fed(PeakSignalToNoise(), parts[:2]), PeakSignalToNoise()
    second.load({name: value.clone() for name, value in first.state().items()})
    assert fed(second, parts[2:]).value() == fed(PeakSignalToNoise(), parts).value()


def test_mean_weighs_by_rows() -> None:
    mean = Mean()
    mean.add_mean(torch.tensor(1.0), 3)
    mean.add_mean(torch.tensor(5.0), 1)
    assert mean.value() == 2.0


@pytest.mark.parametrize("kind", [Accuracy, Confusion])
def test_state_goes_on_exactly(kind: type[Metric]) -> None:
    parts = batches(5)
    whole, first, second = fed(kind(), parts), fed(kind(), parts[:2]), kind()
    second.load({name: value.clone() for name, value in first.state().items()})
    assert fed(second, parts[2:]).value() == whole.value()
    assert fed(first, parts[2:]).value() == whole.value(), "saving must not disturb the one that goes on"


@pytest.mark.parametrize("kind", [Accuracy, Confusion, Mean, MeanAbsoluteError, RSquared])
def test_empty_is_nan_and_survives_a_checkpoint(kind: type[Metric]) -> None:
    metric = kind()
    assert metric.value() != metric.value()
    metric.load(metric.state())
    assert metric.value() != metric.value()
    fed(metric, batches(5)[:1]) if kind in (Accuracy, Confusion) else metric.update(torch.ones(3), torch.tensor([1.0, 2.0, 4.0]))
    assert metric.value() == metric.value()
    metric.reset()
    assert metric.value() != metric.value()
