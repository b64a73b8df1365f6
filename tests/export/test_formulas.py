"""Every formula of the test cases gives the same in ONNX Runtime as in torch, all in one drawing, at odd batch sizes and lengths."""

from __future__ import annotations

import pytest
import torch

from tests.layers.cases import feed
from tests.layers.cases_formulas import FORMULAS
from workbench.export.checking.whole import check_onnx_of
from workbench.graph import edit
from workbench.graph.graph import Edge, Graph
from workbench.graph.shape import Shape
from workbench.models.build import build
from workbench.models.source import source


def all_formulas() -> Graph:
    """One drawing of all formulas, on one input for each shape."""
    graph, fed = Graph(), dict[Shape, str]()
    for index, (text, parameters, inputs) in enumerate(FORMULAS):
        for shape in inputs.values():
            if shape not in fed:
                graph, fed[shape] = feed(graph, shape, len(fed))
        graph, node = edit.add_node(graph, "expression", params={"expression": text, "parameters": parameters}, name=f"formula{index}")
        for name, shape in inputs.items():
            graph = edit.connect(graph, Edge.between(fed[shape], node, target_port=name))
        graph, end = edit.add_node(graph, "output", name=f"result{index}")
        graph = edit.connect(graph, Edge.between(node, end))
    return graph


@pytest.mark.parametrize("opset", [18, 20, 23])
def test_onnx_is_torch_for_every_formula(opset: int) -> None:
    torch.manual_seed(0)
    check_onnx_of(build(all_formulas()).eval(), opset)


def test_the_source_of_every_formula_is_the_model() -> None:
    from tests.models.test_source import assert_same

    graph = all_formulas()
    assert_same(graph)
    text = source(graph)
    assert "workbench" not in text and text.count("def masked(") == 1
