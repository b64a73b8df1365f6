"""From a dataset to batches: divide, fit on the training split, keep the columns resident, gather by index.

Columns that would take too much memory are not kept: they are fitted on a sample and fetched again for every batch (`streaming`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
import torch

from workbench.data.base import Batch, DataProblem, Dataset, Field, FieldKind, Split, UnreadableRowsError
from workbench.data.edited import same_values
from workbench.data.preprocessing.base import Preprocessor, Stored
from workbench.data.preprocessing.category import MISSING, CategoryPreprocessor
from workbench.data.preprocessing.image import ImagePreprocessor
from workbench.data.preprocessing.mask import MaskPreprocessor
from workbench.data.preprocessing.number import NumberPreprocessor
from workbench.data.preprocessing.params import PARAMS
from workbench.data.preprocessing.series import AudioPreprocessor, SeriesPreprocessor
from workbench.data.progress import report
from workbench.data.row_ids import joined, lots_of
from workbench.data.splits import SplitRule, divide, given_parts, stratum, take
from workbench.data.streaming import Streams, fitting_sample, memory_budget, readable_column, readable_values, sample_rows, weight
from workbench.errors import CatalogueError, DataError, Text
from workbench.graph.shape import Shape

VERSION = 1


class Choice(Protocol):
    """How data is prepared; `workbench.project.project.DataChoice` is one."""

    @property
    def split(self) -> SplitRule: ...

    @property
    def preprocessing(self) -> Mapping[str, Mapping[str, Any]]: ...

    @property
    def limit(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Learnt:
    """What preprocessing was made of.

    Attributes:
        params: Its parsed parameters; None where it was restored.
        rows: The rows that it was fitted on.
        stored: The rows that were made resident; None where they are streamed.
    """

    params: Any
    rows: np.ndarray
    stored: np.ndarray | None


@dataclass(frozen=True, eq=False)
class Prepared:
    """Data ready for training. Immutable.

    Attributes:
        dataset: Where the rows are from; row indices are indices into it.
        inputs, targets: The names of the fields.
        splits: Sorted row indices, int64, by split.
        preprocessors: By field name, inputs and targets.
        fitted: Everything learned, as JSON values; give it to `prepare` to get the same preprocessing again.
        problems: What preparing found (rows without a value, data that changed since it was fitted).
        device: Where the columns lie.
        stored: The resident columns by field name.
        streams: The fields that are fetched batch by batch, where there are any.
        learnt: What the preprocessing of each field was fitted on, so that it need not be fitted again where nothing of that has changed.
    """

    dataset: Dataset
    inputs: tuple[str, ...]
    targets: tuple[str, ...]
    splits: Mapping[Split, np.ndarray]
    preprocessors: Mapping[str, Preprocessor]
    fitted: dict[str, Any]
    problems: tuple[DataProblem, ...]
    device: torch.device
    stored: Mapping[str, Stored]
    position: torch.Tensor | None
    streams: Streams | None = None
    learnt: Mapping[str, Learnt] | None = None

    def batch(self, rows: torch.Tensor | np.ndarray | Sequence[int]) -> Batch:
        """Returns these rows, ready for the model: one index gather per field.

        Args:
            rows: Dataset row indices, int64 `(n,)`.

        Raises:
            UnreadableRowsError: Some of them cannot be read; only where fields are streamed.
        """
        wanted = torch.as_tensor(rows, dtype=torch.int64)
        places = wanted if self.position is None else self.position[wanted.to(self.position.device)]
        values: dict[str, torch.Tensor] = {}
        lengths: dict[str, torch.Tensor] = {}
        for name, stored in self.stored.items():
            values[name], valid = self.preprocessors[name].gather(stored, places)
            if valid is not None:
                lengths[name] = valid
        if self.streams is not None:
            streamed, valid_lengths = self.streams.fetch(wanted.cpu())
            values |= {name: tensor.to(self.device) for name, tensor in streamed.items()}
            lengths |= {name: tensor.to(self.device) for name, tensor in valid_lengths.items()}
        return Batch(values, lengths, wanted)

    def readable(self, rows: torch.Tensor) -> Batch:
        """Returns those of these rows that can be read, in their order; the others are noted in `streams.unreadable`."""
        while True:
            try:
                return self.batch(rows)
            except UnreadableRowsError as error:
                if self.streams is None or not error.rows:
                    raise
                self.streams.note(error.rows)
                kept = torch.tensor([int(row) not in error.rows for row in rows], dtype=torch.bool)
                if bool(kept.all()):
                    raise
                rows = rows[kept.to(rows.device)]

    def values(self, name: str, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Returns one field of these rows, model-ready, and the valid lengths; rows that cannot be read are left out."""
        if name in self.stored:
            places = rows if self.position is None else self.position.cpu()[rows]
            return self.preprocessors[name].gather(self.stored[name], places)
        stored = self.preprocessors[name].store(readable_column(self.dataset, name, rows.cpu().numpy())[0])
        return self.preprocessors[name].gather(stored, torch.arange(len(stored[0])))

    def to(self, device: torch.device | str) -> Prepared:
        """Returns the same data with its columns on another device."""
        target = torch.device(device)
        stored = {name: tuple(tensor.to(target) for tensor in tensors) for name, tensors in self.stored.items()}
        position = None if self.position is None else self.position.to(target)
        return replace(self, device=target, stored=MappingProxyType(stored), position=position)

    def count(self, split: Split | str) -> int:
        """Returns the number of rows of a split."""
        return len(self.splits[Split(split)])

    def rows(self, split: Split | str) -> torch.Tensor:
        """Returns the row indices of a split, int64 `(n,)`."""
        return torch.from_numpy(self.splits[Split(split)].copy())

    def raw(self, row: int) -> dict[str, Any]:
        """Returns the raw values of one row by field name, for display."""
        index = np.array([row])
        return {field.name: self.dataset.column(field.name, index)[0] for field in self.dataset.fields}

    def encode(self, raw: Mapping[str, Any]) -> Batch:
        """Returns values given by a person (a drawing, a typed text) as a batch of one row.

        Args:
            raw: Raw values by field name; fields that are neither input nor target are ignored.
        """
        known = {name: value for name, value in raw.items() if name in self.preprocessors}
        values = {name: self.preprocessors[name].encode_one(value).to(self.device) for name, value in known.items()}
        lengths = {
            name: torch.tensor([value.shape[1]], device=self.device) for name, value in values.items()
            if getattr(self.preprocessors[name], "ragged", self.preprocessors[name].kind == FieldKind.TEXT)
        }
        return Batch(values, lengths)

    def shapes(self) -> dict[str, Shape]:
        """Returns the shape of a batch of every field."""
        return {name: preprocessor.shape() for name, preprocessor in self.preprocessors.items()}

    @property
    def bytes(self) -> int:
        """The memory that the resident columns take."""
        return sum(tensor.nbytes for tensors in self.stored.values() for tensor in tensors)


