"""Parquet, Arrow and Feather: one file, a folder of Parquet files, or a dataset saved by the Hugging Face library."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from workbench.catalogue import Params, param
from workbench.data.arrow import Part, dataset_of, read_table
from workbench.data.base import DataProblem, Dataset, Format
from workbench.data.folders import COLUMN_SUFFIXES, files_below, mostly
from workbench.data.tables.columns import Reading
from workbench.data.tables.types import SPLIT_NAMES, ColumnType
from workbench.errors import DataError, Text

_STATE, _SPLITS = "state.json", "dataset_dict.json"
_NUMBERED = re.compile(r"[-_.].*")


class ArrowParams(Params):
    """What columns are taken for."""

    types: dict[str, ColumnType] = param({}, label="Types", help="The type of a column, by its name, where another is wanted than was found.")


class ArrowFile(Format):
    """One file, or a folder of files with the same columns."""

    name = "arrow"
    label = "Parquet and Arrow"
    category = "file"
    summary = "Parquet, Arrow and Feather files with numbers, texts, classes, lists, images or sounds; files called train and test divide the rows."
    aliases = ("Parquet", "Arrow", "Feather", "IPC", "pandas", "polars", "列式文件")
    priority = 22
    Params = ArrowParams

    def recognises(self, path: Path) -> bool:
        return path.suffix.lower() in COLUMN_SUFFIXES if path.is_file() else path.is_dir() and not _is_saved(path) and mostly(path, COLUMN_SUFFIXES)

    def open(self, source: str, params: Any) -> Dataset:
        path = Path(source)
        files = [path] if path.is_file() else list(files_below(path, COLUMN_SUFFIXES))
        if not files:
            raise DataError(Text("There are no Parquet or Arrow files in {path}.", path=source), Text("Choose another folder."))
        parts, problems = parts_of(files, path if path.is_dir() else path.parent)
        return dataset_of(self.name, source, parts, Reading(params.types), problems)


class SavedDataset(Format):
    """What `save_to_disk` of the Hugging Face library writes."""

    name = "saved_dataset"
    label = "Saved Hugging Face dataset"
    category = "file"
    summary = "A folder written by save_to_disk: Arrow files with a state.json, in one folder per split or not."
    aliases = ("save_to_disk", "load_from_disk", "DatasetDict", "Hugging Face", "抱抱脸数据集")
    priority = 24
    Params = ArrowParams

    def recognises(self, path: Path) -> bool:
        return path.is_dir() and _is_saved(path)

    def open(self, source: str, params: Any) -> Dataset:
        root = Path(source)
        folders = {"": root}
        if (root / _SPLITS).is_file():
            folders = {str(name): root / str(name) for name in _json(root / _SPLITS).get("splits", ())}
        parts = [part for split, folder in folders.items() for part in _saved_parts(root, folder, split)]
        if not parts:
            raise DataError(Text("The saved dataset in {path} names no files.", path=source), Text("Save it again."))
        return dataset_of(self.name, source, parts, Reading(params.types))


def _is_saved(path: Path) -> bool:
    return (path / _SPLITS).is_file() or ((path / _STATE).is_file() and (path / "dataset_info.json").is_file())


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(Text("{path} cannot be read: {reason}.", path=str(path), reason=str(error)[:120]), Text("Save the dataset again.")) from error
    return found if isinstance(found, dict) else {}


def _saved_parts(root: Path, folder: Path, split: str) -> list[Part]:
    """Returns the files of one split, none of them outside of the folder."""
    if not folder.resolve().is_relative_to(root.resolve()):
        raise DataError(Text("{path} names a folder outside of itself.", path=str(root)), Text("Save the dataset again."))
    names = [str(item.get("filename", "")) for item in _json(folder / _STATE).get("_data_files", ()) if isinstance(item, dict)]
    parts: list[Part] = []
    for name in names:
        path = folder / name
        if not path.resolve().is_relative_to(root.resolve()):
            raise DataError(Text("{path} names a folder outside of itself.", path=str(root)), Text("Save the dataset again."))
        parts.append(Part(path.relative_to(root).as_posix(), str(SPLIT_NAMES.get(split.lower(), split and "train")), read_table(path), path))
    return parts


def parts_of(files: list[Path], root: Path) -> tuple[list[Part], list[DataProblem]]:
    """Returns the files that can be read, with the split that their name or folder says, and why the others cannot.

    Raises:
        DataError: None can be read.
    """
    parts: list[Part] = []
    problems: list[DataProblem] = []
    for path in files:
        name = path.relative_to(root).as_posix()
        try:
            parts.append(Part(name, split_of(name), read_table(path), path))
        except DataError as error:
            if len(files) == 1:
                raise
            problems.append(DataProblem("unreadable", error.message, (name,), Text("It is left out.")))
    if not parts:
        raise DataError(problems[0].message, Text("None of the {count} files can be read.", count=len(files)))
    return parts, problems


def split_of(name: str) -> str:
    """Returns the split that `train/part-0.parquet` or `test-00000-of-00001.parquet` says, or ""."""
    words = [_NUMBERED.sub("", part).lower() for part in name.split("/")]
    return next((str(SPLIT_NAMES[word]) for word in words if word in SPLIT_NAMES), "")
