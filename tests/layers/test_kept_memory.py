"""What every layer says it keeps for the backward pass, against the tensors that torch really saves."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from tests.layers.cases import CASES, HERE, apply, generated, inputs_of
from workbench.graph.shape import Axis, Shape
from workbench.layers import LAYERS
from workbench.layers.base import Layer
from workbench.models.build import make
from workbench.models.storage import bytes_per_row

ROWS, LENGTH, TRIES = 64, 7, 12
SMALL = 16
"""Bytes of a row that may be left out: statistics, indices, masks."""


def kept_by_torch(layer: Layer, params: Any, inputs: dict[str, Shape]) -> tuple[float, bool]:
    """Returns the bytes that torch keeps of one row, without parameters, and whether a result is the memory of an input."""
    values = inputs_of(layer, params, inputs, rows=ROWS, length=LENGTH)
    values = {port: value.requires_grad_() if value.is_floating_point() else value for port, value in values.items()}
    module = make(layer.call(params, inputs)).train()
    lengths = torch.full((ROWS,), LENGTH) if any(shape.ragged for shape in inputs.values()) else None
    kept: dict[int, Tensor] = {}

    def keep(value: Tensor) -> Tensor:
        kept.setdefault(value.untyped_storage().data_ptr(), value)
        return value

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda value: value):
        results = apply(module, layer, params, inputs, values, lengths)
    own = {value.untyped_storage().data_ptr() for value in [*module.parameters(), *module.buffers()]}
    given = {value.untyped_storage().data_ptr() for value in values.values()}
    real = sum(value.untyped_storage().nbytes() for place, value in kept.items() if place not in own)
    return real / ROWS, any(value.untyped_storage().data_ptr() in given for value in results.values())


def said(layer: Layer, params: Any, inputs: dict[str, Shape]) -> int:
    """Returns the bytes of one row that the layer says it keeps."""
    outputs, keeps = layer.shape(params, inputs, HERE), layer.keeps(params, inputs)
    ports = {**{port: shape for port, shape in inputs.items() if port.partition(".")[0] in keeps}}
    ports |= {f"> {port}": shape for port, shape in outputs.items() if port in keeps}
    return sum(bytes_per_row(shape, LENGTH) for shape in ports.values()) + 4 * layer.inside(params, inputs, outputs, LENGTH)


@pytest.mark.parametrize("name", sorted(set(CASES) - {"lstm"}))
def test_kept_memory_is_that_of_torch_within_15_percent(name: str) -> None:
    """Over all generated cases; oneDNN's LSTM rounds small sizes up, it has a test of its own."""
    real = predicted = 0.0
    for layer, params, inputs in generated(name, TRIES):
        if not layer.role:
            real += kept_by_torch(layer, params, inputs)[0]
            predicted += said(layer, params, inputs)
    assert predicted == pytest.approx(real, rel=0.15, abs=SMALL * TRIES)


@pytest.mark.parametrize("name", LAYERS.names())
def test_a_view_is_one(name: str) -> None:
    for layer, params, inputs in generated(name, TRIES):
        if inputs and layer.is_view(params, inputs):
            assert kept_by_torch(layer, params, inputs)[1], (params, inputs)


@pytest.mark.parametrize(("steps", "features", "units", "layers", "both"), [
    (28, 28, 64, 1, False), (28, 28, 64, 2, True), (50, 32, 96, 1, True), (28, 128, 64, 1, False), (20, 48, 48, 2, False),
])
def test_an_lstm_keeps_what_one_dnn_keeps(steps: int, features: int, units: int, layers: int, both: bool) -> None:
    layer = LAYERS["lstm"]
    params = layer.parse({"units": units, "layers": layers, "bidirectional": both})
    inputs = {"input": Shape.of(time=steps, feature=features)}
    assert Axis.TIME in inputs["input"].axes
    assert said(layer, params, inputs) == pytest.approx(kept_by_torch(layer, params, inputs)[0], rel=0.15)
