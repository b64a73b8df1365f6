"""What the lists beside ImageNet say: the synset of every validation image, in any of the usual forms, and the words of every synset.

`LOC_val_solution.csv`, `val_annotations.txt` and `val_labels.txt` name files with their synsets; `val.txt` numbers the synsets of a list from 0;
the development kit has one number per validation image, from 1, in the order of `map_clsloc.txt` or `meta.mat`; and
`imagenet_2012_validation_synset_labels.txt` has one synset per validation image.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from workbench.data.base import DataProblem
from workbench.data.matlab import read_matlab
from workbench.errors import DataError, Text

SYNSET = re.compile(r"n\d{8}")
_WORDS = ("LOC_synset_mapping.txt", "synset_words.txt", "words.txt", "imagenet_synset_to_human_label_map.txt")
_NAMED = ("LOC_val_solution.csv", "val_annotations.txt", "val_labels.txt", "val.txt")
_TRUTH = ("ILSVRC2012_validation_ground_truth.txt", "ILSVRC2015_clsloc_validation_ground_truth.txt", "validation_ground_truth.txt")
_IN_TURN = ("imagenet_2012_validation_synset_labels.txt",)
_ORDERS = ("synset_words.txt", "synsets.txt", "imagenet_lsvrc_2015_synsets.txt", "LOC_synset_mapping.txt")
_COUNTED = re.compile(r"(?i)^(?:ILSVRC201\d_)?val_0*(\d{1,9})\.\w+$")
_MOST_BYTES = 256 << 20


def given_labels(root: Path, names: Sequence[str], synsets: Sequence[str]) -> tuple[dict[str, str], list[DataProblem]]:
    """Returns the synset by file name of the images that no synset folder names, and what could not be made out.

    Args:
        root: The folder that was chosen.
        names: The paths of all images.
        synsets: The synsets that have a folder.
    """
    files = [name.rpartition("/")[2] for name in names if not any(SYNSET.fullmatch(folder) for folder in name.split("/")[:-1])]
    found = _named(root, synsets)
    if found or not files:
        return found, []
    counted = {file: int(match.group(1)) for file in files if (match := _COUNTED.match(file))}
    lines = next((lines for path in _files(root, _IN_TURN) if (lines := _lines(path))), [])
    if lines:
        return {file: lines[number - 1].strip() for file, number in counted.items() if 0 < number <= len(lines)}, []
    return _numbered(root, counted)


def words_of(root: Path) -> dict[str, str]:
    """Returns the words of every synset, from the first list found."""
    for path in _files(root, _WORDS):
        pairs = (re.split(r"[\t ]", line.strip(), maxsplit=1) for line in _lines(path))
        found = {pair[0]: pair[1].strip() for pair in pairs if len(pair) == 2 and SYNSET.fullmatch(pair[0])}
        if found:
            return found
    return {synset: words for synset, words in _kit(root).values() if words}


def _named(root: Path, synsets: Sequence[str]) -> dict[str, str]:
    """Returns the synset by file name, where a list names both."""
    found: dict[str, str] = {}
    for path in _files(root, _NAMED):
        rows = [next(csv.reader([line]), []) if path.suffix == ".csv" else line.split() for line in _lines(path)]
        order = _order(root, synsets, [row[1] for row in rows if len(row) == 2]) if path.name == "val.txt" else []
        for row in rows:
            match = SYNSET.match(row[1].strip()) if len(row) > 1 else None
            number = _whole(row[1]) if match is None and len(row) == 2 else -1
            if match is not None or 0 <= number < len(order):
                found.setdefault(row[0].strip().rpartition("/")[2], match.group() if match is not None else order[number])
    return found


def _order(root: Path, synsets: Sequence[str], numbers: Sequence[str]) -> list[str]:
    """Returns the synsets that numbers from 0 stand for: a list beside them, or the folders in order where the numbers use up all of them."""
    for path in _files(root, _ORDERS):
        listed = [match.group() for line in _lines(path) if (match := SYNSET.match(line.strip()))]
        if listed:
            return listed
    largest = max(map(_whole, numbers), default=-1)
    return sorted(synsets) if largest + 1 == len(synsets) else []


def _numbered(root: Path, counted: dict[str, int]) -> tuple[dict[str, str], list[DataProblem]]:
    """Returns the synset by file name, as the numbers of the development kit say."""
    path = next(iter(_files(root, _TRUTH)), None)
    if path is None or not counted:
        return {}, []
    kit = _kit(root)
    if not kit:
        return {}, [DataProblem(
            "no-class", Text("{name} numbers the classes of the validation images, but nothing says which number is which class.", name=path.name),
            (path.name,), Text("Put map_clsloc.txt or meta.mat of the development kit beside it."),
        )]
    numbers = [_whole(line.strip()) for line in _lines(path)]
    return {
        file: kit[numbers[place - 1]][0] for file, place in counted.items() if 0 < place <= len(numbers) and numbers[place - 1] in kit
    }, []


def _kit(root: Path) -> dict[int, tuple[str, str]]:
    """Returns synset and words by the number of the development kit."""
    for path in _files(root, ("map_clsloc.txt",)):
        rows = [line.split() for line in _lines(path)]
        found = {_whole(row[1]): (row[0], " ".join(row[2:]).replace("_", " ")) for row in rows
                 if len(row) > 1 and SYNSET.fullmatch(row[0]) and _whole(row[1]) >= 0}
        if found:
            return found
    for path in _files(root, ("meta.mat", "meta_clsloc.mat")):
        try:
            listed = read_matlab(path).get("synsets", [])
        except DataError:
            continue
        return _rows_of(listed)
    return {}


def _rows_of(listed: Any) -> dict[int, tuple[str, str]]:
    """Returns synset and words by number, from the structs of `meta.mat`; those that are no classes have children."""
    found: dict[int, tuple[str, str]] = {}
    for item in listed if isinstance(listed, list) else ():
        number = next((item[name] for name in ("ILSVRC2012_ID", "ILSVRC2015_CLSLOC_ID", "ILSVRC2013_CLSLOC_ID") if name in item), None)
        if number is not None and len(number) == 1 and SYNSET.fullmatch(str(item.get("WNID", ""))):
            found[int(number[0])] = str(item["WNID"]), str(item.get("words", ""))
    return found


def _files(root: Path, names: tuple[str, ...]) -> list[Path]:
    """Returns the files of these names in the folder, the folders above it, the first ones below it, and a development kit."""
    try:
        below = sorted(path for path in root.iterdir() if path.is_dir())[:20]
    except OSError:
        below = []
    kits = [folder for near in (root, root.parent) for kit in sorted(near.glob("*devkit*")) for folder in (kit, kit / "data")]
    folders = [root, *root.parents[:3], *below, *kits]
    return [folder / name for name in names for folder in dict.fromkeys(folders) if (folder / name).is_file()]


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8", "replace").splitlines() if path.stat().st_size <= _MOST_BYTES else []
    except OSError:
        return []


def _whole(cell: str) -> int:
    return int(cell) if cell.isdecimal() and len(cell) < 10 else -1
