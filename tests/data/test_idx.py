"""IDX files as other programs write them, and their damaged twins."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from workbench.data.base import Split
from workbench.data.formats.idx import FASHION, read_idx
from workbench.data.open import open_dataset, questions
from workbench.data.prepare import prepare
from workbench.errors import DataError


def packed(array: np.ndarray, compress: bool = False) -> bytes:
    data = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.astype(np.uint8).tobytes()
    return gzip.compress(data) if compress else data


def write(folder: Path, *, compress: bool = False, joint: str = "-", test: str = "t10k", rows: int = 40) -> np.ndarray:
    folder.mkdir(parents=True, exist_ok=True)
    images = np.random.default_rng(1).integers(0, 256, (rows + 10, 5, 6), dtype=np.uint8)
    labels = np.arange(rows + 10) % 4
    ending = ".gz" if compress else ""
    for prefix, part in (("train", slice(0, rows)), (test, slice(rows, None))):
        (folder / f"{prefix}-images{joint}idx3-ubyte{ending}").write_bytes(packed(images[part], compress))
        (folder / f"{prefix}-labels{joint}idx1-ubyte{ending}").write_bytes(packed(labels[part], compress))
    return images


@pytest.mark.parametrize("options", [{}, {"compress": True}, {"joint": "."}, {"test": "test", "compress": True}])
def test_four_files_round_trip(tmp_path: Path, options: dict, choice) -> None:
    images = write(tmp_path / "mnist", **options)
    dataset = open_dataset(str(tmp_path / "mnist"))
    assert dataset.format == "idx" and dataset.field("label").categories == ("0", "1", "2", "3")
    assert np.array_equal(dataset.column("image")[..., 0], images)
    prepared = prepare(dataset, choice(rule={"validation": 0.25}), ["image"], ["label"])
    assert [prepared.count(split) for split in Split] == [30, 10, 10] and prepared.splits[Split.TEST].min() == 40


def test_any_of_the_files_opens_the_set_and_names_follow_the_folder(tmp_path: Path) -> None:
    write(tmp_path / "Fashion-MNIST" / "raw")
    dataset = open_dataset(str(tmp_path / "Fashion-MNIST" / "raw" / "t10k-images-idx3-ubyte"))
    assert dataset.field("label").categories == FASHION and len(dataset) == 50 and dataset.ids()[40] == "test/00000"
    assert open_dataset(str(tmp_path / "Fashion-MNIST")).fields == dataset.fields


def test_classes_can_be_named(tmp_path: Path) -> None:
    write(tmp_path)
    named = open_dataset(str(tmp_path), params={"classes": ["a", "b", "c", "d"]})
    assert named.field("label").categories == ("a", "b", "c", "d")
    with pytest.raises(DataError, match="label 3 is out of range: there are 2 classes"):
        open_dataset(str(tmp_path), params={"classes": ["a", "b"]})


GOOD = packed(np.zeros((4, 5, 6)))
PACKED = gzip.compress(GOOD, mtime=0)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (GOOD[:-1], "cut off"), (PACKED[:-9], "damaged"), (PACKED[:12], "damaged"), (b"\x1f\x8bxx", "damaged"),
        (b"", "no IDX file"), (b"PNG nonsense", "no IDX file"), (packed(np.zeros(9)), "no IDX file"), (b"\x80\x04\x95" + GOOD, "no IDX file"),
        (struct.pack(">BBBB3I", 0, 0, 8, 3, 2**32 - 1, 2**32 - 1, 2**32 - 1), "cut off"), (b"\0\0\x0d" + GOOD[3:], "no IDX file"),
        (struct.pack(">BBBB3I", 0, 0, 8, 3, 0, 5, 6), "no rows"),
    ],
    ids=lambda value: None if isinstance(value, str) else f"{len(value)} bytes",
)
def test_damaged_files_are_one_sentence(tmp_path: Path, data: bytes, sentence: str) -> None:
    write(tmp_path)
    (tmp_path / "train-images-idx3-ubyte").write_bytes(data)
    with pytest.raises(DataError, match=sentence) as caught:
        open_dataset(str(tmp_path))
    assert caught.value.hint and "train-images" in caught.value.message


def test_labels_missing_or_of_another_length_are_named(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(packed(np.zeros(3)))
    with pytest.raises(DataError, match="40 images, but there are 3 labels"):
        open_dataset(str(tmp_path))
    (tmp_path / "train-labels-idx1-ubyte").unlink()
    with pytest.raises(DataError, match="no labels"):
        open_dataset(str(tmp_path))


def test_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.data.formats.idx.MAX_BYTES", 1000)
    (tmp_path / "x").write_bytes(gzip.compress(bytes(100_000)))
    with pytest.raises(DataError, match="larger than"):
        read_idx(tmp_path / "x", 3)


@pytest.mark.fashion
def test_fashion_mnist_opens_and_prepares(fashion_mnist: Path, choice) -> None:
    dataset = open_dataset(str(fashion_mnist))
    prepared = prepare(dataset, choice(), ["image"], ["label"])
    assert len(dataset) == 70_000 and dataset.field("label").categories == FASHION and prepared.count("test") == 10_000
    assert prepared.stored["image"][0].element_size() == 1
    assert np.bincount(dataset.column("label", prepared.splits[Split.VALIDATION])).tolist() == [900] * 10
    mean, deviation = prepared.preprocessors["image"].mean[0], prepared.preprocessors["image"].deviation[0]
    assert mean == pytest.approx(0.2860, abs=2e-3) and deviation == pytest.approx(0.3530, abs=2e-3)


def test_emnist_has_several_sets_lies_on_its_side_and_maps_letters(tmp_path: Path) -> None:
    images = np.random.default_rng(2).integers(0, 256, (20, 5, 6), dtype=np.uint8)
    for name, first in (("emnist-letters", 1), ("emnist-digits", 0)):
        for prefix in ("train", "test"):
            (tmp_path / f"{name}-{prefix}-images-idx3-ubyte.gz").write_bytes(packed(images.transpose(0, 2, 1), True))
            (tmp_path / f"{name}-{prefix}-labels-idx1-ubyte.gz").write_bytes(packed(np.arange(20) % 4 + first, True))
    (tmp_path / "emnist-letters-mapping.txt").write_text("".join(f"{number} {64 + number} {96 + number}\n" for number in range(1, 5)), "ascii")
    question, = questions(str(tmp_path))
    assert question.param == "set" and [value for value, _ in question.choices] == ["emnist-digits", "emnist-letters"]
    dataset = open_dataset(str(tmp_path), params={"set": "emnist-letters"})
    assert dataset.format == "idx" and len(dataset) == 40 and np.array_equal(dataset.column("image")[:20, ..., 0], images)
    assert dataset.field("label").categories == ("0", "A", "B", "C", "D") and dataset.column("label")[0] == 1
    assert open_dataset(str(tmp_path)).field("label").categories == ("0", "1", "2", "3")
    named = open_dataset(str(tmp_path / "emnist-letters-test-images-idx3-ubyte.gz"))
    assert named.field("label").categories[1] == "A" and not questions(str(tmp_path / "emnist-letters-test-images-idx3-ubyte.gz"))
    (tmp_path / "emnist-letters-mapping.txt").write_bytes(b"\xff 1 2")
    assert open_dataset(str(tmp_path), params={"set": "emnist-letters"}).field("label").categories == ("0", "1", "2", "3", "4")
