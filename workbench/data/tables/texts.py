"""Columns of text without a Python string per row: bytes of UTF-8, and where each text lies in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

_BLOCK = 4096
_BLANK = np.zeros(256, bool)
_BLANK[[9, 10, 11, 12, 13, 28, 29, 30, 31, 32]] = True


class TextColumn(Sequence[str]):
    """Texts that are decoded when they are asked for. Compares equal to a list of the same texts.

    Args:
        data: UTF-8, with anything between the texts.
        starts, ends: Where each text lies, `(n,)`; blanks at its ends are no part of it.
        doubled: Whether a quotation mark may stand for itself twice.
    """

    def __init__(self, data: Any, starts: np.ndarray, ends: np.ndarray, *, doubled: bool = False) -> None:
        self.data, self.starts, self.ends, self.doubled = data, starts, ends, doubled

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, (slice, np.ndarray)):
            return TextColumn(self.data, self.starts[index], self.ends[index], doubled=self.doubled)
        return self._decoded(bytes(self.data[int(self.starts[index]):int(self.ends[index])]))

    def _decoded(self, raw: bytes) -> str:
        text = raw.decode("utf-8", "surrogatepass")
        return (text.replace('""', '"') if self.doubled else text).strip()

    def __iter__(self) -> Iterator[str]:
        for begin in range(0, len(self), _BLOCK):
            yield from self._block(self.starts[begin:begin + _BLOCK], self.ends[begin:begin + _BLOCK])

    def _block(self, starts: np.ndarray, ends: np.ndarray) -> list[str]:
        """Returns some texts; where they lie close together and are ASCII, all are decoded at once."""
        low, high = int(starts.min()), int(ends.max())
        raw = bytes(self.data[low:high]) if high - low < 1 << 22 else b""
        if not raw.isascii() or high - low >= 1 << 22 or (self.doubled and b'""' in raw):
            return [self._decoded(bytes(self.data[start:end])) for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
        whole = raw.decode("latin-1")
        return [whole[start:end].strip() for start, end in zip((starts - low).tolist(), (ends - low).tolist(), strict=True)]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and len(other) == len(self) and all(one == two for one, two in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"TextColumn({len(self)} texts)"

    def packed(self) -> tuple[np.ndarray, np.ndarray]:
        """Returns all texts behind one another in UTF-8, uint8, and where each ends, int64 `(n,)`."""
        if self.doubled:
            parts = [text.encode("utf-8", "surrogatepass") for text in self]
            return np.frombuffer(b"".join(parts), np.uint8), np.cumsum(np.fromiter(map(len, parts), np.int64, len(parts)))
        text = np.frombuffer(self.data, np.uint8)
        starts, ends = self._without_wide_blanks(text, *trimmed(text, self.starts, self.ends))
        packed = _scattered(self.data, starts, ends) if bool((starts[1:] < ends[:-1]).any()) else _gathered(text, starts, ends)
        return packed, np.cumsum(ends - starts)

    def _without_wide_blanks(self, text: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Returns where the texts lie without the blanks of other scripts at their ends."""
        starts, ends = starts.astype(np.int64), ends.astype(np.int64)
        full = np.flatnonzero(ends > starts)
        for row in full[(text[starts[full]] >= 0x80) | (text[ends[full] - 1] >= 0x80)].tolist():
            raw = bytes(self.data[starts[row]:ends[row]]).decode("utf-8", "surrogatepass")
            starts[row] += len(raw[:len(raw) - len(raw.lstrip())].encode("utf-8", "surrogatepass"))
            ends[row] = starts[row] + len(raw.strip().encode("utf-8", "surrogatepass"))
        return starts, ends

    @classmethod
    def unpacked(cls, data: np.ndarray, ends: np.ndarray) -> TextColumn:
        """Returns the texts that `packed` put together."""
        return cls(memoryview(data), np.concatenate((np.zeros(1, np.int64), ends[:-1]))[:len(ends)], ends)

    @classmethod
    def of(cls, texts: Sequence[str]) -> TextColumn:
        """Returns a column of these texts, which have no blanks around them."""
        parts = [text.encode("utf-8", "surrogatepass") for text in texts]
        return cls.unpacked(np.frombuffer(b"".join(parts), np.uint8), np.cumsum(np.fromiter(map(len, parts), np.int64, len(parts))))


def trimmed(text: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns where cells lie without the blanks of ASCII at their ends."""
    starts, ends = starts.copy(), ends.copy()
    last = len(text) - 1
    while len(blank := np.flatnonzero(_BLANK[text[np.minimum(starts, last)]])) and len(blank := blank[starts[blank] < ends[blank]]):
        starts[blank] += 1
    while len(blank := np.flatnonzero(_BLANK[text[ends - 1]])) and len(blank := blank[starts[blank] < ends[blank]]):
        ends[blank] -= 1
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
