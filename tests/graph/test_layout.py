"""Layout: nothing overlaps, chains are straight, few wires cross, the same drawing always looks the same."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.graph.edit import move
from workbench.graph.graph import Edge, Graph, Node
from workbench.graph.grouping import group_paths
from workbench.graph.layout import CARD_HEIGHT_PX, CARD_WIDTH_PX, GRID_PX, GROUP_PADDING_PX, GROUP_TITLE_PX, LAYER_PITCH_PX, layout


def drawing(*wires: str, extra: str = "") -> Graph:
    names = dict.fromkeys("".join(wires) + extra)
    return Graph(edges=tuple(Edge.between(*wire) for wire in wires)).with_nodes({name: Node(name, "relu", name) for name in names})


def overlapping(places: dict[str, tuple[float, float]]) -> list[tuple[str, str]]:
    return [
        (a, b) for a, b in combinations(places, 2)
        if abs(places[a][0] - places[b][0]) < CARD_WIDTH_PX and abs(places[a][1] - places[b][1]) < CARD_HEIGHT_PX
    ]


def crossing(graph: Graph, places: dict[str, tuple[float, float]]) -> int:
    """Counts crossings of wires between the same two rows."""
    spans = [(places[edge.source.node], places[edge.target.node]) for edge in graph.edges]
    return sum(
        (a[0] - c[0]) * (b[0] - d[0]) < 0 for (a, b), (c, d) in combinations(spans, 2) if a[1] == c[1] and b[1] == d[1]
    )


PAIRS = st.lists(st.tuples(st.integers(0, 14), st.integers(0, 14)), max_size=30)


@settings(max_examples=150, deadline=None)
@given(PAIRS, st.integers(1, 15))
def test_nothing_overlaps_in_any_drawing(pairs, count):
    nodes = {str(index): Node(str(index), "relu", f"r{index}") for index in range(count)}
    graph = Graph(edges=tuple(Edge.between(str(a % count), str(b % count)) for a, b in pairs)).with_nodes(nodes)
    places = layout(graph)
    assert set(places) == set(nodes)
    assert overlapping(places) == []
    assert all(x % GRID_PX == 0 for x, _ in places.values())
    assert layout(graph) == places


@given(st.lists(st.integers(0, 30), min_size=1, max_size=40))
def test_wires_point_down_and_trees_do_not_cross(parents):
    """Node i hangs under an earlier node: a tree."""
    edges = tuple(Edge.between(str(parent % (index + 1)), str(index + 1)) for index, parent in enumerate(parents))
    graph = Graph(edges=edges).with_nodes({str(index): Node(str(index), "relu", f"r{index}") for index in range(len(parents) + 1)})
    places = layout(graph)
    assert all(places[edge.target.node][1] == places[edge.source.node][1] + LAYER_PITCH_PX for edge in edges)
    assert crossing(graph, places) == 0


def test_a_chain_is_straight():
    places = layout(drawing("ab", "bc", "cd", "de"))
    assert {x for x, _ in places.values()} == {0.0}
    assert [y for _, y in places.values()] == [LAYER_PITCH_PX * row for row in range(5)]


def test_branches_stand_beside_the_middle():
    places = layout(drawing("ab", "ac", "bd", "cd", "de"))
    assert places["a"][0] == places["d"][0] == places["e"][0] == (places["b"][0] + places["c"][0]) / 2
    assert places["b"][0] < places["c"][0]


def test_three_branches_keep_the_order_of_their_wires():
    places = layout(drawing("ab", "ac", "ad", "be", "ce", "de"))
    assert places["b"][0] < places["c"][0] < places["d"][0]
    assert places["a"][0] == places["c"][0] == places["e"][0]


def test_a_trunk_stays_straight_beside_skipping_wires():
    places = layout(drawing("ab", "bc", "ac", "cd", "de", "ce", "ef"))
    assert len({x for x, _ in places.values()}) == 1


def test_a_late_input_stands_near_what_it_feeds():
    places = layout(drawing("ab", "bc", "cd", "xd"))
    assert places["x"][1] == places["c"][1]


def test_crossings_are_taken_out():
    graph = drawing("ad", "ae", "bc", "bf", "ra", "rb", "cx", "dx", "ex", "fx")
    assert crossing(graph, layout(graph)) == 0


@pytest.mark.parametrize("graph", [drawing("aa"), drawing("ab", "ba"), drawing("ab", "bc", "ca", "cd")])
def test_circles_are_drawn_too(graph):
    places = layout(graph)
    assert set(places) == set(graph.nodes) and not overlapping(places)


def test_parts_stand_side_by_side():
    places = layout(drawing("ab", "cd", extra="xyz"))
    assert not overlapping(places)
    assert places["a"] == (0.0, 0.0) and places["c"][1] == 0.0


def test_part_of_a_drawing_stays_where_it_was():
    graph = drawing("ab", "bc", "cd")
    moved = move(graph, {"b": (320, 80), "c": (320, 99)})
    assert layout(moved, ["b", "c"]) == {"b": (320.0, 80.0), "c": (320.0, 80.0 + LAYER_PITCH_PX)}
    assert layout(moved, []) == {} and layout(Graph()) == {}


def test_it_can_be_cancelled():
    asked = []

    def cancelled() -> bool:
        asked.append(1)
        return len(asked) > 2

    assert layout(drawing("ab", "bc"), cancelled=cancelled) == {}
    assert layout(drawing("ab", "bc"), cancelled=lambda: False)


def test_large_drawings_have_no_overlaps():
    count = 5000
    edges = [Edge.between(str(max(0, index - 1 - index * 7 % 13)), str(index)) for index in range(1, count)]
    edges += [Edge.between(str(index), str(index + 400)) for index in range(0, count - 400, 50)]
    graph = Graph(edges=tuple(edges)).with_nodes({str(index): Node(str(index), "relu", f"r{index}") for index in range(count)})
    places = layout(graph)
    rows: dict[float, list[float]] = {}
    for x, y in places.values():
        rows.setdefault(y, []).append(x)
    assert all(b - a >= CARD_WIDTH_PX for row in map(sorted, rows.values()) for a, b in pairwise(row))


def test_wires_over_everything_stay_within_bounds():
    count = 1500
    edges = [Edge.between(str(index), str(index + 1)) for index in range(count - 1)]
    edges += [Edge.between(str(index), str(count - 1)) for index in range(count - 2)]
    graph = Graph(edges=tuple(edges)).with_nodes({str(index): Node(str(index), "relu", f"r{index}") for index in range(count)})
    assert len(layout(graph)) == count


GROUPS = ("", "a", "a.x", "a.x.deep", "b", "c")


def frames(graph: Graph, places: dict[str, tuple[float, float]]) -> dict[str, tuple[float, float, float, float]]:
    """Returns the border of every group as the canvas draws it: tight around cards and inner borders."""
    found: dict[str, tuple[float, float, float, float]] = {}
    for path in sorted(group_paths(graph), key=len, reverse=True):
        cards = [places[node.id] for node in graph if node.group == path]
        boxes = [(x - CARD_WIDTH_PX / 2, y - CARD_HEIGHT_PX / 2, x + CARD_WIDTH_PX / 2, y + CARD_HEIGHT_PX / 2) for x, y in cards]
        boxes += [box for inner, box in found.items() if inner.rpartition(".")[0] == path]
        left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
        right, bottom = max(box[2] for box in boxes), max(box[3] for box in boxes)
        pad = GROUP_PADDING_PX
        found[path] = (left - pad, top - pad, right + pad, bottom + pad + GROUP_TITLE_PX)
    return found


@settings(max_examples=150, deadline=None)
@given(PAIRS, st.lists(st.sampled_from(GROUPS), min_size=1, max_size=15))
def test_members_of_an_open_group_stay_together_and_nothing_else_stands_among_them(pairs, groups):
    count = len(groups)
    nodes = {str(index): Node(str(index), "relu", f"r{index}", group=group) for index, group in enumerate(groups)}
    graph = Graph(edges=tuple(Edge.between(str(a % count), str(b % count)) for a, b in pairs)).with_nodes(nodes)
    places = layout(graph)
    assert overlapping(places) == []
    assert all(x % GRID_PX == 0 for x, _ in places.values())
    boxes = frames(graph, places)
    for path, (left, top, right, bottom) in boxes.items():
        for node in graph:
            if node.group != path and not node.group.startswith(f"{path}."):
                x, y = places[node.id]
                apart = x + CARD_WIDTH_PX / 2 <= left or x - CARD_WIDTH_PX / 2 >= right
                assert apart or y + CARD_HEIGHT_PX / 2 <= top or y - CARD_HEIGHT_PX / 2 >= bottom, (node.id, path)
        for other, (other_left, other_top, other_right, other_bottom) in boxes.items():
            if not other.startswith(path) and not path.startswith(other):
                assert right <= other_left or other_right <= left or bottom <= other_top or other_bottom <= top, (path, other)


def test_a_chain_through_groups_is_straight():
    nodes = {name: Node(name, "relu", name, group=group) for name, group in zip("abcdef", ("", "g", "g", "h", "h.i", ""), strict=True)}
    graph = Graph(edges=tuple(Edge.between(*pair) for pair in pairwise("abcdef"))).with_nodes(nodes)
    places = layout(graph)
    assert len({x for x, _ in places.values()}) == 1
    assert [name for name, _ in sorted(places.items(), key=lambda place: place[1][1])] == list("abcdef")


def test_a_layout_cancelled_inside_a_group_gives_nothing():
    nodes = {name: Node(name, "relu", name, group="g" if name in "bc" else "") for name in "abcd"}
    graph = Graph(edges=tuple(Edge.between(*pair) for pair in pairwise("abcd"))).with_nodes(nodes)
    counts = []
    for allowed in range(30):
        asked: list[int] = []
        places = layout(graph, cancelled=lambda asked=asked, allowed=allowed: asked.append(1) or len(asked) > allowed)
        assert places in ({}, layout(graph))
        counts.append(bool(places))
    assert counts[0] is False and counts[-1] is True
