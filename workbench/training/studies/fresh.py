"""Studies that ask what a model makes of rows it has not seen must not begin from one that has."""

from __future__ import annotations

from pathlib import Path

from workbench.errors import TrainingError
from workbench.project.project import Project
from workbench.text import Text


def refuse_seen(project: Project, folder: Path) -> None:
    """Refuses a project whose runs begin from weights that were trained on its own data.

    Raises:
        TrainingError: Its first weights come from a run on the same data.
        ProjectError: What it starts from is not there.
    """
    if not project.recipe.start_from:
        return
    from workbench.project.runs import RunFolder
    from workbench.training.starting import place_of

    place = place_of(project.recipe.start_from, folder)
    if (place / "run.json").is_file() and RunFolder(place).snapshot().data.source == project.data.source:
        raise TrainingError(
            Text("The project starts from a run that has seen all these rows, so no row would be new to its models."),
            Text("Start from new weights, or from a model that was trained on other data."),
        )
