from __future__ import annotations

from dataclasses import replace

import pytest

from workbench.errors import CatalogueError, ProjectError, WorkbenchError
from workbench.graph import edit
from workbench.graph.repeat import Repeat, repeat_of
from workbench.project.overrides import differences, with_settings
from workbench.project.project import Project


@pytest.mark.parametrize(
    ("setting", "look", "value"),
    [
        ("train.epochs=5", lambda p: p.recipe.epochs, 5),
        ("recipe.epochs = 6", lambda p: p.recipe.epochs, 6),
        ("train.clip_norm=1", lambda p: p.recipe.clip_norm, 1.0),
        ("train.device=cpu", lambda p: p.recipe.device, "cpu"),
        ('train.device="cuda:1"', lambda p: p.recipe.device, "cuda:1"),
        ("train.optimizer=sgd", lambda p: (p.recipe.optimizer.name, dict(p.recipe.optimizer.params)), ("sgd", {})),
        ("train.optimizer.learning_rate=0.5", lambda p: p.recipe.optimizer.params["learning_rate"], 0.5),
        ("train.schedule.rise=0.1", lambda p: p.recipe.schedule.params["rise"], 0.1),
        ("data.limit=100", lambda p: p.data.limit, 100),
        ("data.source=./digits here", lambda p: p.data.source, "./digits here"),
        ("data.split.validation=0.2", lambda p: p.data.split.validation, 0.2),
        ("data.split.group=patient", lambda p: p.data.split.group, "patient"),
        ("data.split.folds=5", lambda p: (p.data.split.folds, p.data.split.fold), (5, 0)),
        ("data.split.share=0.5", lambda p: p.data.split.share, 0.5),
        ("data.split.time=day", lambda p: p.data.split.time, "day"),
        ("data.params.noise=0.1", lambda p: p.data.params["noise"], 0.1),
        ("data.preprocessing.image.height=16", lambda p: p.data.preprocessing["image"]["height"], 16),
        ("objective.weight=0.5", lambda p: p.objectives[0].weight, 0.5),
        ("objective.0.params.label_smoothing=0.2", lambda p: p.objectives[0].params["label_smoothing"], 0.2),
        ("project.notes='two words'", lambda p: p.notes, "two words"),
        ("export.opset=23", lambda p: p.export.opset, 23),
        ("model.linear1.units=12", lambda p: p.graph["n3"].params["units"], 12),
        ("model.image.height=9", lambda p: p.graph["n1"].params["height"], 9),
    ],
)
def test_a_setting_changes_what_it_names_and_nothing_else(project: Project, setting: str, look: object, value: object) -> None:
    changed = with_settings(project, [setting])
    assert look(changed) == value  # type: ignore[operator]
    assert len(differences(project, changed)) >= 1
    assert {change["setting"].split(".")[0] for change in differences(project, changed)} == {
        {"recipe": "train"}.get(setting.split(".")[0], setting.split(".")[0])
    }


@pytest.mark.parametrize(
    "setting",
    [
        "epochs=5", "train.epochs", "=5", "train.=5", "train.epochs=", "train.epochs=five", "train.epochs=-1", "train.epochs=2.5", "train.rounds=5",
        "kitchen.sink=1", "train.clip_norm=nan", "train.clip_norm=inf", "train.optimizer.learning_rate=nan", "model.conv9.filters=3",
        "model.linear1=3", "model.linear1.units=0", "model.linear1.units=many", "model.linear1.wings=2", "objective.7.weight=1",
        "data.split.folds=-1", "data.split.share=2", "data.split.group=3", "data.balance=class-weights", "data.bad_rows=ignore",
        "data.split.shuffle=true", "data.source.deep=1", "train.epochs=[1", "export.opset=3",
    ],
)
def test_a_wrong_setting_is_named_with_a_hint(project: Project, setting: str) -> None:
    with pytest.raises(WorkbenchError) as caught:
        with_settings(project, [setting])
    assert isinstance(caught.value, (ProjectError, CatalogueError))
    assert caught.value.message and caught.value.hint


def test_a_group_is_repeated_and_its_layers_are_set(project: Project) -> None:
    path = next(node.path for node in project.graph if node.layer == "linear")
    graph, group = edit.group(project.graph, [project.graph.named(path).id], "blocks")
    changed = with_settings(replace(project, graph=graph), [f"model.{group}.repeat=6", f"model.{group}.shared=true", f"model.{group}.{path}.units=7"])
    assert repeat_of(changed.graph, group) == Repeat(6, True)
    assert changed.graph.named(f"{group}.{path}").params["units"] == 7
    assert {"setting": f"model.{group}.repeat", "old": None, "new": 6} in differences(replace(project, graph=graph), changed)
    for wrong in ("repeat=0", "repeat=many", "repeat=2.5", "repeat=1000000000", "shared=2"):
        with pytest.raises(WorkbenchError):
            with_settings(changed, [f"model.{group}.{wrong}"])


def test_later_settings_win(project: Project) -> None:
    assert with_settings(project, ["train.epochs=5", "train.epochs=7"]).recipe.epochs == 7


def test_equal_projects_have_no_differences(project: Project) -> None:
    assert differences(project, project) == []
    assert differences(project, with_settings(project, ["train.epochs=3"])) == []
