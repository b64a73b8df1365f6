"""What people give a model, as arrays: images, sounds, texts, tables, and the files that hold them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from workbench.data.sound import SOUND_SUFFIXES, read_sound
from workbench.errors import DataError, ExportError
from workbench.export.spec import InputSpec
from workbench.text import Text

TABLE_ENDINGS = (".csv", ".tsv", ".jsonl")
_IMAGE_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "PPM")
_IMAGE_ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".pgm", ".ppm"})
_LARGEST_IMAGE_PIXELS = 64_000_000


def image_array(value: Any, channels: int) -> np.ndarray:
    """Returns an image as uint8 `(H, W, channels)`.

    Args:
        value: A path, or an array uint8 `(H, W)` or `(H, W, C)`.
        channels: 1 (grey) or 3 (colour).

    Raises:
        ExportError: It is none, too large, or of another type.
    """
    from PIL import Image

    if isinstance(value, (str, Path)):
        return _opened(Path(value).expanduser(), channels)
    array = np.asarray(value)
    array = array[..., None] if array.ndim == 2 else array
    if array.ndim != 3 or array.dtype != np.uint8 or array.shape[2] not in (1, 3) or 0 in array.shape:
        raise ExportError(
            Text("An image of form {form} and type {dtype} cannot be used.", form=str(array.shape), dtype=str(array.dtype)),
            Text("Give bytes (height, width) or (height, width, channels) with 1 or 3 channels."),
        )
    if array.shape[2] == channels:
        return array
    picture = Image.fromarray(array[..., 0] if array.shape[2] == 1 else array)
    return _pixels(picture, channels)


def _opened(path: Path, channels: int) -> np.ndarray:
    from PIL import Image, ImageOps

    try:
        with Image.open(path, formats=_IMAGE_FORMATS) as image:
            if image.width * image.height > _LARGEST_IMAGE_PIXELS:
                raise ExportError(Text("The image {path} is too large.", path=str(path)), Text("Give one of at most 64 million pixels."))
            return _pixels(ImageOps.exif_transpose(image), channels)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ExportError(
            Text("The image {path} cannot be read: {reason}.", path=str(path), reason=reason_of(error)),
            Text("Give a PNG, JPEG, BMP, GIF or WEBP file."),
        ) from error


def _pixels(image: Any, channels: int) -> np.ndarray:
    converted = np.asarray(image.convert("L" if channels == 1 else "RGB"), np.uint8)
    return converted[..., None] if channels == 1 else converted


def words_in(path: Path) -> str:
    """Returns what stands in a text file.

    Raises:
        ExportError: It cannot be read, or is not UTF-8.
    """
    try:
        return path.read_text("utf-8")
    except (OSError, ValueError) as error:
        raise ExportError(
            Text("The text {path} cannot be read: {reason}.", path=str(path), reason=reason_of(error)), Text("Save it as UTF-8.")
        ) from error


def category_number(spec: InputSpec, value: Any) -> int:
    """Returns the number of a category given by its name or its number."""
    if str(value) in spec.labels:
        return spec.labels.index(str(value))
    if isinstance(value, (int, np.integer)) and 0 <= value < len(spec.labels):
        return int(value)
    raise ExportError(
        Text("{value} is no {field} that this model knows.", value=str(value)[:80], field=spec.field),
        Text("It knows {names}.", names=", ".join(spec.labels[:12])),
    )


def steps_of(spec: InputSpec, value: Any) -> np.ndarray:
    """Returns a series `(T, F)` or a sound `(T,)` as float32; a text is the path of a sound, or JSON."""
    if spec.kind == "audio" and isinstance(value, (str, Path)) and Path(value).suffix.lower() in SOUND_SUFFIXES:
        return _sound(spec, Path(value).expanduser())
    form = (spec.length, spec.features) if spec.kind == "series" else (spec.length,)
    try:
        values = np.asarray(json.loads(value) if isinstance(value, str) else value, np.float32)
        own = (-1, spec.features) if spec.kind == "series" else (-1,)
        if values.size and (spec.ragged or spec.kind == "audio"):
            return _fitting(spec, values.reshape(own))
        return values.reshape(form)
    except (TypeError, ValueError) as error:
        sizes = " × ".join(str(size) for size in form)
        raise ExportError(
            Text("{field} takes {sizes} numbers.", field=spec.field, sizes=sizes), Text("Give that many, step by step."),
        ) from error


def _sound(spec: InputSpec, path: Path) -> np.ndarray:
    """Returns a sound file as float32 `(T,)` at the model's own rate; a shorter one ends in silence, a longer one is cut."""
    try:
        samples = read_sound(path, spec.rate)
    except DataError as error:
        raise ExportError(error.message, error.hint) from error
    return _fitting(spec, samples)


