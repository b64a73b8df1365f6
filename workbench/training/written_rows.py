"""Texts that a run writes, kept as rows of its project."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.data.base import Dataset, FieldKind, Split
from workbench.data.joining import put_together
from workbench.data.making.sets import MadeSet, checked_name, free_name
from workbench.data.making.view import real_rows
from workbench.data.order import mix
from workbench.data.prepare import Prepared, split_rows
from workbench.data.progress import report
from workbench.errors import DataError, Text
from workbench.project.feeding import input_fields, target_fields
from workbench.project.making import Making, keep
from workbench.training.load import load_model

if TYPE_CHECKING:
    from workbench.project.project import Project
    from workbench.project.runs import RunFolder

BEGIN, UNKNOWN = 0, 1
"""The token that begins and ends a text, and the one that stands for words which the run does not know: it is never written."""

MOST_TEXTS = 100_000
_BATCH, _TRIES = 64, 4


def write_rows(
    project: Project, folder: Path, dataset: Dataset, run: RunFolder, *, count: int, temperature: float = 1.0, name: str = "",
    seed: int | None = None,
) -> Making:
    """Lets a run write texts from nothing and keeps them as rows to train on. What stands in its training data word by word is left out.

    Args:
        project: What will train on them.
        folder: Its folder.
        dataset: Its data, opened.
        run: A run of a model that learns the next token of a text and reads nothing else.
        count: How many texts to keep.
        temperature: Below 1 the likely words come oftener, above 1 the unlikely ones.
        name: Of the set; "" finds one.
        seed: Of the draws; None makes one of that of the recipe and the name.

    Raises:
        DataError: The run writes no texts, or was trained on rows that this project is judged by.
    """
    if not (1 <= count <= MOST_TEXTS and 0 < temperature <= 10):
        raise DataError(
            Text("{count} texts at a temperature of {temperature} cannot be written.", count=count, temperature=temperature),
            Text("Choose up to {most} texts, and a temperature above 0 and up to 10.", most=MOST_TEXTS),
        )
    called = checked_name(name) if name else free_name(folder, project.data.made)
    model, prepared = load_model(run)
    field = _field_written(project, dataset, model, run)
    learned = _learned(project, dataset, prepared, run)
    chosen = mix(project.recipe.seed, called) if seed is None else seed
    texts = _new_texts(model, prepared, field, _known(dataset, field), count, temperature, chosen)
    if not texts:
        raise DataError(
            Text("The run {run} wrote nothing new.", run=run.name), Text("Raise the temperature, or let it train on more and longer texts."),
        )
    facts = {"how": "writing", "run": run.name, "temperature": temperature, "seed": chosen}
    made = MadeSet(called, [""] * len(texts), np.arange(1, len(texts) + 1), {field: texts}, facts, learned)
    return keep(project, folder, made, count)


def _field_written(project: Project, dataset: Dataset, model: Any, run: RunFolder) -> str:
    """Returns the field that the run writes and the project learns."""
    inputs = model.plan.inputs
    needed = {*input_fields(project), *target_fields(project)}
    texts = {field.name for field in dataset.fields if field.kind == FieldKind.TEXT}
    if len(inputs) != 1 or not inputs[0].decoder or needed != {inputs[0].field} or inputs[0].field not in texts:
        raise DataError(
            Text("The run {run} writes no texts that could stand as rows of this data.", run=run.name),
            Text("Rows can be written by a model that learns the next token of a text and reads nothing else, such as text-gpt."),
        )
    return str(inputs[0].field)


def _learned(project: Project, dataset: Dataset, prepared: Prepared, run: RunFolder) -> list[str]:
    """Returns the ids of the rows that a run was trained on; refuses one that has seen what this project is judged by."""
    ids, seen = dataset.ids(), prepared.dataset.ids()
    learned = {seen[int(row)] for row in prepared.splits[Split.TRAIN]}
    splits = split_rows(dataset, project.data, input_fields(project), target_fields(project))
    if any(ids[int(row)] in learned for split in (Split.VALIDATION, Split.TEST) for row in splits[split]):
        raise DataError(
            Text("The run {run} was trained on rows that validate or test now: what it writes could give them away.", run=run.name),
            Text("Train a run on the rows as they are divided now, and let that one write."),
        )
    return sorted(learned)


def _known(dataset: Dataset, field: str) -> set[str]:
    return {" ".join(text.split()) for text in dataset.column(field, real_rows(dataset))}


def _new_texts(model: Any, prepared: Prepared, field: str, known: set[str], count: int, temperature: float, seed: int) -> list[str]:
    """Returns up to `count` texts that are neither empty nor known nor equal to each other."""
    preprocessor: Any = prepared.preprocessors[field]
    taken, found = set(known), list[str]()
    for number in range(_TRIES * -(-count // _BATCH)):
        report(len(found) / count, Text("Writing texts: {count} of {wanted}", count=len(found), wanted=count))
        for tokens in written(model, _BATCH, preprocessor.maximum_length, temperature, mix(seed, number, "write")):
            text = put_together(preprocessor.words(tokens), preprocessor.joint)
            plain = " ".join(text.split())
            if plain and plain not in taken and len(found) < count:
                taken.add(plain)
                found.append(text)
        if len(found) == count:
            break
    return found


def written(model: Any, count: int, longest: int, temperature: float, seed: int) -> list[Sequence[int]]:
    """Returns token numbers of texts that a model writes from nothing, each up to its end, which is left out.

    Args:
        model: Has one input, which it writes itself.
        count: How many.
        longest: The most tokens of a text.
        temperature: Of the draws.
        seed: Of the draws; global generators are left alone.
    """
    import torch

    spec, output = model.plan.inputs[0], model.plan.outputs[0].name
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.full((count, 1), BEGIN)
    ended = torch.zeros(count, dtype=torch.bool)
    with torch.inference_mode():
        for _ in range(longest):
            lengths = torch.full((count,), tokens.shape[1])
            scores = model.call({spec.name: tokens}, {spec.name: lengths})[output][:, -1].double()
            scores[:, UNKNOWN] = -torch.inf
            drawn = torch.multinomial((scores / temperature).softmax(1), 1, generator=generator)[:, 0]
            ended |= drawn == BEGIN
            if bool(ended.all()):
                break
            tokens = torch.cat([tokens, torch.where(ended, BEGIN, drawn)[:, None]], dim=1)
    return [row[1:][: row[1:].index(BEGIN)] if BEGIN in row[1:] else row[1:] for row in tokens.tolist()]
