"""A study can end at any moment, goes on where it was, and gives what it would have given in one go."""

from __future__ import annotations

import json
import shutil
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from tests.training.studies.conftest import digits
from workbench.errors import CatalogueError, ProjectError, TrainingError, WorkbenchError
from workbench.project.events import Finished, RunState, Steps
from workbench.project.project import Choice
from workbench.project.runs import RUNS, RunFolder, latest_run, list_runs
from workbench.training import launch
from workbench.training.studies import STUDIES
from workbench.training.studies.conduct import Told, begin, carry_out, find_study, planned
from workbench.training.studies.record import StudyFolder, StudyState, list_studies


def two_folds(folder: Path, **recipe: int) -> StudyFolder:
    return begin(folder, "folds", {"folds": 2}, digits(120, **recipe))


def test_a_study_tells_how_far_it_is_and_its_runs_are_ordinary_runs(tmp_path: Path) -> None:
    told: list[Told] = []
    study = two_folds(tmp_path)
    record = carry_out(study, told.append)
    assert record.state is StudyState.FINISHED and record == study.read()
    shares = [item.share for item in told]
    assert shares == sorted(shares) and shares[0] == 0.0 and shares[-1] == 1.0
    assert [item.label for item in told if isinstance(item.event, Finished)] == ["fold 1 of 2", "fold 2 of 2"]
    runs = list_runs(tmp_path)
    assert {info.study for info in runs} == {study.path.name} and {info.name for info in runs} == {"fold 1 of 2", "fold 2 of 2"}
    settings = {item["setting"]: item["new"] for item in RunFolder(runs[0].path).differences}
    assert settings["data.split.folds"] == 2 and RunFolder(runs[0].path).snapshot().data.split.fold == 1


def test_runs_of_a_study_are_not_what_people_mean_by_the_newest_run(tmp_path: Path) -> None:
    own, _ = launch.start(tmp_path, digits(120), name="mine")
    carry_out(two_folds(tmp_path))
    newest = latest_run(tmp_path)
    assert newest is not None and newest.path == own.path and len(list_runs(tmp_path)) == 3


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> StudyFolder:
    """Two folds in one go, each long enough to be interrupted."""
    study = two_folds(tmp_path_factory.mktemp("whole"), epochs=300)
    carry_out(study)
    return study


@pytest.mark.parametrize("after", [1, 1001])
def test_an_interrupted_study_goes_on_and_says_the_same(tmp_path: Path, uninterrupted: StudyFolder, after: int) -> None:
    whole = uninterrupted.read()
    study, steps = two_folds(tmp_path, epochs=300), 0

    def tell(told: Told) -> None:
        nonlocal steps
        if isinstance(told.event, Steps):
            steps = told.event.step + (0 if told.number == 1 else 1000)

    record = carry_out(study, tell, lambda: steps >= after)
    assert record.state is StudyState.INTERRUPTED and not record.result
    begun = [run.run for run in record.runs]
    assert RunFolder(study.project_folder / RUNS / begun[-1]).state is RunState.INTERRUPTED
    record = carry_out(study)
    assert record.state is StudyState.FINISHED
    assert [run.run for run in record.runs][: len(begun)] == begun and len(list_runs(tmp_path)) == 2
    assert [run.metrics for run in record.runs] == [run.metrics for run in whole.runs]
    assert record.result == whole.result
    assert study.rows_path.read_text() == uninterrupted.rows_path.read_text()


def test_what_is_finished_is_not_done_again(tmp_path: Path) -> None:
    study = two_folds(tmp_path)
    first = carry_out(study)
    times = {path.name: path.stat().st_mtime_ns for path in (tmp_path / RUNS).iterdir()}
    again = carry_out(study)
    assert again == first
    assert {path.name for path in (tmp_path / RUNS).iterdir()} == set(times)
    assert all((tmp_path / RUNS / run.run / "metrics.bin").stat().st_size for run in again.runs)
    shutil.rmtree(tmp_path / RUNS / first.runs[0].run)
    mended = carry_out(study)
    assert mended.runs[1] == first.runs[1] and mended.result == first.result and len(list_runs(tmp_path)) == 2


def test_another_process_may_ask_it_to_stop(tmp_path: Path) -> None:
    study = two_folds(tmp_path, epochs=3000)
    began = threading.Event()
    outcome: list[StudyState] = []
    thread = threading.Thread(
        target=lambda: outcome.append(carry_out(study, lambda told: began.set() if isinstance(told.event, Steps) else None).state)
    )
    thread.start()
    assert began.wait(60)
    StudyFolder(study.path).ask_to_stop()
    thread.join(60)
    assert outcome == [StudyState.INTERRUPTED] and not study.stop_wanted
    assert find_study(tmp_path, "last").path == find_study(tmp_path, study.path.name).path == study.path


