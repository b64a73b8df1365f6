"""Tables that were read before open from the cache as they were read; what changed or is damaged is read again; nothing grows without bound."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workbench.data.base import Dataset
from workbench.data.formats import table
from workbench.data.open import open_dataset
from workbench.data.tables import kept, scan
from workbench.text import Text

PARTS = ("train", "train", "val", "test")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("WORKBENCH_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(kept, "LEAST_BYTES", 0)
    monkeypatch.setattr(scan, "SHORT_BYTES", 0)
    yield tmp_path / "cache" / "tables"


def written(path: Path, rows: int = 400) -> Path:
    """Writes a table with every kind of column that is kept, missing values, equal rows, odd cells and a ragged row, an hour ago."""
    lines = [f"{row % 50},{row % 50 / 4},2024-01-{row % 28 + 1:02},{'ab'[row % 2]},text ü “{row % 50}” 文,{PARTS[row % 4]}" for row in range(rows)]
    lines[5], lines[9] = "unknown,,,,,train", "1,2,3,4,5,train,7"
    path.write_text("\n".join(["n,x,day,label,words,split", *lines]), encoding="utf-8")
    os.utime(path, (path.stat().st_mtime - 3600,) * 2)
    return path


def opened(path: Path, monkeypatch: pytest.MonkeyPatch, params: dict[str, Any] | None = None) -> tuple[Dataset, int]:
    """Returns the dataset, its ids worked out, and how often the file itself was read."""
    read, real = [], table.read_table
    with monkeypatch.context() as patch:
        patch.setattr(table, "read_table", lambda *given: (read.append(1), real(*given))[1])
        dataset = open_dataset(str(path), params=params)
        dataset.ids()[:1]
    return dataset, len(read)


def same(one: Dataset, two: Dataset) -> bool:
    assert one.fields == two.fields and one.problems == two.problems and one.format == two.format and one.source == two.source
    assert [type(problem.message) for problem in one.problems] == [type(problem.message) for problem in two.problems]
    for field in one.fields:
        left, right = one.column(field.name), two.column(field.name)
        assert left.tobytes() == right.tobytes() and left.dtype == right.dtype if isinstance(left, np.ndarray) else left == right
    first, second = one.given_splits(), two.given_splits()
    assert first is not None and second is not None and first.tolist() == second.tolist() and first.dtype == second.dtype
    return list(one.ids()) == list(two.ids())


def test_the_second_opening_reads_no_cell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    path = written(tmp_path / "t.csv")
    first, read = opened(path, monkeypatch)
    assert read == 1 and len(list(cache.iterdir())) == 1
    second, read = opened(path, monkeypatch)
    assert read == 0 and same(first, second)
    assert isinstance(second.problems[0].message, Text)
    assert second.field("day").unit == "days since 1970" and isinstance(second.field("day").unit, Text)
    third, read = opened(path, monkeypatch, {"types": {"n": "category"}})
    assert read == 1 and third.field("n").kind == "category" and len(list(cache.iterdir())) == 2


def test_values_that_are_written_into_stay_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "t.csv")
    opened(path, monkeypatch)
    second, _ = opened(path, monkeypatch)
    second.column("x")[:] = -1
    third, read = opened(path, monkeypatch)
    assert read == 0 and third.column("x")[1] == 0.25


def test_another_file_or_version_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    path = written(tmp_path / "t.csv")
    opened(path, monkeypatch)
    written(path, 300)
    dataset, read = opened(path, monkeypatch)
    assert read == 1 and len(dataset) == 299 and len(list(cache.iterdir())) == 1
    os.utime(path, (1, 1))
    assert opened(path, monkeypatch)[1] == 1 and opened(path, monkeypatch)[1] == 0
    monkeypatch.setattr(kept, "_VERSION", 99)
    assert opened(path, monkeypatch)[1] == 1


def test_what_has_just_changed_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    path = written(tmp_path / "t.csv")
    os.utime(path)
    monkeypatch.setattr(kept, "_RACE_NS", 10**15)
    assert [opened(path, monkeypatch)[1] for _ in range(2)] == [1, 1] and not cache.exists()


@pytest.mark.parametrize("share", [0.0, 0.001, 0.1, 0.5, 0.9])
@pytest.mark.parametrize("cut", [True, False])
def test_a_damaged_file_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path, share: float, cut: bool) -> None:
    path = written(tmp_path / "t.csv")
    first, _ = opened(path, monkeypatch)
    (held,) = cache.iterdir()
    raw, place = bytearray(held.read_bytes()), int(share * held.stat().st_size)
    if cut:
        del raw[place:]
    else:
        raw[place] ^= 0xFF
    held.write_bytes(raw)
    second, read = opened(path, monkeypatch)
    assert same(first, second) and read == 1
    assert opened(path, monkeypatch)[1] == 0


def test_the_cache_is_pruned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    for name in ("a.csv", "b.csv", "c.csv"):
        opened(written(tmp_path / name), monkeypatch)
    old = kept.Source.of(tmp_path / "a.csv", "table", table.TableParams().model_dump(mode="json")).kept_in
    os.utime(old, (1, 1))
    opened(written(tmp_path / "d.csv"), monkeypatch)
    assert not old.exists() and len(list(cache.iterdir())) == 3
    monkeypatch.setattr(kept, "MOST_BYTES", 1)
    opened(written(tmp_path / "e.csv"), monkeypatch)
    assert len(list(cache.iterdir())) == 1


def test_a_folder_that_cannot_be_written_to_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("WORKBENCH_CACHE_DIR", str(tmp_path / "file"))
    path = written(tmp_path / "t.csv")
    assert [opened(path, monkeypatch)[1] for _ in range(2)] == [1, 1]
