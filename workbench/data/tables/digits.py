"""Numbers read from text eight digits at a time, a whole column at once.

The digits of a word are summed as in D. Lemire, "Number Parsing at a Gigabyte per Second" (2021). Up to 2**53 the digits and the power of
ten are exact and so is their quotient (W. Clinger, "How to read floating point numbers accurately", 1990). With more digits the quotient
is off by a unit or two in the last place: enough for float32, except near the middle between two of them, where it is read again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_BLOCK = 8192
_U = np.uint64
_ZEROS, _SEVENS, _HIGH, _ONES = _U(0x3030303030303030), _U(0x7676767676767676), _U(0x8080808080808080), _U(0x0101010101010101)
_PAIRS, _LOW, _HIGHER = _U(0x000000FF000000FF), _U(0x000F424000000064), _U(0x0000271000000001)
_WORD, _LONGEST = 8, 24
_EXACT, _MOST_LEADING = _U(1 << 53), _U(900)
_TENS = np.array([10.0**power for power in range(23)])
_TENS_OR_NONE = np.concatenate((_TENS, np.full(9, np.inf)))
_HELD = [
    np.array([(1 << 64) - (1 << 8 * min(max(_WORD * (number + 1) - size, 0), _WORD)) for size in range(_LONGEST + 1)], np.uint64)
    for number in range(_LONGEST // _WORD)
]
"""Which bytes of the last, the last but one and the last but two words belong to a cell of so many characters."""

_MINUS, _PLUS = np.uint8(ord("-")), np.uint8(ord("+"))
_NEAR = 16


@dataclass(slots=True)
class Parsed:
    """What was read of a column.

    Attributes:
        values: float64 `(n,)`; NaN where `good` is not.
        good: Which cells are digits, with a sign and a decimal sign where there is one.
        pointed: Whether any of them has a decimal sign.
        parted: Whether one has other than three digits behind it, so that it cannot part thousands.
        canonical: Whether all are whole numbers without a sign in front or zeros before them.
        whole: Whether all are whole numbers.
        bare: Whether one has no digit before or behind its decimal sign.
    """

    values: np.ndarray
    good: np.ndarray
    pointed: bool = False
    parted: bool = False
    canonical: bool = True
    whole: bool = True
    bare: bool = False

    def take(self, rows: np.ndarray, other: Parsed) -> None:
        """Takes these cells as they were read again."""
        self.values[rows], self.good[rows] = other.values, other.good
        self.pointed, self.parted, self.bare = self.pointed or other.pointed, self.parted or other.parted, self.bare or other.bare
        self.whole, self.canonical = self.whole and other.whole, self.canonical and other.canonical


def parse(text: np.ndarray, starts: np.ndarray, ends: np.ndarray, mark: str = ".") -> Parsed:
    """Returns the numbers of a column.

    Args:
        text: uint8; at least 24 bytes before the first cell.
        starts, ends: Where each cell lies, without blanks.
        mark: The decimal sign, one ASCII character.
    """
    words = np.ndarray((len(text) - _WORD + 1,), "<u8", buffer=text.data, strides=(1,))
    found = Parsed(np.empty(len(starts)), np.empty(len(starts), bool))
    for begin in range(0, len(starts), _BLOCK):
        part = slice(begin, begin + _BLOCK)
        _parse_block(text, words, starts[part].astype(np.int64), ends[part].astype(np.int64), _U(ord(mark) ^ 0x30) * _ONES, found, part)
    return found


def _parse_block(text: np.ndarray, words: np.ndarray, starts: np.ndarray, ends: np.ndarray, mark: np.uint64, found: Parsed, part: slice) -> None:
    first = text[starts]
    negative = first == _MINUS
    signed = negative | (first == _PLUS)
    sizes = ends - starts - signed
    good = (sizes > 0) & (sizes <= _LONGEST)
    if not good.all():
        sizes = np.where(good, sizes, 1)
    loaded = [(words[ends - _WORD * (number + 1)] ^ _ZEROS) & _HELD[number][sizes] for number in range(-(-int(sizes.max(initial=1)) // _WORD))]
    dots, tens, behind = _without_mark(loaded, mark)
    odd = (loaded[0] + _SEVENS) | loaded[0]
    for word in loaded[1:]:
        odd |= (word + _SEVENS) | word
    good &= (odd & _HIGH) == 0
    total = _eight_digits(loaded[0])
    if len(loaded) > 1:
        total += _eight_digits(loaded[1]) * _U(10**8)
    if len(loaded) > 2:
        leading = _eight_digits(loaded[2])
        good &= (leading <= _MOST_LEADING) & (tens <= _TENS[-1])
        total += np.minimum(leading, _MOST_LEADING) * _U(10**16)
    if dots is not None:
        good &= sizes > dots
    values = total.astype(np.float64)
    values /= tens
    if len(loaded) > 1 and bool((long := total > _EXACT).any()):
        _read_again(text, starts + signed, ends, mark, values, good & long)
    values = np.where(negative, -values, values)
    found.values[part], found.good[part] = values if good.all() else np.where(good, values, np.nan), good
    if dots is not None:
        _note_marks(found, dots & good, behind, sizes)
    if found.canonical:
        leading_zero = (text[starts + signed] == ord("0")) & (sizes > 1) if found.whole else signed
        found.canonical = found.whole and not bool(((signed | leading_zero) & good).any())


def _read_again(text: np.ndarray, starts: np.ndarray, ends: np.ndarray, mark: np.uint64, values: np.ndarray, which: np.ndarray) -> None:
    """Reads numbers of many digits one by one that lie so near the middle of two float32 that the last place counts."""
    near = np.abs((values.view(np.uint64) & _U(0x1FFFFFFF)).astype(np.int64) - 0x10000000) <= _NEAR
    sign = bytes([int(mark & _U(0xFF)) ^ 0x30])
    for row in np.flatnonzero(which & near).tolist():
        values[row] = float(text[starts[row]:ends[row]].tobytes().replace(sign, b"."))


def _note_marks(found: Parsed, pointed: np.ndarray, behind: np.ndarray, sizes: np.ndarray) -> None:
    """Notes how decimal signs stand in a block."""
    if pointed.any():
        found.pointed, found.whole, found.canonical = True, False, False
        found.parted = found.parted or bool((pointed & (behind != 3)).any())
        found.bare = found.bare or bool((pointed & ((behind == 0) | (behind == sizes - 1))).any())


def _without_mark(words: list[np.ndarray], mark: np.uint64) -> tuple[np.ndarray | None, np.ndarray | float, np.ndarray]:
    """Takes the last decimal sign out, in place; returns where there was one, the power of ten that it stands for, and the digits behind it."""
    dots, tens, behind = None, 1.0, np.zeros(1, np.uint8)
    for number, word in enumerate(words):
        other = word ^ mark
        hit = (other - _ONES) & ~other & _HIGH
        here = hit != 0
        if dots is not None:
            here &= ~dots
        if not here.any():
            continue
        bit = (hit & (~hit + _U(1))) >> _U(7)  # 1 at the place of the sign, or 0
        below = (bit - _U(1)) if here.all() else np.where(here, bit - _U(1), _U(0))
        digits = np.where(here, np.uint8(_WORD - 1 + _WORD * number) - (np.bitwise_count(below) >> 3), np.uint8(0))
        _close_up(words, number, word, below, bit, here)
        if dots is None:
            dots, tens, behind = here, _TENS_OR_NONE[digits], digits
        else:
            behind = np.where(here, digits, behind)
            dots, tens = dots | here, _TENS_OR_NONE[behind]
        if dots.all():
            break
    return dots, tens, behind


def _close_up(words: list[np.ndarray], number: int, word: np.ndarray, below: np.ndarray, bit: np.ndarray, here: np.ndarray) -> None:
    """Moves what stands before the sign by one place, in place."""
    closed = (word & ~(below | (bit * _U(0xFF)))) | ((word & below) << _U(8))
    every = bool(here.all())
    for above in range(number + 1, len(words)):
        carried = words[above]
        closed |= carried >> _U(56)
        words[above - 1] = closed if every else np.where(here, closed, words[above - 1])
        closed = carried << _U(8)
    words[-1] = closed if every else np.where(here, closed, words[-1])


def _eight_digits(word: np.ndarray) -> np.ndarray:
    pairs = word * _U(10) + (word >> _U(8))
    return ((pairs & _PAIRS) * _LOW + ((pairs >> _U(16)) & _PAIRS) * _HIGHER) >> _U(32)
