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
        _parse_block(text, words, starts[part], ends[part], _U(ord(mark) ^ 0x30) * _ONES, found, part)
    return found


def _parse_block(text: np.ndarray, words: np.ndarray, starts: np.ndarray, ends: np.ndarray, mark: np.uint64, found: Parsed, part: slice) -> None:
    first = text[starts]
    negative = first == ord("-")
    signed = negative | (first == ord("+"))
    sizes = ends - starts - signed
    good = (sizes > 0) & (sizes <= _LONGEST)
    sizes = np.where(good, sizes, 1)
    loaded = [_word(words, ends, sizes, number) for number in range(-(-int(sizes.max(initial=1)) // _WORD))]
    fraction, dots = _without_mark(loaded, mark)
    for word in loaded:
        good &= (((word + _SEVENS) | word) & _HIGH) == 0
    good &= sizes > dots
    numbers = [_eight_digits(word) for word in loaded]
    total = numbers[0]
    if len(numbers) > 1:
        total = total + numbers[1] * _U(10**8)
    if len(numbers) > 2:
        good &= numbers[2] <= _MOST_LEADING
        total = total + np.minimum(numbers[2], _MOST_LEADING) * _U(10**16)
    good &= fraction < len(_TENS)
    values = total.astype(np.float64) / _TENS[np.minimum(fraction, len(_TENS) - 1)]
    long = total > _EXACT
    if long.any():
        near = np.abs((values.view(np.uint64) & _U(0x1FFFFFFF)).astype(np.int64) - 0x10000000) <= _NEAR
        for row in np.flatnonzero(good & long & near).tolist():
            values[row] = float(text[starts[row] + signed[row]:ends[row]].tobytes().replace(bytes([int(mark & _U(0xFF)) ^ 0x30]), b"."))
    np.negative(values, out=values, where=negative)
    values[~good] = np.nan
    found.values[part], found.good[part] = values, good
    _noted(found, text, starts + signed, sizes, fraction, dots, good, bool((signed & good).any()))


def _noted(
    found: Parsed, text: np.ndarray, starts: np.ndarray, sizes: np.ndarray, fraction: np.ndarray, dots: np.ndarray, good: np.ndarray, signed: bool,
) -> None:
    """Notes how the numbers of a block are written."""
    pointed = dots & good
    if pointed.any():
        found.pointed, found.whole, found.canonical = True, False, False
        found.parted = found.parted or bool((pointed & (fraction != 3)).any())
        found.bare = found.bare or bool((pointed & ((fraction == 0) | (fraction == sizes - 1))).any())
    if found.canonical:
        found.canonical = not signed and not bool((good & (sizes > 1) & (text[starts] == ord("0"))).any())


def _word(words: np.ndarray, ends: np.ndarray, sizes: np.ndarray, number: int) -> np.ndarray:
    """Returns the last eight characters of cells, or the eight before these: digits as 0 to 9, 0 where the cell has not so many."""
    word = words[ends - _WORD * (number + 1)] ^ _ZEROS
    short = np.clip(_WORD * (number + 1) - sizes, 0, _WORD).astype(np.uint64) * _U(8)
    half = short >> _U(1)  # a shift by 64 is not defined, two by 32 are
    rest = short - half
    return (((word >> half) >> rest) << half) << rest


def _without_mark(words: list[np.ndarray], mark: np.uint64) -> tuple[np.ndarray, np.ndarray]:
    """Takes the last decimal sign out, in place; returns how many digits stand behind it, and whether there was one."""
    fraction = np.zeros(len(words[0]), np.int64)
    dots = np.zeros(len(words[0]), bool)
    for number in range(len(words)):
        if number and dots.all():
            break
        word = words[number]
        other = word ^ mark
        hit = (other - _ONES) & ~other & _HIGH
        bit = (hit & (~hit + _U(1))) >> _U(7)  # 1 at the place of the sign, or 0
        here = (bit != 0) & ~dots
        if not here.any():
            continue
        bit = np.where(here, bit, _U(0))
        below = np.where(here, bit - _U(1), _U(0))
        behind = _WORD - 1 - (np.bitwise_count(below) >> 3).astype(np.int64) + _WORD * number
        fraction = np.where(here, behind, fraction)
        kept = word & ~(below | bit * _U(0xFF))
        words[number] = np.where(here, kept | ((word & below) << _U(8)), word)
        for above in range(number + 1, len(words)):
            carried = words[above]
            lower = words[above - 1] if above > number + 1 else words[number]
            words[above - 1] = np.where(here, lower | (carried >> _U(56)), lower)
            words[above] = np.where(here, carried << _U(8), carried)
        dots |= here
    return fraction, dots


def _eight_digits(word: np.ndarray) -> np.ndarray:
    pairs = word * _U(10) + (word >> _U(8))
    return ((pairs & _PAIRS) * _LOW + ((pairs >> _U(16)) & _PAIRS) * _HIGHER) >> _U(32)
