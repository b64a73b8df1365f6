"""Training on streamed data: the same run as on resident data, resumed bit by bit, damaged rows survived, waiting told."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.training.conftest import Session, small_project
from tests.training.test_exactness import contents, rows_of
from workbench.data.base import Dataset, Split, UnreadableRowsError
from workbench.data.prepare import Prepared, prepare
from workbench.data.streaming import Streams
from workbench.training.events import Failed, Finding, Finished, Interrupt, Pause, Resume
from workbench.training.supply import Patience


@pytest.fixture
def streamed(prepared: Prepared) -> Prepared:
    project = small_project()
    return prepare(prepared.dataset, project.data, prepared.inputs, prepared.targets, fitted=prepared.fitted, budget=0)


def test_a_streamed_run_is_the_resident_run(tmp_path: Path, session: Session, streamed: Prepared) -> None:
    resident = session.run(small_project())
    other = Session(tmp_path, streamed)
    run = other.run(small_project())
    assert isinstance(other.outcome, Finished) and other.outcome.metrics == session.outcome.metrics
    assert contents(run) == contents(resident) and rows_of(run) == rows_of(resident)


@pytest.mark.parametrize("step", [5, 14, 37])
def test_a_streamed_run_resumes_bit_by_bit(tmp_path: Path, streamed: Prepared, step: int) -> None:
    session = Session(tmp_path, streamed)
    whole = session.run(small_project())
    broken = session.run(small_project(), {step: [Pause(), Resume()], step + 3: [Interrupt()]})
    assert broken.last().step == step + 3
    session.run(small_project(), on=broken, resume="last")
    assert contents(broken) == contents(whole)


class Damaged(Dataset):
    """A dataset of which some rows cannot be read."""

    def __init__(self, source: Dataset, rows: set[int]) -> None:
        self._source, self._rows = source, rows
        self.fields, self.format, self.source = source.fields, source.format, source.source

    def __len__(self) -> int:
        return len(self._source)

    def ids(self) -> Any:
        return self._source.ids()

    def column(self, name: str, rows: np.ndarray | None = None) -> Any:
        bad = {} if rows is None or name != "image" else {int(row): f"Row {row} is cut off." for row in rows if int(row) in self._rows}
        if bad:
            raise UnreadableRowsError(bad)
        return self._source.column(name, rows)


def damaged(streamed: Prepared, rows: set[int]) -> Prepared:
    dataset = Damaged(streamed.dataset, rows)
    assert streamed.streams is not None
    return dataclasses.replace(streamed, dataset=dataset, streams=Streams(dataset, streamed.streams.preprocessors))


def test_damaged_rows_do_not_end_a_run(tmp_path: Path, streamed: Prepared) -> None:
    train, held = streamed.splits[Split.TRAIN], streamed.splits[Split.VALIDATION]
    bad = {int(row) for row in [*train[::7], *held[:3]]}
    session = Session(tmp_path, damaged(streamed, bad))
    run = session.run(small_project())
    assert isinstance(session.outcome, Finished)
    told = [finding for finding in session.of(Finding) if finding.rule == "unreadable-rows"]
    assert told and max(finding.evidence["count"] for finding in told) >= len(train[::7])
    assert "is cut off" in told[0].message and set(told[-1].evidence["rows"]) <= bad
    again = Session(tmp_path, damaged(streamed, bad))
    broken = again.run(small_project(), {20: [Interrupt()]})
    fresh = Session(tmp_path, damaged(streamed, bad))
    fresh.run(small_project(), on=broken, resume="last")
    assert contents(broken) == contents(run)


def test_a_run_whose_rows_can_all_not_be_read_still_ends(tmp_path: Path, streamed: Prepared) -> None:
    session = Session(tmp_path, damaged(streamed, {int(row) for row in streamed.splits[Split.TRAIN][20:]}))
    session.run(small_project(epochs=1))
    assert isinstance(session.outcome, Finished)


def test_a_damaged_row_ends_a_run_that_asks_for_it(tmp_path: Path, streamed: Prepared) -> None:
    session = Session(tmp_path, damaged(streamed, {int(streamed.splits[Split.TRAIN][0])}))
    project = small_project()
    session.run(dataclasses.replace(project, data=dataclasses.replace(project.data, bad_rows="stop")))
    assert isinstance(session.outcome, Failed) and "cut off" in session.outcome.message


def test_waiting_for_data_is_told_once_with_its_figures() -> None:
    patience = Patience()
    assert patience.take(10, 0.1, 1.0) is None and patience.take(20, 0.1, 1.5) is None
    assert patience.take(30, 0.2, 1.0) is None
    finding = patience.take(40, 2.0, 2.5)
    assert finding is not None and finding.rule == "slow-data" and finding.evidence["share"] > 0.2 and "%" in finding.message
    assert patience.take(50, 9.0, 9.0) is None
