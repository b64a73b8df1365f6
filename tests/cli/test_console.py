"""What holds for every verb: failures, usage, stdout, start-up."""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.cli.conftest import ROOT, Command, Trained
from workbench.cli import app
from workbench.cli.console import table

VERBS = ("templates", "catalogue", "new", "check", "code", "data", "train", "eval", "explain", "export", "predict", "runs", "doctor")
FAILURES = [
    ("catalogue", "spoons"),
    ("catalogue", "layers", "conv"),
    ("new", "no-such-template", "here"),
    ("new", "auto", "here"),
    ("new", "digits-cnn", "here", "--data", "missing.csv"),
    ("check", "missing"),
    ("code", "missing"),
    ("data", "missing"),
    ("data", "generated:nothing"),
    ("train", "missing"),
    ("eval", "missing"),
    ("explain", "missing", "--method", "saliency", "--row", "0"),
    ("export", "missing", "-o", "bundle"),
    ("predict", "missing", "x.png"),
    ("runs", "missing"),
]


@pytest.mark.parametrize("arguments", FAILURES, ids=" ".join)
def test_a_failure_is_a_sentence_with_a_hint_and_writes_nothing(arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, [*arguments, "--json"])
    assert result.exit_code == 1
    error = json.loads(result.stdout)["error"]
    assert error["message"].endswith(".") and error["hint"]
    assert "fault" not in error["message"]
    spoken = CliRunner().invoke(app, list(arguments))
    assert spoken.exit_code == 1
    assert spoken.stdout == ""
    assert error["message"] in spoken.stderr and error["hint"] in spoken.stderr
    assert os.listdir(tmp_path) == []


BAD_FILES = {
    "no json": ("model.graph.json", b"}{"),
    "bytes": ("model.graph.json", b"\xff\xfe\x00\x01"),
    "NaN": ("model.graph.json", b'{"schema_version": 1, "nodes": [{"id": "a", "layer": "relu", "name": "a", "position": [NaN, 0]}], "edges": []}'),
    "not toml": ("workbench.toml", b"[train\nepochs = 3"),
    "nan setting": ("workbench.toml", b"[train]\nclip_norm = nan"),
    "wrong kind": ("workbench.toml", b"[train]\nepochs = 'many'"),
    "dangling edge": (
        "model.graph.json",
        b'{"schema_version": 1, "nodes": [{"id": "a", "layer": "relu", "name": "a"}], "edges": [["a", "output", "ghost", "input"]]}',
    ),
}


@pytest.mark.parametrize("verb", ["check", "train", "code"])
@pytest.mark.parametrize("case", BAD_FILES)
def test_damaged_project_files_are_refused(case: str, verb: str, tmp_path: Path) -> None:
    runner = CliRunner()
    assert runner.invoke(app, ["new", "digits-cnn", str(tmp_path / "digits")]).exit_code == 0
    name, content = BAD_FILES[case]
    (tmp_path / "digits" / name).write_bytes(content)
    result = runner.invoke(app, [verb, str(tmp_path / "digits"), "--json"])
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    messages = [document["error"]] if "error" in document else document["problems"]
    assert messages and messages[0]["message"]
    assert sorted(os.listdir(tmp_path / "digits")) == ["model.graph.json", "workbench.toml"]
    assert (tmp_path / "digits" / name).read_bytes() == content


@pytest.mark.parametrize(
    "setting",
    ["model.conv1.filters=1000000000", "model.linear1.units=7", "train.optimizer=magic", "train.schedule.mood=3", "data.source=missing",
     "objective.target=mood", "train.epochs=0", "train.epochs=nan", "model.conv9.filters=1"],
)
def test_a_project_that_cannot_be_trained_starts_no_run(setting: str, tmp_path: Path) -> None:
    runner = CliRunner()
    runner.invoke(app, ["new", "digits-cnn", str(tmp_path / "digits")])
    result = runner.invoke(app, ["train", str(tmp_path / "digits"), "--set", setting, "--json"])
    assert result.exit_code == 1
    error = json.loads(result.stdout)["error"]
    assert error["message"] and error["hint"]
    assert "fault" not in error["message"]
    assert not (tmp_path / "digits" / "runs").exists()


