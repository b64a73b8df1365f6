"""A project folder: workbench.toml, model.graph.json and, where rows were changed, data.edits.jsonl.

Written so that comments, unknown fields and the old state survive.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.data import edits
from workbench.errors import ProjectError, WorkbenchError
from workbench.graph.graph import Graph
from workbench.project.atomic import write_together
from workbench.project.project import Project
from workbench.project.sections import project_of, tables_of
from workbench.text import Text

SCHEMA_VERSION = 1
SETTINGS_FILE = "workbench.toml"
GRAPH_FILE = "model.graph.json"
MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""From a schema version to the function that makes the next one of its tables."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A project read from its folder.

    Attributes:
        project: The project.
        folder: Its folder, absolute.
        read_only: It was written by a newer version and must not be saved over.
        warnings: What a person should know about the file.
    """

    project: Project
    folder: Path
    read_only: bool = False
    warnings: tuple[str, ...] = ()


def is_project(folder: Path | str) -> bool:
    """Whether there is a project in this folder."""
    return (Path(folder) / SETTINGS_FILE).is_file()


def project_folder(path: Path | str) -> Path:
    """Returns the folder of a project given by its folder or by one of its two files.

    Raises:
        ProjectError: There is no project.
    """
    path = Path(path).expanduser().absolute()
    folder = path.parent if path.name in (SETTINGS_FILE, GRAPH_FILE) and not path.is_dir() else path
    if is_project(folder):
        return folder
    if not folder.exists():
        message = Text("There is no folder {path}.", path=str(folder))
    else:
        message = Text("There is no project in {path}.", path=str(folder))
    raise ProjectError(message, Text("A project folder holds workbench.toml; `workbench new TEMPLATE DIR` makes one."))


def load(folder: Path | str) -> Loaded:
    """Reads a project.

    Raises:
        ProjectError: There is none, or a file of it cannot be understood.
        GraphError: The drawing cannot be understood.
    """
    folder = project_folder(folder)
    tables = _parsed(_read(folder / SETTINGS_FILE)).unwrap()
    version = _version(tables)
    warnings: list[str] = []
    if version > SCHEMA_VERSION:
        warnings.append(Text("This project was saved by a newer version; it opens read-only, and what is unknown here is left out."))
    elif version < SCHEMA_VERSION:
        tables = _migrated(tables, version)
        warnings.append(Text("This project was saved by an older version; saving brings it up to date."))
    graph = _graph(folder)
    if "schema_version" in graph.extra and not warnings:  # what a drawing of a newer version keeps
        warnings.append(Text("The drawing was saved by a newer version; it opens read-only."))
    newer = version > SCHEMA_VERSION or "schema_version" in graph.extra
    return Loaded(project_of(tables, graph, _edits(folder)), folder, newer, tuple(warnings))


def _edits(folder: Path) -> edits.Edits:
    path = folder / edits.FILE
    if not path.exists():
        return edits.NO_EDITS
    try:
        return edits.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ProjectError(Text("{path} cannot be read.", path=str(path)), Text("Restore it from a backup, or remove it.")) from error


def save(project: Project, folder: Path | str) -> None:
    """Writes a project. Either both files are new afterwards or, where anything fails before the first is in place, both are old.

    Comments and the order of an existing workbench.toml are kept.

    Raises:
        ProjectError: The folder holds a project of a newer version, or cannot be written.
    """
    folder = Path(folder).expanduser().absolute()
    from workbench.graph.file import dumps

    document = _document(folder)
    files = {folder / GRAPH_FILE: dumps(project.graph), folder / SETTINGS_FILE: written(project, document)}
    if len(project.edits) or (folder / edits.FILE).exists():
        files = {folder / edits.FILE: edits.dumps(project.edits), **files}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_together(files)
    except OSError as error:
        raise ProjectError(
            Text("{path} cannot be written: {reason}.", path=str(folder), reason=error.strerror or str(error)),
            Text("Check the free space and the permissions of the folder."),
        ) from error


def _document(folder: Path) -> Any:
    """Returns the workbench.toml that is there, to write into, or a new one."""
    import tomlkit

    if not is_project(folder):
        return tomlkit.document()
    document = _parsed(_read(folder / SETTINGS_FILE))
    if _version(document.unwrap()) > SCHEMA_VERSION:
        raise ProjectError(
            Text("The project in {path} was saved by a newer version.", path=str(folder)),
            Text("Save it to another folder, or update Model Workbench."),
        )
    return document


