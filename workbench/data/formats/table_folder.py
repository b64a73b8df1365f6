"""A folder of tables: one of them, or all that have the same columns, divided by what they are called (train.csv, test.csv)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from workbench.catalogue import param
from workbench.data.base import DataProblem, Dataset, Format, Question
from workbench.data.folders import COLUMN_SUFFIXES, IMAGE_SUFFIXES, SOUND_SUFFIXES, holds
from workbench.data.formats.table import TableParams, read_table
from workbench.data.tables.cells import RawTable
from workbench.data.tables.columns import dataset_of, guesses
from workbench.data.tables.grouping import grouped
from workbench.data.tables.types import SPLIT_NAMES, ColumnType
from workbench.errors import DataError, Text

_SUFFIXES = (".csv", ".tsv", ".tab", ".jsonl", ".ndjson")
_SPLIT = "split"
_MOST_CHOICES = 8


class TableFolderParams(TableParams):
    """Which of the tables, and what cannot be told from them for certain."""

    file: str = param("", label="File", help="The one table to open; empty takes train and test together, else the largest.", main=True)


class TableFolder(Format):
    """Tables side by side."""

    name = "table_folder"
    label = "Folder of tables"
    category = "file"
    summary = "CSV, TSV or JSON Lines files side by side: train and test with the same columns divide the rows, else one of them is opened."
    aliases = ("train.csv", "test.csv", "Kaggle", "competition", "表格文件夹")
    priority = 3
    Params = TableFolderParams

    def recognises(self, path: Path) -> bool:
        return path.is_dir() and bool(_files(path)) and not holds(path, (*IMAGE_SUFFIXES, *SOUND_SUFFIXES, *COLUMN_SUFFIXES))

    def questions(self, path: Path, params: Any) -> tuple[Question, ...]:
        try:
            files = _files(path)
        except OSError:
            return ()
        if len(files) < 2 or _divided(files) or params.file:
            return ()
        choices = tuple((file.name, Text("{name}", name=file.name)) for file in files[:_MOST_CHOICES])
        return (Question("file", Text("Which of the tables is meant?"), choices, files[0].name),)

    def open(self, source: str, params: Any) -> Dataset:
        root = Path(source)
        files = _files(root) if root.is_dir() else []
        if not files:
            raise DataError(Text("There are no tables in the folder {path}.", path=source), Text("CSV, TSV and JSON Lines files are read."))
        table, problems, ids = _table(root, files, params)
        if not table.rows:
            raise DataError(Text("{path} has no rows.", path=source), Text("Below the names there must be at least one row."))
        if params.group:
            made = grouped(self.name, source, table, params.reading, params.group, params.time)
        else:
            made = dataset_of(self.name, source, table, replace(params.reading, types={**ids, **params.types}), root)
        made.problems = (*made.problems, *problems)
        return made


def _files(root: Path) -> list[Path]:
    """Returns the tables at the top of a folder, the largest first."""
    found = [path for path in root.iterdir() if path.suffix.lower() in _SUFFIXES and path.is_file() and not path.name.startswith(".")]
    return sorted(found, key=lambda path: (-path.stat().st_size, path.name))


def _split_of(path: Path) -> str:
    """Returns the split that a file is called after: the last word of its name that is one."""
    words = [word for word in re.split(r"[^a-z]+", path.stem.lower()) if word in SPLIT_NAMES]
    return str(SPLIT_NAMES[words[-1]]) if words else ""


def _divided(files: Sequence[Path]) -> dict[str, Path]:
    """Returns one file of every split; nothing where none is called after training."""
    found: dict[str, Path] = {}
    for path in files:
        found.setdefault(_split_of(path), path)
    found.pop("", None)
    return found if "train" in found else {}


def _table(root: Path, files: Sequence[Path], params: TableFolderParams) -> tuple[RawTable, list[DataProblem], dict[str, ColumnType]]:
    """Returns the one table, or train, validation and test below each other with a column that says which is which.

    With them come problems, and the columns that tell the rows of the training table apart: ids may begin anew in the next one.
    """
    if params.file:
        if Path(params.file).name != params.file or not (root / params.file).is_file():
            raise DataError(Text("There is no file {name} in {path}.", name=params.file[:120], path=str(root)), Text("Choose one that is there."))
        return read_table(root / params.file, params), [], {}
    parts = _divided(files)
    if not parts:
        return read_table(files[0], params), [], {}
    first = read_table(parts["train"], params)
    joined, problems = [("train", parts["train"], first)], list[DataProblem]()
    for split, path in parts.items():
        if split == "train":
            continue
        table = read_table(path, params)
        if set(table.names) >= set(first.names):
            joined.append((split, path, table))
        else:
            problems.append(_lacking(path, sorted(set(first.names) - set(table.names))))
    ids = {name: found.type for name, found in guesses(first, params.reading, root).items() if found.type == ColumnType.ID}
    return (_below_each_other(joined) if len(joined) > 1 else first), problems, ids


def _lacking(path: Path, names: Sequence[str]) -> DataProblem:
    message = Text("{file} has no column {names} and is left out.", file=path.name, names=", ".join(names[:6]))
    return DataProblem("left-out-file", message, (), Text("Rows without the answer can only be predicted, not learned from."))


def _below_each_other(parts: Sequence[tuple[str, Path, RawTable]]) -> RawTable:
    first = parts[0][2]
    names = [name for name in first.names if name != _SPLIT]
    columns: list[list[str]] = []
    for name in names:
        columns.append([cell for _, _, table in parts for cell in table.columns[table.names.index(name)]])
    columns.append([split for split, _, table in parts for _ in range(table.rows)])
    ids = [f"{path.stem}/{row}" for _, path, table in parts for row in table.ids]
    problems = [problem for _, _, table in parts for problem in table.problems]
    return replace(first, names=[*names, _SPLIT], columns=columns, ids=ids, problems=problems)
