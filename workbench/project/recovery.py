"""The recovery file: what was not saved yet, kept beside the project and never over it.

`Recovery.note(project)` is cheap and may be called at every edit; a thread of its own writes the newest value at most once per interval.
A crash, a kill or a power loss costs at most that interval.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from workbench.data import edits
from workbench.errors import ProjectError, WorkbenchError
from workbench.project.atomic import write_atomically
from workbench.project.project import Project
from workbench.project.records import plain
from workbench.project.sections import project_of, tables_of
from workbench.text import Text

SCHEMA_VERSION = 1
_NAME = "recovery.json"


@dataclass(frozen=True, slots=True)
class Recovered:
    """An unsaved project that was found.

    Attributes:
        project: The project as it last was.
        folder: The project folder it belongs to, or None for one that was never saved.
        path: The recovery file.
        saved_at: When it was written.
    """

    project: Project
    folder: Path | None
    path: Path
    saved_at: datetime


def state_folder() -> Path:
    """Returns the folder for unsaved projects that have no folder yet."""
    override = os.environ.get("WORKBENCH_STATE_DIR")
    if override:
        return Path(override)
    from platformdirs import user_state_path

    return user_state_path("model-workbench", appauthor=False)


def recovery_path(folder: Path | None, owner: str = "") -> Path:
    """Returns where the recovery file of a project lies; `owner` tells projects without a folder apart (default: this process)."""
    if folder is not None:
        return folder / ".workbench" / _NAME
    return state_folder() / "unsaved" / f"{owner or os.getpid()}.json"


class Recovery:
    """Writes the recovery file of one open project.

    Args:
        folder: The project folder, or None while there is none.
        interval_seconds: The longest time that an edit waits.
    """

    def __init__(self, folder: Path | None, interval_seconds: float = 0.8) -> None:
        self.path = recovery_path(folder)
        self.error = ""
        self._folder, self._interval = folder, interval_seconds
        self._pending: Project | None = None
        self._writing = threading.Lock()
        self._wake = threading.Condition()
        self._closing = False
        self._thread: threading.Thread | None = None

    def note(self, project: Project) -> None:
        """Takes the newest unsaved value."""
        with self._wake:
            self._pending = project
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="recovery", daemon=True)
                self._thread.start()
            self._wake.notify()

    def _run(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._pending is not None or self._closing)
                if self._closing:
                    return
                self._wake.wait_for(lambda: self._closing, timeout=self._interval)
            self.flush()

    def flush(self) -> None:
        """Writes the newest value now. A full disk is remembered in `error`, never raised: editing goes on."""
        with self._writing:
            with self._wake:
                project, self._pending = self._pending, None
            if project is None:
                return
            try:
                write_recovery(project, self._folder, self.path)
                self.error = ""
            except OSError as error:
                self.error = error.strerror or str(error)

    def clear(self) -> None:
        """Removes the recovery file: the project was saved, or its changes were given up."""
        with self._writing:
            with self._wake:
                self._pending = None
            with suppress(OSError):
                self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Writes what is pending and ends the thread."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join()
        self.flush()


def write_recovery(project: Project, folder: Path | None, path: Path) -> None:
    """Writes one recovery file.

    Raises:
        OSError: It cannot be written.
    """
    from workbench.graph.file import dumps

    body = {"settings": plain(tables_of(project)), "graph": json.loads(dumps(project.graph)), "edits": edits.dumps(project.edits)}
    record = {
        "schema_version": SCHEMA_VERSION,
        "folder": str(folder) if folder else "",
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "saved_at": datetime.now(UTC).isoformat(),
        "hash": _digest(body),
        **body,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, json.dumps(record, ensure_ascii=False, allow_nan=False))


def read_recovery(path: Path) -> Recovered:
    """Reads one recovery file.

    Raises:
        ProjectError: It is damaged or of a newer version.
    """
    from workbench.graph.file import loads

    try:
        record = json.loads(path.read_bytes())
        body = {name: record[name] for name in ("settings", "graph", "edits") if name in record}
        if record["schema_version"] > SCHEMA_VERSION or record["hash"] != _digest(body):
            raise ValueError("not what was written")
        project = project_of(body["settings"], loads(json.dumps(body["graph"])), edits.loads(body.get("edits", "")))
        saved_at = datetime.fromisoformat(record["saved_at"])
        return Recovered(project, Path(record["folder"]) if record["folder"] else None, path, saved_at)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, WorkbenchError) as error:
        raise ProjectError(
            Text("The recovery file {path} cannot be used.", path=str(path)), Text("The saved project is not concerned; open that.")
        ) from error


def find_recovery(folder: Path) -> Recovered | None:
    """Returns what was left unsaved in a project folder, or None; None too where it is no newer than what was saved, or another process writes it."""
    from workbench.project.file import load

    path = recovery_path(folder)
    with suppress(WorkbenchError):
        if path.exists() and not _in_use(path):
            found = read_recovery(path)
            return None if found.project == load(folder).project else found
    return None


def find_unsaved() -> list[Recovered]:
    """Returns the projects that never had a folder and were left by a process that is gone, newest first."""
    found: list[Recovered] = []
    for path in (state_folder() / "unsaved").glob("*.json"):
        with suppress(ProjectError):
            if not _in_use(path):
                found.append(read_recovery(path))
    return sorted(found, key=lambda recovered: recovered.saved_at, reverse=True)


def _in_use(path: Path) -> bool:
    """Whether another living process of this machine wrote the file."""
    import psutil

    with suppress(OSError, ValueError, AttributeError, TypeError):
        record = json.loads(path.read_bytes())
        pid, host = record.get("pid"), record.get("host")
        if host != socket.gethostname() or pid == os.getpid() or not psutil.pid_exists(pid):
            return False
        with suppress(psutil.Error):
            return psutil.Process(pid).create_time() <= path.stat().st_mtime
    return False


def _digest(body: Any) -> str:
    return hashlib.blake2b(json.dumps(body, sort_keys=True, ensure_ascii=False).encode(), digest_size=16).hexdigest()
