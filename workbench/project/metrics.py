"""metrics.bin: every number of a run, append-only, in checksummed blocks of float64.

The file is the magic followed by blocks. A block is a head `<4sIII` (mark, bytes of the tag table, rows, CRC-32 of the rest), the tag
table (UTF-8 names joined by NUL) and the rows: float64 triples (index into the tag table, step, value). Blocks are self-contained,
so a damaged one costs its own rows only; a torn tail is ignored. The empty tag is a rewind: forget every row after its step (written when
a run resumes from an earlier checkpoint).
"""

from __future__ import annotations

import os
import struct
import time
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

MAGIC = b"WBMETR01"
_MARK = b"BLK1"
_HEAD = struct.Struct("<4sIII")
_COUNTS = struct.Struct("<II")
_ROW_BYTES = 24
_REWIND = ""


class MetricsWriter:
    """Appends numbers. One writer per file; buffered, and written out about once a second.

    Args:
        path: The file; made where it is missing. A torn tail of an earlier writer is cut off.
        flush_seconds: The longest time that numbers wait in memory.
        flush_rows: The largest number of rows that wait.
    """

    def __init__(self, path: Path, flush_seconds: float = 1.0, flush_rows: int = 8192) -> None:
        self.path = path
        self._flush_seconds, self._flush_rows = flush_seconds, flush_rows
        self._names: dict[str, int] = {}
        self._rows: list[tuple[float, float, float]] = []
        self._flushed_at = time.monotonic()
        self._file = path.open("ab", buffering=0)
        self._repair()

    def _repair(self) -> None:
        if self._file.tell() == 0:
            self._file.write(MAGIC)
            return
        data = self.path.read_bytes()
        end = max((end for _, _, end in _blocks(data, len(MAGIC))), default=len(MAGIC))
        if end < len(data):
            os.truncate(self.path, end)

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """Notes the values of some tags at one step."""
        names = self._names
        for tag, value in values.items():
            index = names.get(tag)
            if index is None:
                index = names[tag] = self._new_tag(tag)
            self._rows.append((index, step, value))
        if len(self._rows) >= self._flush_rows or time.monotonic() - self._flushed_at >= self._flush_seconds:
            self.flush()

    def _new_tag(self, tag: str) -> int:
        if not tag or "\0" in tag:
            raise ValueError(f"{tag!r} cannot be the tag of a metric")
        return len(self._names)

    def rewind(self, step: int) -> None:
        """Makes readers forget every row after `step`."""
        self.flush()
        self._file.write(_block([_REWIND], np.array([[0, step, 0]], dtype="<f8")))

    def flush(self) -> None:
        """Hands everything noted so far to the operating system."""
        self._flushed_at = time.monotonic()
        if self._rows:
            block = _block(list(self._names), np.array(self._rows, dtype="<f8"))
            self._rows.clear()
            self._file.write(block)

    def close(self) -> None:
        """Flushes, waits for the disk and closes the file."""
        if not self._file.closed:
            try:
                self.flush()
                os.fsync(self._file.fileno())
            finally:
                self._file.close()


def _block(names: list[str], rows: np.ndarray) -> bytes:
    table = "\0".join(names).encode()
    counts = _COUNTS.pack(len(table), len(rows))
    payload = table + rows.tobytes()
    return _HEAD.pack(_MARK, len(table), len(rows), zlib.crc32(payload, zlib.crc32(counts))) + payload


def _blocks(data: bytes, start: int) -> Iterator[tuple[bytes, np.ndarray, int]]:
    """Yields tag table, rows `(n, 3)` and end offset of every sound block from `start` on, stepping over damage between two sound ones."""
    position = start
    while (position := data.find(_MARK, position)) >= 0:
        block = _parse(data, position)
        if block is None:
            position += 1
            continue
        yield block
        position = block[2]


def _parse(data: bytes, position: int) -> tuple[bytes, np.ndarray, int] | None:
    """Returns the block at `position`, or None where there is no whole and sound one."""
    if position + _HEAD.size > len(data):
        return None
    _, table_bytes, rows, checksum = _HEAD.unpack_from(data, position)
    begin = position + _HEAD.size
    end = begin + table_bytes + rows * _ROW_BYTES
    if end > len(data):
        return None
    if zlib.crc32(memoryview(data)[begin:end], zlib.crc32(_COUNTS.pack(table_bytes, rows))) != checksum:
        return None
    table = data[begin:begin + table_bytes]
    return table, np.frombuffer(data, "<f8", rows * 3, begin + table_bytes).reshape(rows, 3), end


class _Series:
    """Two growing columns."""

    def __init__(self) -> None:
        self.rows = np.empty((64, 2))
        self.count = 0

    def extend(self, rows: np.ndarray) -> None:
        needed = self.count + len(rows)
        if needed > len(self.rows):
            grown = np.empty((max(needed, 2 * len(self.rows)), 2))
            grown[:self.count] = self.rows[:self.count]
            self.rows = grown
        self.rows[self.count:needed] = rows
        self.count = needed

    def forget_after(self, step: float) -> None:
        kept = self.rows[:self.count][self.rows[:self.count, 0] <= step]
        self.rows = np.empty((max(64, len(kept)), 2))
        self.rows[:len(kept)] = kept
        self.count = len(kept)


class MetricsReader:
    """Follows metrics.bin while it grows.

    Attributes:
        generation: Goes up when rows were forgotten, so that a plot that appended knows to draw anew.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.generation = 0
        self._offset = 0
        self._series: dict[str, _Series] = {}

    def poll(self) -> bool:
        """Reads what has come since the last call; returns whether anything has."""
        try:
            with open(self.path, "rb") as file:
                file.seek(self._offset)
                data = file.read()
        except FileNotFoundError:
            return False
        return self._take(data)

    def _take(self, data: bytes) -> bool:
        used = 0
        table, pending = b"", list[np.ndarray]()
        for names, rows, end in _blocks(data, 0):
            if names != table:
                self._store(table, pending)
                table, pending = names, []
            pending.append(rows)
            used = end
        self._store(table, pending)
        self._offset += used
        return used > 0

    def _store(self, table: bytes, pending: list[np.ndarray]) -> None:
        if not pending:
            return
        rows = np.concatenate(pending)
        if not table:
            self._rewind(float(rows[:, 1].min()))
            return
        names = table.decode().split("\0")
        order = np.argsort(rows[:, 0].astype(np.int16), kind="stable")
        rows = rows[order]
        bounds = np.searchsorted(rows[:, 0], np.arange(len(names) + 1))
        for index, name in enumerate(names):
            if bounds[index] < bounds[index + 1]:
                self._series.setdefault(name, _Series()).extend(rows[bounds[index]:bounds[index + 1], 1:])

    def _rewind(self, step: float) -> None:
        self.generation += 1
        for series in self._series.values():
            series.forget_after(step)

    def tags(self) -> list[str]:
        """Returns the tags seen so far, in the order in which they came."""
        return [tag for tag, series in self._series.items() if series.count]

    def series(self, tag: str) -> tuple[np.ndarray, np.ndarray]:
        """Returns steps and values of one tag, float64 `(n,)` each; empty where there are none. Views: do not write into them."""
        series = self._series.get(tag)
        if series is None:
            return np.empty(0), np.empty(0)
        return series.rows[:series.count, 0], series.rows[:series.count, 1]

    def last(self) -> dict[str, float]:
        """Returns the newest value of every tag."""
        return {tag: float(series.rows[series.count - 1, 1]) for tag, series in self._series.items() if series.count}
