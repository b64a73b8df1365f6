"""Columns whose values lie in files of their own: images and sounds, looked at when opened, read when asked for."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from workbench.data.base import DataProblem, Field, FieldKind, UnreadableRowsError
from workbench.data.decode import decode
from workbench.data.probe import probe
from workbench.data.sound import SoundInfo, read_sound, sound_info
from workbench.errors import DataError, Text

T = TypeVar("T")
KEPT_BYTES = 1 << 30
EAGER_FILES, EAGER_BYTES = 4000, 32 << 20
"""Up to this many images are decoded when opened, so that every damaged file is known at once."""

_LISTED, _REASONS = 1000, 20


class LazyColumn(ABC):
    """Values that are read when they are asked for."""

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def read(self, rows: Sequence[int]) -> Any:
        """Returns raw values of these rows, as `Dataset.column` describes them."""

    def sizes(self) -> np.ndarray | None:
        """Returns height and width `(n, 2)` of images that may be too many to be asked for all at once; else None."""
        return None


class ImageFiles(LazyColumn):
    """Images in files.

    Args:
        paths: The file of every row.
        field: What the images have in common.
        kept: Images that are decoded already, by row.
        pixels: Height and width of every image `(n, 2)`.
    """

    def __init__(self, paths: Sequence[Path], field: Field, kept: dict[int, np.ndarray], pixels: np.ndarray) -> None:
        self._paths, self._field, self._kept, self._pixels = paths, field, kept, pixels

    def __len__(self) -> int:
        return len(self._paths)

    def sizes(self) -> np.ndarray | None:
        return None if len(self._kept) == len(self._paths) else self._pixels

    def read(self, rows: Sequence[int]) -> Any:
        return alike(each_read(rows, self._image), self._field)

    def _image(self, row: int) -> np.ndarray:
        if row in self._kept:
            return self._kept[row]
        image, field = decode(self._paths[row]), self._field
        if (field.height and image.shape[:2] != (field.height, field.width)) or image.shape[2] > field.channels:
            raise DataError(Text("{path} has changed since the data was opened.", path=str(self._paths[row])), Text("Open the data again."))
        return image


class SoundFiles(LazyColumn):
    """Sounds in files.

    Args:
        paths: The file of every row.
        field: Their common rate and, where there is one, length.
    """

    def __init__(self, paths: Sequence[Path], field: Field) -> None:
        self._paths, self._field = paths, field

    def __len__(self) -> int:
        return len(self._paths)

    def read(self, rows: Sequence[int]) -> Any:
        length, rate = self._field.length, self._field.rate
        if not length:
            return each_read(rows, lambda row: read_sound(self._paths[row], rate))
        sounds, places = np.zeros((len(rows), length), np.float32), iter(range(len(rows)))

        def put(row: int) -> np.ndarray:  # straight to its place: many sounds at once would not fit into memory twice
            place = next(places)
            sound = read_sound(self._paths[row], rate)[:length]
            sounds[place, : len(sound)] = sound
            return sounds[place]

        each_read(rows, put)
        return sounds


def each_read(rows: Sequence[int], read: Callable[[int], np.ndarray]) -> list[np.ndarray]:
    """Returns what lies in the files of these rows.

    Raises:
        UnreadableRowsError: Some are damaged; it says which and why.
    """
    values: list[np.ndarray] = []
    bad: dict[int, str] = {}
    for row in rows:
        try:
            values.append(read(row))
        except DataError as error:
            bad[row] = error.message
    if bad:
        raise UnreadableRowsError(bad)
    return values


def alike(values: list[np.ndarray], field: Field) -> Any:
    """Returns images with as many channels, and sounds as long, as the field says: one array where all have one size."""
    if field.kind == FieldKind.IMAGE:
        values = [image if image.shape[2] == field.channels else np.repeat(image, field.channels, axis=2) for image in values]
        return np.stack(values) if field.height and values else values
    return np.stack([fitted(sound, field.length) for sound in values]) if field.length and values else values


def fitted(values: np.ndarray, length: int) -> np.ndarray:
    """Returns the first `length` steps of a row, with zeros behind a shorter one."""
    if len(values) >= length:
        return values[:length]
    return np.pad(values, ((0, length - len(values)), *((0, 0),) * (values.ndim - 1)))


def looked_at(look: Callable[[Path], T], paths: Sequence[Path], shown: Sequence[str]) -> tuple[list[T | None], list[DataProblem]]:
    """Looks at every file, several at once: what was seen, None for a file that cannot be used, and why.

    Args:
        look: Raises DataError for a file that cannot be used.
        paths: The files.
        shown: What they are called in problems.
    """
    found: list[T | None] = []
    bad: dict[str, list[str]] = {}

    def tried(path: Path) -> T | DataError:
        try:
            return look(path)
        except DataError as error:
            return error

    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        for start in range(0, len(paths), 256):
            part = pool.map(tried, paths[start:start + 256])
            for name, seen in zip(shown[start:start + 256], part, strict=True):
                found.append(None if isinstance(seen, DataError) else seen)
                if isinstance(seen, DataError):
                    bad.setdefault(_left_out_because(seen), []).append(name)
    most = sorted(bad.items(), key=lambda item: -len(item[1]))[:_REASONS]
    problems = [
        DataProblem("unreadable", Text("{count} files: {reason}", count=len(names), reason=why), tuple(names[:_LISTED])) for why, names in most
    ]
    return found, problems


def _left_out_because(error: DataError) -> Text:
    """Returns why a file is left out; the same for all files with the same fault."""
    reason = getattr(error.message, "values", {}).get("reason")
    return Text("left out, {reason}.", reason=reason) if reason else Text("left out. {sentence}", sentence=error.message)


Found = tuple[Field, Callable[[np.ndarray], LazyColumn], np.ndarray, list[DataProblem]]
"""The field, what makes its column of some of the files, which can be used (bool `(n,)`), and what is wrong with the others."""


def image_column(name: str, label: str, paths: Sequence[Path], shown: Sequence[str]) -> Found:
    """Returns a column of images; few are decoded at once, of many only the beginnings are looked at."""
    many = len(paths) > EAGER_FILES or sum(map(_bytes, paths)) > EAGER_BYTES
    found, problems = looked_at(_size if many else _image_and_size, paths, shown)
    kept, room = dict[int, np.ndarray](), KEPT_BYTES
    for row, seen in enumerate(found):
        if seen is not None and seen[1] is not None and (room := room - seen[1].nbytes) >= 0:
            kept[row] = seen[1]
    good = np.array([seen is not None for seen in found], bool)
    sizes = np.array([(0, 0, 0) if seen is None else seen[0] for seen in found], np.int32).reshape(-1, 3)
    known = sizes[good]
    height, width = known[0, :2].tolist() if len(known) and bool((known[:, :2] == known[0, :2]).all()) else (0, 0)
    field = Field(name, FieldKind.IMAGE, label, channels=int(known[:, 2].max(initial=1)), height=height, width=width)

    def make(rows: np.ndarray) -> LazyColumn:
        own = {place: kept[int(row)] for place, row in enumerate(rows) if int(row) in kept}
        return ImageFiles([paths[row] for row in rows], field, own, sizes[rows, :2])

    return field, make, good, problems


_Seen = tuple[tuple[int, int, int], np.ndarray | None]


def _image_and_size(path: Path) -> _Seen:
    image = decode(path)
    return (image.shape[0], image.shape[1], image.shape[2]), image


def _size(path: Path) -> _Seen:
    size = probe(path)
    if isinstance(size, DataError):
        raise size
    return size, None


def _bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def sound_column(name: str, label: str, paths: Sequence[Path], shown: Sequence[str], rate: int = 0) -> Found:
    """Returns a column of sounds; only their beginnings are looked at.

    Args:
        name: Of the field.
        label: What people call it.
        paths: The files.
        shown: What they are called in problems.
        rate: The common rate; 0: the most frequent one.
    """
    found, problems = looked_at(sound_info, paths, shown)
    infos: list[SoundInfo] = [info for info in found if info is not None]
    rate = rate or (Counter(info.rate for info in infos).most_common(1)[0][0] if infos else 0)
    lengths = {info.frames_at(rate) for info in infos}
    field = Field(name, FieldKind.AUDIO, label, length=lengths.pop() if len(lengths) == 1 else 0, rate=rate)
    good = np.array([info is not None for info in found], bool)
    return field, lambda rows: SoundFiles([paths[row] for row in rows], field), good, problems
