"""A folder of images: one folder per class, divided into train, validation and test or not; or the class in the names of the files, or none."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import numpy as np

from workbench.catalogue import Params, param
from workbench.data.base import DataProblem, Dataset, Field, FieldKind, Format, Question
from workbench.data.decode import SUFFIXES
from workbench.data.folders import classes_by_name, placed
from workbench.data.image_files import ImageFilesDataset, holds_images, look
from workbench.data.tables.types import SPLIT_NAMES
from workbench.errors import DataError, Text

_GENERAL = frozenset({
    "images", "image", "imgs", "img", "pics", "pictures", "photos", "jpg", "jpeg", "jpegs", "jpegimages", "png", "pngs", "data", "dataset", "files",
    "all", "raw", "train2014", "train2017", "val2014", "val2017", "test2017", "图片", "图像", "照片",
})
"""Names of a folder that say where images lie, not what is on them."""

_PEEK = 2000


class ImageFolderParams(Params):
    """Where the class of an image stands."""

    classes: Literal["", "folder", "name", "none"] = param(
        "", label="Classes", main=False, choices=("", "folder", "name", "none"),
        help="What says the class: the folder, what stands before the number in the name, or nothing; empty finds it out.",
    )


class ImageFolder(Format):
    """A folder of images: the name of the innermost folder is the class."""

    name = "image_folder"
    label = "Image folder"
    category = "file"
    summary = "One folder of images per class; folders called train, validation and test divide them. Images without classes open too."
    aliases = ("ImageFolder", "directory", "png", "jpg", "图片文件夹")
    priority = 10
    Params = ImageFolderParams

    def recognises(self, path: Path) -> bool:
        return path.is_dir() and holds_images(path)

    def questions(self, path: Path, params: Any) -> tuple[Question, ...]:
        if params.classes or not path.is_dir():
            return ()
        found = _first_names(path)
        folders, _ = class_folders(found)
        named = classes_by_name(found) if found and (not any(folders) or _says_nothing(folders)) else None
        if named is None:
            return ()
        shown = ", ".join(sorted(set(named))[:5])
        by_name = Text("What stands before the number in its name: {names}", names=shown)
        choices = (("name", by_name), ("none", Text("Nothing: the images have no classes")))
        return (Question("classes", Text("What says the class of an image?"), choices, "name"),)

    def open(self, source: str, params: Any) -> Dataset:
        root = Path(source)
        if not root.is_dir():
            raise DataError(Text("{path} is no folder.", path=source), Text("Choose the folder that holds one folder per class."))
        return _opened(self.name, source, root, params.classes)


@dataclass(frozen=True, slots=True)
class _Placed:
    """The class and the split of every image.

    Attributes:
        classes: The name of each ("" for none), or None where images have no classes.
        splits: The split of each, or None.
        told: What people should know about how these were found.
    """

    classes: list[str] | None
    splits: np.ndarray | None
    told: list[DataProblem]


def _opened(name: str, source: str, root: Path, wanted: str) -> Dataset:
    """Opens the images below `root`.

    Raises:
        DataError: One class only, or nothing that can be read.
    """
    looked = look(root)
    found = _found(source, looked.names, wanted)
    if found.classes is None:
        return ImageFilesDataset(looked, format=name, source=source, problems=found.told, fields=(looked.field(),), columns={}, splits=found.splits)
    loose = [row for row, folder in enumerate(found.classes) if not folder]
    problems, names, splits = [*found.told, *_loose([looked.names[row] for row in loose])], found.classes, found.splits
    if loose:
        kept = [row for row, folder in enumerate(names) if folder]
        looked, names = looked.chosen(kept), [names[row] for row in kept]
        splits = splits if splits is None else splits[kept]
    classes = tuple(sorted(set(names), key=natural))
    if len(classes) == 1:
        raise DataError(
            Text("All images in {path} are of one class, {name}.", path=source, name=classes[0]),
            Text("Put the images of each class into a folder of its own; at least two classes are needed. Without classes, open {name} itself.",
                 name=classes[0]),
        )
    number = {folder: index for index, folder in enumerate(classes)}
    return ImageFilesDataset(
        looked, format=name, source=source, problems=problems, splits=splits,
        fields=(looked.field(), Field("label", FieldKind.CATEGORY, Text("Class"), categories=classes)),
        columns={"label": np.array([number[folder] for folder in names], dtype=np.int64)},
    )


def _found(source: str, names: list[str], wanted: str) -> _Placed:
    """Returns the classes that folders say, or names, or nothing."""
    folders, splits = class_folders(names)
    unclassed = not any(folders) or _says_nothing(folders)
    if wanted == "folder" and not any(folders):
        raise DataError(
            Text("The images in {path} lie in no class folders.", path=source), Text("Put the images of each class into a folder of its own."),
        )
    if wanted == "folder" or (not wanted and not unclassed):
        return _Placed(folders, splits, [])
    named = classes_by_name(names) if wanted != "none" else None
    if named is None and wanted == "name":
        raise DataError(
            Text("The names of the images in {path} do not say their classes.", path=source),
            Text("Call them by class and number, such as cat_001.jpg, or put the images of each class into a folder of its own."),
        )
    if named is not None:
        shown = ", ".join(sorted(set(named))[:5])
        told = DataProblem(
            "class-by-name", Text("The class of an image is what stands before the number in its name: {names}.", names=shown),
            reason=Text("No folders say it. The parameter classes opens the images without classes, too."),
        )
        return _Placed(named, splits, [] if wanted else [told])
    told = DataProblem(
        "no-class", Text("Nothing says what is on the images: they lie in no class folders, and no table names them."),
        reason=Text("They can be looked at, and painted again by an autoencoder. To tell classes apart, put each into a folder of its own."),
    )
    return _Placed(None, splits, [] if wanted else [told])


def _first_names(root: Path) -> list[str]:
    """Returns the first images of a folder without class folders, however many there are; nothing where there are class folders."""
    found: list[str] = []
    left = [""]
    try:
        while left and len(found) < _PEEK:
            folder = left.pop()
            with os.scandir(root / folder) as entries:
                for entry in islice(entries, _PEEK):
                    if entry.name.startswith((".", "__MACOSX")):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        if entry.name.lower() not in _GENERAL | SPLIT_NAMES.keys():
                            return []
                        left.append(f"{folder}{entry.name}/")
                    elif entry.name.lower().endswith(SUFFIXES):
                        found.append(f"{folder}{entry.name}")
    except OSError:
        return []
    return found


def _says_nothing(folders: Sequence[str]) -> bool:
    """Whether all images lie in one folder of a general name."""
    different = set(folders)
    return len(different) == 1 and next(iter(different)).rpartition("/")[2].lower() in _GENERAL


def _loose(names: list[str]) -> list[DataProblem]:
    return [DataProblem(
        "no-class", Text("{count} images lie outside of the class folders and are left out.", count=len(names)), tuple(names[:1000]),
        Text("The name of the folder is the class."),
    )] if names else []


def class_folders(names: Sequence[str]) -> tuple[list[str], np.ndarray | None]:
    """Returns the class folder of every file ("" for none), and its split where folders are called like splits.

    Args:
        names: Paths relative to the folder, with `/`.
    """
    folders = [name.rpartition("/")[0] for name in names]
    known, divided = placed(folders)
    splits = np.array([str(SPLIT_NAMES[known[folder][0]]) for folder in folders], dtype="U10") if divided else None
    return [known[folder][1] for folder in folders], splits


def natural(name: str) -> tuple[bool, int, str]:
    """Sorts folders called by numbers in the order of the numbers."""
    digits = name.isascii() and name.isdigit() and len(name) < 10
    return (not digits, int(name) if digits else 0, name)
