"""Large Parquet files: unpacked once, mapped, looked through once, streamed."""

from __future__ import annotations

import io
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from workbench.data.open import open_dataset
from workbench.data.prepare import prepare
from workbench.errors import DataError

needs_pyarrow = pytest.mark.skipif(find_spec("pyarrow") is None, reason="pyarrow (the extra data) is not installed")


def large(folder: Path, count: int, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Returns a Parquet file of images that counts as a large one."""
    import pyarrow as arrow
    import pyarrow.parquet as parquet

    from workbench.data import arrow as reading
    from workbench.data import arrow_files

    monkeypatch.setenv("WORKBENCH_CACHE_DIR", str(folder / "cache"))
    monkeypatch.setattr(reading, "LARGE_BYTES", 0)
    monkeypatch.setattr(arrow_files, "_KEPT_ROWS", 0)
    monkeypatch.setattr(arrow_files, "AT_ONCE_BYTES", 0)
    cells = []
    for number in range(count):
        buffer = io.BytesIO()
        Image.new("RGB", (6, 4), (number % 256, 1, 2)).save(buffer, "PNG")
        cells.append({"bytes": buffer.getvalue() if number != 5 else b"nothing", "path": f"{number}.png"})
    path = folder / "images.parquet"
    parquet.write_table(arrow.table({"image": cells, "label": [number % 2 for number in range(count)]}), path, row_group_size=7)
    return path


@needs_pyarrow
def test_a_large_parquet_file_lies_on_disk_and_is_looked_through_once(
    tmp_path: Path, choice: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workbench.data import arrow_files, arrow_kept

    path = large(tmp_path, 40, monkeypatch)
    first = open_dataset(str(path))
    sizes = first.image_sizes("image")
    assert len(first) == 39 and sizes is not None and sizes.tolist() == [[4, 6]] * 39
    assert [problem.kind for problem in first.problems] == ["unreadable"]
    monkeypatch.setattr(arrow_files, "_looked", None)
    monkeypatch.setattr(arrow_kept, "_written", None)
    again = open_dataset(str(path))
    assert list(again.ids()) == list(first.ids()) and again.fields == first.fields and again.problems == first.problems
    np.testing.assert_array_equal(np.asarray(again.column("image", np.array([4, 5])))[:, 0, 0, 0], [4, 6])
    prepared = prepare(again, choice(), ["image"], ["label"], budget=0)
    assert prepared.streams is not None
    kept = prepare(again, choice(), ["image"], ["label"])
    rows = kept.rows("train")[:8]
    assert torch.equal(prepared.batch(rows).values["image"], kept.batch(rows).values["image"])


@needs_pyarrow
def test_an_unpacked_file_whose_source_is_gone_makes_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = large(tmp_path, 8, monkeypatch)
    open_dataset(str(path))
    other = path.with_name("other.parquet")
    path.rename(other)
    open_dataset(str(other))
    assert len(list((tmp_path / "cache" / "arrow").glob("*.arrow"))) == 1
    other.write_bytes(other.read_bytes()[:-30])
    with pytest.raises(DataError):
        open_dataset(str(other))


@needs_pyarrow
def test_too_little_room_is_said_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from collections import namedtuple

    from workbench.data import arrow_kept

    path = large(tmp_path, 8, monkeypatch)
    usage = namedtuple("usage", "total used free")(1, 1, 0)
    monkeypatch.setattr(arrow_kept.shutil, "disk_usage", lambda _folder: usage)
    with pytest.raises(DataError, match="unpacked"):
        open_dataset(str(path))
    assert not list((tmp_path / "cache" / "arrow").iterdir())


@needs_pyarrow
def test_looking_through_a_large_file_can_be_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from workbench.data.progress import CancelledError, reporting

    path = large(tmp_path, 8, monkeypatch)
    with reporting(lambda _share, _sentence: None, lambda: True), pytest.raises(CancelledError):
        open_dataset(str(path))
    assert not list((tmp_path / "cache" / "arrow").iterdir())
