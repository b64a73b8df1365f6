"""Whether a window could open here, and what to say where it could not."""

from __future__ import annotations

import os
import sys

NO_DISPLAY = (
    "There is no display to open the window on. Without one use: workbench templates, catalogue, new, check, code, data, train, eval, explain, "
    "export, predict, runs, doctor (workbench --help says more)."
)


def has_display() -> bool:
    """Whether a window could open: on Linux an X or Wayland display, or a Qt platform that needs none."""
    if sys.platform in ("win32", "darwin"):
        return True
    platform = os.environ.get("QT_QPA_PLATFORM", "").split(":")[0].split(";")[0]
    if platform in ("offscreen", "minimal", "vnc", "linuxfb", "eglfs"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
