"""Predictions of a run, from files and texts, through torch and the run's own preprocessing."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from workbench.data.base import FieldKind
from workbench.data.decode import SUFFIXES, decode
from workbench.errors import DataError
from workbench.objectives import OBJECTIVES
from workbench.project.runs import RunFolder
from workbench.text import Text

_TABLES = (".csv", ".tsv", ".jsonl")


def predict_rows(run: RunFolder, inputs: list[str]) -> list[dict[str, Any]]:
    """Returns one prediction per image, text or table row."""
    import torch

    from workbench.training.load import load_model

    model, prepared = load_model(run)
    fields = list(dict.fromkeys(spec.field for spec in model.plan.inputs))
    kinds = {name: prepared.preprocessors[name].kind for name in fields}
    found: list[dict[str, Any]] = []
    for shown, raw in (row for value in inputs for row in rows_of(value, kinds)):
        batch = prepared.encode(raw)
        values = {spec.name: batch.values[spec.field] for spec in model.plan.inputs}
        lengths = {spec.name: batch.lengths[spec.field] for spec in model.plan.inputs if spec.field in batch.lengths}
        with torch.inference_mode():
            outputs = model.call(values, lengths)
        found.append({"input": shown, **_decoded(run, prepared, outputs)})
    return found


def rows_of(value: str, kinds: dict[str, FieldKind]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yields what a value given on the command line stands for: a name, and raw values by field.

    Args:
        value: The path of an image, of a folder of images or of a table; or a text.
        kinds: The kind of every field that the model reads.

    Raises:
        DataError: It is none of these.
    """
    path = Path(value).expanduser()
    first, kind = next(iter(kinds.items()))
    if path.suffix.lower() in _TABLES and path.is_file():
        yield from ((f"{path}:{line}", _by_field(row, kinds, path.parent)) for line, row in enumerate(_table(path), 1))
    elif len(kinds) > 1 or kind in (FieldKind.CATEGORY,):
        raise DataError(Text("This model needs {names}.", names=", ".join(kinds)), Text("Give a table (csv, tsv, jsonl) with these columns."))
    elif kind == FieldKind.IMAGE and path.is_dir():
        for image in sorted(item for item in path.rglob("*") if item.suffix.lower() in SUFFIXES):
            yield str(image), {first: decode(image)}
    else:
        yield value, {first: _value(value, kind, Path())}


def _by_field(row: dict[str, Any], kinds: dict[str, FieldKind], folder: Path) -> dict[str, Any]:
    missing = [name for name in kinds if row.get(name) is None]
    if missing:
        raise DataError(Text("There is no column {field}.", field=missing[0]), Text("Columns found: {names}.", names=", ".join(map(str, row))))
    return {name: _value(row[name], kind, folder) for name, kind in kinds.items()}


def _value(value: Any, kind: FieldKind, folder: Path) -> Any:
    if kind == FieldKind.IMAGE:
        return decode(folder / Path(str(value)).expanduser())
    if kind in (FieldKind.SERIES, FieldKind.AUDIO):
        return _steps(value)
    if kind == FieldKind.NUMBER:
        try:
            return float(value)
        except ValueError as error:
            raise DataError(Text("{value} is no number.", value=repr(value)), Text("Write numbers with a point.")) from error
    return str(value)


def _steps(value: Any) -> Any:
    """Returns a series or a sound from JSON text."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError as error:
        raise DataError(Text("{value} is no list of numbers.", value=repr(value)[:80]), Text("Write it as [1, 2.5, 3].")) from error


def _table(path: Path) -> list[dict[str, Any]]:
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            if path.suffix.lower() == ".jsonl":
                return [json.loads(line) for line in file if line.strip()]
            return list(csv.DictReader(file, delimiter="\t" if path.suffix.lower() == ".tsv" else ","))
    except (OSError, ValueError, csv.Error) as error:
        raise DataError(Text("The table {path} cannot be read: {reason}.", path=str(path), reason=str(error)), Text("Save it as UTF-8.")) from error


def _decoded(run: RunFolder, prepared: Any, outputs: dict[str, Any]) -> dict[str, Any]:
    """Returns what the outputs say to a person; by output name where there are several."""
    said: dict[str, Any] = {}
    for objective in run.snapshot().objectives:
        if objective.output in outputs:
            state = prepared.preprocessors[objective.target].state
            number = prepared.preprocessors[objective.target].kind == FieldKind.NUMBER
            scale = {"mean": float(state["mean"]), "std": float(state["deviation"])} if number else {}
            field = prepared.dataset.field(objective.target)
            said[objective.output] = OBJECTIVES[objective.name].decode(outputs[objective.output], field, **scale)[0]
    return next(iter(said.values())) if len(said) == 1 else said
