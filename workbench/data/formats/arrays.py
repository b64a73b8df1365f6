"""NumPy arrays: NPZ files with inputs and targets (`x_train`, `y_train`, ...), and NPY files of the same names in a folder.

Pickled objects are never opened; what a file claims is checked against its size before anything is made.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from tokenize import TokenError
from typing import IO, Any, Literal

import numpy as np

from workbench.catalogue import Params, param
from workbench.data.base import Dataset, Field, FieldKind, Format, Question, Split
from workbench.data.memory import MemoryDataset, NumberedIds
from workbench.errors import DataError, Text

MAX_BYTES = 16 << 30
_MOST_NUMBERS = 256
_MOST_CLASSES = 1000
_MOST_WHOLE = 10_000
_INPUTS = ("x", "images", "image", "data", "inputs", "input", "features", "arr_0")
_TARGETS = ("y", "labels", "label", "targets", "target", "classes", "arr_1")
_SPLITS = {"train": Split.TRAIN, "val": Split.VALIDATION, "valid": Split.VALIDATION, "validation": Split.VALIDATION, "test": Split.TEST}
Arrays = dict[Split, tuple[np.ndarray, np.ndarray]]


class ArraysParams(Params):
    """Arrays do not say what their axes are."""

    axes: Literal["", "image", "channels first", "series", "numbers"] = param(
        "", label="Axes", help="What the axes behind the rows are; empty finds it out.", main=True,
        choices=("", "image", "channels first", "series", "numbers"),
    )
    classes: tuple[str, ...] = param((), label="Classes", help="Names of the classes in the order of their numbers.", main=False)


class NumpyArrays(Format):
    """An NPZ file, or a folder with NPY files."""

    name = "arrays"
    label = "NumPy arrays"
    category = "file"
    summary = "An NPZ file with x_train, y_train and their like, or a folder with NPY files of these names."
    aliases = ("npz", "npy", "numpy", "ndarray", "mnist.npz")
    priority = 26
    Params = ArraysParams

    def recognises(self, path: Path) -> bool:
        if path.is_dir():
            return bool(_paired({file.stem: file.stem for file in path.glob("*.npy")}))
        return path.is_file() and path.suffix.lower() in (".npz", ".npy")

    def questions(self, path: Path, params: Any) -> tuple[Question, ...]:
        try:
            shape, dtype = _headers(path)[0]
        except (DataError, OSError, ValueError, IndexError):
            return ()
        if params.axes or len(shape) != 3 or dtype == np.uint8:
            return ()
        choices = (("series", Text("Steps and features of a series")), ("image", Text("Height and width of a grey image")))
        return (Question("axes", Text("What are the axes of an example of shape {shape}?", shape=str(shape[1:])), choices, "series"),)

    def open(self, source: str, params: Any) -> Dataset:
        parts = _parts(Path(source))
        counts = {split: len(inputs) for split, (inputs, _) in parts.items()}
        inputs = _stacked([inputs for inputs, _ in parts.values()])
        fields, columns = _input_fields(inputs, params.axes)
        target, values = _target(_stacked([targets for _, targets in parts.values()]), params.classes)
        splits = np.concatenate([np.full(count, str(split), dtype="U10") for split, count in counts.items()])
        return MemoryDataset(
            format=self.name, source=source, fields=[*fields, target], columns={**columns, target.name: values},
            ids=NumberedIds(*((str(split), count) for split, count in counts.items())), splits=splits if len(counts) > 1 else None,
        )


def _refused(path: Path, reason: str) -> DataError:
    return DataError(Text("{path} cannot be used: {reason}.", path=str(path), reason=reason), Text("Save the arrays again with numpy.savez."))


def _paired(names: Mapping[str, Any]) -> dict[Split, tuple[Any, Any]]:
    """Returns inputs and targets by split, as the names of arrays say; empty where they do not."""
    small = {name.lower().removesuffix(".npy").replace("-", "_"): value for name, value in names.items()}
    found: dict[Split, tuple[Any, Any]] = {}
    for ending, split in (("", Split.TRAIN), *_SPLITS.items()):
        first = _called(small, _INPUTS, ending)
        second = _called(small, _TARGETS, ending)
        if first is not None and second is not None:
            found.setdefault(split, (first, second))
    return found


def _called(names: Mapping[str, Any], words: tuple[str, ...], ending: str) -> Any:
    spelled = [name for word in words for name in ((f"{word}_{ending}", f"{ending}_{word}", f"{word}{ending}") if ending else (word,))]
    return next((names[name] for name in spelled if name in names), None)


def _parts(path: Path) -> Arrays:
    """Reads the arrays of a source.

    Raises:
        DataError: They cannot be read, do not belong together, or hold objects.
    """
    pairs = _paired({name: name for name in _names(path)})
    if not pairs:
        raise DataError(
            Text("{path} does not say which array is input and which is target: it holds {names}.", path=str(path),
                 names=", ".join(_names(path)[:20])),
            Text("Call them x and y, or x_train, y_train, x_test and y_test."),
        )
    parts: Arrays = {}
    for split, (first, second) in pairs.items():
        inputs, targets = _array(path, first), _array(path, second)
        if inputs.ndim == 0 or targets.ndim == 0 or len(inputs) != len(targets) or not len(inputs):
            raise _refused(path, Text("{first} and {second} have no equal number of rows", first=first, second=second))
        parts[split] = inputs, targets
    return parts


def _names(path: Path) -> list[str]:
    if path.is_dir() or path.suffix.lower() == ".npy":
        folder = path if path.is_dir() else path.parent
        return sorted(file.stem for file in folder.glob("*.npy"))
    try:
        with zipfile.ZipFile(path) as archive:
            return [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]
    except (OSError, zipfile.BadZipFile, NotImplementedError) as error:
        raise _refused(path, Text("it is damaged ({reason})", reason=str(error)[:120])) from error


def _array(path: Path, name: str) -> np.ndarray:
    """Returns one array, after its header has been held against the size of what follows."""
    try:
        if path.is_dir() or path.suffix.lower() == ".npy":
            file = (path if path.is_dir() else path.parent) / f"{name}.npy"
            with open(file, "rb") as stream:
                _check(path, stream, file.stat().st_size)
            return np.load(file, allow_pickle=False)
        with zipfile.ZipFile(path) as archive:
            about = archive.getinfo(f"{name}.npy")
            with archive.open(about) as stream:
                _check(path, stream, about.file_size)
            with archive.open(about) as stream:
                return np.lib.format.read_array(stream, allow_pickle=False)
    except (OSError, ValueError, EOFError, KeyError, SyntaxError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error) as error:
        raise _refused(path, Text("it is damaged ({reason})", reason=str(error)[:120])) from error


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Returns shape and type.

    Raises:
        ValueError: It says no such thing; numpy's own reader raises whatever Python's parser meets.
    """
    version = np.lib.format.read_magic(stream)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    try:
        shape, _, dtype = read(stream)
    except (TypeError, SyntaxError, TokenError, RecursionError, MemoryError, OverflowError) as error:
        raise ValueError("its header cannot be read") from error
    if any(type(side) is not int for side in shape):
        raise ValueError("its shape is none")
    return shape, dtype


