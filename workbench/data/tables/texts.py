"""Columns of text without a Python string per row: bytes of UTF-8, and where each text lies in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

_BLOCK = 4096
_CLOSE = 1 << 22
_SEARCHED = 1 << 15
_BLANK = np.zeros(256, bool)
_BLANK[[9, 10, 11, 12, 13, 28, 29, 30, 31, 32]] = True


class _Held(NamedTuple):
    """What a column is made of."""

    data: Any
    starts: np.ndarray
    ends: np.ndarray
    doubled: bool

    def decoded(self, start: int, end: int) -> str:
        """Returns one text."""
        text = bytes(self.data[start:end]).decode("utf-8", "surrogatepass")
        return (text.replace('""', '"') if self.doubled else text).strip()

    def block(self, starts: np.ndarray, ends: np.ndarray) -> list[str]:
        """Returns some texts; where they lie close together and are ASCII, all are decoded at once."""
        low, high = int(starts.min()), int(ends.max())
        raw = bytes(self.data[low:high]) if high - low < _CLOSE else b""
        if not raw.isascii() or high - low >= _CLOSE or (self.doubled and b'""' in raw):
            return [self.decoded(start, end) for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
        whole = raw.decode("latin-1")
        return [whole[start:end].strip() for start, end in zip((starts - low).tolist(), (ends - low).tolist(), strict=True)]


    def holding(self, wanted: str, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
        """Returns which of some texts hold words in small letters, bool."""
        low, high = (int(starts.min()), int(ends.max())) if len(starts) else (0, 0)
        raw, needle = bytes(self.data[low:high]).lower(), wanted.encode("utf-8", "surrogatepass")
        plain = raw.isascii() and not (self.doubled and b'""' in raw) and wanted == wanted.strip() and bool((starts[1:] >= ends[:-1]).all())
        if not plain:
            return np.fromiter((wanted in text.casefold() for text in self.block(starts, ends)), bool, len(starts))
        if not needle:
            return np.ones(len(starts), bool)
        places = np.array([match.start() for match in re.finditer(re.escape(needle), raw)], np.int64)
        found = np.zeros(len(starts), bool)
        across = places[~_mark_whole(found, places, len(needle), starts - low, ends - low)]
        for place in across.tolist():  # what begins within a match that reaches over an end was passed over
            while (place := raw.find(needle, place + 1, place + 2 * len(needle) - 1)) >= 0:
                _mark_whole(found, np.array([place]), len(needle), starts - low, ends - low)
        return found


def _mark_whole(found: np.ndarray, places: np.ndarray, size: int, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Marks the texts in which matches lie; returns which matches lie within one text."""
    rows = np.minimum(np.searchsorted(ends, places + size), len(ends) - 1)  # the first text that ends behind each
    whole = (places >= starts[rows]) & (places + size <= ends[rows])
    found[rows[whole]] = True
    return whole


