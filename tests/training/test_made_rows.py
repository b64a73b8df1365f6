"""Training on made rows: exact on resume, without a trace once they are out, judged by nothing that was made."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from tests.training.conftest import Session, small_project
from tests.training.test_exactness import contents, rows_of
from workbench.data.base import Split
from workbench.data.open import open_dataset
from workbench.data.prepare import prepare
from workbench.errors import DataError
from workbench.project.file import save
from workbench.project.making import make_rows, without_set
from workbench.project.new import new_project
from workbench.project.overrides import with_settings
from workbench.project.project import Choice, Project
from workbench.training.events import Finished, Interrupt
from workbench.training.launch import start
from workbench.training.load import load_model
from workbench.training.written_rows import write_rows, written


def opened(project: Project, folder: Path) -> Any:
    data = project.data
    return open_dataset(data.source, data.format, data.params, folder, project.edits, data.made)


def with_rows(session: Session) -> Project:
    project = small_project(epochs=2)
    return make_rows(project, session.folder, opened(project, session.folder), augmentation=[Choice("affine")], name="more").project


def test_resume_equals_going_on(session: Session) -> None:
    project = with_rows(session)
    whole = session.run(project, own_data=True)
    assert isinstance(session.outcome, Finished)
    broken = session.run(project, {20: [Interrupt()]}, own_data=True)
    session.run(project, on=broken, resume="last", own_data=True)
    assert contents(broken) == contents(whole) and rows_of(broken) == rows_of(whole)


def test_a_streamed_run_is_the_resident_run(session: Session) -> None:
    project = with_rows(session)
    resident = session.run(project, own_data=True)
    prepared = session.engine.task.prepared
    session.prepared = prepare(prepared.dataset, project.data, prepared.inputs, prepared.targets, fitted=prepared.fitted, budget=0)
    assert session.prepared.streams is not None
    assert contents(session.run(project)) == contents(resident)


def test_they_are_trained_on_and_leave_no_trace_once_they_are_out(session: Session) -> None:
    plain = session.run(small_project(epochs=2), own_data=True)
    scored = session.outcome.metrics
    project = with_rows(session)
    more = session.run(project, own_data=True)
    prepared = session.engine.task.prepared
    assert contents(more) != contents(plain) and prepared.count(Split.TRAIN) > 300
    assert all(np.all(prepared.dataset.made_from()[prepared.splits[split]] == -1) for split in (Split.VALIDATION, Split.TEST))
    again = session.run(without_set(project, "more"), own_data=True)
    assert contents(again) == contents(plain) and session.outcome.metrics == scored


@pytest.fixture(scope="module")
def writer(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Path, Any]:
    """A small language model, trained for a moment."""
    folder = tmp_path_factory.mktemp("writer") / "here"
    project = new_project("text-gpt", folder)
    project = with_settings(project, ["data.limit=400", "train.epochs=1", "train.device=cpu", "train.threads=1"])
    data = replace(project.data, params=MappingProxyType({**project.data.params, "rows": 500}))
    project = replace(project, data=data)
    save(project, folder)
    run, outcome = start(folder, project)
    assert isinstance(outcome, Finished)
    return project, folder, run


def test_texts_of_a_run_become_rows(writer: tuple[Project, Path, Any]) -> None:
    project, folder, run = writer
    data = opened(project, folder)
    making = write_rows(project, folder, data, run, count=12, temperature=1.2, name="written", seed=5)
    assert making.rows == making.wanted == 12 and making.sources == 0 and making.project.data.made == ("written",)
    view = opened(making.project, folder)
    texts = view.column("text", np.arange(len(data), len(view)))
    assert len(set(texts)) == 12 and not set(texts) & set(data.column("text")) and all(text.strip() for text in texts)
    assert view.ids()[-1] == "made:written/#12"
    plain, more = (prepare(item, making.project.data, ["text"], ["text"]) for item in (data, view))
    assert more.count("train") == plain.count("train") + 12 and plain.fitted["fields"] == more.fitted["fields"]
    assert np.array_equal(plain.splits[Split.VALIDATION], more.splits[Split.VALIDATION])
    other = prepare(view, with_settings(making.project, ["data.split.seed=99"]).data, ["text"], ["text"])
    assert other.splits[Split.TRAIN].max() < len(data) and [problem.kind for problem in other.problems] == ["made-idle"]
    same = write_rows(project, folder, data, run, count=12, temperature=1.2, name="twin", seed=5)
    assert opened(same.project, folder).column("text", np.arange(len(data), len(data) + 12)) == texts


def test_a_run_never_writes_the_unknown_token(writer: tuple[Project, Path, Any]) -> None:
    model = load_model(writer[2])[0]
    texts = written(model, 16, 20, 3.0, 1)
    assert len(texts) == 16 and all(len(text) <= 20 and 1 not in text and 0 not in text for text in texts)
    assert texts == written(model, 16, 20, 3.0, 1) != written(model, 16, 20, 3.0, 2)


def test_a_run_that_has_seen_what_is_judged_by_now_is_refused(writer: tuple[Project, Path, Any]) -> None:
    project, folder, run = writer
    other = with_settings(project, ["data.split.seed=99"])
    with pytest.raises(DataError, match="validate or test now"):
        write_rows(other, folder, opened(other, folder), run, count=2)
    with pytest.raises(DataError, match="cannot be written"):
        write_rows(project, folder, opened(project, folder), run, count=0)


def test_a_run_that_writes_nothing_is_refused(session: Session) -> None:
    project = small_project(epochs=1)
    run = session.run(project, own_data=True)
    with pytest.raises(DataError, match="writes no texts"):
        write_rows(project, session.folder, opened(project, session.folder), run, count=2)
