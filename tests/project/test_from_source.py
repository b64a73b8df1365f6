"""Projects of PyTorch source."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from typer.testing import CliRunner

from workbench.cli import app
from workbench.errors import ProjectError
from workbench.models.build import build
from workbench.models.moving import move, opened
from workbench.models.reading import load_foreign, read_source
from workbench.project.check import check
from workbench.project.file import load
from workbench.project.from_source import source_of
from workbench.project.new import make_project

SOURCE = """
from torch import nn

class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3)
        self.fc = nn.Linear(4, 10)

    def forward(self, x):
        return self.fc(self.conv(x).relu().mean((2, 3)))

class Other(nn.Module):
    def __init__(self):
        super().__init__()
        self.fold = nn.Fold((4, 5), 2)

    def forward(self, x):
        return self.fold(x)
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "nets.py"
    path.write_text(SOURCE, encoding="utf-8")
    return path


def test_templates_that_are_source() -> None:
    assert source_of("net.py") == (Path("net.py"), "")
    assert source_of("a/net.py:Net") == (Path("a/net.py"), "Net")
    assert source_of("digits-cnn") is None
    assert source_of("auto") is None


def test_a_class_with_data_can_be_trained(file: Path) -> None:
    project = make_project(f"{file}:Small", "sample:digits")
    assert project.name == "Small: sample:digits" or project.name == "Small"
    assert [objective.target for objective in project.objectives] == ["label"]
    assert check(project).ok
    image = next(node for node in project.graph if node.layer == "image_input")
    assert (image.params["height"], image.params["width"]) == (8, 8)


def test_the_command_line_names_what_was_not_drawn(file: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["new", str(file), str(tmp_path / "made"), "--json"])
    assert done.exit_code == 0
    document = json.loads(done.stdout)
    assert document["template"] == str(file) and document["data"] == ""
    (problem,) = [problem for problem in document["problems"] if problem["severity"] == "error"]
    assert problem["node"] == "fold" and problem["kind"] == "source.placeholder" and "Line 19" in problem["message"]
    assert [node.layer for node in load(tmp_path / "made").project.graph if node.name == "fold"] == ["torch:nn.Fold"]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match=r"There is no file .*none\.py"):
        make_project(str(tmp_path / "none.py"))


def test_weights_come_from_a_file(tmp_path: Path) -> None:
    reading = read_source(SOURCE, "Small")
    model = build(reading.graph)
    state = {"conv.weight": torch.ones(4, 1, 3, 3), "fc.weight": torch.zeros(3, 3), "more": torch.ones(1)}
    save_file(state, tmp_path / "weights.safetensors")
    moved = load_foreign(model, tmp_path / "weights.safetensors", reading.names)
    assert moved.moved == ("conv.weight",)
    assert set(moved.left) == {"fc.weight", "more"}
    assert set(moved.missing) == {"conv.bias", "fc.weight", "fc.bias"}
    assert bool((model.state_dict()["conv.weight"] == 1).all())
    (tmp_path / "broken.safetensors").write_bytes(b"no")
    with pytest.raises(ProjectError, match="cannot be read"):
        load_foreign(model, tmp_path / "broken.safetensors", reading.names)


def test_the_command_line_starts_from_the_weights_of_the_class(file: Path, tmp_path: Path) -> None:
    state = {"conv.weight": torch.ones(4, 1, 3, 3), "conv.bias": torch.ones(4), "fc.weight": torch.ones(10, 4), "fc.bias": torch.ones(10)}
    save_file({**state, "more": torch.ones(1)}, tmp_path / "given.safetensors")
    folder = tmp_path / "made"
    given = ["new", f"{file}:Small", str(folder), "--data", "sample:digits", "--weights", str(tmp_path / "given.safetensors"), "--json"]
    done = CliRunner().invoke(app, given)
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert document["weights"] == "weights.safetensors" and document["not_used"] == ["more"]
    project = load(folder).project
    assert project.recipe.start_from == "weights.safetensors"
    model = build(project.graph)
    assert not move(model, project.graph, opened(folder / "weights.safetensors")).missing
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())


def test_pickles_are_refused_before_anything_is_written(file: Path, tmp_path: Path) -> None:
    torch.save({}, tmp_path / "given.pt")
    done = CliRunner().invoke(app, ["new", f"{file}:Small", str(tmp_path / "made"), "--weights", str(tmp_path / "given.pt"), "--json"])
    assert done.exit_code == 1 and "pickle" in done.stdout
    assert not (tmp_path / "made").exists()
    done = CliRunner().invoke(app, ["new", "digits-cnn", str(tmp_path / "made"), "--weights", str(tmp_path / "given.pt"), "--json"])
    assert done.exit_code == 1 and "Weights belong to a class" in done.stdout
