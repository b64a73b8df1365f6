"""Files that are either the old or the new one, whole, whatever happens in between."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

TEMPORARY_SUFFIX = ".part"


def write_atomically(path: Path, data: bytes | str) -> None:
    """Replaces the file at `path` by `data` in one step that survives a kill and a power loss.

    Args:
        path: The file; its folder must exist.
        data: The content; text is written as UTF-8.

    Raises:
        OSError: The disk is full or the folder cannot be written; the old file is untouched.
    """
    write_together({path: data})


def write_together(files: Mapping[Path, bytes | str]) -> None:
    """Replaces several files. All are complete on disk before the first one is renamed into place."""
    staged: list[tuple[Path, Path]] = []
    try:
        for path, data in files.items():
            staged.append((_stage(path, data), path))
        for temporary, path in staged:
            os.replace(temporary, path)
    except BaseException:
        for temporary, _ in staged:
            with suppress(OSError):
                temporary.unlink()
        raise
    for folder in {path.parent for path in files}:
        sync_folder(folder)


def write_synced(path: Path, data: bytes) -> None:
    """Writes a new file and waits until the disk has it."""
    with open(path, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Waits until the disk has the names in `folder`. Does nothing where folders cannot be opened (Windows)."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _stage(path: Path, data: bytes | str) -> Path:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}{TEMPORARY_SUFFIX}")
    try:
        write_synced(temporary, data.encode() if isinstance(data, str) else data)
        if path.exists():
            temporary.chmod(path.stat().st_mode & 0o7777)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    return temporary
