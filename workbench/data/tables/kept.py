"""Tables that were read before: typed columns in the user's cache, mapped into memory, so that a large file opens at once the next time.

One file per source and way of reading it. It begins with what it holds as JSON; the columns follow as plain arrays, each with a checksum.
What does not fit the source as it is now, or is damaged, is read again from the source; nothing in it is ever unpickled.
"""

from __future__ import annotations

import json
import mmap
import os
import tempfile
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from dataclasses import fields as dataclass_fields
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from workbench.catalogue import Params
from workbench.data.base import DataProblem, Dataset, Field, FieldKind
from workbench.data.index import cache_folder
from workbench.data.memory import MemoryDataset
from workbench.data.tables.ids import DigestIds
from workbench.data.tables.texts import TextColumn
from workbench.text import Text

LEAST_BYTES = 1 << 20
"""Smaller sources are read again: that takes no time."""

MOST_BYTES, MOST_DAYS = 8 << 30, 90
_MAGIC, _VERSION, _ALIGNED = b"WBTABLE\n", 1, 64
_LARGEST_HEADER = 64 << 20
_TYPES = frozenset({"float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint64", "bool"})
_RACE_NS = 50_000_000


@dataclass(frozen=True, slots=True)
class Source:
    """A file as it is now, and how it is read.

    Attributes:
        path: The file.
        size, changed: Bytes, and when it was changed in nanoseconds.
        reading: How it is read: the format and its parameters.
    """

    path: Path
    size: int
    changed: int
    reading: str

    @classmethod
    def of(cls, path: Path, format: str, params: Mapping[str, Any]) -> Source:
        """Returns what is known of a file before it is read."""
        about = path.stat()
        return cls(path, about.st_size, about.st_mtime_ns, json.dumps([format, dict(params)], sort_keys=True, default=str))

    @property
    def kept_in(self) -> Path:
        """Where its columns are kept."""
        name = blake2b(f"{self.path.resolve()}\0{self.reading}".encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
        return cache_folder() / "tables" / f"{name}.columns"

    @property
    def stable(self) -> bool:
        """Whether it is still the same file, and long enough so that a change would show."""
        try:
            about = self.path.stat()
        except OSError:
            return False
        return (about.st_size, about.st_mtime_ns) == (self.size, self.changed) and abs(time.time_ns() - self.changed) > _RACE_NS


def opened(path: Path, format: str, params: Params, make: Callable[[], Dataset]) -> Dataset:
    """Returns the dataset of a file: as it was read before where nothing has changed, else as `make` reads it, to be kept once its ids are known.

    Args:
        path: The file.
        format: The name of its format.
        params: The parameters of the format.
        make: Reads it.
    """
    try:
        source = Source.of(path, format, params.model_dump(mode="json"))
    except OSError:
        return make()
    if source.size < LEAST_BYTES:
        return make()
    dataset = read(source)
    if dataset is not None:
        return dataset
    dataset = make()
    ids = dataset.ids()
    if isinstance(dataset, MemoryDataset) and isinstance(ids, DigestIds):
        ids.once_known(lambda: write(source, dataset))
    return dataset


def read(source: Source) -> Dataset | None:
    """Returns the dataset as it was read before; None where it was not, the source has changed, or what was kept is damaged."""
    try:
        with open(source.kept_in, "rb") as file:
            held = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        about, begin = _header(held)
        if [about["size"], about["changed"], about["path"]] != [source.size, source.changed, str(source.path.resolve())]:
            return None
        arrays = {name: _array(held, begin, entry) for name, entry in about["arrays"].items()}
        dataset = _dataset(about, arrays)
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError):
        return None
    with suppress(OSError):
        os.utime(source.kept_in)
    return dataset


def write(source: Source, dataset: MemoryDataset) -> bool:
    """Keeps the columns of a dataset; returns whether that could be done."""
    arrays = arrays_of(dataset)
    if arrays is None or not source.stable:
        return False
    path = source.kept_in
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, scratch = tempfile.mkstemp(dir=path.parent, prefix=".table")
        try:
            with os.fdopen(handle, "wb") as file:
                _write(file, source, dataset, arrays)
            os.replace(scratch, path)
        except OSError:
            os.unlink(scratch)
            raise
    except OSError:
        return False
    _prune(path)
    return True


def arrays_of(dataset: MemoryDataset) -> dict[str, np.ndarray] | None:
    """Returns everything that is kept of a dataset as arrays by name, None where a column does not lie in memory."""
    found: dict[str, np.ndarray] = {}
    ids = dataset.ids()
    for field in dataset.fields:
        values = dataset.column(field.name)
        if isinstance(values, np.ndarray):
            found[f"column:{field.name}"] = values
            continue
        if field.kind != FieldKind.TEXT:
            return None
        texts = values if isinstance(values, TextColumn) else TextColumn.of(values)
        found[f"text:{field.name}"], found[f"ends:{field.name}"] = texts.packed()
    if not isinstance(ids, DigestIds):
        return None
    found["ids"] = ids.digests
    if ids.times is not None:
        found["times"] = ids.times
    splits = dataset.given_splits()
    if splits is not None:
        names, codes = np.unique(splits, return_inverse=True)
        found["splits"] = codes.astype(np.int8)
        found["split names"] = np.frombuffer("\0".join(names.tolist()).encode(), np.uint8)
    return found if all(str(array.dtype) in _TYPES for array in found.values()) else None