def _fitting(spec: InputSpec, values: np.ndarray) -> np.ndarray:
    """Returns steps as the model takes them: a longer row is cut, a shorter sound ends in silence where all must be of one length."""
    values = values[: spec.length]
    return values if spec.ragged else np.pad(values, (0, spec.length - len(values)))


def files_of(folder: Path, kind: str) -> list[Path]:
    """Returns the files below a folder that a model which reads this kind of field can be given, sorted.

    Raises:
        ExportError: There are none.
    """
    endings: Mapping[str, Collection[str]] = {"image": _IMAGE_ENDINGS, "text": (".txt",), "audio": SOUND_SUFFIXES}
    wanted = endings.get(kind, ())
    found = sorted(item for item in folder.rglob("*") if item.suffix.lower() in wanted and item.is_file())
    if not found and kind == "image":
        raise ExportError(Text("There are no images in {path}.", path=str(folder)), Text("Give a PNG, JPEG, BMP, GIF or WEBP file."))
    if not found:
        raise ExportError(
            Text("There is no file in {path} that this model reads.", path=str(folder)),
            Text("Give files ({endings}), or a table.", endings=", ".join(sorted(wanted)) or "csv, tsv, jsonl"),
        )
    return found


def existing(value: Any, *, images: bool) -> Path | None:
    """Returns the file or folder that a value names; where no images are wanted, tables and text files only, because words are texts."""
    if not isinstance(value, (str, Path)) or not str(value).strip():
        return None
    try:
        path = Path(value).expanduser()
        folder = any(sign in str(value) for sign in "/\\") and path.is_dir()
        named = images or folder or isinstance(value, Path) or path.suffix.lower() in (*TABLE_ENDINGS, ".txt")
        return path if named and path.exists() else None
    except (OSError, ValueError, RuntimeError):
        return None


def table_in(path: Path) -> list[dict[str, Any]]:
    """Returns the rows of a CSV, TSV or JSON Lines file by column.

    Raises:
        ExportError: It cannot be read.
    """
    try:
        text = path.read_text("utf-8-sig")
        if path.suffix.lower() == ".jsonl":
            rows = [json.loads(line) for line in text.splitlines() if line.strip()]
            if not all(isinstance(row, dict) for row in rows):
                raise ValueError("every line must be one object in braces")
            return rows
        return list(csv.DictReader(io.StringIO(text, newline=""), delimiter="\t" if path.suffix.lower() == ".tsv" else ","))
    except (OSError, ValueError, RecursionError, csv.Error) as error:
        raise ExportError(
            Text("The table {path} cannot be read: {reason}.", path=str(path), reason=reason_of(error)),
            Text("Give CSV, TSV or JSON Lines in UTF-8."),
        ) from error


def reason_of(error: Exception) -> str:
    """Returns why something could not be read, in a few words and without the path."""
    if type(error).__name__ == "UnidentifiedImageError":
        return "unknown image format"
    return (getattr(error, "strerror", None) or str(error)).rstrip(".")[:200]
