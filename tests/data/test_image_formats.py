"""CIFAR, NumPy arrays, images with tables and ImageNet's layout: written by other libraries, read back equal; damaged twins told."""

from __future__ import annotations

import csv
import json
import os
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from workbench.data.base import FieldKind
from workbench.data.formats import FORMATS
from workbench.data.open import open_dataset
from workbench.errors import DataError

RNG = np.random.default_rng(0)


def picture(path: Path, height: int = 6, width: int = 5, channels: int = 3) -> np.ndarray:
    pixels = RNG.integers(0, 256, (height, width, channels), dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels if channels == 3 else pixels[..., 0]).save(path)
    return pixels


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WORKBENCH_CACHE_DIR", str(tmp_path / "cache"))


def cifar(folder: Path, hundred: bool = False) -> tuple[np.ndarray, np.ndarray]:
    folder.mkdir(parents=True)
    pixels = RNG.integers(0, 256, (30, 3, 32, 32), dtype=np.uint8)
    labels = np.arange(30, dtype=np.uint8) % (100 if hundred else 10)
    for number, part in enumerate(np.split(np.arange(30), 3)):
        name = ("train.bin", "train.bin", "test.bin")[number] if hundred else ("data_batch_1.bin", "data_batch_2.bin", "test_batch.bin")[number]
        with open(folder / name, "ab") as file:
            for row in part:
                file.write(bytes([labels[row] % 20] * hundred) + bytes([labels[row]]) + pixels[row].tobytes())
    return pixels.transpose(0, 2, 3, 1), labels


def test_cifar_ten_round_trips(tmp_path: Path) -> None:
    pixels, labels = cifar(tmp_path / "c")
    (tmp_path / "c" / "batches.meta.txt").write_text("\n".join(f"class{number}" for number in range(10)) + "\n\n", "utf-8")
    dataset = open_dataset(str(tmp_path / "c"))
    assert dataset.format == "cifar" and dataset.field("label").categories[3] == "class3" and dataset.ids()[10] == "data_batch_2/00000"
    assert np.array_equal(dataset.column("image"), pixels) and np.array_equal(dataset.column("label"), labels)
    assert dataset.given_splits().tolist() == ["train"] * 20 + ["test"] * 10
    assert not dataset.problems


def test_cifar_hundred_has_two_labels(tmp_path: Path) -> None:
    pixels, labels = cifar(tmp_path / "c", hundred=True)
    dataset = open_dataset(str(tmp_path / "c" / "train.bin"))
    assert np.array_equal(dataset.column("image"), pixels) and np.array_equal(dataset.column("label"), labels)
    assert np.array_equal(dataset.column("superclass"), labels % 20) and len(dataset.field("label").categories) == 100


def test_damaged_cifar_keeps_whole_records_and_says_so(tmp_path: Path) -> None:
    cifar(tmp_path / "c")
    file = tmp_path / "c" / "data_batch_2.bin"
    data = bytearray(file.read_bytes()[:-100])
    data[3073] = 200
    file.write_bytes(bytes(data))
    dataset = open_dataset(str(tmp_path / "c"))
    assert len(dataset) == 29 and dataset.column("label")[11] == -1
    assert [problem.kind for problem in dataset.problems] == ["unreadable", "missing"]
    for path in (tmp_path / "c").iterdir():
        path.write_bytes(b"")
    with pytest.raises(DataError, match="no whole record"):
        open_dataset(str(tmp_path / "c"))


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_npz_of_images_round_trips(tmp_path: Path, save: Any) -> None:
    images, labels = RNG.integers(0, 256, (12, 8, 7), dtype=np.uint8), np.arange(12) % 3
    save(tmp_path / "a.npz", x_train=images[:8], y_train=labels[:8], x_test=images[8:], y_test=labels[8:])
    dataset = open_dataset(str(tmp_path / "a.npz"))
    assert dataset.format == "arrays" and np.array_equal(dataset.column("image")[..., 0], images)
    assert np.array_equal(dataset.column("label"), labels) and dataset.given_splits().tolist() == ["train"] * 8 + ["test"] * 4


def test_npy_files_in_a_folder_and_channels_first(tmp_path: Path) -> None:
    images = RNG.random((5, 3, 6, 4)).astype(np.float32)
    np.save(tmp_path / "x.npy", images)
    np.save(tmp_path / "y.npy", np.eye(3)[[0, 1, 2, 1, 0]])
    dataset = open_dataset(str(tmp_path))
    assert dataset.column("image").shape == (5, 6, 4, 3) and dataset.column("label").tolist() == [0, 1, 2, 1, 0]
    assert np.array_equal(dataset.column("image"), np.rint(images.transpose(0, 2, 3, 1) * 255).astype(np.uint8))


