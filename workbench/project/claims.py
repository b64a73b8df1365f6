"""Who writes a folder: the process that says so, told apart from a later one with the same number."""

from __future__ import annotations

import json
import os
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any

from workbench.project.atomic import write_atomically

FILE = "process.json"
_SAME_START_SECONDS = 2.0


def claim(folder: Path) -> None:
    """Notes that this process writes the folder from now on."""
    import psutil

    started = psutil.Process().create_time()
    about = {"pid": os.getpid(), "started": started, "host": socket.gethostname()}
    write_atomically(folder / FILE, json.dumps(about, indent=1, sort_keys=True) + "\n")


def alive(folder: Path) -> bool:
    """Whether the process that claimed the folder still exists. A process on another machine counts as alive."""
    import psutil

    writer = _writer(folder)
    if not writer:
        return False
    if writer.get("host") != socket.gethostname():
        return True
    try:
        process = psutil.Process(int(writer["pid"]))
        if process.status() == psutil.STATUS_ZOMBIE:  # killed, and nobody has asked how it ended
            return False
        return abs(process.create_time() - float(writer["started"])) < _SAME_START_SECONDS
    except (psutil.Error, ValueError, KeyError, TypeError):
        return False


def is_mine(folder: Path) -> bool:
    """Whether this very process claimed the folder."""
    writer = _writer(folder)
    return alive(folder) and writer.get("pid") == os.getpid() and writer.get("host") == socket.gethostname()


def _writer(folder: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError):
        value = json.loads((folder / FILE).read_bytes())
        return value if isinstance(value, dict) else {}
    return {}
