"""ONNX Runtime and torch say the same for every layer of the catalogue, at odd batch sizes and lengths."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from random import Random
from typing import Any

import onnxruntime
import pytest
import torch
from torch import Tensor, nn

from tests.layers.cases import CASES, LONGEST, drawing, tensor
from workbench.export.onnx_file import write_onnx
from workbench.export.twins import with_twins
from workbench.graph.graph import Graph
from workbench.graph.infer import infer
from workbench.layers import LAYERS
from workbench.models.build import Model, build

OPSET, TOLERANCE = 20, 1e-5
SIZES = ((1, 1), (3, 7))
"""Rows and length of what is compared; the example that is exported has others."""
ROWS, LENGTH = 2, 5


class Ranged(nn.Module):
    """A model as the exporter takes it: all inputs, then all row lengths, by position."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.model = model

    def forward(self, *given: Tensor) -> tuple[Tensor, ...]:
        count = len(self.model.plan.inputs)
        names = [spec.parameter for spec in self.model.plan.lengths]
        result = self.model(*given[:count], **dict(zip(names, given[count:], strict=True)))
        return result if isinstance(result, tuple) else (result,)


def drawn(name: str) -> Iterator[Graph]:
    """Yields drawings of a layer that are accepted."""
    for attempt in range(60):
        raw, inputs = CASES[name](Random(f"export {name} {attempt}"))
        graph = drawing(name, raw, inputs)
        if infer(graph, LAYERS).ok:
            yield graph


def a_drawing(name: str) -> Graph:
    """Returns a drawing of a layer, one with rows that differ in length where the layer takes them."""
    graphs = list(drawn(name))
    return next((graph for graph in graphs if any(node.layer == "text_input" for node in graph)), graphs[0])


def given(model: Model, rows: int, length: int) -> tuple[list[Tensor], list[dict[int, str]]]:
    """Returns the inputs of a model, lengths last, and the names of their free axes."""
    specs = model.plan.inputs
    axes = [
        {place: "batch" if place == 0 else str(dim) for place, dim in enumerate(spec.shape.dims) if dim.constant is None}
        for spec in specs
    ]
    valid = torch.arange(rows) * 2 % length + 1
    valid[-1] = length
    lengths = [valid for _ in model.plan.lengths]
    return [tensor(spec.shape, rows, length) for spec in specs] + lengths, axes + [{0: "batch"} for _ in lengths]


def spread(model: nn.Module) -> None:
    """Gives running means and variances values that are not those of a new model."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            assert module.running_mean is not None and module.running_var is not None
            module.running_mean.uniform_(-0.5, 0.5)
            module.running_var.uniform_(0.5, 2)


def compared(session: Any, model: Ranged, rows: int, length: int) -> None:
    """Asserts that both runtimes agree on valid places and on shapes."""
    values, _ = given(model.model, rows, length)
    with torch.no_grad():
        expected = model(*values)
    names = [item.name for item in session.get_inputs()]
    feed = {name: value.numpy() for name, value in zip(_names(model.model), values, strict=True) if name in names}
    for ours, theirs in zip(expected, session.run(None, feed), strict=True):
        assert tuple(ours.shape) == theirs.shape
        largest = max(1.0, ours.abs().max().item())
        torch.testing.assert_close(torch.from_numpy(theirs), ours, atol=TOLERANCE * largest, rtol=0)


def _names(model: Model) -> list[str]:
    return [spec.name for spec in model.plan.inputs] + [spec.parameter for spec in model.plan.lengths]


@pytest.mark.parametrize("name", [name for name in LAYERS.names() if not LAYERS[name].role])
def test_onnx_is_torch(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = Ranged(build(a_drawing(name)).eval())
    spread(model)
    exported = Ranged(with_twins(deepcopy(model.model), OPSET)).eval()  # pyright: ignore[reportArgumentType]
    examples, axes = given(model.model, ROWS, LENGTH)
    outputs = [spec.name for spec in model.model.plan.outputs]
    path = tmp_path / "model.onnx"
    write_onnx(exported, examples, axes, (_names(model.model), outputs), path, opset=OPSET, metadata={})
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    assert LENGTH < LONGEST
    for rows, length in SIZES:
        compared(session, model, rows, length)
