"""Who writes samples of which format: other people's libraries, and what they wrote must be read back; damaged twins must be told.

A module of this folder called `*_writers.py` registers its writers in a list `WRITERS`. Every format of the catalogue that people bring
needs one writer with one damaged twin at least; `test_contract.py` asks all of them the same things.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from workbench.data.formats import FORMATS

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Written:
    """What a writer put on disk.

    Attributes:
        source: What a person drops or types.
        columns: What every field must say, by its name, row by row: images, masks, sounds and series as arrays, classes by their name.
        ids: The id that every row must have; None where it is made of the content, and rows come in the order of `columns`.
        splits: The split of every row where the source says it.
        tolerance: How far numbers may be off (sounds and pictures that were packed with loss).
        place: The file or folder that the twins damage; "" for the source.
    """

    source: Path
    columns: Mapping[str, Sequence[Any]]
    ids: Sequence[str] | None = None
    splits: Sequence[str] | None = None
    tolerance: float = 0.0
    place: Path | None = None

    @property
    def rows(self) -> int:
        """The number of rows."""
        return len(next(iter(self.columns.values())))


@dataclass(frozen=True)
class Damaged:
    """What must come of a damaged twin.

    Attributes:
        refused: What the sentence of the refusal says (a pattern), where nothing can be read at all.
        lost: The rows that are missing then, by their place, where the others are read as if nothing had happened.
        told: What one of the problems of the dataset says (a pattern).
        blank: Rows that stay but have lost a value, by field.
    """

    refused: str = ""
    lost: tuple[int, ...] = ()
    told: str = ""
    blank: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Writer:
    """One way of writing one format.

    Attributes:
        format: The catalogue name that the sample must be recognised as.
        name: What is special about this way; unique within the format.
        library: The package that writes it, by the name it is imported by.
        write: Writes a sample below an empty folder.
        twins: Damages a sample, by what is done to it.
        params: Parameters that opening needs; none is best.
        needs: What the reading side needs besides, by the name it is imported by.
        trains: Whether a project made of it must train; one way per format is enough.
    """

    format: str
    name: str
    library: str
    write: Callable[[Path], Written]
    twins: Mapping[str, Callable[[Written], Damaged]] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    trains: bool = False

    @property
    def missing(self) -> str:
        """The first package that is not installed here, or ""."""
        return next((name for name in (self.library, *self.needs) if find_spec(name) is None), "")

    def __str__(self) -> str:
        return f"{self.format}-{self.name}"


ELSEWHERE: Mapping[str, tuple[str, str]] = {
    "hub": ("test_arrow.py::test_the_hub_by_name_is_fetched_once", "test_arrow.py::test_what_the_hub_does_not_have_is_one_sentence"),
}
"""The formats that are no files and so have no writer: their round trip and their damaged twin, as tests beside this folder."""


def writers() -> tuple[Writer, ...]:
    """Returns all writers, in the order of their modules."""
    modules = [import_module(f"{__name__.rpartition('.')[0]}.{path.stem}") for path in sorted(HERE.glob("*_writers.py"))]
    return tuple(writer for module in modules for writer in module.WRITERS)


def brought() -> tuple[str, ...]:
    """Returns the names of the formats that people bring: all but generators and samples."""
    return tuple(sorted(entry.name for entry in FORMATS if entry.category == "file"))
