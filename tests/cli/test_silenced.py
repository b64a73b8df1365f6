"""`check` keeps quiet about what is silenced at a node, and says so."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from typer.testing import CliRunner

from workbench.cli import app
from workbench.graph import edit
from workbench.graph.silence import silence
from workbench.project.file import load, save
from workbench.project.new import new_project


def told(folder: Path) -> tuple[dict, str]:
    runner = CliRunner()
    return json.loads(runner.invoke(app, ["check", str(folder), "--json"]).stdout), runner.invoke(app, ["check", str(folder)]).stdout


def test_a_silenced_warning_is_listed_apart(tmp_path: Path) -> None:
    folder = tmp_path / "digits"
    project = new_project("digits-cnn", folder)
    doubtful = replace(project, graph=edit.set_params(project.graph, "dropout1", rate=0.9))
    save(doubtful, folder)
    document, words = told(folder)
    assert [problem["kind"] for problem in document["problems"]] == ["dropout.wasteful"] and document["silenced"] == []
    assert "warning: dropout1 drops 90% of what it is given." in words
    save(replace(doubtful, graph=silence(doubtful.graph, "dropout1", "dropout.wasteful")), folder)
    document, words = told(folder)
    assert document["ok"] and document["problems"] == [] and [problem["node"] for problem in document["silenced"]] == ["dropout1"]
    assert "ignored: dropout1 drops 90% of what it is given." in words and "warning:" not in words
    assert load(folder).project.graph["dropout1"].extra["ignored"] == ("dropout.wasteful",)
