"""The layout of ImageNet: training images in folders called by their synset, names in a list, validation flat with a label file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from workbench.data.base import DataProblem, Dataset, Field, FieldKind, Format, Split
from workbench.data.image_files import ImageFilesDataset, look
from workbench.data.synsets import SYNSET, given_labels, words_of
from workbench.data.tables.types import SPLIT_NAMES
from workbench.errors import DataError, Text

_DEPTH = 4


class ImageNet(Format):
    """A folder that holds synset folders (`n01440764`), below `train` or not."""

    name = "imagenet"
    label = "ImageNet"
    category = "file"
    summary = "Folders called by their synset, with names from a list, and a flat validation folder with a label file."
    aliases = ("ImageNet", "ILSVRC", "Tiny ImageNet", "synset", "WordNet")
    priority = 14

    def recognises(self, path: Path) -> bool:
        return path.is_dir() and _synsets_below(path)

    def open(self, source: str, params: Any) -> Dataset:
        root = Path(source)
        looked = look(root)
        folders = {folder for name in looked.names for folder in name.split("/")[:-1] if SYNSET.fullmatch(folder)}
        given, unclear = given_labels(root, looked.names, sorted(folders))
        synsets, splits = _places(looked.names, given)
        placed = [row for row, synset in enumerate(synsets) if synset]
        if not placed:
            raise DataError(
                Text("No image in {path} lies in a synset folder such as n01440764.", path=source),
                Text("Open it as an image folder, or choose the folder that holds train."),
            )
        known = sorted({synsets[row] for row in placed})
        words = words_of(root)
        number = {synset: index for index, synset in enumerate(known)}
        test = [row for row in range(len(synsets)) if not synsets[row]]
        problems = [*unclear, DataProblem(
            "no-class", Text("{count} images have no label and are left out.", count=len(test)),
            tuple(looked.names[row] for row in test[:1000]), Text("They lie in no synset folder, and no label file names them."),
        )] if test else unclear
        fields = (looked.chosen(placed).field(), Field("label", FieldKind.CATEGORY, Text("Class"), categories=_titles(known, words)))
        given_splits = [splits[row] for row in placed]
        return ImageFilesDataset(
            looked.chosen(placed), format=self.name, source=source, fields=fields, problems=problems,
            columns={"label": np.array([number[synsets[row]] for row in placed], dtype=np.int64)},
            splits=np.array(given_splits, dtype="U10") if len(set(given_splits)) > 1 else None,
        )


def _synsets_below(root: Path) -> bool:
    """Whether the first folder that has several folders in it has synset folders."""
    left = [(root, 0)]
    while left:
        folder, depth = left.pop(0)
        try:
            folders = [entry for entry in os.scandir(folder) if entry.is_dir(follow_symlinks=False) and not entry.name.startswith(".")]
        except OSError:
            continue
        if any(SYNSET.fullmatch(entry.name) for entry in folders[:20]):
            return True
        if depth < _DEPTH and len(folders) <= 20:
            left += [(Path(entry.path), depth + 1) for entry in folders]
    return False


def _places(names: list[str], given: dict[str, str]) -> tuple[list[str], list[str]]:
    """Returns the synset of every file ("" for none) and its split."""
    synsets, splits = [], []
    for name in names:
        *folders, file = name.split("/")
        synset = next((folder for folder in reversed(folders) if SYNSET.fullmatch(folder)), "")
        synsets.append(synset or given.get(file, "") or given.get(file.rpartition(".")[0], ""))
        splits.append(str(next((SPLIT_NAMES[folder.lower()] for folder in folders if folder.lower() in SPLIT_NAMES), Split.TRAIN)))
    return synsets, splits


def _titles(synsets: list[str], words: dict[str, str]) -> tuple[str, ...]:
    """Returns what to call each class: the first word of its synset, with the number where two share it, or the number alone."""
    first = [words.get(synset, synset).partition(",")[0].strip() or synset for synset in synsets]
    return tuple(name if first.count(name) == 1 else f"{name} ({synset})" for name, synset in zip(first, synsets, strict=True))
