"""Blocks: a group out of one drawing and into another."""

from __future__ import annotations

import pytest

from workbench.errors import GraphError
from workbench.graph import edit
from workbench.graph.block import block_of, expose, exposed_of, insert_block, read_block
from workbench.graph.graph import Edge, Graph
from workbench.graph.grouping import is_folded


@pytest.fixture
def graph() -> Graph:
    drawing = Graph()
    for row, name in enumerate(("conv", "act", "rest")):
        drawing, _ = edit.add_node(drawing, "relu", name=name, id=name, position=(40, 100 * row))
    for source, target in (("conv", "act"), ("act", "rest")):
        drawing = edit.connect(drawing, Edge.between(source, target))
    drawing, _ = edit.group(drawing, ("act",), "inner")
    drawing = edit.fold(drawing, "inner")
    drawing, path = edit.group(drawing, ("conv", "act"), "stem")
    return expose(drawing, path, [("conv", "filters"), ("inner.act", "slope"), ("gone", "x")])


def test_a_block_goes_through_its_text(graph: Graph) -> None:
    block = block_of(graph, "stem")
    again = read_block(block.dumps())
    assert again == block
    assert [node.path for node in again.graph] == ["conv", "inner.act"]
    assert again.exposed == (("conv", "filters"), ("inner.act", "slope"))
    assert len(again.graph.edges) == 1


def test_a_block_comes_in_folded_under_a_free_name_with_what_it_exposes(graph: Graph) -> None:
    merged, ids, path = insert_block(graph, block_of(graph, "stem"), (500, 300))
    assert path == "stem1"
    assert is_folded(merged, "stem1")
    assert is_folded(merged, "stem1.inner")
    assert [merged[node].path for node in ids] == ["stem1.conv", "stem1.inner.act"]
    assert merged[ids[0]].position == (500, 300)
    assert exposed_of(merged, "stem1") == (("conv", "filters"), ("inner.act", "slope"))
    assert not is_folded(merged, "stem")


def test_a_block_may_go_into_a_group(graph: Graph) -> None:
    merged, ids, path = insert_block(graph, block_of(graph, "stem.inner"), inside="stem")
    assert path == "stem.inner1"
    assert merged[ids[0]].path == "stem.inner1.act"


def test_what_is_no_block_is_refused() -> None:
    with pytest.raises(GraphError, match="no block"):
        read_block('{"nodes": []}')


def test_a_folded_group_is_pasted_folded(graph: Graph) -> None:
    folded = edit.fold(graph, "stem")
    pasted, _ = edit.paste_fragment(folded, edit.copy_fragment(folded, ("conv", "act")))
    assert is_folded(pasted, "stem1")
    assert is_folded(pasted, "stem1.inner")
    alone, _ = edit.paste_fragment(Graph(), edit.copy_fragment(folded, ("conv", "act")))
    assert exposed_of(alone, "stem") == exposed_of(folded, "stem")


def test_what_is_pasted_inside_a_group_stands_in_it(graph: Graph) -> None:
    text = edit.copy_fragment(graph, ("rest", "conv"))
    pasted, ids = edit.paste_fragment(graph, text, inside="stem")
    assert sorted(pasted[node].path for node in ids) == ["stem.conv1", "stem.rest"]
    inner, ids = edit.paste_fragment(graph, edit.copy_fragment(graph, ("act",)), inside="stem")
    assert [inner[node].path for node in ids] == ["stem.inner.act1"]
