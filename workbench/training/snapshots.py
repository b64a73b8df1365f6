"""What a checkpoint holds, and the thread that writes it."""

from __future__ import annotations

import json
import queue
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from workbench.errors import Text, TrainingError
from workbench.project.checkpoints import MODEL, OPTIMIZER, STATE, Checkpoint
from workbench.training.events import Checkpointed

if TYPE_CHECKING:
    from workbench.project.runs import RunFolder


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything a run needs to go on, as copies that the run no longer touches.

    Attributes:
        step: Steps done.
        model: Weights and buffers by name.
        optimizer: `PARAMETER/KEY` to tensor.
        metrics: What the running metrics have counted.
        state: Counters, as JSON values.
    """

    step: int
    model: dict[str, Tensor]
    optimizer: dict[str, Tensor]
    metrics: dict[str, Tensor]
    state: dict[str, Any]

    def files(self) -> dict[str, bytes]:
        """Returns the content of the checkpoint's files."""
        from safetensors.torch import save

        running = {f"optimizer/{name}": value for name, value in self.optimizer.items()}
        running |= {f"metrics/{name}": value for name, value in self.metrics.items()}
        return {MODEL: save(self.model), OPTIMIZER: save(running), STATE: json.dumps(self.state, sort_keys=True).encode()}


def copied(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Returns contiguous copies on the CPU; tied weights are copied under both names."""
    return {name: torch.empty(value.shape, dtype=value.dtype).copy_(value.detach()) for name, value in tensors.items()}


def optimizer_tensors(model: torch.nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Returns the optimizer's tensors by parameter name and key."""
    return {
        f"{name}/{key}": value
        for name, parameter in model.named_parameters()
        for key, value in optimizer.state.get(parameter, {}).items()
        if isinstance(value, Tensor)
    }


def load_optimizer(model: torch.nn.Module, optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Puts tensors back where `optimizer_tensors` found them.

    Moments take the memory layout of their parameter: the fused steps go through both in the order of memory, so that a contiguous
    moment beside a channels-last weight would belong to other weights.
    """
    parameters = dict(model.named_parameters())
    indices = {name: index for index, name in enumerate(parameters)}
    state: dict[int, dict[str, Tensor]] = {}
    for path, value in tensors.items():
        name, _, key = path.rpartition("/")
        like = parameters[name]
        laid_out = torch.empty_like(like, dtype=value.dtype).copy_(value) if value.shape == like.shape else value
        state.setdefault(indices[name], {})[key] = laid_out.detach()
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})


def read_snapshot(checkpoint: Checkpoint) -> Snapshot:
    """Returns what a checkpoint holds.

    Raises:
        ProjectError: A file is missing or damaged.
        TrainingError: It was written by a newer version.
    """
    from safetensors.torch import load

    state = checkpoint.state()
    if state.get("schema_version", 1) > 1:
        raise TrainingError(Text("The checkpoint was written by a newer version."), Text("Update Model Workbench to resume this run."))
    running = load(checkpoint.read(OPTIMIZER))
    return Snapshot(
        checkpoint.step, load(checkpoint.read(MODEL)), _below(running, "optimizer/"), _below(running, "metrics/"), state
    )


def _below(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


class CheckpointWriter:
    """One thread that writes snapshots; the training thread waits only where the one before is not done yet.

    Args:
        run: Where checkpoints go.
    """

    def __init__(self, run: RunFolder) -> None:
        self._run = run
        self._waiting: queue.Queue[list[tuple[str, Snapshot]] | None] = queue.Queue(maxsize=1)
        self._done: deque[Checkpointed] = deque()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="checkpoint-writer", daemon=True)
        self._thread.start()

    def submit(self, snapshots: list[tuple[str, Snapshot]]) -> None:
        """Hands over snapshots by kind, to be written in this order.

        Raises:
            TrainingError: An earlier one could not be written.
        """
        self._check()
        self._waiting.put(snapshots)

    def written(self) -> list[Checkpointed]:
        """Returns the checkpoints completed since the last call.

        Raises:
            TrainingError: One could not be written.
        """
        self._check()
        return [self._done.popleft() for _ in range(len(self._done))]

    def drain(self) -> None:
        """Waits until everything handed over is on disk."""
        self._waiting.join()
        self._check()

    def close(self) -> None:
        """Writes what is waiting and ends the thread."""
        self._waiting.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (item := self._waiting.get()) is not None:
            try:
                self._write(item)
            except Exception as error:  # the training thread raises it, in `_check`
                self._error = error
            finally:
                self._waiting.task_done()
        self._waiting.task_done()

    def _write(self, snapshots: list[tuple[str, Snapshot]]) -> None:
        for kind, snapshot in snapshots:
            written = self._run.write_checkpoint(kind, snapshot.step, snapshot.files())
            self._done.append(Checkpointed(str(written.path), snapshot.step, kind))

    def _check(self) -> None:
        error, self._error = self._error, None
        if error is not None:
            raise TrainingError(
                Text("The checkpoint could not be written: {reason}.", reason=str(error)),
                Text("The one before it is whole. Free some space, then resume the run."),
            ) from error
