"""Whether a source is still what it was when it was opened: there, and unchanged on disk."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

from workbench.data.open import GENERATED, HUB, SAMPLE

_MOST_FOLDERS, _MOST_FILES = 2000, 5000


def is_path(source: str) -> bool:
    """Whether a source lies on disk; generated data, samples and names of the Hub never change."""
    return bool(source) and not source.startswith((SAMPLE, GENERATED, HUB))


def signature(source: str, base: Path | None = None) -> str:
    """Returns a word that changes when a file or folder does; "" where there is nothing any more or it cannot be read.

    Of a folder the times of its folders say what came and went, and sizes and times of the first few thousand files what was changed.
    """
    if not is_path(source):
        return "fixed"
    try:
        path = Path(source).expanduser()
        path = path if path.is_absolute() or base is None else base / path
        about = path.stat()
    except (OSError, ValueError, RuntimeError):
        return ""
    if not path.is_dir():
        return f"{about.st_size} {about.st_mtime_ns}" if os.access(path, os.R_OK) else ""
    digest = blake2b(digest_size=12)
    _note(path, digest.update)
    return digest.hexdigest() if os.access(path, os.R_OK | os.X_OK) else ""


def _note(root: Path, update: Callable[[bytes], None]) -> None:
    left, folders, files = [str(root)], 0, 0
    while left and folders < _MOST_FOLDERS:
        folder = left.pop()
        folders += 1
        with suppress(OSError), os.scandir(folder) as entries:
            for entry in sorted(entries, key=lambda item: item.name):
                if entry.name.startswith("."):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    left.append(entry.path)
                    update(f"{entry.path}\0".encode("utf-8", "surrogatepass"))
                elif files < _MOST_FILES:
                    files += 1
                    about = entry.stat()
                    update(f"{entry.path}\0{about.st_size}\0{about.st_mtime_ns}\0".encode("utf-8", "surrogatepass"))
                else:
                    update(f"{entry.path}\0".encode("utf-8", "surrogatepass"))
