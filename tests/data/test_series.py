"""Series, sounds and masks: fitted on training rows, gathered by index, one value the same as a batch."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from workbench.data.base import Field, FieldKind
from workbench.data.open import open_dataset
from workbench.data.prepare import prepare
from workbench.data.preprocessing.mask import MaskPreprocessor
from workbench.data.preprocessing.params import AudioParams, MaskParams, SeriesParams
from workbench.data.preprocessing.series import AudioPreprocessor, SeriesPreprocessor
from workbench.errors import DataError

SERIES = Field("s", FieldKind.SERIES, length=5, features=2)
SOUND = Field("a", FieldKind.AUDIO, length=6, rate=8)
MASK = Field("m", FieldKind.MASK, height=2, width=3, categories=("rest", "road"))


def test_series_are_standardised_per_feature_and_gaps_take_the_mean() -> None:
    column = np.random.default_rng(1).normal(3, 2, (40, 5, 2)).astype(np.float32) * np.array([1, 10], np.float32)
    fitted = SeriesPreprocessor.fit(SERIES, column, SeriesParams())
    values = fitted.transform(column)
    assert torch.allclose(values.mean((0, 1)), torch.zeros(2), atol=1e-5)
    assert torch.allclose(values.std((0, 1), correction=0), torch.ones(2), atol=1e-5)
    column[0, 2, 1] = np.nan
    assert fitted.transform(column)[0, 2, 1] == 0
    restored = SeriesPreprocessor.restore(SERIES, fitted.state)
    assert torch.equal(restored.transform(column), fitted.transform(column))
    assert torch.equal(fitted.encode_one(column[3].tolist())[0], fitted.transform(column)[3])
    assert fitted.shape().axes == ("batch", "time", "feature") and str(fitted.shape()) == "N × 5 × 2"


def test_a_constant_feature_stays_finite() -> None:
    fitted = SeriesPreprocessor.fit(SERIES, np.full((4, 5, 2), 7.0), SeriesParams())
    assert torch.equal(fitted.transform(np.full((2, 5, 2), 7.0)), torch.zeros(2, 5, 2))


def test_sounds_stay_as_they_are() -> None:
    column = np.linspace(-1, 1, 18, dtype=np.float32).reshape(3, 6)
    fitted = AudioPreprocessor.fit(SOUND, column, AudioParams())
    assert np.array_equal(fitted.transform(column).numpy(), column)
    assert fitted.state == {"samples": 6, "rate": 8} and str(fitted.shape()) == "N × 6"
    assert torch.equal(fitted.encode_one(column[1]), torch.from_numpy(column[1:2]))


@pytest.mark.parametrize("raw", [[1, 2, 3], "noise", [["a"] * 6], None])
def test_what_is_no_sound_of_that_length_is_refused(raw: object) -> None:
    with pytest.raises(DataError) as caught:
        AudioPreprocessor(SOUND, 6, 8).encode_one(raw)
    assert "6" in str(caught.value) and caught.value.hint


def test_masks_become_classes_of_pixels() -> None:
    column = np.array([[[0, 1, 1], [0, 0, 1]], [[1, 1, 1], [0, 0, 0]]], np.uint8)
    fitted = MaskPreprocessor.fit(MASK, column, MaskParams())
    values, lengths = fitted.gather(fitted.store(column), torch.tensor([1, 0]))
    assert lengths is None and values.dtype == torch.int64 and values.tolist() == column[[1, 0]].tolist()
    assert fitted.shape().vocabulary == 2 and str(fitted.shape()) == "N × 2 × 3"
    with pytest.raises(DataError, match="out of range"):
        fitted.store(column + 1)


def test_masks_follow_their_image_and_blend_no_classes(choice) -> None:
    dataset = open_dataset("generated:road", params={"rows": 12})
    image, mask = dataset.field("image"), dataset.field("mask")
    small = {"height": mask.height // 2, "width": mask.width // 2 + 3}
    prepared = prepare(dataset, choice(image=small), ["image"], ["mask"])
    batch = prepared.batch([0, 5])
    assert (image.height, image.width) == (mask.height, mask.width)
    assert batch.values["image"].shape[2:] == batch.values["mask"].shape[1:] == (small["height"], small["width"])
    raw = torch.from_numpy(dataset.column("mask", np.array([0, 5])))[:, None]
    wanted = torch.nn.functional.interpolate(raw, tuple(small.values()), mode="nearest-exact")
    assert torch.equal(batch.values["mask"], wanted[:, 0].long())
    assert torch.equal(prepared.encode({"mask": dataset.column("mask", np.array([5]))[0]}).values["mask"][0], batch.values["mask"][1])
    again = prepare(dataset, choice(), ["image"], ["mask"], prepared.fitted)
    assert torch.equal(again.batch([0, 5]).values["mask"], batch.values["mask"])
    own = prepare(dataset, choice(image=small, mask={"height": 10, "width": 12}), ["image"], ["mask"])
    assert own.batch([0]).values["mask"].shape == (1, 10, 12)


def test_masks_of_mixed_sizes_become_one() -> None:
    column = [np.zeros((4, 6), np.uint8), np.ones((8, 12), np.uint8), np.eye(8, dtype=np.uint8)]
    fitted = MaskPreprocessor.fit(MASK, column, MaskParams())
    assert fitted.transform(column).shape == (3, 8, 8) and torch.equal(fitted.transform(column)[2], torch.eye(8, dtype=torch.int64))
    assert fitted.transform(column[:1]).max() == 0 and MaskPreprocessor.restore(MASK, fitted.state).transform(column).equal(fitted.transform(column))
