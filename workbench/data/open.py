"""Opens data: a file, a folder, a sample or a generator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from workbench.data.base import Dataset, Format, Question
from workbench.data.edited import with_edits
from workbench.data.edits import NO_EDITS, Edits
from workbench.data.formats import FORMATS
from workbench.data.seen import refusal
from workbench.errors import CatalogueError, DataError, Text

SAMPLE, GENERATED, HUB = "sample:", "generated:", "hf:"
_ADDRESSES = ("http://", "https://", "ftp://", "s3://", "gs://")


def open_dataset(
    source: str, format: str = "", params: Mapping[str, Any] | None = None, base: Path | None = None, edits: Edits = NO_EDITS,
    made: Sequence[str] = (),
) -> Dataset:
    """Opens the data that `source` names.

    Args:
        source: A path, `sample:NAME`, `generated:NAME` or `hf:NAME`, a dataset of the Hugging Face Hub.
        format: The catalogue name of the format; "" to recognise it.
        params: Raw parameters of the format or generator.
        base: The folder that a relative path is relative to (the project's); default: the current one.
        edits: What people have changed about its rows.
        made: The sets of made rows that stand behind its own, in the project folder `base`.

    Raises:
        DataError: There is nothing there, or it cannot be read.
        CatalogueError: No such format, sample or generator, or its parameters are wrong.
    """
    opened = _opened(source, format, params, base)
    if made:
        from workbench.data.making.view import with_made

        opened = with_made(opened, made, base)
    return with_edits(opened, edits)


def _opened(source: str, format: str, params: Mapping[str, Any] | None, base: Path | None) -> Dataset:
    """Returns the data as it lies there."""
    if not source:
        raise DataError(
            Text("No data has been chosen yet."), Text("Choose a file, a folder, sample:digits or generated:reviews."),
        )
    if format:
        FORMATS[format]  # refuses a name that there is not, also where the source says its format itself
    for prefix in (SAMPLE, GENERATED):
        if source.startswith(prefix):
            entry = _built_in(prefix, source.removeprefix(prefix))
            return entry.open(source, entry.parse(dict(params or {})))
    if source.startswith(HUB):
        entry = FORMATS["hub"]
        return entry.open(source, entry.parse(dict(params or {})))
    path = resolve(source, base)
    entry = FORMATS[format] if format else recognise(path)
    return entry.open(str(path), entry.parse(dict(params or {})))


def _built_in(prefix: str, name: str) -> Format:
    """Returns a sample or a generator; of a name that there is not, the message lists those of its kind alone."""
    entry = FORMATS.get(name)
    if entry is None:
        kind = "sample" if prefix == SAMPLE else "generator"
        names = sorted(item.name for item in FORMATS if item.category == kind)
        raise CatalogueError(
            Text("There is no {kind} called {name}.", kind=Text(kind), name=repr(name)), Text("There are {names}.", names=", ".join(names)),
        )
    return entry


def questions(source: str, format: str = "", params: Mapping[str, Any] | None = None, base: Path | None = None) -> tuple[Question, ...]:
    """Returns what should be asked before this data is opened; nothing where all is clear, and for generated data.

    Args:
        source, format, params, base: As for `open_dataset`.

    Raises:
        DataError: There is nothing there, or no format knows it.
        CatalogueError: No such format, or its parameters are wrong.
    """
    if source.startswith((SAMPLE, GENERATED, HUB)):
        return ()
    path = resolve(source, base)
    entry = FORMATS[format] if format else recognise(path)
    return entry.questions(path, entry.parse(dict(params or {})))


def resolve(source: str, base: Path | None = None) -> Path:
    """Returns the path that `source` means.

    Raises:
        DataError: There is nothing at that path.
    """
    if source.startswith(_ADDRESSES):
        raise DataError(
            Text("Data is not fetched from {address}.", address=source[:300]),
            Text("Download it and choose the file or folder; datasets of the Hugging Face Hub open as hf:NAME."),
        )
    try:
        path = _local(source).expanduser()
        path = path if path.is_absolute() or base is None else base / path
        exists = path.exists()
    except (OSError, ValueError, RuntimeError):
        path, exists = Path(), False
    if not exists:
        raise DataError(
            Text("There is no file or folder {path}.", path=source[:300]), Text("Check the path, or choose the data again."),
        )
    return path


def _local(source: str) -> Path:
    """Returns the path of a source; file managers hand on `file://` addresses, with `%20` for a space."""
    if not source.startswith("file://"):
        return Path(source)
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    return Path(url2pathname(urlsplit(source.replace("#", "%23").replace("?", "%3F")).path) or source)


def recognise(path: Path) -> Format:
    """Returns the format of the file or folder at `path`.

    Raises:
        DataError: No format recognises it.
    """
    for entry in sorted(FORMATS, key=lambda entry: -entry.priority):
        if entry.recognises(path):
            return entry
    raise refusal(path)
