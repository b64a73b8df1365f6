"""The contract of a dataset: typed fields, stable row ids, rows fetched by index arrays."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from workbench.catalogue import Entry
from workbench.errors import DataError, Text

_EMPTY: Mapping[str, Any] = MappingProxyType({})

FREE = -2
"""What `Dataset.made_from` says of a made row that has no single row it was made from."""


class Split(StrEnum):
    """The three parts of a dataset."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


class FieldKind(StrEnum):
    """What one column of a dataset holds."""

    IMAGE = "image"
    TEXT = "text"
    CATEGORY = "category"
    NUMBER = "number"
    SERIES = "series"
    AUDIO = "audio"
    MASK = "mask"


@dataclass(frozen=True, slots=True)
class Field:
    """One column.

    Attributes:
        name: Unique in the dataset; an ASCII identifier.
        kind: What it holds.
        label: What people call it; "" means the name. A `Text` where it is the program's own word.
        channels, height, width: For images: 1 (grey) or 3 (colour), and the common size in pixels, or 0 where sizes differ; masks have a size too.
        categories: For categories and masks: the class names, in the order of their ids.
        unit: For numbers.
        length: For series and sounds: the common number of steps or samples, or 0 where rows differ.
        features: For series: how many numbers each step has.
        rate: For sounds: samples per second.
        type: What a column of a table was taken for, where its kind does not say it: `date`, `boolean`, `id` or `constant`.
    """

    name: str
    kind: FieldKind
    label: str = ""
    channels: int = 0
    height: int = 0
    width: int = 0
    categories: tuple[str, ...] = ()
    unit: str = ""
    length: int = 0
    features: int = 0
    rate: int = 0
    type: str = ""


@dataclass(frozen=True, slots=True)
class DataProblem:
    """Something found in the data.

    Attributes:
        kind: A stable id (`unreadable`, `imbalance`, `duplicate`, `empty-text`).
        message: One sentence.
        rows: Ids of the rows concerned (for files that could not be read: their paths).
        reason: Why it matters.
        groups: Where rows belong together (copies): the ids of each group, the row to keep first.
        suggested: What each row should perhaps say instead, by row id (a class).
        field: The field that it is about, where it is about one; of groups and times also what `group` and `time` of a split can say.
    """

    kind: str
    message: str
    rows: tuple[str, ...] = ()
    reason: str = ""
    groups: tuple[tuple[str, ...], ...] = ()
    suggested: Mapping[str, str] = field(default_factory=lambda: _EMPTY)
    field: str = ""


class UnreadableRowsError(DataError):
    """Some of the rows asked for cannot be read (a damaged file); the others can be asked for again without them.

    Attributes:
        rows: Why each of them cannot be read, one sentence by row index.
    """

    def __init__(self, rows: Mapping[int, str]) -> None:
        self.rows = dict(rows)
        first = next(iter(self.rows.values()), "")
        super().__init__(
            Text("{count} rows cannot be read. {first}", count=len(self.rows), first=first), Text("Leave them out, or replace the files."),
        )


