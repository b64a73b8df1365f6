"""Reading delimited text into columns of cells: a hundred thousand rows at a time, ragged rows listed with their lines."""

from __future__ import annotations

import codecs
import csv
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice, pairwise
from pathlib import Path
from typing import Any

from workbench.data.base import DataProblem
from workbench.data.progress import report
from workbench.data.tables import scan
from workbench.data.tables.encoding import encoding_of
from workbench.data.tables.file_cells import FileCells
from workbench.data.tables.ids import DigestIds, digests_of, row_ids
from workbench.data.tables.ragged import Ragged, fitted_row
from workbench.data.tables.scan import MAX_CELL, PAD, padded
from workbench.errors import DataError, Text

HEAD_ROWS = 2000
DELIMITERS = ",;\t|"
_CHUNK = 65_536
_POOLED = 100_000


@dataclass(slots=True)
class RawTable:
    """Cells as they stand in a source.

    Attributes:
        names: What the columns are called, each name once.
        columns: The cells by column, without spaces around them; a missing cell is "".
        ids: The id of every row, made of what stands in it, so that it survives sorting.
        problems: What was left out or filled up, with lines.
    """

    names: list[str]
    columns: list[Sequence[str]] = field(default_factory=list)
    ids: Sequence[str] = field(default_factory=list)
    problems: list[DataProblem] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.ids)


@dataclass(slots=True)
class Layout:
    """How cells are written down in a file.

    Attributes:
        encoding: The encoding of the file.
        delimiter: What stands between cells.
        header: Whether the first row names the columns.
        certain: Whether that is beyond doubt.
        head: The first rows, blank ones left out.
    """

    encoding: str
    delimiter: str
    header: bool
    certain: bool
    head: list[list[str]]


def layout_of(path: Path, encoding: str = "", delimiter: str = "", header: str = "") -> Layout:
    """Returns how a file is written; what is given is taken as said.

    Raises:
        DataError: It is no text.
    """
    csv.field_size_limit(MAX_CELL)
    found = encoding_of(path, encoding)
    with path.open(encoding=found, newline="") as file:
        lines = list(islice((line for line in file if line.strip()), HEAD_ROWS))
    mark = delimiter or delimiter_of(lines)
    try:
        head = [row for row in csv.reader(lines, delimiter=mark) if any(cell.strip() for cell in row)]
    except csv.Error:
        head = []
    named, certain = (header == "yes", True) if header else names_columns(head)
    return Layout(found, mark, named, certain, head)


def delimiter_of(lines: Sequence[str]) -> str:
    """Returns what divides the first lines into equally many cells, the most frequent of the first line where several do."""
    plain = [re.sub(r'"[^"]*"', "", line) for line in lines[:50]]
    if not plain:
        return ","
    counts = Counter(character for character in plain[0] if character in DELIMITERS)

    def rank(mark: str) -> tuple[bool, float, int]:
        same = sum(line.count(mark) == counts[mark] for line in plain) / len(plain)
        return counts[mark] > 0, round(same, 1), counts[mark]

    return max(DELIMITERS, key=rank)


