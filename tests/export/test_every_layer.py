"""ONNX Runtime and torch say the same for every layer of the catalogue, at odd batch sizes and lengths."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest
import torch

from tests.layers.cases import CASES, drawing
from workbench.export.checking.whole import check_onnx_of
from workbench.graph.graph import Graph
from workbench.graph.infer import infer
from workbench.layers import LAYERS
from workbench.models.build import build


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


@pytest.mark.parametrize("name", [name for name in LAYERS.names() if not LAYERS[name].role])
def test_onnx_is_torch(name: str) -> None:
    torch.manual_seed(0)
    check_onnx_of(build(a_drawing(name)).eval())
