"""Files below a folder, by class and by split."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from workbench.data.decode import SUFFIXES as IMAGE_SUFFIXES
from workbench.data.sound import SOUND_SUFFIXES
from workbench.data.tables.types import SPLIT_NAMES

COLUMN_SUFFIXES = (".parquet", ".pq", ".arrow", ".feather", ".ipc")
PEEK = 2000
_NUMBERED = re.compile(r"^(.*?[^\W\d_].*?)[\s._()\-]*\d+\)?$")
_CAMERA = frozenset({
    "img", "image", "images", "dsc", "dscn", "dscf", "pxl", "mvimg", "p", "photo", "pic", "picture", "scan", "frame", "screenshot", "file", "page",
    "sample", "图片", "照片", "微信图片",
})
"""What cameras and programs put before a number; it says nothing about the picture."""

_MOST_NAMES = 200


def files_below(root: Path, suffixes: tuple[str, ...]) -> Iterator[Path]:
    """Yields the files below `root` with these endings, in order; links to folders are not followed, hidden files are left out."""
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__MACOSX")))
        for name in sorted(files):
            if name.lower().endswith(suffixes) and not name.startswith("."):
                yield Path(folder, name)


def holds(root: Path, suffixes: tuple[str, ...]) -> bool:
    """Whether one of the first files below `root` ends like this."""
    every = islice(files_below(root, ("",)), PEEK)
    return any(path.name.lower().endswith(suffixes) for path in every)


def mostly(root: Path, suffixes: tuple[str, ...]) -> bool:
    """Whether most images, sounds and column files among the first files below `root` end like this."""
    names = [path.name.lower() for path in islice(files_below(root, ("",)), PEEK)]
    wanted = sum(name.endswith(suffixes) for name in names)
    return wanted > 0 and 2 * wanted > sum(name.endswith((*IMAGE_SUFFIXES, *SOUND_SUFFIXES, *COLUMN_SUFFIXES)) for name in names)


def class_folders(root: Path, paths: Sequence[Path]) -> tuple[list[str], np.ndarray | None]:
    """Returns the class folder of every file ("" for none), and its split where folders are called like splits."""
    folders = [path.relative_to(root).parent.as_posix().removeprefix(".") for path in paths]
    known, divided = placed(folders)
    splits = np.array([str(SPLIT_NAMES[known[folder][0]]) for folder in folders], dtype="U10") if divided else None
    return [known[folder][1] for folder in folders], splits


def placed(folders: Iterable[str]) -> tuple[dict[str, tuple[str, str]], bool]:
    """Returns the folder called like a split (in small letters) and the class of every folder, and whether there are splits.

    What all of them have in common before that is only wrapping and says nothing.

    Args:
        folders: Where files lie, relative, with `/`.
    """
    different: dict[str, tuple[str, ...]] = {folder: tuple(folder.split("/")) if folder else () for folder in set(folders)}
    common = 0
    for parts in zip(*(place for place in different.values() if place), strict=False):
        if len(set(parts)) > 1 or parts[0].lower() in SPLIT_NAMES:
            break
        common += 1
    common = min((common, *(len(place) - 1 for place in different.values() if place)))
    rest = {folder: place[common:] for folder, place in different.items()}
    divided = bool(rest) and all(place and place[0].lower() in SPLIT_NAMES for place in rest.values())
    return {folder: (place[0].lower() if divided else "", "/".join(place[int(divided):])) for folder, place in rest.items()}, divided


def classes_by_name(names: Sequence[str]) -> list[str] | None:
    """Returns what stands before the number in the name of every file, where that can be a class: several, each more than once.

    Args:
        names: Paths, with `/`.
    """
    found: list[str] = []
    for name in names:
        match = _NUMBERED.match(name.rpartition("/")[2].rpartition(".")[0])
        if match is None or match.group(1).lower() in _CAMERA:
            return None
        found.append(match.group(1))
    counts = Counter(found)
    return found if 2 <= len(counts) <= _MOST_NAMES and min(counts.values()) > 1 else None
