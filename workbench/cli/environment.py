"""`doctor`: what this machine has, what is missing, and what to type."""

from __future__ import annotations

import ctypes.util
import shutil
import sys
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

from workbench.cli.console import Answer, counted
from workbench.cli.display import has_display

_WINDOW_LIBRARIES = {
    "EGL": "libegl1", "GL": "libgl1", "xkbcommon": "libxkbcommon0", "fontconfig": "libfontconfig1", "dbus-1": "libdbus-1-3",
    "xkbcommon-x11": "libxkbcommon-x11-0", "xcb-cursor": "libxcb-cursor0", "xcb-icccm": "libxcb-icccm4", "xcb-keysyms": "libxcb-keysyms1",
}
_CHINESE_FONTS = ("NotoSansCJK", "NotoSansSC", "wqy-", "SourceHanSans", "PingFang", "msyh", "DroidSansFallback")
_FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.fonts", "~/.local/share/fonts", "/System/Library/Fonts", "C:/Windows/Fonts")
_CORE = ("PySide6-Essentials", "pyqtgraph", "numpy", "torch", "onnx", "onnxscript", "onnxruntime", "safetensors", "tokenizers", "pillow", "pydantic",
         "tomlkit", "captum", "psutil")


def doctor() -> Answer:
    """Looks at the machine. The exit status is 1 where something that is needed is missing."""
    checks = [_python(), *_packages(), _torch(), _providers(), _memory(), _display(), *_libraries(), _fonts(), _settings_folder(), _own_layers()]
    ok = all(check["ok"] or check["optional"] for check in checks)
    document = {"ok": ok, "checks": checks}
    lines = [f"{'ok  ' if check['ok'] else 'note' if check['optional'] else 'FAIL'}  {check['name']}: {check['message']}" for check in checks]
    lines += [f"      type: {check['command']}" for check in checks if check["command"] and not check["ok"]]
    return Answer(document, [*lines, "Everything that is needed is there." if ok else "Something that is needed is missing."], 0 if ok else 1)


def _check(name: str, ok: bool, message: str, command: str = "", optional: bool = False) -> dict[str, Any]:
    return {"name": name, "ok": ok, "message": message, "command": command, "optional": optional}


def _python() -> dict[str, Any]:
    found = ".".join(map(str, sys.version_info[:3]))
    return _check("python", sys.version_info >= (3, 11), f"{found} at {sys.executable}", "install Python 3.11 or newer")


def _packages() -> list[dict[str, Any]]:
    return [_package(name) for name in _CORE]


def _package(name: str) -> dict[str, Any]:
    try:
        found = version(name)
    except PackageNotFoundError:
        return _check(name, False, "is not installed", f"{sys.executable} -m pip install {_wanted(name)}")
    if name == "PySide6-Essentials" and tuple(map(int, found.split(".")[:2])) >= (6, 12):
        return _check(name, False, f"{found} loses references on Python 3.11", f"{sys.executable} -m pip install 'PySide6-Essentials>=6.10,<6.12'")
    return _check(name, True, found)


def _wanted(name: str) -> str:
    try:
        for requirement in requires("model-workbench") or ():
            if requirement.lower().startswith(name.lower()):
                return f"'{requirement.split(';')[0].strip()}'"
    except PackageNotFoundError:
        return name
    return name


def _torch() -> dict[str, Any]:
    try:
        import torch
    except Exception as error:  # a broken installation raises whatever its libraries do
        return _check("compute", False, f"torch cannot be imported: {error}", f"{sys.executable} -m pip install --force-reinstall torch")
    if torch.cuda.is_available():
        return _check("compute", True, f"{torch.cuda.device_count()} CUDA device(s): {torch.cuda.get_device_name(0)}")
    if torch.backends.mps.is_available():
        return _check("compute", True, "Apple GPU (mps)")
    card = shutil.which("nvidia-smi")
    command = f"{sys.executable} -m pip install --force-reinstall torch" if card else ""
    message = "an NVIDIA card is there, but this torch is built without CUDA" if card else f"CPU, {counted(torch.get_num_threads(), 'thread')}"
    return _check("compute", not card, message, command, optional=True)


def _providers() -> dict[str, Any]:
    try:
        from workbench.export.session import available_providers

        names = available_providers()
    except Exception as error:  # as above
        return _check("onnxruntime providers", False, f"cannot be imported: {error}", f"{sys.executable} -m pip install onnxruntime")
    pip = f"{sys.executable} -m pip"
    missing = shutil.which("nvidia-smi") is not None and "cuda" not in names
    swap = f"{pip} uninstall -y onnxruntime && {pip} install onnxruntime-gpu"
    return _check("onnxruntime providers", not missing, ", ".join(names), swap if missing else "", optional=True)


def _memory() -> dict[str, Any]:
    import psutil

    total, free = psutil.virtual_memory().total, psutil.virtual_memory().available
    return _check("memory", total >= 2 * 2**30, f"{free / 2**30:.1f} of {total / 2**30:.1f} GiB free", optional=True)


def _display() -> dict[str, Any]:
    there = has_display()
    return _check("display", there, "there is one" if there else "none: the window cannot open, every command works", "", optional=True)


def _libraries() -> list[dict[str, Any]]:
    """Returns the system libraries that Qt needs for the window, on Linux."""
    if not sys.platform.startswith("linux"):
        return []
    missing = [package for library, package in _WINDOW_LIBRARIES.items() if ctypes.util.find_library(library) is None]
    message = f"missing: {', '.join(missing)}" if missing else "all there"
    command = f"sudo apt install {' '.join(missing)}" if shutil.which("apt") else f"install {' '.join(missing)}"
    return [_check("window libraries", not missing, message, command if missing else "", optional=True)]


def _fonts() -> dict[str, Any]:
    folders = [Path(folder).expanduser() for folder in _FONT_FOLDERS]
    found = any(name in path.name for folder in folders if folder.is_dir() for path in folder.rglob("*.[toTO][tT][fFcC]*") for name in _CHINESE_FONTS)
    command = "sudo apt install fonts-noto-cjk" if shutil.which("apt") else "install a font with Chinese characters"
    return _check("Chinese font", found, "there is one" if found else "none found", "" if found else command, optional=True)


def _settings_folder() -> dict[str, Any]:
    from workbench.settings import settings_path

    path = settings_path()
    folder = next(parent for parent in (path, *path.parents) if parent.exists())
    import os

    return _check("settings", os.access(folder, os.W_OK), str(path), f"make {folder} writable")


def _own_layers() -> dict[str, Any]:
    from workbench.cli.own_layers import own_layers

    found = own_layers()
    return _check("own layers", found["ok"], found["message"], "workbench check-layer FILE", optional=True)
