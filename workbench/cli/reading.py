"""What several verbs need: a project with `--set` applied, its data, and a run given by its own or its project's folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from workbench.cli.console import progress
from workbench.data.base import Dataset
from workbench.errors import DataError, ProjectError
from workbench.project.file import is_project, load, project_folder
from workbench.project.overrides import parsed, with_settings
from workbench.project.project import Project
from workbench.project.runs import RunFolder, latest_run
from workbench.text import Text


def read_project(folder: Path, settings: Sequence[str] = ()) -> tuple[Project, Path]:
    """Returns the project in `folder` with some settings changed, and its folder."""
    loaded = load(project_folder(folder))
    for warning in loaded.warnings:
        progress(warning)
    return with_settings(loaded.project, settings), loaded.folder


def open_data(project: Project, folder: Path) -> Dataset:
    """Returns the data of a project."""
    from workbench.data.open import open_dataset

    return open_dataset(project.data.source, project.data.format, project.data.params, base=folder, edits=project.edits, made=project.data.made)


def read_run(folder: Path) -> RunFolder:
    """Returns a run; of a project folder its newest one."""
    folder = folder.expanduser().absolute()
    if is_project(folder) and not (folder / "run.json").exists():
        run = latest_run(folder)
        if run is None:
            raise ProjectError(
                Text("The project in {path} has no runs yet.", path=str(folder)), Text("`workbench train {path}` makes one.", path=str(folder))
            )
        return run
    return RunFolder(folder)


def params_of(settings: Sequence[str]) -> dict[str, Any]:
    """Returns `PARAM=VALUE` and `PARAM.KEY=VALUE` settings of a catalogue entry as a dict."""
    found: dict[str, Any] = {}
    for text in settings:
        path, value = parsed(f"params.{text}")
        if len(path) > 2:
            found.setdefault(path[1], {})[".".join(path[2:])] = value
        else:
            found[path[1]] = value
    return found


def row_of(prepared: Any, split: str, row: int) -> int:
    """Returns the dataset row that is number `row` of a split.

    Raises:
        DataError: There is no such split or row.
    """
    rows = rows_of(prepared, split)
    if row >= len(rows):
        raise DataError(
            Text("The split {split} has {count} rows; there is no row {row}.", split=split, count=len(rows), row=row),
            Text("Rows are counted from 0."),
        )
    return int(rows[row])


def rows_of(prepared: Any, split: str) -> Any:
    """Returns the dataset rows of a split.

    Raises:
        DataError: There is no such split.
    """
    return prepared.splits[split_of(split)]


def split_of(name: str) -> Any:
    """Returns a split by its name; `val` is short for validation.

    Raises:
        DataError: There is no such split.
    """
    from workbench.data.base import Split

    names = {split.value: split for split in Split} | {"val": Split.VALIDATION}
    if name not in names:
        raise DataError(Text("There is no split called {name}.", name=repr(name)), Text("There are train, validation and test."))
    return names[name]
