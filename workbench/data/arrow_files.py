"""Images and sounds whose files lie in a column of Arrow: looked at once, decoded when asked for."""

from __future__ import annotations

import os
import tempfile
import threading
import zipfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from workbench.data.base import DataProblem, Field, FieldKind
from workbench.data.decode import decode_bytes
from workbench.data.index import cache_folder
from workbench.data.probe import probe_bytes
from workbench.data.progress import report
from workbench.data.sound import read_sound, sound_info
from workbench.data.tables.files import KEPT_BYTES, LazyColumn, alike, each_read, looked_at
from workbench.errors import DataError, Text

AT_ONCE_BYTES = 256 << 20
"""Images of more than this, decoded, are never asked for all at once."""

_KEPT_ROWS = 2000
_VERSION = 1
_PART, _WAVE = 512, 8192
_SOUNDS = (b"RIFF", b"fLaC", b"OggS", b"ID3", b"\xff\xfb")
Facts = tuple[int, int, int]
"""Height, width and channels of an image; rate, samples and channels of a sound; zeros where it cannot be used."""


class BytesColumn(LazyColumn):
    """Images or sounds whose files lie in a column.

    Args:
        column: Binary values, a `pyarrow.ChunkedArray`.
        field: What they have in common.
        read: Turns the bytes of one into what it holds.
        facts: What was seen of each, int32 `(n, 3)`.
        rows: Which values of the column these are; all where None.
    """

    def __init__(self, column: Any, field: Field, read: Callable[[bytes], np.ndarray], facts: np.ndarray, rows: np.ndarray | None = None) -> None:
        self._column, self._field, self._read, self._facts, self._rows = column, field, read, facts, rows
        self._kept: dict[int, np.ndarray] = {}
        self._room, self._lock = KEPT_BYTES, threading.Lock()

    def __len__(self) -> int:
        return len(self._column) if self._rows is None else len(self._rows)

    @property
    def good(self) -> np.ndarray:
        """Which rows can be read, bool `(n,)`."""
        return self._facts[:, 2] > 0

    def sizes(self) -> np.ndarray | None:
        """Returns height and width `(n, 2)` of images that are too many to be decoded all at once; else None."""
        if self._field.kind != FieldKind.IMAGE:
            return None
        pixels = int((self._facts[:, 0].astype(np.int64) * self._facts[:, 1]).sum())
        return self._facts[:, :2] if pixels * self._field.channels > AT_ONCE_BYTES else None

    def read(self, rows: Sequence[int]) -> Any:
        return alike(each_read(rows, self._one), self._field)

    def _one(self, row: int) -> np.ndarray:
        found = self._kept.get(row)
        if found is None:
            found = self._read(self._column[row if self._rows is None else int(self._rows[row])].as_py() or b"")
            with self._lock:
                if row not in self._kept and found.nbytes <= self._room:
                    self._room -= found.nbytes
                    self._kept[row] = found
        return found

    def taken(self, rows: np.ndarray) -> BytesColumn:
        """Returns these rows alone."""
        return BytesColumn(self._column, self._field, self._read, self._facts[rows], rows if self._rows is None else self._rows[rows])


