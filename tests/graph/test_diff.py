"""The difference between two drawings, on planted edits."""

from __future__ import annotations

from itertools import pairwise

import pytest

from workbench.graph import edit
from workbench.graph.bypass import bypass
from workbench.graph.diff import diff
from workbench.graph.graph import Edge, Graph
from workbench.graph.remarks import add_remark


@pytest.fixture
def chain() -> Graph:
    graph = Graph()
    for name in "abc":
        graph, _ = edit.add_node(graph, "relu", name=name, id=name, params={"x": 1})
    for source, target in pairwise("abc"):
        graph = edit.connect(graph, Edge.between(source, target))
    return graph


def test_equal_drawings_differ_in_nothing_and_places_do_not_count(chain: Graph) -> None:
    moved, _ = add_remark(edit.move(chain, {"a": (5, 5)}), "note", (0, 0, 100, 100), "hello")
    assert diff(chain, moved).empty


def test_an_inserted_node(chain: Graph) -> None:
    after, new = edit.insert_on_edge(chain, chain.edges[0], "gelu")
    found = diff(chain, after)
    assert found.added == (new,)
    assert found.wires_removed == (Edge.between("a", "b"),)
    assert set(found.wires_added) == {Edge.between("a", new), Edge.between(new, "b")}
    back = diff(after, chain)
    assert back.removed == (new,)
    assert set(back.wires_removed) == set(found.wires_added)


def test_changed_fields_are_named(chain: Graph) -> None:
    after = edit.set_params(edit.rename(chain, "b", "middle"), "b", x=2, y=True)
    after = bypass(edit.tie(after, "c", "weight", "a"), ("c",))
    found = diff(chain, after)
    assert dict(found.changed) == {
        "b": (("name", "b", "middle"), ("x", 1, 2), ("y", None, True)), "c": (("shared weights", 0, 1), ("bypassed", False, True)),
    }
    assert not found.wires_added
    assert not found.wires_removed


def test_one_and_true_are_not_the_same(chain: Graph) -> None:
    assert diff(chain, edit.set_params(chain, "a", x=True)).changed["a"] == (("x", 1, True),)


def test_nodes_with_other_ids_belong_together_by_path(chain: Graph) -> None:
    after = edit.remove_nodes(chain, ("b",))
    after, new = edit.add_node(after, "relu", name="b", params={"x": 1})
    after = edit.connect(edit.connect(after, Edge.between("a", new)), Edge.between(new, "c"))
    found = diff(chain, after)
    assert found.empty
    assert found.counterparts[new] == "b"
