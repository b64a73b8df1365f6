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
WEIGHTS_FILE = "weights.safetensors"


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
    if not path.is_file():
        raise ProjectError(Text("There is no file {path}.", path=str(path)), Text("Give the path of a Python file, or the name of a starter."))
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ProjectError(Text("{path} cannot be read as text.", path=str(path)), Text("Give a Python file in UTF-8.")) from error
    return read_source(text, class_name)


def project_of(reading: Reading) -> Project:
    """Returns a project with the drawing of a read class."""
    return Project(name=reading.class_name, graph=reading.graph)


def keep_weights(reading: Reading, weights: Path, folder: Path) -> tuple[str, tuple[str, ...]]:
    """Writes weights of a read class into a project, in the names of its drawing; training starts from them.

    Args:
        reading: The class as it was read.
        weights: A safetensors or npz file of its state.
        folder: The project folder.

    Returns:
        What `start_from` has to say, and the keys that found no place.

    Raises:
        ProjectError: The file cannot be read, or none of it belongs to the class.
    """
    from workbench.models.moving import opened, saved
    from workbench.models.reading import in_our_names
    from workbench.project.atomic import write_atomically

    given = opened(weights).values
    ours = in_our_names(given, reading.names, reading.zeros)
    if not ours:
        raise ProjectError(
            Text("None of the weights in {path} belongs to {name}.", path=str(weights), name=reading.class_name),
            Text("The keys of the file must be those of the class's own state_dict."),
        )
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / WEIGHTS_FILE, saved(ours, reading.graph))
    return WEIGHTS_FILE, tuple(key for key in given if key not in reading.names)


def learning(project: Project, dataset: Dataset) -> Project:
    """Returns the project with what its first output most likely learns of the data; one that learns already stays."""
    target, outputs = likely_target(dataset), output_nodes(project.graph)
    if project.objectives or target is None or not outputs:
        return project
    from dataclasses import replace

    return replace(project, objectives=(ObjectiveChoice(OBJECTIVE_OF[target.kind], outputs[0].name, target.name),))
