"""Strings of Arrow as cells: each different one kept once where they are few, else bytes and places; never a Python string per row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from workbench.data.tables.file_cells import Coded
from workbench.data.tables.texts import TextColumn

FEWEST_ROWS = 4096
"""Shorter columns are read as lists: that takes no time."""

_SAMPLE, _MANY, _MOST = 20_000, 5000, 20_000


def cells_of(arrow: Any, column: Any) -> Sequence[str]:
    """Returns the cells of a column without blanks around them; "" where there is none.

    Args:
        arrow: The package pyarrow.
        column: Strings, a `pyarrow.ChunkedArray`.
    """
    if len(column) < FEWEST_ROWS:
        return ["" if value is None else value.strip() for value in column.to_pylist()]
    if len(column.slice(0, _SAMPLE).unique()) <= _MANY:
        coded = _coded(column)
        if coded is not None:
            return coded
    return _texts(arrow, column)


def _coded(column: Any) -> Coded | None:
    """Returns the different cells and which of them every row has; None where there are too many."""
    encoded = column.dictionary_encode().unify_dictionaries()
    words = next((chunk.dictionary.to_pylist() for chunk in encoded.chunks), [])
    if len(words) > _MOST:
        return None
    numbers: dict[str, int] = {}
    places = np.array([numbers.setdefault((word or "").strip(), len(numbers)) for word in words], np.int32)
    codes = np.concatenate([chunk.indices.fill_null(len(words)).to_numpy(zero_copy_only=False) for chunk in encoded.chunks])
    if bool((codes == len(words)).any()):
        places = np.append(places, np.int32(numbers.setdefault("", len(numbers))))
    return Coded(list(numbers), places[codes].astype(np.int32, copy=False))


def _texts(arrow: Any, column: Any) -> TextColumn:
    """Returns the bytes of all cells and where each lies in them."""
    whole = column.cast(arrow.large_string()).combine_chunks()
    whole = arrow.concat_arrays(whole.chunks) if isinstance(whole, arrow.ChunkedArray) else whole
    _, offsets, data = whole.buffers()
    bounds = np.frombuffer(offsets, np.int64)[whole.offset : whole.offset + len(whole) + 1]
    starts, ends = bounds[:-1], bounds[1:]
    if whole.null_count:
        ends = np.where(whole.is_null().to_numpy(zero_copy_only=False), starts, ends)
    return TextColumn(memoryview(data) if data is not None else b"", starts, ends)
