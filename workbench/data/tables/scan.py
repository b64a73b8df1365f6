"""Where the cells of a delimited file lie, found over whole arrays of bytes at once.

This is the short way for files of many rows: it finds the same cells as `csv.reader`, or says that it cannot and leaves the file to it.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from workbench.data.tables.ragged import Ragged, fitted_row

PAD = 32
"""Bytes before the text, so that a word may be read that ends with the first cell."""

SHORT_BYTES = 1 << 16
"""Smaller texts are read row by row: looking at their bytes at once is worth nothing."""

_NEWLINE, _RETURN, _QUOTE = 10, 13, 34
_MOST_BYTES = (1 << 31) - 256
_BLOCK = 1 << 20
_FEW_ROWS, _ODD_SHARE = 1000, 0.02
MAX_CELL = 10_000_000


@dataclass(slots=True)
class Grid:
    """A file of which every row has the same number of cells.

    Attributes:
        data: The text in UTF-8 between `PAD` bytes before it and as many after it.
        seps: Where each cell ends, int32 `(rows, width)`.
        first: Where the first row begins.
        delimiter: What stands between cells.
        quotes: How many quotation marks every cell has, int32 `(rows, width)`, or None where there are none at all.
        ragged: The lines of rows that were too short or too long.
    """

    data: bytearray
    seps: np.ndarray
    first: int
    delimiter: str
    quotes: np.ndarray | None
    ragged: Ragged

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.seps)

    @property
    def width(self) -> int:
        """How many columns there are."""
        return self.seps.shape[1]

    @property
    def bytes(self) -> np.ndarray:
        """The text as numbers, uint8."""
        return np.frombuffer(self.data, np.uint8)

    def begins(self) -> np.ndarray:
        """Returns where every row begins, int32 `(rows,)`."""
        return np.concatenate(([self.first], self.seps[:-1, -1] + 1)).astype(np.int32)

    def bounds(self, column: int) -> tuple[np.ndarray, np.ndarray]:
        """Returns where the content of every cell of a column begins and ends: within its quotation marks, before the end of the line."""
        starts = self.begins() if column == 0 else self.seps[:, column - 1] + 1
        ends, text = self.seps[:, column].copy(), self.bytes
        if column == self.width - 1:
            ends -= (text[ends - 1] == _RETURN) & (ends > starts)
        if self.quotes is not None:
            quoted = self.quotes[:, column] > 0
            starts, ends = starts + quoted, ends - quoted
        return starts, ends


def padded(size: int) -> bytearray:
    """Returns room for a text of that many bytes."""
    return bytearray(size + 2 * PAD)


def scan(data: bytearray, delimiter: str, header: bool) -> tuple[list[str], Grid] | None:
    """Returns the cells of the first row that has any, and where those of all others lie; None where only `csv.reader` can tell.

    Args:
        data: UTF-8 between `PAD` bytes before and after.
        delimiter: What stands between cells.
        header: Whether the first row names the columns.
    """
    size = len(data) - 2 * PAD
    if not 0 < size < _MOST_BYTES or len(delimiter) != 1 or not delimiter.isascii() or delimiter in '"\r\n\0':
        return None
    if data.find(b"\0", PAD, PAD + size) >= 0:
        return None
    if data.find(b"\r", PAD, PAD + size) >= 0 and data.count(b"\r") != data.count(b"\r\n"):
        return None
    start = PAD + 3 * data.startswith(b"\xef\xbb\xbf", PAD)
    found = _first_row(data, start, size, delimiter)
    if found is None:
        return None
    names, begin, after, lines = found
    return _regular(data, after if header else begin, len(names), delimiter, lines if header else lines - 1, names)


def of_lines(lines: Sequence[str], width: int) -> Grid | None:
    """Returns the grid of rows whose cells have the unit separator of ASCII between them; None where they are few, or hold such marks themselves."""
    body = "\n".join(lines).encode("utf-8", "surrogatepass")
    if not SHORT_BYTES <= len(body) < _MOST_BYTES or b"\r" in body or b"\0" in body:
        return None
    if body.count(b"\n") != len(lines) - 1 or body.count(b"\x1f") != len(lines) * (width - 1):
        return None
    data = padded(len(body))
    data[PAD:PAD + len(body)] = body
    data[PAD + len(body)] = _NEWLINE
    seps = _separators(np.frombuffer(data, np.uint8), PAD, PAD + len(body) + 1, 0x1F).reshape(-1, width)
    return Grid(data, seps, PAD, "\x1f", None, Ragged()) if bool((np.frombuffer(data, np.uint8)[seps[:, -1]] == _NEWLINE).all()) else None


def _first_row(data: bytearray, start: int, size: int, delimiter: str) -> tuple[list[str], int, int, int] | None:
    """Returns the cells of the first row that has any, where it begins and ends, and the number of its last line; None where it has several."""
    line, end = 0, PAD + size
    while start < end:
        stop = data.find(b"\n", start, end)
        stop = end if stop < 0 else stop
        line += 1
        cells = _row(data[start:stop], delimiter)
        if cells is None:
            return None
        if any(cell.strip() for cell in cells):
            return cells, start, stop + 1, line
        start = stop + 1
    return None


def _regular(data: bytearray, begin: int, width: int, delimiter: str, line: int, names: list[str]) -> tuple[list[str], Grid] | None:
    """Returns the grid of the rows from `begin` on; rows of another width are filled up or taken out first."""
    end = len(data) - PAD
    if begin >= end:
        return None
    if data[end - 1] != _NEWLINE:
        data[end] = _NEWLINE
    text = np.frombuffer(data, np.uint8)
    seps = _separators(text, begin, end + (data[end - 1] != _NEWLINE), ord(delimiter))
    marks = np.flatnonzero(text[begin:end] == _QUOTE) + begin if data.find(b'"', begin, end) >= 0 else None
    if marks is not None:
        if len(marks) % 2:
            return None
        seps = _outside(seps, marks)
    last = text[seps] == _NEWLINE
    ragged = Ragged()
    if len(seps) % width or not (grid := last.reshape(-1, width))[:, -1].all() or grid[:, :-1].any():
        return _mended(data, text, begin, seps, last, width, delimiter, line, names)
    found = Grid(data, seps.reshape(-1, width), begin, delimiter, None, ragged)
    if marks is not None:
        found.quotes = _quotes(found, marks)
        if found.quotes is None:
            return None
    if int(np.diff(found.begins()).max(initial=0)) >= MAX_CELL:
        return None
    return _mended(data, text, begin, seps, last, width, delimiter, line, names) if _has_blank(found) else (names, found)


def _separators(text: np.ndarray, begin: int, end: int, mark: int) -> np.ndarray:
    """Returns where delimiters and ends of lines stand, int32."""
    parts: list[np.ndarray] = []
    for start in range(begin, end, _BLOCK):
        part = text[start:min(start + _BLOCK, end)]
        found = part == mark
        np.logical_or(found, part == _NEWLINE, out=found)
        places = np.flatnonzero(found)
        places += start
        parts.append(places.astype(np.int32))
    return np.concatenate(parts)


def _outside(seps: np.ndarray, marks: np.ndarray) -> np.ndarray:
    """Returns the separators that stand outside of quotation marks, which come in pairs."""
    first, last = np.searchsorted(seps, marks[0::2]), np.searchsorted(seps, marks[1::2])
    held = np.flatnonzero(last > first)
    if not len(held):
        return seps
    keep = np.zeros(len(seps) + 1, np.int32)
    np.add.at(keep, first[held], 1)
    np.add.at(keep, last[held], -1)
    return seps[np.cumsum(keep[:-1]) == 0]


def _quotes(grid: Grid, marks: np.ndarray) -> np.ndarray | None:
    """Returns how many quotation marks each cell has; None where one does not stand around a whole cell or doubled within."""
    cells = np.searchsorted(grid.seps.reshape(-1), marks)
    counts = np.bincount(cells, minlength=grid.seps.size).astype(np.int32).reshape(grid.seps.shape)
    flat, text = counts.reshape(-1), grid.bytes
    ends = grid.seps.reshape(-1)
    held = np.flatnonzero(flat)
    starts = np.where(held > 0, ends[held - 1] + 1, grid.first)
    stops = ends[held]
    stops = stops - (text[stops - 1] == _RETURN)
    if (stops - starts < 2).any() or not ((text[starts] == _QUOTE) & (text[stops - 1] == _QUOTE)).all():
        return None
    for cell, start, stop in zip(held[flat[held] > 2].tolist(), starts[flat[held] > 2].tolist(), stops[flat[held] > 2].tolist(), strict=True):
        inside = grid.data[start + 1:stop - 1]
        if 2 * inside.count(b'""') != flat[cell] - 2:
            return None
    return counts


def _has_blank(grid: Grid) -> bool:
    """Whether a row has nothing but blanks in all of its cells; rows that begin with something are passed over."""
    text, begins, ends = grid.bytes, grid.begins(), grid.seps[:, -1]
    first = text[begins]
    odd = np.flatnonzero((first <= 32) | (first >= 0x7F) | (first == ord(grid.delimiter)) | (first == _QUOTE))
    return any(_blank(grid.data[start:end], grid.delimiter) for start, end in zip(begins[odd].tolist(), ends[odd].tolist(), strict=True))


def _blank(line: bytearray, delimiter: str) -> bool:
    rest = line.translate(None, delimiter.encode() + b'"')
    if rest and rest.decode("utf-8").strip():
        return False
    return b'"' not in line or not any(cell.strip() for cell in _row(line, delimiter) or ())


def _mended(
    data: bytearray, text: np.ndarray, begin: int, seps: np.ndarray, last: np.ndarray, width: int, delimiter: str, line: int, names: list[str],
) -> tuple[list[str], Grid] | None:
    """Returns the grid after rows of another width were filled up or taken out, and blank ones taken out; None where there are many."""
    stops = np.flatnonzero(last)
    if not len(stops) or stops[-1] != len(seps) - 1:
        return None
    ends = seps[stops].astype(np.int64)
    begins = np.concatenate(([begin], ends[:-1] + 1))
    counts = np.diff(stops, prepend=-1)
    first = text[begins]
    suspect = np.flatnonzero((counts != width) | (first <= 32) | (first >= 0x7F) | (first == ord(delimiter)) | (first == _QUOTE))
    odd = [row for row in suspect.tolist() if counts[row] != width or _blank(data[begins[row]:ends[row]], delimiter)]
    if len(odd) > max(_FEW_ROWS, _ODD_SHARE * len(stops)):
        return None
    lines = np.flatnonzero(text[begin:ends[-1] + 1] == _NEWLINE) + begin
    numbers = line + 1 + np.searchsorted(lines, ends[odd])
    ragged, pieces, done = Ragged(), [], begin
    for row, number in zip(odd, numbers.tolist(), strict=True):
        pieces.append(data[done:begins[row]])
        done = int(ends[row]) + 1
        cells = _row(data[begins[row]:ends[row]], delimiter)
        if cells is None:
            return None
        kept = fitted_row(cells, width, int(number), ragged)
        pieces += [_written(kept, delimiter)] if kept is not None else []
    pieces.append(data[done:len(data) - PAD + (data[len(data) - PAD] == _NEWLINE)])
    body = b"".join(pieces)
    if not body:
        return None
    fresh = padded(len(body))
    fresh[PAD:PAD + len(body)] = body
    found = _regular(fresh, PAD, width, delimiter, 0, names)
    if found is not None:
        found[1].ragged = ragged
    return found


def _row(line: bytes | bytearray, delimiter: str) -> list[str] | None:
    """Returns the cells of one row, which may have line breaks within its quotation marks; None where these are not well placed."""
    try:
        text = line.decode("utf-8").removesuffix("\r")
        if '"' in text and not _well_quoted(delimiter).fullmatch(text):
            return None
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except (csv.Error, UnicodeDecodeError):
        return None
    return None if len(rows) > 1 else rows[0] if rows else []


@cache
def _well_quoted(delimiter: str) -> re.Pattern[str]:
    """Returns what a row looks like whose quotation marks stand around whole cells, or doubled within them."""
    cell = f'(?:[^"\r\n{re.escape(delimiter)}]*+|"(?:[^"]|"")*+")'
    return re.compile(f"{cell}(?:{re.escape(delimiter)}{cell})*+")


def _written(cells: Sequence[str], delimiter: str) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerow(cells)
    return out.getvalue().encode("utf-8", "surrogatepass")
