"""A folder with one folder of text files per class, divided into train, validation and test or not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from workbench.catalogue import Params, param
from workbench.data.base import DataProblem, Dataset, Field, FieldKind, Format
from workbench.data.decode import SUFFIXES as IMAGE_SUFFIXES
from workbench.data.folders import class_folders, files_below, holds
from workbench.data.formats.plain_text import ENDINGS
from workbench.data.memory import MemoryDataset
from workbench.data.sound import SOUND_SUFFIXES
from workbench.data.texts.reading import read_text
from workbench.errors import DataError, Text

_MOST_FILE_BYTES = 64 << 20


class TextFolderParams(Params):
    """What cannot be told from the files for certain."""

    encoding: str = param("", label="Encoding", help="Such as utf-8 or gbk; empty finds it out.", main=False)


class TextFolder(Format):
    """A folder of texts: the name of the innermost folder is the class."""

    name = "text_folder"
    label = "Text folder"
    category = "file"
    summary = "One folder of text files per class; folders called train, validation and test divide them."
    aliases = ("text_dataset_from_directory", "aclImdb", "txt", "文本文件夹")
    priority = 8
    Params = TextFolderParams

    def recognises(self, path: Path) -> bool:
        if not path.is_dir() or holds(path, (*IMAGE_SUFFIXES, *SOUND_SUFFIXES)):
            return False
        folders, _ = class_folders(path, list(files_below(path, ENDINGS)))
        return len({folder for folder in folders if folder}) > 1

    def open(self, source: str, params: Any) -> Dataset:
        root = Path(source)
        files = sorted(files_below(root, ENDINGS)) if root.is_dir() else []
        folders, splits = class_folders(root, files)
        placed = [row for row, folder in enumerate(folders) if folder]
        if len({folders[row] for row in placed}) < 2:
            raise DataError(
                Text("The texts in {path} lie in no class folders.", path=source),
                Text("Put the texts of each class into a folder of its own; at least two classes are needed."),
            )
        texts, kept, problems = _read(root, [files[row] for row in placed], params.encoding)
        if len(placed) < len(files):
            problems.append(_loose(tuple(file.relative_to(root).as_posix() for file, folder in zip(files, folders, strict=True) if not folder)))
        rows = [placed[place] for place in kept]
        classes = tuple(sorted({folders[row] for row in rows}))
        if len(classes) < 2:
            raise DataError(Text("The texts of fewer than two classes in {path} can be read.", path=source), problems[0].message)
        return MemoryDataset(
            format=self.name, source=source, problems=problems, splits=None if splits is None else splits[rows],
            fields=(Field("text", FieldKind.TEXT, Text("Text")), Field("label", FieldKind.CATEGORY, Text("Class"), categories=classes)),
            columns={"text": texts, "label": np.array([classes.index(folders[row]) for row in rows], dtype=np.int64)},
            ids=[files[row].relative_to(root).as_posix() for row in rows],
        )


def _read(root: Path, files: Sequence[Path], encoding: str) -> tuple[list[str], list[int], list[DataProblem]]:
    """Returns the texts, which files they are of, and what is wrong with the others."""
    texts, kept, problems = list[str](), list[int](), list[DataProblem]()
    for place, file in enumerate(files):
        name = file.relative_to(root).as_posix()
        try:
            read = read_text(file, encoding, _MOST_FILE_BYTES)
        except DataError as error:
            problems.append(DataProblem("unreadable", error.message, (name,), Text("It is left out.")))
            continue
        texts.append(read.text.strip())
        kept.append(place)
        problems.extend(DataProblem(item.kind, item.message, (name,), item.reason) for item in read.problems)
    return texts, kept, problems


def _loose(names: tuple[str, ...]) -> DataProblem:
    return DataProblem(
        "no-class", Text("{count} texts lie outside of the class folders and are left out.", count=len(names)), names[:1000],
        Text("The name of the folder is the class."),
    )
