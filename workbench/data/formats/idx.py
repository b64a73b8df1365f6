"""IDX files, the format of MNIST and its relatives: four files, compressed or not.

Header: two zero bytes, a type byte (8: unsigned bytes), the number of axes, one big-endian 32-bit size per axis. See
http://yann.lecun.com/exdb/mnist/.
"""

from __future__ import annotations

import gzip
import re
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from workbench.catalogue import Params, param
from workbench.data.base import Dataset, Field, FieldKind, Format, Question, Split
from workbench.data.memory import MemoryDataset, NumberedIds
from workbench.errors import DataError, Text

MAX_BYTES = 4 << 30
FASHION = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)
_UNSIGNED_BYTES = 8
_PARTS = {Split.TRAIN: ("train",), Split.TEST: ("t10k", "test")}
_WIDEST_GAP = 10
_NAMED = re.compile(r"^((?:[A-Za-z0-9_.]+-)*?)(?:train|t10k|test)-images[-.]idx3-ubyte(?:\.gz)?$")
_TURNED = ("emnist",)
"""Sets whose images lie on their side."""

_GZIP = b"\x1f\x8b"


class IdxParams(Params):
    """IDX files name no classes; these can be given."""

    set: str = param(
        "", label="Set", main=False, pattern=r"^[A-Za-z0-9_.-]*$",
        help="Which set to read where a folder holds several, such as emnist-letters; empty reads the only one, or the first.",
    )

    classes: tuple[str, ...] = param(
        (), label="Classes", main=False,
        help="Names of the classes in the order of their numbers; empty takes the known ones, or the numbers.",
    )


class Idx(Format):
    """A folder with images and labels in IDX files."""

    name = "idx"
    label = "IDX (MNIST)"
    category = "file"
    summary = "The four files of MNIST, Fashion-MNIST, EMNIST and their relatives, compressed or not."
    aliases = ("MNIST", "Fashion-MNIST", "ubyte", "KMNIST", "EMNIST")
    priority = 30
    Params = IdxParams

    def recognises(self, path: Path) -> bool:
        return (path.is_dir() or "idx" in path.name) and _has_images(_folder_of(path))

    def questions(self, path: Path, params: Any) -> tuple[Question, ...]:
        sets = _sets(_folder_of(path))
        if params.set or len(sets) < 2 or "" in sets or not path.is_dir():
            return ()
        return (Question("set", Text("Which of the sets in this folder?"), tuple((name, name) for name in sets), sets[0]),)

    def open(self, source: str, params: Any) -> Dataset:
        folder, chosen = _folder_of(Path(source)), params.set or _set_of(Path(source))
        images, labels, parts = {}, {}, []
        for split in _PARTS:
            found = _find(folder, split, "images", 3, chosen)
            if found is None:
                continue
            images[split], labels[split] = read_idx(found, 3), read_idx(_labels_of(folder, split, chosen), 1)
            if chosen.lower().startswith(_TURNED):
                images[split] = images[split].transpose(0, 2, 1)
            if len(images[split]) != len(labels[split]):
                raise DataError(
                    Text("{path} holds {images} images, but there are {labels} labels.",
                         path=str(found), images=len(images[split]), labels=len(labels[split])),
                    Text("Images and labels must come from the same set."),
                )
            parts.append(np.full(len(images[split]), str(split), dtype="U10"))
        if not images:
            raise DataError(
                Text("There are no IDX images in {path}.", path=str(folder)),
                Text("The folder must hold train-images-idx3-ubyte and train-labels-idx1-ubyte, with or without .gz."),
            )
        classes = params.classes or _mapped(folder, chosen, max(int(part.max()) for part in labels.values()))
        return _dataset(self.name, source, folder, classes, images, labels, np.concatenate(parts))


def _dataset(
    name: str, source: str, folder: Path, classes: tuple[str, ...], images: dict[Split, np.ndarray],
    labels: dict[Split, np.ndarray], splits: np.ndarray,
) -> Dataset:
    pixels = _joined(list(images.values()))
    numbers = np.concatenate(list(labels.values())).astype(np.int64)
    fields = (
        Field("image", FieldKind.IMAGE, Text("Image"), channels=1, height=pixels.shape[1], width=pixels.shape[2]),
        Field("label", FieldKind.CATEGORY, Text("Class"), categories=_classes(folder, classes, numbers)),
    )
    ids = NumberedIds(*((str(split), len(part)) for split, part in labels.items()))
    return MemoryDataset(
        format=name, source=source, fields=fields, columns={"image": pixels[..., None], "label": numbers}, ids=ids, splits=splits,
        licence="MIT: Zalando SE, Fashion-MNIST" if fields[1].categories == FASHION else "",
    )


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    if len({part.shape[1:] for part in parts}) > 1:
        sizes = ", ".join(f"{part.shape[1]} x {part.shape[2]}" for part in parts)
        raise DataError(
            Text("Training and test images differ in size: {sizes}.", sizes=sizes),
            Text("Both must come from the same set."),
        )
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _classes(folder: Path, given: tuple[str, ...], labels: np.ndarray) -> tuple[str, ...]:
    """Returns the class names: those given, Fashion-MNIST's where the folder says so, else the numbers.

    Raises:
        DataError: A label lies outside the names given or, without names, far from all others.
    """
    largest = int(labels.max(initial=0))
    fashion = largest < len(FASHION) and any("fashion" in part.casefold() for part in folder.resolve().parts[-2:])
    names = given or (FASHION if fashion else ())
    if names and largest >= len(names):
        raise DataError(
            Text("The label {label} is out of range: there are {count} classes.", label=largest, count=len(names)),
            Text("Name all classes, or leave the names out."),
        )
    if not names:
        _refuse_stray(labels)
    return names or tuple(str(number) for number in range(max(largest + 1, 2)))