def preprocessor_class(kind: FieldKind) -> type[Preprocessor]:
    """Returns the preprocessing of a kind of field."""
    if kind == FieldKind.TEXT:
        from workbench.data.preprocessing.text import TextPreprocessor

        return TextPreprocessor
    classes = (ImagePreprocessor, CategoryPreprocessor, NumberPreprocessor, SeriesPreprocessor, AudioPreprocessor, MaskPreprocessor)
    return next(candidate for candidate in classes if candidate.kind == kind)


def prepare(
    dataset: Dataset, choice: Choice, inputs: Sequence[str], targets: Sequence[str], fitted: Mapping[str, Any] | None = None, *,
    budget: int | None = None, before: Prepared | None = None,
) -> Prepared:
    """Divides the rows, fits preprocessing on the training split and makes the columns resident as far as memory allows.

    Args:
        dataset: The data.
        choice: Splits, preprocessing parameters and the row limit.
        inputs: The fields that the model reads.
        targets: The fields it learns to tell.
        fitted: The state of an earlier preparation, to be restored exactly; None fits anew.
        budget: Bytes that a column may take, raw and prepared; larger ones are streamed. Default: a quarter of the free memory.
        before: An earlier preparation. What an edit has not changed since is taken over; the result is the same as without it.

    Raises:
        DataError: A field is missing, or there are too few rows.
    """
    unreadable: dict[int, str] = {}
    while True:
        try:
            room = memory_budget() if budget is None else budget
            return _prepare(dataset, choice, inputs, targets, fitted, room, unreadable, before if fitted is None else None)
        except UnreadableRowsError as error:  # damaged rows of a column to be kept: left out, like rows without a value
            if not error.rows.keys() - unreadable.keys():
                raise
            unreadable.update(error.rows)


