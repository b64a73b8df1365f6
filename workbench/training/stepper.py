"""One training step, and nothing in it that could be done once a block."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from workbench.data.augmentation.augmenter import Augmenter
from workbench.data.base import Batch
from workbench.project.project import Recipe
from workbench.training.autopsy import all_finite
from workbench.training.optimizers import OPTIMIZERS
from workbench.training.randomness import StepSeed
from workbench.training.schedules import SCHEDULES
from workbench.training.task import Scores, Task

GRADIENT_EVERY = 10


class NotFiniteError(Exception):
    """A loss, a gradient or an update is NaN or infinite; the weights have not been touched by a bad loss or gradient.

    Attributes:
        step: The step in progress, counted from 0.
        batch: Its rows.
        where: `loss`, `gradient` or `update`.
    """

    def __init__(self, step: int, batch: Batch, where: str) -> None:
        super().__init__(where)
        self.step, self.batch, self.where = step, batch, where


class Stepper:
    """Model, optimizer and schedule of a run, and the step that moves them.

    On the CPU every loss is looked at before the weights move, which costs nothing there. On other devices that would hold up the
    device, so losses are looked at once a block, and `strict` is set for a second look.

    Attributes:
        strict: Look at loss and gradient before every update.
        losses: Losses of the steps since the last `take`, still on the device where that is not the CPU.
    """

    def __init__(self, task: Task, recipe: Recipe, device: torch.device, augmenter: Augmenter | None = None) -> None:
        self.task, self.device = task, device
        self._augmenter = augmenter
        self.parameters = [parameter for parameter in task.model.parameters() if parameter.requires_grad]
        self.optimizer = OPTIMIZERS[recipe.optimizer.name].build(
            self.parameters, OPTIMIZERS[recipe.optimizer.name].parse(dict(recipe.optimizer.params)))
        self.scores = Scores(task, cheap=True)
        self.strict = False
        self.losses: list[tuple[int, int, list[Tensor] | float, float, Tensor | float | None]] = []
        self._seed = StepSeed(recipe.seed, device)
        self._sees_losses = device.type == "cpu"
        self.take_settings(recipe, 1)

    def take_settings(self, recipe: Recipe, total: int) -> None:
        """Takes over live settings and the length of the run."""
        params = OPTIMIZERS[recipe.optimizer.name].parse(dict(recipe.optimizer.params))
        schedule = SCHEDULES[recipe.schedule.name]
        schedule_params = schedule.parse(dict(recipe.schedule.params))
        peak: float = params.learning_rate  # pyright: ignore[reportAttributeAccessIssue]
        self.rate: Callable[[int], float] = lambda step: peak * schedule.factor(step, total, schedule_params)
        self.clip_norm = recipe.clip_norm
        for group in self.optimizer.param_groups:
            group["weight_decay"] = params.weight_decay  # pyright: ignore[reportAttributeAccessIssue]

    def step(self, step: int, batch: Batch) -> None:
        """Does the step that follows `step` done ones.

        Raises:
            NotFiniteError: On the CPU or in strict mode; the weights are as before.
        """
        if self._augmenter is not None:
            batch = self._augmenter(batch, step)
        self._seed(step)
        rate = self.rate(step)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        for parameter in self.parameters:
            parameter.grad = None
        outputs = self.task.forward(batch)
        losses = self.task.losses(outputs, batch)
        loss = losses[0]
        value: list[Tensor] | float = [one.detach() for one in losses]
        if self._sees_losses or self.strict:
            seen = float(loss.item())
            if seen - seen != 0.0:
                raise NotFiniteError(step, batch, "loss")
            value = seen if len(losses) == 1 else value
        loss.backward()
        norm = self._gradient_norm(step)
        if self.strict and not all_finite([parameter.grad for parameter in self.parameters if parameter.grad is not None]):
            raise NotFiniteError(step, batch, "gradient")
        self.optimizer.step()
        if self.strict and not all_finite(self.parameters):
            raise NotFiniteError(step, batch, "update")
        self.scores.update(tuple(output.detach() for output in outputs), batch)
        self.losses.append((step + 1, len(batch.rows), value, rate, norm))

    def _gradient_norm(self, step: int) -> Tensor | None:
        if self.clip_norm > 0:
            return torch.nn.utils.clip_grad_norm_(self.parameters, self.clip_norm)
        if step % GRADIENT_EVERY:
            return None
        return torch.nn.utils.get_total_norm([parameter.grad for parameter in self.parameters if parameter.grad is not None])

    def take(self) -> list[tuple[int, int, list[float], float, float | None]]:
        """Returns step, rows, losses, learning rate and gradient norm of the steps since the last call, as plain numbers."""
        taken, self.losses = self.losses, []
        stacks = [value for _, _, value, _, _ in taken if isinstance(value, list)]
        numbers = iter(torch.stack([torch.stack(stack) for stack in stacks]).tolist() if stacks else ())
        return [
            (step, rows, next(numbers) if isinstance(value, list) else [value], rate, None if norm is None else float(norm))
            for step, rows, value, rate, norm in taken
        ]

    def diagnose(self, failure: NotFiniteError, nodes: dict[str, str], order: list[str]) -> Any:
        """Names where it began: in the data, at a node of the forward pass, in a gradient, or in the loss itself."""
        from workbench.training import autopsy

        step, batch = failure.step, failure.batch
        if failure.where != "loss":
            return autopsy.backward_finding(step + 1, self.task.model, nodes, order, failure.where)
        for field, tensor in batch.values.items():
            kind = autopsy.bad_values(tensor)
            if kind:
                bad = ~torch.isfinite(tensor.flatten(1) if tensor.dim() > 1 else tensor[:, None]).all(1)
                return autopsy.data_finding(step + 1, field, batch.rows.to(bad.device)[bad].tolist(), kind)
        found: list[tuple[str, str]] = []
        self._seed(step)
        with torch.no_grad(), autopsy.watching(self.task.model, found):
            outputs = self.task.forward(batch)
            loss = self.task.losses(outputs, batch)[0]
        if found:
            return autopsy.forward_finding(step + 1, found[0][1], found[0][0], nodes)
        return autopsy.loss_finding(step + 1, autopsy.bad_values(loss) or "NaN")
