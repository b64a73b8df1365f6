"""`study` in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Command, run_command


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of digits with one finished study."""
    folder = tmp_path_factory.mktemp("asked") / "digits"
    assert run_command("new", "digits-cnn", folder).status == 0
    said = run_command("study", folder, "folds", "--folds", "2", "--set", "train.epochs=1", "--set", "data.limit=300", "--json")
    assert said.status == 0, said.err
    document = said.document
    assert document["kind"] == "folds" and document["state"] == "finished" and len(document["runs"]) == 2
    assert document["result"]["judged"] == 300 and document["sentences"] and Path(document["study"]).parent == folder / "studies"
    return folder


def test_help_says_what_can_be_asked(command: Command) -> None:
    said = command("study", "--help")
    assert said.status == 0
    for option in ("--folds", "--shares", "--seeds", "--vary", "--set", "--resume", "--json"):
        assert option in said.out
    assert "study" in command("--help").out


def test_studies_are_listed_and_data_says_what_they_found(command: Command, asked: Path) -> None:
    (listed,) = command("study", asked, "--json").document
    assert listed["state"] == "finished" and all(run["done"] for run in listed["runs"])
    assert "folds" in command("study", asked).out
    (said,) = command("data", asked, "--json").document["studies"]
    assert said["kind"] == "folds" and said["sentences"] == listed["sentences"]
    assert {item["study"] for item in command("runs", asked, "--json").document} == {Path(listed["study"]).name}
    assert {entry["name"] for entry in command("catalogue", "studies", "--json").document} == {"folds", "budget", "paired"}


def test_a_budget_and_a_pair(command: Command, asked: Path) -> None:
    few = ("--set", "train.epochs=1", "--set", "data.limit=200", "--json")
    budget = command("study", asked, "budget", "--shares", "20,40,70,100%", *few)
    assert budget.status == 0, budget.err
    assert [point["share"] for point in budget.document["result"]["points"]] == [20, 40, 70, 100]
    paired = command("study", asked, "paired", "--vary", "class-weights", "--seeds", "1", *few)
    assert paired.status == 0, paired.err
    assert paired.document["sentences"][0].startswith("One pair of runs says little")


@pytest.mark.parametrize("arguments, words", [
    (("horoscope",), "no study called"), (("budget", "--folds", "3"), "does not take --folds"), (("budget", "--shares", "a,b"), "no list of shares"),
    (("--resume", "last"), "no study to go on with"), (("folds", "--resume", "last"), "no study to go on with"), (("paired",), "no augmentation"),
])
def test_wrong_questions(command: Command, asked: Path, arguments: tuple[str, ...], words: str) -> None:
    said = command("study", asked, *arguments, "--json")
    assert said.status == 1 and words in said.document["error"]["message"]


@pytest.mark.parametrize("ending, status", [(signal.SIGINT, 130), (signal.SIGKILL, -9)], ids=["interrupt", "kill"])
@pytest.mark.skipif(sys.platform == "win32", reason="signals are those of POSIX")
def test_a_study_that_was_ended_can_go_on(command: Command, tmp_path: Path, ending: signal.Signals, status: int) -> None:
    assert command("new", "digits-cnn", "digits").status == 0
    arguments = [sys.executable, "-m", "workbench", "study", "digits", "folds", "--folds", "2", "--set", "train.epochs=30", "--set", "data.limit=200"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(arguments, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stderr is not None
        assert any(line.startswith("epoch   2") for line in iter(child.stderr.readline, ""))
        child.send_signal(ending)
        child.communicate(timeout=60)
    assert child.returncode == status
    (listed,) = command("study", "digits", "--json").document
    assert listed["state"] == "interrupted"
    other = command("study", "digits", "budget", "--resume", "last", "--json")
    assert other.status == 1 and "goes on as it began" in other.document["error"]["message"]
    said = command("study", "digits", "folds", "--resume", "last", "--json")
    assert said.status == 0 and said.document["state"] == "finished"
    assert len(command("runs", "digits", "--json").document) == 2
