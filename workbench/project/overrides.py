"""Settings given as text: `train.epochs=5`, `model.conv1.filters=16`. Values are TOML; a bare word is a text."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, NoReturn

from workbench.errors import ProjectError
from workbench.graph import edit
from workbench.graph.graph import Graph, Node
from workbench.graph.grouping import group_paths
from workbench.graph.repeat import repeats, set_repeat
from workbench.layers import LAYERS
from workbench.project.fields import frozen
from workbench.project.project import Project
from workbench.project.sections import SECTIONS, project_of, tables_of
from workbench.text import Text

_SECTION_OF = {"recipe": "train", "objectives": "objective"}
_BARE = re.compile(r"[^\W\d][\w:./\\~ -]*\Z")
_OPEN_TABLES = ("params", "preprocessing", "optimizer", "schedule")
_OF_GROUPS = {"repeat": "times", "shared": "shared", "passed": "passed"}
_FORM = Text("Write SECTION.KEY=VALUE, as in train.epochs=5, or model.NODE.PARAM=VALUE.")


def with_settings(project: Project, settings: Iterable[str]) -> Project:
    """Returns the project with some settings changed.

    Args:
        project: The project.
        settings: Each `SECTION.KEY=VALUE` or `model.NODE.PARAM=VALUE`.

    Raises:
        ProjectError: There is no such setting, or the value is not of its kind.
        CatalogueError: A layer does not take the value.
    """
    for text in settings:
        path, value = parsed(text)
        if path[0] == "model":
            project = replace(project, graph=_on_node(project.graph, path, value))
        else:
            project = _on_section(project, path, value)
    return project


def parsed(text: str) -> tuple[list[str], Any]:
    """Returns the path and the value of one setting.

    Raises:
        ProjectError: It has no `=`, no path, or the value is no TOML.
    """
    name, equals, raw = text.partition("=")
    path = [part.strip() for part in name.split(".")]
    if not equals or len(path) < 2 or not all(path):
        raise ProjectError(Text("{text} is not a setting.", text=repr(text)), _FORM)
    return path, _value(raw.strip(), name)


def _value(raw: str, name: str) -> Any:
    try:
        table = tomllib.loads(f"value = {raw}")
        if len(table) > 1:  # a line break in it began another setting
            raise tomllib.TOMLDecodeError("more than one value")
        value = table["value"]
    except tomllib.TOMLDecodeError as error:
        if _BARE.match(raw) or raw.startswith(("/", "./", "~/")):
            return raw
        raise ProjectError(
            Text("{name} cannot be {value}: that is no TOML value.", name=name, value=repr(raw)[:80]), Text("Put texts in quotes.")
        ) from error
    return frozen(value, name)


def _on_node(graph: Graph, path: list[str], value: Any) -> Graph:
    if len(path) < 3:
        raise ProjectError(Text("{name} is not a setting.", name=".".join(path)), _FORM)
    if path[-1] in _OF_GROUPS and (group := ".".join(path[1:-1])) in group_paths(graph):
        return set_repeat(graph, group, **{_OF_GROUPS[path[-1]]: value}) if _fits(path[-1], value) else _refused(path, value)
    node, name = _node(graph, ".".join(path[1:-1])), path[-1]
    layer = LAYERS[node.layer]
    layer.parse({**dict(node.params), name: value})
    return edit.set_params(graph, node.id, **{name: value})


def _fits(name: str, value: Any) -> bool:
    return isinstance(value, {"repeat": int, "shared": bool, "passed": str}[name])


def _refused(path: list[str], value: Any) -> NoReturn:
    raise ProjectError(
        Text("{name} cannot be {value}.", name=".".join(path), value=repr(value)[:40]), Text("Write repeat=6, shared=true, passed=NODE.PORT.")
    )


def _node(graph: Graph, path: str) -> Node:
    node = graph.named(path) or graph.nodes.get(path)
    if node is None:
        names = ", ".join(node.path for node in graph)
        raise ProjectError(Text("There is no node called {name}.", name=path), Text("There are {names}.", names=names or Text("none")))
    return node


def _on_section(project: Project, path: list[str], value: Any) -> Project:
    section = _SECTION_OF.get(path[0], path[0])
    if section not in SECTIONS:
        names = ", ".join((*SECTIONS, "model"))
        raise ProjectError(Text("There is no section called {name}.", name=path[0]), Text("There are {names}.", names=names))
    tables = tables_of(project)
    target: Any = tables[section]
    steps = path[1:]
    if section == "objective":
        target, steps = _objective(target, steps)
    for depth, step in enumerate(steps[:-1]):
        inside = target.get(step)
        if not isinstance(inside, dict):
            if step not in _OPEN_TABLES and not set(path[1:depth + 1]) & set(_OPEN_TABLES):
                raise _unknown(path, target)
            inside = target[step] = {}
        target = inside
    target[steps[-1]] = value
    changed = project_of(tables, project.graph, project.edits)
    if _field_count(changed.extra) > _field_count(project.extra):
        del target[steps[-1]]
        raise _unknown(path, target)
    return changed


def _objective(objectives: list[Any], steps: list[str]) -> tuple[Any, list[str]]:
    index = int(steps[0]) if len(steps) > 1 and steps[0].isdigit() else 0
    if index >= len(objectives):
        raise ProjectError(Text("There is no objective number {number}.", number=index), Text("They are counted from 0."))
    return objectives[index], steps[1:] if len(steps) > 1 and steps[0].isdigit() else steps


def _unknown(path: list[str], target: Mapping[str, Any]) -> ProjectError:
    return ProjectError(
        Text("There is no setting called {name}.", name=".".join(path)), Text("There are {names}.", names=", ".join(sorted(target)))
    )


def _field_count(extra: Mapping[str, Mapping[str, Any]]) -> int:
    return sum(len(fields) for fields in extra.values())


def differences(before: Project, after: Project) -> list[dict[str, Any]]:
    """Returns what differs between two projects, as `{setting, old, new}` with JSON values; the drawing node by node."""
    found: list[dict[str, Any]] = []
    old, new = _flat(tables_of(before)), _flat(tables_of(after))
    old, new = {**old, **_flat_graph(before.graph)}, {**new, **_flat_graph(after.graph)}
    for name in [*old, *(name for name in new if name not in old)]:
        if old.get(name) != new.get(name):
            found.append({"setting": name, "old": old.get(name), "new": new.get(name)})
    return found


def _flat(tables: Any, prefix: str = "") -> dict[str, Any]:
    items = tables.items() if isinstance(tables, dict) else enumerate(tables)
    flat: dict[str, Any] = {}
    for key, value in items:
        name = f"{prefix}{key}"
        nested = isinstance(value, dict) or (isinstance(value, list) and value and isinstance(value[0], dict))
        flat.update(_flat(value, f"{name}.") if nested else {name: value})
    return flat


def _flat_graph(graph: Graph) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for node in graph:
        flat[f"model.{node.path}"] = node.layer
        flat.update({f"model.{node.path}.{name}": value for name, value in node.params.items()})
    for path, repeat in repeats(graph).items():
        flat[f"model.{path}.repeat"] = repeat.times
        flat[f"model.{path}.shared"] = repeat.shared
    wires = {f"{_end(graph, edge.source.node)}.{edge.source.port} -> {_end(graph, edge.target.node)}.{edge.target.port}" for edge in graph.edges}
    flat["model.wires"] = sorted(wires)
    return flat


def _end(graph: Graph, node: str) -> str:
    return graph[node].path if node in graph else node
