"""Every format of the catalogue: a sample that somebody else's library wrote is read back, a damaged twin is told, and both can be worked with."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.data.formats.registry import ELSEWHERE, HERE, Damaged, Writer, Written, brought, writers
from workbench.cli.datasets import data
from workbench.cli.projects import new
from workbench.cli.training import train
from workbench.data.base import Dataset, FieldKind
from workbench.data.formats import FORMATS
from workbench.data.open import open_dataset, recognise
from workbench.errors import DataError

WRITERS = writers()
TWINS = [(writer, twin) for writer in WRITERS for twin in writer.twins]
each = pytest.mark.parametrize("writer", WRITERS, ids=str)


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WORKBENCH_CACHE_DIR", str(tmp_path / "cache"))


def written(writer: Writer, folder: Path) -> Written:
    if writer.missing:
        pytest.skip(f"{writer.missing} is not installed")
    folder.mkdir()
    return writer.write(folder)


def settings(writer: Writer) -> list[str]:
    return [f"{name}={json.dumps(value)}" for name, value in writer.params.items()]


def assert_rows(dataset: Dataset, sample: Written, lost: tuple[int, ...] = (), blank: dict[str, tuple[int, ...]] | None = None) -> None:
    """Says whether the dataset holds the rows of the sample, without the lost ones, whatever their order is where they have ids."""
    kept = [row for row in range(sample.rows) if row not in lost]
    assert len(dataset) == len(kept) and len(set(dataset.ids())) == len(kept)
    places = np.arange(len(kept))
    if sample.ids is not None:
        place = {name: number for number, name in enumerate(dataset.ids())}
        assert sorted(place) == sorted(sample.ids[row] for row in kept)
        places = np.array([place[sample.ids[row]] for row in kept])
    for name, wanted in sample.columns.items():
        spared = [number for number, row in enumerate(kept) if row not in (blank or {}).get(name, ())]
        values = dataset.column(name, places[spared])
        assert_column(dataset, name, values, [wanted[kept[number]] for number in spared], sample.tolerance)
    if sample.splits is not None:
        splits = dataset.given_splits()
        assert splits is not None and [splits[place] for place in places] == [sample.splits[row] for row in kept]


def assert_column(dataset: Dataset, name: str, values: Any, wanted: list[Any], tolerance: float) -> None:
    field = dataset.field(name)
    if field.kind == FieldKind.CATEGORY:
        assert [field.categories[int(value)] for value in values] == [str(value) for value in wanted]
    elif field.kind == FieldKind.TEXT:
        assert list(values) == list(wanted)
    else:
        assert len(values) == len(wanted)
        for value, one in zip(values, wanted, strict=True):
            value, one = np.asarray(value, np.float64), np.asarray(one, np.float64)
            assert value.shape == one.shape and np.allclose(value, one, rtol=1e-6, atol=max(tolerance, 1e-6)), name


def test_every_format_has_a_writer_and_a_damaged_twin() -> None:
    here = {writer.format for writer in WRITERS}
    assert here | set(ELSEWHERE) == set(brought()), "a format without a sample of its own: add a writer in tests/data/formats/*_writers.py"
    assert not here & set(ELSEWHERE), "a format with a writer needs no entry elsewhere"
    assert {writer.format for writer, _ in TWINS} == here, "a format without a damaged twin"
    assert {writer.format for writer in WRITERS if writer.trains} == here, "a format of which no sample is trained on"
    assert len({str(writer) for writer in WRITERS}) == len(WRITERS)


@pytest.mark.parametrize("name", sorted(ELSEWHERE))
def test_what_is_tested_elsewhere_is_there(name: str) -> None:
    for test in ELSEWHERE[name]:
        file, _, function = test.partition("::")
        assert f"def {function}(" in (HERE.parent / file).read_text("utf-8")


@each
def test_what_others_wrote_is_read_back(writer: Writer, tmp_path: Path) -> None:
    sample = written(writer, tmp_path / "in")
    assert recognise(sample.source).name == writer.format
    dataset = open_dataset(str(sample.source), params=writer.params)
    assert dataset.format == writer.format and not dataset.problems
    assert_rows(dataset, sample)


@pytest.mark.parametrize(("writer", "twin"), TWINS, ids=[f"{writer}-{twin}" for writer, twin in TWINS])
def test_a_damaged_twin_is_told(writer: Writer, twin: str, tmp_path: Path) -> None:
    sample = written(writer, tmp_path / "in")
    wanted: Damaged = writer.twins[twin](sample)
    if wanted.refused:
        with pytest.raises(DataError, match=wanted.refused) as caught:
            open_dataset(str(sample.source), format=writer.format, params=writer.params)
        assert caught.value.message and caught.value.hint and "Traceback" not in str(caught.value)
        return
    dataset = open_dataset(str(sample.source), format=writer.format, params=writer.params)
    said = [f"{problem.message} {problem.reason}" for problem in dataset.problems]
    assert any(re.search(wanted.told, sentence) for sentence in said), said
    assert_rows(dataset, replace(sample, splits=None if wanted.lost else sample.splits), wanted.lost, dict(wanted.blank))


@each
def test_the_command_line_shows_it(writer: Writer, tmp_path: Path) -> None:
    sample = written(writer, tmp_path / "in")
    answer = data(str(sample.source), settings(writer))
    document = json.loads(json.dumps(answer.document, allow_nan=False))
    assert answer.status == 0 and document["rows"] == sample.rows and document["format"] == writer.format
    assert {item["name"] for item in document["fields"]} >= set(sample.columns)
    assert answer.lines and all("\x1b" not in line for line in answer.lines)


@pytest.mark.parametrize("writer", [writer for writer in WRITERS if writer.trains], ids=str)
def test_a_project_opens_it_and_trains(writer: Writer, tmp_path: Path) -> None:
    sample = written(writer, tmp_path / "in")
    assert new("auto", tmp_path / "project", str(sample.source)).status == 0
    params = [f"data.params.{item}" for item in settings(writer)]
    answer = train(tmp_path / "project", "", "", "cpu", "", [*params, "train.epochs=1", "train.batch_size=4"])
    assert answer.status == 0 and answer.document["state"] == "finished" and answer.document["step"] > 0


def test_the_catalogue_says_how_a_format_is_found() -> None:
    for name in brought():
        assert FORMATS[name].summary and FORMATS[name].aliases, name
