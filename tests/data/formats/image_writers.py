"""Folders of images as Pillow writes them: class folders, tables beside them, ImageNet's layout, and archives of them."""

from __future__ import annotations

import csv
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from tests.data.formats.registry import Damaged, Writer, Written

CLASSES = ("cat", "dog", "猫头鹰")
SYNSETS = {"n01440764": "tench", "n01443537": "goldfish", "n02084071": "dog"}


def picture(path: Path, number: int, height: int = 12, width: int = 10) -> np.ndarray:
    """Writes a picture of its own and returns what it shows, uint8 `(H, W, 3)`; JPEG blurs it, so smooth ones are drawn."""
    across, down = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    pixels = np.stack([across * 255, down * 255, np.full_like(across, (number * 37) % 256)], axis=-1).round().astype(np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    fine = {"quality": 95, "subsampling": 0} if path.suffix.lower() in (".jpg", ".jpeg") else {}
    Image.fromarray(pixels).save(path, **fine)
    return pixels


def by_folder(suffix: str, splits: tuple[str, ...] = (), tolerance: float = 0.0) -> Callable[[Path], Written]:
    """Returns a writer of class folders, below split folders or not."""

    def write(folder: Path) -> Written:
        ids: list[str] = []
        images: list[np.ndarray] = []
        labels: list[str] = []
        for number in range(24 if not splits else 12 * len(splits)):
            label, split = CLASSES[number % 3], splits[number % len(splits)] + "/" if splits else ""
            ids.append(f"{split}{label}/{number:02}.{suffix}")
            images.append(picture(folder / ids[-1], number))
            labels.append(label)
        said = {"train": "train", "val": "validation", "test": "test"}
        return Written(folder, {"image": images, "label": labels}, ids, [said[name.split("/")[0]] for name in ids] if splits else None, tolerance)

    return write


def cut(sample: Written) -> Damaged:
    """Cuts one file in half, empties one, and writes nonsense into a third."""
    assert sample.ids is not None
    first, second, third = (sample.source / sample.ids[row] for row in (1, 4, 6))
    first.write_bytes(first.read_bytes()[: first.stat().st_size // 2])
    second.write_bytes(b"")
    third.write_bytes(b"this is no picture")
    return Damaged(lost=(1, 4, 6), told=r"damaged|empty|known format")


def all_gone(sample: Written) -> Damaged:
    """Empties every image."""
    for name in sample.ids or ():
        (sample.source / name).write_bytes(b"")
    return Damaged(refused="None of the 24 images")


def with_table(write_table: Callable[[Path, list[str], list[str], list[float]], None], folder: str = "") -> Callable[[Path], Written]:
    """Returns a writer of images with a table beside them."""

    def write(root: Path) -> Written:
        ids = [f"{folder}{number:02}.png" for number in range(20)]
        images = [picture(root / name, number) for number, name in enumerate(ids)]
        labels, ages = [CLASSES[number % 3] for number in range(20)], [number * 2.5 for number in range(20)]
        write_table(root, ids, labels, ages)
        return Written(root, {"image": images, "label": labels, "age": ages}, ids)

    return write


def as_csv(root: Path, ids: list[str], labels: list[str], ages: list[float]) -> None:
    with open(root / "labels.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["filename", "label", "age"], *zip(ids, labels, ages, strict=True)])


def as_lines(root: Path, ids: list[str], labels: list[str], ages: list[float]) -> None:
    rows = ({"file_name": name, "label": label, "age": age} for name, label, age in zip(ids, labels, ages, strict=True))
    (root / "metadata.jsonl").write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), "utf-8")


def missing_and_damaged(sample: Written) -> Damaged:
    """Removes one of the named files and damages another."""
    assert sample.ids is not None
    (sample.source / sample.ids[3]).unlink()
    (sample.source / sample.ids[7]).write_bytes(b"GIF89a")
    return Damaged(lost=(3, 7), told="1 files that the table names")


def cut_table(sample: Written) -> Damaged:
    """Cuts the table in the middle of a row of JSON."""
    path = sample.source / "metadata.jsonl"
    lines = path.read_text("utf-8").splitlines()
    path.write_text("\n".join([*lines[:12], lines[12][:20]]), "utf-8")
    return Damaged(lost=tuple(range(12, 20)), told="line|row|JSON")


def imagenet(table: str) -> Callable[[Path], Written]:
    """Returns a writer of ImageNet's layout, whose flat validation folder is labelled as `table` says."""

    def write(root: Path) -> Written:
        ids: list[str] = []
        images: list[np.ndarray] = []
        labels: list[str] = []
        for number, (synset, name) in enumerate(SYNSETS.items()):
            for image in range(5):
                ids.append(f"train/{synset}/{synset}_{image}.JPEG")
                images.append(picture(root / ids[-1], 5 * number + image))
                labels.append(name)
        answers: list[tuple[str, str]] = []
        for number in range(6):
            synset = list(SYNSETS)[number * 7 % 3]
            ids.append(f"val/ILSVRC2012_val_{number + 1:08}.JPEG")
            images.append(picture(root / ids[-1], 100 + number))
            labels.append(SYNSETS[synset])
            answers.append((f"ILSVRC2012_val_{number + 1:08}", synset))
        (root / "LOC_synset_mapping.txt").write_text("\n".join(f"{synset} {name}, fish" for synset, name in SYNSETS.items()), "utf-8")
        if table == "csv":
            with open(root / "LOC_val_solution.csv", "w", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows([["ImageId", "PredictionString"], *((name, f"{synset} 1 2 3 4") for name, synset in answers)])
        elif table == "annotations":
            lines = "".join(f"{name}.JPEG\t{synset}\t0\t0\t9\t9\n" for name, synset in answers)
            (root / "val" / "val_annotations.txt").write_text(lines, "utf-8")
        else:
            kit(root / "ILSVRC2012_devkit_t12" / "data", table, [synset for _, synset in answers])
        return Written(root, {"image": images, "label": labels}, ids, ["train"] * 15 + ["validation"] * 6, tolerance=24)

    return write


KIT = {"n02084071": 1, "n01440764": 2, "n01443537": 3}
"""The development kit counts in an order of its own."""


def kit(folder: Path, order: str, answers: list[str]) -> None:
    """Writes a development kit: one number per validation image, and which number is which synset, as text or by scipy."""
    folder.mkdir(parents=True)
    (folder / "ILSVRC2012_validation_ground_truth.txt").write_text("".join(f"{KIT[synset]}\n" for synset in answers), "utf-8")
    if order == "text":
        (folder / "map_clsloc.txt").write_text("".join(f"{synset} {number} some_fish\n" for synset, number in KIT.items()), "utf-8")
        return
    from scipy.io import savemat

    listed = np.zeros((4, 1), dtype=[(name, "O") for name in ("ILSVRC2012_ID", "WNID", "words", "num_children", "children")])
    for row, (number, synset) in enumerate([*((number, synset) for synset, number in KIT.items()), (1001, "n00000001")]):
        listed[row, 0] = (number, synset, "fish, dog", 0, np.array([]))
    savemat(folder / "meta.mat", {"synsets": listed}, do_compression=True)


def no_order(sample: Written) -> Damaged:
    """Cuts what says which number is which synset."""
    path = next((sample.source / "ILSVRC2012_devkit_t12" / "data").glob("m*"))
    path.write_bytes(path.read_bytes()[:150] if path.suffix == ".mat" else b"nothing")
    return Damaged(lost=tuple(range(15, 21)), told="which number is which class")


def unlabelled(sample: Written) -> Damaged:
    """Writes nonsense where the labels of the validation folder stood."""
    (sample.source / "LOC_val_solution.csv").write_bytes(b"\xff\xfe broken")
    return Damaged(lost=tuple(range(15, 21)), told="6 images have no label")


def archived(kind: str) -> Callable[[Path], Written]:
    """Returns a writer of class folders in an archive."""

    def write(folder: Path) -> Written:
        sample = by_folder("png")(folder / "set")
        path = Path(shutil.make_archive(str(folder / "packed"), kind, folder, "set"))
        shutil.rmtree(folder / "set")
        if kind == "gztar":
            path = path.rename(folder / "packed.tgz")
        return Written(path, sample.columns, sample.ids)

    return write


def damaged_entry(sample: Written) -> Damaged:
    """Turns a byte within the packed bytes of one entry."""
    assert sample.ids is not None
    data = bytearray(sample.source.read_bytes())
    with zipfile.ZipFile(sample.source) as archive:
        about = archive.getinfo(f"set/{sample.ids[5]}")
    data[about.header_offset + 30 + len(about.orig_filename.encode()) + len(about.extra) + about.compress_size // 2] ^= 0xFF
    sample.source.write_bytes(bytes(data))
    return Damaged(lost=(5,), told="was not unpacked")


def torn(share: float) -> Callable[[Written], Damaged]:
    """Returns what cuts an archive off so far that nothing can be read."""

    def damage(sample: Written) -> Damaged:
        sample.source.write_bytes(sample.source.read_bytes()[: int(sample.source.stat().st_size * share)])
        return Damaged(refused="cannot be used")

    return damage


WRITERS = [
    Writer("image_folder", "png", "PIL", by_folder("png"), {"cut": cut, "all-gone": all_gone}, trains=True),
    Writer("image_folder", "jpeg", "PIL", by_folder("jpg", tolerance=24), {"cut": cut}),
    Writer("image_folder", "webp-splits", "PIL", by_folder("webp", ("train", "val", "test"), tolerance=48), {"cut": cut}),
    Writer("image_folder", "tiff", "PIL", by_folder("tiff"), {"cut": cut}),
    Writer("labelled_images", "csv", "PIL", with_table(as_csv), {"missing": missing_and_damaged}, trains=True),
    Writer("labelled_images", "json-lines", "PIL", with_table(as_lines, "pictures/"), {"missing": missing_and_damaged, "cut-table": cut_table}),
    Writer("imagenet", "kaggle", "PIL", imagenet("csv"), {"cut": cut, "unlabelled": unlabelled}, trains=True),
    Writer("imagenet", "tiny", "PIL", imagenet("annotations"), {"cut": cut}),
    Writer("imagenet", "kit", "scipy", imagenet("matlab"), {"cut": cut, "no-order": no_order}),
    Writer("imagenet", "kit-text", "PIL", imagenet("text"), {"no-order": no_order}),
    Writer("archive", "zip", "PIL", archived("zip"), {"entry": damaged_entry, "torn": torn(0.9)}, trains=True),
    Writer("archive", "tar", "PIL", archived("tar"), {"torn": torn(0.001)}),
    Writer("archive", "tgz", "PIL", archived("gztar"), {"torn": torn(0.01)}),
]


def masked(mode: str, layout: str = "{side}") -> Callable[[Path], Written]:
    """Returns a writer of images and masks of three classes, as a palette, as values, as colours, or as black and white."""
    colours = np.array([[0, 0, 0], [30, 200, 30], [200, 30, 30]], np.uint8)

    def write(root: Path) -> Written:
        ids, images, masks = list[str](), list[np.ndarray](), list[np.ndarray]()
        for number in range(20):
            folder = layout.format(side="images", split=("train", "test")[number % 2])
            ids.append(f"{folder}/{number:02}.png")
            images.append(picture(root / ids[-1], number))
            classes = (np.add.outer(np.arange(12), np.arange(10)) + number) % (2 if mode == "1" else 3)
            masks.append(classes.astype(np.uint8))
            path = root / layout.format(side="masks", split=("train", "test")[number % 2]) / f"{number:02}_mask.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            if mode == "P":
                image = Image.fromarray(masks[-1]).convert("P")
                image.putdata(masks[-1].ravel().tolist())
                image.putpalette(colours.ravel().tolist())
            else:
                image = Image.fromarray({"L": masks[-1], "1": masks[-1] * 255, "RGB": colours[masks[-1]]}[mode])
            image.save(path)
        splits = [("train", "test")[number % 2] for number in range(20)] if "{split}" in layout else None
        return Written(root, {"image": images, "mask": masks}, ids, splits)

    return write


def damaged_masks(sample: Written) -> Damaged:
    """Removes one mask and cuts another."""
    masks = sorted(sample.source.rglob("*_mask.png"), key=lambda path: path.name)
    masks[3].unlink()
    masks[8].write_bytes(masks[8].read_bytes()[:40])
    return Damaged(lost=(3, 8), told="no mask")


WRITERS += [
    Writer("masked_images", "palette", "PIL", masked("P"), {"damaged": damaged_masks}, trains=True),
    Writer("masked_images", "values", "PIL", masked("L", "{split}/{side}"), {"damaged": damaged_masks}),
    Writer("masked_images", "colours", "PIL", masked("RGB", "{side}/{split}"), {"damaged": damaged_masks}),
    Writer("masked_images", "black-white", "PIL", masked("1"), {"damaged": damaged_masks}),
]
