"""The parts without widgets: the index of places, figures, curves."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QLineF, QPointF

from workbench.app.pages.build.buckets import Buckets
from workbench.app.pages.build.card import Card
from workbench.app.pages.build.figures import counted, percent, shortened, sized
from workbench.app.pages.build.routing import lane_lines
from workbench.app.pages.build.wire import Wire
from workbench.graph import edit
from workbench.graph.graph import Edge, Graph, Node, PortRef

BOX = st.tuples(st.integers(-9000, 9000), st.integers(-9000, 9000), st.integers(0, 30_000), st.integers(0, 3000))


@given(st.lists(st.tuples(st.integers(0, 8), BOX), max_size=30), BOX)
def test_the_index_finds_whatever_touches(moves: list[tuple[int, tuple[int, int, int, int]]], asked: tuple[int, int, int, int]) -> None:
    buckets: Buckets[int] = Buckets()
    places: dict[int, tuple[int, int, int, int]] = {}
    for key, (x, y, width, height) in moves:
        if key == 8 and places:
            gone = next(iter(places))
            buckets.remove(gone)
            del places[gone]
            continue
        places[key] = (x, y, x + width, y + height)
        buckets.put(key, *places[key])
    left, top, right, bottom = asked[0], asked[1], asked[0] + asked[2], asked[1] + asked[3]
    found = buckets.within(left, top, right, bottom)
    touching = {key for key, box in places.items() if box[0] <= right and box[2] >= left and box[1] <= bottom and box[3] >= top}
    assert len(found) == len(set(found)) and touching <= set(found) <= set(places)


@pytest.mark.parametrize(
    ("write", "value", "text"),
    [
        (counted, 31_946, "31,946"), (counted, 25_600_000, "25.6 M"), (shortened, 4_124_000, "4.12 M"), (shortened, 999, "999"),
        (shortened, 1200, "1.2 k"), (sized, 212 * 2**20, "212 MiB"), (sized, 0, "0 B"), (percent, 0.391, "39 %"), (percent, 0.004, "< 1 %"),
    ],
)
def test_figures(write: object, value: float, text: str) -> None:
    assert callable(write) and write(value) == text


def wire(x: float, y: float) -> Wire:
    """Returns a wire from a card at the origin to one at (x, y)."""
    source, target = Card(Node("a", "relu", "a")), Card(Node("b", "relu", "b"))
    source.place(0, 0)
    target.place(x, y)
    made = Wire(Edge.between("a", "b"), source, target)
    made.place()
    return made


@given(st.integers(-2000, 2000), st.integers(-2000, 2000))
def test_curves_stay_within_their_bounds_and_can_be_hit(x: int, y: int) -> None:
    made = wire(x, y)
    left, top, right, bottom = made.bounds()
    box = made.path.boundingRect()
    assert left <= box.left() and box.right() <= right and top <= box.top() + 1e-6 and box.bottom() <= bottom + 1e-6
    length = QLineF(made.line.p1(), made.line.p2()).length()
    assert made.distance(made.path.pointAtPercent(0.5)) < 6 + length / 20


def test_texts_of_a_fork_stand_on_either_side() -> None:
    straight, sideways = wire(0, 72), wire(240, 72)
    assert straight.label_anchor(True)[1] and not straight.label_anchor(False)[1]
    assert sideways.label_anchor()[0].x() > straight.line.x1()
    assert straight.distance(QPointF(0, 36)) == 0


def test_a_long_wire_runs_past_the_cards_between_its_ends(make_bench: Any, network: Graph) -> None:
    """A way around three layers of its own column would else be hidden behind them."""
    bench = make_bench(edit.connect(network, Edge(PortRef("image", "output"), PortRef("merge", "inputs"))))
    skip = bench.scene.wire_of(Edge(PortRef("image", "output"), PortRef("merge", "inputs")))
    others = [card.rect for card in bench.scene.cards.values() if card not in (skip.source, skip.target)]
    points = [skip.path.pointAtPercent(step / 200) for step in range(201)]
    assert skip.lane is not None
    assert not [point for point in points for rect in others if rect.contains(point)]
    bench.page.commands.delete(("conv1", "relu1", "pool1", "conv2"))
    assert bench.scene.wire_of(skip.edge).lane is None, "nothing is in the way any more"


def test_a_lane_seen_from_far_away_joins_the_same_ends() -> None:
    first, middle, last = lane_lines(QLineF(0, 0, 40, 300), 120.0)
    assert (first.p1(), last.p2()) == (QPointF(0, 0), QPointF(40, 300))
    assert first.p2() == middle.p1() and middle.p2() == last.p1()
    assert middle.x1() == middle.x2() == 120.0 and first.y2() < middle.y2()


def test_a_drawing_that_is_too_tall_opens_at_its_top_and_uses_the_width(bench: Any) -> None:
    graph, before = Graph(), ""
    for row in range(40):
        graph, node = edit.add_node(graph, "relu", position=(0.0, 72.0 * row))
        graph = edit.connect(graph, Edge.between(before, node)) if before else graph
        before = node
    graph, _ = edit.add_node(graph, "relu", position=(420.0, 300.0), name="aside")
    bench.show(graph)
    bench.view.show_from_top()
    seen, box = bench.view.visible_rect(), bench.scene.bounds()
    assert seen.left() <= box.left() and seen.right() >= box.right()
    assert seen.top() <= box.top() <= seen.bottom() < box.bottom()
    assert abs(seen.center().x() - box.center().x()) < 8
