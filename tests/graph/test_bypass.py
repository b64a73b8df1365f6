"""Bypassed nodes: the shape goes through; where it cannot, a problem says so and a fix takes the node in again."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.graph.stand_ins import LAYERS
from workbench.graph import edit
from workbench.graph.bypass import bypass, is_bypassed, without_bypassed
from workbench.graph.file import dumps, loads
from workbench.graph.graph import Edge, Graph
from workbench.graph.infer import infer


@pytest.fixture
def chain() -> Graph:
    graph = Graph()
    for name, layer in (("image", "image_input"), ("a", "relu"), ("b", "relu"), ("out", "output")):
        graph, _ = edit.add_node(graph, layer, name=name, id=name)
    for source, target in pairwise(("image", "a", "b", "out")):
        graph = edit.connect(graph, Edge.between(source, target))
    return graph


def test_the_flag_is_kept_in_the_file(chain: Graph) -> None:
    marked = bypass(chain, ("a",))
    assert is_bypassed(loads(dumps(marked))["a"])
    assert bypass(marked, ("a",)) is marked
    assert bypass(marked, ("a",), False) == chain


def test_the_shape_goes_through(chain: Graph) -> None:
    marked = bypass(chain, ("a", "b"))
    inferred = infer(marked, LAYERS, previous=infer(chain, LAYERS))
    assert inferred.ok
    assert inferred.output_shapes("b") == inferred.output_shapes("image")
    assert without_bypassed(marked).edges == (Edge.between("image", "out"),)


def test_what_is_told_names_the_layer_before_the_bypassed_ones(chain: Graph) -> None:
    marked = bypass(chain, ("a", "b"))
    before = infer(marked, LAYERS)
    assert before.outcomes["out"].context.sources == {"input": "image"}
    assert before.outcomes["out"].context.source_layers == {"input": "image_input"}
    for changed in (edit.rename(marked, "image", "picture"), bypass(marked, ("a",), False), bypass(marked, ("b",), False), chain):
        assert infer(changed, LAYERS, previous=before).outcomes["out"].context == infer(changed, LAYERS).outcomes["out"].context


def test_an_unknown_layer_may_be_bypassed(chain: Graph) -> None:
    unknown = edit.change_node(chain, "a", layer="no_such_layer")
    assert not infer(unknown, LAYERS).ok
    assert infer(bypass(unknown, ("a",)), LAYERS).ok


@pytest.mark.parametrize(("node", "kind"), [("image", "bypass.end"), ("out", "bypass.end"), ("a", "bypass.impossible")])
def test_what_cannot_be_bypassed_is_named_and_the_fix_helps(chain: Graph, node: str, kind: str) -> None:
    graph = edit.disconnect(chain, chain.edges[0]) if kind == "bypass.impossible" else chain
    graph = bypass(graph, (node,))
    problem = next(problem for problem in infer(graph, LAYERS).problems if problem.kind == kind)
    assert problem.node == node
    assert not is_bypassed(problem.fixes[0].apply(graph)[node])