def test_arrays_of_numbers_series_and_names(tmp_path: Path) -> None:
    numbers, targets = RNG.normal(size=(9, 4)), RNG.normal(size=9)
    np.savez(tmp_path / "n.npz", X=numbers, y=targets)
    dataset = open_dataset(str(tmp_path / "n.npz"))
    assert [field.kind for field in dataset.fields] == [FieldKind.NUMBER] * 5
    assert np.array_equal(dataset.column("x2"), numbers[:, 2].astype(np.float32)) and dataset.given_splits() is None
    np.savez(tmp_path / "s.npz", data=RNG.normal(size=(6, 10, 2)), labels=np.array(["cat", "dog"] * 3))
    path = tmp_path / "s.npz"
    dataset = open_dataset(str(path))
    assert dataset.column("series").shape == (6, 10, 2) and dataset.field("label").categories == ("cat", "dog")
    entry = FORMATS["arrays"]
    question, = entry.questions(path, entry.parse({}))
    assert question.param == "axes" and {value for value, _ in question.choices} == {"series", "image"}
    assert not entry.questions(path, entry.parse({"axes": "image"})) and not entry.questions(tmp_path / "n.npz", entry.parse({}))
    assert open_dataset(str(path), params={"axes": "series"}).fields == dataset.fields


def lying(shape: tuple[int, ...]) -> bytes:
    stream = BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "|u1", "fortran_order": False, "shape": shape})
    return stream.getvalue() + b"\0" * 64


def test_hostile_arrays_are_refused(tmp_path: Path) -> None:
    good = np.zeros((4, 2), np.uint8)
    np.savez(tmp_path / "objects.npz", x=np.array([{}, 1, "a", None], dtype=object), y=np.zeros(4, int))
    np.savez(tmp_path / "unequal.npz", x=good, y=np.zeros(3, int))
    np.savez(tmp_path / "unnamed.npz", left=good, right=good)
    np.savez(tmp_path / "words.npz", x=np.array(["a"] * 4), y=np.zeros(4, int))
    np.savez(tmp_path / "cut.npz", x=good, y=np.zeros(4, int))
    (tmp_path / "cut.npz").write_bytes((tmp_path / "cut.npz").read_bytes()[:200])
    for name, shape in (("huge", (10**9, 1000)), ("negative", (-5, 2)), ("overflow", (2**40, 2**40))):
        with zipfile.ZipFile(tmp_path / f"{name}.npz", "w") as archive:
            archive.writestr("x.npy", lying(shape))
            archive.writestr("y.npy", lying((4,)))
    (tmp_path / "pickle.npz").write_bytes(b"\x80\x04\x95\x10")
    for path in sorted(tmp_path.glob("*.npz")):
        with pytest.raises(DataError) as caught:
            open_dataset(str(path))
        assert caught.value.message.endswith(".") and caught.value.hint, path.name


def labelled(folder: Path, write: Any) -> dict[str, np.ndarray]:
    images = {f"{number}.png": picture(folder / "pictures" / f"{number}.png") for number in range(8)}
    write(folder, list(images))
    return images


