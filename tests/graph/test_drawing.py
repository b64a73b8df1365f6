"""Folded groups: what shows, what the ports are, what follows a rename."""

from __future__ import annotations

from itertools import pairwise

import pytest

from workbench.graph import edit
from workbench.graph.drawing import drawn, path_of_card, ports_of_group
from workbench.graph.file import dumps, loads
from workbench.graph.graph import Edge, Graph, PortRef
from workbench.graph.grouping import folded_paths, group_record, is_folded, rename_group, set_group


@pytest.fixture
def chain() -> Graph:
    """a -> b -> c -> d, one row apart; b and c in a folded group."""
    graph = Graph()
    for row, name in enumerate("abcd"):
        graph, _ = edit.add_node(graph, "relu", name=name, id=name, position=(0, 100 * row))
    for source, target in pairwise("abcd"):
        graph = edit.connect(graph, Edge.between(source, target))
    graph, path = edit.group(graph, ("b", "c"), "block")
    assert path == "block"
    return edit.fold(graph, "block")


def both(_node: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return ("input",), ("output",)


def test_a_folded_group_is_one_card_and_what_is_below_moves_up(chain: Graph) -> None:
    drawing = drawn(chain)
    assert list(drawing.nodes) == ["a", "d", "group:block"]
    assert drawing.nodes["group:block"].position == (0, 100)
    assert chain["d"].position == (0, 200)
    assert edit.fold(chain, "block", False)["d"].position == (0, 300)
    assert [drawing.shows(edge) for edge in chain.edges] == [True, False, True]


def test_ports_lie_on_the_border_and_lead_back(chain: Graph) -> None:
    drawing = drawn(chain)
    assert ports_of_group(chain, drawing.groups["group:block"], both) == (("b/input",), ("c/output",))
    assert drawing.end(PortRef("b", "input")) == ("group:block", "b/input")
    assert drawing.real("group:block", "b/input") == PortRef("b", "input")
    alone = edit.disconnect(chain, chain.edges[0])
    assert ports_of_group(alone, ("b", "c"), both) == (("b/input",), ("c/output",))


def test_moving_a_card_moves_its_members(chain: Graph) -> None:
    drawing = drawn(chain)
    assert drawing.moved(chain, {"group:block": (10, 150), "a": (1, 2)}) == {"b": (10, 150), "c": (10, 250), "a": (1, 2)}


def test_entering_shows_members_and_neighbours_alone(chain: Graph) -> None:
    inner = drawn(chain, "block")
    assert set(inner.nodes) == {"a", "b", "c", "d"}
    assert inner.outside == {"a", "d"}
    assert inner.nodes["a"].position[1] < 100 < 200 < inner.nodes["d"].position[1]
    assert inner.moved(chain, {"a": (5, 5), "b": (1, 1)}) == {"b": (1, 1)}


def test_the_record_follows_the_group(chain: Graph) -> None:
    renamed = rename_group(chain, "block", "stem")
    assert folded_paths(renamed) == ["stem"]
    outer, path = edit.group(renamed, ("a", "b", "c"), "outer")
    assert path == "outer"
    assert not is_folded(outer, "outer")
    assert not edit.ungroup(renamed, "stem").extra
    assert loads(dumps(renamed)) == renamed


def test_a_group_put_into_another_one_stays_folded(chain: Graph) -> None:
    outer, _ = edit.group(chain, ("a", "b", "c"), "outer")
    assert is_folded(outer, "outer.block")
    assert is_folded(edit.ungroup(outer, "outer"), "block")
    both_folded = edit.fold(outer, "outer")
    assert list(drawn(both_folded).nodes) == ["d", "group:outer"]
    assert "group:outer.block" in drawn(both_folded, "outer").nodes


def test_what_a_foreign_file_says_of_groups_does_no_harm(chain: Graph) -> None:
    text = dumps(chain).replace('{"block": {"folded": true}}', '{"block": 3, "gone": {"folded": true}}')
    strange = loads(text)
    assert list(drawn(strange).nodes) == ["a", "b", "c", "d"]
    assert dict(group_record(strange, "block")) == {}
    assert is_folded(set_group(strange, "block", folded=True), "block")


def test_cards_that_look_the_same_stay_the_same_objects(chain: Graph) -> None:
    first = drawn(chain)
    again = drawn(edit.move(chain, {"a": (9, 9)}), previous=first)
    assert again.nodes["group:block"] is first.nodes["group:block"]
    assert path_of_card("group:block") == "block"
    assert path_of_card("a") == ""
