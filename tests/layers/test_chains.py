"""Chains of convolutions and poolings: what is predicted for any size is what torch gives."""

from __future__ import annotations

from typing import Any

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.graph.dim import Dim, Symbol
from workbench.graph.shape import BATCH, Shape
from workbench.layers import LAYERS
from workbench.layers.base import Context, LayerProblem
from workbench.models.build import make

HERE = Context("id", "node")
CONV = st.fixed_dictionaries(
    {
        "filters": st.integers(1, 3),
        "kernel": st.integers(1, 5),
        "stride": st.integers(1, 3),
        "dilation": st.integers(1, 3),
        "padding": st.sampled_from(["same", "valid", 0, 1, 3]),
    }
)
POOL = st.fixed_dictionaries({"kernel": st.integers(2, 4), "stride": st.integers(0, 3), "padding": st.integers(0, 1)})
LINKS = st.one_of(
    st.tuples(st.just("conv2d"), CONV),
    st.tuples(st.sampled_from(["max_pool2d", "average_pool2d", "min_pool2d"]), POOL),
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(links=st.lists(LINKS, min_size=1, max_size=5), height=st.integers(1, 24), width=st.integers(1, 24))
def test_chain_on_an_image(links: list[tuple[str, dict[str, Any]]], height: int, width: int) -> None:
    shape = Shape.of(channel=2, height=height, width=width)
    image = torch.zeros(1, 2, height, width)
    for name, raw in links:
        layer = LAYERS[name]
        params = layer.parse(raw)
        try:
            predicted = layer.shape(params, {"input": shape}, HERE)["output"]
        except LayerProblem as problem:
            assert _torch_refuses(layer.call(params, {"input": shape}), image), problem.message
            return
        image = make(layer.call(params, {"input": shape}))(image)
        shape = predicted
        assert [int(dim) for dim in shape.dims[1:]] == list(image.shape[1:])


def _torch_refuses(call: Any, image: torch.Tensor) -> bool:
    try:
        return 0 in make(call)(image).shape
    except RuntimeError:
        return True


@settings(max_examples=40, deadline=None, derandomize=True)
@given(links=st.lists(LINKS, min_size=1, max_size=4), sizes=st.lists(st.integers(1, 40), min_size=3, max_size=3))
def test_one_prediction_holds_for_every_size(links: list[tuple[str, dict[str, Any]]], sizes: list[int]) -> None:
    height = Symbol("H")
    shape = Shape(("batch", "channel", "height", "width"), (Dim.of(BATCH), Dim.of(1), Dim.of(height), Dim.of(64)))
    modules = []
    for name, raw in links:
        layer = LAYERS[name]
        params = layer.parse(raw)
        try:
            predicted = layer.shape(params, {"input": shape}, HERE)["output"]
        except LayerProblem:
            return
        modules.append((make(layer.call(params, {"input": shape})), predicted["height"]))
        shape = predicted
    for size in sizes:
        image = torch.zeros(1, 1, size, 64)
        for module, predicted_height in modules:
            expected = predicted_height.evaluate({"H": size})
            if expected < 1:
                break
            image = module(image)
            assert image.shape[2] == expected
