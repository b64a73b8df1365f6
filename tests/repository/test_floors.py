"""The house stands: floors, lazy imports, names of files, and no private words."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SLOW = ("torch", "onnx", "onnxruntime", "sklearn", "pandas", "captum", "matplotlib", "scipy")


def _modules_after(code: str) -> set[str]:
    report = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print('\\n'.join(sys.modules))"],
        cwd=ROOT, capture_output=True, text=True, timeout=60,
    )
    assert report.returncode == 0, report.stderr
    return set(report.stdout.split())


def test_the_floors_hold() -> None:
    report = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports; raise SystemExit(lint_imports())"],
        cwd=ROOT, capture_output=True, text=True, timeout=120,
    )
    assert report.returncode == 0, report.stdout[-3000:]


def test_ruff_finds_nothing() -> None:
    report = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--no-cache", "workbench", "tests", "packaging"],
        cwd=ROOT, capture_output=True, text=True, timeout=120,
    )
    assert report.returncode == 0, report.stdout[-3000:]


@pytest.mark.parametrize("package", ["workbench.graph.infer", "workbench.graph.layout", "workbench.graph.file", "workbench.layers"])
def test_the_drawing_loads_no_torch(package: str) -> None:
    loaded = _modules_after(f"import {package}")
    assert not loaded.intersection(SLOW)


def test_layer_entries_load_no_torch() -> None:
    loaded = _modules_after("from workbench.layers import LAYERS; assert len(LAYERS) > 10")
    assert not loaded.intersection(SLOW)


def test_help_of_the_command_line_loads_nothing_slow() -> None:
    code = (
        "import sys; sys.argv = ['workbench', '--help']\n"
        "from workbench.__main__ import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code"
    )
    assert not _modules_after(code).intersection((*SLOW, "numpy", "pydantic", "PySide6"))


def test_no_file_is_named_after_nothing() -> None:
    nothing = {"utils", "helpers", "common", "misc", "manager"}
    assert [path for path in (ROOT / "workbench").rglob("*.py") if path.stem in nothing] == []


def test_the_top_level_holds_what_it_should() -> None:
    allowed = {
        "pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "workbench", "resources", "tests", "packaging", "build", "dist",
    }
    found = {path.name for path in ROOT.iterdir() if not path.name.startswith(".") and not path.name.endswith(".egg-info")}
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout")
    assert found <= allowed, found - allowed


def test_nothing_is_ever_unpickled() -> None:
    forbidden = re.compile(r"\b(import pickle|pickle\.load|allow_pickle=True|torch\.load\((?!.*weights_only=True))")
    hits = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in (ROOT / "workbench").rglob("*.py")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if forbidden.search(line)
    ]
    assert hits == []
