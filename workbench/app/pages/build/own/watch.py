"""Notices when a file of own layers is written, added or taken away; nothing is polled."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QFileSystemWatcher, QObject, QTimer, Signal

from workbench.layers.own import own_paths
from workbench.settings import layers_folder

_SETTLE_MS = 150


class LayersWatch(QObject):
    """Watches the folder of own layers and its files.

    Signals:
        changed: Something there is another than before; told once for a burst of writing.
    """

    changed = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._seen: dict[str, tuple[int, int]] = {}
        self._watcher = QFileSystemWatcher(self)
        self._later = QTimer(self, singleShot=True, interval=_SETTLE_MS)
        self._watcher.directoryChanged.connect(lambda _path: self._later.start())
        self._watcher.fileChanged.connect(lambda _path: self._later.start())
        self._later.timeout.connect(self._look)
        self.follow()

    def follow(self) -> None:
        """Watches what is there now. Before the folder exists, its nearest parent is watched."""
        folder = layers_folder()
        nearest = next((place for place in (folder, *folder.parents) if place.is_dir()), None)
        files = own_paths()
        wanted = {str(path) for path in (*files, nearest) if path is not None}
        present = {*self._watcher.files(), *self._watcher.directories()}
        if present - wanted:
            self._watcher.removePaths(sorted(present - wanted))
        if wanted - present:
            self._watcher.addPaths(sorted(wanted - present))
        self._seen = {str(path): _mark(path) for path in files}

    def _look(self) -> None:
        before = self._seen
        self.follow()
        if self._seen != before:
            self.changed.emit()


def _mark(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size
