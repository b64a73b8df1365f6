from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Said:
    """What a command said.

    Attributes:
        status: The exit status.
        out, err: Its two streams.
    """

    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The JSON document, which must be all there is on stdout and strict JSON."""
        return json.loads(self.out, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


Command = Callable[..., Said]


def run_command(*arguments: object, cwd: Path | None = None, env: dict[str, str] | None = None) -> Said:
    """Runs the program in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", **(env or {})}
    done = subprocess.run(
        [sys.executable, "-m", "workbench", *map(str, arguments)], capture_output=True, text=True, timeout=150, cwd=cwd, env=environment,
        check=False, stdin=subprocess.DEVNULL,
    )
    return Said(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """Runs the program in an empty folder."""
    return lambda *arguments, **rest: run_command(*arguments, **{"cwd": tmp_path, **rest})


@dataclass(frozen=True)
class Trained:
    """A project with one finished run and its bundle, made through the command line.

    Attributes:
        project, run, bundle: Folders.
        train, export: What the commands said.
    """

    project: Path
    run: Path
    bundle: Path
    train: Any
    export: Any


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """The digits, trained for three epochs."""
    folder = tmp_path_factory.mktemp("trained")
    assert run_command("new", "digits-cnn", folder / "digits").status == 0
    said = run_command("train", folder / "digits", "--set", "train.epochs=3", "--set", 'train.device="cpu"', "--json")
    assert said.status == 0, said.err
    run = Path(said.document["run"])
    exported = run_command("export", run, "-o", folder / "bundle", "--json")
    assert exported.status == 0, exported.err
    return Trained(folder / "digits", run, folder / "bundle", said.document, exported.document)
