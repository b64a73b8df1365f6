"""Data that comes into a project: what is proposed for it, what becomes of a drawing, what is learned."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from workbench.data.open import open_dataset
from workbench.data.target import likely_target
from workbench.graph import edit
from workbench.project.bring import Brought, Source, bring
from workbench.project.check import check
from workbench.project.feeding import input_fields
from workbench.project.new import make_project
from workbench.project.project import Project

RNG = np.random.default_rng(5)


def table(path: Path, names: list[str], rows: list[list[Any]]) -> str:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([names, *rows])
    return str(path)


def photos(root: Path, classes: int, side: int) -> str:
    for number in range(classes):
        (root / f"class {number}").mkdir(parents=True)
        for row in range(12):
            Image.fromarray(RNG.integers(0, 256, (side, side, 3), dtype=np.uint8)).save(root / f"class {number}" / f"{row}.png")
    return str(root)


def sound(brought: Brought) -> bool:
    return not check(brought.project, brought.dataset).problems


PASSENGERS = [[number, number % 2, number % 3, f"Name{number}, Mr. A", "mf"[number % 2], number % 60, 7.5 + number, "SCQ"[number % 3]]
              for number in range(120)]
SEEN = ["PassengerId", "Survived", "Pclass", "Name", "Sex", "Age", "Fare", "Embarked"]
CUSTOMERS = [[5000 + number, f"{number % 28 + 1:02d}.03.2023", "ABCD"[number % 4], 1000 + 7 * number % 901, 3 * number % 97 + 0.5]
             for number in range(120)]
HOUSES = [[3000 * number, 30 + number, number % 5, ["north", "south"][number % 2]] for number in range(120)]
MEASURED = [[number * 0.37 % 5, number * 0.11 % 3, number % 2] for number in range(120)]


@pytest.mark.parametrize(("names", "rows", "target", "objective", "unread"), [
    (SEEN, PASSENGERS, "survived", "classification", {"passengerid", "name"}),
    (["Kunden-ID", "Datum", "Stadt", "Einkommen", "Umsatz"], CUSTOMERS, "umsatz", "regression", {"kunden_id"}),
    (["price", "area", "rooms", "district"], HOUSES, "price", "regression", set()),
    (["a", "b", "c"], MEASURED, "c", "classification", set()),
], ids=["survivors", "customers", "houses", "two-values"])
def test_the_answer_of_a_table_is_found(
    tmp_path: Path, names: list[str], rows: list[list[Any]], target: str, objective: str, unread: set[str],
) -> None:
    brought = bring(Project(), Source(table(tmp_path / "t.csv", names, rows)))
    learned = brought.project.objectives[0]
    assert (learned.target, learned.name) == (target, objective)
    assert not unread & set(input_fields(brought.project)) and sound(brought)


def test_an_id_below_a_name_of_its_own_is_an_id(tmp_path: Path) -> None:
    rows = [[900 + number, 30 + number * 7 % 50, number * 13 % 101, "xy"[number % 2]] for number in range(60)]
    dataset = open_dataset(table(tmp_path / "t.csv", ["customer_id", "humid", "weight", "label"], rows))
    assert dataset.field("customer_id").type == "id" and dataset.field("humid").type == dataset.field("weight").type == ""


def test_a_first_column_of_classes_is_learned_where_the_rest_are_numbers(tmp_path: Path) -> None:
    rows = [["abc"[number % 3], number * 0.5, number * 0.25 % 4] for number in range(60)]
    found = likely_target(open_dataset(table(tmp_path / "t.csv", ["cultivar", "alcohol", "ash"], rows)))
    assert found is not None and found.name == "cultivar"


def test_texts_alone_are_written_on_and_pairs_are_translated(tmp_path: Path) -> None:
    words = ["red", "green", "blue", "dog", "cat", "bird"]
    lines = [" ".join(RNG.choice(words, 8)) for _ in range(300)]
    (tmp_path / "book.txt").write_text(". ".join(lines))
    (tmp_path / "pairs.tsv").write_text("\n".join(f"{line}\t{line.upper()}" for line in lines))
    book, pairs = (bring(Project(), Source(str(tmp_path / name))) for name in ("book.txt", "pairs.tsv"))
    assert book.project.objectives[0].name == "next_token" and sound(book)
    assert pairs.project.objectives[0].name == "sequence" and sound(pairs)
    assert {node.name for node in pairs.project.graph} >= {"source", "target"}


def test_a_drawing_that_was_proposed_is_proposed_anew(tmp_path: Path) -> None:
    first = bring(Project(), Source(photos(tmp_path / "p", 2, 32)))
    second = bring(first.project, Source("generated:spirals"), None, first.proposed)
    assert second.proposed is not None and second.project.name == first.project.name and sound(second)
    graph, _ = edit.add_node(first.project.graph, "relu")
    kept = bring(replace(first.project, graph=graph), Source("generated:spirals"), None, first.proposed)
    assert kept.proposed is None and kept.project.graph == graph and kept.fixes


def test_a_drawing_of_a_person_is_kept_and_its_head_is_one_click(tmp_path: Path) -> None:
    drawn = make_project("digits-cnn")
    brought = bring(drawn, Source(photos(tmp_path / "p", 12, 8)))
    assert [fix.label for fix in brought.fixes] == ["Make linear1 give 12 classes", "Draw a new network for it"]
    units = {node.name: node.params.get("units") for node in brought.project.graph if node.layer == "linear"}
    assert units == {node.name: node.params.get("units") for node in drawn.graph if node.layer == "linear"}
    for fix in brought.fixes:
        assert not check(fix.apply(brought.project), brought.dataset).problems


def test_data_of_the_same_shape_fits_at_once(tmp_path: Path) -> None:
    brought = bring(make_project("digits-cnn"), Source(photos(tmp_path / "p", 10, 8)))
    assert brought.fixes == () and brought.notes == ("The drawing fits the new data.",) and sound(brought)


def test_images_that_a_drawing_makes_much_smaller_are_named_and_taken_whole_by_one_click(tmp_path: Path) -> None:
    brought = bring(make_project("digits-cnn"), Source(photos(tmp_path / "p", 10, 28)))
    assert brought.notes[0].startswith("The drawing takes 8 × 8 px, so the images of 28 × 28 px") and sound(brought)
    assert [str(fix.label) for fix in brought.fixes] == ["Take them as they are", "Draw a new network for it"]
    for fix in brought.fixes:
        after = fix.apply(brought.project)
        assert not after.data.preprocessing and not check(after, brought.dataset).problems
        assert next(node.params["height"] for node in after.graph if node.layer == "image_input") == 28


def test_an_empty_canvas_is_drawn_on_where_its_input_does_not_fit_and_offered_where_it_does(tmp_path: Path) -> None:
    source = table(tmp_path / "t.csv", ["price", "area", "rooms", "district"], HOUSES)
    drawn = bring(make_project("blank"), Source(source))
    assert drawn.proposed is not None and sound(drawn)
    kept = bring(make_project("blank"), Source(photos(tmp_path / "p", 3, 8)))
    assert kept.proposed is None and kept.notes == ("No network is drawn yet.",)
    assert not check(kept.fixes[0].apply(kept.project), kept.dataset).problems


def test_another_answer_is_learned_on_request(tmp_path: Path) -> None:
    source = table(tmp_path / "t.csv", ["price", "area", "rooms", "district"], HOUSES)
    first = bring(Project(), Source(source))
    other = bring(first.project, Source(source, target="district"), None, first.proposed)
    assert other.project.objectives[0].target == "district" and "price" in input_fields(other.project) and sound(other)


def test_edits_and_preprocessing_stay_with_their_source_alone(tmp_path: Path) -> None:
    from workbench.data.edits import NO_EDITS, excluded

    first = bring(Project(), Source("generated:spirals")).project
    edited = replace(first, edits=excluded(NO_EDITS, ("a",)))
    same, other = bring(edited, Source("generated:spirals", params={"rows": 300})), bring(edited, Source("sample:digits"))
    assert same.project.edits is edited.edits and other.project.edits == NO_EDITS