def _prepare(
    dataset: Dataset, choice: Choice, inputs: Sequence[str], targets: Sequence[str], fitted: Mapping[str, Any] | None, budget: int,
    unreadable: Mapping[int, str], before: Prepared | None,
) -> Prepared:
    names = tuple(dict.fromkeys((*inputs, *targets)))
    fields = {name: _field(dataset, name) for name in names}
    rows, splits, problems = _divided(dataset, choice, fields, targets, unreadable)
    real = _real(dataset, splits[Split.TRAIN])  # what is learned about the data is learned from what was measured
    _check_classes(dataset, targets, real)
    whole = len(rows) == len(dataset)
    preprocessors, stored, streamed, learnt = {}, {}, {}, {}
    for number, (name, field) in enumerate(fields.items()):
        report(number / len(fields), Text("preparing {field} of {count} rows", field=field.label or name, count=f"{len(rows):,}"))
        weighed = weight(dataset, field, params_of(field, choice.preprocessing.get(name, {})), rows)
        streams = weighed > budget
        sample = fitting_sample(real, choice.split.seed, sample_rows(field, weighed, len(rows))) if streams else real
        settings = _settings(choice, field, preprocessors)
        learnt[name] = Learnt(None if fitted is not None else params_of(field, settings), sample, None if streams else rows)
        known = _known(before, dataset, name, learnt[name])
        preprocessors[name] = known or _fitted(dataset, field, settings, sample, fitted)
        if streams:
            streamed[name] = preprocessors[name]
        else:
            kept = _kept(before, dataset, preprocessors[name], rows)
            stored[name] = preprocessors[name].store(dataset.column(name, None if whole else rows)) if kept is None else kept
    state = _state(dataset, splits, preprocessors)
    if fitted is not None and fitted.get("splits") != state["splits"]:
        problems.append(DataProblem("changed", Text("The rows of the data are no longer those that the model was trained on.")))
    return Prepared(
        dataset, tuple(inputs), tuple(targets), MappingProxyType(splits), MappingProxyType(preprocessors), state,
        tuple(problems), torch.device("cpu"), MappingProxyType(stored), None if whole else _positions(rows, len(dataset)),
        Streams(dataset, streamed) if streamed else None, MappingProxyType(learnt),
    )


def _known(before: Prepared | None, dataset: Dataset, name: str, learnt: Learnt) -> Preprocessor | None:
    """Returns the preprocessing of a field as it was fitted before on the same values of the same rows, or None."""
    held = (before.learnt or {}).get(name) if before is not None else None
    if before is None or held is None or held.params is None or not same_values(before.dataset, dataset, name):
        return None
    return before.preprocessors[name] if held.params == learnt.params and np.array_equal(held.rows, learnt.rows) else None


