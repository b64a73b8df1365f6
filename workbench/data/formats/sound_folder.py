"""A folder of sounds: one folder per class, or a table that says what is heard in each."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from workbench.catalogue import Params, param
from workbench.data.base import DataProblem, Dataset, Field, FieldKind, Format
from workbench.data.folders import class_folders, classes_by_name, files_below, mostly
from workbench.data.sound import SOUND_SUFFIXES
from workbench.data.tables.cells import RawTable, layout_of, read_cells, row_ids
from workbench.data.tables.columns import Reading, TableDataset, dataset_of
from workbench.data.tables.files import sound_column
from workbench.data.tables.records import read_records
from workbench.data.tables.types import SPLIT_NAMES, ColumnType
from workbench.errors import DataError, Text

_TABLES = (".csv", ".tsv", ".jsonl")
_PLACES = ("", "clips", "wavs", "wav", "audio", "sounds", "data")
_SPOKEN = ("sentence", "text", "transcript", "transcription", "normalized_text", "文本", "转写")
_SAMPLE = 20


class SoundFolderParams(Params):
    """How sounds are brought together."""

    rate: int = param(0, label="Sample rate", help="All sounds are brought to this rate; 0: to the most frequent one.", unit="Hz", ge=0, le=768_000)
    types: dict[str, ColumnType] = param({}, label="Types", help="The type of a column of the table, by its name.", main=False)


class SoundFolder(Format):
    """Sounds with classes or transcripts."""

    name = "sound_folder"
    label = "Sound folder"
    category = "file"
    summary = "WAV, FLAC, OGG or MP3: one folder per class, or a table of labels or transcripts; train, validation and test folders divide them."
    aliases = ("audio", "AudioFolder", "speech", "wav", "flac", "mp3", "Common Voice", "LJSpeech", "LibriSpeech", "音频文件夹", "声音", "语音")
    priority = 12
    Params = SoundFolderParams

    def recognises(self, path: Path) -> bool:
        return path.is_dir() and mostly(path, SOUND_SUFFIXES)

    def open(self, source: str, params: Any) -> Dataset:
        root = Path(source)
        found = list(files_below(root, SOUND_SUFFIXES)) if root.is_dir() else []
        if not found:
            raise DataError(
                Text("There are no sounds in the folder {path}.", path=source),
                Text("WAV is read, and FLAC, OGG and MP3 with the package soundfile."),
            )
        table = _listed(root)
        if table is not None:
            cells, column = table
            spoken_of = {name: ColumnType.TEXT for name in cells.names if name.lower() in _SPOKEN}
            types = {**spoken_of, **params.types, column: ColumnType.SOUND}
            return dataset_of(self.name, source, cells, Reading(types, rate=params.rate), root)
        spoken = _transcripts(root)
        return _of_folders(self.name, source, root, found, spoken, params.rate)


def _listed(root: Path) -> tuple[RawTable, str] | None:
    """Returns the rows of the tables beside the sounds, with paths relative to the folder, and the column of paths."""
    tables = sorted(path for path in root.iterdir() if path.suffix.lower() in _TABLES and path.is_file())
    divided = [path for path in tables if path.stem.lower() in SPLIT_NAMES]
    metadata = [path for path in tables if path.stem.lower().startswith("metadata")]
    for chosen in (divided, metadata, *([path] for path in tables)):
        parts = [part for path in chosen if (part := _with_paths(root, path)) is not None]
        if parts and len(parts) == len(chosen):
            return _together(parts, [path.stem.lower() for path in chosen] if chosen is divided else None)
    return None


def _with_paths(root: Path, path: Path) -> tuple[RawTable, int] | None:
    """Returns a table and the column that names sounds, its cells as paths from the folder; None where no column does."""
    try:
        table = _read(path)
    except (DataError, csv.Error, OSError):
        return None
    for place, cells in enumerate(table.columns):
        finder = _finder(root, cells[:_SAMPLE])
        if finder is not None:
            folder, ending = finder
            table.columns[place] = [f"{folder}{cell}{ending}" for cell in cells]
            return table, place
    return None


def _read(path: Path) -> RawTable:
    if path.suffix.lower() == ".jsonl":
        return read_records(path)
    return read_cells(path, layout_of(path, delimiter="\t" if path.suffix.lower() == ".tsv" else ""))


def _finder(root: Path, cells: Sequence[str]) -> tuple[str, str] | None:
    """Returns what stands before and behind the cells of a column so that they name sounds, or None."""
    solid = [cell for cell in cells if cell and len(cell) < 1000]
    for ending in ("", ".wav", ".flac", ".mp3"):
        for folder in _PLACES:
            before = f"{folder}/" if folder else ""
            if any(f"{cell}{ending}".lower().endswith(SOUND_SUFFIXES) and _is_file(root / f"{before}{cell}{ending}") for cell in solid):
                return before, ending
    return None


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _together(parts: list[tuple[RawTable, int]], splits: list[str] | None) -> tuple[RawTable, str]:
    """Returns several tables of the same columns as one, with the split of each as a column."""
    first, place = parts[0]
    column = first.names[place]
    if len(parts) == 1 and splits is None:
        return first, column
    names = [name for name in first.names if all(name in table.names for table, _ in parts)]
    columns = [[cell for table, _ in parts for cell in table.columns[table.names.index(name)]] for name in names]
    rows = [split for (table, _), split in zip(parts, splits or [], strict=True) for _ in range(table.rows)]
    ids = row_ids(zip(*columns, strict=True), Counter())
    return RawTable([*names, "split"], [*columns, rows], ids, [problem for table, _ in parts for problem in table.problems]), column


def _transcripts(root: Path) -> dict[str, str]:
    """Returns texts by the name of the sound, as LibriSpeech writes them: lines of a name and what is said."""
    spoken: dict[str, str] = {}
    for path in files_below(root, (".trans.txt",)):
        for line in path.read_text("utf-8", errors="replace").splitlines():
            name, _, text = line.partition(" ")
            spoken[name] = text.strip()
    return spoken


def _of_folders(name: str, source: str, root: Path, found: list[Path], spoken: dict[str, str], rate: int) -> Dataset:
    folders, splits = class_folders(root, found)
    if spoken:
        folders = [spoken.get(path.stem, "") for path in found]
    shown = [path.relative_to(root).as_posix() for path in found]
    problems: list[DataProblem] = []
    named = classes_by_name(shown) if not spoken and not any(folders) else None
    if named is not None:
        folders = named
        shown_names = ", ".join(sorted(set(named))[:5])
        told = Text("The class of a sound is what stands before the number in its name: {names}.", names=shown_names)
        problems.append(DataProblem("class-by-name", told, reason=Text("No folders say it.")))
    loose = np.array([not folder for folder in folders], bool)
    if loose.all() or (not spoken and len(set(folders)) < 2):
        raise DataError(
            Text("Nothing says what is heard in the sounds of {path}.", path=source),
            Text("Put the sounds of each class into a folder of its own, or add a table with a column of paths and one of labels or transcripts."),
        )
    if loose.any():
        problems.append(DataProblem(
            "no-class", Text("{count} sounds have no class folder and no transcript, and are left out.", count=int(loose.sum())),
            tuple(shown[row] for row in np.flatnonzero(loose)[:1000]),
        ))
    field, make, good, unreadable = sound_column("sound", Text("Sound"), found, shown, rate)
    rows = np.flatnonzero(good & ~loose)
    if not len(rows):
        raise DataError(Text("None of the {count} sounds in {path} can be used.", count=len(found), path=source), unreadable[0].message)
    said = [folders[row] for row in rows]
    answer, values = _answer(said, bool(spoken))
    return TableDataset(
        format=name, source=source, fields=(field, answer), columns={"sound": make(rows), answer.name: values}, ids=[shown[row] for row in rows],
        splits=None if splits is None else splits[rows], problems=[*problems, *unreadable],
    )


def _answer(said: list[str], transcripts: bool) -> tuple[Field, Any]:
    if transcripts:
        return Field("text", FieldKind.TEXT, Text("Text")), said
    classes = tuple(sorted(set(said)))
    number = {name: index for index, name in enumerate(classes)}
    return Field("label", FieldKind.CATEGORY, Text("Class"), categories=classes), np.array([number[item] for item in said], np.int64)
