"""Tables: CSV, TSV and JSON Lines, with the kind of every column inferred from what stands in it."""

from __future__ import annotations

import csv
import io
import json
import keyword
import math
import re
from collections import Counter
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from workbench.catalogue import Params, param
from workbench.data.base import DataProblem, Dataset, Field, FieldKind, Format, Split
from workbench.data.memory import MemoryDataset
from workbench.errors import DataError, Text

MAX_BYTES = 2 << 30
MAX_CELL = 10_000_000
_SUFFIXES = {".csv": "", ".tsv": "\t", ".tab": "\t", ".jsonl": "json", ".ndjson": "json"}
_MISSING = frozenset({"", "na", "n/a", "nan", "null", "?"})
_SPLIT_COLUMNS = frozenset({"split", "partition", "subset", "fold_split"})
_SPLIT_NAMES = {
    "train": Split.TRAIN, "training": Split.TRAIN,
    "val": Split.VALIDATION, "valid": Split.VALIDATION, "validation": Split.VALIDATION,
    "dev": Split.VALIDATION, "test": Split.TEST,
}
_MOST_CATEGORIES = 100
_SHARE_OF_ROWS = 0.2
_CATEGORY_NAMES = frozenset({"label", "class", "target", "category", "sentiment", "标签", "类别", "分类"})


class TableParams(Params):
    """What cannot be told from the file for certain."""

    delimiter: str = param("", label="Delimiter", help="What stands between cells; empty finds it out.", main=False, max_length=1)
    encoding: str = param("", label="Encoding", help="Such as utf-8 or gbk; empty finds it out.", main=False)
    kinds: dict[str, FieldKind] = param(
        {}, label="Kinds", help="The kind of a column, by its name, where another is wanted than was found.", main=False,
    )


class Table(Format):
    """One table in a file."""

    name = "table"
    label = "Table"
    category = "file"
    summary = "A CSV, TSV or JSON Lines file with text, number and category columns; the first row names the columns."
    aliases = ("CSV", "TSV", "JSONL", "JSON Lines", "spreadsheet", "表格")
    priority = 20
    Params = TableParams

    def recognises(self, path: Path) -> bool:
        return path.is_file() and path.suffix.lower() in _SUFFIXES

    def open(self, source: str, params: Any) -> Dataset:
        path = Path(source)
        text = _text(path, params.encoding)
        kind = _SUFFIXES.get(path.suffix.lower(), "")
        header, rows, problems = _json_lines(text, path) if kind == "json" else _cells(text, params.delimiter or kind, path)
        if not header:
            raise DataError(Text("{path} has no columns.", path=source), Text("The first row must name them."))
        if not rows:
            raise DataError(Text("{path} has no rows.", path=source), Text("Below the names there must be at least one row."))
        return _dataset(self.name, source, header, rows, problems, params.kinds)


