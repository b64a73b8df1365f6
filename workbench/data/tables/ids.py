"""Stable ids of rows: a hash of what stands in them, kept as a number and written only when asked for."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import Any

import numpy as np

from workbench.data.tables.scan import Grid

_ROWS, _WIDTH = 65_536, 16
_LETTERS = frozenset("0123456789abcdef-")


class DigestIds(Sequence[str]):
    """Ids of 16 hexadecimal digits; of equal rows the second one ends in `-1`, the third in `-2`.

    Args:
        count: How many rows there are.
        work: Works the hashes out, uint64 `(count,)`, when the first id is asked for.
    """

    def __init__(self, count: int, work: Callable[[], np.ndarray]) -> None:
        self._count, self._work = count, work
        self._told: list[Callable[[], object]] = []
        self._digests: np.ndarray | None = None
        self._order: np.ndarray | None = None
        self._times: np.ndarray | None = None
        self._lock = threading.RLock()

    @property
    def digests(self) -> np.ndarray:
        """The hash of every row, uint64 `(n,)`."""
        return self._digests if self._digests is not None else self._worked_out()

    def _worked_out(self) -> np.ndarray:
        with self._lock:
            if self.known:  # by another thread meanwhile
                return self.digests
            found = self._work()
            self._times = _times(found)
            self._digests, self._work = found, lambda: found  # lets go of the text of the file
            while self._told:
                self._told.pop()()
            return found

    def once_known(self, act: Callable[[], object]) -> None:
        """Has something done by whoever asks for the first id, once all have been worked out; at once where they are."""
        with self._lock:
            if self._digests is None:
                self._told.append(act)
                return
        act()

    @classmethod
    def known_as(cls, digests: np.ndarray, times: np.ndarray | None) -> DigestIds:
        """Returns ids that were worked out before."""
        made = cls(len(digests), lambda: digests)
        made._digests, made._times = digests, times
        return made

    @property
    def known(self) -> bool:
        """Whether they have been worked out."""
        return self._digests is not None

    @property
    def times(self) -> np.ndarray | None:
        """How many rows with the same hash stand before each row, int32 `(n,)`; None where all are different."""
        if not self.known:
            self._worked_out()
        return self._times

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self._written(row) for row in range(*index.indices(self._count))]
        row = int(index) + self._count if index < 0 else int(index)
        if not 0 <= row < self._count:
            raise IndexError(index)
        return self._written(row)

    def _written(self, row: int) -> str:
        times = 0 if self.times is None else int(self.times[row])
        name = f"{int(self.digests[row]):016x}"
        return f"{name}-{times}" if times else name

    def __iter__(self) -> Iterator[str]:
        for begin in range(0, self._count, _ROWS):
            digits = self.digests[begin:begin + _ROWS].astype(">u8").tobytes().hex()
            names = [digits[at:at + _WIDTH] for at in range(0, len(digits), _WIDTH)]
            if self.times is None:
                yield from names
            else:
                yield from (f"{name}-{times}" if times else name for name, times in zip(names, self.times[begin:begin + _ROWS].tolist(), strict=True))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and len(other) == len(self) and all(one == two for one, two in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]

    def joined(self, rows: np.ndarray) -> bytes:
        """Returns the ids of some rows, each followed by a zero byte."""
        if self.times is not None and bool(self.times[rows].any()):
            return b"".join(self._written(row).encode() + b"\0" for row in rows.tolist())
        table = np.zeros((len(rows), _WIDTH + 1), np.uint8)
        table[:, :_WIDTH] = np.frombuffer(self.digests[rows].astype(">u8").tobytes().hex().encode(), np.uint8).reshape(-1, _WIDTH)
        return table.tobytes()

    def holding(self, words: str) -> np.ndarray:
        """Returns which ids hold some words, case ignored, bool `(n,)`."""
        wanted = words.casefold()
        if not set(wanted) <= _LETTERS:
            return np.zeros(self._count, bool)
        return np.fromiter((wanted in name for name in self), bool, self._count)

    def places(self, names: Iterable[str]) -> dict[str, int]:
        """Returns where the rows of some ids stand; ids that are not there are left out."""
        if self._order is None:
            self._order = np.argsort(self.digests, kind="stable")
        found: dict[str, int] = {}
        for name in names:
            digits, _, times = name.partition("-")
            if len(digits) == _WIDTH and set(digits) <= set("0123456789abcdef") and (not times or (times.isascii() and times.isdigit())):
                place = int(np.searchsorted(self.digests, np.uint64(int(digits, 16)), sorter=self._order)) + int(times or 0)
                if place < self._count and self._written(row := int(self._order[place])) == name:
                    found[name] = row
        return found


def _times(digests: np.ndarray) -> np.ndarray | None:
    """Returns how many equal numbers stand before each, int32; None where all are different."""
    order = np.argsort(digests, kind="stable")
    same = digests[order[1:]] == digests[order[:-1]]
    if not same.any():
        return None
    places = np.arange(len(digests))
    begun = np.maximum.accumulate(np.where(np.concatenate(([False], same)), 0, places))
    times = np.empty(len(digests), np.int32)
    times[order] = places - begun
    return times


def digest(cells: Sequence[str]) -> bytes:
    """Returns the hash of the cells of a row."""
    return blake2b("\x1f".join(cells).encode("utf-8", "surrogatepass"), digest_size=8).digest()


def digests_of(grid: Grid) -> np.ndarray:
    """Returns the hash of every row of a grid, as `row_ids` has it of its cells, uint64."""
    begins, ends = grid.begins().tolist(), grid.seps[:, -1].tolist()
    marked: np.ndarray | None = None if grid.quotes is None else np.any(grid.quotes > 0, axis=1)
    mark, found = grid.delimiter.encode(), []
    for first in range(0, grid.rows, _ROWS):
        last = min(first + _ROWS, grid.rows)
        if marked is None or not marked[first:last].any():
            block = bytes(grid.data[begins[first]:ends[last - 1]])
            if b"\r" in block or grid.data[ends[last - 1] - 1] == 13:
                block = block.replace(b"\r\n", b"\n").removesuffix(b"\r")
            lines = block.replace(mark, b"\x1f").split(b"\n")
        else:
            lines = [_line(grid, row, begins[row], ends[row], bool(marked[row]), mark) for row in range(first, last)]
        found += [blake2b(line, digest_size=8).digest() for line in lines]
    return np.frombuffer(b"".join(found), ">u8").astype(np.uint64)


def _line(grid: Grid, row: int, begin: int, end: int, marked: bool, mark: bytes) -> bytes:
    """Returns the cells of one row as they are hashed."""
    if not marked:
        return bytes(grid.data[begin:end]).removesuffix(b"\r").replace(mark, b"\x1f")
    cells: list[bytes] = []
    for stop in grid.seps[row].tolist():
        cell = bytes(grid.data[begin:stop])
        cell = cell.removesuffix(b"\r") if stop == end else cell
        cells.append(cell[1:-1].replace(b'""', b'"') if cell.startswith(b'"') else cell)
        begin = stop + 1
    return b"\x1f".join(cells)


def row_ids(rows: Iterable[Sequence[str]], seen: Counter[str]) -> list[str]:
    """Returns ids made of what stands in a row; equal rows are counted in `seen`."""
    ids: list[str] = []
    for row in rows:
        name = digest(row).hex()
        times = seen[name]
        ids.append(f"{name}-{times}" if times else name)
        seen[name] = times + 1
    return ids