def _kept(before: Prepared | None, dataset: Dataset, preprocessor: Preprocessor, rows: np.ndarray) -> Stored | None:
    """Returns the resident column of a field as it was made before of the same values in the same way, or None."""
    name = preprocessor.field.name
    held = (before.learnt or {}).get(name) if before is not None else None
    if before is None or held is None or held.stored is None or name not in before.stored or before.device.type != "cpu":
        return None
    former = before.preprocessors[name]
    if not same_values(before.dataset, dataset, name) or not np.array_equal(held.stored, rows):
        return None
    alike = former is preprocessor or (type(former) is type(preprocessor) and former.state == preprocessor.state)
    return before.stored[name] if alike else None


def split_rows(dataset: Dataset, choice: Choice, inputs: Sequence[str], targets: Sequence[str]) -> dict[Split, np.ndarray]:
    """Returns the rows of every split as `prepare` divides them, without preparing anything: sorted row indices, int64.

    Args:
        dataset, choice, inputs, targets: As for `prepare`. Damaged files are not looked for.

    Raises:
        DataError: A field is missing, or there are too few rows.
    """
    fields = {name: _field(dataset, name) for name in dict.fromkeys((*inputs, *targets))}
    return _divided(dataset, choice, fields, targets, {})[1]


def _divided(
    dataset: Dataset, choice: Choice, fields: Mapping[str, Field], targets: Sequence[str], unreadable: Mapping[int, str],
) -> tuple[np.ndarray, dict[Split, np.ndarray], list[DataProblem]]:
    """Returns the rows that are used at all, sorted, those of every split, and what was left out."""
    usable, problems = _usable_rows(dataset, fields, targets, unreadable)
    stratify = stratum(dataset, targets)
    real = _real(dataset, usable)
    rows = _limited(dataset, choice, real, stratify)
    made = usable[:0] if real is usable else usable[~_among(real, len(dataset))[usable]]
    splits = divide(dataset, choice.split, np.concatenate([rows, made]), stratify)
    idle = int(np.count_nonzero(~_among(splits[Split.TRAIN], len(dataset))[made])) if len(made) else 0
    if idle and not choice.split.folds and choice.split.share == 1:  # else it is meant so
        problems.append(DataProblem(
            "made-idle", Text("{count} of {made} made rows are not trained on.", count=idle, made=len(made)),
            reason=Text("The rows that they were made from do not train as the data is divided now; make them again."),
        ))
    return np.flatnonzero(_among(np.concatenate([rows, splits[Split.TRAIN]]), len(dataset))), splits, problems


def _among(rows: np.ndarray, count: int) -> np.ndarray:
    """Returns which of all rows are among these, bool `(count,)`."""
    found = np.zeros(count, dtype=bool)
    found[rows] = True
    return found


def _real(dataset: Dataset, rows: np.ndarray) -> np.ndarray:
    """Returns those of these rows that were not made."""
    origins = dataset.made_from()
    return rows if origins is None else rows[origins[rows] == -1]


def _field(dataset: Dataset, name: str) -> Field:
    try:
        return dataset.field(name)
    except KeyError as error:
        raise DataError(
            Text("The data has no field called {name}.", name=name),
            Text("It has {names}.", names=", ".join(field.name for field in dataset.fields) or "none"),
        ) from error


def _usable_rows(
    dataset: Dataset, fields: Mapping[str, Field], targets: Sequence[str], unreadable: Mapping[int, str],
) -> tuple[np.ndarray, list[DataProblem]]:
    """Returns the rows that can be read and have every category and every target, and what was left out."""
    keep = np.ones(len(dataset), dtype=bool)
    keep[list(unreadable)] = False
    out = dataset.left_out()
    if out is not None:
        keep[out] = False
    wanted = keep.copy()
    for name, field in fields.items():
        if field.kind == FieldKind.CATEGORY or (field.kind == FieldKind.NUMBER and name in targets):
            raw = np.asarray(dataset.column(name))
            keep &= raw != MISSING if field.kind == FieldKind.CATEGORY else np.isfinite(raw)
    left_out = np.flatnonzero(wanted & ~keep)
    ids = dataset.ids()
    problems = [DataProblem("unreadable", reason, (ids[row],), Text("It is left out.")) for row, reason in list(unreadable.items())[:1000]]
    if len(left_out):
        problems.append(DataProblem(
            "missing", Text("{count} rows have no value in a field that is needed and are left out.", count=len(left_out)),
            tuple(ids[int(row)] for row in left_out[:1000]),
        ))
    return np.flatnonzero(keep), problems


