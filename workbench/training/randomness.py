"""Randomness that is a function of numbers: nothing here draws from torch's shared generators.

A step is seeded from (seed, step), so a resumed run needs no generator state, and whoever drew in between did no harm.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from workbench.data.order import mix

_IN_PLACE = ("uniform_", "normal_", "bernoulli_", "exponential_", "random_", "cauchy_", "log_normal_", "geometric_")
_NEW = ("rand", "randn", "randint", "randperm", "normal", "bernoulli", "multinomial")
# The functions of torch.nn.init come as themselves: inside them the mode is off.
_INIT = (
    "uniform_", "normal_", "trunc_normal_", "xavier_uniform_", "xavier_normal_", "kaiming_uniform_", "kaiming_normal_", "orthogonal_",
    "sparse_",
)
_DRAWS: frozenset[Any] = frozenset(
    [getattr(torch.Tensor, name) for name in _IN_PLACE] + [getattr(torch, name) for name in _NEW]
    + [getattr(torch.nn.init, name) for name in _INIT]
)


class OwnGenerator(TorchFunctionMode):
    """While entered, what this thread draws (initial weights) comes from a generator of its own.

    Args:
        seed: Where the generator begins.
    """

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.generator = torch.Generator().manual_seed(seed)

    def __torch_function__(self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None) -> Any:
        given = dict(kwargs or {})
        if func in _DRAWS and given.get("generator") is None:
            given["generator"] = self.generator
        return func(*args, **given)


class StepSeed:
    """Seeds torch's default generators (of the CPU and of the run's device) for one step.

    Args:
        seed: The seed of the run.
        device: Where the model is.
    """

    def __init__(self, seed: int, device: torch.device) -> None:
        self._seed = seed
        self._generators = [torch.default_generator]
        if device.type == "cuda":
            torch.cuda.init()
            self._generators.append(torch.cuda.default_generators[device.index or 0])
        elif device.type == "mps":
            self._generators.append(torch.mps._get_default_mps_generator())  # pyright: ignore[reportPrivateUsage]

    def __call__(self, step: int) -> None:
        """Seeds for the step that follows `step` done ones."""
        seed = mix(self._seed, step)
        for generator in self._generators:
            generator.manual_seed(seed)
