"""A dataset with made rows behind its own: their places follow those of the source, which keep theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from workbench.data.base import FREE, DataProblem, Dataset, Field, FieldKind, UnreadableRowsError
from workbench.data.making.sets import MadeSet, read_set
from workbench.data.row_ids import places_of
from workbench.errors import DataError, Text

_KINDS: Mapping[FieldKind, tuple[type, int]] = {
    FieldKind.IMAGE: (np.uint8, 3), FieldKind.MASK: (np.uint8, 2), FieldKind.SERIES: (np.float32, 2), FieldKind.AUDIO: (np.float32, 1),
    FieldKind.NUMBER: (np.float32, 0), FieldKind.CATEGORY: (np.int64, 0),
}
"""The type and the axes of one value of a field; texts are lists of str."""


class ChainedIds(Sequence[str]):
    """Ids of two sources, one after the other; neither is copied.

    Args:
        first, second: The ids.
    """

    def __init__(self, first: Sequence[str], second: Sequence[str]) -> None:
        self._first, self._second = first, second

    def __len__(self) -> int:
        return len(self._first) + len(self._second)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        place = int(index) + len(self) if index < 0 else int(index)
        return self._first[place] if place < len(self._first) else self._second[place - len(self._first)]


class MadeDataset(Dataset):
    """The rows of a source and sets of made rows behind them.

    Args:
        source: The dataset that the rows were made from.
        sets: What was made. Rows whose source is no longer there are left away and told as a problem.

    Attributes:
        plain: The dataset without made rows.
        sets: What was made.

    Raises:
        DataError: A set was made from other data.
    """

    def __init__(self, source: Dataset, sets: Sequence[MadeSet]) -> None:
        self.plain, self.sets = source, tuple(sets)
        self.format, self.source, self.fields, self.licence = source.format, source.source, source.fields, source.licence
        for made in sets:
            _check(source, made)
        places = places_of(source, [name for made in sets for name in made.sources if name])
        origins = [np.array([places.get(name, -1) if name else FREE for name in made.sources], dtype=np.int64) for made in sets]
        kept = [np.flatnonzero(origin != -1) for origin in origins]
        self._of_set = np.concatenate([np.full(len(rows), number) for number, rows in enumerate(kept)]).astype(np.int64)
        self._in_set = np.concatenate(kept)
        self._origins = np.concatenate([origin[rows] for origin, rows in zip(origins, kept, strict=True)])
        names = [made.ids() for made in sets]
        self._ids = [names[number][place] for number, place in zip(self._of_set.tolist(), self._in_set.tolist(), strict=True)]
        lost = sum(map(len, sets)) - len(self._ids)
        self.problems = (*source.problems, *([_lost(lost)] if lost else []))

    def __len__(self) -> int:
        return len(self.plain) + len(self._ids)

    def ids(self) -> Sequence[str]:
        return ChainedIds(self.plain.ids(), self._ids)

    def made_from(self) -> np.ndarray:
        return np.concatenate([np.full(len(self.plain), -1, dtype=np.int64), self._origins])

    def made_for(self, training: np.ndarray, held_out: np.ndarray) -> np.ndarray:
        trained, judged = np.zeros(len(self.plain), dtype=bool), np.zeros(len(self.plain), dtype=bool)
        trained[training], judged[held_out] = True, True
        learned = [np.array([*places_of(self.plain, made.learned).values()], dtype=np.int64) for made in self.sets]
        honest = np.array([not judged[rows].any() for rows in learned], dtype=bool)
        fit = np.where(self._origins == FREE, honest[self._of_set], trained[np.maximum(self._origins, 0)])
        return len(self.plain) + np.flatnonzero(fit)

    def column(self, name: str, rows: np.ndarray | None = None) -> Any:
        count = len(self.plain)
        if rows is None:
            return _joined(self.plain.column(name), self._made(name, np.arange(len(self._ids))))
        rows = np.asarray(rows, dtype=np.int64)
        made = rows >= count
        if not made.any():
            return self.plain.column(name, rows)
        values = _joined(self.plain.column(name, rows[~made]), self._made(name, rows[made] - count))
        place = np.empty(len(rows), dtype=np.int64)
        place[np.concatenate([np.flatnonzero(~made), np.flatnonzero(made)])] = np.arange(len(rows))
        return values[place] if isinstance(values, np.ndarray) else [values[index] for index in place]

    def _made(self, name: str, places: np.ndarray) -> Any:
        """Returns values of made rows, by their places among these."""
        found: list[Any] = [None] * len(places)
        for number, made in enumerate(self.sets):
            own = np.flatnonzero(self._of_set[places] == number)
            if not len(own):
                continue
            values = _taken(made.values[name], self._in_set[places[own]]) if name in made.values else self._of_sources(name, places[own])
            for place, value in zip(own.tolist(), values, strict=True):
                found[place] = value
        return found

    def _of_sources(self, name: str, places: np.ndarray) -> Sequence[Any]:
        """Returns what the sources of made rows hold; nothing where a row has no source."""
        origins = self._origins[places]
        field, free = self.field(name), origins == FREE
        try:
            values = self.plain.column(name, origins[~free])
        except UnreadableRowsError as error:
            rows = {int(place) + len(self.plain): error.rows[int(row)] for place, row in zip(places, origins, strict=True) if int(row) in error.rows}
            raise UnreadableRowsError(rows) from error
        given = iter(values)
        return [_nothing(field) if without else next(given) for without in free]

    def image_sizes(self, name: str) -> np.ndarray | None:
        sizes = self.plain.image_sizes(name)
        if sizes is None:
            return None
        own = np.empty((len(self._ids), 2), dtype=sizes.dtype)
        for number, made in enumerate(self.sets):
            at = np.flatnonzero(self._of_set == number)
            if name in made.values:
                own[at] = [np.shape(made.values[name][place])[:2] for place in self._in_set[at]]
            else:
                own[at] = sizes[self._origins[at]]
        return np.concatenate([sizes, own])

    def given_splits(self) -> np.ndarray | None:
        given = self.plain.given_splits()
        return None if given is None else np.concatenate([given, np.full(len(self._ids), "train")])

    def left_out(self) -> np.ndarray | None:
        return self.plain.left_out()

    def moved(self) -> Mapping[int, str]:
        return self.plain.moved()

    def deciding(self, row: int, field: str = "") -> Any:
        return self.plain.deciding(row, field) if row < len(self.plain) else None

    def word_spans(self, row: int) -> list[tuple[int, int]] | None:
        return self.plain.word_spans(row) if row < len(self.plain) else None


def with_made(dataset: Dataset, names: Sequence[str], base: Path | None) -> Dataset:
    """Returns a dataset with the made rows of these sets behind its own.

    Args:
        dataset: The data.
        names: The sets.
        base: The project folder that holds them.

    Raises:
        DataError: A set is not there, is damaged, or was made from other data.
    """
    return MadeDataset(dataset, [read_set(base, name) for name in names]) if names else dataset


def real_rows(dataset: Dataset) -> np.ndarray:
    """Returns the rows of the source, int64: all but made ones."""
    origins = dataset.made_from()
    return np.arange(len(dataset)) if origins is None else np.flatnonzero(origins == -1)


def made_rows(dataset: Dataset) -> np.ndarray:
    """Returns the rows that were made, int64."""
    origins = dataset.made_from()
    return np.zeros(0, dtype=np.int64) if origins is None else np.flatnonzero(origins != -1)


def _taken(column: Any, places: np.ndarray) -> Any:
    return np.asarray(column[places]) if isinstance(column, np.ndarray) else [column[int(place)] for place in places]


def _joined(real: Any, made: list[Any]) -> Any:
    if not isinstance(real, np.ndarray):
        return [*real, *made]
    return np.concatenate([real, np.asarray(made, dtype=real.dtype).reshape(-1, *real.shape[1:])]) if made else real


def _nothing(field: Field) -> Any:
    """Returns what stands for a missing value."""
    return "" if field.kind == FieldKind.TEXT else -1 if field.kind == FieldKind.CATEGORY else np.float32(np.nan)


def _check(source: Dataset, made: MadeSet) -> None:
    known = {field.name: field for field in source.fields}
    for name, column in made.values.items():
        field = known.get(name)
        if field is None or not _fits(field, column):
            raise DataError(
                Text("The made rows {name} were made from other data.", name=made.name),
                Text("Take {name} out of the made rows of the project, or restore its folder.", name=made.name),
            )


def _fits(field: Field, column: Any) -> bool:
    if field.kind == FieldKind.TEXT:
        return isinstance(column, list) and all(isinstance(value, str) for value in column[:1])
    if not len(column):
        return True
    if not isinstance(column[0], (np.ndarray, np.generic)):
        return False
    first = column[0]
    kind, axes = _KINDS[field.kind]
    common = {
        FieldKind.IMAGE: (field.height, field.width, field.channels), FieldKind.MASK: (field.height, field.width),
        FieldKind.SERIES: (field.length, field.features), FieldKind.AUDIO: (field.length,),
    }.get(field.kind, ())
    same = all(not size or size == own for size, own in zip(common, first.shape, strict=False))
    uniform = not (common and common[0]) or isinstance(column, np.ndarray)
    return first.dtype == kind and first.ndim == axes and same and uniform


def _lost(count: int) -> DataProblem:
    return DataProblem(
        "made-orphans", Text("{count} made rows are left out: the rows that they were made from are no longer there.", count=count),
        reason=Text("The data has changed since they were made."),
    )
