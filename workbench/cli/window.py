"""Opens the window, or says in one line what to do without one."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

_LINE = (
    "There is no display to open the window on. Without one use: workbench templates, catalogue, new, check, code, data, train, eval, explain, "
    "export, predict, runs, doctor (workbench --help says more)."
)


def open_window(arguments: Sequence[str]) -> int:
    """Opens the window and returns the exit status; 2 where there is no display.

    Args:
        arguments: The first may be a project folder or data to open.
    """
    if not has_display():
        sys.stderr.write(_LINE + "\n")
        return 2
    from workbench.app.main import run

    return run(list(arguments))


def has_display() -> bool:
    """Whether a window could open: on Linux an X or Wayland display, or a Qt platform that needs none."""
    if sys.platform in ("win32", "darwin"):
        return True
    platform = os.environ.get("QT_QPA_PLATFORM", "").split(":")[0].split(";")[0]
    if platform in ("offscreen", "minimal", "vnc", "linuxfb", "eglfs"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
