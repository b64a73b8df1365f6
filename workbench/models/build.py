"""The plan as one torch module: a submodule per node, and an interpreter that calls them in order."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from workbench.graph.dim import Dim
from workbench.graph.graph import Graph, PortRef
from workbench.layers.base import Call
from workbench.layers.own import OWN, is_own
from workbench.models.plan import LengthSpec, Plan, Step, plan

ALLOWED = frozenset(
    """AvgPool2d AvgPool3d BatchNorm1d BatchNorm2d Conv2d Conv3d ConvTranspose2d ConvTranspose3d Dropout Dropout2d Dropout3d
    ELU Embedding Flatten GELU GLU GroupNorm Hardsigmoid Hardswish Identity InstanceNorm2d InstanceNorm3d LayerNorm LeakyReLU
    Linear LogSoftmax MaxPool2d MaxPool3d Mish PReLU PixelShuffle PixelUnshuffle ReLU ReLU6 SELU SiLU Sigmoid Softmax Softplus
    Softsign Tanh Upsample""".split()  # noqa: SIM905 (words read better than quotes)
)
"""The classes of torch.nn that a layer may call for."""

_Instruction = tuple[dict[str, nn.Module | None], str, int, tuple[int, ...], tuple[tuple[str, int], ...], tuple[int, ...], tuple[int, ...]]


class Model(nn.Module):
    """A drawing at work.

    Call it with the inputs in the order of `plan.inputs` and, where rows differ in length, the valid lengths `(N,)` int64 by keyword.
    It returns one tensor, or a tuple in the order of `plan.outputs`.

    Args:
        plan: What to build. Weights are drawn in the order of its steps, so that a torch seed decides them.
    """

    plan: Plan

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.plan = plan
        for step in plan.steps:
            _place(self, step.path, make(step.call))
        for shared in plan.shared:
            owner, _, name = shared.path.rpartition(".")
            setattr(self.get_submodule(owner), name, self.get_parameter(shared.owner))
        self._slots, self._program = _compiled(self, plan)
        self._derived = _derived(plan, self._slots)
        self._returned = tuple(self._slots[PortRef(spec.node, "output")] for spec in plan.outputs)
        self._slot_count = max(self._slots.values(), default=-1) + 1

    def forward(self, *inputs: Tensor, **lengths: Tensor | None) -> Any:
        """Runs every step once. Lengths that are left out mean that no row is padded."""
        if len(inputs) != len(self.plan.inputs):
            names = ", ".join(spec.name for spec in self.plan.inputs)
            raise ValueError(f"the model takes {len(self.plan.inputs)} inputs ({names}), not {len(inputs)}")
        values: list[Any] = [None] * self._slot_count
        values[: len(inputs)] = inputs
        if lengths:
            self._spread(values, lengths)
        for modules, name, single, arguments, named, results, done in self._program:
            module: Any = modules[name]
            if single >= 0:
                result = module(values[single])
            elif named:
                result = module(*[values[slot] for slot in arguments], **{key: values[slot] for key, slot in named})
            else:
                result = module(*[values[slot] for slot in arguments])
            if len(results) == 1:
                values[results[0]] = result
            else:
                for slot, part in zip(results, result, strict=True):
                    values[slot] = part
            for slot in done:
                values[slot] = None
        returned = self._returned
        return values[returned[0]] if len(returned) == 1 else tuple(values[slot] for slot in returned)

    def _spread(self, values: list[Any], lengths: Mapping[str, Tensor | None]) -> None:
        """Puts the lengths of every size that a step asks for into its slot."""
        known = {spec.parameter: spec.symbol.name for spec in self.plan.lengths}
        if unknown := lengths.keys() - known.keys():
            raise TypeError(f"the model takes no argument called {sorted(unknown)[0]!r}")
        given = {known[parameter]: value for parameter, value in lengths.items() if value is not None}
        for size, slot in self._derived:
            if all(symbol.name in given for symbol in size.symbols()):
                values[slot] = size.evaluate(given)

    def call(self, values: Mapping[str, Tensor], lengths: Mapping[str, Tensor] | None = None) -> dict[str, Tensor]:
        """Runs the model on named inputs.

        Args:
            values: A tensor for every input, by name; others are ignored.
            lengths: The valid lengths `(N,)` by input name, where rows are padded.

        Returns:
            The outputs by name.

        Raises:
            ValueError: Inputs that share a length have different ones.
        """
        given = lengths or {}
        for spec in self.plan.lengths:
            _check_shared(spec, given)
        rows = {spec.parameter: given.get(spec.input) for spec in self.plan.lengths}
        result = self(*[values[spec.name] for spec in self.plan.inputs], **rows)
        results = (result,) if len(self.plan.outputs) == 1 else result
        return {spec.name: value for spec, value in zip(self.plan.outputs, results, strict=True)}

    def path_of(self, node: str) -> str:
        """Returns the path of a node's submodule.

        Raises:
            KeyError: The node leads to no output, so it is not part of the model.
        """
        return self.plan.paths[node]


def build(source: Graph | Plan) -> Model:
    """Builds a drawing.

    Raises:
        GraphError: The drawing has a mistake.
    """
    return Model(source if isinstance(source, Plan) else plan(source))


def make(call: Call) -> nn.Module:
    """Makes the module of one call: an allowed class of torch.nn, one of ours, or one of the user's own."""
    place, _, name = call.target.rpartition(".")
    if place == "nn":
        assert name in ALLOWED, call.target
        return getattr(nn, name)(**call.arguments)
    if is_own(call.target):
        return OWN.module_class(place, name)(**call.arguments)
    module = importlib.import_module(f"workbench.layers.modules.{place}")
    return getattr(module, name)(**call.arguments)


