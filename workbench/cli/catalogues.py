"""`templates` and `catalogue`."""

from __future__ import annotations

import importlib
from typing import Any

from workbench.catalogue import Catalogue, Entry
from workbench.cli.console import Answer, table
from workbench.errors import CatalogueError
from workbench.project.starters import STARTERS
from workbench.text import Text

_KINDS: dict[str, tuple[str, str, str]] = {
    "layers": ("workbench.layers", "LAYERS", ""),
    "formats": ("workbench.data.formats", "FORMATS", "file"),
    "generators": ("workbench.data.formats", "FORMATS", "generator"),
    "samples": ("workbench.data.formats", "FORMATS", "sample"),
    "objectives": ("workbench.objectives", "OBJECTIVES", ""),
    "optimizers": ("workbench.training.optimizers", "OPTIMIZERS", ""),
    "schedules": ("workbench.training.schedules", "SCHEDULES", ""),
    "methods": ("workbench.explain", "METHODS", ""),
    "starters": ("workbench.project.starters", "STARTERS", ""),
}
_LIMITS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")


def templates() -> Answer:
    """Lists the starters."""
    found = [{"name": entry.name, "task": entry.task, "label": entry.label, "summary": entry.summary} for entry in STARTERS]
    return Answer(found, table([(entry["name"], entry["task"], entry["summary"]) for entry in found]))


def catalogue(kind: str, name: str) -> Answer:
    """Lists one catalogue, or shows one entry of it; `layer` is as good as `layers`."""
    kind = f"{kind}s" if f"{kind}s" in _KINDS else kind
    entries = _entries(kind)
    if not name:
        found = [described(entry) for entry in entries]
        return Answer(found, table([(entry.category, entry.name, _summary(entry)) for entry in entries]))
    entry = next((entry for entry in entries if entry.name == name), None) or _opened(kind)[name]
    document = described(entry)
    return Answer(document, _shown(document))


def _opened(kind: str) -> Catalogue[Any]:
    if kind not in _KINDS:
        raise CatalogueError(
            Text("There is no catalogue called {kind}.", kind=repr(kind)), Text("There are {names}.", names=", ".join(sorted(_KINDS)))
        )
    module, attribute, _ = _KINDS[kind]
    return getattr(importlib.import_module(module), attribute)


def _entries(kind: str) -> list[Entry]:
    opened, category = _opened(kind), _KINDS.get(kind, ("", "", ""))[2]
    entries = [entry for entry in opened if not category or _is(entry, category)]
    return sorted(entries, key=lambda entry: (entry.category, entry.label))


def _summary(entry: Entry) -> str:
    return f"(own) {entry.summary}" if entry.origin else entry.summary


def _is(entry: Entry, category: str) -> bool:
    return entry.category not in ("generator", "sample") if category == "file" else entry.category == category


def described(entry: Entry) -> dict[str, Any]:
    """Returns an entry as JSON values."""
    document: dict[str, Any] = {
        "name": entry.name, "category": entry.category, "params": _params(entry), "help": entry.summary, "label": entry.label,
        "aliases": list(entry.aliases), "own": entry.origin,
    }
    for side in ("inputs", "outputs"):
        ports = getattr(entry, side, None)
        if isinstance(ports, tuple):
            document[side] = [
                {"name": port.name, "optional": port.optional, "variadic": port.variadic, "help": port.help} for port in ports
            ]
    if getattr(entry, "formula", ""):
        document["formula"] = entry.formula  # pyright: ignore[reportAttributeAccessIssue]
    return document


def _params(entry: Entry) -> list[dict[str, Any]]:
    schema = entry.Params.model_json_schema()
    required = schema.get("required", [])
    return [_param(name, field, name in required) for name, field in schema.get("properties", {}).items()]


def _param(name: str, field: dict[str, Any], required: bool) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": name, "label": field.get("title", name), "help": field.get("description", ""), "type": field.get("type", "any"),
        "default": field.get("default"), "unit": field.get("unit", ""), "required": required,
    }
    choices = field.get("choices") or field.get("enum")
    if choices:
        found["choices"] = choices
    found.update({limit: field[limit] for limit in _LIMITS if limit in field})
    return found


def _shown(document: dict[str, Any]) -> list[str]:
    lines = [f"{document['label']} ({document['name']}), {document['category']}", document["help"]]
    lines += [f"your own layer, from {document['own']}"] if document["own"] else []
    lines += [document["formula"]] if "formula" in document else []
    for side in ("inputs", "outputs"):
        if document.get(side):
            lines.append(f"{side}: {', '.join(port['name'] for port in document[side])}")
    rows = [(param["name"], f"= {param['default']}" if not param["required"] else "required", param["unit"], param["help"])
            for param in document["params"]]
    return [*lines, *table(rows)]
