"""Every row is judged once by a model that has not seen it, and labels that were flipped are found."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.training.studies.conftest import digits, with_data
from workbench.data import edits
from workbench.data.base import Dataset, Split
from workbench.data.open import open_dataset
from workbench.project.adapt import prepared_for
from workbench.project.data_remedies import remedies
from workbench.project.project import Choice, Project
from workbench.project.runs import RunFolder
from workbench.training.evaluate import evaluate
from workbench.training.studies.conduct import begin, carry_out
from workbench.training.studies.folds import Folds
from workbench.training.studies.record import Record, StudyFolder
from workbench.training.studies.standing import answered

FLIPPED = 0.05


def flipped(project: Project) -> tuple[Project, dict[str, str]]:
    """Returns the project with some labels changed to another class, and the true label of each changed row."""
    dataset = open_dataset("sample:digits")
    names, labels, ids = dataset.field("label").categories, dataset.column("label"), dataset.ids()
    rows = np.concatenate(list(prepared_for(project, dataset).splits.values()))
    generator = np.random.default_rng(8)
    changed, truth = project.edits, {}
    for row in generator.choice(rows, round(FLIPPED * len(rows)), replace=False).tolist():
        truth[ids[row]] = names[labels[row]]
        changed = edits.relabelled(changed, [ids[row]], "label", names[(labels[row] + generator.integers(1, 10)) % 10])
    project = replace(project, edits=changed)
    kept = {ids[row] for rows in prepared_for(project, data_of(project)).splits.values() for row in rows.tolist()}
    return project, {row: label for row, label in truth.items() if row in kept}


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, dict[str, str], StudyFolder, Record]:
    """Four folds over digits of which five in a hundred have a wrong label."""
    project, truth = flipped(digits(800, epochs=10))
    study = begin(tmp_path_factory.mktemp("planted"), "folds", {"folds": 4}, project)
    return project, truth, study, carry_out(study)


def data_of(project: Project) -> Dataset:
    return open_dataset("sample:digits", edits=project.edits)


def test_flipped_labels_are_found(planted: tuple[Project, dict[str, str], StudyFolder, Record]) -> None:
    _, truth, _, record = planted
    suspects = {item["row"]: item for item in record.result["suspects"]}
    right = suspects.keys() & truth.keys()
    assert len(right) >= 0.8 * len(truth)
    assert len(right) >= 0.7 * len(suspects)
    assert np.mean([suspects[row]["suggested"] == truth[row] for row in right]) > 0.9
    assert record.result["suspects_count"] == len(suspects)
    assert all(item["own"] < item["share"] for item in suspects.values())


def test_clean_labels_are_seldom_doubted(tmp_path: Path) -> None:
    record = carry_out(begin(tmp_path, "folds", {"folds": 3}, digits(600, epochs=6)))
    assert record.result["suspects_count"] <= 0.02 * record.result["judged"]


def test_every_row_is_judged_once_by_a_model_that_has_not_seen_it(planted: tuple[Project, dict[str, str], StudyFolder, Record]) -> None:
    project, truth, study, record = planted
    with open(study.rows_path, encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    assert len({line["row"] for line in lines}) == len(lines) == record.result["judged"] == 800
    dataset = data_of(project)
    place = {name: number for number, name in enumerate(dataset.ids())}
    names, labels = dataset.field("label").categories, dataset.column("label")
    assert all(line["target"] == names[labels[place[line["row"]]]] for line in lines)
    assert sum(line["target"] != truth.get(line["row"], line["target"]) for line in lines) == len(truth)
    for number, item in enumerate(record.runs):
        run = study.run_of(item)
        assert run is not None
        judged = {place[line["row"]] for line in lines if line["fold"] == str(number + 1)}
        splits = prepared_for(run.snapshot(), dataset).splits
        assert judged == set(splits[Split.VALIDATION].tolist()) and not judged & set(splits[Split.TRAIN].tolist())
    tests = {place[line["row"]] for line in lines if line["fold"] == "test"}
    assert tests == set(prepared_for(project, dataset).splits[Split.TEST].tolist())


def test_test_rows_are_judged_by_the_mean_of_all_models(planted: tuple[Project, dict[str, str], StudyFolder, Record]) -> None:
    project, _, study, record = planted
    looks = [evaluate(run, Split.TEST) for item in record.runs if (run := study.run_of(item)) is not None]
    shares = np.mean([look.shares for look in looks if look.shares is not None], axis=0)
    ids = data_of(project).ids()
    with open(study.rows_path, encoding="utf-8", newline="") as file:
        sure = {line["row"]: float(line["confidence"]) for line in csv.DictReader(file) if line["fold"] == "test"}
    assert {ids[row]: share for row, share in zip(looks[0].rows.tolist(), shares.max(1).tolist(), strict=True)} == pytest.approx(sure, abs=1e-4)


def test_scores_are_mean_and_standard_deviation_of_the_best_epochs(planted: tuple[Project, dict[str, str], StudyFolder, Record]) -> None:
    _, _, study, record = planted
    values = [evaluate(RunFolder(run.path), Split.VALIDATION).metrics["accuracy/val"] for item in record.runs if (run := study.run_of(item))]
    found = record.result["scores"]["accuracy/val"]
    assert found["values"] == pytest.approx(values)
    assert (found["mean"], found["spread"]) == pytest.approx((np.mean(values), np.std(values, ddof=1)))
    sentences = Folds().sentences(record.result)
    assert f"accuracy is {np.mean(values) * 100:.1f} %" in sentences[-1]
    assert sentences[1].startswith("Look at them") and str(record.result["suspects_count"]) in sentences[0]


def test_the_finding_follows_what_people_do_about_it(planted: tuple[Project, dict[str, str], StudyFolder, Record]) -> None:
    project, _, study, record = planted
    folder = study.project_folder
    (found,) = answered(folder, project, data_of(project))
    (problem,) = found.problems
    assert problem.kind == "mislabelled" and len(problem.rows) == record.result["suspects_count"]
    first, second, *rest = problem.rows
    relabelled = edits.relabelled(project.edits, [first], "label", problem.suggested[first])
    now = replace(project, edits=edits.excluded(relabelled, [second]))
    (left,) = answered(folder, now, data_of(now))[0].problems
    assert left.rows == tuple(rest)
    mended = remedies(problem, data_of(project))[-1].apply(project)
    assert answered(folder, mended, data_of(mended))[0].problems == ()


def test_studies_of_other_data_say_nothing(planted: tuple[Project, dict[str, str], StudyFolder, Record]) -> None:
    project, _, study, _ = planted
    assert answered(study.project_folder, with_data(project, source="generated:shapes"), data_of(project)) == []


def test_models_that_have_learned_nothing_accuse_nobody(tmp_path: Path) -> None:
    project = digits(200, epochs=1)
    idle = replace(project, recipe=replace(project.recipe, optimizer=Choice("sgd", {"learning_rate": 1e-9})))
    study = begin(tmp_path, "folds", {"folds": 2}, idle)
    record = carry_out(study)
    assert Folds().sentences(record.result)[0].startswith("The models are hardly better than guessing")
    assert Folds().problems(study, record.result, data_of(idle)) == []
    assert 0.05 < record.result["chance"] < 0.2


def test_folds_of_numbers_have_scores_and_rows_but_no_suspects(tmp_path: Path) -> None:
    from workbench.project.new import new_project

    project = new_project("auto", tmp_path / "numbers", _table(tmp_path))
    small = replace(project, recipe=replace(project.recipe, epochs=2, threads=1, device="cpu"))
    study = begin(tmp_path / "numbers", "folds", {"folds": 3}, small)
    record = carry_out(study)
    assert "suspects" not in record.result and record.result["scores"]["r2/val"]["spread"] >= 0
    with open(study.rows_path, encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) == 90
    assert Folds().sentences(record.result) and Folds().problems(study, record.result, data_of(digits())) == []


def _table(folder: Path) -> str:
    generator = np.random.default_rng(0)
    lines = ["a,b,price", *(f"{a:.3f},{b:.3f},{2 * a - b:.3f}" for a, b in generator.normal(size=(90, 2)))]
    (folder / "table.csv").write_text("\n".join(lines) + "\n")
    return str(folder / "table.csv")
