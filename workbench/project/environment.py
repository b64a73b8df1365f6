"""What a run ran on, written into its folder. Versions come from package metadata: nothing heavy is imported."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Any

PACKAGES = ("torch", "numpy", "onnx", "onnxruntime", "onnxscript", "safetensors", "tokenizers", "pillow", "captum", "PySide6-Essentials")


def package_versions(names: tuple[str, ...] = PACKAGES) -> dict[str, str]:
    """Returns the installed version by package name; "" where one is missing."""
    found: dict[str, str] = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = ""
    return found


def environment() -> dict[str, Any]:
    """Returns versions, platform and the number of cores this process may use."""
    from workbench import __version__

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "workbench": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "machine": platform.machine(),
        "system": sys.platform,
        "cores": cores,
        "packages": package_versions(),
    }
