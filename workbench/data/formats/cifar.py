"""CIFAR-10 and CIFAR-100 in their binary form: records of label bytes and 3,072 pixel bytes, red, green, blue, row by row.

See https://www.cs.toronto.edu/~kriz/cifar.html. The pickled form is never opened.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from workbench.data.base import DataProblem, Dataset, Field, FieldKind, Format, Split
from workbench.data.memory import MemoryDataset, NumberedIds
from workbench.errors import DataError, Text

_PIXELS = 3 * 32 * 32
_MOST_BYTES = 4 << 30


@dataclass(frozen=True, slots=True)
class _Layout:
    """How one of the two sets lies on disk: its files, its label bytes, and where its class names stand."""

    train: str
    test: str
    labels: tuple[tuple[str, int, str], ...]


_TEN = _Layout("data_batch*.bin", "test_batch*.bin", (("label", 10, "batches.meta.txt"),))
_HUNDRED = _Layout("train.bin", "test.bin", (("superclass", 20, "coarse_label_names.txt"), ("label", 100, "fine_label_names.txt")))
_LABELS = {"label": Text("Class"), "superclass": Text("Group of classes")}


class Cifar(Format):
    """A folder with the binary batches of CIFAR."""

    name = "cifar"
    label = "CIFAR"
    category = "file"
    summary = "The binary batches of CIFAR-10 or CIFAR-100, with the class names beside them."
    aliases = ("CIFAR-10", "CIFAR-100", "cifar10", "cifar100")
    priority = 28

    def recognises(self, path: Path) -> bool:
        folder = path if path.is_dir() else path.parent
        return (path.is_dir() or path.suffix == ".bin") and _layout(folder) is not None

    def open(self, source: str, params: Any) -> Dataset:
        path = Path(source)
        folder = path if path.is_dir() else path.parent
        layout = _layout(folder)
        if layout is None:
            raise DataError(
                Text("There are no binary CIFAR batches in {path}.", path=source),
                Text("The folder must hold data_batch_1.bin and so on (CIFAR-10), or train.bin and test.bin (CIFAR-100)."),
            )
        return _dataset(self.name, source, folder, layout)


def _layout(folder: Path) -> _Layout | None:
    """Returns the layout of a folder; None where none of its files is made of whole records of either."""
    if any(folder.glob(_TEN.train)) or any(folder.glob(_TEN.test)):
        return _TEN
    files = [folder / _HUNDRED.train, folder / _HUNDRED.test]
    here = [file for file in files if file.is_file()]
    named = (folder / "fine_label_names.txt").is_file() or (folder / "coarse_label_names.txt").is_file()
    return _HUNDRED if here and (named or any(file.stat().st_size % (_PIXELS + 2) == 0 for file in here)) else None


def _dataset(name: str, source: str, folder: Path, layout: _Layout) -> Dataset:
    parts, problems = [], []
    for split, pattern in ((Split.TRAIN, layout.train), (Split.TEST, layout.test)):
        for file in sorted(folder.glob(pattern)):
            records, found = _records(file, len(layout.labels))
            problems += found
            parts.append((split, file.stem, records))
    if not sum(len(records) for _, _, records in parts):
        raise DataError(Text("The CIFAR files in {path} hold no whole record.", path=source), Text("Download them again."))
    records = np.concatenate([part for _, _, part in parts])
    ids = NumberedIds(*((stem, len(part)) for _, stem, part in parts))
    splits = np.concatenate([np.full(len(part), str(split), dtype="U10") for split, _, part in parts])
    fields = [Field("image", FieldKind.IMAGE, Text("Image"), channels=3, height=32, width=32)]
    columns: dict[str, Any] = {}
    for place, (field, count, file) in enumerate(layout.labels):
        numbers = records[:, place].astype(np.int64)
        strays = np.flatnonzero(numbers >= count)
        if len(strays):
            problems.append(DataProblem(
                "missing", Text("{count} labels lie outside of the {classes} classes.", count=len(strays), classes=count),
                tuple(ids[int(row)] for row in strays[:1000]), Text("They count as missing."),
            ))
        columns[field] = np.where(numbers < count, numbers, -1)
        fields.append(Field(field, FieldKind.CATEGORY, _LABELS[field], categories=_names(folder / file, count)))
    pixels = records[:, len(layout.labels):].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    columns["image"] = np.ascontiguousarray(pixels)
    return MemoryDataset(format=name, source=source, fields=fields, columns=columns, ids=ids, splits=splits, problems=problems)


def _records(file: Path, labels: int) -> tuple[np.ndarray, list[DataProblem]]:
    """Returns the whole records of a file, uint8 `(n, labels + 3072)`; what is left over is told."""
    width = labels + _PIXELS
    try:
        size = file.stat().st_size
        if size > _MOST_BYTES:
            raise DataError(Text("{path} is larger than 4 GiB.", path=str(file)), Text("A CIFAR file has 30 MB to 150 MB."))
        bytes_ = np.fromfile(file, dtype=np.uint8)
    except OSError as error:
        raise DataError(
            Text("{path} cannot be read: {reason}.", path=str(file), reason=error.strerror or str(error)), Text("Check the file.")
        ) from error
    rows, over = divmod(size, width)
    problems = [DataProblem(
        "unreadable", Text("{path} is cut off: its last record is not whole.", path=file.name), (file.name,), Text("It is left out.")
    )] if over else []
    return bytes_[: rows * width].reshape(rows, width), problems


def _names(file: Path, count: int) -> tuple[str, ...]:
    """Returns the class names in a file, one a line; numbers where there is none that fits."""
    try:
        names = [line.strip() for line in file.read_text("utf-8", "replace").splitlines() if line.strip()]
    except OSError:
        names = []
    return tuple(names) if len(names) == count and len(set(names)) == count else tuple(str(number) for number in range(count))
