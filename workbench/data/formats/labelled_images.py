"""A folder of images with a table that says what is on them: `metadata.csv`, `metadata.jsonl`, `labels.csv` or any other name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from workbench.data.base import DataProblem, Dataset, Field, Format
from workbench.data.decode import SUFFIXES
from workbench.data.folders import files_below
from workbench.data.formats.table import TableParams, read_table
from workbench.data.image_files import ImageFilesDataset, holds_images, look
from workbench.data.tables.cells import RawTable
from workbench.data.tables.columns import dataset_of
from workbench.data.tables.types import SPLIT_NAMES
from workbench.errors import DataError, Text

_TABLES = (".csv", ".tsv", ".jsonl", ".ndjson")
_FIRST = ("metadata", "labels", "train", "annotations")
_PEEK = 20
_NAMED = 0.5


@dataclass(frozen=True, slots=True)
class _Labels:
    """A table beside images: where it lies, its cells, and which column names the files."""

    folder: str
    table: RawTable
    column: int


class LabelledImages(Format):
    """Images in one folder, what is known about them in a table."""

    name = "labelled_images"
    label = "Images with a table"
    category = "file"
    summary = "A folder of images and a CSV or JSON Lines file with a column of file names; the other columns become fields."
    aliases = ("metadata.csv", "metadata.jsonl", "labels.csv", "imagefolder", "Kaggle", "annotations")
    priority = 16

    def recognises(self, path: Path) -> bool:
        return path.is_dir() and bool(_tables(path)) and holds_images(path) and bool(_labels(path))

    def open(self, source: str, params: Any) -> Dataset:
        root = Path(source)
        found = _labels(root) if root.is_dir() else []
        if not found:
            raise DataError(
                Text("No table in {path} has a column with the names of its images.", path=source),
                Text("Put a file metadata.csv beside the images, with a column file_name."),
            )
        return _dataset(self.name, source, root, found)


def _tables(root: Path) -> list[Path]:
    """Returns the tables of a folder and of its split folders, the likeliest first."""
    folders = [root, *(path for path in sorted(root.iterdir()) if path.is_dir() and path.name.lower() in SPLIT_NAMES)]
    found = [path for folder in folders for path in sorted(folder.iterdir()) if path.suffix.lower() in _TABLES and path.name[0] != "."]
    return sorted(found, key=lambda path: next((place for place, name in enumerate(_FIRST) if path.stem.lower() == name), len(_FIRST)))


def _labels(root: Path) -> list[_Labels]:
    """Returns the tables that name images of their folder: the first at the top, or one of each split folder."""
    found: dict[Path, _Labels] = {}
    for path in _tables(root):
        if path.parent in found:
            continue
        try:
            table = read_table(path, TableParams())
        except (DataError, OSError):
            continue
        column = _names_files(path.parent, table)
        if column is not None:
            found[path.parent] = _Labels("" if path.parent == root else f"{path.parent.name}/", table, column)
    top = found.get(root)
    return [top] if top is not None else list(found.values())


def _names_files(folder: Path, table: RawTable) -> int | None:
    """Returns the column of which most of the first cells name images."""
    below = ["", *(f"{path.name}/" for path in sorted(folder.iterdir())[:200] if path.is_dir())]

    def there(cell: str) -> bool:
        wanted = cell if cell.lower().endswith(SUFFIXES) else ""
        names = [wanted] if wanted else [cell + suffix for suffix in SUFFIXES[:3]]
        try:
            return bool(cell) and any((folder / start / name).is_file() for start in below for name in names)
        except (OSError, ValueError):
            return False

    for place, cells in enumerate(table.columns):
        first = [cell for cell in cells[:_PEEK] if cell]
        if first and sum(there(cell) for cell in first) >= _NAMED * len(first) and not _coincidence(folder, cells):
            return place
    return None


def _coincidence(folder: Path, cells: Sequence[str]) -> bool:
    """Whether a column of bare numbers names only few of the images, as any column of numbers may."""
    if any(not cell.isdecimal() for cell in cells):
        return False
    images = sum(1 for _ in islice(files_below(folder, SUFFIXES), 2 * len(cells) + 1))
    return images > 2 * len(set(cells)) or len(set(cells)) < len(cells)


def _dataset(name: str, source: str, root: Path, found: Sequence[_Labels]) -> Dataset:
    looked = look(root)
    known, unreadable = _Known(looked.names), _Known([name for problem in looked.problems if problem.kind == "unreadable" for name in problem.rows])
    places: list[int] = []
    rows: list[list[int]] = []
    missing: list[str] = []
    for labels in found:
        matched = [known.place(labels.folder, cell) for cell in labels.table.columns[labels.column]]
        missing += [cell for cell, place in zip(labels.table.columns[labels.column], matched, strict=True)
                    if place is None and unreadable.place(labels.folder, cell) is None]
        rows.append([row for row, place in enumerate(matched) if place is not None])
        places += [place for place in matched if place is not None]
    if not places:
        raise DataError(Text("None of the files that {path} names can be used.", path=source), Text("Check the column of file names."))
    table = _joined(found, rows, [looked.names[place] for place in places])
    about = dataset_of(name, source, table, TableParams().reading) if table.names else None
    here = looked.chosen(places)
    fields: tuple[Field, ...] = (here.field(), *(about.fields if about is not None else ()))
    problems = [*(about.problems if about is not None else ()), *_missing(missing), *_unnamed(looked.names, places)]
    splits = about.given_splits() if about is not None else None
    return ImageFilesDataset(
        here, format=name, source=source, fields=fields, problems=problems, ids=_ids(here.names),
        columns={field.name: about.column(field.name) for field in about.fields} if about is not None else {},
        splits=splits if splits is not None else _splits(found, here.names),
    )


def _ids(names: list[str]) -> list[str]:
    """Returns the names, with a number where one file stands in several rows."""
    seen: dict[str, int] = {}
    ids = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        ids.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return ids


class _Known:
    """Finds a file by what a table calls it: its path, its name, or its name without the ending."""

    def __init__(self, names: list[str]) -> None:
        self._paths = {name: place for place, name in enumerate(names)}
        self._short: dict[str, int | None] = {}
        for place, name in enumerate(names):
            file = name.rpartition("/")[2]
            for short in {file, file.rpartition(".")[0]}:
                self._short[short] = None if short in self._short else place  # a name that two files have says nothing

    def place(self, folder: str, cell: str) -> int | None:
        path = cell.replace("\\", "/").removeprefix("./")
        found = self._paths.get(folder + path, self._paths.get(path))
        return found if found is not None else self._short.get(path.rpartition("/")[2])


def _joined(found: Sequence[_Labels], rows: Sequence[Sequence[int]], ids: list[str]) -> RawTable:
    """Returns the other columns of all tables, one below the other; columns that a table lacks are empty there."""
    names = list(dict.fromkeys(
        name for labels in found for place, name in enumerate(labels.table.names) if place != labels.column and name != "image"
    ))
    columns: list[list[str]] = [[] for _ in names]
    for labels, wanted in zip(found, rows, strict=True):
        own = dict(zip(labels.table.names, labels.table.columns, strict=True))
        for name, column in zip(names, columns, strict=True):
            column += [own[name][row] for row in wanted] if name in own else [""] * len(wanted)
    problems = [problem for labels in found for problem in labels.table.problems]
    return replace(found[0].table, names=names, columns=columns, ids=ids, problems=problems)


def _splits(found: Sequence[_Labels], names: list[str]) -> np.ndarray | None:
    """Returns the split of every row where all lie in split folders."""
    firsts = [name.partition("/")[0].lower() for name in names]
    if not all(first in SPLIT_NAMES for first in firsts) or len(found) + len(set(firsts)) < 3:
        return None
    return np.array([str(SPLIT_NAMES[first]) for first in firsts], dtype="U10")


def _unnamed(names: Sequence[str], places: Sequence[int]) -> list[DataProblem]:
    known = set(places)
    left = [name for place, name in enumerate(names) if place not in known]
    return [DataProblem(
        "no-class", Text("{count} images are named in no row of the table and are left out.", count=len(left)), tuple(left[:1000]),
    )] if left else []


def _missing(cells: list[str]) -> list[DataProblem]:
    return [DataProblem(
        "missing-file", Text("{count} files that the table names are not there.", count=len(cells)), tuple(cells[:1000]),
        Text("Their rows are left out."),
    )] if cells else []
