"""The sections of workbench.toml, and the way between them and a `Project`."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from workbench.data.edits import NO_EDITS, Edits
from workbench.errors import ProjectError
from workbench.graph.graph import Graph
from workbench.project.fields import Unknown, read_into, thawed
from workbench.project.project import Choice, DataChoice, ExportChoice, ObjectiveChoice, Project, Recipe
from workbench.text import Text

SECTIONS = ("project", "data", "objective", "train", "export")
_ABOUT = ("name", "template", "notes")


def project_of(tables: Mapping[str, Any], graph: Graph, edits: Edits = NO_EDITS) -> Project:
    """Returns the project that plain tables describe.

    Args:
        tables: The content of workbench.toml as plain values, at the current schema version.
        graph: The drawing.
        edits: The changes to rows, which lie in a file of their own.

    Raises:
        ProjectError: A value has the wrong type or is out of range.
    """
    unknown = Unknown()
    for name, value in tables.items():
        if name not in SECTIONS and name != "schema_version":
            unknown.note("", name, value)
    about = _table(tables, "project")
    for name in about.keys() - set(_ABOUT):
        unknown.note("project", name, about[name])
    for name in _ABOUT:
        if not isinstance(about.get(name, ""), str):
            raise ProjectError(Text("project.{name} must be a text.", name=name), Text("Put it in quotes."))
    return Project(
        name=about.get("name", ""),
        graph=graph,
        data=read_into(DataChoice, _table(tables, "data"), "data", unknown),
        objectives=_objectives(tables, unknown),
        recipe=read_into(Recipe, _table(tables, "train"), "train", unknown),
        export=read_into(ExportChoice, _table(tables, "export"), "export", unknown),
        template=about.get("template", ""),
        notes=about.get("notes", ""),
        edits=edits,
        extra=MappingProxyType({where: frozen_loosely(fields) for where, fields in unknown.items()}),
    )


def frozen_loosely(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """Returns unknown fields as they are, read-only at the top; they may hold what this version would not (dates)."""
    return MappingProxyType(dict(fields))


def _table(tables: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = tables.get(name, {})
    if not isinstance(value, Mapping):
        raise ProjectError(Text("{name} must be a section.", name=name), Text("Write `[{name}]` on a line of its own.", name=name))
    return value


def _objectives(tables: Mapping[str, Any], unknown: Unknown) -> tuple[ObjectiveChoice, ...]:
    value = tables.get("objective", [])
    if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
        raise ProjectError(Text("objective must be a list of sections."), Text("Write `[[objective]]` above each."))
    return tuple(read_into(ObjectiveChoice, item, f"objective.{index}", unknown) for index, item in enumerate(value))


def tables_of(project: Project) -> dict[str, Any]:
    """Returns the sections of workbench.toml for a project, unknown fields included, the schema version left out."""
    tables: dict[str, Any] = {
        "project": {name: getattr(project, name) for name in _ABOUT},
        "data": _plain(project.data),
        "objective": [_plain(objective) for objective in project.objectives],
        "train": _plain(project.recipe),
        "export": _plain(project.export),
    }
    for where, fields in project.extra.items():
        target = _find(tables, where)
        if target is not None:
            target.update({name: value for name, value in thawed(fields).items() if name not in target})
    return tables


def _plain(value: Any) -> Any:
    if isinstance(value, Choice):
        return {"name": value.name, **thawed(value.params)}
    if isinstance(value, tuple) and any(isinstance(item, Choice) for item in value):
        return [_plain(item) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        plain = {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return {name: item for name, item in plain.items() if item not in ({}, [])}
    return thawed(value)


def _find(tables: dict[str, Any], where: str) -> dict[str, Any] | None:
    target: Any = tables
    for part in where.split(".") if where else ():
        if isinstance(target, list):
            target = target[int(part)] if part.isdigit() and int(part) < len(target) else None
        else:
            target = target.get(part) if isinstance(target, dict) else None
        if target is None:
            return None
    return target if isinstance(target, dict) else None


