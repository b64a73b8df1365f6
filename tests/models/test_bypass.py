"""A bypassed layer is not in the model: build and source agree, and so does a drawing without it."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch

from workbench.graph import edit
from workbench.graph.bypass import bypass
from workbench.graph.graph import Edge, Graph
from workbench.graph.infer import infer
from workbench.layers import LAYERS
from workbench.models.build import build
from workbench.models.cost import costs
from workbench.models.source import source


def drawing() -> Graph:
    graph = Graph()
    rows: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("image", "image_input", {"channels": 1, "height": 8, "width": 8}), ("conv", "conv2d", {"filters": 3}), ("act", "relu", {}),
        ("flat", "flatten", {}), ("head", "linear", {"units": 4}), ("out", "output", {}),
    )
    for name, layer, params in rows:
        graph, _ = edit.add_node(graph, layer, name=name, id=name, params=params)
    for before, after in pairwise(name for name, _, _ in rows):
        graph = edit.connect(graph, Edge.between(before, after))
    return graph


def test_build_source_and_cost_leave_it_out() -> None:
    graph = bypass(drawing(), ("conv",))
    torch.manual_seed(0)
    model = build(graph).eval()
    assert {name.split(".")[0] for name, _ in model.named_parameters()} == {"head"}
    assert model.head.weight.shape == (4, 64)
    space: dict[str, Any] = {}
    exec(compile(source(graph), "model.py", "exec"), space)
    printed = [value for value in space.values() if isinstance(value, type) and issubclass(value, torch.nn.Module)][-1]().eval()
    printed.load_state_dict(model.state_dict())
    rows = torch.randn(2, 1, 8, 8)
    assert torch.equal(model(rows), printed(rows))
    assert costs(infer(graph, LAYERS))["conv"].parameters == 0


def test_it_equals_the_drawing_without_the_layer() -> None:
    graph = drawing()
    torch.manual_seed(0)
    bypassed = build(bypass(graph, ("act",)))
    torch.manual_seed(0)
    removed = build(edit.remove_nodes(graph, ("act",), reconnect=True))
    rows = torch.randn(2, 1, 8, 8)
    assert torch.equal(bypassed(rows), removed(rows))
