"""What attention layers say they keep for the backward pass is what torch keeps."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from workbench.graph.shape import Shape
from workbench.layers import LAYERS
from workbench.layers.base import Context, FromPort
from workbench.models.build import make

ROWS = 4
WORDS, OTHERS = Shape.of(time=32, feature=64), Shape.of(time=48, feature=64)
NARROW, IMAGE = Shape.of(time=48, feature=32), Shape.of(channel=32, height=8, width=8)
CASES: list[tuple[str, dict[str, Any], dict[str, Shape]]] = [
    *(("self_attention", raw, {"input": WORDS}) for raw in (
        {}, {"key_heads": 1}, {"key_heads": 2}, {"positions": "rotary"}, {"positions": "rotary", "key_heads": 2}, {"dropout": 0.1},
        {"causal": True},
    )),
    *(("cross_attention", raw, {"input": WORDS, "memory": NARROW}) for raw in ({}, {"dropout": 0.1}, {"key_heads": 2})),
    ("cross_attention", {}, {"input": IMAGE, "memory": NARROW}),
    ("cross_attention", {}, {"input": NARROW, "memory": IMAGE}),
    *(("image_attention", raw, {"input": IMAGE}) for raw in (
        {}, {"residual": False}, {"positions": "learned"}, {"positions": "sinusoidal", "residual": False},
    )),
    *(("transformer_encoder", raw, {"input": WORDS}) for raw in (
        {}, {"norm": "post"}, {"dropout": 0.0}, {"activation": "relu"}, {"activation": "relu", "dropout": 0.0}, {"activation": "swiglu"},
        {"activation": "swiglu", "dropout": 0.0}, {"layers": 1, "positions": "rotary"},
    )),
    *(("transformer_decoder", raw, {"input": WORDS, "memory": NARROW}) for raw in ({}, {"dropout": 0.0}, {"norm": "post"})),
    ("transformer_decoder", {}, {"input": WORDS}),
    *(("dot_product_attention", raw, {"query": WORDS, "keys": OTHERS}) for raw in ({}, {"dropout": 0.1})),
    *(("additive_attention", raw, {"query": WORDS, "keys": OTHERS}) for raw in ({}, {"dropout": 0.1})),
    ("additive_attention", {}, {"keys": OTHERS}),
    *(("cross_modal_attention", raw, {"first": IMAGE, "second": OTHERS}) for raw in ({}, {"dropout": 0.1})),
]


@pytest.mark.parametrize(("name", "raw", "inputs"), CASES)
def test_kept_activations_are_those_of_torch(name: str, raw: dict[str, Any], inputs: dict[str, Shape]) -> None:
    layer = LAYERS[name]
    params = layer.parse(raw)
    call = layer.call(params, inputs)
    module = make(call)
    values = {port: torch.randn(ROWS, *[int(dim) for dim in shape.dims[1:]], requires_grad=True) for port, shape in inputs.items()}
    given = {value.untyped_storage().data_ptr() for value in [*values.values(), *module.parameters()]}
    kept: dict[int, Tensor] = {}

    def keep(value: Tensor) -> Tensor:
        kept.setdefault(value.untyped_storage().data_ptr(), value)
        return value

    arguments = {key: values[origin.port] for key, origin in call.inputs.items() if isinstance(origin, FromPort) and origin.port in values}
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda value: value):
        results = module(**arguments)
    outside = given | {result.untyped_storage().data_ptr() for result in (results if isinstance(results, tuple) else (results,))}
    real = sum(value.untyped_storage().nbytes() for place, value in kept.items() if place not in outside) / 4 / ROWS
    predicted = layer.cost(params, inputs, layer.shape(params, inputs, Context("id", "node"))).inside
    assert predicted == pytest.approx(real, rel=0.1)
