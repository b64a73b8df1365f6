"""Sources, times and windows on both sides of a split are found and mended; data without them raises no alarm."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workbench.data.base import Dataset, Field, FieldKind
from workbench.data.findings import FINDERS
from workbench.data.findings.base import Look
from workbench.data.findings.later import stride_of
from workbench.data.memory import MemoryDataset
from workbench.data.open import open_dataset
from workbench.data.splits import divide
from workbench.project.data_remedies import remedies
from workbench.project.project import DataChoice, Project, SplitChoice

LEAKS = ("group-leak", "time-leak", "window-leak")
GENERATED = ("shapes", "reviews", "dates", "sums", "brackets", "waves", "tones", "road", "questions", "spirals")


def data_of(ids: list[str] | None = None, splits: np.ndarray | None = None, **columns: Any) -> Dataset:
    """Rows from columns: lists are texts, whole numbers classes, three axes series, others numbers; one called `when` holds dates."""
    fields, count = [], len(next(iter(columns.values())))
    for name, column in columns.items():
        if isinstance(column, list):
            fields.append(Field(name, FieldKind.TEXT))
        elif column.dtype == np.int64:
            fields.append(Field(name, FieldKind.CATEGORY, categories=tuple(f"{name}{number}" for number in range(int(column.max()) + 1))))
        elif column.ndim == 3:
            fields.append(Field(name, FieldKind.SERIES, length=column.shape[1], features=column.shape[2]))
        else:
            fields.append(Field(name, FieldKind.NUMBER, type="date" if name == "when" else ""))
    return MemoryDataset(
        format="", source="", fields=fields, columns=columns, ids=ids or [f"r{row}" for row in range(count)], splits=splits,
    )


def look_of(data: Dataset, rule: SplitChoice | None = None) -> Look:
    return Look(data, divide(data, rule or SplitChoice(), np.arange(len(data))))


def found(look: Look) -> list[str]:
    return [problem.kind for name in LEAKS for problem in FINDERS[name].find(look)]


def mended(look: Look) -> Project:
    """Finds one leak, checks that its rows are held out, takes the first remedy and looks again."""
    (problem,) = [problem for name in LEAKS for problem in FINDERS[name].find(look)]
    ids = look.dataset.ids()
    assert problem.rows and {look.split_of[ids.index(row)] for row in problem.rows} <= {"validation", "test"}
    (fix,) = remedies(problem, look.dataset)
    project = fix.apply(Project())
    assert found(look_of(look.dataset, project.data.split)) == []
    return project


def patients(count: int = 40, rows: int = 8) -> tuple[np.ndarray, np.ndarray]:
    labels = np.random.default_rng(0).integers(0, 2, count * rows)
    return np.repeat(np.arange(count), rows), labels


@pytest.mark.parametrize("source", [f"generated:{name}" for name in GENERATED] + ["sample:digits"])
def test_clean_data_raises_no_alarm(source: str) -> None:
    dataset = open_dataset(source, params={"rows": 600} if source.startswith("generated") else None)
    assert found(look_of(dataset)) == []


def test_a_column_of_patients() -> None:
    owners, labels = patients()
    project = mended(look_of(data_of(patient_id=[f"{owner:03}-x" for owner in owners], label=labels)))
    assert project.data.split == SplitChoice(group="patient_id")


def test_a_column_whose_values_name_speakers() -> None:
    owners, labels = patients()
    names = [f"spk{owner:02}" for owner in owners]
    assert mended(look_of(data_of(who=names, label=labels))).data.split.group == "who"


def test_splits_of_the_source_that_part_patients_are_divided_anew() -> None:
    owners, labels = patients()
    given = np.where(np.arange(len(owners)) % 5, "train", "test")
    look = look_of(data_of(splits=given, subject=owners.astype(np.float32), label=labels))
    assert mended(look).data.split == SplitChoice(group="subject", use_given=False)


def test_names_of_files_and_folders() -> None:
    owners, labels = patients()
    files = [f"scan/patient{owner}_{place:02}.png" for place, owner in enumerate(owners)]
    assert mended(look_of(data_of(files, label=labels))).data.split.group == "prefix"
    folders = [f"all/scene_{owner}/frame{place:02}.png" for place, owner in enumerate(owners)]
    assert mended(look_of(data_of(folders, label=labels))).data.split.group == "folder"


@pytest.mark.parametrize(
    "ids",
    [
        [f"cat{row % 6}/img_{row:04}.png" for row in range(120)], [f"n0{row % 6}_{row}.JPEG" for row in range(120)],
        [f"train/{row:05}" for row in range(120)], [f"IMG_{row}.jpg" for row in range(120)], [f"{row}_left.png" for row in range(120)],
        [f"{row % 10:03}/{row:06}.png" for row in range(120)], [f"photo of {'abcdefghi'[row % 9]} {row}.png" for row in range(120)],
        [f"2024-01-{row:02}" for row in range(120)],
    ],
    ids=["class-folders", "class-names", "numbers", "camera", "one-each", "shards", "words", "no-files"],
)
def test_names_that_say_nothing_about_sources(ids: list[str]) -> None:
    assert found(look_of(data_of(ids, label=np.arange(120) % 6))) == []


def test_what_is_learned_and_what_tells_every_row_is_no_source() -> None:
    owners, labels = patients()
    assert found(look_of(data_of(speaker=owners.astype(np.int64)))) == []
    assert found(look_of(data_of(user=[f"u{row}" for row in range(len(labels))], label=labels))) == []
    assert found(look_of(data_of(priority=[f"p{1 + row % 5}" for row in range(len(labels))], label=labels))) == []


def drifting(count: int = 400, drift: float = 3.0) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(4)
    when = 19_000 + generator.integers(0, 365, count).astype(np.float32)
    return {"when": when, "price": (drift * (when - 19_000) / 365 + generator.normal(0, 1, count)).astype(np.float32)}


def test_an_answer_that_drifts() -> None:
    assert mended(look_of(data_of(**drifting()))).data.split == SplitChoice(time="when")
    classes = drifting()
    classes["label"] = (classes.pop("price") > 1.5).astype(np.int64)
    assert mended(look_of(data_of(**classes))).data.split.time == "when"


def test_times_that_do_not_matter() -> None:
    assert found(look_of(data_of(**drifting(drift=0.0)))) == []
    assert found(look_of(data_of(**drifting()), SplitChoice(time="when"))) == []
    values = drifting()
    values["label"] = np.random.default_rng(1).integers(0, 60, 400)
    assert found(look_of(data_of(**values))) == [], "many small classes drift by chance alone"


def test_a_date_of_birth_is_no_time() -> None:
    values = drifting()
    born = MemoryDataset(
        format="", source="", columns={"birth_date": values["when"], "price": values["price"]}, ids=[f"r{row}" for row in range(400)],
        fields=(Field("birth_date", FieldKind.NUMBER, type="date"), Field("price", FieldKind.NUMBER)),
    )
    assert found(look_of(born)) == []


def windows(stride: int, length: int = 24, count: int = 300) -> np.ndarray:
    long = np.random.default_rng(2).normal(size=(stride * count + length, 2)).astype(np.float32)
    return np.stack([long[stride * row : stride * row + length] for row in range(count)])


@pytest.mark.parametrize("stride", [1, 5, 20])
def test_windows_that_overlap(stride: int) -> None:
    series = windows(stride)
    assert stride_of(series) == stride
    assert mended(look_of(data_of(series=series, label=np.arange(300) % 2))).data.split == SplitChoice(time="order")


def test_windows_that_do_not_overlap() -> None:
    for series in (windows(24), np.ones((100, 24, 1), np.float32), windows(1)[np.random.default_rng(0).permutation(300)]):
        assert stride_of(series) == 0
        assert found(look_of(data_of(series=series, label=np.arange(len(series)) % 2))) == []


def test_a_layout_like_fashion_mnist(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    for part, count in (("train", 90), ("t10k", 30)):
        images, labels = generator.integers(0, 256, (count, 28, 28), dtype=np.uint8), (np.arange(count) % 10).astype(np.uint8)
        head = np.array([0x00000803, count, 28, 28], ">u4").tobytes()
        (tmp_path / f"{part}-images-idx3-ubyte").write_bytes(head + images.tobytes())
        (tmp_path / f"{part}-labels-idx1-ubyte").write_bytes(np.array([0x00000801, count], ">u4").tobytes() + labels.tobytes())
    assert found(look_of(open_dataset(str(tmp_path)))) == []


def test_remedies_keep_the_rest_of_the_rule() -> None:
    look = look_of(data_of(**drifting()))
    (problem,) = FINDERS["time-leak"].find(look)
    before = Project(data=DataChoice(split=SplitChoice(validation=0.3, seed=3, group="x")))
    after = remedies(problem, look.dataset)[0].apply(before)
    assert after.data.split == replace(before.data.split, group="", time="when")
