"""A project whose drawing is read from plain PyTorch source."""

from __future__ import annotations

from pathlib import Path

from workbench.data.base import Dataset
from workbench.errors import ProjectError
from workbench.models.reading import Reading, read_source
from workbench.project.feeding import OBJECTIVE_OF, likely_target, output_nodes
from workbench.project.project import ObjectiveChoice, Project
from workbench.text import Text

ENDING = ".py"


def source_of(template: str) -> tuple[Path, str] | None:
    """Returns file and class of a template such as `net.py` or `net.py:Net`; None where the template is no source file."""
    path, colon, name = template.rpartition(":")
    if colon and path.endswith(ENDING) and (name.isidentifier() or not name):
        return Path(path).expanduser(), name
    return (Path(template).expanduser(), "") if template.endswith(ENDING) else None


def read_file(path: Path, class_name: str = "") -> Reading:
    """Reads a class of a source file, without importing or running it.

    Raises:
        ProjectError: The file cannot be read.
        GraphError: There is nothing in it that can be drawn.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ProjectError(Text("{path} cannot be read as text.", path=str(path)), Text("Give a Python file in UTF-8.")) from error
    return read_source(text, class_name)


def project_of(reading: Reading) -> Project:
    """Returns a project with the drawing of a read class."""
    return Project(name=reading.class_name, graph=reading.graph)


def learning(project: Project, dataset: Dataset) -> Project:
    """Returns the project with what its first output most likely learns of the data; one that learns already stays."""
    target, outputs = likely_target(dataset), output_nodes(project.graph)
    if project.objectives or target is None or not outputs:
        return project
    from dataclasses import replace

    return replace(project, objectives=(ObjectiveChoice(OBJECTIVE_OF[target.kind], outputs[0].name, target.name),))
