"""A layer of one's own through every room, by the command line: written, drawn, trained, exported, predicted, and missed."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.cli.conftest import Said, run_command
from workbench.graph import edit
from workbench.project.file import load, save


@pytest.fixture
def shell(tmp_path: Path, own_folder: Path) -> Any:
    """Runs the program with the profile of this test."""

    def run(*arguments: object) -> Said:
        said = run_command(*arguments, cwd=tmp_path)
        assert said.status == 0, said.out + said.err
        return said

    return run


def with_layer(folder: Path, layer: str) -> None:
    """Puts a layer behind the first convolution of a project."""
    from workbench.layers import reload_own

    reload_own()
    loaded = load(folder)
    graph = loaded.project.graph
    first = next(node.id for node in graph if node.layer == "conv2d")
    graph, _ = edit.insert_after(graph, first, layer)
    save(replace(loaded.project, graph=graph), folder)


def test_an_own_layer_through_every_room(shell: Any, tmp_path: Path, own_folder: Path) -> None:
    shell("check-layer", "--new", "pulse", "--kind", "keep", "--param", "rate:float=0.1:0:1")
    project = tmp_path / "project"
    shell("new", "digits-cnn", project)
    with_layer(project, "pulse")
    checked = shell("check", project, "--json").document
    assert next(node for node in checked["nodes"] if node["layer"] == "pulse")["parameters"] == 32
    trained = shell("train", project, "--set", "train.epochs=1", "--set", "data.limit=300", "--json").document
    assert trained["state"] == "finished"
    kept = list(Path(trained["run"]).glob("own_layers/*.py"))
    assert [path.name for path in kept] == ["pulse.py"] and kept[0].read_bytes() == (own_folder / "pulse.py").read_bytes()
    bundle = tmp_path / "bundle"
    exported = shell("export", trained["run"], "-o", bundle, "--json").document
    assert exported["verification"]["passed"]
    code = shell("code", project, "-o", tmp_path / "model.py", "--json").document
    assert "class Pulse(nn.Module)" in Path(code["path"]).read_text("utf-8")
    picture = tmp_path / "digit.png"
    Image.fromarray(np.full((8, 8), 128, np.uint8)).save(picture)
    ours = shell("predict", trained["run"], picture, "--json").document["predictions"][0]

    shutil.rmtree(own_folder)
    theirs = shell("predict", bundle, picture, "--json").document["predictions"][0]
    assert ours["label"] == theirs["label"]
    missed(project, trained["run"], tmp_path)


def missed(project: Path, run: str, folder: Path) -> None:
    """On a machine without the layer the project opens and says what is missing; the copy in the run is never run."""
    (Path(run) / "own_layers" / "pulse.py").write_text("open('marker', 'w')", "utf-8")
    said = run_command("check", project, "--json", cwd=folder)
    assert said.status == 1
    problem = next(problem for problem in json.loads(said.out)["problems"] if problem["kind"] == "layer.unknown")
    assert "pulse" in problem["message"] and "layers folder" in problem["reason"]
    assert "pulse" in run_command("predict", run, folder / "digit.png", cwd=folder).err
    assert not (folder / "marker").exists()
    assert any(node.layer == "pulse" for node in load(project).project.graph)
