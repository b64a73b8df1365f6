"""The rules that watch a run. Each finding names what was seen, why it matters, and what may help."""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

from workbench.errors import Text
from workbench.graph.graph import Graph, Node
from workbench.project.standing import collapsing
from workbench.training.events import Finding

if TYPE_CHECKING:
    from workbench.objectives import Chance

RECTIFIERS = (torch.nn.ReLU,)
DEAD_SHARE = 0.5
_MEMORY = 0.95
_WARM_UP_STEPS = 20


class LossWatch:
    """Two rules on the loss of every step: is it running away, is it no better than guessing.

    Exponential averages in plain floats: a microsecond a step, nothing on the device.

    Args:
        chance: What guessing scores, or None where that is not known.
        total: Steps of the whole run.
    """

    def __init__(self, chance: Chance | None, total: int) -> None:
        self._chance, self._total = chance, total
        self.average, self.lowest, self.first, self.seen = 0.0, math.inf, 0.0, 0
        self.fired: list[str] = []

    def take(self, step: int, loss: float) -> Finding | None:
        """Takes in the loss of one step and returns what that shows, each rule at most once a run."""
        self.seen += 1
        if self.seen <= _WARM_UP_STEPS:
            self.average = self.first = self.average + (loss - self.average) / self.seen
            return None
        self.average = _MEMORY * self.average + (1 - _MEMORY) * loss
        finding = self._diverging(step) or self._stuck(step)
        self.lowest = min(self.lowest, self.average)
        if finding is not None:
            self.fired.append(finding.rule)
        return finding

    def _diverging(self, step: int) -> Finding | None:
        limit = 3.0 * min(self.lowest, self.first) + 1.0
        if "diverging" in self.fired or not self.average > max(limit, 1.5 * self.first):
            return None
        lowest = min(self.lowest, self.first)
        return Finding(
            "diverging",
            Text("The loss is running away: {now:.3g} now, {lowest:.3g} at its lowest.", now=self.average, lowest=lowest),
            Text("Steps that are too long overshoot the valley, and every overshoot makes the next one longer."),
            step, evidence={"loss": self.average, "lowest": lowest, "first": self.first},
            remedies=("usual-learning-rate", "lower-learning-rate", "clip-gradients", "add-normalisation"),
        )

    def _stuck(self, step: int) -> Finding | None:
        due = max(5 * _WARM_UP_STEPS, self._total // 5)
        if self._chance is None or self._chance.loss <= 0 or step < due or "stuck-at-chance" in self.fired:
            return None
        if self.average < 0.97 * self._chance.loss or self.lowest < 0.9 * self._chance.loss:
            return None
        return Finding(
            "stuck-at-chance",
            Text("After {step} steps the loss is {loss:.3g}; guessing gives {chance:.3g}.",
                 step=step, loss=self.average, chance=self._chance.loss),
            Text("Nothing that the model reads helps it yet: the steps are too long or too short, or labels and inputs do not match."),
            step, evidence={"loss": self.average, "chance": self._chance.loss},
            remedies=("usual-learning-rate", "lower-learning-rate", "raise-learning-rate", "check-labels"),
        )

    def state(self) -> dict[str, Any]:
        """Returns everything as JSON values."""
        return {
            "average": self.average, "lowest": None if math.isinf(self.lowest) else self.lowest, "first": self.first, "seen": self.seen,
            "fired": list(self.fired),
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Takes up what `state` returned."""
        self.average, self.first, self.seen, self.fired = state["average"], state["first"], state["seen"], list(state["fired"])
        self.lowest = math.inf if state["lowest"] is None else state["lowest"]


def missing_activations(graph: Graph) -> list[Finding]:
    """Returns a finding for every linear layer that follows another one with nothing bent in between."""
    return [_missing_activation(first, second) for first, second in collapsing(graph)]


def _missing_activation(first: Node, second: Node) -> Finding:
    return Finding(
        "no-activation",
        Text("There is no activation between {first} and {second}.", first=first.label or first.name, second=second.label or second.name),
        Text("Two linear layers in a row can do no more than one: their product is again linear."),
        node=second.id, evidence={"first": first.id}, remedies=("insert-activation",),
    )


class DeadUnits:
    """Looks at rectifiers over one batch of rows: units that are 0 on every row learn nothing any more.

    Args:
        model: The built model.
        nodes: Node id by module path.
    """

    def __init__(self, model: torch.nn.Module, nodes: Mapping[str, str]) -> None:
        self._modules = {path: module for path, module in model.named_modules() if isinstance(module, RECTIFIERS)}
        self._nodes = nodes
        self._dead: dict[str, tuple[torch.Tensor, int]] = {}
        self.fired: list[str] = []

    @contextmanager
    def looking(self) -> Generator[None, None, None]:
        """While entered, a forward pass of the model is looked at; leaves no hook behind."""
        self._dead.clear()
        hooks = [module.register_forward_hook(self._hook(path)) for path, module in self._modules.items() if path not in self.fired]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    def _hook(self, path: str) -> Any:
        def look(_module: torch.nn.Module, _inputs: Any, output: torch.Tensor) -> None:
            axis = 1 if output.dim() == 4 else output.dim() - 1
            others = [index for index in range(output.dim()) if index != axis]
            self._dead[path] = ((output.amax(others) <= 0).sum(), output.shape[axis])

        return look

    def findings(self, step: int) -> list[Finding]:
        """Returns the layers of which half or more was dead at the last look, each once a run."""
        found: list[Finding] = []
        for path, (dead, units) in self._dead.items():
            count = int(dead)
            if count < DEAD_SHARE * units:
                continue
            self.fired.append(path)
            found.append(Finding(
                "dead-units",
                Text("{dead} of {units} units of {node} are 0 on every row looked at.", dead=count, units=units, node=path),
                Text("A rectifier that is always 0 passes no gradient, so the weights before it cannot recover."),
                step, self._nodes.get(path, ""), {"dead": count, "units": units},
                ("usual-learning-rate", "lower-learning-rate", "replace-relu", "add-normalisation"),
            ))
        self._dead.clear()
        return found
