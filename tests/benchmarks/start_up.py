"""Start: first paint against an empty Qt window, `--help`, and ready to train. CPU seconds of fresh processes, interleaved, medians."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
from typing import Any

PAIRS = 5
EMPTY = "from PySide6.QtWidgets import QApplication, QMainWindow; a = QApplication([]); w = QMainWindow(); w.show(); a.processEvents(); w.grab()"
FIRST_PAINT = (
    "from workbench.app.main import application; a = application()\n"
    "from workbench.app import theme; theme.set_theme('light')\n"
    "from workbench.app.window import Window; w = Window(); w.show(); a.processEvents(); w.grab()"
)
HELP = (
    "import sys; sys.argv = ['workbench', '--help']\nfrom workbench.__main__ import main\n"
    "try:\n    main()\nexcept SystemExit:\n    pass"
)
READY = FIRST_PAINT + "\nfrom workbench.app import main\nimport importlib\nfor name in main.WARM: importlib.import_module(name)"


def run() -> list[dict[str, Any]]:
    """Returns the rows of DESIGN section 6 for the start."""
    measured: dict[str, list[float]] = {name: [] for name in ("empty", "paint", "help", "ready")}
    for _ in range(PAIRS):
        for name, code in (("empty", EMPTY), ("paint", FIRST_PAINT), ("help", HELP), ("ready", READY)):
            measured[name].append(_cpu_seconds(code))
    median = {name: statistics.median(values) for name, values in measured.items()}
    over = median["paint"] - median["empty"]
    return [
        {"name": "first paint over an empty Qt window, CPU s", "value": round(over, 3), "hold": "<= 0.15", "ok": over <= 0.15},
        {"name": "--help, CPU s", "value": round(median["help"], 3), "hold": "<= 0.3", "ok": median["help"] <= 0.3},
        {"name": "ready to train, CPU s", "value": round(median["ready"], 2), "hold": "<= 3", "ok": median["ready"] <= 3},
    ]


def _cpu_seconds(code: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, "-c", code], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    for row in run():
        sys.stdout.write(f"{row}\n")
