"""A folder with one folder of images per class, divided into train, validation and test or not."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from workbench.data.base import DataProblem, Dataset, Field, FieldKind, Format, Split
from workbench.data.decode import SUFFIXES, decode
from workbench.data.memory import MemoryDataset
from workbench.errors import DataError, Text

CACHE_BYTES = 2 << 30
"""Decoded images up to this much stay in memory; what is beyond is decoded again when asked for."""

_SPLIT_NAMES = {
    "train": Split.TRAIN, "training": Split.TRAIN,
    "val": Split.VALIDATION, "valid": Split.VALIDATION, "validation": Split.VALIDATION,
    "dev": Split.VALIDATION, "test": Split.TEST, "testing": Split.TEST,
}
_PEEK = 2000


class ImageFolderDataset(MemoryDataset):
    """Images by file, decoded when opened (so that damaged ones are known) and kept as far as memory allows.

    Args:
        paths: The file of every row.
        kept: The decoded images by row, as far as they were kept.
        **rest: As for `MemoryDataset`.
    """

    def __init__(self, paths: Sequence[Path], kept: dict[int, np.ndarray], **rest: Any) -> None:
        super().__init__(**rest)
        self._paths, self._kept = paths, kept
        self._channels = self.field("image").channels
        self._common = self.field("image").height > 0

    def column(self, name: str, rows: np.ndarray | None = None) -> Any:
        if name != "image":
            return super().column(name, rows)
        images = [self._image(int(row)) for row in (range(len(self)) if rows is None else rows)]
        return np.stack(images) if self._common and images else images

    def _image(self, row: int) -> np.ndarray:
        image = self._kept[row] if row in self._kept else decode(self._paths[row])
        return image if image.shape[2] == self._channels else np.repeat(image, self._channels, axis=2)


class ImageFolder(Format):
    """A folder of images: the name of the innermost folder is the class."""

    name = "image_folder"
    label = "Image folder"
    category = "file"
    summary = "One folder of images per class; folders called train, validation and test divide them."
    aliases = ("ImageFolder", "ImageNet", "directory", "png", "jpg", "图片文件夹")
    priority = 10

    def recognises(self, path: Path) -> bool:
        return path.is_dir() and next((True for file, _ in zip(_images(path), range(_PEEK), strict=False) if file), False)

    def open(self, source: str, params: Any) -> Dataset:
        root = Path(source)
        if not root.is_dir():
            raise DataError(Text("{path} is no folder.", path=source), Text("Choose the folder that holds one folder per class."))
        found = sorted(_images(root), key=lambda path: path.relative_to(root).as_posix())
        if not found:
            raise DataError(
                Text("There are no images in the folder {path}.", path=source),
                Text("Put one folder of images per class into it; PNG, JPEG, BMP, WebP, GIF and TIFF are read."),
            )
        placed, loose = _placed(root, found)
        paths, kept, sizes, problems = _decoded(root, placed)
        if not paths:
            raise DataError(
                Text("None of the {count} images in {path} can be read.", count=len(placed), path=source), problems[0].message
            )
        return _dataset(self.name, source, root, paths, kept, sizes, [*loose, *problems])


def _dataset(
    name: str, source: str, root: Path, paths: list[Path], kept: dict[int, np.ndarray], sizes: list[tuple[int, int, int]],
    problems: list[DataProblem],
) -> Dataset:
    classes, labels, splits = _places(root, paths)
    if len(classes) == 1:
        raise DataError(
            Text("All images in {path} are of one class, {name}.", path=source, name=classes[0]),
            Text("Put the images of each class into a folder of its own; at least two classes are needed."),
        )
    height, width = sizes[0][:2] if len({size[:2] for size in sizes}) == 1 else (0, 0)
    fields = (
        Field("image", FieldKind.IMAGE, Text("Image"), channels=max(size[2] for size in sizes), height=height, width=width),
        Field("label", FieldKind.CATEGORY, Text("Class"), categories=classes),
    )
    return ImageFolderDataset(
        paths, kept, format=name, source=source, fields=fields, columns={"label": labels}, splits=splits, problems=problems,
        ids=[path.relative_to(root).as_posix() for path in paths],
    )


def _images(root: Path) -> Iterator[Path]:
    """Returns the image files below `root`; links to folders are not followed, hidden files are left out."""
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__MACOSX")))
        for name in files:
            if name.lower().endswith(SUFFIXES) and not name.startswith("."):
                yield Path(folder, name)


def _placed(root: Path, found: list[Path]) -> tuple[list[Path], list[DataProblem]]:
    """Returns the images that lie in a class folder, and those that do not as a problem.

    Raises:
        DataError: None does.
    """
    folders = _class_folders(root, found)[0]
    loose = tuple(path.relative_to(root).as_posix() for path, folder in zip(found, folders, strict=True) if not folder)
    if len(loose) == len(found):
        raise DataError(
            Text("The images in {path} lie in no class folders.", path=str(root)),
            Text("Put the images of each class into a folder of its own."),
        )
    problems = [DataProblem(
        "no-class", Text("{count} images lie outside of the class folders and are left out.", count=len(loose)), loose[:1000],
        Text("The name of the folder is the class."),
    )]
    return [path for path, folder in zip(found, folders, strict=True) if folder], problems if loose else []


def _class_folders(root: Path, paths: list[Path]) -> tuple[list[str], list[str] | None]:
    """Returns the class folder of every file ("" for none), and its split folder where the first folders are splits."""
    parts = [path.relative_to(root).parts[:-1] for path in paths]
    divided = all(part and part[0].lower() in _SPLIT_NAMES for part in parts) and any(len(part) > 1 for part in parts)
    return ["/".join(part[int(divided):]) for part in parts], [part[0].lower() for part in parts] if divided else None


def _decoded(
    root: Path, found: list[Path],
) -> tuple[list[Path], dict[int, np.ndarray], list[tuple[int, int, int]], list[DataProblem]]:
    """Decodes all files: the good ones, the images that fit into memory, all sizes, and what is wrong with the others."""
    paths: list[Path] = []
    kept: dict[int, np.ndarray] = {}
    sizes: list[tuple[int, int, int]] = []
    problems: list[DataProblem] = []
    room = CACHE_BYTES
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        for path, image in zip(found, _in_turn(pool, found), strict=True):
            if isinstance(image, DataError):
                name = path.relative_to(root).as_posix()
                problems.append(DataProblem("unreadable", str(image.message), (name,), Text("It is left out.")))
                continue
            if (room := room - image.nbytes) >= 0:
                kept[len(paths)] = image
            paths.append(path)
            sizes.append((image.shape[0], image.shape[1], image.shape[2]))
    return paths, kept, sizes, problems


def _in_turn(pool: ThreadPoolExecutor, found: list[Path]) -> Iterator[np.ndarray | DataError]:
    """Decodes in parallel, a few hundred at a time, so that images nobody keeps do not pile up."""
    for start in range(0, len(found), 256):
        yield from pool.map(_tried, found[start:start + 256])


def _tried(path: Path) -> np.ndarray | DataError:
    try:
        return decode(path)
    except DataError as error:
        return error


def _places(root: Path, paths: list[Path]) -> tuple[tuple[str, ...], np.ndarray, np.ndarray | None]:
    """Returns the class names, the class of every file, and the split of every file where the folders say it."""
    names, folders = _class_folders(root, paths)
    classes = tuple(sorted(set(names), key=_natural))
    number = {name: index for index, name in enumerate(classes)}
    splits = None if folders is None else np.array([str(_SPLIT_NAMES[folder]) for folder in folders], dtype="U10")
    return classes, np.array([number[name] for name in names], dtype=np.int64), splits


def _natural(name: str) -> tuple[bool, int, str]:
    """Sorts folders called by numbers in the order of the numbers."""
    digits = name.isascii() and name.isdigit() and len(name) < 10
    return (not digits, int(name) if digits else 0, name)
