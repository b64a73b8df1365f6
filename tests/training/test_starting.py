"""First weights that come from a run, from a file and from a folder: bit by bit, by node, then by name; what did not move is listed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from tests.training.conftest import Session, small_project
from workbench.errors import ProjectError
from workbench.graph import edit
from workbench.models.build import build
from workbench.models.moving import Weights, move, nodes_of, opened, saved
from workbench.project.project import Project
from workbench.project.runs import create_run
from workbench.training.events import Failed, Finding, Finished
from workbench.training.load import load_weights
from workbench.training.snapshots import read_snapshot
from workbench.training.starting import place_of


def state(project: Project, seed: int = 3) -> dict[str, Any]:
    torch.manual_seed(seed)
    model = build(project.graph)
    return {name: torch.randn_like(value) if value.is_floating_point() else value for name, value in model.state_dict().items()}


def equal(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def starting(project: Project, place: Path | str, **recipe: Any) -> Project:
    return replace(project, recipe=replace(project.recipe, start_from=str(place), **recipe))


def test_a_run_begins_with_the_best_weights_of_another(session: Session, project: Project) -> None:
    first = session.run(replace(project, recipe=replace(project.recipe, epochs=1)))
    best = first.best()
    assert best is not None
    second = session.run(starting(project, first.path, epochs=0))
    taken = second.last()
    assert taken is not None and taken.step == 0
    assert equal(read_snapshot(taken).model, read_snapshot(best).model)
    (finding,) = [event for event in session.of(Finding) if event.rule == "start-from"]
    assert "of" in finding.message and first.path.name in finding.message
    assert second.environment["start_from"]["new"] == []


def test_no_epochs_keep_the_weights_and_score_them(session: Session, project: Project, tmp_path: Path) -> None:
    save_file(state(project), tmp_path / "given.safetensors")
    run = session.run(starting(project, "given.safetensors", epochs=0))
    (finished,) = session.of(Finished)
    assert finished.step == 0 and "accuracy/test" in finished.metrics
    assert equal(load_weights(run.snapshot(), run).state_dict(), state(project))


def test_training_from_a_file_is_training_from_these_weights(session: Session, project: Project, tmp_path: Path) -> None:
    """The same file gives the same run, bit by bit; other weights give another."""
    save_file(state(project), tmp_path / "given.safetensors")
    save_file(state(project, 4), tmp_path / "other.safetensors")
    ends = []
    for name in ("given.safetensors", "given.safetensors", "other.safetensors"):
        last = session.run(starting(project, tmp_path / name, epochs=1)).last()
        assert last is not None
        ends.append(read_snapshot(last).model)
    assert equal(ends[0], ends[1]) and not equal(ends[0], ends[2])


def test_weights_follow_a_node_that_was_renamed(project: Project) -> None:
    given = state(project)
    conv = next(node for node in project.graph if node.layer == "conv2d")
    renamed = edit.rename(project.graph, conv.id, "stem")
    model = build(renamed)
    moved = move(model, renamed, Weights(given, nodes_of(project.graph)))
    assert not moved.left and not moved.missing
    assert torch.equal(model.state_dict()["stem.weight"], given[f"{conv.name}.weight"])


def test_weights_move_by_name_where_ids_differ_and_not_into_another_layer_or_shape(project: Project) -> None:
    other = small_project()
    linear = next(node for node in other.graph if node.layer == "linear")
    graph = edit.set_params(other.graph, linear.id, units=7)
    model = build(graph)
    given = state(project)
    moved = move(model, graph, Weights(given, {path: (f"other-{key}", layer) for path, (key, layer) in nodes_of(project.graph).items()}))
    assert set(moved.left) == set(moved.missing) == {f"{linear.name}.weight", f"{linear.name}.bias"}
    assert "(10," in moved.left[f"{linear.name}.weight"] and "(7," in moved.left[f"{linear.name}.weight"]
    wrong = {path: (key, "gelu") for path, (key, _) in nodes_of(graph).items()}
    assert not move(model, graph, Weights(given, wrong)).moved


def test_a_file_remembers_the_nodes(project: Project, tmp_path: Path) -> None:
    path = tmp_path / "ours.safetensors"
    path.write_bytes(saved(state(project), project.graph))
    found = opened(path)
    assert found.nodes == nodes_of(project.graph) and equal(dict(found.values), state(project))


def test_npz_is_read_and_pickles_are_refused(project: Project, tmp_path: Path) -> None:
    np.savez(tmp_path / "given.npz", **{name: value.numpy() for name, value in state(project).items()})
    assert equal(dict(opened(tmp_path / "given.npz").values), state(project))
    np.savez(tmp_path / "objects.npz", one=np.array([{}], dtype=object))
    torch.save(state(project), tmp_path / "given.pt")
    (tmp_path / "torn.safetensors").write_bytes(b"\x00" * 20)
    for name in ("objects.npz", "torn.safetensors", "none.safetensors"):
        with pytest.raises(ProjectError, match="cannot be read as weights"):
            opened(tmp_path / name)
    with pytest.raises(ProjectError, match="is a pickle") as caught:
        opened(tmp_path / "given.pt")
    assert "save_file" in caught.value.hint and "given.safetensors" in caught.value.hint


def test_folders(session: Session, project: Project, tmp_path: Path) -> None:
    run = session.run(replace(project, recipe=replace(project.recipe, epochs=1)))
    folder = tmp_path / "weights"
    folder.mkdir()
    for path in (folder, tmp_path / "nowhere"):
        with pytest.raises(ProjectError):
            place_of(str(path), tmp_path)
    save_file(state(project), folder / "model.safetensors")
    save_file(state(project), folder / "more.safetensors")
    assert place_of(str(folder), tmp_path) == folder / "model.safetensors"
    assert place_of(run.path.name, tmp_path) == place_of("last", tmp_path) == place_of(str(tmp_path), tmp_path) == run.path


@pytest.mark.parametrize("place", ["last", "."])
def test_the_last_run_is_the_newest_one_that_ended_well_and_not_the_one_that_begins(session: Session, project: Project, place: str) -> None:
    first = session.run(replace(project, recipe=replace(project.recipe, epochs=1)))
    create_run(session.folder, "never began", project)
    second = session.run(starting(project, place, epochs=0))
    assert isinstance(session.outcome, Finished)
    assert second.environment["start_from"]["from"] == str(first.path)
    third = session.run(starting(project, place, epochs=0))
    assert third.environment["start_from"]["from"] == str(second.path)


def test_there_is_no_last_run_at_first(session: Session, project: Project) -> None:
    session.run(starting(project, "last", epochs=0))
    assert isinstance(session.outcome, Failed) and "no finished run" in session.outcome.message


def test_weights_of_something_else_end_the_run(session: Session, project: Project, tmp_path: Path) -> None:
    save_file({"a": torch.ones(1)}, tmp_path / "given.safetensors")
    session.run(starting(project, tmp_path / "given.safetensors"))
    (failed,) = session.of(Failed)
    assert "None of the weights" in failed.message
    assert isinstance(session.outcome, Failed)