def _check(path: Path, stream: IO[bytes], size: int) -> None:
    shape, dtype = _header(stream)
    claimed = dtype.itemsize
    for side in shape:
        claimed *= side
    if dtype.hasobject:
        raise _refused(path, Text("it holds Python objects, which are never opened"))
    if claimed > min(size, MAX_BYTES) or any(side < 0 for side in shape):
        raise _refused(path, Text("it claims {count} bytes and has {size}", count=claimed, size=size))


def _headers(path: Path) -> list[tuple[tuple[int, ...], np.dtype[Any]]]:
    """Returns shape and type of the inputs of every split, from the headers alone."""
    found: list[tuple[tuple[int, ...], np.dtype[Any]]] = []
    for first, _ in _paired({name: name for name in _names(path)}).values():
        if path.suffix.lower() == ".npz" and path.is_file():
            with zipfile.ZipFile(path) as archive, archive.open(f"{first}.npy") as stream:
                found.append(_header(stream))
        else:
            with open((path if path.is_dir() else path.parent) / f"{first}.npy", "rb") as stream:
                found.append(_header(stream))
    return found


def _stacked(parts: list[np.ndarray]) -> np.ndarray:
    if len({part.shape[1:] for part in parts}) > 1:
        raise DataError(Text("The arrays of the splits differ in shape."), Text("All must have the same axes behind the rows."))
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _input_fields(inputs: np.ndarray, axes: str) -> tuple[list[Field], dict[str, Any]]:
    """Returns the input fields that an array holds, and their columns."""
    if inputs.ndim > 1 and not inputs[0].size:
        raise DataError(Text("Arrays of shape {shape} cannot be used.", shape=str(inputs.shape)), Text("Every row must hold at least one number."))
    if inputs.dtype.kind not in "biuf":
        raise DataError(Text("Arrays of type {dtype} cannot be inputs.", dtype=str(inputs.dtype)), Text("Only numbers can be inputs."))
    kind = axes or _guessed(inputs)
    if kind in ("image", "channels first") and inputs.ndim in (3, 4):
        pixels = _pixels(inputs, kind == "channels first")
        field = Field("image", FieldKind.IMAGE, Text("Image"), channels=pixels.shape[3], height=pixels.shape[1], width=pixels.shape[2])
        return [field], {"image": pixels}
    flat = inputs.reshape(len(inputs), -1)
    if kind == "numbers" and flat.shape[1] <= _MOST_NUMBERS:
        names = [f"x{place}" for place in range(flat.shape[1])]
        columns = {name: np.ascontiguousarray(flat[:, place], dtype=np.float32) for place, name in enumerate(names)}
        return [Field(name, FieldKind.NUMBER) for name in names], columns
    series = inputs.reshape(len(inputs), inputs.shape[1] if inputs.ndim > 1 else 1, -1).astype(np.float32)
    return [Field("series", FieldKind.SERIES, Text("Series"), length=series.shape[1], features=series.shape[2])], {"series": series}


