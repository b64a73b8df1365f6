"""The archives that were unpacked into the user's cache: found again, and thrown away, oldest first, where they take too much room."""

from __future__ import annotations

import json
import os
import shutil
import time
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any

from workbench.data.extraction import Extracted, extract
from workbench.data.index import cache_folder
from workbench.errors import DataError, Text
from workbench.text import kept, recalled

KEPT_BYTES = 32 << 30
"""Unpacked archives together take no more than this, but for those that a running program has opened."""

_USERS = 16


def unpacked(path: Path) -> tuple[Path, dict[str, str]]:
    """Returns the folder that an archive was unpacked to, now or before, and why entries were left out.

    Raises:
        DataError: It cannot be read or used.
    """
    try:
        about = path.stat()
    except OSError as error:
        raise DataError(
            Text("{path} cannot be read: {reason}.", path=str(path), reason=error.strerror or str(error)), Text("Check the file.")
        ) from error
    key = f"{path.resolve()}\0{about.st_size}\0{about.st_mtime_ns}"
    folder = cache_folder() / "archives" / blake2b(key.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
    if folder.is_dir():
        notes = _read(folder)
        skipped = {str(name): recalled(reason) for name, reason in dict(notes.get("skipped", {})).items()}
        found = Extracted(bytes=int(notes.get("bytes") or _size(folder)), skipped=skipped)
        _write(folder, found, [*notes.get("users", ()), os.getpid()])
        return folder, skipped
    found = extract(path, folder)
    _write(folder, found, [os.getpid()])
    prune(KEPT_BYTES)
    return folder, found.skipped


def prune(limit: int) -> list[Path]:
    """Throws unpacked archives away until the others take at most `limit` bytes; returns those that went.

    The ones that were not opened for longest go first; those that this or another running program has opened stay.
    """
    known = [(folder, _read(folder)) for folder in _folders()]
    left = sum(int(notes.get("bytes") or _size(folder)) for folder, notes in known)
    gone: list[Path] = []
    for folder, notes in sorted(known, key=lambda item: item[1].get("opened", 0.0)):
        if left <= limit:
            break
        if any(_runs(user) for user in notes.get("users", ())):
            continue
        left -= int(notes.get("bytes") or _size(folder))
        _throw_away(folder)
        gone.append(folder)
    return gone


def _folders() -> list[Path]:
    with suppress(OSError):
        return sorted(path for path in (cache_folder() / "archives").iterdir() if path.is_dir() and not path.name.startswith("."))
    return []


def _read(folder: Path) -> dict[str, Any]:
    """Returns what is noted about an unpacked archive; nothing where the note is damaged."""
    with suppress(OSError, ValueError):
        notes = json.loads(folder.with_suffix(".json").read_text("utf-8"))
        well = isinstance(notes, dict) and isinstance(notes.get("skipped"), dict) and isinstance(notes.get("users"), list)
        if well and isinstance(notes.get("bytes"), int) and isinstance(notes.get("opened"), (int, float)):
            return notes
    return {}


def _write(folder: Path, found: Extracted, users: list[Any]) -> None:
    notes = {
        "bytes": found.bytes, "opened": time.time(), "users": [user for user in dict.fromkeys(users) if _runs(user)][-_USERS:],
        "skipped": {name: kept(reason) for name, reason in found.skipped.items()},
    }
    with suppress(OSError):
        scratch = folder.with_suffix(f".{os.getpid()}")
        scratch.write_text(json.dumps(notes), "utf-8")
        os.replace(scratch, folder.with_suffix(".json"))


def _runs(user: Any) -> bool:
    from psutil import pid_exists

    return isinstance(user, int) and 0 < user < 1 << 31 and pid_exists(user)


def _size(folder: Path) -> int:
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += os.lstat(os.path.join(place, name)).st_size
    return total


def _throw_away(folder: Path) -> None:
    """Removes an unpacked archive: first from sight, so that nobody finds half of it."""
    trash = folder.with_name(f".{folder.name}.gone")
    with suppress(OSError):
        folder.with_suffix(".json").unlink(missing_ok=True)
        os.replace(folder, trash)
    shutil.rmtree(trash, ignore_errors=True)