def _refuse_stray(labels: np.ndarray) -> None:
    """Refuses a label that no class can have: one beyond a gap wider than all the classes below it."""
    different = np.unique(labels)
    gaps = np.diff(different)
    strays = np.flatnonzero(gaps > np.maximum(_WIDEST_GAP, different[:-1] + 1))
    if len(strays):
        below, stray = int(different[strays[0]]), int(different[strays[0] + 1])
        raise DataError(
            Text("The label {label} of row {row} is out of range: the other classes go up to {largest}.",
                 label=stray, row=int(np.argmax(labels == stray)), largest=below),
            Text("Correct the label file, or name all classes."),
        )


def read_idx(path: Path, axes: int) -> np.ndarray:
    """Reads one IDX file of unsigned bytes.

    Args:
        path: The file, compressed with gzip or not (its first bytes tell, not its name).
        axes: How many axes it must have.

    Returns:
        uint8 with that many axes.

    Raises:
        DataError: It is none, is cut off, or claims an absurd size.
    """
    data = _bytes_of(path)
    if len(data) < 4 + 4 * axes or data[:2] != b"\0\0" or data[2] != _UNSIGNED_BYTES or data[3] != axes:
        raise DataError(
            Text("{path} is no IDX file of unsigned bytes with {axes} axes.", path=str(path), axes=axes),
            Text("It must begin with the bytes 0 0 8 {axes}.", axes=axes),
        )
    sizes = struct.unpack(f">{axes}I", data[4:4 + 4 * axes])
    wanted, have = int(np.prod([int(size) for size in sizes], dtype=object)), len(data) - 4 - 4 * axes
    if wanted == 0:
        raise DataError(Text("{path} holds no rows.", path=str(path)), Text("There must be at least one image with its label."))
    if have < wanted:
        raise DataError(
            Text("{path} is cut off: it promises {wanted} bytes and holds {have}.", path=str(path), wanted=wanted, have=have),
            Text("Copy or download the file again."),
        )
    return np.frombuffer(data, np.uint8, wanted, 4 + 4 * axes).reshape(sizes)


def _bytes_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            packed = file.read(2) == _GZIP
        if not packed:
            if path.stat().st_size > MAX_BYTES:
                raise _too_large(path)
            return path.read_bytes()
        with gzip.open(path) as file:
            data = file.read(MAX_BYTES + 1)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(
            Text("{path} is damaged: it cannot be unpacked.", path=str(path)), Text("Copy or download the file again.")
        ) from error
    except OSError as error:
        raise DataError(
            Text("{path} cannot be read: {reason}.", path=str(path), reason=error.strerror or str(error)), Text("Check the file.")
        ) from error
    if len(data) > MAX_BYTES:
        raise _too_large(path)
    return data


def _too_large(path: Path) -> DataError:
    return DataError(Text("{path} is larger than 4 GiB.", path=str(path)), Text("Use a smaller file."))


def _folder_of(path: Path) -> Path:
    """Returns the folder with the files: the path, its `raw` folder (where downloaders put them), or where a named file lies."""
    if not path.is_dir():
        return path.parent
    return path / "raw" if not _has_images(path) and _has_images(path / "raw") else path


def _has_images(folder: Path) -> bool:
    return any(_find(folder, split, "images", 3) for split in _PARTS) or bool(_sets(folder))


def _sets(folder: Path) -> list[str]:
    """Returns what stands before `train-images` in the names of the files of a folder: "" for MNIST, `emnist-letters` for one of EMNIST."""
    try:
        found = {match.group(1) for path in folder.iterdir() if (match := _NAMED.match(path.name))}
    except OSError:
        return []
    return sorted(name.removesuffix("-") for name in found)


def _set_of(path: Path) -> str:
    """Returns the set of a named file, or the first of a folder."""
    match = _NAMED.match(path.name) if not path.is_dir() else None
    return match.group(1).removesuffix("-") if match is not None else next(iter(_sets(_folder_of(path))), "")


def _mapped(folder: Path, chosen: str, largest: int) -> tuple[str, ...]:
    """Returns the letters of the classes, where a mapping file says which number is which letter."""
    try:
        lines = (folder / f"{chosen}-mapping.txt").read_text("ascii").split("\n")[:1000]
        letters = {int(cells[0]): chr(int(cells[1])) for line in lines if len(cells := line.split()) > 1}
    except (OSError, ValueError, OverflowError):
        return ()
    names = tuple(letters.get(number, str(number)) for number in range(max(largest + 1, 2)))
    return names if letters and len(set(names)) == len(names) else ()


def _find(folder: Path, split: Split, what: str, axes: int, chosen: str = "") -> Path | None:
    for prefix in _PARTS[split]:
        for joint in ("-", "."):
            for ending in ("", ".gz"):
                path = folder / f"{chosen}{'-' * bool(chosen)}{prefix}-{what}{joint}idx{axes}-ubyte{ending}"
                if path.is_file():
                    return path
    return None


def _labels_of(folder: Path, split: Split, chosen: str) -> Path:
    found = _find(folder, split, "labels", 1, chosen)
    if found is None:
        raise DataError(
            Text("{folder} has images for {split} but no labels.", folder=str(folder), split=Text(str(split))),
            Text("Put {prefix}-labels-idx1-ubyte beside them.", prefix=_PARTS[split][0]),
        )
    return found
