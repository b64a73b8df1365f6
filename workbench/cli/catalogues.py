"""`templates` and `catalogue`."""

from __future__ import annotations

import importlib
from pathlib import Path
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
    "tokenizers": ("workbench.data.tokenizers", "TOKENIZERS", ""),
    "augmentations": ("workbench.data.augmentation", "AUGMENTATIONS", ""),
    "findings": ("workbench.data.findings", "FINDERS", ""),
    "objectives": ("workbench.objectives", "OBJECTIVES", ""),
    "optimizers": ("workbench.training.optimizers", "OPTIMIZERS", ""),
    "schedules": ("workbench.training.schedules", "SCHEDULES", ""),
    "studies": ("workbench.training.studies", "STUDIES", ""),
    "methods": ("workbench.explain", "METHODS", ""),
    "starters": ("workbench.project.starters", "STARTERS", ""),
}
_LIMITS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")


def templates() -> Answer:
    """Lists the starters."""
    found = [{"name": entry.name, "task": entry.task, "label": entry.label, "summary": entry.summary} for entry in STARTERS]
    return Answer(found, table([(entry["name"], entry["task"], entry["summary"]) for entry in found]))


def catalogue(kind: str, name: str, output: Path | None = None) -> Answer:
    """Lists one catalogue, or shows one entry of it; `layer` is as good as `layers`. The picture of a layer goes to `output` as SVG."""
    kind = f"{kind}s" if f"{kind}s" in _KINDS else kind
    entries = _entries(kind)
    if not name:
        found = [described(entry) for entry in entries]
        return Answer(found, table([(entry.category, entry.name, _summary(entry)) for entry in entries]))
    entry = next((entry for entry in entries if entry.name == name), None) or _opened(kind)[name]
    document = described(entry)
    if output is not None:
        document["picture"] = _save_picture(entry, output)
    return Answer(document, _shown(document))


def _save_picture(entry: Entry, output: Path) -> str:
    """Writes the picture of a layer and returns where it lies."""
    from workbench.layers.base import Layer
    from workbench.layers.figures.svg import to_svg
    from workbench.layers.guide import page_example, picture_of

    example = page_example(entry) if isinstance(entry, Layer) else None
    picture = picture_of(entry, None, example.inputs if example else None) if isinstance(entry, Layer) else None
    if picture is None:
        hint = Text("Layers have one: workbench catalogue layers conv2d -o conv2d.svg")
        raise CatalogueError(Text("{name} has no picture.", name=entry.name), hint)
    if output.suffix.casefold() != ".svg":
        raise CatalogueError(Text("{path} is not the name of an SVG file.", path=str(output)), Text("Give a name that ends in .svg."))
    output.write_text(to_svg(picture, title=entry.summary), encoding="utf-8")
    return str(output.resolve())


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
    return document | _of_layer(entry)


def _of_layer(entry: Entry) -> dict[str, Any]:
    """Returns what the help page of a layer adds: words, a worked example, neighbours, source."""
    from workbench.layers.base import Layer
    from workbench.layers.guide import page_example, words_of

    if not isinstance(entry, Layer):
        return {}
    found: dict[str, Any] = {"details": words_of(entry.name), "related": list(entry.related), "paper": entry.paper}
    example = page_example(entry)
    if example is not None:
        found["example"] = {
            "inputs": {port: str(shape.named()) for port, shape in example.inputs.items()},
            "outputs": {port: str(shape.named()) for port, shape in example.outputs.items()},
            "parameters": example.cost.parameters, "macs": example.cost.macs, "kept": example.kept,
        }
    return found


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
    return [*lines, *table(rows), *_shown_page(document)]


def _shown_page(document: dict[str, Any]) -> list[str]:
    """Returns the lines that a layer's page adds to those of any entry."""
    lines = ["", *document["details"].replace("**", "").strip().split("\n")] if document.get("details") else []
    example = document.get("example")
    if example:
        lines += ["", "Example:"]
        lines += [f"  {side[:-1]} {port}: {shape}" for side in ("inputs", "outputs") for port, shape in example[side].items()]
        lines.append(f"  {example['parameters']:,} parameters, {example['macs']:,} MACs, {example['kept']:,} numbers kept, for one row")
    for key, word in (("related", "See also"), ("paper", "Source"), ("aliases", "Other names"), ("picture", "Picture")):
        value = document.get(key)
        if value and (key != "aliases" or "details" in document):
            lines.append(f"{word}: {', '.join(value) if isinstance(value, list) else value}")
    return lines
