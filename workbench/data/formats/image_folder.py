"""A folder with one folder of images per class, divided into train, validation and test or not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from workbench.data.base import DataProblem, Dataset, Field, FieldKind, Format, Split
from workbench.data.image_files import ImageFilesDataset, holds_images, look
from workbench.errors import DataError, Text

SPLIT_NAMES = {
    "train": Split.TRAIN, "training": Split.TRAIN,
    "val": Split.VALIDATION, "valid": Split.VALIDATION, "validation": Split.VALIDATION,
    "dev": Split.VALIDATION, "test": Split.TEST, "testing": Split.TEST,
}


class ImageFolder(Format):
    """A folder of images: the name of the innermost folder is the class."""

    name = "image_folder"
    label = "Image folder"
    category = "file"
    summary = "One folder of images per class; folders called train, validation and test divide them."
    aliases = ("ImageFolder", "directory", "png", "jpg", "图片文件夹")
    priority = 10

    def recognises(self, path: Path) -> bool:
        return path.is_dir() and holds_images(path)

    def open(self, source: str, params: Any) -> Dataset:
        root = Path(source)
        if not root.is_dir():
            raise DataError(Text("{path} is no folder.", path=source), Text("Choose the folder that holds one folder per class."))
        return open_folder(self.name, source, root)


def open_folder(name: str, source: str, root: Path) -> Dataset:
    """Opens the images below `root`, classes by folder.

    Args:
        name: The name of the format.
        source: What people chose.
        root: The folder.

    Raises:
        DataError: No class folders, one class only, or nothing that can be read.
    """
    looked = look(root)
    folders, splits = class_folders(looked.names)
    loose = [row for row, folder in enumerate(folders) if not folder]
    if len(loose) == len(folders):
        raise DataError(
            Text("The images in {path} lie in no class folders.", path=source),
            Text("Put the images of each class into a folder of its own."),
        )
    problems = _loose(tuple(looked.names[row] for row in loose))
    if loose:
        placed = [row for row, folder in enumerate(folders) if folder]
        looked, folders = looked.chosen(placed), [folders[row] for row in placed]
        splits = splits if splits is None else [splits[row] for row in placed]
    classes = tuple(sorted(set(folders), key=natural))
    if len(classes) == 1:
        raise DataError(
            Text("All images in {path} are of one class, {name}.", path=source, name=classes[0]),
            Text("Put the images of each class into a folder of its own; at least two classes are needed."),
        )
    number = {folder: index for index, folder in enumerate(classes)}
    return ImageFilesDataset(
        looked, format=name, source=source, problems=problems,
        fields=(looked.field(), Field("label", FieldKind.CATEGORY, Text("Class"), categories=classes)),
        columns={"label": np.array([number[folder] for folder in folders], dtype=np.int64)},
        splits=None if splits is None else np.array([str(SPLIT_NAMES[folder]) for folder in splits], dtype="U10"),
    )


def _loose(names: tuple[str, ...]) -> list[DataProblem]:
    return [DataProblem(
        "no-class", Text("{count} images lie outside of the class folders and are left out.", count=len(names)), names[:1000],
        Text("The name of the folder is the class."),
    )] if names else []


def class_folders(names: list[str]) -> tuple[list[str], list[str] | None]:
    """Returns the class folder of every file ("" for none), and its split folder where the first folders are splits.

    Args:
        names: Paths relative to the folder, with `/`.
    """
    folders = [name.rpartition("/")[0] for name in names]
    firsts = {folder: folder.partition("/")[0].lower() for folder in set(folders)}
    divided = all(first in SPLIT_NAMES for first in firsts.values()) and any("/" in folder for folder in firsts)
    if not divided:
        return folders, None
    return [folder.partition("/")[2] for folder in folders], [firsts[folder] for folder in folders]


def natural(name: str) -> tuple[bool, int, str]:
    """Sorts folders called by numbers in the order of the numbers."""
    digits = name.isascii() and name.isdigit() and len(name) < 10
    return (not digits, int(name) if digits else 0, name)
