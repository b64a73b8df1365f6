"""Reads tables of a file into the frozen dataclasses of the project: checked, and with the unknown kept aside."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, TypeVar, get_args, get_type_hints

from workbench.errors import ProjectError
from workbench.project.project import Choice
from workbench.text import Text

T = TypeVar("T")

_WORDS: dict[Any, Text] = {
    int: Text("a whole number"), float: Text("a number"), str: Text("a text"), bool: Text("true or false"), dict: Text("a table"),
    list: Text("a list"),
}
_LIMITS: dict[str, tuple[float, float]] = {
    "epochs": (0, 1_000_000),
    "batch_size": (1, 1_000_000_000),
    "seed": (0, 2**63 - 1),
    "patience": (0, 1_000_000),
    "clip_norm": (0, math.inf),
    "threads": (0, 4096),
    "checkpoint_seconds": (0, math.inf),
    "validation": (0, 0.95),
    "test": (0, 0.95),
    "weight": (0, math.inf),
    "limit": (0, 2**63 - 1),
    "folds": (0, 1000),
    "fold": (0, 999),
    "share": (0, 1),
    "opset": (18, 23),
}
_NAMES: dict[str, tuple[str, ...]] = {"balance": ("none", "weights", "oversample"), "bad_rows": ("skip", "stop")}


class Unknown(dict[str, dict[str, Any]]):
    """Fields that this version does not know, by the dotted path of their table."""

    def note(self, where: str, name: str, value: Any) -> None:
        """Keeps one field."""
        self.setdefault(where, {})[name] = value


def read_into(kind: type[T], table: Mapping[str, Any], where: str, unknown: Unknown) -> T:
    """Returns a dataclass filled from a table; what is missing takes its default.

    Args:
        kind: A frozen dataclass of `workbench.project.project`.
        table: Plain values.
        where: The dotted path of the table, for messages and for `unknown`.
        unknown: Takes the fields that `kind` does not have.

    Raises:
        ProjectError: A value has the wrong type or is out of range; the message names it.
    """
    kinds = field_kinds(kind)
    values: dict[str, Any] = {}
    for name, value in table.items():
        if name in kinds:
            values[name] = _value(kinds[name], value, f"{where}.{name}", unknown)
        else:
            unknown.note(where, name, value)
    missing = [field.name for field in dataclasses.fields(kind) if _required(field) and field.name not in values]  # type: ignore[arg-type]
    if missing:
        raise ProjectError(
            Text("{where} does not say {name}.", where=where, name=missing[0]), Text("Add `{name} = ...` there.", name=missing[0])
        )
    return kind(**values)


@cache
def field_kinds(kind: type[Any]) -> dict[str, Any]:
    """Returns the type of every field of a dataclass by name."""
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}


def _required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _value(kind: Any, value: Any, where: str, unknown: Unknown) -> Any:
    if kind is Choice:
        return read_choice(value, where)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return read_into(kind, _checked(dict, value, where), where, unknown)
    origin = getattr(kind, "__origin__", None)
    if origin is tuple and get_args(kind)[0] is str:
        return tuple(_checked(str, item, f"{where}.{index}") for index, item in enumerate(_checked(list, value, where)))
    if origin is tuple:
        return tuple(read_choice(item, f"{where}.{index}") for index, item in enumerate(_checked(list, value, where)))
    return frozen(_checked(dict, value, where), where) if origin is not None else _checked(kind, value, where)


def read_choice(value: Any, where: str) -> Choice:
    """Returns a catalogue choice from `"adamw"` or from `{name = "adamw", learning_rate = 0.01}`."""
    if isinstance(value, str):
        return Choice(value)
    table = dict(_checked(dict, value, where))
    name = table.pop("name", None)
    return Choice(_checked(str, name, f"{where}.name"), frozen(table, where))


def _checked(kind: Any, value: Any, where: str) -> Any:
    if kind is float and type(value) is int:
        value = float(value)
    fits = isinstance(value, Mapping) if kind is dict else type(value) is kind
    if not fits or (kind is float and not math.isfinite(value)):
        raise ProjectError(
            Text("{where} cannot be {value}.", where=where, value=_shown(value)),
            Text("It must be {kind}.", kind=_WORDS[kind]),
        )
    name = where.rpartition(".")[2]
    if kind is str and value not in _NAMES.get(name, (value,)):
        raise ProjectError(
            Text("{where} cannot be {value}.", where=where, value=_shown(value)), Text("It must be one of {names}.", names=", ".join(_NAMES[name])),
        )
    low, high = _LIMITS.get(name, (-math.inf, math.inf))
    if kind in (int, float) and not low <= value <= high:
        above = high > 1e6 and value < low
        limits = Text("It must be at least {low}.", low=low) if above else Text("It must be between {low} and {high}.", low=low, high=high)
        raise ProjectError(Text("{where} cannot be {value}.", where=where, value=_shown(value)), limits)
    return value


def _shown(value: Any) -> str:
    return "missing" if value is None else repr(value)[:60]


def frozen(value: Any, where: str) -> Any:
    """Returns tables as read-only mappings and lists as lists, checked to be finite JSON values all through.

    Raises:
        ProjectError: There is something that JSON cannot hold (NaN, infinity, a date).
    """
    if isinstance(value, Mapping):
        return MappingProxyType({str(key): frozen(item, f"{where}.{key}") for key, item in value.items()})
    if isinstance(value, (list, tuple)):
        return [frozen(item, where) for item in value]
    if value is None or isinstance(value, (bool, int, str)) or (isinstance(value, float) and math.isfinite(value)):
        return value
    raise ProjectError(
        Text("{where} cannot be {value}.", where=where, value=_shown(value)), Text("Only finite numbers, texts, lists and tables can stand there.")
    )


def thawed(value: Any) -> Any:
    """Returns read-only mappings as dicts and tuples as lists, all through."""
    if isinstance(value, Mapping):
        return {key: thawed(item) for key, item in value.items()}
    return [thawed(item) for item in value] if isinstance(value, (list, tuple)) else value
