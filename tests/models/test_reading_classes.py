"""Classes as people write them: the drawing's model, with their weights, computes what they compute."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.models.foreign import CLASSES, HEAD, Foreign
from workbench.models.build import build
from workbench.models.reading import load_foreign, read_source


def original(foreign: Foreign, head: str = HEAD) -> nn.Module:
    """Returns the class at work, its running statistics and weights not those of a fresh one."""
    scope: dict[str, Any] = {"__name__": "builtins"}
    exec(compile(head + foreign.source, "foreign", "exec"), scope)
    made = [value for value in scope.values() if isinstance(value, type) and issubclass(value, nn.Module) and value.__module__ == "builtins"]
    torch.manual_seed(0)
    model = made[-1]()
    for name, buffer in model.named_buffers():
        if buffer.is_floating_point() and "running" in name:
            buffer.copy_(torch.rand_like(buffer) + 0.5 if "var" in name else torch.randn_like(buffer))
    return model.eval()


def values(foreign: Foreign, shapes: tuple[tuple[int, ...], ...]) -> list[Tensor]:
    """Returns the same numbers in the wanted sizes."""
    generator = torch.Generator().manual_seed(1)
    if foreign.ids:
        return [torch.randint(1, foreign.ids, shape, generator=generator) for shape in shapes]
    return [torch.randn(shape, generator=generator) for shape in shapes]


def listed(result: Any) -> list[Tensor]:
    if isinstance(result, dict):
        return list(result.values())
    return list(result) if isinstance(result, tuple) else [result]


@pytest.mark.parametrize("name", CLASSES)
def test_equal_outputs(name: str) -> None:
    foreign = CLASSES[name]
    reading = read_source(HEAD + foreign.source)
    assert not [problem.message for problem in reading.problems if problem.severity == "error"]
    theirs, model = original(foreign), build(reading.graph).eval()
    state = theirs.state_dict()
    moved = load_foreign(model, state, reading.names)
    assert not moved.left and not moved.missing
    with torch.no_grad():
        wanted = listed(theirs(*values(foreign, foreign.shapes)))
        reached = listed(model(*values(foreign, foreign.ours or foreign.shapes)))
    assert len(wanted) == len(reached)
    for one, other in zip(wanted, reached, strict=True):
        assert one.shape == other.shape
        assert torch.allclose(one, other, atol=1e-5), (one - other).abs().max()
