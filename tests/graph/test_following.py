"""Frames and notes stay with the cards they belong to."""

from __future__ import annotations

from itertools import pairwise

import pytest

from workbench.graph import edit
from workbench.graph.following import NEAR_PX, follow
from workbench.graph.graph import Edge, Graph
from workbench.graph.layout import CARD_HEIGHT_PX, CARD_WIDTH_PX, layout
from workbench.graph.remarks import Box, add_remark, framed, remarks_of

NAMES = ("a", "b", "c", "d")


@pytest.fixture
def graph() -> Graph:
    """A chain of four cards, far apart, the middle two in a frame; a note beside the last, another one far from everything."""
    drawing = Graph()
    for index, name in enumerate(NAMES):
        drawing, _ = edit.add_node(drawing, "relu", name=name, id=name, position=(100.0 * index, 300.0 * index))
    for source, target in pairwise(NAMES):
        drawing = edit.connect(drawing, Edge.between(source, target))
    drawing, _ = add_remark(drawing, "frame", (-30.0, 240.0, 360.0, 420.0), "middle")
    drawing, _ = add_remark(drawing, "note", (410.0, 880.0, 200.0, 60.0), "beside d")
    return add_remark(drawing, "note", (5000.0, 5000.0, 200.0, 60.0), "far")[0]


def boxes(graph: Graph) -> dict[str, Box]:
    return {remark.text: remark.box for remark in remarks_of(graph)}


def margins(graph: Graph, names: tuple[str, ...]) -> tuple[float, ...]:
    left, top, width, height = boxes(graph)["middle"]
    xs, ys = [graph[name].position[0] for name in names], [graph[name].position[1] for name in names]
    return min(xs) - left, min(ys) - top, left + width - max(xs), top + height - max(ys)


def test_frames_and_notes_follow_a_layout(graph: Graph) -> None:
    after = follow(graph, edit.move(graph, layout(graph)))
    (frame, *_) = remarks_of(after)
    assert framed(after, frame) == ["b", "c"]
    assert margins(after, ("b", "c")) == margins(graph, ("b", "c"))
    (x, y), (new_x, new_y) = graph["d"].position, after["d"].position
    assert boxes(after)["beside d"][:2] == (410.0 + new_x - x, 880.0 + new_y - y)
    assert boxes(after)["far"] == boxes(graph)["far"]


def test_a_frame_shrinks_around_a_folded_group_and_grows_again(graph: Graph) -> None:
    graph, path = edit.group(graph, ("b", "c"), "block")
    folded = follow(graph, edit.fold(graph, path))
    assert boxes(folded)["middle"][3] == boxes(graph)["middle"][3] - 300.0
    assert boxes(folded)["beside d"][1] == boxes(graph)["beside d"][1] - 300.0
    assert boxes(follow(folded, edit.fold(folded, path, False))) == boxes(graph)


def test_a_layer_put_into_a_wire_makes_the_frame_longer(graph: Graph) -> None:
    near = edit.move(graph, {"c": (200.0, 372.0)})
    graph = follow(graph, near)
    after, _ = edit.insert_on_edge(graph, Edge.between("b", "c"), "tanh")
    after = follow(graph, after)
    grown = after["c"].position[1] - graph["c"].position[1]
    assert grown > 0
    assert boxes(after)["middle"][3] == boxes(graph)["middle"][3] + grown


def test_a_note_belongs_to_the_nearest_card_within_reach(graph: Graph) -> None:
    x, y = graph["a"].position
    for gap, follows in ((NEAR_PX - 1, True), (NEAR_PX + 1, False)):
        noted, _ = add_remark(graph, "note", (x - CARD_WIDTH_PX / 2 - gap - 10, y - CARD_HEIGHT_PX / 2, 10.0, 10.0), "left")
        moved = follow(noted, edit.move(noted, {"a": (x, y - 64.0)}))
        assert (boxes(moved)["left"] != boxes(noted)["left"]) is follows


def test_nothing_moved_means_the_same_drawing(graph: Graph) -> None:
    assert follow(graph, graph) is graph
    renamed = edit.rename(graph, "a", "other")
    assert follow(graph, renamed) is renamed
