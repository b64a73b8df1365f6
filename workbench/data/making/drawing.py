"""Draws rows by the augmentations that training uses, from training rows, and returns them raw, to be kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from workbench.data.augmentation import AUGMENTATIONS
from workbench.data.augmentation.augmenter import Augmenter
from workbench.data.base import Batch, Dataset, FieldKind
from workbench.data.making.forms import Form, form_of
from workbench.data.making.sets import MOST_ROWS, Column, MadeSet
from workbench.data.order import mix
from workbench.data.progress import report
from workbench.data.streaming import memory_budget, readable_column
from workbench.errors import DataError, Text

if TYPE_CHECKING:
    from workbench.data.prepare import Prepared

_PART, _BATCH, _TRIES = 256, 64, 16
_HIDING = "token_mask"


@dataclass(frozen=True, slots=True)
class Space:
    """Stands where an `Augmenter` looks for prepared data: fields by their raw forms.

    Attributes:
        inputs, targets: The names of the fields.
        preprocessors: The form of every field that can be varied or moves along.
    """

    inputs: tuple[str, ...]
    targets: tuple[str, ...]
    preprocessors: Mapping[str, Form]


def keepable(choices: Sequence[Any]) -> tuple[list[Any], list[Text]]:
    """Returns the augmentations of which draws can be kept, and why the others cannot; those that are switched off are in neither."""
    kept, refused = list[Any](), list[Text]()
    for choice in choices:
        entry = AUGMENTATIONS[choice.name]
        if not choice.params.get("active", True):
            continue
        if entry.mixes_rows:
            refused.append(Text("{label} mixes two rows and their answers: a row of it has no one answer to keep.", label=entry.label))
        elif entry.name == _HIDING:
            refused.append(Text("{label} writes the unknown token, for which there is no word to keep.", label=entry.label))
        else:
            kept.append(choice)
    return kept, refused


def draw(
    dataset: Dataset, rows: np.ndarray, training: np.ndarray, choices: Sequence[Any], inputs: Sequence[str], targets: Sequence[str], *,
    copies: int, seed: int, name: str,
) -> MadeSet:
    """Draws copies of rows. A draw that changes nothing is drawn again a few times, then left out.

    Args:
        dataset: The data.
        rows: The rows to vary, int64; real rows to train on.
        training: All real rows to train on: the spread of series is theirs.
        choices: The augmentations, in order (each with `name` and `params`).
        inputs, targets: The fields that the model reads and learns.
        copies: Draws per row.
        seed: The same seed, the same rows.
        name: Of the set.

    Raises:
        DataError: Nothing can be varied, or the rows would be too many to keep.
    """
    kept, refused = keepable(choices)
    if not kept:
        raise DataError(
            refused[0] if refused else Text("There is no augmentation to draw rows by."),
            Text("Choose augmentations on the Data page, or with --augment NAME; `workbench catalogue augmentations` lists them."),
        )
    wanted = dict.fromkeys((*inputs, *targets))
    forms = {field.name: form for field in dataset.fields if field.name in wanted and (form := form_of(dataset, field, training)) is not None}
    # What is read and learned alike (a written text, an image to be made again) is varied as a whole: the kept row is its own answer.
    space = Space(
        tuple(name for name in dict.fromkeys(inputs) if name in forms),
        tuple(name for name in dict.fromkeys(targets) if name in forms and name not in inputs), forms,
    )
    if not space.inputs:
        raise DataError(
            Text("No augmentation varies numbers and categories alone."),
            Text("Rows can be made of images, texts, sounds and series; a run that writes texts can make rows too."),
        )
    augmenter = Augmenter(kept, cast("Prepared", space), seed)
    varied = list(dict.fromkeys(name for step in augmenter.steps for name in (*step.fields, *step.masks)))
    _check_size(dataset, rows, varied, copies)
    work = Drawing(dataset, augmenter, {name: forms[name] for name in varied}, copies, seed)
    for start in range(0, len(rows), _PART):
        report(start / len(rows), Text("Drawing rows: {count} of {rows}", count=start, rows=len(rows)))
        work.add(rows[start : start + _PART])
    if not work.sources:
        raise DataError(
            Text("No draw changed a row."), Text("Raise the probability or the strength of the augmentations."),
        )
    facts = {"how": "augmentation", "seed": seed, "augmentation": [{"name": choice.name, **choice.params} for choice in kept]}
    return MadeSet(name, work.sources, np.array(work.numbers, dtype=np.int64), work.columns(), facts)


class Drawing:
    """Rows that are being drawn.

    Args:
        dataset: The data.
        augmenter: Varies batches.
        forms: The fields that it varies.
        copies: Draws per row.
        seed: Of all draws.

    Attributes:
        sources, numbers: The source of every row drawn so far, and which draw of it that is.
    """

    def __init__(self, dataset: Dataset, augmenter: Augmenter, forms: Mapping[str, Form], copies: int, seed: int) -> None:
        self._dataset, self._augmenter, self._forms = dataset, augmenter, forms
        self._copies, self._seed, self._ids = copies, seed, dataset.ids()
        self._values: dict[str, list[Any]] = {name: [] for name in forms}
        self.sources: list[str] = []
        self.numbers: list[int] = []

    def add(self, rows: np.ndarray) -> None:
        """Draws all copies of some rows; those that cannot be read are passed over."""
        given: dict[str, Any] = {}
        for name in self._forms:
            given[name], unreadable = readable_column(self._dataset, name, rows)
            if unreadable:
                return self.add(rows[~np.isin(rows, list(unreadable))])
        groups: dict[Any, list[int]] = {}
        for place in range(len(rows)):
            groups.setdefault(tuple(form.alike(given[name][place]) for name, form in self._forms.items()), []).append(place)
        drawn: dict[tuple[int, int], dict[str, Any]] = {}
        for places in groups.values():
            for start in range(0, len(places), _BATCH):
                part = places[start : start + _BATCH]
                raw = {name: [given[name][place] for place in part] for name in self._forms}
                for copy in range(1, self._copies + 1):
                    drawn |= {(part[own], copy): values for own, values in self._drawn(raw, int(rows[part[0]]), copy).items()}
        for place, copy in sorted(drawn):
            self.sources.append(self._ids[int(rows[place])])
            self.numbers.append(copy)
            for name, values in self._values.items():
                values.append(drawn[place, copy][name])
        return None

    def _drawn(self, raw: Mapping[str, Sequence[Any]], first: int, copy: int) -> dict[int, dict[str, Any]]:
        """Returns one draw of every row of a batch that has changed within a few tries, by its place."""
        left = list(range(len(next(iter(raw.values())))))
        found: dict[int, dict[str, Any]] = {}
        for attempt in range(_TRIES):
            given = {name: [values[place] for place in left] for name, values in raw.items()}
            before, after = self._varied(given, mix(first, copy, attempt, "make"))
            for own, place in enumerate(left):
                if any(not np.array_equal(before[name][own], after[name][own]) for name in raw):
                    found[place] = {name: after[name][own] for name in raw}
            left = [place for place in left if place not in found]
            if not left:
                break
        return found

    def _varied(self, given: Mapping[str, Sequence[Any]], step: int) -> tuple[dict[str, list[Any]], dict[str, list[Any]]]:
        """Returns rows as they are and as a step shows them, both gone through the same form."""
        import torch

        tensors = {name: form.tensor(given[name]) for name, form in self._forms.items()}
        values = {name: pair[0] for name, pair in tensors.items()}
        lengths = {name: pair[1] for name, pair in tensors.items() if pair[1] is not None}
        batch = Batch(values, lengths, torch.arange(len(next(iter(values.values())))))
        changed = self._augmenter(batch, step)
        return tuple(  # type: ignore[return-value]
            {name: form.raw(item.values[name], item.lengths.get(name), given[name]) for name, form in self._forms.items()}
            for item in (batch, changed)
        )

    def columns(self) -> dict[str, Column]:
        """Returns what was drawn, by field: arrays where all rows have one form."""
        return {name: _column(self._dataset, name, values) for name, values in self._values.items()}


def _column(dataset: Dataset, name: str, values: list[Any]) -> Column:
    field = dataset.field(name)
    common = field.height if field.kind in (FieldKind.IMAGE, FieldKind.MASK) else field.length
    return np.stack(values) if common and field.kind != FieldKind.TEXT else values


def _check_size(dataset: Dataset, rows: np.ndarray, varied: Sequence[str], copies: int) -> None:
    few = rows[:32]
    count = len(rows) * copies
    values = [readable_column(dataset, name, few)[0] for name in varied]
    size = sum(sum(len(value) if isinstance(value, str) else np.asarray(value).nbytes for value in column) for column in values)
    needed, free = size / max(len(few), 1) * count, memory_budget()
    if count > MOST_ROWS or needed > free:
        raise DataError(
            Text("{count} rows are too many to keep ({size} MB).", count=count, size=round(needed / 1e6)),
            Text("Make fewer copies, or choose fewer rows with --rows."),
        )