def written(project: Project, document: Any) -> str:
    """Returns workbench.toml for a project, written into a tomlkit document whose comments are kept.

    Where the layout of the old file is so unusual that the text would not read back as the project, a new document is written.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    tables = _without_none({**tables_of(project), "schema_version": SCHEMA_VERSION})
    if not tables["objective"]:
        del tables["objective"]
    # tomlkit refuses some edits of inline and dotted tables, with whatever its internals raise.
    with suppress(ValueError, TypeError, KeyError, AttributeError, IndexError, TOMLKitError):
        text = _filled(document, tables)
        if _reads_as(text, tables):
            return text
    return _filled(tomlkit.document(), tables)


def _filled(document: Any, tables: Mapping[str, Any]) -> str:
    """Writes plain tables into a document and returns its text."""
    import tomlkit

    if "schema_version" not in document:
        document.add(tomlkit.comment("A Model Workbench project; the drawing is in model.graph.json."))
    for stale in [key for key in document if key not in tables]:
        del document[stale]
    for name, value in sorted(tables.items(), key=lambda pair: isinstance(pair[1], (Mapping, list))):
        _put(document, name, value)
    return tomlkit.dumps(document)


def _reads_as(text: str, tables: Mapping[str, Any]) -> bool:
    try:
        return repr(_sorted(tomllib.loads(text))) == repr(_sorted(tables))
    except tomllib.TOMLDecodeError:
        return False


def _sorted(value: Any) -> Any:
    """Returns tables with sorted keys, so that their text tells also 1 from 1.0 and true."""
    if isinstance(value, Mapping):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value


def _without_none(value: Any) -> Any:
    """Returns plain values without None, for which TOML has no word."""
    if isinstance(value, Mapping):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    return [_without_none(item) for item in value if item is not None] if isinstance(value, list) else value


def _put(table: Any, name: str, value: Any) -> None:
    """Sets one value, changing as little of the text as possible."""
    if isinstance(value, Mapping):
        _put_table(table, name, value)
    elif isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
        _put_tables(table, name, value)
    elif name not in table or not _same(table[name], value):
        table[name] = value


def _put_table(parent: Any, name: str, value: Mapping[str, Any]) -> None:
    import tomlkit
    from tomlkit.items import InlineTable

    if not isinstance(parent.get(name), dict) or isinstance(parent[name], InlineTable):
        parent.pop(name, None)
        parent[name] = tomlkit.table()
    table = parent[name]
    for stale in [key for key in table if key not in value]:
        del table[stale]
    for key, item in sorted(value.items(), key=lambda pair: isinstance(pair[1], (Mapping, list))):
        _put(table, key, item)


def _put_tables(parent: Any, name: str, values: list[Mapping[str, Any]]) -> None:
    import tomlkit

    if not isinstance(parent.get(name), list) or len(parent[name]) != len(values):
        parent.pop(name, None)
        array = tomlkit.aot()
        for _ in values:
            array.append(tomlkit.table())
        parent[name] = array
    for index, value in enumerate(values):
        holder = {name: parent[name][index]}
        _put_table(holder, name, value)


def _same(old: Any, new: Any) -> bool:
    plain = old.unwrap() if hasattr(old, "unwrap") else old
    return type(plain) is type(new) and plain == new


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise ProjectError(
            Text("{path} is not a text file.", path=str(path)), Text("Restore it from a backup or from version control.")
        ) from error
    except OSError as error:
        raise ProjectError(
            Text("{path} cannot be read: {reason}.", path=str(path), reason=error.strerror or str(error)),
            Text("Check that the file exists and that you may read it."),
        ) from error


def _parsed(text: str) -> Any:
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        return tomlkit.parse(text)
    except (TOMLKitError, ValueError) as error:
        raise ProjectError(
            Text("workbench.toml is not valid TOML: {reason}.", reason=str(error).rstrip(".")), Text("Correct that line and open the project again.")
        ) from error


def _version(tables: Mapping[str, Any]) -> int:
    version = tables.get("schema_version", SCHEMA_VERSION)
    if type(version) is not int or version < 1:
        raise ProjectError(Text("schema_version cannot be {value}.", value=repr(version)), Text("It must be a whole number from 1 on."))
    return version


def _migrated(tables: dict[str, Any], version: int) -> dict[str, Any]:
    for step in range(version, SCHEMA_VERSION):
        tables = MIGRATIONS[step](tables)
    return tables


def _graph(folder: Path) -> Graph:
    from workbench.graph.file import loads

    path = folder / GRAPH_FILE
    if not path.exists():
        return Graph()
    try:
        return loads(_read(path))
    except WorkbenchError as error:
        message = error.message if GRAPH_FILE in error.message else Text("{file}: {message}", file=GRAPH_FILE, message=error.message)
        raise type(error)(message, error.hint) from error
