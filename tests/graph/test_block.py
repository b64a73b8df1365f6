"""Blocks: a group out of one drawing and into another."""

from __future__ import annotations

import pytest

from workbench.errors import GraphError
from workbench.graph import edit
from workbench.graph.block import block_of, expose, exposed_of, insert_block, read_block
from workbench.graph.graph import Edge, Graph
from workbench.graph.grouping import group_record, is_folded, set_group


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


def test_exposed_parameters_follow_their_node_through_every_renaming() -> None:
    graph, conv = edit.add_node(Graph(), "conv2d", name="conv", group="outer.inner")
    graph = expose(graph, "outer", (("inner.conv", "filters"),))
    graph = edit.rename(graph, conv, "stem")
    assert exposed_of(graph, "outer") == (("inner.stem", "filters"),)
    graph = edit.rename_group(graph, "outer.inner", "core")
    assert exposed_of(graph, "outer") == (("core.stem", "filters"),)
    graph = edit.rename_group(graph, "outer", "whole")
    assert exposed_of(graph, "whole") == (("core.stem", "filters"),)
    graph, path = edit.group(graph, (conv,), "deep")
    assert path == "whole.core.deep"
    assert exposed_of(graph, "whole") == (("core.deep.stem", "filters"),)
    graph = edit.ungroup(graph, "whole.core")
    assert exposed_of(graph, "whole") == (("deep.stem", "filters"),)
    graph = edit.replace_layer(edit.rename(graph, conv, "conv1"), conv, "linear")
    assert exposed_of(graph, "whole") == ((f"deep.{graph[conv].name}", "filters"),)
    graph = set_group(graph, "whole", passed=f"deep.{graph[conv].name}.input")
    assert group_record(edit.rename(graph, conv, "last"), "whole")["passed"] == "deep.last.input"


def test_grouping_all_nodes_of_a_group_keeps_what_is_said_of_the_outer_one() -> None:
    graph, conv = edit.add_node(Graph(), "conv2d", name="conv", group="outer")
    graph, path = edit.group(expose(graph, "outer", (("conv", "filters"),)), (conv,), "inner")
    assert (path, exposed_of(graph, "outer")) == ("outer.inner", (("inner.conv", "filters"),))
