"""Reading JSON into columns of cells: lines of objects, a list of objects, or an object of lists; objects inside are opened once."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from workbench.data.base import DataProblem
from workbench.data.tables.cells import RawTable, unique_names
from workbench.data.tables.encoding import encoding_of
from workbench.data.tables.file_cells import FileCells
from workbench.data.tables.ids import DigestIds, digests_of, row_ids
from workbench.data.tables.scan import of_lines
from workbench.errors import DataError, Text

_LISTED = 1000


def read_records(path: Path, encoding: str = "", lines: bool = True) -> RawTable:
    """Returns the columns of a JSON file.

    Args:
        path: The file.
        encoding: Its encoding; "" finds it out.
        lines: Whether every line is an object of its own.

    Raises:
        DataError: It holds no objects.
    """
    with path.open(encoding=encoding_of(path, encoding), newline="") as file:
        records, bad = _of_lines(file) if lines else _of_document(file.read())
    if bad and not records:
        whole = Text("It must be a list of objects, or an object of lists of one length.")
        wanted = Text("Every line must be one object in braces.") if lines else whole
        raise DataError(Text("{path} holds no JSON objects.", path=str(path)), wanted)
    records = [flattened(record) for record in records]
    keys = _keys(records)
    lines_of = ["\x1f".join([_cell(value) for value in map(record.get, keys)]) for record in records]
    what = Text("{count} lines are no JSON objects and are left out.", count=len(bad)) if lines else \
        Text("{count} entries are no JSON objects and are left out.", count=len(bad))
    problems = [DataProblem("unreadable", what, tuple(bad[:_LISTED]))] if bad else []
    return _table(keys, lines_of, lambda: [[_cell(value) for value in map(record.get, keys)] for record in records], problems)


def _keys(records: Sequence[Mapping[str, Any]]) -> list[str]:
    """Returns every key, in the order in which they first stand."""
    found: dict[str, None] = {}
    for record in records:
        if found.keys() != record.keys():
            found.update(dict.fromkeys(record))
    return list(found)


def _table(keys: list[str], lines: list[str], cells: Callable[[], list[list[str]]], problems: list[DataProblem]) -> RawTable:
    """Returns rows as columns of cells.

    Args:
        keys: What the columns are called.
        lines: The cells of every row, with the unit separator of ASCII between them.
        cells: Gives the cells of every row one by one, for rows in which that separator stands.
        problems: What was found.
    """
    names = unique_names(keys) if keys else []
    grid = of_lines(lines, len(keys)) if keys else None
    if grid is not None:
        return RawTable(names, [FileCells(grid, column) for column in range(len(keys))], DigestIds(len(lines), lambda: digests_of(grid)), problems)
    rows = cells()
    columns: list[Sequence[str]] = [list(map(str.strip, column)) for column in zip(*rows, strict=True)]
    return RawTable(names, columns, row_ids(rows, Counter()), problems)


Records = tuple[list[dict[str, Any]], list[str]]


def _of_lines(file: Any) -> Records:
    records: list[dict[str, Any]] = []
    bad: list[str] = []
    for number, line in enumerate(file, 1):
        if line.strip():
            try:
                record = json.loads(line)
            except (ValueError, RecursionError):
                record = None
            if isinstance(record, dict):
                records.append(record)
            else:
                bad.append(f"line {number}")
    return records, bad


def _of_document(text: str) -> Records:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return [], ["1"]
    if isinstance(document, dict):
        inner = [value for value in document.values() if isinstance(value, list) and value and isinstance(value[0], dict)]
        columns = {key: value for key, value in document.items() if isinstance(value, (list, dict))}
        if len(columns) == len(document) > len(inner):
            return _of_columns(columns)
        if len(inner) == 1:
            document = inner[0]
        else:
            return [], ["1"]
    if not isinstance(document, list):
        return [], ["1"]
    bad = [f"entry {number}" for number, record in enumerate(document, 1) if not isinstance(record, dict)]
    return [record for record in document if isinstance(record, dict)], bad


def _of_columns(columns: Mapping[str, Any]) -> Records:
    """Returns the rows of an object of lists, or of objects by row name as pandas writes them."""
    lists: dict[str, Sequence[Any]] = {key: list(value.values()) if isinstance(value, dict) else value for key, value in columns.items()}
    if len({len(values) for values in lists.values()}) != 1:
        return [], ["1"]
    return [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)], []


def flattened(record: Mapping[str, Any]) -> dict[str, Any]:
    """Returns an object whose objects are opened once: `{"a": {"b": 1}}` becomes `{"a.b": 1}`."""
    if dict not in map(type, record.values()):
        return dict(record)
    flat: dict[str, Any] = {}
    for key, value in record.items():
        if isinstance(value, dict) and value:
            flat.update({f"{key}.{inner}": deeper for inner, deeper in value.items()})
        else:
            flat[str(key)] = value
    return flat


def _cell(value: Any) -> str:
    kind = type(value)
    if kind is str:
        return value
    if kind is int or (kind is float and value - value == 0):  # finite: as JSON writes it
        return repr(value)
    if value is None:
        return ""
    if kind is bool:
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False)
