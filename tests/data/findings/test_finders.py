"""Planted trouble is found, row by row; clean data raises no alarm."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from workbench.data import edits
from workbench.data.base import Dataset, Field, FieldKind, Split
from workbench.data.edited import with_edits
from workbench.data.findings import FINDERS
from workbench.data.findings.base import Look
from workbench.data.findings.copies import near_images, near_texts, thumbnails
from workbench.data.findings.labels import mislabelled, reason_of
from workbench.data.findings.values import far_out
from workbench.data.memory import MemoryDataset
from workbench.data.open import open_dataset
from workbench.data.prepare import prepare
from workbench.data.summary import find_problems
from workbench.project.project import DataChoice

CLEAN = (
    "generated:shapes", "generated:reviews", "generated:spirals", "generated:waves", "generated:road", "generated:questions", "sample:digits",
    "generated:dates", "generated:tones",
)


def made(splits: dict[Split, list[int]] | None = None, **columns: Any) -> Look:
    """A small dataset from columns: texts, numbers, classes or images, by their type."""
    fields, count = [], len(next(iter(columns.values())))
    for name, column in columns.items():
        if isinstance(column, list):
            fields.append(Field(name, FieldKind.TEXT))
        elif column.dtype == np.uint8:
            fields.append(Field(name, FieldKind.IMAGE, channels=column.shape[3], height=column.shape[1], width=column.shape[2]))
        elif column.dtype == np.int64:
            fields.append(Field(name, FieldKind.CATEGORY, categories=tuple("abcdefgh"[: int(column.max()) + 1])))
        else:
            fields.append(Field(name, FieldKind.NUMBER))
    data = MemoryDataset(format="", source="", fields=fields, columns=columns, ids=[f"r{row}" for row in range(count)])
    return Look(data, {split: np.array(rows) for split, rows in (splits or {}).items()})


def found(name: str, look: Look) -> dict[str, tuple[str, ...]]:
    return {problem.kind: problem.rows for problem in FINDERS[name].find(look)}


def pictures(count: int, seed: int = 0) -> np.ndarray:
    """Smooth random pictures, each unlike the others."""
    rough = np.random.default_rng(seed).random((count, 6, 6, 1))
    return (np.kron(rough, np.ones((1, 5, 5, 1))) * 255).astype(np.uint8)


@pytest.mark.parametrize("source", CLEAN)
def test_clean_data_raises_no_alarm(source: str) -> None:
    dataset = open_dataset(source, params={"rows": 1500} if source.startswith("generated") else None)
    inputs = [field.name for field in dataset.fields if field.kind != FieldKind.CATEGORY][:1]
    splits = prepare(dataset, DataChoice(source), inputs, []).splits
    alarms = [problem for problem in find_problems(dataset, splits) if problem.kind not in ("imbalance",)]
    allowed = {"near-texts", "near-texts-leak", "duplicate", "copies", "near-duplicates", "near-duplicates-leak"}
    assert {problem.kind for problem in alarms} <= allowed
    assert sum(len(problem.rows) for problem in alarms) <= 0.03 * len(dataset), [(problem.kind, len(problem.rows)) for problem in alarms]


def test_equal_rows_within_and_across() -> None:
    texts = [f"text number {number}" for number in range(10)]
    texts[4], texts[8] = texts[1], texts[2]
    look = made({Split.TRAIN: [0, 1, 2, 3, 4, 5], Split.TEST: [6, 7, 8, 9]}, words=texts)
    assert found("duplicate", look) == {"duplicate": ("r8",)}
    assert found("copies", look) == {"copies": ("r4",)}
    (problem,) = FINDERS["copies"].find(look)
    assert problem.groups == (("r1", "r4"),)


def test_rows_that_people_left_out_are_no_trouble() -> None:
    dataset: Dataset = made(words=["one text", "one text", "another"]).dataset
    assert FINDERS["copies"].find(Look(dataset))
    assert not FINDERS["copies"].find(Look(with_edits(dataset, edits.excluded(edits.NO_EDITS, ["r1"]))))


def alike(images: Any) -> list[np.ndarray]:
    """Groups of images that look the same."""
    return near_images(thumbnails(images), thumbnails(images, 16))


def test_images_that_look_the_same() -> None:
    images = pictures(60)
    wide = images.astype(np.float64)
    images[10] = np.clip(wide[3] * 0.8 + 20, 0, 255).astype(np.uint8)
    images[20] = np.clip(wide[5] + np.random.default_rng(1).normal(0, 3, wide[5].shape), 0, 255).astype(np.uint8)
    images[40] = images[7]
    look = made({Split.TRAIN: list(range(30)), Split.VALIDATION: list(range(30, 60))}, image=images)
    assert found("near-duplicates", look) == {"near-duplicates": ("r10", "r20")}
    assert found("duplicate", look) == {"duplicate": ("r40",)}
    assert {tuple(group.tolist()) for group in alike(images)} == {(3, 10), (5, 20), (7, 40)}


def test_images_of_other_sizes_are_compared_as_well() -> None:
    large = np.kron(pictures(8)[2], np.ones((2, 2, 1), np.uint8))
    groups = alike([*pictures(8), large])
    assert [group.tolist() for group in groups] == [[2, 8]]


def test_even_surfaces_are_not_the_same_picture() -> None:
    assert alike(np.full((6, 12, 12, 1), 255, np.uint8)) == []


def test_texts_that_differ_in_a_letter() -> None:
    generator = np.random.default_rng(2)
    texts = [" ".join("".join(chr(97 + letter) for letter in generator.integers(0, 26, 7)) for _ in range(25)) for _ in range(40)]
    texts[30] = texts[4].replace(texts[4][50], "z", 1)
    texts[31] = texts[9][:-1]
    assert [group.tolist() for group in near_texts(texts)] == [[4, 30], [9, 31]]
    look = made({Split.TRAIN: list(range(31)), Split.TEST: list(range(31, 40))}, words=texts)
    assert found("near-texts", look) == {"near-texts-leak": ("r31",), "near-texts": ("r30",)}


def test_missing_values_and_constant_fields() -> None:
    look = made(number=np.array([1.0, np.nan, 3.0], np.float32), same=np.full(3, 5.0, np.float32), kind=np.array([0, -1, 1]))
    assert [problem.rows for problem in FINDERS["missing"].find(look)] == [("r1",), ("r1",)]
    assert [str(problem.message) for problem in FINDERS["constant"].find(look)] == ["same is the same in every row."]


def test_rare_classes_and_single_ones() -> None:
    look = made(kind=np.array([0] * 50 + [1] * 3))
    assert found("imbalance", look) == {"imbalance": ("r50", "r51", "r52")}
    assert list(found("imbalance", made(kind=np.zeros(5, np.int64)))) == ["one-class"]


def test_values_far_outside() -> None:
    values = np.random.default_rng(0).normal(10, 2, 400).astype(np.float32)
    values[77] = 4000.0
    assert found("outliers", made(number=values)) == {"outliers": ("r77",)}
    heavy = np.random.default_rng(0).exponential(1.0, 5000)
    assert not far_out(heavy).any() and not far_out(np.array([0.0] * 99 + [1.0])).any()
    dark = pictures(80) // 8 + 10
    dark[5] = 255
    assert found("outliers", made(image=dark)) == {"outliers": ("r5",)}


def test_texts_in_trouble() -> None:
    good = [f"A review of number {number}, quite short." for number in range(60)]
    good[3], good[7], good[9], good[11] = "  ", "This cafÃ© was not â€œgoodâ€\u009d", "hid\u202eden", "long " * 400
    look = made(words=good)
    assert found("empty-text", look) == {"empty-text": ("r3",)}
    assert found("encoding", look) == {"encoding": ("r7",), "control-characters": ("r9",)}
    assert found("lengths", look) == {"lengths": ("r11",)}


@pytest.mark.parametrize("text", ["Ça va très bien, merci.", "味道很好，服务也不错。", "Größe, naïve, señor, Ærø", "日本語のテキスト", "Ã la carte"])
def test_good_letters_are_not_broken(text: str) -> None:
    assert found("encoding", made(words=[text, "plain"])) == {}


def test_wrong_labels_are_found_and_corrected() -> None:
    generator = np.random.default_rng(5)
    truth = generator.integers(0, 4, 400)
    shares = np.full((400, 4), 0.03)
    shares[np.arange(400), truth] = 0.91
    wrong = generator.choice(400, 20, replace=False)
    labels = truth.copy()
    labels[wrong] = (truth[wrong] + 1) % 4
    look = made(kind=labels.astype(np.int64))
    problem = mislabelled(look.dataset, "kind", np.arange(400), shares, labels)
    assert problem is not None and set(problem.rows) == {f"r{row}" for row in wrong}
    assert all(problem.suggested[f"r{row}"] == "abcd"[truth[row]] for row in wrong) and problem.field == "kind"
    assert mislabelled(look.dataset, "kind", np.arange(400), shares, truth) is None


def test_a_model_that_is_often_wrong_says_so() -> None:
    good, bad = reason_of(mistakes=20, rows=400, suspects=18), reason_of(mistakes=160, rows=400, suspects=18)
    assert good.startswith("Look at them") and bad.startswith("The model is wrong about 40% of the rows")


def test_an_unsure_model_accuses_nobody() -> None:
    shares = np.full((50, 4), 0.25)
    labels = np.arange(50) % 4
    assert mislabelled(made(kind=labels.astype(np.int64)).dataset, "kind", np.arange(50), shares, labels) is None


@pytest.mark.parametrize("name", FINDERS.names())
def test_every_finder_bears_nothing_and_one_row(name: str) -> None:
    for count in (0, 1):
        image = np.zeros((count, 5, 5, 1), np.uint8)
        fields = (
            Field("image", FieldKind.IMAGE, channels=1, height=5, width=5), Field("words", FieldKind.TEXT), Field("number", FieldKind.NUMBER),
            Field("kind", FieldKind.CATEGORY, categories=("a", "b")),
        )
        columns = {"image": image, "words": ["x"] * count, "number": np.ones(count, np.float32), "kind": np.zeros(count, np.int64)}
        data = MemoryDataset(format="", source="", fields=fields, columns=columns, ids=[str(row) for row in range(count)])
        assert all(problem.kind == "one-class" for problem in FINDERS[name].find(Look(data, {Split.TRAIN: np.arange(count)})))
