"""Receptive fields of nets whose fields are known, and of random ones against the gradient."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
import torch

from workbench.graph import edit
from workbench.graph.bypass import bypass
from workbench.graph.graph import Edge, Graph, PortRef
from workbench.graph.infer import infer
from workbench.layers import LAYERS
from workbench.models.build import build
from workbench.models.receptive import receptive_fields

Row = tuple[str, dict[str, Any]]


def chain(rows: list[Row], side: int = 64) -> Graph:
    graph = Graph()
    full: list[Row] = [("image_input", {"channels": 1, "height": side, "width": side}), *rows, ("output", {})]
    for index, (layer, params) in enumerate(full):
        graph, _ = edit.add_node(graph, layer, name=f"n{index}", id=f"n{index}", params=params)
    for before, after in pairwise(graph.nodes):
        graph = edit.connect(graph, Edge.between(before, after))
    return graph


def field(graph: Graph, node: str) -> tuple[int, ...] | None:
    inferred = infer(graph, LAYERS)
    assert inferred.ok, [str(problem.message) for problem in inferred.problems]
    return receptive_fields(inferred).get(node)


def test_vgg16() -> None:
    rows: list[Row] = []
    for count, filters in ((2, 4), (2, 4), (3, 4), (3, 4), (3, 4)):
        rows += [("conv2d", {"filters": filters, "kernel": 3}), ("relu", {})] * count + [("max_pool2d", {"kernel": 2, "stride": 2})]
    graph = chain(rows, 224)
    inferred = infer(graph, LAYERS)
    found = receptive_fields(inferred)
    pools = [node.id for node in graph if node.layer == "max_pool2d"]
    assert [found[node] for node in pools] == [(6, 6), (16, 16), (44, 44), (100, 100), (212, 212)]


def test_dilation_and_odd_windows() -> None:
    graph = chain([("conv2d", {"kernel": 3, "kernel_width": 5, "dilation": 2}), ("conv2d", {"kernel": 3, "stride": 2})])
    assert field(graph, "n1") == (5, 9)
    assert field(graph, "n2") == (7, 11)


def test_flattening_ends_it_and_a_bypassed_layer_adds_nothing() -> None:
    graph = chain([("conv2d", {"kernel": 3}), ("flatten", {}), ("linear", {"units": 3})], 8)
    assert field(graph, "n1") == (3, 3)
    assert field(graph, "n2") is None
    assert field(bypass(graph, ("n1",)), "n1") == (1, 1)


def test_a_merge_takes_the_larger_one() -> None:
    graph = chain([("conv2d", {"kernel": 3}), ("conv2d", {"kernel": 5})], 16)
    graph, merge = edit.add_node(graph, "add", name="merge", id="merge")
    for source in ("n1", "n2"):
        graph = edit.connect(graph, Edge(PortRef(source, "output"), PortRef(merge, "inputs")))
    graph = edit.connect(graph, Edge.between(merge, "n3"), replacing=True)
    assert field(graph, merge) == (7, 7)


ORACLES: list[list[Row]] = [
    [("conv2d", {"kernel": 3, "filters": 2}), ("average_pool2d", {"kernel": 2}), ("conv2d", {"kernel": 5, "filters": 2, "dilation": 2})],
    [("conv2d", {"kernel": 5, "stride": 3, "filters": 2}), ("relu", {}), ("conv2d", {"kernel": 3, "filters": 1})],
    [("depthwise_conv2d", {"kernel": 5}), ("separable_conv2d", {"kernel": 3, "filters": 2})],
    [("residual_block", {"filters": 2, "kernel": 3, "stride": 2}), ("average_pool2d", {"kernel": 2})],
]


@pytest.mark.parametrize("rows", ORACLES)
def test_the_gradient_reaches_just_as_far(rows: list[Row]) -> None:
    graph = chain(rows, 63)
    last = f"n{len(rows)}"
    model = build(graph).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(1.0)
    image = torch.ones(1, 1, 63, 63, requires_grad=True)
    result = model(image)
    result[0, 0, result.shape[2] // 2, result.shape[3] // 2].backward()
    assert image.grad is not None
    reached = image.grad[0, 0] != 0
    assert field(graph, last) == (int(reached.any(1).sum()), int(reached.any(0).sum()))
