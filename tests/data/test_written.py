"""Files written by datasets, pandas, soundfile and Pillow (kept in `written/`) hold here what they hold there."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workbench.data.base import Dataset, FieldKind
from workbench.data.open import open_dataset
from workbench.errors import DataError

WRITTEN = Path(__file__).parent / "written"
TEXT_FILES = (
    "datasets_texts.csv", "datasets_texts.jsonl", "pandas.csv", "pandas_semicolon.csv", "pandas_records.json", "pandas_lines.jsonl",
    "pandas_tab.tsv.gz",
)
ARROW_FILES = ("datasets_pictures.parquet", "datasets_texts.parquet", "pandas.parquet", "pandas.feather", "pandas_plain.feather")
SAVED = ("saved_pictures", "saved_texts", "saved_sounds")
PANDAS = tuple(name for name in (*TEXT_FILES, *ARROW_FILES) if name.startswith("pandas"))


def opened(name: str) -> Dataset:
    if name.endswith((".parquet", ".feather")) or name.startswith("saved"):
        pytest.importorskip("pyarrow", reason="Parquet, Feather and saved datasets need the extra data")
    return open_dataset(str(WRITTEN / name))


def classes(dataset: Dataset, name: str) -> list[str]:
    return [dataset.field(name).categories[int(number)] for number in dataset.column(name)]


@pytest.mark.parametrize("name", PANDAS)
def test_a_frame_of_pandas_comes_back(name: str) -> None:
    dataset = opened(name)
    assert len(dataset) == 12
    assert list(dataset.column("key")) == [f"row {number}" for number in range(12)]
    days = dataset.field("when")
    assert (days.kind, days.type) == (FieldKind.NUMBER, "date")
    np.testing.assert_array_equal(dataset.column("when"), 19780 + np.arange(12, dtype=np.float32))
    price = np.asarray(dataset.column("price"))
    assert price[0] == 1.5 and np.isnan(price[1])
    np.testing.assert_array_equal(price[2:], np.arange(10))
    np.testing.assert_array_equal(dataset.column("units"), np.arange(12))
    assert list(dataset.column("note"))[:2] == ['said "hi", left', "two\nlines"]
    assert [value.lower() for value in classes(dataset, "sold")] == ["true", "false"] * 6


@pytest.mark.parametrize("name", [name for name in PANDAS if name in ARROW_FILES])
def test_a_categorical_of_pandas_is_a_category(name: str) -> None:
    dataset = opened(name)
    assert dataset.field("city").kind == FieldKind.CATEGORY
    assert classes(dataset, "city") == ["Ulm", "Köln", "北京"] * 4


@pytest.mark.parametrize("name", ["datasets_pictures.parquet", "saved_pictures"])
def test_pictures_of_datasets_keep_pixels_classes_and_splits(name: str) -> None:
    dataset = opened(name)
    expected = [(number * 20, 255 - number * 20, 7) for number in range(9)]
    pictures = np.asarray(dataset.column("image", np.arange(9)))
    assert pictures.shape == (9, 4, 6, 3)
    assert [tuple(map(int, picture[0, 0])) for picture in pictures] == expected
    assert dataset.field("label").categories == ("cat", "dog", "猫")
    given = dataset.given_splits()
    if name.startswith("saved"):
        assert given is not None and list(given) == ["train"] * 9 + ["test"] * 3
    else:
        assert given is None


@pytest.mark.parametrize("name", ["datasets_texts.parquet", "saved_texts"])
def test_every_kind_of_feature_of_datasets_is_read(name: str) -> None:
    dataset = opened(name)
    assert list(dataset.column("text"))[5] == "Text 5, “quoted”\nsecond line 很好"
    assert classes(dataset, "label") == ["bad", "good"] * 4
    stars = np.asarray(dataset.column("stars"))
    assert np.isnan(stars[3]) and stars[5] == 2.5
    np.testing.assert_array_equal(dataset.column("day"), 19723 + np.arange(8, dtype=np.float32))
    assert list(dataset.column("words"))[:3] == ["", "a", "a b"]
    curve, square = np.asarray(dataset.column("curve")), np.asarray(dataset.column("square"))
    np.testing.assert_array_equal(curve[3, :, 0], [3.0, 1.5, 1.0])
    np.testing.assert_array_equal(square[4], np.full((2, 3), 4.0))
    assert classes(dataset, "about_author") == ["author 0", "author 1"] * 4
    np.testing.assert_array_equal(dataset.column("about_pages"), np.arange(8))


@pytest.mark.parametrize("name", ["datasets_texts.csv", "datasets_texts.jsonl"])
def test_tables_of_datasets_are_read(name: str) -> None:
    dataset = opened(name)
    assert list(dataset.column("text"))[5] == "Text 5, “quoted”\nsecond line 很好"
    assert classes(dataset, "label") == ["0", "1"] * 4
    assert np.isnan(np.asarray(dataset.column("stars"))[3])


def test_sounds_of_datasets_keep_rate_and_samples() -> None:
    dataset = opened("saved_sounds")
    field = dataset.field("audio")
    assert (field.kind, field.rate, field.length) == (FieldKind.AUDIO, 8000, 400)
    for number, samples in enumerate(np.asarray(dataset.column("audio"))):
        np.testing.assert_allclose(samples, np.sin(np.arange(400) * (number + 1) / 10) * 0.5, atol=1e-4)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _turned(path: Path) -> None:
    """Turns every bit of the second half, where lists of columns and the ends of files stand."""
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2] + bytes(255 - byte for byte in content[len(content) // 2 :]))


@pytest.mark.parametrize("harm", [_cut, _turned], ids=["cut", "turned"])
@pytest.mark.parametrize("name", [*ARROW_FILES, *SAVED])
def test_a_damaged_twin_is_refused_or_loses_rows_with_a_reason(tmp_path: Path, name: str, harm: Callable[[Path], None]) -> None:
    pytest.importorskip("pyarrow", reason="Parquet, Feather and saved datasets need the extra data")
    source = WRITTEN / name
    twin = Path(shutil.copytree(source, tmp_path / name) if source.is_dir() else shutil.copy(source, tmp_path / name))
    harmed = next(twin.rglob("*.arrow")) if twin.is_dir() else twin
    harm(harmed)
    try:
        dataset = open_dataset(str(twin))
    except DataError as error:
        assert str(error) and error.hint
    else:
        assert any(problem.rows or problem.reason for problem in dataset.problems)


@pytest.mark.parametrize("name", [name for name in TEXT_FILES if name.endswith(("csv", "json", "jsonl"))])
def test_a_cut_table_keeps_the_rows_before_the_cut_or_is_refused(tmp_path: Path, name: str) -> None:
    twin = tmp_path / name
    shutil.copy(WRITTEN / name, twin)
    _cut(twin)
    whole: Any = opened(name)
    try:
        dataset = open_dataset(str(twin))
    except DataError as error:
        assert str(error) and error.hint
    else:
        assert 0 < len(dataset) < len(whole)


def test_what_wrote_these_files_is_known() -> None:
    assert {"datasets", "pandas", "pyarrow"} <= set(json.loads((WRITTEN / "versions.json").read_text("utf-8")))
