"""Predictions of a run, from files and texts, through torch and the run's own preprocessing."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from workbench.data.base import FieldKind
from workbench.data.decode import decode
from workbench.data.joining import put_together
from workbench.data.sound import SOUND_SUFFIXES, read_sound
from workbench.data.tables.columns import by_identifier
from workbench.data.tables.files import fitted
from workbench.data.texts.reading import read_text
from workbench.errors import DataError
from workbench.export.given import files_of
from workbench.export.predict import BEGIN
from workbench.objectives import OBJECTIVES
from workbench.project.runs import RunFolder
from workbench.text import Text

_TABLES = (".csv", ".tsv", ".jsonl")


def predict_rows(run: RunFolder, inputs: list[str]) -> list[dict[str, Any]]:
    """Returns one prediction per image, text or table row."""
    import torch

    from workbench.training.load import load_model

    model, prepared = load_model(run)
    fields = list(dict.fromkeys(spec.field for spec in _asked(model)))
    kinds = {name: prepared.preprocessors[name].kind for name in fields}
    found: list[dict[str, Any]] = []
    sounds = {name: _form(prepared.preprocessors[name]) for name in fields if kinds[name] == FieldKind.AUDIO}
    for shown, raw in (row for value in inputs for row in rows_of(value, kinds, sounds)):
        batch = prepared.encode(raw)
        asked = [spec for spec in model.plan.inputs if spec.field in batch.values]
        values = {spec.name: batch.values[spec.field] for spec in asked}
        lengths = {spec.name: batch.lengths[spec.field] for spec in asked if spec.field in batch.lengths}
        with torch.inference_mode():
            if any(spec.decoder for spec in model.plan.inputs):
                found.append({"input": shown, **_written(run, model, prepared, values, lengths)})
            else:
                found.append({"input": shown, **_decoded(run, prepared, model.call(values, lengths))})
    return found


def _asked(model: Any) -> list[Any]:
    """Returns the inputs that a person gives; of a model that only writes, the text that it goes on from."""
    return [spec for spec in model.plan.inputs if not spec.decoder] or list(model.plan.inputs)


def _written(run: RunFolder, model: Any, prepared: Any, values: dict[str, Any], lengths: dict[str, Any]) -> dict[str, Any]:
    """Lets the model write, always the likeliest token, until it ends the text or there is no more room."""
    import torch

    spec = next(spec for spec in model.plan.inputs if spec.decoder)
    output = next(choice.output for choice in run.snapshot().objectives if choice.target == spec.field)
    preprocessor = prepared.preprocessors[spec.field]
    tokens = [BEGIN, *(values[spec.name][0].tolist() if spec.name in values else [])]
    while len(tokens) <= preprocessor.maximum_length:
        given = {**values, spec.name: torch.tensor([tokens])}
        scores = model.call(given, {**lengths, spec.name: torch.tensor([len(tokens)])})[output]
        tokens.append(int(scores[0, -1].argmax()))
        if tokens[-1] == BEGIN:
            break
    return _worded(preprocessor, [token for token in tokens[1:] if token != BEGIN])


def _worded(preprocessor: Any, tokens: list[int]) -> dict[str, Any]:
    said = preprocessor.words(tokens)
    return {"text": put_together(said, preprocessor.joint), "tokens": said}


def _form(preprocessor: Any) -> tuple[int, int]:
    """Returns the rate of the sounds that a model reads, and how many samples; 0 where each keeps its own length."""
    return preprocessor.rate, 0 if preprocessor.ragged else preprocessor.samples


def rows_of(
    value: str, kinds: Mapping[str, FieldKind], sounds: Mapping[str, tuple[int, int]] = MappingProxyType({}),
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yields what a value given on the command line stands for: a name, and raw values by field.

    Args:
        value: The path of an image, a sound, a text file, a folder of such, or a table; or a text.
        kinds: The kind of every field that the model reads.
        sounds: Of the fields that are sounds: samples per second, and how many samples (0: any number).

    Raises:
        DataError: It is none of these.
    """
    path = Path(value).expanduser()
    first, kind = next(iter(kinds.items()))
    if path.suffix.lower() in _TABLES and path.is_file():
        yield from ((f"{path}:{line}", _by_field(row, kinds, path.parent)) for line, row in enumerate(_table(path), 1))
    elif len(kinds) > 1 or kind in (FieldKind.CATEGORY,):
        raise DataError(Text("This model needs {names}.", names=", ".join(kinds)), Text("Give a table (csv, tsv, jsonl) with these columns."))
    elif path.is_dir() and (kind == FieldKind.IMAGE or any(sign in value for sign in "/\\")):
        for file in files_of(path, kind):
            yield from rows_of(str(file), kinds, sounds)
    elif kind == FieldKind.TEXT and path.suffix.lower() == ".txt" and path.is_file():
        yield value, {first: read_text(path).text}
    elif kind == FieldKind.AUDIO and path.suffix.lower() in SOUND_SUFFIXES:
        rate, samples = sounds.get(first, (0, 0))
        sound = read_sound(path, rate)
        yield value, {first: fitted(sound, samples) if samples else sound}
    else:
        yield value, {first: _value(value, kind, Path())}


def _by_field(row: dict[str, Any], kinds: Mapping[str, FieldKind], folder: Path) -> dict[str, Any]:
    named = by_identifier(row, kinds)
    missing = [name for name in kinds if named.get(name) is None]
    if missing:
        raise DataError(Text("There is no column {field}.", field=missing[0]), Text("Columns found: {names}.", names=", ".join(map(str, row))))
    return {name: _value(named[name], kind, folder) for name, kind in kinds.items()}


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
            if "tokens" in said[objective.output]:
                said[objective.output] = _worded(prepared.preprocessors[objective.target], said[objective.output]["tokens"])
    return next(iter(said.values())) if len(said) == 1 else said
