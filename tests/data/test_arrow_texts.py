"""Strings of Arrow are the same cells, and the same columns, with and without a Python string per row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

pa = pytest.importorskip("pyarrow", reason="pyarrow (the extra data) is not installed")

WORDS = some.one_of(some.none(), some.text(max_size=12), some.sampled_from(["", " a ", "b", "b ", "北京", "1.5", "NA", "\u3000x"]))


@settings(max_examples=150, deadline=None)
@given(some.lists(some.lists(WORDS, max_size=12), max_size=4), some.booleans(), some.integers(0, 3), some.sampled_from(["string", "large_string"]))
def test_cells_are_what_a_list_of_them_would_be(chunks: list[list[str | None]], few: bool, skipped: int, kind: str) -> None:
    from workbench.data import arrow_texts

    column = pa.chunked_array([pa.array(chunk, getattr(pa, kind)()) for chunk in chunks], type=getattr(pa, kind)()).slice(skipped)
    before = arrow_texts.FEWEST_ROWS, arrow_texts._MANY
    arrow_texts.FEWEST_ROWS, arrow_texts._MANY = 1, 1000 if few else -1
    try:
        cells = arrow_texts.cells_of(pa, column)
    finally:
        arrow_texts.FEWEST_ROWS, arrow_texts._MANY = before
    wanted = ["" if value is None else value.strip() for value in column.to_pylist()]
    assert list(cells) == wanted and [cells[place] for place in range(len(cells))] == wanted


@pytest.mark.parametrize("kinds", [5, 50, 100_000])
def test_a_long_column_is_read_as_a_short_one_is(tmp_path: Path, kinds: int, monkeypatch: pytest.MonkeyPatch) -> None:
    import pyarrow.parquet as parquet

    from workbench.data import arrow_texts
    from workbench.data.open import open_dataset

    count = 6000
    columns: dict[str, Any] = {
        "text": [f"words of row {row % kinds} 很好" for row in range(count)],
        "number": [None if row % 9 == 4 else str(row / 4) for row in range(count)],
        "day": [f"2024-{1 + row % 12:02}-{1 + row % 28:02}" for row in range(count)],
        "name": [f"row-{row}" for row in range(count)],
    }
    path = tmp_path / "t.parquet"
    parquet.write_table(pa.table(columns), path, row_group_size=1000)
    quick = open_dataset(str(path))
    monkeypatch.setattr(arrow_texts, "FEWEST_ROWS", 1 << 30)
    slow = open_dataset(str(path))
    assert quick.fields == slow.fields and quick.problems == slow.problems
    for field in slow.fields:
        one, other = quick.column(field.name), slow.column(field.name)
        if isinstance(other, np.ndarray):
            np.testing.assert_array_equal(one, other)
        else:
            assert list(one) == list(other)