class TextColumn(Sequence[str]):
    """Texts that are decoded when they are asked for. Compares equal to a list of the same texts.

    Args:
        data: UTF-8, with anything between the texts.
        starts, ends: Where each text lies, `(n,)`; blanks at its ends are no part of it.
        doubled: Whether a quotation mark may stand for itself twice.
    """

    def __init__(self, data: Any, starts: np.ndarray, ends: np.ndarray, *, doubled: bool = False) -> None:
        self._held = _Held(data, starts, ends, doubled)  # one value, so that another thread never sees half of a change

    @property
    def starts(self) -> np.ndarray:
        """Where each text begins, `(n,)`."""
        return self._held.starts

    @property
    def ends(self) -> np.ndarray:
        """Where each text ends, `(n,)`."""
        return self._held.ends

    @property
    def doubled(self) -> bool:
        """Whether a quotation mark may stand for itself twice."""
        return self._held.doubled

    def __len__(self) -> int:
        return len(self._held.starts)

    def __getitem__(self, index: Any) -> Any:
        held = self._held
        if isinstance(index, (slice, np.ndarray)):
            return TextColumn(held.data, held.starts[index], held.ends[index], doubled=held.doubled)
        return held.decoded(int(held.starts[index]), int(held.ends[index]))

    def __iter__(self) -> Iterator[str]:
        held = self._held
        for begin in range(0, len(held.starts), _BLOCK):
            yield from held.block(held.starts[begin:begin + _BLOCK], held.ends[begin:begin + _BLOCK])

    def holding(self, words: str) -> np.ndarray:
        """Returns which texts hold some words, case ignored, bool `(n,)`."""
        wanted = words.casefold()
        held, found = self._held, np.zeros(len(self), bool)
        for begin in range(0, len(found), _SEARCHED):
            part = slice(begin, begin + _SEARCHED)
            found[part] = held.holding(wanted, held.starts[part], held.ends[part])
        return found

    @cached_property
    def lengths(self) -> np.ndarray:
        """How many characters each text has, int64 `(n,)`."""
        packed, ends = self.packed()
        if packed.size and int(packed.max()) >= 0x80:
            begun = np.concatenate(([0], np.cumsum((packed & 0xC0) != 0x80, dtype=np.int64)))  # bytes that begin a character
            return np.diff(begun[ends], prepend=0)
        return np.diff(ends, prepend=0)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and len(other) == len(self) and all(one == two for one, two in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"TextColumn({len(self)} texts)"

    def packed(self) -> tuple[np.ndarray, np.ndarray]:
        """Returns all texts behind one another in UTF-8, uint8, and where each ends, int64 `(n,)`; they are kept so from now on."""
        held = self._held
        if held.doubled:
            parts = [text.encode("utf-8", "surrogatepass") for text in self]
            packed, ends = np.frombuffer(b"".join(parts), np.uint8), np.cumsum(np.fromiter(map(len, parts), np.int64, len(parts)))
        else:
            text = np.frombuffer(held.data, np.uint8)
            first, last = _without_wide_blanks(held, text, *trimmed(text, held.starts, held.ends))
            packed = _scattered(held.data, first, last) if bool((first[1:] < last[:-1]).any()) else _gathered(text, first, last)
            ends = np.cumsum(last - first)
        self._held = TextColumn.unpacked(packed, ends)._held
        return packed, ends

    @classmethod
    def unpacked(cls, data: np.ndarray, ends: np.ndarray) -> TextColumn:
        """Returns the texts that `packed` put together."""
        return cls(data.data, np.concatenate((np.zeros(1, np.int64), ends))[:-1], ends)

    @classmethod
    def of(cls, texts: Sequence[str]) -> TextColumn:
        """Returns a column of these texts, which have no blanks around them."""
        parts = [text.encode("utf-8", "surrogatepass") for text in texts]
        return cls.unpacked(np.frombuffer(b"".join(parts), np.uint8), np.cumsum(np.fromiter(map(len, parts), np.int64, len(parts))))


def trimmed(text: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns where cells lie without the blanks of ASCII at their ends."""
    starts, ends = starts.copy(), ends.copy()
    last = len(text) - 1
    if last < 0:
        return starts, ends
    while len(blank := np.flatnonzero(_BLANK[text[np.minimum(starts, last)]])) and len(blank := blank[starts[blank] < ends[blank]]):
        starts[blank] += 1
    while len(blank := np.flatnonzero(_BLANK[text[ends - 1]])) and len(blank := blank[starts[blank] < ends[blank]]):
        ends[blank] -= 1
    return starts, ends


def _without_wide_blanks(held: _Held, text: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns where the texts lie without the blanks of other scripts at their ends."""
    starts, ends = starts.astype(np.int64), ends.astype(np.int64)
    full = np.flatnonzero(ends > starts)
    for row in full[(text[starts[full]] >= 0x80) | (text[ends[full] - 1] >= 0x80)].tolist():
        raw = bytes(held.data[starts[row]:ends[row]]).decode("utf-8", "surrogatepass")
        starts[row] += len(raw[:len(raw) - len(raw.lstrip())].encode("utf-8", "surrogatepass"))
        ends[row] = starts[row] + len(raw.strip().encode("utf-8", "surrogatepass"))
    return starts, ends


def _gathered(text: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Returns pieces of a text that follow one another, without what lies between them."""
    if not len(starts):
        return np.zeros(0, np.uint8)
    parts: list[np.ndarray] = []
    for begin in range(0, len(starts), 1 << 16):
        first, last = starts[begin:begin + (1 << 16)], ends[begin:begin + (1 << 16)]
        low = int(first[0])
        runs = np.empty(2 * len(first), np.int64)
        runs[0::2] = first - np.concatenate(([low], last[:-1]))
        runs[1::2] = last - first
        keep = np.repeat(np.tile(np.array([False, True]), len(first)), runs)
        parts.append(text[low:low + len(keep)][keep])
    return np.concatenate(parts)


def _scattered(data: Any, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    return np.frombuffer(b"".join(bytes(data[start:end]) for start, end in zip(starts.tolist(), ends.tolist(), strict=True)), np.uint8)