def _guessed(inputs: np.ndarray) -> str:
    if inputs.ndim == 4 and inputs.shape[3] in (1, 3):
        return "image"
    if inputs.ndim == 4 and inputs.shape[1] in (1, 3):
        return "channels first"
    if inputs.ndim == 3:
        return "image" if inputs.dtype == np.uint8 else "series"
    return "numbers"


def _pixels(inputs: np.ndarray, first: bool) -> np.ndarray:
    """Returns an array as images, uint8 `(n, H, W, C)`."""
    images = inputs[..., None] if inputs.ndim == 3 else inputs.transpose(0, 2, 3, 1) if first else inputs
    if images.shape[3] not in (1, 3) or 0 in images.shape:
        raise DataError(
            Text("An image of form {form} and type {dtype} cannot be used.", form=str(images.shape[1:]), dtype=str(inputs.dtype)),
            Text("Give bytes (height, width) or (height, width, channels) with 1 or 3 channels."),
        )
    if images.dtype == np.uint8:
        return np.ascontiguousarray(images)
    scale = _brightness(images)
    return np.concatenate([
        np.clip(np.rint(np.nan_to_num(part.astype(np.float32), posinf=0) * scale), 0, 255).astype(np.uint8)
        for part in np.array_split(images, max(1, len(images) // 1024))
    ])


def _brightness(images: np.ndarray) -> float:
    """Returns what brings pixels to 0 to 255: numbers up to 1 go up, whole numbers beyond 255 (12 or 16 bits) come down."""
    largest = float(np.max(images, initial=0, where=np.isfinite(images)))
    if largest <= 1:
        return 255.0
    wide = images.dtype.kind in "iu" and largest > 255
    return 255.0 / (65535 if largest > 4095 else 4095) if wide else 1.0


def _target(targets: np.ndarray, classes: tuple[str, ...]) -> tuple[Field, np.ndarray]:
    """Returns the target field and its column: classes by number, by name or one-hot, else numbers."""
    values = targets[:, 0] if targets.ndim == 2 and targets.shape[1] == 1 else targets
    if values.ndim == 2 and values.dtype.kind in "biuf" and bool(((values == 0) | (values == 1)).all() and (values.sum(1) == 1).all()):
        values = values.argmax(1)
    if values.ndim != 1:
        raise DataError(Text("Targets of shape {shape} cannot be used.", shape=str(targets.shape)), Text("Give one class or number per row."))
    if values.dtype.kind in "US":
        names, numbers = np.unique(values.astype(str), return_inverse=True)
        return Field("label", FieldKind.CATEGORY, Text("Class"), categories=tuple(str(name) for name in names)), numbers.astype(np.int64)
    whole = values.dtype.kind in "biu" and int(values.min()) >= 0 and int(values.max()) < _MOST_WHOLE
    if values.dtype.kind not in "biuf":
        raise DataError(Text("Targets of type {dtype} cannot be used.", dtype=str(values.dtype)), Text("Give one class or number per row."))
    if not whole or len(np.unique(values)) > _MOST_CLASSES:
        return Field("target", FieldKind.NUMBER, Text("Target")), values.astype(np.float32)
    count = max(int(values.max()) + 1, 2)
    names = classes if len(classes) >= count else tuple(str(number) for number in range(count))
    return Field("label", FieldKind.CATEGORY, Text("Class"), categories=names), values.astype(np.int64)
