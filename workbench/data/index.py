"""An index of the image files of a folder: sizes without decoding, kept in the user's cache, brought up to date when it is opened.

One file per folder, named after the path of the folder. Names, sizes on disk and times say what has changed; only that is looked at again.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
import zipfile
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import numpy as np

from workbench.data.decode import SUFFIXES
from workbench.data.probe import probe
from workbench.data.progress import listener
from workbench.data.side_by_side import each, threads
from workbench.errors import DataError, Text
from workbench.text import kept as written
from workbench.text import recalled

VERSION = 1
STAT_FILES = 250_000
"""Up to this many files are looked at one by one when a folder is opened; of larger sets only the folders are."""

_RACE_NS = 50_000_000  # clocks of file systems are coarse: what changed this recently may change again without a trace
_LIGHT_SECONDS = 1e-4  # files that take less than this lie in memory: threads, which help with slow disks, would only wait for each other
_PART = 512
Listing = tuple[list[str], np.ndarray, np.ndarray, dict[str, int]]
"""Names, sizes and times of files, and the times of their folders, as in `FileIndex`."""

_ARRAYS = ("sizes", "times", "heights", "widths", "channels")


@dataclass(frozen=True, slots=True)
class FileIndex:
    """The image files of a folder, sorted by name.

    Attributes:
        root: The folder.
        names: Paths relative to it, with `/`.
        sizes: Bytes, int64 `(n,)`.
        times: When each was changed, nanoseconds, int64 `(n,)`; 0 where that cannot be trusted.
        heights, widths: Pixels, int32 `(n,)`.
        channels: 1 or 3, int8 `(n,)`; 0 for files that cannot be read.
        reasons: Why not, by position.
        folders: When each folder was changed, by its path relative to `root`.
    """

    root: Path
    names: list[str]
    sizes: np.ndarray
    times: np.ndarray
    heights: np.ndarray
    widths: np.ndarray
    channels: np.ndarray
    reasons: dict[int, str]
    folders: dict[str, int]


def cache_folder() -> Path:
    """Returns the folder for what can be made again (`WORKBENCH_CACHE_DIR` moves it)."""
    override = os.environ.get("WORKBENCH_CACHE_DIR")
    if override:
        return Path(override)
    from platformdirs import user_cache_path

    return user_cache_path("model-workbench", appauthor=False)


def index_path(root: Path) -> Path:
    """Returns where the index of a folder is kept."""
    name = blake2b(str(root.resolve()).encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
    return cache_folder() / "indexes" / f"{name}.npz"


def indexed(root: Path, listed: Listing | None = None) -> FileIndex:
    """Returns the index of a folder as it is now: read, brought up to date, or made.

    Args:
        root: The folder.
        listed: Its files, where they were listed just now because there was no index.

    Raises:
        DataError: The work was cancelled; what was done so far is kept.
    """
    if listed is not None:
        return _refreshed(root, None, *listed)
    kept = _read(root)
    if kept is not None and _folders_unchanged(kept):
        listed = (kept.names, *_looked_at(kept), kept.folders) if len(kept.names) <= STAT_FILES else None
        if listed is None or (np.array_equal(listed[1], kept.sizes) and np.array_equal(listed[2], kept.times)):
            return kept
        if bool((listed[1] < 0).any()):
            listed = listing(root)
    else:
        listed = listing(root)
    return _refreshed(root, kept, *listed)


def listing(root: Path) -> Listing:
    """Returns the image files below a folder, sorted: names, sizes, times; and the time of every folder.

    Links to folders are not followed, hidden files are left out.
    """
    found: list[tuple[str, int, int]] = []
    folders: dict[str, int] = {}
    left, began = [""], time.time_ns()
    while left:
        folder = left.pop()
        with suppress(OSError), os.scandir(root / folder) as entries:
            folders[folder] = _trusted(os.stat(root / folder).st_mtime_ns)
            for entry in entries:
                name = entry.name
                if name.startswith((".", "__MACOSX")):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    left.append(f"{folder}{name}/")
                elif name.lower().endswith(SUFFIXES) and entry.is_file():
                    about = entry.stat()
                    found.append((f"{folder}{name}", about.st_size, about.st_mtime_ns))
    found.sort()
    numbers = np.array([entry[1:] for entry in found], dtype=np.int64).reshape(-1, 2)
    return [entry[0] for entry in found], numbers[:, 0].copy(), _trusted_times(numbers[:, 1], began), folders


def _trusted(changed: int) -> int:
    return 0 if abs(time.time_ns() - changed) < _RACE_NS else changed


def _trusted_times(changed: np.ndarray, began: int) -> np.ndarray:
    """Returns these times, 0 for what was changed shortly before or while all of them were read, which began at `began`."""
    return np.where((changed > began - _RACE_NS) & (changed < time.time_ns() + _RACE_NS), 0, changed)


def _folders_unchanged(index: FileIndex) -> bool:
    try:
        return all(changed and os.stat(index.root / folder).st_mtime_ns == changed for folder, changed in index.folders.items())
    except OSError:
        return False


def _looked_at(index: FileIndex) -> tuple[np.ndarray, np.ndarray]:
    """Returns size and time of every file as they are now; -1 for those that are gone."""
    numbers = np.full((len(index.names), 2), -1, dtype=np.int64)
    start, stat, began = f"{index.root}{os.sep}", os.stat, time.time_ns()
    with suppress(OSError):
        numbers[:] = [(about.st_size, about.st_mtime_ns) for about in (stat(start + name) for name in index.names)]
    return numbers[:, 0], _trusted_times(numbers[:, 1], began)


def _refreshed(
    root: Path, kept: FileIndex | None, names: list[str], sizes: np.ndarray, times: np.ndarray, folders: dict[str, int],
) -> FileIndex:
    """Returns an index of these files, taking over from `kept` what has not changed, and writes it."""
    facts, reasons, stale = _carried(kept, names, sizes, times)
    report, done = listener(), 0
    with threads() as pool:
        light = True
        for start in range(0, len(stale), _PART):
            if report is not None and report.cancelled():
                break
            part, began = stale[start:start + _PART], time.perf_counter()
            paths = [f"{root}{os.sep}{names[row]}" for row in part]
            for row, found in zip(part, map(probe, paths) if light else each(pool, probe, paths), strict=True):
                if isinstance(found, DataError):
                    reasons[row] = found.message
                else:
                    facts[row] = found
            light = (time.perf_counter() - began) / len(part) < _LIGHT_SECONDS
            done = start + len(part)
            if report is not None:
                report.progress(done / len(stale), Text("{done} of {count} files looked at", done=f"{done:,}", count=f"{len(stale):,}"))
    cut = done < len(stale)
    if cut:  # what has not been looked at is looked at when the folder is opened again
        times[stale[done:]] = 0
        folders = dict.fromkeys(folders, 0)
    index = FileIndex(root, names, sizes, times, facts[:, 0], facts[:, 1], facts[:, 2].astype(np.int8), reasons, folders)
    _write(index)
    if cut:
        raise DataError(Text("Looking through {path} was cancelled.", path=str(root)), Text("Open it again to go on."))
    return index


def _carried(
    kept: FileIndex | None, names: list[str], sizes: np.ndarray, times: np.ndarray,
) -> tuple[np.ndarray, dict[int, str], list[int]]:
    """Returns height, width and channels `(n, 3)` of the files that are as before, why some cannot be read, and the other files."""
    facts, reasons = np.zeros((len(names), 3), dtype=np.int32), {}
    if kept is None:
        return facts, reasons, list(range(len(names)))
    before = {name: place for place, name in enumerate(kept.names)}
    places = np.array([before.get(name, -1) for name in names], dtype=np.int64)
    same = (places >= 0) & (times > 0)
    same[same] = (kept.sizes[places[same]] == sizes[same]) & (kept.times[places[same]] == times[same])
    taken = places[same]
    facts[same] = np.stack([kept.heights[taken], kept.widths[taken], kept.channels[taken]], 1)
    rows = np.flatnonzero(same).tolist()
    reasons = {row: kept.reasons[place] for row, place in zip(rows, taken.tolist(), strict=True) if place in kept.reasons}
    return facts, reasons, np.flatnonzero(~same).tolist()


def _write(index: FileIndex) -> None:
    """Keeps an index; where that cannot be done it is made again the next time."""
    path = index_path(index.root)
    reasons = {row: written(reason) for row, reason in index.reasons.items()}
    about = {"version": VERSION, "root": str(index.root.resolve()), "reasons": reasons, "folders": index.folders}
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, scratch = tempfile.mkstemp(dir=path.parent, prefix=".index")
        try:
            with os.fdopen(handle, "wb") as file:
                np.savez(
                    file, about=_bytes(json.dumps(about)), names=_bytes("\0".join(index.names)),
                    **{name: getattr(index, name) for name in _ARRAYS},
                )
            os.replace(scratch, path)
        except OSError:
            os.unlink(scratch)
            raise


def _read(root: Path) -> FileIndex | None:
    """Returns the kept index of a folder; None where there is none that can be used."""
    try:
        with open(index_path(root), "rb") as file, np.load(file, allow_pickle=False) as kept:
            about = json.loads(_text(kept["about"]))
            if about["version"] != VERSION or about["root"] != str(root.resolve()):
                return None
            names, arrays = _text(kept["names"]).split("\0"), {name: kept[name] for name in _ARRAYS}
            reasons = {int(row): recalled(reason) for row, reason in about["reasons"].items()}
            if any(array.shape != (len(names),) for array in arrays.values()):
                return None
            return FileIndex(root, names, **arrays, reasons=reasons, folders=about["folders"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def _bytes(text: str) -> np.ndarray:
    return np.frombuffer(text.encode("utf-8", "surrogatepass"), dtype=np.uint8)


def _text(array: np.ndarray) -> str:
    return array.tobytes().decode("utf-8", "surrogatepass")
