"""What a layer says of itself: names, help, ranges. No torch is needed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from workbench.export.checking.checks import Broken
from workbench.layers.base import Layer
from workbench.text import Text

_LONGEST_SUMMARY = 130


def check_words(layer: Layer) -> None:
    """The layer has a label, a formula and a summary that is one sentence, and says them in English."""
    if not layer.label or not layer.formula:
        raise Broken(Text("The label or the formula is empty."), Text("Both are shown on the card and in the help."))
    if not layer.summary.endswith(".") or len(layer.summary) >= _LONGEST_SUMMARY:
        raise Broken(Text("The summary must be one sentence of at most {limit} characters that ends with a full stop.", limit=_LONGEST_SUMMARY),
                     Text("Say what the layer does to its input."))
    if not re.fullmatch("[a-z][a-z0-9_]*", layer.name):
        raise Broken(Text("The name {name} cannot stand in files.", name=repr(layer.name)), Text("Use small letters, digits and underscores."))


def check_ranges(layer: Layer) -> None:
    """Every parameter has a label, a sentence of help and, for numbers, a lower and an upper limit."""
    for key, field in type(layer).Params.model_fields.items():
        extra = field.json_schema_extra
        if not isinstance(extra, dict) or not set(extra) >= {"unit", "main", "log", "choices"}:
            raise Broken(Text("The parameter {name} is not declared with param(...).", name=key),
                         Text("Write {name}: int = param(8, label=\"...\", help=\"...\", ge=1, le=64).", name=key))
        if not field.title or not field.description or field.description[-1] not in ".)":
            raise Broken(Text("The parameter {name} has no label or no sentence of help.", name=key), Text("The help ends with a full stop."))
        kind: Any = field.annotation
        if kind in (int, float) and not _bounded(field):
            raise Broken(Text("The parameter {name} has no lower or no upper limit.", name=key), Text("Give param(...) ge= and le= (or gt=, lt=)."))
    raw = type(layer).Params().model_dump(mode="json")
    if layer.parse(raw) != type(layer).Params():
        raise Broken(Text("The defaults are not read back as they were written."), Text("Use whole numbers, numbers, texts, yes or no."))


def _bounded(field: Any) -> bool:
    kinds = {type(limit).__name__ for limit in field.metadata}
    return bool(kinds & {"Ge", "Gt"} and kinds & {"Le", "Lt"})


def missing_words(layer: Layer) -> Iterator[Text]:
    """Yields what would make a layer easier to find and to read, and is no mistake."""
    if not layer.aliases:
        yield Text("It has no aliases: searches find it by its own name only.")
    if not any(re.search("[\u4e00-\u9fff]", word) for word in (layer.label, *layer.aliases)):
        yield Text("It has no Chinese name; in a Chinese window it shows in English.")
