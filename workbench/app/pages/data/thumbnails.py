"""Small pictures of files, kept over restarts in one SQLite file of the user's cache."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

SIZES_PX = (64, 128, 256, 512)
MOST_BYTES = 512 << 20
_PRUNE_AFTER = 2000
_MOST_LATER, _TOGETHER = 512, 16


def size_class(pixels: int) -> int:
    """Returns the smallest kept size that covers so many device pixels."""
    return next((size for size in SIZES_PX if size >= pixels), SIZES_PX[-1])


class Thumbnails:
    """Encoded pictures by file, its size, its time of change and the size class. Safe for several threads.

    A cache that cannot be read or written is no error: pictures are then made again.

    Args:
        path: The SQLite file; its folder is made.
        most_bytes: What lies in it at most; the oldest go first.
    """

    def __init__(self, path: Path, most_bytes: int = MOST_BYTES) -> None:
        self._lock, self._most_bytes, self._written = threading.Lock(), most_bytes, 0
        self._later: deque[tuple[bytes, Callable[[], bytes]]] = deque(maxlen=_MOST_LATER)
        self._base: sqlite3.Connection | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._base = self._opened(path)
        except (OSError, sqlite3.Error):
            self._base = None

    @staticmethod
    def _opened(path: Path) -> sqlite3.Connection:
        base = sqlite3.connect(path, check_same_thread=False, timeout=2.0, isolation_level=None)
        base.execute("PRAGMA journal_mode=WAL")
        base.execute("PRAGMA synchronous=NORMAL")
        base.execute("CREATE TABLE IF NOT EXISTS pictures (key BLOB PRIMARY KEY, bytes INTEGER NOT NULL, data BLOB NOT NULL)")
        return base

    @staticmethod
    def key(file: Path, pixels: int) -> bytes | None:
        """Returns the key of a file as it is now, or None where there is no such file."""
        try:
            state = os.stat(file)
        except OSError:
            return None
        return blake2b(f"{file}\0{state.st_size}\0{state.st_mtime_ns}\0{pixels}".encode("utf-8", "surrogatepass"), digest_size=16).digest()

    def find(self, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        """Returns the kept pictures among these keys."""
        wanted = list(keys)
        if self._base is None or not wanted:
            return {}
        marks = ",".join("?" * len(wanted))
        try:
            with self._lock:
                return dict(self._base.execute(f"SELECT key, data FROM pictures WHERE key IN ({marks})", wanted).fetchall())
        except sqlite3.Error:
            return {}

    def keep_later(self, key: bytes, encoded: Callable[[], bytes]) -> None:
        """Keeps a picture when there is time for it (`catch_up`); of more than 512 that wait, the oldest are forgotten."""
        if self._base is not None:
            self._later.append((key, encoded))

    @property
    def behind(self) -> bool:
        """Whether pictures wait to be kept."""
        return bool(self._later)

    def catch_up(self, most: int = _TOGETHER) -> None:
        """Encodes and keeps so many of the pictures that wait, all of them in one write."""
        taken: list[tuple[bytes, Callable[[], bytes]]] = []
        with suppress(IndexError):  # another thread may take them too
            while len(taken) < most:
                taken.append(self._later.popleft())
        self.keep([(key, encoded()) for key, encoded in taken])

    def keep(self, pictures: Iterable[tuple[bytes, bytes]]) -> None:
        """Keeps pictures by key."""
        rows = [(key, len(data), data) for key, data in pictures]
        if self._base is None or not rows:
            return
        try:
            with self._lock:
                self._base.execute("BEGIN")
                self._base.executemany("INSERT OR REPLACE INTO pictures VALUES (?, ?, ?)", rows)
                self._base.execute("COMMIT")
                self._written += len(rows)
                if self._written >= _PRUNE_AFTER:
                    self._prune()
        except sqlite3.Error:
            self._base = None

    def _prune(self) -> None:
        """Removes the oldest pictures until the file holds less than it may."""
        assert self._base is not None
        self._written = 0
        held = self._base.execute("SELECT COALESCE(SUM(bytes), 0) FROM pictures").fetchone()[0]
        if held > self._most_bytes:
            older = "SELECT rowid FROM (SELECT rowid, SUM(bytes) OVER (ORDER BY rowid DESC) AS above FROM pictures) WHERE above > ?"
            self._base.execute(f"DELETE FROM pictures WHERE rowid IN ({older})", (self._most_bytes * 3 // 4,))

    def close(self) -> None:
        """Keeps what waits and closes the file."""
        self.catch_up(_MOST_LATER)
        with self._lock:
            if self._base is not None:
                self._base.close()
            self._base = None


def cache_folder() -> Path:
    """Returns the folder of the user's caches; it need not exist (`WORKBENCH_CACHE_DIR` moves it)."""
    override = os.environ.get("WORKBENCH_CACHE_DIR")
    if override:
        return Path(override)
    from platformdirs import user_cache_path

    return user_cache_path("model-workbench", appauthor=False)
