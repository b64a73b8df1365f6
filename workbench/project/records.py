"""Events and commands as JSON records, and back."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any, get_args

from workbench.errors import ProjectError
from workbench.project import events
from workbench.text import Text

_KINDS: dict[str, type[Any]] = {kind.__name__: kind for union in (events.Event, events.Command) for kind in get_args(union)}
_SENTENCES = "sentences"
_SILENT = (events.Probe, events.ProbeResult)


def plain(value: Any) -> Any:
    """Returns `value` as strict JSON: NaN and infinities become null, paths and enums text, arrays lists."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, str):
        return str(value)
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    as_list = getattr(value, "tolist", None)
    return plain(as_list()) if as_list is not None else str(value)


def to_line(value: events.Event | events.Command) -> str:
    """Returns an event or command as one line of JSON.

    Raises:
        ValueError: It holds a function or an answer that does not travel through files.
    """
    if isinstance(value, _SILENT):
        raise ValueError(f"{type(value).__name__} does not travel through the run folder")
    record = {"event": type(value).__name__, **plain(value)}
    if sentences := _sentences(value):
        record[_SENTENCES] = sentences
    return json.dumps(record, ensure_ascii=False, allow_nan=False)


def _sentences(value: Any) -> dict[str, Any]:
    """Returns template and values of the sentences with values in it, so that they can still be said in another language."""
    told = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return {name: [text.template, plain(text.values)] for name, text in told.items() if isinstance(text, Text) and text.values}


def _sentence(english: str, template: str, values: dict[str, Any]) -> str:
    """Returns the sentence as it was; the English as plain words where its values did not survive JSON."""
    try:
        text = Text(template, **values)
    except (ValueError, TypeError, KeyError, IndexError):
        return english
    return text if text == english else english


def from_line(line: str) -> Any:
    """Returns the event or command of one line, or None where this version does not know its kind.

    Fields that this version does not know are left out.

    Raises:
        ProjectError: The line is no record.
    """
    try:
        record = json.loads(line)
        kind = _KINDS.get(record.pop("event"))
        if kind is None:
            return None
        known = {field.name for field in dataclasses.fields(kind)}
        sentences = record.get(_SENTENCES, {})
        record.update({name: _sentence(record[name], *parts) for name, parts in sentences.items()})
        return kind(**{name: _typed(name, value) for name, value in record.items() if name in known})
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ProjectError(Text("A line of the run's events cannot be read: {line}.", line=repr(line[:60]))) from error


def _typed(name: str, value: Any) -> Any:
    if name == "state":
        return events.RunState(value)
    if name == "metrics":
        return {tag: math.nan if number is None else number for tag, number in value.items()}
    return tuple(value) if name == "remedies" else value