class Dataset(ABC):
    """Rows with typed fields, fetched by index arrays. Immutable; opening is cheap, columns are read when asked for.

    Attributes:
        format: The name of the format it was opened with.
        source: What was opened: a path or `generated:NAME`.
        fields: The columns.
        problems: What opening found (unreadable rows are left out and listed here).
        licence: The licence of the data where known (shown, written into bundles).
    """

    format: str = ""
    source: str = ""
    fields: tuple[Field, ...] = ()
    problems: tuple[DataProblem, ...] = ()
    licence: str = ""

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def ids(self) -> Sequence[str]:
        """Returns the stable id of every row (path or content, not position)."""

    @abstractmethod
    def column(self, name: str, rows: np.ndarray | None = None) -> Any:
        """Returns raw values of one field for these rows (all where None).

        Image: uint8 `(n, H, W, C)` where the size is common, else a list of uint8 `(H, W, C)`. Text: a list of str.
        Category: int64 `(n,)`. Number: float32 `(n,)`. Series: float32 `(n, T, F)`. Audio: float32 `(n, T)` between -1 and 1; both are a list
        with one array per row where the field has no common length. Mask: uint8 `(n, H, W)`, the class of every pixel.

        Raises:
            UnreadableRowsError: A source that reads lazily met damaged files; opening does not find all of them.
        """

    def image_sizes(self, name: str) -> np.ndarray | None:
        """Returns height and width `(n, 2)` of every image of a field that is decoded only when asked for; None where it is in memory.

        Where this is not None, the whole column may be far too large to ask for.
        """
        return None

    def given_splits(self) -> np.ndarray | None:
        """Returns the split the source itself assigns to each row (`train`, `validation`, `test`), or None."""
        return None

    def left_out(self) -> np.ndarray | None:
        """Returns the rows that people have left out, int64 and sorted, or None. They keep their places but enter no split."""
        return None

    def moved(self) -> Mapping[int, str]:
        """Returns the split of every row that people have moved, by row."""
        return {}

    def made_from(self) -> np.ndarray | None:
        """Returns the row that each row was made from, int64 `(n,)`, or None where no row is made.

        -1 stands for rows of the source, `FREE` for made rows that come from no single row.
        """
        return None

    def made_for(self, training: np.ndarray, held_out: np.ndarray) -> np.ndarray:
        """Returns the made rows that may be trained on beside rows of the source, int64: they give nothing away that is judged by.

        Args:
            training: The rows of the source that are trained on, int64.
            held_out: Those that validate and test.
        """
        return np.zeros(0, dtype=np.int64)

    def deciding(self, row: int, field: str = "") -> Any:
        """Returns which part of the input decides, where the source knows (generated data); else None.

        Args:
            row: The row.
            field: The input in question, where there are several; "" is the first.

        Returns:
            For images a bool `(H, W)`, for series a bool `(T,)`, for texts the indices of the deciding words, for tables the names of the
            deciding fields.
        """
        return None

    def word_spans(self, row: int) -> list[tuple[int, int]] | None:
        """Returns where each word of a text starts and ends, in characters, where the source knows; `deciding` counts these."""
        return None

    def field(self, name: str) -> Field:
        """Returns the field of that name.

        Raises:
            KeyError: There is none.
        """
        for item in self.fields:
            if item.name == name:
                return item
        raise KeyError(name)


@dataclass(frozen=True, slots=True)
class Question:
    """Something that the data itself cannot decide.

    Attributes:
        param: The parameter of the format that the answer sets.
        text: The question, one sentence.
        choices: The possible answers: the value of the parameter, and what it means.
        default: What is taken as long as nobody answers.
    """

    param: str
    text: str
    choices: tuple[tuple[Any, str], ...]
    default: Any = ""


class Format(Entry, ABC):
    """One way data lies on disk (or is generated). One class in one module of `workbench/data/formats/`.

    Attributes:
        priority: Higher is asked first.
    """

    priority: ClassVar[int] = 0

    def recognises(self, path: Path) -> bool:
        """Whether `path` looks like this format. Cheap; never raises."""
        return False

    def questions(self, path: Path, params: Any) -> tuple[Question, ...]:
        """Returns what must be asked before `path` is opened with these parameters: nothing where all is clear. Cheap; never raises."""
        return ()

    @abstractmethod
    def open(self, source: str, params: Any) -> Dataset:
        """Opens the data.

        Raises:
            DataError: It cannot be read; nothing was written.
        """


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows ready for the model.

    Attributes:
        values: Model-ready tensors by field name, on the run's device: image float32 `(N, C, H, W)`, text int64 `(N, T)`,
            category int64 `(N,)`, number float32 `(N,)`, series float32 `(N, T, F)`, audio float32 `(N, T)`, mask int64 `(N, H, W)`.
        lengths: Valid lengths `(N,)` int64 by field name, for fields whose rows differ in length.
        rows: Dataset row indices `(N,)` int64.
        partner: Where rows are mixed: the row of the batch that each is mixed with, `(N,)` int64; else None.
        share: How much of each row is its own then.
    """

    values: Mapping[str, Any]
    lengths: Mapping[str, Any] = field(default_factory=lambda: _EMPTY)
    rows: Any = None
    partner: Any = None
    share: float = 1.0