def _text(path: Path, encoding: str) -> str:
    """Returns the file as text: UTF-16 or UTF-8 by byte order mark, UTF-8, GB 18030 (which holds GBK) or Windows-1252."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise DataError(Text("{path} is larger than 2 GiB.", path=str(path)), Text("Use a part of it."))
        data = path.read_bytes()
    except OSError as error:
        raise DataError(
            Text("{path} cannot be read: {reason}.", path=str(path), reason=error.strerror or str(error)), Text("Check the file.")
        ) from error
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    else:
        encodings = [encoding] if encoding else ["utf-8-sig", "gb18030", "cp1252"]
    for name in encodings:
        try:
            return data.decode(name)
        except (UnicodeDecodeError, LookupError):
            continue
    raise DataError(
        Text("{path} is no text in the encoding {encoding}.", path=str(path), encoding=encodings[-1]),
        Text("Save it as UTF-8, or choose its encoding."),
    )


Rows = list[list[Any]]


def _cells(text: str, delimiter: str, path: Path) -> tuple[list[str], Rows, list[DataProblem]]:
    """Returns column names, rows and the ragged ones; a short row is filled up with missing cells, a long one is left out."""
    if "\0" in text:
        raise DataError(Text("{path} is no text table: it holds zero bytes.", path=str(path)), Text("Save it as CSV in UTF-8."))
    csv.field_size_limit(MAX_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter or _delimiter(text))
    header: list[str] = []
    rows: Rows = []
    short: list[str] = []
    long: list[str] = []
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if not header:
                header = _names(cells)
            elif len(cells) > len(header) and any(cell.strip() for cell in cells[len(header):]):
                long.append(f"line {reader.line_num}")
            else:
                if len(cells) < len(header):
                    short.append(f"line {reader.line_num}")
                rows.append((cells + [""] * len(header))[: len(header)])
    except csv.Error as error:
        raise DataError(
            Text("Line {line} of {path} cannot be read: {reason}.", line=reader.line_num, path=str(path), reason=str(error)),
            Text("Check the quotation marks there."),
        ) from error
    return header, rows, _ragged(short, long)


def _ragged(short: list[str], long: list[str]) -> list[DataProblem]:
    problems: list[DataProblem] = []
    if short:
        problems.append(DataProblem(
            "ragged", Text("{count} rows have too few cells.", count=len(short)), tuple(short[:1000]),
            Text("What is missing counts as empty."),
        ))
    if long:
        problems.append(DataProblem(
            "ragged", Text("{count} rows have too many cells and are left out.", count=len(long)), tuple(long[:1000]),
            Text("Which cell belongs to which column cannot be told."),
        ))
    return problems


def _delimiter(text: str) -> str:
    """Returns the separator that stands in the first line most often, outside of quotes."""
    first = re.sub(r'"[^"]*"', "", next((line for line in text.splitlines() if line.strip()), ""))
    counts = Counter(character for character in first if character in ",;\t|")
    return max(",;\t|", key=lambda character: counts[character])


def _json_lines(text: str, path: Path) -> tuple[list[str], Rows, list[DataProblem]]:
    """Returns column names, rows and the lines that are no JSON objects."""
    records: list[dict[str, Any]] = []
    bad: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                record = json.loads(line)
            except (ValueError, RecursionError):
                record = None
            if isinstance(record, dict):
                records.append(record)
            else:
                bad.append(f"line {number}")
    if bad and not records:
        raise DataError(Text("{path} holds no JSON objects.", path=str(path)), Text("Every line must be one object in braces."))
    keys = list(dict.fromkeys(key for record in records for key in record))
    names = _names(keys) if keys else []
    rows = [[_cell(record.get(key)) for key in keys] for record in records]
    message = Text("{count} lines are no JSON objects and are left out.", count=len(bad))
    problems = [DataProblem("unreadable", message, tuple(bad[:1000]))]
    return names, rows, problems if bad else []


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _names(cells: Sequence[str]) -> list[str]:
    """Returns the cells of the first row as unique names."""
    names: list[str] = []
    for number, cell in enumerate(cells, 1):
        name = cell.strip() or f"column{number}"
        while name in names:
            name += "_2"
        names.append(name)
    return names


def _identifiers(names: Sequence[str]) -> list[str]:
    """Returns unique ASCII identifiers for these names; the names themselves stay as labels."""
    taken: list[str] = []
    for number, name in enumerate(names, 1):
        plain = re.sub(r"[\W_]+", "_", name, flags=re.ASCII).strip("_").lower()
        plain = plain if plain and not plain[0].isdigit() else f"column{number}" if not plain else f"c{plain}"
        plain += "_" * keyword.iskeyword(plain)
        while plain in taken:
            plain += "_2"
        taken.append(plain)
    return taken


def _dataset(
    format: str, source: str, header: list[str], rows: Rows, problems: list[DataProblem], kinds: dict[str, FieldKind],
) -> Dataset:
    columns: dict[str, Any] = {}
    fields: list[Field] = []
    splits = None
    for label, name, cells in zip(header, _identifiers(header), zip(*rows, strict=True), strict=True):
        cells = [cell.strip() for cell in cells]
        if name in _SPLIT_COLUMNS and all(cell.lower() in _SPLIT_NAMES for cell in cells):
            splits = np.array([str(_SPLIT_NAMES[cell.lower()]) for cell in cells], dtype="U10")
            continue
        field, values = _column(name, label, cells, kinds.get(label) or kinds.get(name))
        fields.append(field)
        columns[name] = values
    if not fields:
        raise DataError(Text("{path} has no columns besides the split.", path=source), Text("Add a column to learn from."))
    return MemoryDataset(
        format=format, source=source, fields=fields, columns=columns, ids=_ids(rows), splits=splits, problems=problems,
    )


def _column(name: str, label: str, cells: list[str], wanted: FieldKind | None) -> tuple[Field, Any]:
    """Returns the field and the values of one column."""
    kind = wanted or infer_kind(name, cells)
    if kind == FieldKind.NUMBER:
        with np.errstate(over="ignore"):
            return Field(name, kind, label), np.array([_number(cell) for cell in cells]).astype(np.float32)
    if kind == FieldKind.CATEGORY:
        names = sorted({cell for cell in cells if cell.lower() not in _MISSING}, key=_natural)
        numbers = {text: number for number, text in enumerate(names)}
        labels = np.array([numbers.get(cell, -1) for cell in cells], dtype=np.int64)
        return Field(name, kind, label, categories=tuple(names)), labels
    if kind == FieldKind.TEXT:
        return Field(name, kind, label), cells
    raise DataError(Text("The column {name} cannot hold images.", name=label), Text("Choose text, number or category."))


def infer_kind(name: str, cells: Sequence[str]) -> FieldKind:
    """Returns what a column seems to hold.

    All numbers is a number, unless they are few whole numbers in a column called label or the like. Few different short texts,
    each of them used again, are categories. Anything else is text.
    """
    present = [cell for cell in cells if cell.lower() not in _MISSING]
    different = set(present)
    called = name in _CATEGORY_NAMES or name.startswith(("label", "class", "target"))
    few = len(different) <= _MOST_CATEGORIES
    if present and all(math.isfinite(_number(cell)) for cell in different):
        whole = all(re.fullmatch(r"[+-]?\d+", cell) for cell in different)
        return FieldKind.CATEGORY if called and whole and few else FieldKind.NUMBER
    short = all(len(cell) <= 60 for cell in different)
    repeated = len(different) <= max(2, _SHARE_OF_ROWS * len(present)) and len(different) < len(present)
    return FieldKind.CATEGORY if present and few and short and (repeated or called) else FieldKind.TEXT


def _number(cell: str) -> float:
    try:
        return float(cell.replace("_", "x"))
    except ValueError:
        return float("nan")


def _natural(text: str) -> tuple[bool, float, str]:
    value = _number(text)
    return (math.isnan(value), 0.0 if math.isnan(value) else value, text)


def _ids(rows: Rows) -> list[str]:
    """Returns ids made of what stands in a row, so that they survive sorting; equal rows are counted."""
    seen: Counter[str] = Counter()
    ids: list[str] = []
    for row in rows:
        digest = blake2b("\x1f".join(row).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
        ids.append(digest if not seen[digest] else f"{digest}-{seen[digest]}")
        seen[digest] += 1
    return ids
