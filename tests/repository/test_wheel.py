"""The wheel, installed in a new environment elsewhere, makes a project and trains it there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_an_installed_wheel_trains(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path / "dist"), str(ROOT)],
        check=True, capture_output=True, timeout=180,
    )
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    python = _environment(tmp_path / "elsewhere")
    subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", str(wheel)], check=True, capture_output=True, timeout=180,
    )
    workbench = python.with_name("workbench")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment["OMP_NUM_THREADS"] = "1"

    def call(*words: str) -> dict[str, object]:
        done = subprocess.run([workbench, *words, "--json"], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=240)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    where = subprocess.run([python, "-c", "import workbench; print(workbench.__file__)"], cwd=tmp_path, env=environment,
                           capture_output=True, text=True, check=True, timeout=60).stdout
    assert str(tmp_path) in where
    assert {entry["name"] for entry in call("templates")} >= {"digits-cnn", "reviews-lstm", "reviews-transformer"}  # type: ignore[index]
    call("new", "digits-cnn", "digits")
    trained = call("train", "digits", "--set", "train.epochs=2")
    assert trained["state"] == "finished" and trained["metrics"]["accuracy/val"] > 0.5  # type: ignore[index]


def _environment(folder: Path) -> Path:
    """Makes an environment that sees the dependencies of this one through a path file, but not the checkout."""
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    (site,) = folder.glob("lib/python*/site-packages") if os.name != "nt" else [folder / "Lib/site-packages"]
    dependencies = Path(pytest.__file__).resolve().parents[1]
    (site / "dependencies.pth").write_text(f"{dependencies}\n", "utf-8")
    return python