def test_a_wish_to_stop_before_the_first_run_is_heeded(tmp_path: Path) -> None:
    study = two_folds(tmp_path)
    study.release()
    study.ask_to_stop()
    assert carry_out(study).state is StudyState.INTERRUPTED and list_runs(tmp_path) == []
    assert carry_out(study).state is StudyState.FINISHED


def test_a_failed_run_fails_the_study_and_it_can_be_tried_again(tmp_path: Path) -> None:
    project = digits(120)
    wild = replace(project, recipe=replace(project.recipe, optimizer=Choice("sgd", {"learning_rate": 1e10})))
    study = begin(tmp_path, "folds", {"folds": 2}, wild)
    with pytest.raises(TrainingError, match="became"):
        carry_out(study)
    record = study.read()
    assert record.state is StudyState.FAILED and "became" in record.message and not record.runs[0].done
    with pytest.raises(TrainingError, match="became"):
        carry_out(study)
    assert len(list_runs(tmp_path)) == 2


def test_a_study_that_somebody_else_carries_out_is_left_alone(tmp_path: Path) -> None:
    study = two_folds(tmp_path)
    writer = study.path / "process.json"
    about = json.loads(writer.read_text())
    writer.write_text(json.dumps({**about, "host": "elsewhere"}))
    with pytest.raises(TrainingError, match="right now"):
        carry_out(study)
    writer.write_text(json.dumps({**about, "started": about["started"] - 1000}))
    assert study.read().state is StudyState.INTERRUPTED


def test_unknown_fields_survive_and_a_newer_version_is_refused(tmp_path: Path) -> None:
    study = two_folds(tmp_path)
    file = study.path / "study.json"
    found = json.loads(file.read_text())
    file.write_text(json.dumps({**found, "mood": "good"}))
    study.write(replace(study.read(), message="hm"))
    assert json.loads(file.read_text())["mood"] == "good" and study.read().message == "hm"
    file.write_text(json.dumps({**found, "schema_version": 99}))
    with pytest.raises(ProjectError, match="newer version"):
        study.read()


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"schema_version": 1}', '{"schema_version": 1, "kind": "folds", "runs": 5}'])
def test_a_damaged_study_is_an_error_with_a_sentence(tmp_path: Path, text: str) -> None:
    study = two_folds(tmp_path)
    (study.path / "study.json").write_text(text)
    with pytest.raises(ProjectError):
        study.read()
    assert [found.path for found in list_studies(tmp_path)] == [study.path]
    assert list_studies(tmp_path, "folds") == []


def test_bad_questions_leave_nothing_behind(tmp_path: Path) -> None:
    for kind, params in (("folds", {"folds": 1}), ("budget", {"shares": [0, 50]}), ("paired", {"vary": ["nothing"]}), ("horoscope", {})):
        with pytest.raises(WorkbenchError):
            begin(tmp_path, kind, params, digits(120))
    assert not (tmp_path / "studies").exists()


@pytest.mark.parametrize("name", ["folds", "budget"])
def test_models_that_have_seen_the_rows_judge_nothing(tmp_path: Path, name: str) -> None:
    run, _ = launch.start(tmp_path, digits(120))
    for start_from in ("last", str(run.path)):
        project = digits(120, start_from=start_from)
        with pytest.raises(TrainingError, match="has seen all these rows"):
            begin(tmp_path, name, {}, project)
    other = replace(project, data=replace(project.data, source="generated:shapes"))
    STUDIES[name].check(other, tmp_path)


@pytest.mark.parametrize("name", STUDIES.names())
def test_every_study_plans_different_runs_the_same_way_twice(tmp_path: Path, name: str) -> None:
    entry = STUDIES[name]
    params = {"vary": ["class-weights"]} if name == "paired" else {}
    study = begin(tmp_path, name, params, digits(300))
    plan = planned(study)
    assert entry.question and entry.summary and entry.label
    assert len({item.key for item in plan}) == len(plan) >= 2
    assert [item.project for item in plan] == [item.project for item in planned(StudyFolder(study.path))]
    assert all(one.project != other.project for place, one in enumerate(plan) for other in plan[:place])


def test_an_unknown_study_names_the_near_ones(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="folds"):
        begin(tmp_path, "fold", {}, digits(120))
