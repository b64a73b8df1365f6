"""What the engine says and what it may be told: frozen values that cross threads, processes and the run folder as they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Union

_EMPTY: Mapping[str, Any] = MappingProxyType({})


class RunState(StrEnum):
    """Where a run stands. `INTERRUPTED`: its process ended without saying so; it can be resumed."""

    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"
    INTERRUPTED = "interrupted"

    @property
    def over(self) -> bool:
        """Whether nothing more will come."""
        return self in (RunState.FINISHED, RunState.STOPPED, RunState.FAILED, RunState.INTERRUPTED)


@dataclass(frozen=True, slots=True)
class Started:
    """The first event.

    Attributes:
        steps_per_epoch, epochs: The plan; `epochs * steps_per_epoch` is the whole run.
        step: Where it begins (above 0 on resume).
        device, threads: What was chosen.
        chance: What guessing would score on the watched metric, where that is known.
    """

    steps_per_epoch: int
    epochs: int
    step: int
    device: str
    threads: int
    rows: int
    chance: float | None = None


@dataclass(frozen=True, slots=True)
class Steps:
    """A block of steps has been done (the numbers are in metrics.bin).

    Attributes:
        step: The last step done, counted from 1 over the whole run.
        epoch: Counted from 0.
        rows_per_second: Over the block.
        seconds: Since the run began, pauses left out.
    """

    step: int
    epoch: int
    rows_per_second: float
    seconds: float


@dataclass(frozen=True, slots=True)
class EpochEnded:
    """An epoch and its validation are done; `metrics` by tag (`loss/train`, `loss/val`, `accuracy/val`)."""

    epoch: int
    step: int
    metrics: Mapping[str, float]
    best: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class Checkpointed:
    """A checkpoint folder is complete on disk."""

    path: str
    step: int
    kind: str


@dataclass(frozen=True, slots=True)
class Finding:
    """The doctor found something.

    Attributes:
        rule: A stable id (`nan`, `diverging`, `dead-units`, `no-activation`, `stuck-at-chance`).
        message: One sentence with the evidence in it.
        reason: Why that matters.
        step: When.
        node: The id of the node concerned, or "".
        evidence: The numbers that fired the rule.
        remedies: Names of remedies (`workbench.project.remedies`) that can be applied, best first.
    """

    rule: str
    message: str
    reason: str = ""
    step: int = 0
    node: str = ""
    evidence: Mapping[str, Any] = field(default_factory=lambda: _EMPTY)
    remedies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """The answer to a `Probe`: whatever its function returned (numpy only)."""

    ticket: int
    step: int
    value: Any = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class StateChanged:
    """The run is now in this state."""

    state: RunState
    step: int


@dataclass(frozen=True, slots=True)
class Failed:
    """The run ended badly."""

    message: str
    hint: str = ""
    details: str = ""


@dataclass(frozen=True, slots=True)
class Finished:
    """The run ended well.

    Attributes:
        state: `finished` or `stopped`.
        metrics: The last value of every tag, and those of the test split (`accuracy/test`) where evaluated.
        best_step: The step of the best checkpoint.
    """

    state: RunState
    epoch: int
    step: int
    metrics: Mapping[str, float]
    seconds: float
    best_step: int = 0


Event = Union[Started, Steps, EpochEnded, Checkpointed, Finding, ProbeResult, StateChanged, Failed, Finished]


@dataclass(frozen=True, slots=True)
class Pause:
    """Stop after the step in progress and wait."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Go on."""


@dataclass(frozen=True, slots=True)
class StepOnce:
    """Do one step, then wait."""


@dataclass(frozen=True, slots=True)
class Stop:
    """End now, keep the best checkpoint."""


@dataclass(frozen=True, slots=True)
class Change:
    """Change a live setting: `recipe.optimizer.learning_rate`, `recipe.epochs`, `recipe.clip_norm`."""

    setting: str
    value: Any


@dataclass(frozen=True, slots=True)
class Probe:
    """Run `function(model, prepared, step)` between two steps, on a copy of the model in eval mode; numpy results only.

    Not available through the run folder: a function does not travel to another process.
    """

    ticket: int
    function: Any


@dataclass(frozen=True, slots=True)
class Interrupt:
    """Write a checkpoint and end as if the process were asked to go; the run can be resumed."""


Command = Union[Pause, Resume, StepOnce, Stop, Change, Probe, Interrupt]
