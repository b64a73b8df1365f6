"""What one run learns: the model's wiring to the data, its objectives, and their scores."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from workbench.data.base import Batch, Split
from workbench.data.loader import Loader
from workbench.errors import Text, TrainingError
from workbench.models.given import by_parameter, given, steps_of
from workbench.objectives import OBJECTIVES, Chance, Metric, Objective
from workbench.objectives.accumulators import Mean
from workbench.project.project import Project

_SAMPLED_ROWS = 2048
TAGS = {Split.TRAIN: "train", Split.VALIDATION: "val", Split.TEST: "test"}


@dataclass(frozen=True, slots=True)
class Part:
    """One objective of a run, bound to its output and its targets.

    Attributes:
        index: The position of its output in what the model returns.
        target: The dataset field.
        loss: Output and target to the mean loss.
        suffix: What its tags carry where a run has several objectives (`accuracy.label`), else "".
    """

    objective: Objective
    params: Any
    output: str
    index: int
    target: str
    weight: float
    loss: Callable[[Tensor, Tensor], Tensor]
    chance: Chance
    suffix: str


class Task:
    """Batches in, outputs and losses out.

    Args:
        project: What was decided.
        model: The built model, on its device.
        prepared: The data, on the same device.

    Raises:
        TrainingError: An objective names an output or a field that is not there.
    """

    def __init__(self, project: Project, model: Any, prepared: Any) -> None:
        self.model, self.prepared = model, prepared
        self._weighs = project.data.balance == "weights"
        self.inputs = list(model.plan.inputs)
        self.outputs = [spec.name for spec in model.plan.outputs]
        self.lengths = [(spec.parameter, spec.input) for spec in model.plan.lengths]
        if not project.objectives:
            raise TrainingError(Text("The project has nothing to learn."), Text("Choose an objective: what to predict, from which output."))
        device = next(iter(model.parameters()), torch.empty(0)).device
        suffixes = _suffixes([choice.target for choice in project.objectives])
        self.parts = [self._part(choice, suffix, device) for choice, suffix in zip(project.objectives, suffixes, strict=True)]

    def _part(self, choice: Any, suffix: str, device: torch.device) -> Part:
        if choice.output not in self.outputs:
            raise TrainingError(
                Text("The objective reads the output {name}, which the drawing does not have.", name=repr(choice.output)),
                Text("Outputs: {names}.", names=", ".join(self.outputs)),
            )
        objective = OBJECTIVES[choice.name]
        given_params = dict(choice.params)
        if self._weighs and "class_weights" in objective.Params.model_fields:
            given_params.setdefault("class_weights", "balanced")
        params, targets = objective.parse(given_params), train_targets(self.prepared, choice.target, objective)
        return Part(
            objective, params, choice.output, self.outputs.index(choice.output), choice.target, choice.weight,
            objective.loss_function(params, targets, device), objective.chance(targets), suffix,
        )

    def forward(self, batch: Batch, model: Any = None) -> tuple[Tensor, ...]:
        """Returns the outputs of a batch, in the order of the plan."""
        values, lengths = given(self.inputs, batch)
        outputs = (model or self.model)(*values.values(), **by_parameter(lengths, self.lengths))
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        return self._ended(outputs, lengths) if lengths else outputs

    def _ended(self, outputs: tuple[Tensor, ...], lengths: dict[str, Tensor]) -> tuple[Tensor, ...]:
        """Returns the outputs with nothing behind the end of each row, where their objective would look there."""
        found, plan = list(outputs), self.model.plan
        for part in self.parts:
            steps = steps_of(plan.outputs[part.index], plan.lengths, lengths)
            if steps is not None:
                found[part.index] = part.objective.ended(found[part.index], steps)
        return tuple(found)

    def wanted(self, part: Part, batch: Batch) -> Tensor:
        """Returns what an output is compared with."""
        return part.objective.wanted(batch.values[part.target], batch.lengths.get(part.target))

    def losses(self, outputs: tuple[Tensor, ...], batch: Batch) -> list[Tensor]:
        """Returns the loss to minimise, followed by that of every part where there are several."""
        if len(self.parts) == 1:
            part = self.parts[0]
            loss = self._loss(part, outputs, batch)
            return [loss if part.weight == 1.0 else loss * part.weight]
        single = [self._loss(part, outputs, batch) for part in self.parts]
        return [torch.stack([loss * part.weight for loss, part in zip(single, self.parts, strict=True)]).sum(), *single]

    def _loss(self, part: Part, outputs: tuple[Tensor, ...], batch: Batch) -> Tensor:
        wanted = self.wanted(part, batch)
        loss = part.loss(outputs[part.index], wanted)
        if batch.partner is None:
            return loss
        return loss * batch.share + part.loss(outputs[part.index], wanted[batch.partner]) * (1.0 - batch.share)

    @property
    def loss_tags(self) -> list[str]:
        """The names of what `losses` returns."""
        return ["loss"] if len(self.parts) == 1 else ["loss", *(f"loss{part.suffix}" for part in self.parts)]

    @property
    def main_tag(self) -> str:
        """The metric of the first objective that says what is best, without its split."""
        return f"{self.parts[0].objective.main_metric}{self.parts[0].suffix}"

    def better(self, tag: str) -> str:
        """Returns whether `higher` or `lower` is better for a tag (`accuracy/val`, `loss/val`)."""
        name, _, suffix = tag.partition("/")[0].partition(".")
        part = next((part for part in self.parts if part.suffix == f".{suffix}"), self.parts[0])
        return part.objective.better(name)


def _suffixes(targets: list[str]) -> list[str]:
    """Returns what tells the tags of each objective apart: nothing for one, `.label`, `.label2` for several."""
    if len(targets) == 1:
        return [""]
    return [f".{name}{count if (count := targets[: index + 1].count(name)) > 1 else ''}" for index, name in enumerate(targets)]


def train_targets(prepared: Any, field: str, objective: Objective) -> np.ndarray:
    """Returns the target values of the training split as the loss will see them (numbers standardised); of large targets some rows."""
    rows = prepared.rows(Split.TRAIN)
    if objective.output_axes != ("batch", "feature"):
        rows = rows[:_SAMPLED_ROWS]
    values, lengths = prepared.values(field, rows)
    return objective.wanted(values, lengths).cpu().numpy()


class Scores:
    """The losses and metrics of one pass over a split.

    Args:
        task: What is learned.
        cheap: Only the metrics that may run on every training step, and no losses (the engine has those anyway).
    """

    def __init__(self, task: Task, cheap: bool = False) -> None:
        self._task = task
        self.metrics: list[tuple[str, Part, Metric]] = [
            (f"{name}{part.suffix}", part, metric)
            for part in task.parts for name, metric in part.objective.accumulators().items() if metric.cheap or not cheap
        ]
        self.means = {} if cheap else {tag: Mean() for tag in task.loss_tags}

    def update(self, outputs: tuple[Tensor, ...], batch: Batch) -> None:
        """Counts one batch; gradients must be off or the tensors detached."""
        wanted = {id(part): self._task.wanted(part, batch) for part in self._task.parts}
        for _, part, metric in self.metrics:
            metric.update(outputs[part.index], wanted[id(part)])

    def update_losses(self, losses: list[Tensor], rows: int) -> None:
        """Counts the losses of one batch."""
        for mean, loss in zip(self.means.values(), losses, strict=True):
            mean.add_mean(loss, rows)

    def values(self, split: Split) -> dict[str, float]:
        """Returns everything by tag."""
        found = {tag: mean.value() for tag, mean in self.means.items()} | {tag: metric.value() for tag, _, metric in self.metrics}
        return {f"{tag}/{TAGS[split]}": value for tag, value in found.items()}

    def reset(self) -> None:
        """Forgets everything."""
        for metric in [*self.means.values(), *(metric for _, _, metric in self.metrics)]:
            metric.reset()

    def state(self) -> dict[str, Tensor]:
        """Returns what was counted, for the checkpoint."""
        return {f"{tag}/{key}": value for tag, _, metric in self.metrics for key, value in metric.state().items()}

    def load(self, state: Mapping[str, Tensor], device: torch.device) -> None:
        """Takes up what `state` returned."""
        for tag, _, metric in self.metrics:
            own = {key.removeprefix(f"{tag}/"): value for key, value in state.items() if key.startswith(f"{tag}/")}
            metric.load(own, device)


def score_split(task: Task, split: Split, batch_size: int, model: Any = None, first: Callable[[], Any] | None = None) -> dict[str, float]:
    """Runs the model in eval mode over a split and returns losses and metrics by tag.

    Args:
        task: What is learned.
        split: Which rows.
        batch_size: Rows at once.
        model: Another model than the task's own.
        first: A context manager around the first batch (the doctor looks at activations there).
    """
    from contextlib import nullcontext

    rows = task.prepared.rows(split)
    scores = Scores(task)
    with torch.inference_mode():
        for index, batch in enumerate(Loader(task.prepared).every(rows.split(batch_size))):
            with first() if first is not None and index == 0 else nullcontext():
                outputs = task.forward(batch, model)
            scores.update(outputs, batch)
            scores.update_losses(task.losses(outputs, batch), len(batch.rows))
    return scores.values(split)