def test_a_run_without_epochs_needs_weights_to_keep(tmp_path: Path) -> None:
    runner, folder = CliRunner(), tmp_path / "digits"
    runner.invoke(app, ["new", "digits-cnn", str(folder)])
    problems = {}
    for name, settings in {"new": ["train.epochs=0"], "given": ["train.epochs=0", "train.start_from=given.npz"]}.items():
        result = runner.invoke(app, ["check", str(folder), *(word for setting in settings for word in ("--set", setting)), "--json"])
        problems[name] = {problem["kind"]: problem["message"] for problem in json.loads(result.stdout)["problems"]}
    assert problems["new"].get("recipe.no-epochs") == "A run of 0 epochs learns nothing."
    assert "recipe.no-epochs" not in problems["given"]


@pytest.mark.parametrize(
    "arguments", [("nonsense",), ("eval",), ("check", "x", "--nope"), ("export", "x"), ("explain", "x", "--row", "-1", "--method", "m")]
)
def test_wrong_usage_exits_2(arguments: tuple[str, ...]) -> None:
    assert CliRunner().invoke(app, list(arguments)).exit_code == 2


def test_help_names_every_verb_and_every_verb_has_help() -> None:
    said = CliRunner().invoke(app, ["--help"]).stdout
    for verb in VERBS:
        assert re.search(rf"^  {verb} +\w", said, re.MULTILINE)
        assert "--json" in CliRunner().invoke(app, [verb, "--help"]).stdout


def test_help_loads_nothing_heavy(command: Command) -> None:
    said = command("--help", env={"PYTHONPROFILEIMPORTTIME": "1"})
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in said.err.splitlines() if line.startswith("import time:")}
    assert "typer" in loaded
    assert not loaded & {"torch", "onnx", "onnxruntime", "pydantic", "numpy", "PySide6", "sklearn", "pandas", "captum", "tomlkit", "PIL"}


def test_help_is_quick(tmp_path: Path) -> None:
    used = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-m", "workbench", "--help"], capture_output=True, check=True, cwd=ROOT)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(used) <= 0.3


def test_without_a_display_one_line_names_the_commands(command: Command) -> None:
    said = command(env={"DISPLAY": "", "WAYLAND_DISPLAY": "", "QT_QPA_PLATFORM": ""})
    assert said.status == 2
    assert said.out == ""
    assert len(said.err.strip().splitlines()) == 1
    for verb in VERBS:
        assert verb in said.err


_NOISY = """
import os, sys
from pathlib import Path
from workbench.cli import app, catalogues
from workbench.cli.console import Answer

def noisy():
    print("hello from Python")
    os.write(1, b"hello from below\\n")
    return Answer({"value": float("nan"), "path": Path("/x"), "rows": [float("inf"), 1.5]})

catalogues.templates = noisy
app(["templates", "--json"])
"""


def test_whatever_libraries_print_stays_off_stdout() -> None:
    done = subprocess.run([sys.executable, "-c", _NOISY], capture_output=True, text=True, cwd=ROOT, check=True)
    assert json.loads(done.stdout) == {"value": None, "path": "/x", "rows": [None, 1.5]}
    assert "hello from Python" in done.stderr and "hello from below" in done.stderr


def test_a_fault_of_the_program_still_ends_in_the_promised_form(monkeypatch: pytest.MonkeyPatch) -> None:
    from workbench.cli import catalogues

    monkeypatch.setattr(catalogues, "templates", lambda: 1 / 0)
    result = CliRunner().invoke(app, ["templates", "--json"])
    assert result.exit_code == 1
    assert "ZeroDivisionError" in json.loads(result.stdout)["error"]["message"]
    assert "Traceback" in result.stderr


def test_an_interrupt_exits_130(monkeypatch: pytest.MonkeyPatch) -> None:
    from workbench.cli import catalogues

    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(catalogues, "templates", interrupted)
    assert CliRunner().invoke(app, ["templates", "--json"]).exit_code == 130


def test_a_run_goes_on_with_its_own_settings(trained: Trained) -> None:
    result = CliRunner().invoke(app, ["train", str(trained.project), "--resume", "last", "--set", "train.epochs=9", "--json"])
    assert result.exit_code == 1
    assert "settings it began with" in json.loads(result.stdout)["error"]["message"]


def test_columns_line_up_with_chinese_too() -> None:
    assert table([("数字", "a"), ("word", "b")]) == ["数字  a", "word  b"]


def test_a_folder_to_open_is_no_wrong_command(command: Command, tmp_path: Path) -> None:
    (tmp_path / "digits").mkdir()
    said = command("digits", env={"DISPLAY": "", "WAYLAND_DISPLAY": "", "QT_QPA_PLATFORM": ""})
    assert said.status == 2
    assert "no display" in said.err
    assert "No such command" in command("no-such-thing").err
