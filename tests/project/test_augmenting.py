"""What is proposed fits the data and leaves out what would change the answer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from workbench.data.augmentation.augmenter import Augmenter
from workbench.data.base import Field, FieldKind
from workbench.data.memory import MemoryDataset
from workbench.data.open import open_dataset
from workbench.project.adapt import prepared_for
from workbench.project.augmenting import propose_augmentation
from workbench.project.new import new_project
from workbench.project.project import Project
from workbench.project.propose import propose


def images(names: tuple[str, ...], channels: int = 3, side: int = 32) -> MemoryDataset:
    fields = (Field("image", FieldKind.IMAGE, channels=channels, height=side, width=side), Field("label", FieldKind.CATEGORY, categories=names))
    pixels = np.random.default_rng(1).integers(0, 256, (40, side, side, channels), dtype=np.uint8)
    columns = {"image": pixels, "label": np.arange(40) % len(names)}
    return MemoryDataset(format="x", source="x", fields=fields, columns=columns, ids=[str(row) for row in range(40)])


def names_for(dataset: MemoryDataset) -> set[str]:
    return {choice.name for choice in propose_augmentation(propose(dataset), dataset).choices}


def test_photos_are_flipped_and_cropped_but_letters_sides_and_colours_are_left_alone() -> None:
    assert {"flip", "crop", "colour"} <= names_for(images(("cat", "dog")))
    assert "resized_crop" in names_for(images(("cat", "dog"), side=64))
    assert "flip" not in names_for(images(("a", "b", "c"), channels=1))
    assert "flip" not in names_for(images(("turn left", "turn right")))
    assert "flip" in names_for(images(("T-shirt/top", "down jacket"))) and "flip" not in names_for(images(("top", "bottom")))
    red = images(("red car", "blue car"))
    light = next(choice for choice in propose_augmentation(propose(red), red).choices if choice.name == "colour")
    assert light.params["saturation"] == 0.0


def test_the_chinese_names_of_sides_are_understood() -> None:
    assert "flip" in names_for(images(("上衣", "裙子"))) and "flip" not in names_for(images(("上面", "下面")))
    assert "flip" not in names_for(images(("左转", "右转"))) and "flip" in names_for(images(("猫", "狗", "兔子很多")))


@pytest.mark.parametrize("template", [
    "digits-cnn", "digits-autoencoder", "reviews-lstm", "road-cnn", "road-unet", "waves-gru", "tones-crnn", "text-gpt", "dates-seq2seq",
    "questions-cross-attention", "table-additive",
])
def test_what_is_proposed_for_a_starter_can_be_applied_and_says_why(template: str, tmp_path: Path) -> None:
    project = new_project(template, tmp_path / template)
    data = replace(project.data, limit=60)
    dataset = open_dataset(data.source, data.format, dict(data.params) or None, tmp_path / template)
    proposal = propose_augmentation(replace(project, data=data), dataset)
    assert proposal.reasons
    prepared = prepared_for(replace(project, data=data), dataset)
    augmenter = Augmenter(proposal.choices, prepared, 7)
    batch = prepared.batch(prepared.rows("train")[:8])
    varied = augmenter(batch, 0)
    assert set(varied.values) == set(batch.values)
    refused = {
        "road-cnn": {"flip", "crop", "affine"}, "digits-cnn": {"flip"}, "tones-crnn": {"time_mask", "frequency_mask"}, "reviews-lstm": {"token_swap"},
    }
    assert not {choice.name for choice in proposal.choices} & refused.get(template, set())


def test_what_is_learned_is_not_varied() -> None:
    assert propose_augmentation(Project(), images(("a", "b"))).choices == ()


def test_a_proposed_network_mirrors_photos_only_where_that_means_the_same() -> None:
    for names, mirrored in ((("cat", "dog"), True), (("turn left", "turn right"), False), (("0", "1"), False)):
        assert bool(propose(images(names, side=64)).data.augmentation) == mirrored, names
