"""Finding the first bad node after a loss has become NaN or infinite."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from workbench.errors import Text
from workbench.training.events import Finding

REMEDIES = ("usual-learning-rate", "lower-learning-rate", "clip-gradients", "add-normalisation")


def all_finite(tensors: list[Tensor]) -> bool:
    """Whether no element of any of these is NaN or infinite. One number comes from the device."""
    floating = [tensor.detach() for tensor in tensors if tensor.is_floating_point()]
    if not floating:
        return True
    largest = torch._foreach_norm(floating, math.inf)  # pyright: ignore[reportPrivateUsage, reportPrivateImportUsage]
    return bool(torch.isfinite(torch.stack([one.float() for one in largest])).all())


def bad_values(tensor: Tensor) -> str:
    """Returns `NaN`, `infinite`, or "" for a sound tensor."""
    if not tensor.is_floating_point() or bool(torch.isfinite(tensor).all()):
        return ""
    return "NaN" if bool(torch.isnan(tensor).any()) else "infinite"


@contextmanager
def watching(model: torch.nn.Module, found: list[tuple[str, str]]) -> Generator[None, None, None]:
    """While entered, every leaf module that turns sound inputs into bad outputs is noted as (path, kind), in order of execution."""

    def look(path: str) -> Callable[..., None]:
        def hook(_module: torch.nn.Module, _inputs: Any, output: Any) -> None:
            kinds = [kind for tensor in _tensors(output) if (kind := bad_values(tensor))]
            if kinds:
                found.append((path, kinds[0]))

        return hook

    leaves = {path: module for path, module in model.named_modules() if path and not any(module.children())}
    hooks = [module.register_forward_hook(look(path)) for path, module in leaves.items()]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _tensors(value: Any) -> list[Tensor]:
    if isinstance(value, Tensor):
        return [value]
    return [tensor for item in value for tensor in _tensors(item)] if isinstance(value, (tuple, list)) else []


def node_of(path: str, nodes: Mapping[str, str]) -> tuple[str, str]:
    """Returns the path and id of the node that a module belongs to: the longest node path that leads to it."""
    while path and path not in nodes:
        path = path.rpartition(".")[0]
    return path, nodes.get(path, "")


def forward_finding(step: int, kind: str, path: str, nodes: Mapping[str, str]) -> Finding:
    """The forward pass went bad at a node."""
    name, node = node_of(path, nodes)
    return Finding(
        "nan", Text("At step {step} the output of {node} became {kind}.", step=step, node=name or path, kind=kind),
        Text("Everything after it, and every weight in the next step, would be lost; the last checkpoint is sound."),
        step, node, {"kind": kind, "node": name or path}, REMEDIES,
    )


def backward_finding(step: int, model: torch.nn.Module, nodes: Mapping[str, str], order: list[str], where: str) -> Finding:
    """Gradients or weights went bad. Gradients run from the outputs, so the last bad node in forward order is where it began.

    Args:
        order: Node paths in the order of the forward pass.
        where: `gradient` or `update`.
    """
    bad: dict[str, str] = {}
    for name, parameter in model.named_parameters():
        tensor = parameter.grad if where == "gradient" else parameter.detach()
        if tensor is not None and (kind := bad_values(tensor)):
            bad.setdefault(node_of(name.rpartition(".")[0], nodes)[0], kind)
    path = max(bad, key=lambda item: order.index(item) if item in order else -1, default="")
    kind = bad.get(path, "NaN")
    sentence = (
        Text("At step {step} the gradient of {node} became {kind}.", step=step, node=path, kind=kind) if where == "gradient" else
        Text("At step {step} the update made the weights of {node} {kind}.", step=step, node=path, kind=kind)
    )
    return Finding(
        "nan", sentence, Text("Weights like that are useless; the last checkpoint is sound."),
        step, nodes.get(path, ""), {"kind": kind, "node": path}, REMEDIES,
    )


def data_finding(step: int, field: str, rows: list[int], kind: str) -> Finding:
    """The data itself is bad."""
    return Finding(
        "nan", Text("At step {step} the data brings a value that is {kind}: field {field}, row {row}.",
                    step=step, kind=kind, field=field, row=rows[0] if rows else "?"),
        Text("No layer can make sense of it; remove the row or fill in the value."),
        step, evidence={"kind": kind, "field": field, "rows": rows},
    )


def loss_finding(step: int, kind: str) -> Finding:
    """Every node was sound, so the loss is what overflowed."""
    return Finding(
        "nan", Text("At step {step} the loss became {kind}, though every node was sound.", step=step, kind=kind),
        Text("The outputs grew so large that the loss itself overflowed."), step, evidence={"kind": kind, "node": ""}, remedies=REMEDIES,
    )
