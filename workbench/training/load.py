"""From a run folder back to a model and its data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from workbench.data.open import open_dataset
from workbench.data.order import mix
from workbench.data.prepare import Prepared, prepare
from workbench.errors import ProjectError, Text

if TYPE_CHECKING:
    from workbench.graph.graph import Graph
    from workbench.project.project import Project
    from workbench.project.runs import RunFolder

Which = Literal["best", "last"]


def build_model(graph: Graph) -> Any:
    """Returns the module of a drawing, with new weights on the CPU.

    Raises:
        GraphError: It cannot be built; the message names the first problem.
    """
    from workbench.models.build import build

    return build(graph)


def input_fields(project: Project) -> list[str]:
    """Returns the dataset fields that the drawing's inputs read, in order."""
    from workbench.models.plan import plan

    return list(dict.fromkeys(spec.field for spec in plan(project.graph).inputs))


def prepare_data(project: Project, run: RunFolder) -> Prepared:
    """Opens and prepares the data of a run: fitted as the run already was, or anew for its first start.

    Raises:
        DataError: It cannot be read or used.
    """
    data = project.data
    dataset = open_dataset(data.source, data.format, data.params, base=run.project_folder, edits=project.edits, made=data.made)
    targets = list(dict.fromkeys(choice.target for choice in project.objectives))
    return prepare(dataset, data, input_fields(project), targets, fitted=run.fitted)


def load_model(run: RunFolder, which: Which = "best") -> tuple[Any, Prepared]:
    """Returns the model of a run with its weights, in eval mode on the CPU, and its data.

    Nothing is drawn from torch's shared generators, so a run that is training in this process stays exact.

    Args:
        run: The run.
        which: `best` or `last`.

    Raises:
        ProjectError: The run has no checkpoint yet.
    """
    project = run.snapshot()
    return load_weights(project, run, which), prepare_data(project, run)


def load_weights(project: Project, run: RunFolder, which: Which = "best") -> Any:
    """Returns the model of a run with its weights, in eval mode on the CPU.

    Raises:
        ProjectError: The run has no checkpoint yet.
    """
    from workbench.training.randomness import OwnGenerator
    from workbench.training.snapshots import read_snapshot

    checkpoint = run.best() if which == "best" else run.last()
    if checkpoint is None and any(run.checkpoints_path.glob("*")):
        raise ProjectError(Text("No checkpoint of the run {name} is whole.", name=run.name), Text("Resume it, or choose another run."))
    if checkpoint is None:
        raise ProjectError(
            Text("The run {name} has no checkpoint yet.", name=run.name), Text("Let it train a little, or choose another run."),
        )
    with OwnGenerator(mix(project.recipe.seed, "weights")):
        model = build_model(project.graph)
    model.load_state_dict(read_snapshot(checkpoint).model)
    return model.eval()