def names_columns(head: Sequence[Sequence[str]]) -> tuple[bool, bool]:
    """Returns whether the first row names the columns, and whether that is certain.

    It does not where a number stands above numbers, or a class above the same class. Rising whole numbers may be years.
    """
    if len(head) < 2:
        return True, True
    first, rest = head[0], [row for row in head[1:200] if len(row) == len(head[0])]
    if not rest:
        return True, True
    columns = list(zip(*rest, strict=True))
    numeric = [place for place, cells in enumerate(columns) if all(_plain_number(cell) for cell in cells if cell.strip())
               and any(cell.strip() for cell in cells)]
    above = [place for place in numeric if _plain_number(first[place])]
    if above and len(above) == len(numeric):
        values = [float(first[place]) for place in above]
        steps = {later - earlier for earlier, later in pairwise(values)}
        years = len(values) > 1 and len(steps) == 1 and min(steps) > 0 and all(value.is_integer() for value in values)
        return years, not years
    again = any(len(set(cells)) <= len(cells) // 2 and first[place] in cells for place, cells in enumerate(columns) if first[place].strip())
    return not again or bool(numeric), True


def _plain_number(cell: str) -> bool:
    return bool(re.fullmatch(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", cell))


def read_cells(path: Path, layout: Layout) -> RawTable:
    """Returns the columns; a short row is filled up with missing cells, a long one is left out.

    Raises:
        DataError: A cell never ends, or the file cannot be read.
    """
    size = max(path.stat().st_size, 1)
    found = _read_at_once(path, layout) if path.stat().st_size >= scan.SHORT_BYTES else None
    if found is not None:
        return found
    with path.open(encoding=layout.encoding, newline="") as file:
        reader = csv.reader(file, delimiter=layout.delimiter)
        try:
            return _read(reader, layout, lambda: os.lseek(file.fileno(), 0, os.SEEK_CUR) / size)
        except csv.Error as error:
            raise DataError(
                Text("Line {line} of {path} cannot be read: {reason}.", line=reader.line_num, path=str(path), reason=str(error)),
                Text("Check the quotation marks there."),
            ) from error


def _read_at_once(path: Path, layout: Layout) -> RawTable | None:
    """Returns the columns, found over the bytes of the file; None where its rows must be read one by one."""
    size = path.stat().st_size
    data = padded(size)
    with path.open("rb") as file:
        if file.readinto(memoryview(data)[PAD:PAD + size]) != size:
            return None
    if layout.encoding != "utf-8-sig":
        text = data[PAD:PAD + size].decode(layout.encoding).encode("utf-8", "surrogatepass")
        if text.startswith(codecs.BOM_UTF8):
            return None
        data = padded(len(text))
        data[PAD:PAD + len(text)] = text
    found = scan.scan(data, layout.delimiter, layout.header)
    if found is None:
        return None
    names, grid = found
    columns = [FileCells(grid, column) for column in range(grid.width)]
    names = unique_names(names if layout.header else [""] * grid.width)
    return RawTable(names, [*columns], DigestIds(grid.rows, lambda: digests_of(grid)), grid.ragged.problems())


def _read(reader: Any, layout: Layout, share: Callable[[], float]) -> RawTable:
    begun = next(([row] for row in reader if any(cell.strip() for cell in row)), [])
    if not begun:
        return RawTable([])
    names = unique_names(begun[0] if layout.header else [""] * len(begun[0]))
    line = reader.line_num + 1 if layout.header else 1 + reader.line_num - _lines_of(begun[0])
    if layout.header:
        begun = []
    pools: list[dict[str, str]] = [{} for _ in names]
    seen: Counter[str] = Counter()
    ragged, columns, ids = Ragged(), [list[str]() for _ in names], list[str]()
    rows = chain(begun, reader)
    while chunk := list(islice(rows, _CHUNK)):
        whole = _whole(chunk, len(names), line, ragged)
        line = reader.line_num + 1
        ids += row_ids(whole, seen)
        for column, pool, cells in zip(columns, pools, zip(*whole, strict=True), strict=False):
            column += pooled(map(str.strip, cells), pool)
        report(share(), Text("{count} rows read", count=f"{len(ids):,}"))
    return RawTable(names, [*columns], ids, ragged.problems())


def _whole(chunk: list[list[str]], width: int, line: int, ragged: Ragged) -> list[list[str]]:
    """Returns the rows that count, all equally wide; `line` is where the first one begins."""
    if set(map(len, chunk)) == {width} and all(row[0] and not row[0].isspace() for row in chunk):
        return chunk
    whole: list[list[str]] = []
    for row in chunk:
        line += _lines_of(row)
        kept = fitted_row(row, width, line - 1, ragged)
        whole += [kept] if kept is not None else []
    return whole


def _lines_of(row: list[str]) -> int:
    return 1 + sum(cell.count("\n") for cell in row)


def pooled(cells: Iterable[str], pool: dict[str, str]) -> list[str]:
    """Returns the cells with equal ones kept once, as long as there are few different ones."""
    if len(pool) > _POOLED:
        return list(cells)
    keep = pool.setdefault
    return [keep(cell, cell) for cell in cells]


def unique_names(cells: Sequence[str]) -> list[str]:
    """Returns the cells of the first row as unique names."""
    names: list[str] = []
    taken: set[str] = set()
    for number, cell in enumerate(cells, 1):
        name = cell.strip() or f"column{number}"
        while name in taken:
            name += "_2"
        names.append(name)
        taken.add(name)
    return names
