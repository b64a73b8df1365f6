"""What the engine says and what it may be told. Defined beside the run folder, through which they travel."""

from __future__ import annotations

from workbench.project.events import (
    Change,
    Checkpointed,
    Command,
    EpochEnded,
    Event,
    Failed,
    Finding,
    Finished,
    Interrupt,
    Pause,
    Probe,
    ProbeResult,
    Resume,
    RunState,
    Started,
    StateChanged,
    StepOnce,
    Steps,
    Stop,
)

__all__ = [
    "Change",
    "Checkpointed",
    "Command",
    "EpochEnded",
    "Event",
    "Failed",
    "Finding",
    "Finished",
    "Interrupt",
    "Pause",
    "Probe",
    "ProbeResult",
    "Resume",
    "RunState",
    "Started",
    "StateChanged",
    "StepOnce",
    "Steps",
    "Stop",
]