def _check_shared(spec: LengthSpec, lengths: Mapping[str, Tensor]) -> None:
    """Raises where inputs that share a length symbol have different lengths."""
    own = lengths.get(spec.input)
    for other in spec.inputs[1:]:
        if own is not None and other in lengths and not torch.equal(own, lengths[other]):
            raise ValueError(f"{spec.input} and {other} share the length {spec.symbol.name}, but their rows differ in length")


def _place(model: nn.Module, path: str, module: nn.Module) -> None:
    """Adds a submodule, with plain modules for the groups it stands in."""
    *groups, name = path.split(".")
    parent = model
    for group in groups:
        child = parent._modules.get(group)  # pyright: ignore[reportPrivateUsage]
        if child is None:
            child = nn.Module()
            parent.add_module(group, child)
        parent = child
    parent.add_module(name, module)


def _compiled(model: Model, plan: Plan) -> tuple[dict[Any, int], list[_Instruction]]:
    """Numbers every value and writes down which module takes which numbers to which.

    A module is looked up by name at each call, so that one that is exchanged (for a measured or exported twin) takes effect.
    """
    slots: dict[Any, int] = {spec.name: index for index, spec in enumerate(plan.inputs)}
    program: list[_Instruction] = []
    for step in plan.steps:
        arguments, named = _arguments(step, slots)
        results = tuple(slots.setdefault(PortRef(step.node, port), len(slots)) for port in step.call.outputs)
        parent, _, name = step.path.rpartition(".")
        single = arguments[0] if len(arguments) == 1 and not named else -1
        modules = model.get_submodule(parent)._modules  # pyright: ignore[reportPrivateUsage]
        program.append((modules, name, single, arguments, named, results, ()))
    return slots, _with_ends(program, {slots[PortRef(spec.node, "output")] for spec in plan.outputs})


def _with_ends(program: list[_Instruction], returned: set[int]) -> list[_Instruction]:
    """Writes down after which step a result is needed no more, so that its memory is free for the next."""
    last: dict[int, int] = {}
    for index, (_, _, _, arguments, named, results, _) in enumerate(program):
        last.update((slot, index) for slot in results)
        last.update((slot, index) for slot in (*arguments, *(slot for _, slot in named)) if slot in last)
    ends: dict[int, list[int]] = {}
    for slot, index in last.items():
        if slot not in returned:
            ends.setdefault(index, []).append(slot)
    return [(*instruction[:-1], tuple(ends.get(index, ()))) for index, instruction in enumerate(program)]


def _arguments(step: Step, slots: dict[Any, int]) -> tuple[tuple[int, ...], tuple[tuple[str, int], ...]]:
    """Returns positional slots, and named ones from the first argument on that is left out."""
    given = {wired.parameter: wired for wired in step.wiring}
    positional: list[int] = []
    named: list[tuple[str, int]] = []
    left_out = False
    for parameter in step.call.inputs:
        wired = given.get(parameter)
        if wired is None:
            left_out = True
            continue
        keys: tuple[Any, ...] = wired.ports or ((wired.lengths,) if wired.lengths is not None else (wired.given,))
        numbers = [slots.setdefault(key, len(slots)) for key in keys]
        if left_out:
            named += [(parameter, number) for number in numbers]
        else:
            positional += numbers
    return tuple(positional), tuple(named)


def _derived(plan: Plan, slots: Mapping[Any, int]) -> list[tuple[Dim, int]]:
    """Returns every size whose lengths a step asks for, with its slot."""
    sizes = {wired.lengths for step in plan.steps for wired in step.wiring if wired.lengths is not None}
    return [(size, slots[size]) for size in sorted(sizes, key=str)]
