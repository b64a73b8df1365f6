"""The cells of one column, as the bytes of the file have them: numbers and equal cells are found without making a string of each."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from workbench.data.tables.digits import Parsed, parse
from workbench.data.tables.numbers import DASHES, MISSING, localised, plain
from workbench.data.tables.scan import Grid
from workbench.data.tables.texts import TextColumn, trimmed

_WHOLE = re.compile(r"[+-]?\d+")
_SAMPLE, _MANY, _MOST = 4096, 1024, 20_000
_LONGEST, _WORD, _ROWS = 64, 8, 32_768
_MIX = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True)
class Floats:
    """The cells of a column that is all numbers, but for cells that say that there is none.

    Attributes:
        values: float64 `(n,)`, NaN for what is missing; near enough to become the right float32.
        parsed: How they are written.
        gaps: Whether a cell says that there is nothing, other than by a dash.
    """

    values: np.ndarray
    parsed: Parsed
    gaps: bool


class Coded(Sequence[str]):
    """Cells of which each different one is kept once.

    Attributes:
        distinct: The different cells, in the order in which they first stand in the column.
        codes: Which of them every row has, int32 `(n,)`.
    """

    def __init__(self, distinct: list[str], codes: np.ndarray) -> None:
        self.distinct, self.codes = distinct, codes

    @classmethod
    def of(cls, cells: Sequence[str]) -> Coded:
        """Returns any cells so."""
        if isinstance(cells, Coded):
            return cells
        if isinstance(cells, FileCells) and cells.coded is not None:
            return cells.coded
        numbers: dict[str, int] = {}
        codes = np.fromiter((numbers.setdefault(cell, len(numbers)) for cell in cells), np.int32, len(cells))
        return cls(list(numbers), codes)

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self.distinct[code] for code in self.codes[index].tolist()]
        return self.distinct[int(self.codes[index])]

    def __iter__(self) -> Iterator[str]:
        return map(self.distinct.__getitem__, self.codes.tolist())

    def counts(self) -> np.ndarray:
        """Returns how many rows have each of the different cells."""
        return np.bincount(self.codes, minlength=len(self.distinct))


class FileCells(Sequence[str]):
    """The cells of one column of a grid, without blanks around them.

    Args:
        grid: Where all cells lie.
        column: Which column.
    """

    def __init__(self, grid: Grid, column: int) -> None:
        self._grid, self._column = grid, column

    @cached_property
    def texts(self) -> TextColumn:
        """The cells as a column of text."""
        starts, ends = self._grid.bounds(self._column)
        counts = self._grid.quotes
        return TextColumn(self._grid.data, starts, ends, doubled=counts is not None and bool((counts[:, self._column] > 2).any()))

    def __len__(self) -> int:
        return self._grid.rows

    def __getitem__(self, index: Any) -> Any:
        return list(self.texts[index]) if isinstance(index, slice) else self.texts[index]

    def __iter__(self) -> Iterator[str]:
        return iter(self.texts)

    @cached_property
    def coded(self) -> Coded | None:
        """The cells with each different one kept once; None where most are different, or some are long."""
        texts = self.texts
        sizes = texts.ends - texts.starts
        longest = int(sizes.max(initial=0))
        if longest > _LONGEST:
            return None
        keys = _Keys(np.frombuffer(self._grid.data, np.uint8), max(1, -(-longest // _WORD)))
        if len(np.unique(keys.words(texts.starts[:_SAMPLE], sizes[:_SAMPLE])[0])) > _MANY:
            return None
        codes = keys.numbered(texts.starts, sizes)
        if codes is None:
            return None
        return _merged([texts[row] for row in keys.rows], codes)

    def floats(self, mark: str = ".") -> Floats | None:
        """Returns the cells as numbers with this decimal sign; None where one is neither a finite number nor says that there is none."""
        if mark not in self._floats:
            self._floats[mark] = self._read_floats(mark)
        return self._floats[mark]

    @cached_property
    def _floats(self) -> dict[str, Floats | None]:
        return {}

    def _read_floats(self, mark: str) -> Floats | None:
        texts, text = self.texts, self._grid.bytes
        starts, ends = texts.starts, texts.ends
        if texts.doubled or not parse(text, *trimmed(text, starts[:_SAMPLE], ends[:_SAMPLE]), mark).good.any():
            return None
        parsed = parse(text, starts, ends, mark)
        odd = np.flatnonzero(~parsed.good & (ends > starts))
        gaps = bool((ends == starts).any())
        if len(odd):
            first, last = trimmed(text, starts[odd], ends[odd])
            parsed.take(odd, parse(text, first, last, mark))
            gaps = gaps or bool((first == last).any())
            odd = odd[~parsed.good[odd] & (last > first)]
        for row in odd.tolist():
            cell = texts[row]
            if cell.lower() in MISSING or cell.lower() in DASHES:
                gaps = gaps or cell.lower() in MISSING
                parsed.canonical = False
                continue
            if mark != "." or not math.isfinite(plain(cell)):
                return None
            parsed.values[row], parsed.canonical = localised(cell, "."), False
            parsed.whole = parsed.whole and bool(_WHOLE.fullmatch(cell))
        return Floats(parsed.values, parsed, gaps)


class _Keys:
    """Numbers for cells of up to eight words: equal cells have equal numbers."""

    def __init__(self, text: np.ndarray, count: int) -> None:
        self._view = np.ndarray((len(text) - _WORD + 1,), "<u8", buffer=text.data, strides=(1,))
        self._count = count
        self.rows: list[int] = []
        self._known = np.zeros(0, np.uint64)
        self._codes = np.zeros(0, np.int32)
        self._kept: list[np.ndarray] = [np.zeros(0, np.uint64) for _ in range(count)]

    def words(self, starts: np.ndarray, sizes: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
        """Returns a number for every cell, and the words that it is made of; a cell of one word is that word."""
        found: list[np.ndarray] = []
        last = len(self._view) - 1
        for number in range(self._count):
            word = self._view[np.minimum(starts + _WORD * number, last)]
            short = np.clip(_WORD * (number + 1) - sizes, 0, _WORD).astype(np.uint64) * np.uint64(8)
            half = short >> np.uint64(1)
            rest = short - half
            found.append((((word << half) << rest) >> half) >> rest)
        key = found[0]
        for word in found[1:]:
            key = (key ^ (key >> np.uint64(29))) * _MIX + word
        return key, found

    def numbered(self, starts: np.ndarray, sizes: np.ndarray) -> np.ndarray | None:
        """Returns the number of every cell in the order in which they first stand, int32; None where there are too many different ones."""
        codes = np.empty(len(starts), np.int32)
        for begin in range(0, len(starts), _ROWS):
            part = slice(begin, begin + _ROWS)
            key, words = self.words(starts[part], sizes[part])
            fresh = self._missing(key)
            if len(fresh):
                self._learn(key, words, fresh, begin)
                if len(self.rows) > _MOST:
                    return None
            codes[part] = own = self._codes[np.searchsorted(self._known, key)]
            if any(bool((kept[own] != word).any()) for kept, word in zip(self._kept, words, strict=True)):
                return None  # two different cells with the same key
        return codes

    def _missing(self, key: np.ndarray) -> np.ndarray:
        if not len(self._known):
            return np.arange(len(key))
        place = np.minimum(np.searchsorted(self._known, key), len(self._known) - 1)
        return np.flatnonzero(self._known[place] != key)

    def _learn(self, key: np.ndarray, words: list[np.ndarray], fresh: np.ndarray, begin: int) -> None:
        """Takes new keys up, in the order in which they stand."""
        _, first = np.unique(key[fresh], return_index=True)
        rows = fresh[np.sort(first)]
        codes = np.concatenate((self._codes, np.arange(len(self.rows), len(self.rows) + len(rows), dtype=np.int32)))
        known = np.concatenate((self._known, key[rows]))
        order = np.argsort(known, kind="stable")
        self._known, self._codes = known[order], codes[order]
        self._kept = [np.concatenate((kept, word[rows])) for kept, word in zip(self._kept, words, strict=True)]
        self.rows += (rows + begin).tolist()


def _merged(cells: list[str], codes: np.ndarray) -> Coded:
    """Returns cells that turned out equal once their blanks and quotation marks were read as one."""
    numbers: dict[str, int] = {}
    table = np.array([numbers.setdefault(cell, len(numbers)) for cell in cells], np.int32)
    return Coded(list(numbers), table[codes] if len(numbers) < len(cells) else codes)
