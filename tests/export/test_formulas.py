"""Every formula of the test cases gives the same in ONNX Runtime as in torch, all in one drawing, at odd batch sizes and lengths."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import onnxruntime
import pytest
import torch

from tests.export.test_every_layer import LENGTH, ROWS, SIZES, Ranged, compared, given
from tests.layers.cases import feed
from tests.layers.cases_formulas import FORMULAS
from workbench.export.onnx_file import write_onnx
from workbench.export.twins import with_twins
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
def test_onnx_is_torch_for_every_formula(opset: int, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = Ranged(build(all_formulas()).eval())
    exported = Ranged(with_twins(deepcopy(model.model), opset)).eval()  # pyright: ignore[reportArgumentType]
    examples, axes = given(model.model, ROWS, LENGTH)
    plan = model.model.plan
    names = [spec.name for spec in plan.inputs] + [spec.parameter for spec in plan.lengths]
    path = tmp_path / "model.onnx"
    write_onnx(exported, examples, axes, (names, [spec.name for spec in plan.outputs]), path, opset=opset, metadata={})
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for rows, length in SIZES:
        compared(session, model, rows, length)


def test_the_source_of_every_formula_is_the_model() -> None:
    from tests.models.test_source import assert_same

    graph = all_formulas()
    assert_same(graph)
    text = source(graph)
    assert "workbench" not in text and text.count("def masked(") == 1