def _write(file: Any, source: Source, dataset: Dataset, arrays: Mapping[str, np.ndarray]) -> None:
    entries, place = {}, 0
    whole = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    for name, array in whole.items():
        entries[name] = {
            "dtype": str(array.dtype), "shape": list(array.shape), "offset": place, "sum": zlib.crc32(array.reshape(-1).view(np.uint8).data),
        }
        place += -(-array.nbytes // _ALIGNED) * _ALIGNED
    about = {
        "version": _VERSION, "path": str(source.path.resolve()), "size": source.size, "changed": source.changed, "arrays": entries,
        "format": dataset.format, "source": dataset.source, "fields": [_members(field) for field in dataset.fields],
        "problems": [_members(problem) for problem in dataset.problems],
    }
    header = json.dumps(about).encode("utf-8")
    file.write(_MAGIC + len(header).to_bytes(8, "little") + zlib.crc32(header).to_bytes(8, "little") + header)
    file.write(b"\0" * (-file.tell() % _ALIGNED))
    for array in whole.values():
        file.write(array.reshape(-1).view(np.uint8).data)
        file.write(b"\0" * (-array.nbytes % _ALIGNED))


def _header(held: mmap.mmap) -> tuple[dict[str, Any], int]:
    """Returns what a kept table says about itself, and where its arrays begin."""
    start = len(_MAGIC) + 16
    size = int.from_bytes(held[len(_MAGIC):len(_MAGIC) + 8], "little")
    raw = held[start:start + size] if size <= _LARGEST_HEADER else b""
    if held[:len(_MAGIC)] != _MAGIC or zlib.crc32(raw) != int.from_bytes(held[len(_MAGIC) + 8:start], "little"):
        raise ValueError("not a kept table")
    about = json.loads(raw)
    if about["version"] != _VERSION:
        raise ValueError("another version")
    return about, -(-(start + size) // _ALIGNED) * _ALIGNED


def _array(held: mmap.mmap, begin: int, entry: Mapping[str, Any]) -> np.ndarray:
    """Returns one array, mapped; what is written into it stays in memory.

    Raises:
        ValueError: It is damaged.
    """
    if entry["dtype"] not in _TYPES:
        raise ValueError(entry["dtype"])
    count = int(np.prod(entry["shape"], dtype=np.int64))
    array = np.frombuffer(held, entry["dtype"], count, begin + entry["offset"]) if count else np.zeros(0, entry["dtype"])
    if zlib.crc32(array.view(np.uint8).data) != entry["sum"]:
        raise ValueError("damaged")
    return array.reshape(entry["shape"])


def _dataset(about: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Dataset:
    from workbench.data.tables.columns import TableDataset

    fields = [_field(item) for item in about["fields"]]
    columns: dict[str, Any] = {}
    count = len(arrays["ids"])
    for field in fields:
        text = f"text:{field.name}"
        columns[field.name] = TextColumn.unpacked(arrays[text], arrays[f"ends:{field.name}"]) if text in arrays else arrays[f"column:{field.name}"]
        if len(columns[field.name]) != count:
            raise ValueError("columns of several lengths")
    splits = None
    if "splits" in arrays:
        names = np.array(arrays["split names"].tobytes().decode().split("\0"), dtype="U10")
        splits = names[arrays["splits"]]
    ids = DigestIds.known_as(arrays["ids"], arrays.get("times"))
    problems = [_problem_again(item) for item in about["problems"]]
    return TableDataset(
        format=about["format"], source=about["source"], fields=fields, columns=columns, ids=ids, splits=splits, problems=problems,
    )


def _field(item: Mapping[str, Any]) -> Field:
    values: dict[str, Any] = {name: _said(value) for name, value in item.items()}
    values |= {"kind": FieldKind(values["kind"]), "categories": tuple(values["categories"])}
    return Field(**values)


def _members(value: Field | DataProblem) -> dict[str, Any]:
    return {member.name: _plain(getattr(value, member.name)) for member in dataclass_fields(value)}


def _problem_again(item: Mapping[str, Any]) -> DataProblem:
    values = {name: _said(value) for name, value in item.items()}
    return DataProblem(**{name: _frozen(value) for name, value in values.items()})


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value


def _plain(value: Any) -> Any:
    """Returns a value as JSON has it; a sentence keeps its template, so that it can still be translated."""
    if isinstance(value, Text):
        return {"text": value.template, "values": {name: _plain(item) for name, item in value.values.items()}}
    if isinstance(value, Mapping):
        return {"map": {str(name): _plain(item) for name, item in value.items()}}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(item) for item in value]
    return value.item() if isinstance(value, np.generic) else value


def _said(value: Any) -> Any:
    """Returns what `_plain` was given."""
    if isinstance(value, dict):
        if "map" in value:
            return {name: _said(item) for name, item in value["map"].items()}
        return Text(value["text"], **{name: _said(item) for name, item in value["values"].items()})
    return [_said(item) for item in value] if isinstance(value, list) else value


def _prune(kept: Path) -> None:
    """Removes what was not used for long, and the oldest where all together are too large; never the one just written."""
    with suppress(OSError):
        entries = sorted(((about.st_mtime, about.st_size, path) for path in kept.parent.iterdir() if (about := path.stat())), reverse=True)
        room, oldest = MOST_BYTES, time.time() - MOST_DAYS * 86_400
        for changed, size, path in entries:
            room -= size
            if path != kept and (room < 0 or changed < oldest):
                with suppress(OSError):
                    path.unlink()
