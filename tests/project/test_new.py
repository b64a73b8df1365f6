"""Starters, adapting to data, and proposals."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from workbench.data.memory import MemoryDataset, NumberedIds
from workbench.data.open import open_dataset
from workbench.errors import CatalogueError, DataError, ProjectError
from workbench.models.build import build
from workbench.project.adapt import adapt, prepared_for, usual_length
from workbench.project.check import check
from workbench.project.file import load
from workbench.project.new import make_project, new_project
from workbench.project.project import DataChoice, Project
from workbench.project.propose import propose
from workbench.project.starters import STARTERS


@pytest.mark.parametrize("name", STARTERS.names())
def test_a_starter_is_the_same_every_time_and_laid_out(name: str) -> None:
    project = STARTERS[name].make()
    assert project == STARTERS[name].make()
    assert project.template == name
    assert len({node.position for node in project.graph}) == len(project.graph)
    for wire in project.graph.edges:
        assert project.graph[wire.source.node].position[1] < project.graph[wire.target.node].position[1]


@pytest.mark.parametrize("name", STARTERS.names())
def test_a_starter_already_fits_its_own_data(name: str) -> None:
    project = STARTERS[name].make()
    if project.data.source:
        assert adapt(project, open_dataset(project.data.source, params=project.data.params)) == project


@pytest.mark.parametrize("name", STARTERS.names())
def test_a_starter_survives_its_folder(tmp_path: Path, name: str) -> None:
    made = new_project(name, tmp_path / "project")
    assert load(tmp_path / "project").project == made


def _images(folder: Path, size: tuple[int, int], channels: int, classes: int = 3, each: int = 12) -> Path:
    random = np.random.default_rng(3)
    for number in range(classes):
        (folder / f"class{number}").mkdir(parents=True)
        for index in range(each):
            pixels = random.integers(0, 255, (*size, 3), np.uint8)
            image = Image.fromarray(pixels if channels == 3 else pixels[..., 0])
            image.save(folder / f"class{number}" / f"{index}.png")
    return folder


@pytest.mark.parametrize(("size", "channels"), [((28, 28), 1), ((20, 30), 3), ((8, 8), 1)])
@pytest.mark.parametrize("template", ["digits-cnn", "auto"])
def test_images_of_any_size_and_number_of_classes_fit(tmp_path: Path, template: str, size: tuple[int, int], channels: int) -> None:
    source = str(_images(tmp_path / "pictures", size, channels))
    project = make_project(template, source)
    dataset = open_dataset(source)
    result = check(project, dataset, shapes=prepared_for(project, dataset).shapes(), rows=20)
    assert [problem.message for problem in result.problems] == []
    node = next(node for node in project.graph if node.layer == "image_input")
    assert (node.params["channels"], node.params["height"], node.params["width"]) == (channels, *size)
    assert [node for node in project.graph if node.layer == "linear"][-1].params["units"] == 3
    assert project.recipe.batch_size <= 8
    assert project.data.source == source


def test_large_images_are_made_smaller(tmp_path: Path) -> None:
    project = make_project("digits-cnn", str(_images(tmp_path / "large", (200, 100), 3, 2, 6)))
    assert dict(project.data.preprocessing["image"]) == {"height": 64, "width": 32}
    node = project.graph["image"]
    assert (node.params["height"], node.params["width"]) == (64, 32)


def _table(path: Path, header: str, row: str, rows: int = 60) -> str:
    lines = [row.format(number=index, parity=("odd", "even")[index % 2], word=("good", "bad")[index % 2]) for index in range(rows)]
    path.write_text("\n".join([header, *lines]) + "\n", "utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("header", "row", "objective", "inputs"),
    [
        ("size,colour,label", "{number}.5,{parity},{word}", "classification", {"number_input", "category_input"}),
        ("size,weight,target", "{number},{number}.25,{number}.75", "regression", {"number_input"}),
        ("text,label", "this is a {word} thing number {number},{parity}", "classification", {"text_input"}),
    ],
)
def test_a_network_is_proposed_for_a_table(tmp_path: Path, header: str, row: str, objective: str, inputs: set[str]) -> None:
    source = _table(tmp_path / "table.csv", header, row)
    project = make_project("auto", source)
    dataset = open_dataset(source)
    result = check(project, dataset, shapes=prepared_for(project, dataset).shapes())
    assert [problem.message for problem in result.problems] == []
    assert project.objectives[0].name == objective
    assert {node.layer for node in project.graph if node.layer.endswith("_input")} == inputs
    assert project.objectives[0].target not in {node.params["field"] for node in project.graph if node.layer.endswith("_input")}


def test_a_text_starter_takes_other_texts(tmp_path: Path) -> None:
    source = _table(tmp_path / "texts.tsv", "answer\tsentence", "{parity}\tthis is a rather {word} thing called {number}")
    project = make_project("reviews-lstm", source)
    dataset = open_dataset(source)
    assert project.graph["text"].params["field"] == "sentence"
    assert project.objectives[0].target == "answer"
    assert check(project, dataset, shapes=prepared_for(project, dataset).shapes()).ok
    assert adapt(project, dataset) == project


@pytest.mark.parametrize("name", ["reviews-lstm", "reviews-transformer"])
def test_reviews_in_chinese_fit_the_same_drawing(tmp_path: Path, name: str) -> None:
    project = new_project(name, tmp_path / "project", language="zh")
    dataset = open_dataset(project.data.source, params=project.data.params)
    assert dataset.field("label").categories == ("负面", "正面")
    assert project.graph == STARTERS[name].make().graph
    assert adapt(project, dataset) == project
    assert load(tmp_path / "project").project == project


def test_what_already_fits_is_not_changed_by_adapting() -> None:
    project = replace(STARTERS["digits-cnn"].make(), notes="mine", data=DataChoice("sample:digits", limit=500))
    assert adapt(project, open_dataset("sample:digits")) == project


def test_the_usual_length_covers_nearly_all_texts() -> None:
    dataset = open_dataset("generated:reviews")
    length = usual_length(dataset, dataset.field("text"))
    words = [len(text.split()) for text in dataset.column("text")]
    assert length % 8 == 0
    assert np.mean(np.array(words) <= length) >= 0.99


def test_data_that_does_not_suit_is_refused_and_nothing_written(tmp_path: Path) -> None:
    for template, source, error in (
        ("digits-cnn", "generated:reviews", DataError), ("reviews-lstm", "sample:digits", DataError), ("nope", "", CatalogueError),
        ("auto", "", ProjectError), ("auto", str(tmp_path / "missing"), DataError), ("digits-cnn", "generated:nothing", CatalogueError),
    ):
        with pytest.raises(error) as caught:
            new_project(template, tmp_path / "project", source)
        assert caught.value.hint
    assert os.listdir(tmp_path) == []


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ProjectError, match="not empty"):
        new_project("digits-cnn", tmp_path)
    assert os.listdir(tmp_path) == ["mine.txt"]
    new_project("digits-cnn", tmp_path / "new")
    with pytest.raises(ProjectError, match="already a project"):
        new_project("digits-cnn", tmp_path / "new")


def test_many_rows_are_trained_for_fewer_epochs() -> None:
    from workbench.project import adapt as module

    project: Project = module._with_recipe(STARTERS["digits-cnn"].make(), 60_000)
    assert (project.recipe.epochs, project.recipe.batch_size) == (5, 128)


def _propose(source: str, rows: int = 0) -> tuple[Project, Any]:
    dataset = open_dataset(source)
    project = make_project("auto", source)
    return project, check(project, dataset, shapes=prepared_for(project, dataset).shapes(), rows=rows or len(dataset))


def _widths(project: Project, layer: str, param: str) -> list[int]:
    return [node.params[param] for node in project.graph if node.layer == layer]


@pytest.mark.parametrize("source", ["sample:digits", "generated:reviews", "generated:waves", "generated:spirals", "generated:road"])
def test_a_proposal_for_generated_data_is_sound_and_builds(source: str) -> None:
    project, found = _propose(source)
    assert [problem.message for problem in found.problems] == []
    assert build(project.graph).plan.outputs


def test_questions_about_images_read_both() -> None:
    project, found = _propose("generated:questions")
    assert [problem.message for problem in found.problems] == []
    assert {node.layer for node in project.graph if node.layer.endswith("_input")} == {"image_input", "text_input"}


def test_few_rows_get_a_small_network_and_many_a_large_one(tmp_path: Path) -> None:
    row = "{number},{number}.25,{word}"
    made = [make_project("auto", _table(tmp_path / f"{rows}.csv", "size,weight,label", row, rows)) for rows in (60, 3000, 21_000)]
    hidden = [_widths(project, "linear", "units")[:-1] for project in made]
    assert [len(units) for units in hidden] == [1, 2, 3] and hidden[0][0] < hidden[1][0] < hidden[2][0]
    assert made[0].recipe.epochs > made[2].recipe.epochs


def test_many_classes_get_a_layer_with_room_for_them(tmp_path: Path) -> None:
    lines = [f"{index % 90},{index * 7 % 13},kind{index % 90}" for index in range(900)]
    (tmp_path / "many.csv").write_text("\n".join(["size,weight,label", *lines]) + "\n", "utf-8")
    units = _widths(make_project("auto", str(tmp_path / "many.csv")), "linear", "units")
    assert units == [256, 90]


def test_small_images_are_halved_less_often_than_large_ones(tmp_path: Path) -> None:
    small, large = (make_project("auto", str(_images(tmp_path / str(side), (side, side), 1))) for side in (8, 64))
    assert sum(node.layer == "max_pool2d" for node in small.graph) < sum(node.layer == "max_pool2d" for node in large.graph)
    assert _widths(small, "conv2d", "filters")[0] == 16


def test_many_texts_are_read_by_a_transformer_and_few_by_an_lstm(tmp_path: Path) -> None:
    row = "this is a {word} thing number {number},{parity}"
    few, many = (make_project("auto", _table(tmp_path / f"texts{rows}.csv", "text,label", row, rows)) for rows in (80, 21_000))
    assert "lstm" in {node.layer for node in few.graph} and "transformer_encoder" in {node.layer for node in many.graph}


def _some(source: str, *names: str, rows: int = 24) -> MemoryDataset:
    """Some fields of the first rows of generated data."""
    whole, chosen = open_dataset(source), np.arange(rows)
    fields = [field for field in whole.fields if field.name in names]
    columns = {field.name: whole.column(field.name, chosen) for field in fields}
    return MemoryDataset(format="some", source="some", fields=fields, columns=columns, ids=NumberedIds(("some", rows)))


def test_images_with_masks_get_an_answer_at_every_pixel() -> None:
    dataset = _some("generated:road", "image", "mask")
    project = adapt(propose(dataset), dataset)
    assert project.objectives[0].name == "segmentation"
    assert [problem.message for problem in check(project, dataset, shapes=prepared_for(project, dataset).shapes()).problems] == []
    shape = build(project.graph).plan.outputs[0].shape
    assert [str(dim) for dim in shape.dims] == ["N", "3", "32", "48"]
