"""What a run is put together from: device, data, model, objectives, optimizer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from workbench.data.augmentation.augmenter import Augmenter
from workbench.data.balance import oversampled
from workbench.data.base import FieldKind, Split
from workbench.data.order import mix, order
from workbench.data.prepare import Prepared
from workbench.project.project import Recipe
from workbench.training.devices import choose_device, probe_threads
from workbench.training.load import build_model, prepare_data
from workbench.training.randomness import OwnGenerator
from workbench.training.starting import begin
from workbench.training.stepper import Stepper
from workbench.training.task import Task

if TYPE_CHECKING:
    from workbench.models.moving import Moved
    from workbench.project.project import Project
    from workbench.project.runs import RunFolder
    from workbench.training.snapshots import Snapshot


@dataclass(frozen=True, slots=True)
class Assembly:
    """The parts of one run.

    Attributes:
        threads: torch threads; set in the training thread.
        prepared: The data, on the device.
        rows: The training rows, int64 `(n,)`.
        steps_per_epoch: Batches of one epoch.
        nodes: Node id by submodule path.
        order: Submodule paths in the order of the forward pass.
        moved: What came from where the recipe starts, where this is a beginning.
    """

    device: torch.device
    threads: int
    prepared: Prepared
    model: Any
    task: Task
    stepper: Stepper
    rows: torch.Tensor
    steps_per_epoch: int
    nodes: dict[str, str]
    order: list[str]
    moved: Moved | None = None


def assemble(project: Project, run: RunFolder, recipe: Recipe, snapshot: Snapshot | None, prepared: Prepared | None) -> Assembly:
    """Puts a run together. What was chosen when the run began (device, threads) is chosen again on resume.

    Raises:
        WorkbenchError: The device is missing, the data cannot be used, or the drawing cannot be built.
    """
    device = choose_device(recipe.device if snapshot is None else snapshot.state["device"])
    torch.set_num_threads(1)
    here = (prepared or prepare_data(project, run)).to(device)
    if run.fitted is None:
        run.write_fitted(here.fitted)
    with OwnGenerator(mix(recipe.seed, "weights")):
        model = build_model(project.graph)
    moved = begin(model, project.graph, recipe.start_from, run) if recipe.start_from and snapshot is None else None
    model.to(device, memory_format=torch.channels_last).train()
    task = Task(project, model, here)
    rows = _balanced(project, here, recipe.seed)
    augmenter = Augmenter(project.data.augmentation, here, recipe.seed) if project.data.augmentation else None
    threads = recipe.threads or _probed(task, rows[: recipe.batch_size], device) if snapshot is None else snapshot.state["threads"]
    torch.set_num_threads(threads)
    run.note_environment(threads=threads, device=str(device))
    return Assembly(
        device, threads, here, model, task, Stepper(task, recipe, device, augmenter), rows, _steps(len(rows), recipe.batch_size),
        {step.path: step.drawn for step in model.plan.steps}, [step.path for step in model.plan.steps], moved,
    )


def _balanced(project: Project, prepared: Prepared, seed: int) -> torch.Tensor:
    """Returns the rows of an epoch: those of the training split, rare classes more often where the project says so."""
    rows = prepared.rows(Split.TRAIN)
    target = next((name for name in prepared.targets if prepared.preprocessors[name].kind == FieldKind.CATEGORY), None)
    if project.data.balance != "oversample" or target is None:
        return rows
    return torch.from_numpy(oversampled(rows.numpy(), np.asarray(prepared.dataset.column(target, rows.numpy())), seed))


def rows_of_step(project: Project, prepared: Prepared, step: int) -> torch.Tensor:
    """Returns the rows of the batch that the step after `step` done ones of a run learns from, int64 `(n,)`.

    Args:
        project: What would be trained.
        prepared: Its data.
        step: Counted from 0 over the whole run.
    """
    rows, recipe = _balanced(project, prepared, project.recipe.seed), project.recipe
    epoch, place = divmod(step, _steps(len(rows), recipe.batch_size))
    return order(recipe.seed, epoch, rows).split(recipe.batch_size)[place]


def _steps(rows: int, batch_size: int) -> int:
    """Returns the batches of an epoch. A single row left over is dropped: batch normalisation has no variance over one row."""
    return max(rows // batch_size + (rows % batch_size > 1), 1)


def _probed(task: Task, rows: torch.Tensor, device: torch.device) -> int:
    if device.type != "cpu":
        return 1
    batch = task.prepared.readable(rows)
    return probe_threads(lambda model: task.losses(task.forward(batch, model), batch)[0].backward(), task.model)