def _limited(dataset: Dataset, choice: Choice, rows: np.ndarray, stratify: str) -> np.ndarray:
    if not choice.limit or choice.limit >= len(rows):
        return rows
    groups = np.zeros(len(rows), dtype=np.int64) if not stratify else np.asarray(dataset.column(stratify, rows), dtype=np.int64)
    given = given_parts(dataset, choice.split)
    if given is not None:
        groups = groups * len(Split) + np.unique(given[rows], return_inverse=True)[1]
    return rows[take(choice.limit, groups, lots_of(dataset, rows, choice.split.seed))]


def _check_classes(dataset: Dataset, targets: Sequence[str], training: np.ndarray) -> None:
    for name in targets:
        if dataset.field(name).kind == FieldKind.CATEGORY and len(np.unique(dataset.column(name, training))) < 2:
            raise DataError(
                Text("All rows to train on are of one class of {field}: there is nothing to tell apart.", field=name),
                Text("Add examples of at least one more class."),
            )


def _settings(choice: Choice, field: Field, fitted: Mapping[str, Preprocessor]) -> Mapping[str, Any]:
    """Returns how a field is to be prepared; a mask without a size of its own follows the image of its size."""
    given = choice.preprocessing.get(field.name, {})
    if field.kind != FieldKind.MASK or given.get("height") or given.get("width"):
        return given
    size = (field.height, field.width)
    image = next((item for item in fitted.values() if isinstance(item, ImagePreprocessor) and (item.field.height, item.field.width) == size), None)
    return given if image is None else {**given, "height": image.height, "width": image.width}


def _fitted(
    dataset: Dataset, field: Field, settings: Mapping[str, Any], training: np.ndarray, fitted: Mapping[str, Any] | None,
) -> Preprocessor:
    kind = preprocessor_class(field.kind)
    if fitted is not None:
        return kind.restore(field, fitted["fields"][field.name])
    whole = field.kind != FieldKind.AUDIO  # of sounds only the lengths are wanted
    column = readable_column(dataset, field.name, training)[0] if whole else readable_values(dataset, field.name, training)
    return kind.fit(field, column, params_of(field, settings))


def params_of(field: Field, raw: Mapping[str, Any]) -> Any:
    """Returns the parsed preprocessing parameters of a field.

    Raises:
        DataError: One is unknown or out of range.
    """
    from pydantic import ValidationError

    from workbench.catalogue import explain_validation

    try:
        return PARAMS[field.kind](**raw)
    except (ValidationError, TypeError, CatalogueError) as error:
        raise DataError(*explain_validation(field.label or field.name, error)) from error


def _state(dataset: Dataset, splits: Mapping[Split, np.ndarray], preprocessors: Mapping[str, Preprocessor]) -> dict[str, Any]:
    return {
        "version": VERSION,
        "splits": {str(split): {"rows": len(rows), "hash": _hash(dataset, rows)} for split, rows in splits.items()},
        "fields": {name: {"kind": str(item.kind), **item.state} for name, item in preprocessors.items()},
    }


def _hash(dataset: Dataset, rows: np.ndarray) -> str:
    return blake2b(joined(dataset.ids(), rows), digest_size=8).hexdigest()


def _positions(rows: np.ndarray, length: int) -> torch.Tensor:
    positions = torch.full((length,), -1, dtype=torch.int64)
    positions[torch.from_numpy(rows)] = torch.arange(len(rows))
    return positions
