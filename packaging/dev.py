#!/usr/bin/env python3
"""The one task list of the repository. Needs a Python 3.11+ and nothing else: it makes the environment itself.

    python3 packaging/dev.py setup       make or refresh .venv
    python3 packaging/dev.py run         open the window (without a display: train, explain and export a starter project)
    python3 packaging/dev.py test        every test
    python3 packaging/dev.py check       ruff, basedpyright, import-linter, every test
    python3 packaging/dev.py bench       the benchmarks of tests/benchmarks
    python3 packaging/dev.py build       the wheel, into dist/
    python3 packaging/dev.py translate   list the interface strings that a translation still misses
    python3 packaging/dev.py pictures    make the pictures of the README
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
CONSTRAINTS = ROOT / "packaging" / "constraints.txt"
STAMP = VENV / "workbench-setup.txt"
# Shared libraries that Qt opens at start, and the Debian packages that bring them.
LIBRARIES = {
    "libEGL.so.1": "libegl1", "libGL.so.1": "libgl1", "libxkbcommon.so.0": "libxkbcommon0", "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1", "libglib-2.0.so.0": "libglib2.0-0",
}
WINDOW_LIBRARIES = {
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0", "libxcb-cursor.so.0": "libxcb-cursor0", "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1", "libxcb-shape.so.0": "libxcb-shape0", "libxcb-image.so.0": "libxcb-image0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
}


def call(*command: str | Path, **environment: str) -> None:
    """Runs a command in the repository; ends this program with its exit status where that is not 0."""
    status = subprocess.run([str(part) for part in command], cwd=ROOT, env={**os.environ, **environment}).returncode
    if status:
        sys.exit(status)


def say(text: str) -> None:
    print(f"==> {text}", flush=True)


def wanted() -> str:
    """Returns a fingerprint of everything that decides what the environment must hold."""
    parts = [CONSTRAINTS.read_bytes(), (ROOT / "pyproject.toml").read_bytes(), sys.version.encode(), str(ROOT).encode()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def setup() -> None:
    """Makes .venv with the pinned dependencies and the project itself, unless it is there already."""
    if STAMP.exists() and STAMP.read_text() == wanted():
        return
    if sys.version_info < (3, 11):
        sys.exit("Python 3.11 or newer is needed; this is " + sys.version.split()[0])
    if not PYTHON.exists():
        say("making the environment in .venv")
        call(sys.executable, "-m", "venv", VENV)
    install_torch()
    say("installing the dependencies")
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]["test"]
    pip("--editable", ".", *tools)
    system_libraries()
    STAMP.write_text(wanted())


def pip(*arguments: str) -> None:
    call(PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--constraint", str(CONSTRAINTS), *arguments)


def install_torch() -> None:
    """Installs torch first and alone: the CPU build unless a GPU is found or WORKBENCH_TORCH names another requirement."""
    pinned = next(line for line in CONSTRAINTS.read_text().splitlines() if line.startswith("torch=="))
    have = subprocess.run([str(PYTHON), "-c", "import torch"], capture_output=True).returncode == 0
    if have:
        return
    say("installing torch")
    quiet = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if "WORKBENCH_TORCH" in os.environ:
        return call(*quiet, *os.environ["WORKBENCH_TORCH"].split())
    if not shutil.which("nvidia-smi"):
        cpu = subprocess.run([*quiet, f"{pinned}+cpu"], cwd=ROOT, capture_output=True)
        if cpu.returncode == 0:
            return None
    return call(*quiet, pinned)


def missing(libraries: dict[str, str]) -> list[str]:
    """Returns the Debian packages of the shared libraries that cannot be opened."""
    packages = []
    for library, package in libraries.items():
        try:
            ctypes.CDLL(library)
        except OSError:
            packages.append(package)
    return packages


def system_libraries() -> None:
    """Installs the shared libraries that Qt needs where that is possible, and names them where it is not."""
    if not sys.platform.startswith("linux"):
        return
    packages = missing({**LIBRARIES, **WINDOW_LIBRARIES})
    if not packages:
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        say("installing system libraries: " + " ".join(packages))
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], env=quiet, stdout=subprocess.DEVNULL)
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages], env=quiet, stdout=subprocess.DEVNULL)
        packages = missing({**LIBRARIES, **WINDOW_LIBRARIES})
    if packages:
        say("the window needs system libraries that are missing; on Debian or Ubuntu: sudo apt-get install " + " ".join(packages))


def has_display() -> bool:
    """Whether a window can open here."""
    if not sys.platform.startswith("linux"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def run(arguments: Sequence[str]) -> None:
    """Opens the window; without a display, goes through the whole loop with the first starter."""
    setup()
    if has_display():
        return call(PYTHON, "-m", "workbench", *arguments)
    return demonstrate()


def demonstrate() -> None:
    """Trains, explains and exports the first starter without a window, and says where the results lie."""
    folder = Path(tempfile.mkdtemp(prefix="digits-cnn-", dir=_made("build")))
    project = folder / "digits-cnn"
    say("no display: training, explaining and exporting the starter digits-cnn instead")
    workbench = (PYTHON, "-m", "workbench")
    call(*workbench, "new", "digits-cnn", project)
    call(*workbench, "train", project)
    trained = max((project / "runs").iterdir())
    call(*workbench, "explain", trained, "--method", "integrated_gradients", "--row", "0", "-o", folder / "why.png")
    call(*workbench, "export", trained, "-o", folder / "bundle")
    say(f"the project:       {project}")
    say(f"the trained run:   {trained}")
    say(f"why row 0:         {folder / 'why.png'}")
    say(f"the ONNX bundle:   {folder / 'bundle'}")
    say("to open the window, run this again on a desktop, or: xvfb-run python3 packaging/dev.py run")


def _made(name: str) -> Path:
    folder = ROOT / name
    folder.mkdir(exist_ok=True)
    return folder


def test(arguments: Sequence[str]) -> None:
    """Runs every test: those outside the window with Qt made unimportable, then those of the window."""
    setup()
    quiet = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "QT_QPA_PLATFORM": "offscreen", "HF_HUB_OFFLINE": "1", "PYTHONUTF8": "1"}
    pytest = (PYTHON, "-m", "pytest", "--quiet", "-n", str(os.cpu_count() or 1), "--dist", "loadfile")
    if arguments:
        return call(*pytest, *arguments, **quiet)
    say("every room but the window, with Qt made unimportable")
    call(*pytest, "-p", "no:pytest-qt", "--ignore", "tests/app", "--ignore", "tests/end_to_end", "tests", **quiet, WORKBENCH_WITHOUT_QT="1")
    say("the window, and the whole thread")
    return call(*pytest, "tests/app", "tests/end_to_end", **quiet)


def check(arguments: Sequence[str]) -> None:
    """Runs the linters, the type checker and every test."""
    setup()
    tools = [line for line in CONSTRAINTS.read_text().splitlines() if line.startswith("basedpyright")]
    pip(*tools)
    call(PYTHON, "-m", "ruff", "check", "workbench", "tests", "packaging")
    call(VENV / "bin" / "lint-imports")
    call(PYTHON, "-m", "basedpyright")
    test(arguments)


def bench(arguments: Sequence[str]) -> None:
    setup()
    call(PYTHON, "-m", "tests.benchmarks", *arguments, QT_QPA_PLATFORM="offscreen")


def build(arguments: Sequence[str]) -> None:
    setup()
    call(PYTHON, "-m", "build", "--wheel", "--no-isolation", "--outdir", "dist", *arguments)


def translate(arguments: Sequence[str]) -> None:
    setup()
    call(PYTHON, "packaging/translate.py", *arguments)


def pictures(arguments: Sequence[str]) -> None:
    setup()
    call(PYTHON, "packaging/pictures.py", *arguments, QT_QPA_PLATFORM="offscreen")


TASKS = {
    "setup": lambda _: setup(), "run": run, "test": test, "check": check, "bench": bench, "build": build, "translate": translate,
    "pictures": pictures,
}


def main() -> None:
    if len(sys.argv) < 2 or sys.argv[1] not in TASKS:
        sys.exit(__doc__)
    TASKS[sys.argv[1]](sys.argv[2:])


if __name__ == "__main__":
    main()
