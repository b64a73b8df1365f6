"""Pictures: every result kind renders, facts are written below, zero is white and signs have their colour."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from workbench.explain.picture import caption, magnitude_colours, render, save_picture, signed_colours
from workbench.explain.results import AttentionMaps, Curve, Facts, FeatureMaps, HeatMap, Result, StateTrace, Table, TokenScores

FACTS = Facts("integrated_gradients", "class 3", "black image", 0.004, 0.91, 64, 0.18, "0123456789ab", "ba9876543210", 7)
VALUES = np.random.default_rng(0).standard_normal((8, 8)).astype(np.float32)

RESULTS: dict[str, Result] = {
    "heat map": HeatMap(VALUES, np.arange(64, dtype=np.uint8).reshape(8, 8, 1), FACTS),
    "colour heat map": HeatMap(VALUES, np.zeros((8, 8, 3), np.uint8), FACTS),
    "flat heat map": HeatMap(np.zeros((8, 8), np.float32), np.full((8, 8, 1), 255, np.uint8), FACTS),
    "feature maps": FeatureMaps("conv1", VALUES.reshape(4, 4, 4), np.array([False, True, False, False]), FACTS),
    "attention": AttentionMaps(("a", "b"), (np.full((3, 4, 4), 0.25), np.full((1, 4, 4), 0.25)), tuple("wxyz"), tuple("wxyz"), FACTS),
    "states": StateTrace("lstm1", {"hidden": VALUES, "cell": VALUES}, ("the", "food", "was", "很好", "and", "so", "on", "."), FACTS),
    "tokens": TokenScores(tuple(f"word{index}" for index in range(64)), VALUES.reshape(-1), FACTS),
    "no tokens": TokenScores((), np.zeros(0, np.float32), FACTS),
    "curve": Curve(np.arange(8.0), {"a": VALUES[0], "b": np.array([1, np.nan, 2, 3, np.inf, 1, 1, 1])}, "step", "loss", FACTS),
    "table": Table({"class": ["cat", "dog"], "score": [0.9, 0.1]}),
}


@pytest.mark.parametrize("kind", RESULTS)
def test_every_kind_becomes_a_picture(kind: str, tmp_path: Path) -> None:
    path = save_picture(RESULTS[kind], tmp_path / "deep" / "picture.png")
    with Image.open(path) as image:
        assert image.format == "PNG" and image.mode == "RGB"
        assert image.getpixel((0, 0)) == (255, 255, 255)
        assert image.resize((200, 200)).getcolors(40_000) is not None
        assert len(np.unique(np.asarray(image).reshape(-1, 3), axis=0)) > 2


def test_facts_are_said() -> None:
    lines = " ".join(caption(FACTS))
    for part in ("integrated gradients", "class 3", "black image", "0.91", "0.40%", "64 passes", "0123456789ab", "seed 7"):
        assert part in lines
    assert "faithful" not in " ".join(caption(Facts("attention")))


def test_signs_have_their_colour_and_zero_is_white() -> None:
    against, nothing, towards = signed_colours(np.array([-2.0, 0.0, 2.0])).astype(int)
    assert against[0] > against[2] and towards[2] > towards[0]
    assert nothing.tolist() == [255, 255, 255]
    assert signed_colours(np.array([1.0]), scale=2.0).tolist() != signed_colours(np.array([1.0])).tolist()
    assert magnitude_colours(np.array([0.0]), 1.0).tolist() == [[255, 255, 255]]


def test_dead_channels_are_marked_in_the_picture() -> None:
    alive = FeatureMaps("conv1", VALUES.reshape(4, 4, 4), np.zeros(4, bool), FACTS)
    assert np.any(np.asarray(render(alive)) != np.asarray(render(RESULTS["feature maps"])))
