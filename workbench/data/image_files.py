"""Rows that are image files: small sets are decoded when opened, large ones are known by their index and decoded when asked for."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from workbench.data.base import DataProblem, Field, FieldKind, UnreadableRowsError
from workbench.data.decode import SUFFIXES, decode
from workbench.data.index import FileIndex, index_path, indexed, listing
from workbench.data.memory import MemoryDataset
from workbench.data.progress import report
from workbench.data.side_by_side import TOGETHER, each, threads
from workbench.errors import DataError, Text

CACHE_BYTES = 2 << 30
"""Decoded images up to this much stay in memory; what is beyond is decoded again when asked for."""

EAGER_FILES, EAGER_BYTES = 4000, 32 << 20
"""Sets up to this size are decoded when opened, so that every damaged file is known at once."""

_PART = 256


@dataclass(frozen=True, slots=True)
class Looked:
    """The image files of a folder that can be used.

    Attributes:
        names: Paths relative to the folder, sorted.
        sizes: Height, width and channels, int32 `(n, 3)`.
        kept: The decoded images, as far as they were decoded and fit.
        problems: The files that cannot be used.
    """

    root: Path
    names: list[str]
    sizes: np.ndarray
    kept: dict[int, np.ndarray]
    problems: list[DataProblem]

    def chosen(self, places: Sequence[int]) -> Looked:
        """Returns only these files, in this order."""
        kept = {row: self.kept[place] for row, place in enumerate(places) if place in self.kept}
        return Looked(self.root, [self.names[place] for place in places], self.sizes[np.asarray(places, dtype=np.int64)], kept, self.problems)

    def field(self, name: str = "image") -> Field:
        """Returns the image field: the common size or none, colour where any image has colour."""
        height, width = self.sizes[0, :2].tolist() if len(self.sizes) and bool((self.sizes[:, :2] == self.sizes[0, :2]).all()) else (0, 0)
        return Field(name, FieldKind.IMAGE, Text("Image"), channels=int(self.sizes[:, 2].max(initial=1)), height=height, width=width)


def look(root: Path) -> Looked:
    """Looks at all image files below a folder.

    Raises:
        DataError: There are none, none can be read, or the work was cancelled.
    """
    if index_path(root).exists():
        return _of_index(root, indexed(root))
    listed = listing(root)
    names, sizes = listed[:2]
    if len(names) > EAGER_FILES or int(sizes.sum()) > EAGER_BYTES:
        return _of_index(root, indexed(root, listed))
    return _sound(root, len(names), _decoded(root, names))


def _of_index(root: Path, index: FileIndex) -> Looked:
    good = np.flatnonzero(index.channels > 0)
    problems = [
        DataProblem("unreadable", reason, (index.names[row],), Text("It is left out.")) for row, reason in sorted(index.reasons.items())
    ]
    names = index.names if len(good) == len(index.names) else [index.names[row] for row in good]
    sizes = np.stack([index.heights[good], index.widths[good], index.channels[good].astype(np.int32)], 1)
    return _sound(root, len(index.names), Looked(root, names, sizes, {}, problems))


def _sound(root: Path, count: int, looked: Looked) -> Looked:
    if not count:
        raise DataError(
            Text("There are no images in the folder {path}.", path=str(root)),
            Text("Put one folder of images per class into it; PNG, JPEG, BMP, WebP, GIF and TIFF are read."),
        )
    if not looked.names:
        raise DataError(
            Text("None of the {count} images in {path} can be read.", count=count, path=str(root)), looked.problems[0].message
        )
    return looked


def _decoded(root: Path, found: list[str]) -> Looked:
    """Decodes all files: the good ones, the images that fit into memory, all sizes, and what is wrong with the others."""
    names: list[str] = []
    kept: dict[int, np.ndarray] = {}
    sizes: list[tuple[int, ...]] = []
    problems: list[DataProblem] = []
    room = CACHE_BYTES
    with threads() as pool:
        for name, image in zip(found, _in_turn(pool, root, found), strict=True):
            if isinstance(image, DataError):
                problems.append(DataProblem("unreadable", image.message, (name,), Text("It is left out.")))
                continue
            if (room := room - image.nbytes) >= 0:
                kept[len(names)] = image
            names.append(name)
            sizes.append(image.shape)
    return Looked(root, names, np.array(sizes, dtype=np.int32).reshape(-1, 3), kept, problems)


def _in_turn(pool: ThreadPoolExecutor, root: Path, found: list[str]) -> Iterator[np.ndarray | DataError]:
    """Decodes in parallel, a few hundred at a time, so that images nobody keeps do not pile up."""
    for start in range(0, len(found), _PART):
        report(start / len(found), Text("{done} of {count} images read", done=f"{start:,}", count=f"{len(found):,}"))
        yield from each(pool, _tried, [f"{root}{os.sep}{name}" for name in found[start:start + _PART]])


def _tried(path: str) -> np.ndarray | DataError:
    try:
        return decode(path)
    except DataError as error:
        return error


class ImageFilesDataset(MemoryDataset):
    """Images by file, decoded when asked for and kept as far as memory allows.

    Args:
        looked: The files, one per row.
        image: The name of the image field.
        **rest: As for `MemoryDataset`; the ids are the names of the files where none are given.
    """

    def __init__(self, looked: Looked, image: str = "image", **rest: Any) -> None:
        given: dict[str, Any] = {"ids": looked.names, **rest, "problems": [*rest.get("problems", ()), *looked.problems]}
        super().__init__(**given)
        self._root, self._names, self._image_field = looked.root, looked.names, image
        self._kept, self._sizes = dict(looked.kept), looked.sizes[:, :2]
        self._room = CACHE_BYTES - sum(one.nbytes for one in self._kept.values())
        field = self.field(image)
        self._channels, self._size = field.channels, (field.height, field.width)
        self._lock = threading.Lock()

    def path_of(self, row: int) -> Path:
        """Returns the file of a row."""
        return self._root / self._names[row]

    def image_sizes(self, name: str) -> np.ndarray | None:
        return None if name != self._image_field or len(self._kept) == len(self) else self._sizes

    def column(self, name: str, rows: np.ndarray | None = None) -> Any:
        if name != self._image_field:
            return super().column(name, rows)
        wanted: Sequence[int] = range(len(self)) if rows is None else np.asarray(rows).tolist()
        images = self._images(wanted)
        bad = {row: str(image.message) for row, image in zip(wanted, images, strict=True) if isinstance(image, DataError)}
        if bad:
            raise UnreadableRowsError(bad)
        return np.stack(images) if self._size[0] and images else images  # pyright: ignore[reportCallIssue, reportArgumentType]

    def _images(self, rows: Sequence[int]) -> list[np.ndarray | DataError]:
        beside = threading.current_thread().name.startswith("loader")  # a loader's threads work side by side already
        if beside or sum(row not in self._kept for row in rows) < TOGETHER:
            return [self._image(row) for row in rows]
        images: list[np.ndarray | DataError] = []
        with threads() as pool:
            for start in range(0, len(rows), _PART):
                report(start / len(rows), Text("{done} of {count} images read", done=f"{start:,}", count=f"{len(rows):,}"))
                images += each(pool, self._image, rows[start:start + _PART])
        return images

    def _image(self, row: int) -> np.ndarray | DataError:
        image = self._kept.get(row)
        if image is None:
            image = _tried(f"{self._root}{os.sep}{self._names[row]}")
            if isinstance(image, DataError):
                return image
            if (self._size[0] and image.shape[:2] != self._size) or image.shape[2] > self._channels:
                return DataError(Text("{path} has changed since the data was opened.", path=self._names[row]), Text("Open the data again."))
            self._keep(row, image)
        return image if image.shape[2] == self._channels else np.repeat(image, self._channels, axis=2)

    def _keep(self, row: int, image: np.ndarray) -> None:
        if image.nbytes > self._room:
            return
        with self._lock:
            if image.nbytes <= self._room and row not in self._kept:
                self._room -= image.nbytes
                self._kept[row] = image


def holds_images(folder: Path, peek: int = 2000) -> bool:
    """Whether there is an image among the first files below a folder; never raises."""
    seen = 0
    for _, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__MACOSX")))
        for name in files:
            if name.lower().endswith(SUFFIXES) and not name.startswith("."):
                return True
            seen += 1
            if seen > peek:
                return False
    return False
