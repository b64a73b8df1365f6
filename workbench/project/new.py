"""Makes a project: from a starter, or proposed for some data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from workbench.data.base import Dataset
from workbench.errors import ProjectError
from workbench.project.adapt import adapt
from workbench.project.bring import Source, bring
from workbench.project.file import SETTINGS_FILE, is_project, save
from workbench.project.from_source import keep_weights, learning, project_of, read_file, source_of
from workbench.project.project import Project
from workbench.project.starters import STARTERS
from workbench.text import Text

AUTO = "auto"


def make_project(template: str, data: str = "", name: str = "", base: Path | None = None, language: str = "en") -> Project:
    """Returns a new project, not saved yet.

    Args:
        template: The name of a starter, `auto` to have a network proposed for the data, or `FILE.py[:CLASS]` to read a class of PyTorch.
        data: A path, `sample:NAME` or `generated:NAME`; "" keeps the starter's own.
        name: What to call it; "" keeps the template's name.
        base: The folder that a relative path in `data` is relative to; default: the current one.
        language: What a starter's own data is written in, where it comes in several languages: `en` or `zh`.

    Raises:
        CatalogueError: There is no such starter.
        GraphError: The source file holds nothing that can be drawn.
        DataError: The data cannot be read or does not suit the starter.
        ProjectError: `auto` without data.
    """
    if template == AUTO and not data:
        raise ProjectError(Text("`auto` needs data to propose a network for."), Text("Add --data with a file, a folder or generated:NAME."))
    source_file = source_of(template)
    if source_file is not None:
        return _with_data(project_of(read_file(*source_file)), data, name, base)
    if template == AUTO:
        project = bring(Project(), Source(_source(data, base))).project
    else:
        project = STARTERS[template].make(language)
        if data:
            project = _on(project, *_opened(data, base))
    return replace(project, name=name) if name else project


def _with_data(project: Project, data: str, name: str, base: Path | None) -> Project:
    """Returns a project read from source, with the data that it shall learn from."""
    if data:
        dataset, source = _opened(data, base)
        project = _on(learning(project, dataset), dataset, source)
    return replace(project, name=name) if name else project


def _opened(data: str, base: Path | None) -> tuple[Dataset, str]:
    from workbench.data.open import open_dataset

    source = _source(data, base)
    return open_dataset(source), source


def _source(data: str, base: Path | None) -> str:
    """Returns what a project calls its data: a whole path, or the name of what lies on no disk."""
    from workbench.data.open import GENERATED, HUB, SAMPLE, resolve

    return data if data.startswith((SAMPLE, GENERATED, HUB)) else str(resolve(data, base).absolute())


def _on(project: Project, dataset: Dataset, source: str) -> Project:
    same = source == project.data.source
    data = project.data if same else replace(project.data, source=source, format="", params={}, preprocessing={})
    title = project.name if same else f"{project.name}: {Path(source).name}" if project.template != AUTO else project.name
    return adapt(replace(project, data=data, name=title), dataset)


def new_project(template: str, folder: Path | str, data: str = "", name: str = "", language: str = "en") -> Project:
    """Makes a project and saves it in `folder`.

    Args:
        template: As for `make_project`.
        folder: A folder that does not exist yet or is empty.
        data: As for `make_project`.
        name: As for `make_project`.
        language: As for `make_project`.

    Raises:
        ProjectError: The folder already holds something; nothing was written.
    """
    folder = Path(folder).expanduser().absolute()
    _check_empty(folder)
    project = make_project(template, data, name, language=language)
    save(project, folder)
    return project


def new_project_with_weights(template: str, folder: Path | str, weights: Path, data: str = "") -> tuple[Project, tuple[str, ...]]:
    """Makes a project of a class of PyTorch that starts from the weights of this class, and saves it in `folder`.

    Args:
        template: `FILE.py[:CLASS]`.
        folder: A folder that does not exist yet or is empty.
        weights: A safetensors or npz file of the class's own state.
        data: As for `make_project`.

    Returns:
        The project, and the keys of the file that found no place in the drawing.

    Raises:
        ProjectError: The template is no source, the file cannot be read, or none of it belongs to the class; nothing was written.
    """
    source = source_of(template)
    if source is None:
        raise ProjectError(Text("Weights belong to a class of PyTorch."), Text("Give FILE.py or FILE.py:CLASS; starters begin with new weights."))
    folder = Path(folder).expanduser().absolute()
    _check_empty(folder)
    reading = read_file(*source)
    project = _with_data(project_of(reading), data, "", None)
    start_from, unused = keep_weights(reading, weights.expanduser(), folder)
    project = replace(project, recipe=replace(project.recipe, start_from=start_from))
    save(project, folder)
    return project, unused


def _check_empty(folder: Path) -> None:
    if is_project(folder):
        raise ProjectError(Text("There is already a project in {path}.", path=str(folder)), Text("Choose another folder, or open that project."))
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ProjectError(
            Text("{path} is not empty.", path=str(folder)), Text("Choose a folder that does not exist yet; {file} goes there.", file=SETTINGS_FILE)
        )