def as_csv(folder: Path, names: list[str]) -> None:
    with open(folder / "labels.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["filename", "label", "age"], *([name, "ab"[int(name[0]) % 2], int(name[0]) * 2.5] for name in names)])


def as_lines(folder: Path, names: list[str]) -> None:
    lines = [json.dumps({"file_name": f"pictures/{name}", "label": "ab"[int(name[0]) % 2], "age": int(name[0]) * 2.5}) for name in names]
    (folder / "metadata.jsonl").write_text("\n".join(lines), "utf-8")


def as_stems(folder: Path, names: list[str]) -> None:
    rows = [["id", "label", "age"], *([f"image{name[0]}", "ab"[int(name[0]) % 2], int(name[0]) * 2.5] for name in names)]
    for name in names:
        os.rename(folder / "pictures" / name, folder / "pictures" / f"image{name}")
    (folder / "train.csv").write_text("\n".join(",".join(map(str, row)) for row in rows), "utf-8")


@pytest.mark.parametrize("write", [as_csv, as_lines, as_stems])
def test_images_with_a_table_round_trip(tmp_path: Path, write: Any) -> None:
    images = labelled(tmp_path / "set", write)
    dataset = open_dataset(str(tmp_path / "set"))
    assert dataset.format == "labelled_images" and len(dataset) == 8
    assert dataset.field("label").categories == ("a", "b") and dataset.column("label").tolist() == [0, 1] * 4
    assert dataset.column("age").tolist() == [number * 2.5 for number in range(8)]
    assert all(np.array_equal(image, images[f"{row}.png"]) for row, image in enumerate(dataset.column("image")))


def test_split_folders_may_have_a_table_each(tmp_path: Path) -> None:
    for split in ("train", "validation"):
        rows = ["file_name,label", *(f"{number}.png,{'ab'[number % 2]}" for number in range(4))]
        for number in range(4):
            picture(tmp_path / split / f"{number}.png")
        (tmp_path / split / "metadata.csv").write_text("\n".join(rows), "utf-8")
    dataset = open_dataset(str(tmp_path))
    assert dataset.format == "labelled_images" and dataset.column("label").tolist() == [0, 1, 0, 1] * 2
    assert dataset.given_splits().tolist() == ["train"] * 4 + ["validation"] * 4 and dataset.ids()[4] == "validation/0.png"


def test_a_damaged_table_of_images_says_what_is_missing(tmp_path: Path) -> None:
    labelled(tmp_path / "set", as_csv)
    (tmp_path / "set" / "pictures" / "3.png").write_bytes(b"nothing")
    (tmp_path / "set" / "pictures" / "5.png").unlink()
    dataset = open_dataset(str(tmp_path / "set"))
    assert len(dataset) == 6 and dataset.column("age").tolist() == [0, 2.5, 5, 10, 15, 17.5]
    assert {problem.kind: problem.rows for problem in dataset.problems} == {
        "missing-file": ("5.png",), "unreadable": ("pictures/3.png",)}


def imagenet(root: Path, flat: str) -> None:
    for number, synset in enumerate(("n01440764", "n01443537", "n02084071")):
        for image in range(3):
            picture(root / "train" / synset / f"{synset}_{image}.JPEG")
            picture(root / "val" / f"ILSVRC2012_val_{number}{image}.JPEG")
    (root / "LOC_synset_mapping.txt").write_text("n01440764 tench, Tinca tinca\nn01443537 fish, goldfish\nn02084071 fish, dog\n", "utf-8")
    answers = [(f"ILSVRC2012_val_{number}{image}", synset) for number, synset in enumerate(("n01440764", "n01443537", "n02084071"))
               for image in range(3)]
    if flat.endswith(".csv"):
        text = "ImageId,PredictionString\n" + "\n".join(f"{name},{synset} 1 2 3 4 " for name, synset in answers)
        (root / flat).write_text(text, "utf-8")
    else:
        (root / "val" / flat).write_text("\n".join(f"{name}.JPEG\t{synset}\t0\t0\t9\t9" for name, synset in answers), "utf-8")


@pytest.mark.parametrize("flat", ["LOC_val_solution.csv", "val_annotations.txt"])
def test_imagenet_has_names_and_a_flat_validation_folder(tmp_path: Path, flat: str) -> None:
    imagenet(tmp_path, flat)
    dataset = open_dataset(str(tmp_path))
    assert dataset.format == "imagenet" and len(dataset) == 18
    assert dataset.field("label").categories == ("tench", "fish (n01443537)", "fish (n02084071)")
    rows = {row: number for number, row in enumerate(dataset.ids())}
    place = rows["val/ILSVRC2012_val_12.JPEG"]
    assert dataset.given_splits()[place] == "validation" and dataset.column("label")[place] == 1
    assert dataset.column("label")[rows["train/n02084071/n02084071_0.JPEG"]] == 2


def test_imagenet_with_images_that_nobody_names(tmp_path: Path) -> None:
    imagenet(tmp_path, "LOC_val_solution.csv")
    (tmp_path / "LOC_val_solution.csv").write_bytes(b"\xff\xfe broken")
    (tmp_path / "train" / "n01440764" / "n01440764_0.JPEG").write_bytes(b"cut")
    dataset = open_dataset(str(tmp_path))
    assert len(dataset) == 8 and dataset.given_splits() is None
    assert {problem.kind: len(problem.rows) for problem in dataset.problems} == {"no-class": 9, "unreadable": 1}
