"""Tables: CSV, TSV, JSON and JSON Lines, with the type of every column inferred from what stands in it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from workbench.catalogue import Params, param
from workbench.data.base import Dataset, FieldKind, Format, Question
from workbench.data.tables import kept
from workbench.data.tables.cells import RawTable, layout_of, read_cells, unique_names
from workbench.data.tables.columns import Reading, dataset_of, undecided
from workbench.data.tables.grouping import grouped, likely_groups
from workbench.data.tables.records import read_records
from workbench.data.tables.types import ColumnType, guess
from workbench.errors import DataError, Text

_DELIMITED = {".csv": "", ".tsv": "\t", ".tab": "\t"}
_LINES = (".jsonl", ".ndjson")
_JSON = (".json",)


class TableParams(Params):
    """What cannot be told from the file for certain."""

    types: dict[str, ColumnType] = param(
        {}, label="Types", help="The type of a column, by its name, where another is wanted than was found.", main=True,
    )
    header: Literal["", "yes", "no"] = param(
        "", label="First row names the columns", help="Whether it does; empty finds it out.", choices=("", "yes", "no"), main=False,
    )
    decimal: Literal["", ".", ","] = param(
        "", label="Decimal sign", help="A point or a comma; empty finds it out.", choices=("", ".", ","), main=False,
    )
    day_first: Literal["", "yes", "no"] = param(
        "", label="Day before month", help="Whether 2/3/2024 is in March; empty finds it out.", choices=("", "yes", "no"), main=False,
    )
    missing: tuple[str, ...] = param((), label="Missing", help="What else stands for a missing value, such as -999.", main=False)
    group: str = param(
        "", label="Series of", help="The column whose equal values make up one series; empty: every row stands for itself.", main=False,
    )
    time: str = param("", label="Time", help="The column that puts the steps of a series in order; empty: as they stand.", main=False)
    rate: int = param(
        0, label="Sample rate", help="All sounds are brought to this rate; 0: to the most frequent one.", unit="Hz", ge=0, le=768_000, main=False,
    )
    delimiter: str = param("", label="Delimiter", help="What stands between cells; empty finds it out.", main=False, max_length=1)
    encoding: str = param("", label="Encoding", help="Such as utf-8 or gbk; empty finds it out.", main=False)

    @property
    def reading(self) -> Reading:
        """How cells are to be understood."""
        return Reading(self.types, self.decimal, self.day_first, frozenset(word.strip().lower() for word in self.missing), self.rate)


class Table(Format):
    """One table in a file."""

    name = "table"
    label = "Table"
    category = "file"
    summary = "A CSV, TSV, JSON or JSON Lines file with columns of numbers, categories, texts, dates, series, or paths of images and sounds."
    aliases = ("CSV", "TSV", "JSON", "JSONL", "JSON Lines", "spreadsheet", "表格")
    priority = 20
    Params = TableParams

    def recognises(self, path: Path) -> bool:
        return path.is_file() and path.suffix.lower() in (*_DELIMITED, *_LINES, *_JSON)

    def questions(self, path: Path, params: Any) -> tuple[Question, ...]:
        if path.suffix.lower() not in _DELIMITED:
            return ()
        try:
            return _questions(path, params)
        except (DataError, OSError):
            return ()

    def open(self, source: str, params: Any) -> Dataset:
        path = Path(source)
        return kept.opened(path, self.name, params, lambda: self._read(path, source, params))

    def _read(self, path: Path, source: str, params: Any) -> Dataset:
        table = read_table(path, params)
        if not table.names:
            raise DataError(Text("{path} has no columns.", path=source), Text("The first row must name them."))
        if not table.rows:
            raise DataError(Text("{path} has no rows.", path=source), Text("Below the names there must be at least one row."))
        if params.group:
            return grouped(self.name, source, table, params.reading, params.group, params.time)
        return dataset_of(self.name, source, table, params.reading, path.parent)


def read_table(path: Path, params: TableParams) -> RawTable:
    """Returns the cells of a file.

    Raises:
        DataError: It cannot be read.
    """
    ending = path.suffix.lower()
    if ending in (*_LINES, *_JSON):
        return read_records(path, params.encoding, lines=ending in _LINES)
    return read_cells(path, layout_of(path, params.encoding, params.delimiter or _DELIMITED.get(ending, ""), params.header))


def _questions(path: Path, params: TableParams) -> tuple[Question, ...]:
    """Returns at most one question: about the first thing that the first rows leave open."""
    layout = layout_of(path, params.encoding, params.delimiter or _DELIMITED.get(path.suffix.lower(), ""), params.header)
    if not layout.head:
        return ()
    if not layout.certain:
        default = "yes" if layout.header else "no"
        text = Text("Does the first row name the columns?")
        return (Question("header", text, (("yes", Text("Yes")), ("no", Text("No, it is data"))), default),)
    width = len(layout.head[0])
    rows = [row for row in layout.head[int(layout.header):] if len(row) == width]
    names = unique_names(layout.head[0] if layout.header else [""] * width)
    columns: list[Sequence[str]] = [[cell.strip() for cell in cells] for cells in zip(*rows, strict=True)] or [[] for _ in names]
    head = RawTable(names, columns, ["" for _ in rows])
    signs, dates = undecided(head, params.reading)
    if signs and not params.decimal:
        choices = ((".", Text("A large number: the comma parts thousands")), (",", Text("A small number: the comma is the decimal sign")))
        return (Question("decimal", Text("What is {example}?", example=signs[0]), choices, "."),)
    if dates and not params.day_first:
        choices = (("yes", Text("The day comes first")), ("no", Text("The month comes first")))
        return (Question("day_first", Text("How is the date {example} written?", example=dates[0]), choices, "yes"),)
    groups = likely_groups(head) if not params.group else []
    if groups:
        several = ((name, Text("Rows with the same {name} are one series", name=name)) for name in groups[:3])
        choices = (("", Text("Every row is an example")), *several)
        return (Question("group", Text("What is one example?"), choices, ""),)
    return ()


def infer_kind(name: str, cells: Sequence[str]) -> FieldKind:
    """Returns what a column seems to hold.

    All numbers is a number, unless they are few whole numbers in a column called label or the like. Few different short texts,
    each of them used again, are categories. Anything else is text.
    """
    return guess(name, cells).kind
