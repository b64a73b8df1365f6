"""Long texts cut into rows of so many words, characters, lines or paragraphs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Literal

import numpy as np

from workbench.catalogue import Params, param
from workbench.data.base import DataProblem, Dataset, Field, FieldKind, Split
from workbench.data.lexicon import CJK
from workbench.errors import DataError, Text

_UNITS = {
    "word": re.compile(rf"[{CJK}]|[^\W_{CJK}]+(?:['’-][^\W_{CJK}]+)*|[^\w\s]|_"),
    "line": re.compile(r"[^\n]*\S[^\n]*"),
    "paragraph": re.compile(r"[^\n]*\S[^\n]*(?:\n[^\n]*\S[^\n]*)*"),
}
_HELD_OUT = 0.1
_MANY_TEXTS = 20
_FEW_ROWS = 30


class WindowParams(Params):
    """How a long text becomes rows."""

    unit: Literal["word", "character", "line", "paragraph"] = param(
        "word", label="Count in", help="What rows are counted in: words (of Chinese, characters), characters, lines or paragraphs.",
        choices=("word", "character", "line", "paragraph"),
    )
    length: int = param(48, label="Row length", help="How many of them make up a row.", ge=1, le=100_000, log=True)
    stride: int = param(
        0, label="Stride", help="How far the next row begins after the last; 0: where that ends. Less than the length makes rows overlap.",
        ge=0, le=100_000,
    )
    encoding: str = param("", label="Encoding", help="Such as utf-8 or gbk; empty finds it out.", main=False)


@dataclass(frozen=True, slots=True)
class Document:
    """One text that rows are cut from.

    Attributes:
        name: A file or a title; unique.
        text: All of it.
    """

    name: str
    text: str


class WindowsDataset(Dataset):
    """Rows that are parts of longer texts; only the texts are kept.

    Args:
        documents: The texts.
        places: Document, first and last character of every row, int64 `(n, 3)`.
        splits: The split of every row, or None.
        **rest: `format`, `source` and `problems`.
    """

    def __init__(
        self, documents: Sequence[Document], places: np.ndarray, splits: np.ndarray | None, *, format: str, source: str,
        problems: Sequence[DataProblem] = (),
    ) -> None:
        self.format, self.source, self.problems = format, source, tuple(problems)
        self.fields = (Field("text", FieldKind.TEXT, Text("Text")),)
        self._documents, self._places, self._splits = documents, places, splits

    def __len__(self) -> int:
        return len(self._places)

    def ids(self) -> Sequence[str]:
        return [f"{self._documents[document].name}@{start}" for document, start, _ in self._places.tolist()]

    def column(self, name: str, rows: np.ndarray | None = None) -> Any:
        if name != "text":
            raise KeyError(name)
        places = self._places if rows is None else self._places[rows]
        return [self._documents[document].text[start:end] for document, start, end in places.tolist()]

    def given_splits(self) -> np.ndarray | None:
        return self._splits


def windows(documents: Sequence[Document], params: WindowParams, format: str, source: str, problems: Sequence[DataProblem] = ()) -> Dataset:
    """Returns texts as rows.

    The last tenth of every text is for testing and the tenth before for validation (of many texts, every tenth text), so that no row of one
    split overlaps one of another; rows across a border are left out. Of very few rows the project's own rule divides.

    Raises:
        DataError: There is no text in them.
    """
    parts, splits = list[np.ndarray](), list[np.ndarray]()
    for number, document in enumerate(documents):
        starts, ends = _spans(document.text, params.unit)
        first, last = _cut(len(starts), params.length, params.stride or params.length)
        parts.append(np.stack([np.full(len(first), number), starts[first], ends[last - 1]], axis=1))
        splits.append(_split(document, first, last, len(starts), len(documents)))
    places = np.concatenate(parts) if parts else np.zeros((0, 3), np.int64)
    if not len(places):
        raise DataError(Text("There is no text in {path}.", path=source), Text("Choose a file or folder with text in it."))
    given = np.concatenate(splits)
    if len(places) < _FEW_ROWS or len(np.unique(given[given != ""])) < len(Split):
        return WindowsDataset(documents, places, None, format=format, source=source, problems=problems)
    return WindowsDataset(documents, places[given != ""], given[given != ""], format=format, source=source, problems=problems)


def _spans(text: str, unit: str) -> tuple[np.ndarray, np.ndarray]:
    """Returns where the words, lines or paragraphs of a text start and end."""
    if unit == "character":
        places = np.arange(len(text) + 1 if text.strip() else 1, dtype=np.int64)
        return places[:-1], places[1:]
    found = np.array([match.span() for match in _UNITS[unit].finditer(text)], dtype=np.int64).reshape(-1, 2)
    return found[:, 0], found[:, 1]


def _cut(count: int, length: int, stride: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns the first unit of every row and the one after its last; a short rest counts where it is a quarter of a row or all there is."""
    first = np.arange(0, count, stride, dtype=np.int64)
    last = np.minimum(first + length, count)
    new = last > np.concatenate(([0], last[:-1])) if len(last) else np.zeros(0, bool)
    keep = new & ((last - first >= max(1, length // 4)) | (first == 0))
    return first[keep], last[keep]


def _split(document: Document, first: np.ndarray, last: np.ndarray, count: int, documents: int) -> np.ndarray:
    """Returns the split of every row; "" for those across a border."""
    if documents >= _MANY_TEXTS:
        place = int.from_bytes(blake2b(document.name.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big") / 2**64
        split = Split.TEST if place < _HELD_OUT else Split.VALIDATION if place < 2 * _HELD_OUT else Split.TRAIN
        return np.full(len(first), str(split), dtype="U10")
    borders = [0, round(count * (1 - 2 * _HELD_OUT)), round(count * (1 - _HELD_OUT)), count]
    found = np.full(len(first), "", dtype="U10")
    for split, low, high in zip((Split.TRAIN, Split.VALIDATION, Split.TEST), borders[:-1], borders[1:], strict=True):
        found[(first >= low) & (last <= high)] = str(split)
    return found
