"""Files below a folder, by class and by split."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from workbench.data.decode import SUFFIXES as IMAGE_SUFFIXES
from workbench.data.sound import SOUND_SUFFIXES
from workbench.data.tables.types import SPLIT_NAMES

COLUMN_SUFFIXES = (".parquet", ".pq", ".arrow", ".feather", ".ipc")
PEEK = 2000


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
    """Returns the class folder of every file ("" for none), and its split where the first folders are called like splits."""
    parts = [path.relative_to(root).parts[:-1] for path in paths]
    divided = bool(parts) and all(part and part[0].lower() in SPLIT_NAMES for part in parts)
    splits = np.array([str(SPLIT_NAMES[part[0].lower()]) for part in parts], dtype="U10") if divided else None
    return ["/".join(part[int(divided):]) for part in parts], splits
