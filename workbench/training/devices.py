"""Where a run computes, and with how many threads."""

from __future__ import annotations

import copy
import os
import time
from collections.abc import Callable

import torch

from workbench.errors import Text, TrainingError

PROBE_SECONDS = 0.5
WORTH_A_DOUBLING = 0.25
"""How much faster twice the threads must be: the window, the disk and other programs want cores too."""


def choose_device(wanted: str) -> torch.device:
    """Returns the device of that name; `auto` takes the best one there is.

    Raises:
        TrainingError: It does not exist here; there is no silent fallback.
    """
    if wanted in ("", "auto"):
        return torch.device("cuda", 0) if torch.cuda.is_available() else torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(wanted)
    except RuntimeError:
        device = None
    if device is None or device.type not in ("cpu", "cuda", "mps"):
        raise TrainingError(Text("There is no device called {name}.", name=repr(wanted)), Text("Choose auto, cpu, cuda, cuda:N or mps."))
    missing = _missing(device)
    if missing:
        raise TrainingError(missing, Text("Set the device to auto or cpu; `workbench doctor` says what is there."))
    return torch.device("cuda", device.index or 0) if device.type == "cuda" else device


def _missing(device: torch.device) -> str:
    if device.type == "cuda":
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if (device.index or 0) >= count:
            return Text("The device {name} is not there: this machine shows {count} CUDA devices.", name=str(device), count=count)
    if device.type == "mps" and not torch.backends.mps.is_available():
        return Text("The device mps is not there: this machine has no Apple GPU that torch can use.")
    return ""


def usable_cores() -> int:
    """Returns how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def probe_threads(step: Callable[[torch.nn.Module], None], model: torch.nn.Module) -> int:
    """Returns the number of threads with which one step is fastest: 1, 2, 4, ... up to the cores.

    torch's own default can be several times slower than one thread for a small model.

    Args:
        step: Runs forward and backward of one batch on the model it is given.
        model: Copied; the model itself is untouched.
    """
    cores = usable_cores()
    counts = sorted({1, cores} | {2**power for power in range(1, 8) if 2**power < cores})
    if len(counts) == 1:
        return 1
    before, own = torch.get_num_threads(), copy_of(model)
    try:
        times = {count: _seconds_with(count, step, own, PROBE_SECONDS / len(counts)) for count in counts}
    finally:
        torch.set_num_threads(before)
    return min(counts, key=lambda count: times[count] * (1 + WORTH_A_DOUBLING * counts.index(count)))


def _seconds_with(count: int, step: Callable[[torch.nn.Module], None], model: torch.nn.Module, budget: float) -> float:
    """Returns the mean of a step: with more threads than free cores the best step is fast and every tenth is slow."""
    torch.set_num_threads(count)
    step(model)
    steps, begin = 0, time.perf_counter()
    while (spent := time.perf_counter() - begin) < budget or not steps:
        step(model)
        steps += 1
    return spent / steps


def copy_of(model: torch.nn.Module) -> torch.nn.Module:
    """Returns a deep copy of a model that shares its plan (frozen, so it needs no copy)."""
    plan = getattr(model, "plan", None)
    return copy.deepcopy(model, {id(plan): plan} if plan is not None else None)
