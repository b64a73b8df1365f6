"""Preprocessing inside the graph is training's own, for every size and colour."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from workbench.data.base import Field, FieldKind
from workbench.data.preprocessing.image import ImagePreprocessor
from workbench.data.preprocessing.number import NumberPreprocessor
from workbench.export.network import NumberAfter, NumberBefore, _before
from workbench.export.spec import InputSpec


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(12, 10), (12, 10, 3), (5, 40, 3), (31, 7, 1), (24, 20, 1)])
def test_images(channels: int, size: tuple[int, ...]) -> None:
    mean, deviation = (0.3, 0.5, 0.1)[:channels], (0.2, 0.4, 0.9)[:channels]
    preprocessor = ImagePreprocessor(Field("image", FieldKind.IMAGE), channels, 12, 10, mean, deviation)
    image = np.random.default_rng(0).integers(0, 256, size if len(size) == 3 else (*size, 1), np.uint8)
    given = _before(InputSpec("image", "image", "image", ("image",), image.shape[2], 12, 10), preprocessor)
    found, expected = given(torch.from_numpy(image)[None]), preprocessor.encode_one(image)
    assert found.shape == (1, channels, 12, 10)
    torch.testing.assert_close(found, expected, atol=2e-6, rtol=1e-6)


def test_numbers_there_and_back() -> None:
    preprocessor = NumberPreprocessor(Field("age", FieldKind.NUMBER), 40.0, 8.0, "years")
    given = NumberBefore(40.0, 8.0)(torch.tensor([48.0, float("nan"), float("inf"), 32.0]))
    assert given.tolist() == [1.0, 0.0, 0.0, -1.0]
    assert given[0] == preprocessor.encode_one(48)[0]
    (back,) = NumberAfter(40.0, 8.0)(given[:, None])
    assert torch.equal(back, preprocessor.decode(given)) and back.shape == (4,)