def files_column(
    name: str, label: str, column: Any, hint: Mapping[str, Any], key: str = "",
) -> tuple[Field, BytesColumn, list[DataProblem]]:
    """Returns a column of images or sounds, told apart by their first bytes.

    Args:
        name, label: Of the field.
        column: Binary values, a `pyarrow.ChunkedArray`.
        hint: What a Hugging Face dataset says of the column.
        key: What the files are that the column comes from: with the same key, what was seen is not looked for again. "" keeps nothing.
    """
    first = next((value.as_py() for value in column if value.is_valid), b"")
    called = Path(label)
    if hint.get("_type") == "Audio" or first[:4] in _SOUNDS or first[:3] in _SOUNDS or first[:2] == b"\xff\xfb":
        facts, problems = _facts(column, lambda data: _sound(called, data), key and f"{key}\0{label}\0sound")
        rates, counts = np.unique(facts[facts[:, 2] > 0, 0], return_counts=True)
        rate = int(rates[counts.argmax()]) if len(rates) else 0
        lengths = {-(-int(frames) * rate // int(own)) for own, frames in np.unique(facts[facts[:, 2] > 0, :2], axis=0)}
        field = Field(name, FieldKind.AUDIO, label, length=lengths.pop() if len(lengths) == 1 else 0, rate=rate)
        return field, BytesColumn(column, field, lambda data: read_sound(called, rate, data), facts), problems
    facts, problems = _facts(column, lambda data: _image(called, data), key and f"{key}\0{label}\0image")
    sizes = facts[facts[:, 2] > 0, :2]
    height, width = (int(side) for side in sizes[0]) if len(sizes) and bool((sizes == sizes[0]).all()) else (0, 0)
    field = Field(name, FieldKind.IMAGE, label, channels=int(facts[:, 2].max(initial=1)) or 1, height=height, width=width)
    return field, BytesColumn(column, field, lambda data: decode_bytes(data, called), facts), problems


def _image(called: Path, data: bytes) -> Facts:
    seen = probe_bytes(data, called)
    if isinstance(seen, DataError):
        raise seen
    return seen


def _sound(called: Path, data: bytes) -> Facts:
    seen = sound_info(called, data)
    return seen.rate, seen.frames, seen.channels


def _facts(column: Any, look: Callable[[bytes], Facts], key: str) -> tuple[np.ndarray, list[DataProblem]]:
    """Returns what is seen of every row, int32 `(n, 3)`, and what is wrong with those that cannot be used."""
    path = _path(key) if key and len(column) >= _KEPT_ROWS else None
    facts = _kept(path, len(column)) if path is not None else None
    if facts is None:
        facts = _looked(column, look)
        if path is not None:
            _keep(path, facts)
    bad = np.flatnonzero(facts[:, 2] == 0)
    rows, shown = [Path(str(row)) for row in bad], [f"row {row}" for row in bad]
    return facts, looked_at(lambda row: look(column[int(str(row))].as_py() or b""), rows, shown)[1]


def _looked(column: Any, look: Callable[[bytes], Facts]) -> np.ndarray:
    facts = np.zeros((len(column), 3), np.int32)

    def seen(start: int) -> list[Facts]:
        return [_tried(look, value.as_py() or b"") for value in column.slice(start, _PART)]

    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        for wave in range(0, len(column), _WAVE):
            report(wave / len(column), Text("{done} of {count} rows looked at", done=wave, count=len(column)))
            starts = range(wave, min(wave + _WAVE, len(column)), _PART)
            for start, found in zip(starts, pool.map(seen, starts), strict=True):
                facts[start : start + len(found)] = found
    return facts


def _tried(look: Callable[[bytes], Facts], data: bytes) -> Facts:
    try:
        return look(data)
    except DataError:
        return 0, 0, 0


def _path(key: str) -> Path:
    return cache_folder() / "indexes" / f"column-{blake2b(key.encode('utf-8', 'surrogatepass'), digest_size=12).hexdigest()}.npz"


def _kept(path: Path, count: int) -> np.ndarray | None:
    """Returns what was seen the last time; None where it cannot be used."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
            facts = kept["facts"]
            return facts if int(kept["version"]) == _VERSION and facts.shape == (count, 3) and facts.dtype == np.int32 else None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def _keep(path: Path, facts: np.ndarray) -> None:
    """Keeps what was seen; where that cannot be done it is looked for again the next time."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, scratch = tempfile.mkstemp(dir=path.parent, prefix=".column")
        try:
            with os.fdopen(handle, "wb") as file:
                np.savez(file, facts=facts, version=np.int64(_VERSION))
            os.replace(scratch, path)
        except OSError:
            os.unlink(scratch)
            raise
