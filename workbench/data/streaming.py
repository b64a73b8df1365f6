"""Columns too large for memory: what they would weigh, and fetching rows of them batch by batch."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from workbench.data.base import Dataset, Field, FieldKind, UnreadableRowsError
from workbench.data.preprocessing.base import Preprocessor

SHARE_OF_MEMORY = 0.25
SAMPLE_ROWS = 4096
"""Training rows that preprocessing is fitted on where a column does not fit into memory."""

SAMPLE_BYTES = 256 << 20
"""What they weigh at most, raw and prepared: fewer rows of large photographs say as much."""

LIGHT_SECONDS = 1e-4
"""Rows that take less than this are fetched by one thread at a time: several would mostly wait for each other, and hold up whoever trains."""

STREAMED = frozenset({FieldKind.IMAGE, FieldKind.TEXT, FieldKind.SERIES, FieldKind.AUDIO, FieldKind.MASK})
_PROBED_ROWS = 32
_PART_ROWS = 64
_JUDGED_BATCHES = 4
_FLOAT_BYTES = 4


def memory_budget() -> int:
    """Returns how many bytes the resident columns of a dataset may take: a quarter of the memory that is free now."""
    import psutil

    return int(psutil.virtual_memory().available * SHARE_OF_MEMORY)


def weight(dataset: Dataset, field: Field, params: Any, rows: np.ndarray) -> int:
    """Returns how many bytes a field would take in memory, raw values and prepared ones, judged by a few rows.

    Args:
        dataset: The data.
        field: The field.
        params: Its parsed preprocessing parameters.
        rows: The rows that would be kept, int64 `(n,)`.
    """
    if field.kind not in STREAMED or not len(rows):
        return 0
    probe = rows[np.unique(np.linspace(0, len(rows) - 1, min(len(rows), _PROBED_ROWS)).astype(np.int64))]
    raw = _probed(dataset, field.name, probe)
    if not len(raw):
        return 0
    return round(len(rows) * (_raw_bytes(raw) + _prepared_bytes(field, params, raw)) / len(raw))


def _probed(dataset: Dataset, name: str, rows: np.ndarray) -> Any:
    try:
        return dataset.column(name, rows)
    except UnreadableRowsError as error:
        good = rows[~np.isin(rows, list(error.rows))]
        return _probed(dataset, name, good) if 0 < len(good) < len(rows) else []


def _raw_bytes(raw: Any) -> float:
    if isinstance(raw, np.ndarray):
        return raw.nbytes
    return sum(len(value.encode("utf-8", "replace")) if isinstance(value, str) else value.nbytes for value in raw)


def _prepared_bytes(field: Field, params: Any, raw: Any) -> float:
    if field.kind == FieldKind.IMAGE:
        return sum(_image_bytes(image.shape, params) for image in raw)
    if field.kind == FieldKind.TEXT:
        return _FLOAT_BYTES * sum(min(params.maximum_length, len(text) + 1) for text in raw)
    return _FLOAT_BYTES * sum(np.asarray(value).size for value in raw)


def _image_bytes(shape: tuple[int, ...], params: Any) -> int:
    height, width, channels = params.height or shape[0], params.width or shape[1], params.channels or shape[2]
    return height * width * channels * (1 if (height, width, channels) == shape else _FLOAT_BYTES)


class Streams:
    """The fields of a dataset that are fetched for every batch anew. Safe to ask from several threads.

    Args:
        dataset: Where the rows are from.
        preprocessors: The fitted preprocessing of every streamed field, by name.

    Attributes:
        unreadable: Why a row could not be read, for every row met so far that could not.
        seconds: What a row of each of the last batches took to fetch.
    """

    def __init__(self, dataset: Dataset, preprocessors: Mapping[str, Preprocessor]) -> None:
        self.dataset, self.preprocessors = dataset, dict(preprocessors)
        self.unreadable: dict[int, str] = {}
        self.seconds = deque[float](maxlen=_JUDGED_BATCHES)
        self._lock = threading.Lock()

    def fetch(self, rows: torch.Tensor) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
        """Returns model-ready values and valid lengths of these rows by field name, on the CPU.

        Raises:
            UnreadableRowsError: Some of them cannot be read.
        """
        places = rows.numpy()
        known = {int(row): self.unreadable[int(row)] for row in places if int(row) in self.unreadable} if self.unreadable else {}
        if known:
            raise UnreadableRowsError(known)
        values: dict[str, torch.Tensor] = {}
        lengths: dict[str, torch.Tensor] = {}
        for name, preprocessor in self.preprocessors.items():
            values[name], valid = preprocessor.fetched(self.dataset.column(name, places))
            if valid is not None:
                lengths[name] = valid
        return values, lengths

    @property
    def light(self) -> bool:
        """Whether rows take so little that one thread had better fetch them; the fastest of the last batches counts, others were held up."""
        return not self.seconds or min(self.seconds) < LIGHT_SECONDS

    def note(self, rows: Mapping[int, str]) -> None:
        """Remembers rows that cannot be read; they are not tried again."""
        with self._lock:
            self.unreadable.update(rows)


def sample_rows(field: Field, weighed: int, rows: int) -> int:
    """Returns how many rows preprocessing is fitted on, of a column that weighs so many bytes over so many rows."""
    if field.kind == FieldKind.AUDIO:  # the longest one is looked for, with few of them in memory at a time
        return SAMPLE_ROWS
    return min(SAMPLE_ROWS, max(_PROBED_ROWS, SAMPLE_BYTES * rows // max(weighed, 1)))


def readable_values(dataset: Dataset, name: str, rows: np.ndarray) -> Iterator[Any]:
    """Returns raw values of those of these rows that can be read one after the other, of which only a few are in memory at a time."""
    for start in range(0, len(rows), _PART_ROWS):
        yield from readable_column(dataset, name, rows[start:start + _PART_ROWS])[0]


def fitting_sample(rows: np.ndarray, seed: int, count: int = SAMPLE_ROWS) -> np.ndarray:
    """Returns a seeded choice of rows, sorted; all where there are no more than `count`."""
    if len(rows) <= count:
        return rows
    return np.sort(np.random.default_rng([seed & 0xFFFFFFFF, 0x5A]).choice(rows, count, replace=False))


def readable_column(dataset: Dataset, name: str, rows: Sequence[int] | np.ndarray | None) -> tuple[Any, dict[int, str]]:
    """Returns raw values of those of these rows that can be read, and why the others cannot, by row."""
    unreadable: dict[int, str] = {}
    left = rows
    while True:
        try:
            return dataset.column(name, None if left is None else np.asarray(left, dtype=np.int64)), unreadable
        except UnreadableRowsError as error:
            left = np.arange(len(dataset)) if left is None else np.asarray(left, dtype=np.int64)
            if not np.isin(left, list(error.rows)).any():
                raise
            unreadable.update(error.rows)
            left = left[~np.isin(left, list(error.rows))]
