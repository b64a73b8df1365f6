"""What people are told when a run fails."""

from __future__ import annotations

import torch

from workbench.errors import Text, TrainingError


def explained(error: Exception) -> tuple[str, str]:
    """Returns one sentence and a hint for an error that nobody expected."""
    if isinstance(error, OSError):
        return (
            Text("The run folder cannot be written: {reason}.", reason=error.strerror or str(error)),
            Text("The last checkpoint is whole. Free some space, then resume the run."),
        )
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)) or "allocate" in str(error):
        return Text("There is not enough memory for this batch."), Text("Make the batch or the model smaller.")
    return (
        Text("The run failed: {kind}: {reason}", kind=type(error).__name__, reason=str(error).splitlines()[0] if str(error) else ""),
        Text("The details are in the run's log; the last checkpoint is whole."),
    )


def spoilt(step: int) -> TrainingError:
    """Weights are NaN or infinite and nobody saw how."""
    return TrainingError(
        Text("The weights became NaN or infinite around step {step}.", step=step),
        Text("Lower the learning rate or limit the gradient norm, then start again."),
    )
