"""Whatever drawing inference accepts is built as predicted, printed alike, and does not see padding."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
import torch

from tests.layers.cases import CASES, LONGEST, sizes, tensor
from workbench.graph import edit
from workbench.graph.graph import Edge, Graph, PortRef
from workbench.graph.infer import Inferred, infer
from workbench.layers import LAYERS
from workbench.layers.base import Family
from workbench.models.build import build
from workbench.models.cost import costs, total
from workbench.models.source import source

INNER = [layer.name for layer in LAYERS for _ in range(1 if layer.family == Family.ACTIVATION else 4) if not layer.role]


def grown(rng: Random) -> tuple[Graph, Inferred]:
    """Returns an accepted drawing of two inputs, about fifteen layers and up to three outputs."""
    graph = Graph()
    size = rng.choice([6, 8, 9])
    graph, _ = edit.add_node(graph, "image_input", params={"channels": 2, "height": size, "width": size}, name="image")
    graph, text = edit.add_node(graph, "text_input", params={"vocabulary": 17, "maximum_length": LONGEST}, name="tokens")
    graph, embedded = edit.add_node(graph, "embedding", params={"width": 8}, name="embed")
    graph = edit.connect(graph, Edge.between(text, embedded))
    inferred = infer(graph, LAYERS)
    for _ in range(120):
        if len(graph) >= 20:
            break
        graph, inferred = _grow(graph, inferred, rng)
    free = [port for port in inferred.shapes if not any(edge.source.node == port.node for edge in graph.edges)]
    for index, port in enumerate(free[-3:]):
        graph, end = edit.add_node(graph, "output", name=f"result{index}")
        graph = edit.connect(graph, Edge(port, PortRef(end, "input")))
    return graph, infer(graph, LAYERS)


def _grow(graph: Graph, inferred: Inferred, rng: Random) -> tuple[Graph, Inferred]:
    """Adds one random layer behind random ports; returns the drawing as it was where that is a mistake."""
    name = rng.choice(INNER)
    raw: dict[str, Any] = CASES[name](rng)[0]
    ports = list(inferred.shapes)
    sources = [rng.choice(ports[-5:])]
    if LAYERS[name].inputs[0].variadic:
        sources += [port for port in ports if port != sources[0] and inferred.shapes[port] == inferred.shapes[sources[0]]][:2]
    grown, node = edit.add_node(graph, name, params=raw)
    for port in sources:
        grown = edit.connect(grown, Edge(port, PortRef(node, LAYERS[name].inputs[0].name)))
    for other in LAYERS[name].inputs[1:]:
        if not other.optional or rng.random() < 0.3:
            grown = edit.connect(grown, Edge(rng.choice(ports[-8:]), PortRef(node, other.name)))
    result = infer(grown, LAYERS, previous=inferred)
    return (grown, result) if result.output_shapes(node) else (graph, inferred)


@pytest.mark.parametrize("seed", range(40))
def test_a_random_drawing(seed: int) -> None:
    graph, inferred = grown(Random(seed))
    assert inferred.ok, inferred.problems
    torch.manual_seed(seed)
    model = build(graph).eval()
    inputs = [tensor(spec.shape, 3, LONGEST) for spec in model.plan.inputs]
    lengths = [LONGEST, 1, 5]
    rows = {spec.parameter: torch.tensor(lengths) for spec in model.plan.lengths}
    together = _all(model(*inputs, **rows))
    assert [list(value.shape) for value in together] == [sizes(spec.shape, 3, LONGEST) for spec in model.plan.outputs]

    names: dict[str, Any] = {}
    exec(source(graph), names)
    printed = names["Network"]().eval()
    printed.load_state_dict(model.state_dict())
    assert all(torch.equal(one, other) for one, other in zip(together, _all(printed(*inputs, **rows)), strict=True))

    for row, length in enumerate(lengths):
        alone = [
            value[row : row + 1, :length] if spec.shape.ragged else value[row : row + 1]
            for value, spec in zip(inputs, model.plan.inputs, strict=True)
        ]
        for one, other, spec in zip(together, _all(model(*alone)), model.plan.outputs, strict=True):
            axis = spec.shape.sequence_axis
            cut = one[row : row + 1]
            if axis is not None and spec.shape.ragged:
                cut = cut.narrow(axis, 0, sizes(spec.shape, 1, length)[axis])
            torch.testing.assert_close(cut, other, rtol=1e-4, atol=1e-5)

    used = {step.node for step in model.plan.steps}
    found = {node: cost for node, cost in costs(inferred).items() if node in used}
    assert total(found).parameters == sum(parameter.numel() for parameter in model.parameters())


def _all(result: Any) -> tuple[torch.Tensor, ...]:
    return result if isinstance(result, tuple) else (result,)
