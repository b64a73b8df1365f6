"""Our own modules for images, windows and sounds against torch's, or against the definition."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from workbench.graph.shape import Shape
from workbench.layers import LAYERS
from workbench.layers.base import Context
from workbench.layers.modules.adaptive import AdaptiveAverage, AdaptiveMaximum
from workbench.layers.modules.arithmetic import PairwiseBilinear, RaggedMatrixProduct
from workbench.layers.modules.audio import MelSpectrogram, Spectrogram, mel_bands
from workbench.layers.modules.gating import DropPath, FeatureDropout, LastAxisPReLU
from workbench.layers.modules.normalisation import RootMeanSquareNorm
from workbench.layers.modules.sequences import (
    SequenceAdaptiveAverage,
    SequenceAdaptiveMax,
    SequenceAveragePool,
    SequenceConv1d,
    SequenceMaxPool,
)

LENGTHS = [9, 1, 4]


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize("sizes", [(3, 5), (8, 8), (1, 7), (11, 13)])
def test_adaptive_pooling_is_torchs(sizes: tuple[int, int]) -> None:
    given = torch.randn(2, 3, 8, 11)
    torch.testing.assert_close(AdaptiveAverage(sizes)(given), F.adaptive_avg_pool2d(given, sizes))
    torch.testing.assert_close(AdaptiveMaximum(sizes)(given), F.adaptive_max_pool2d(given, sizes))


@pytest.mark.parametrize("steps", [1, 3, 4, 12])
def test_adaptive_pooling_of_sequences_is_torchs_on_each_row_alone(steps: int) -> None:
    given = torch.randn(3, 9, 5)
    lengths = torch.tensor(LENGTHS)
    mean, largest = SequenceAdaptiveAverage(steps)(given, lengths), SequenceAdaptiveMax(steps)(given, lengths)
    for row, length in enumerate(LENGTHS):
        alone = given[row : row + 1, :length].transpose(1, 2)
        torch.testing.assert_close(mean[row], F.adaptive_avg_pool1d(alone, steps)[0].T)
        torch.testing.assert_close(largest[row], F.adaptive_max_pool1d(alone, steps)[0].T)


@pytest.mark.parametrize(("kernel", "stride"), [(2, 2), (3, 1), (4, 3)])
def test_windows_at_the_end_count_what_they_hold(kernel: int, stride: int) -> None:
    given, lengths = torch.randn(3, 9, 2), torch.tensor(LENGTHS)
    mean, largest = SequenceAveragePool(kernel, stride)(given, lengths), SequenceMaxPool(kernel, stride)(given, lengths)
    for row, length in enumerate(LENGTHS):
        for place, first in enumerate(range(0, length, stride)):
            held = given[row, first : min(first + kernel, length)]
            torch.testing.assert_close(mean[row, place], held.mean(0))
            torch.testing.assert_close(largest[row, place], held.amax(0))
        assert not largest[row, -(-length // stride) :].any() and mean.isfinite().all()


def test_full_windows_are_torchs() -> None:
    given = torch.randn(2, 9, 3)
    rows = given.transpose(1, 2)
    torch.testing.assert_close(SequenceMaxPool(2, 3, partial=False)(given), F.max_pool1d(rows, 2, 3).transpose(1, 2))
    torch.testing.assert_close(SequenceAveragePool(2, 3, partial=False)(given), F.avg_pool1d(rows, 2, 3).transpose(1, 2))


def test_what_stands_in_the_padding_has_no_effect_on_a_convolution() -> None:
    convolution, lengths = SequenceConv1d(4, 6, 3, (1, 1)), torch.tensor(LENGTHS)
    given = torch.randn(3, 9, 4)
    other = given.clone()
    other[1, 1:] = 1e6
    other[2, 4:] = float("nan")
    assert torch.equal(convolution(given, lengths), convolution(other, lengths))


@pytest.mark.parametrize(("kernel", "stride"), [(2, 2), (3, 2), (4, 2), (3, 1), (1, 3), (5, 3)])
def test_a_transposed_convolution_with_same_padding_multiplies_the_size(kernel: int, stride: int) -> None:
    layer = LAYERS["conv_transpose2d"]
    params = layer.parse({"filters": 5, "kernel": kernel, "stride": stride})
    output = layer.shape(params, {"input": Shape.of(channel=3, height=4, width=7)}, Context("id", "it"))["output"]
    assert (output["height"], output["width"]) == (4 * stride, 7 * stride)


def test_bilinear_is_torchs() -> None:
    ours, theirs = PairwiseBilinear(3, 4, 5), nn.Bilinear(3, 4, 5)
    theirs.load_state_dict(ours.state_dict())
    left, right = torch.randn(2, 6, 3), torch.randn(2, 6, 4)
    torch.testing.assert_close(ours(left, right), theirs(left, right))


@pytest.mark.parametrize("behind", [0, 2])
def test_rms_norm_is_torchs(behind: int) -> None:
    ours, theirs = RootMeanSquareNorm(6, 1e-5, behind), nn.RMSNorm(6, eps=1e-5)
    weight = torch.rand(6)
    for norm in (ours, theirs):
        norm.weight.data.copy_(weight)
    given = torch.randn(2, 6, 3, 4) if behind else torch.randn(2, 3, 6)
    expected = theirs(given.movedim(1, -1)).movedim(-1, 1) if behind else theirs(given)
    torch.testing.assert_close(ours(given), expected)


def test_prelu_on_the_last_axis_is_torchs() -> None:
    ours, theirs = LastAxisPReLU(5), nn.PReLU(5)
    for each in (ours, theirs):
        each.weight.data.copy_(torch.linspace(-1, 2, 5))
    given = torch.randn(2, 3, 5)
    torch.testing.assert_close(ours(given), theirs(given.transpose(1, 2)).transpose(1, 2))


def test_padding_takes_no_part_in_a_matrix_product() -> None:
    left, right = torch.randn(3, 4, 9), torch.randn(3, 9, 2)
    product = RaggedMatrixProduct(1)(left, right, torch.tensor(LENGTHS))
    for row, length in enumerate(LENGTHS):
        torch.testing.assert_close(product[row], left[row, :, :length] @ right[row, :length])


def test_whole_rows_and_whole_features_are_dropped_and_the_mean_stays() -> None:
    ones = torch.ones(4000, 3, 2)
    rows, features = DropPath(0.25).train()(ones), FeatureDropout(0.25).train()(ones)
    for dropped in (rows, features):
        kept = dropped != 0
        assert torch.allclose(dropped[kept], torch.tensor(4 / 3)) and 0 < kept.float().mean() < 1
    assert torch.equal(rows, rows[:, :1, :1].expand_as(rows)) and torch.equal(features, features[:, :1].expand_as(features))
    assert not torch.equal(features[:, 0, 0], features[:, 0, 1])
    assert rows.mean().item() == pytest.approx(1, abs=0.06) and features.mean().item() == pytest.approx(1, abs=0.06)
    assert torch.equal(DropPath(0.25).eval()(ones), ones)


@pytest.mark.parametrize("window", [16, 15])
def test_spectrogram_is_the_short_time_fourier_transform(window: int) -> None:
    sound = torch.randn(2, 100)
    expected = torch.stft(
        sound, window, 5, window=torch.hann_window(window), center=True, pad_mode="constant", return_complex=True
    ).abs().transpose(1, 2)
    found = Spectrogram(window, 5, "magnitude")(sound[:, :, None])
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


def test_a_tone_sounds_in_its_own_pitch_and_band() -> None:
    rate, pitch = 8000, 1000
    sound = torch.sin(2 * math.pi * pitch * torch.arange(2000) / rate)[None, :, None]
    assert (Spectrogram(256, 64, "power")(sound)[0, 5:-5].argmax(1) == pitch * 256 // rate).all()
    bands = MelSpectrogram(256, 64, "log", 20, rate, 0.0, rate / 2)(sound)[0, 5:-5].argmax(1)
    highest = 2595 * math.log10(1 + rate / 2 / 700)
    centre = 2595 * math.log10(1 + pitch / 700) / highest * 21 - 1
    assert (bands == round(centre)).all()


def test_mel_bands_overlap_to_one() -> None:
    bands = mel_bands(8, 129, 8000, 0.0, 4000.0)
    peaks = bands.argmax(1)
    inside = bands[:, peaks[0] + 1 : peaks[-1]].sum(0)
    torch.testing.assert_close(inside, torch.ones_like(inside), atol=1e-5, rtol=0)
