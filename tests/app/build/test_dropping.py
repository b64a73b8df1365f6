"""Where new layers go: behind the card they are dropped on, into a wire, or where there is room."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QToolTip

from tests.app.build.test_canvas import drop
from workbench.app.pages.build.layer_rows import LAYER_ROLE
from workbench.app.pages.build.view import LayerWanted
from workbench.graph import edit
from workbench.graph.graph import Edge, Graph, PortRef
from workbench.graph.remarks import remarks_of


def overlaps(bench: Any) -> list[tuple[str, str]]:
    cards = bench.scene.cards.values()
    return [(a.id, b.id) for a, b in combinations(cards, 2) if a.rect.intersects(b.rect)]


def test_a_layer_dropped_on_a_card_stands_behind_it(bench: Any) -> None:
    drop(bench, "dropout", bench.centre("head"))
    new = bench.id("dropout1")
    assert [edge.source.node for edge in bench.graph.incoming(new)] == ["head"]
    assert [edge.source.node for edge in bench.graph.incoming("label")] == [new]
    assert overlaps(bench) == []
    bench.session.undo()
    assert [edge.source.node for edge in bench.graph.incoming("label")] == ["head"]


def test_a_layer_dropped_on_the_last_card_finds_room_below(bench: Any) -> None:
    drop(bench, "dropout", bench.centre("label"))
    new = bench.id("dropout1")
    assert not bench.graph.incoming(new) and not bench.graph.outgoing(new)
    assert bench.graph[new].position[1] > bench.graph["label"].position[1]
    assert overlaps(bench) == []


def test_an_input_dropped_on_a_card_covers_nothing(bench: Any) -> None:
    drop(bench, "image_input", bench.centre("conv1"))
    assert overlaps(bench) == []
    assert len(bench.graph.incoming("conv1")) == 1


def test_a_layer_dropped_on_a_folded_group_is_wired_to_it(bench: Any) -> None:
    bench.page.commands.group(("conv1", "relu1"))
    drop(bench, "dropout", bench.at(bench.scene.cards["group:block"].rect.center()))
    new = bench.id("dropout1")
    assert [edge.source.node for edge in bench.graph.incoming(new)] == ["relu1"]
    assert bench.graph[new].group == ""
    assert overlaps(bench) == []


def test_layers_chosen_one_after_the_other_do_not_lie_on_each_other(bench: Any) -> None:
    for _ in range(3):
        bench.session.select(())
        bench.page.add_layer("dropout")
    assert overlaps(bench) == []


def test_a_lonely_layer_is_connected_by_one_click_and_taken_back_by_one_undo(bench: Any) -> None:
    drop(bench, "relu", bench.at(QPointF(520, 500)))
    new = bench.session.selection[0]
    before = bench.graph
    problem = next(problem for problem in bench.session.problems if problem.node == new)
    assert str(problem.fixes[0].label).startswith("Connect it after ")
    bench.session.apply_fix(problem)
    assert bench.graph.incoming(new) and bench.graph.outgoing(new)
    bench.session.undo()
    assert bench.graph is before


def test_an_unknown_layer_shows_every_port_that_is_wired(bench: Any) -> None:
    graph = edit.replace_layer(bench.graph, "side", "from_the_future")
    graph = edit.connect(graph, Edge(PortRef("side", "attention"), PortRef("merge", "inputs")))
    graph = edit.connect(graph, Edge(PortRef("conv1", "output"), PortRef("side", "memory")))
    bench.show(graph)
    card = bench.scene.cards["side"]
    assert card.inputs == ("input", "memory") and card.outputs == ("output", "attention")
    assert len({card.output_point(port).x() for port in card.outputs}) == 2
    bench.page.commands.disconnect((Edge(PortRef("side", "attention"), PortRef("merge", "inputs")),))
    assert bench.scene.cards["side"].outputs == ("output",)


def test_a_frame_and_a_note_follow_layout_folding_and_making_room(bench: Any) -> None:
    commands = bench.page.commands
    commands.add_remark("frame", (-120.0, 260.0, 520.0, 130.0), "branches")
    commands.add_remark("note", (220.0, 560.0, 120.0, 40.0), "the end")

    def boxes() -> dict[str, Any]:
        return {remark.text: remark.box for remark in remarks_of(bench.graph)}

    first, start = boxes(), bench.graph
    commands.add_on_edge("dropout", Edge.between("conv1", "relu1"))
    assert boxes()["branches"][1] == first["branches"][1] + 72.0
    assert boxes()["the end"][1] == first["the end"][1] + 72.0
    bench.session.undo()
    commands.group(("conv1", "relu1", "pool1"))
    assert boxes()["branches"][1] == first["branches"][1] - 144.0
    bench.session.undo()
    assert boxes() == first
    bench.page.lay_out()
    bench.page.motion.finish()
    left, top, width, height = boxes()["branches"]
    for name in ("conv2", "side", "merge"):
        x, y = bench.graph[name].position
        assert left <= x <= left + width and top <= y <= top + height
    bench.session.undo()
    assert bench.graph is start


def test_layout_keeps_open_groups_together(bench: Any) -> None:
    commands = bench.page.commands
    path = commands.group(("conv2", "side"))
    commands.fold(path, False)
    commands.move({"side": (900.0, 900.0), "head": (160.0, 288.0)})
    bench.page.lay_out()
    bench.page.motion.finish()
    box = bench.scene.borders.boxes[path]
    for card in bench.scene.cards.values():
        assert box.contains(card.rect) is (card.node.group == path)
        assert card.node.group == path or not box.intersects(card.rect)


def test_the_border_of_a_group_follows_a_card_under_the_hand(bench: Any) -> None:
    path = bench.page.commands.group(("conv2", "side"))
    bench.page.commands.fold(path, False)
    box = bench.scene.borders.boxes[path]
    x, y = bench.graph["side"].position
    bench.scene.shift({"side": (x + 160.0, y)})
    assert bench.scene.borders.boxes[path].right() == box.right() + 160.0
    bench.scene.shift({"side": (x, y)})
    assert bench.scene.borders.boxes[path] == box


def test_the_totals_say_what_they_are(bench: Any) -> None:
    words = bench.page.totals.accessibleName()
    assert "parameters" in words and "MACs per row" in words and "training memory at batch" in words


@pytest.mark.parametrize("name", ["merge", "conv2"])
def test_exposed_parameters_outlive_a_new_name(bench: Any, name: str) -> None:
    commands = bench.page.commands
    path = commands.group(("conv2", "side", "merge"))
    commands.expose(path, (("conv2", "filters"),))
    commands.rename(name, "renamed")
    bench.session.select(("conv2", "side", "merge"))
    bench.page.settle()
    form = bench.page.inspector.form
    assert form is not None and len(form.fields) == 1


def test_a_stack_goes_on_growing_by_enter_inside_an_entered_group(bench: Any) -> None:
    path = bench.page.commands.group(("conv2", "side"))
    bench.page.levels.enter(path)
    bench.session.select(("conv2",))
    QTest.keyClick(bench.view, Qt.Key.Key_Return)
    new = bench.session.selection[0]
    assert new != "conv2" and bench.graph[new].group == path
    assert new in bench.scene.cards


def test_copy_goes_as_text_into_another_project(bench: Any, network: Graph) -> None:
    bench.session.select(("conv1", "relu1"))
    bench.key(Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    bench.show(Graph())
    bench.key(Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert sorted(node.layer for node in bench.graph) == ["conv2d", "relu"]
    assert len(bench.graph.edges) == 1
    assert set(bench.scene.cards) == set(bench.graph.nodes)


def test_the_map_goes_where_it_is_pressed(bench: Any) -> None:
    bench.page.commands.move({"label": (4000.0, 4000.0)})
    bench.page.settle()
    bench.view.zoom_to(1.0)
    small, target = bench.page.map, bench.graph["label"].position
    assert not bench.view.visible_rect().contains(QPointF(*target))
    place = small._mapped(bench.scene.cards["label"].rect).center().toPoint()
    QTest.mouseClick(small, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(place))
    assert bench.view.visible_rect().contains(QPointF(*target))


def test_a_wire_says_why_it_cannot_be_while_it_is_dragged(bench: Any) -> None:
    port, start, end = bench.view.viewport(), bench.port("head"), bench.port("conv1", output=False)
    QTest.mousePress(port, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
    for step in range(1, 6):
        QTest.mouseMove(port, start + (end - start) * step / 5)
    assert QToolTip.text() == "head comes after conv1: a wire back would make a circle."
    before = bench.graph
    QTest.keyClick(bench.view, Qt.Key.Key_Escape)
    QTest.mouseRelease(port, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, end)
    assert bench.graph is before and bench.view.gesture is None


def test_a_wire_dropped_on_empty_ground_offers_only_what_fits(bench: Any) -> None:
    popup = bench.page.search(LayerWanted(QPointF(600, 600), QPoint(5, 5), source=PortRef("head", "output")))

    def offered() -> list[str]:
        names = [popup.list.item(row).data(LAYER_ROLE) for row in range(popup.list.count())]
        return [name for name in names if name in bench.page.commands.layers]

    linking, layers = bench.page.commands.linking(), bench.page.commands.layers
    assert offered() and all(linking.verdict_for_layer(PortRef("head", "output"), layers[name]).fits for name in offered())
    assert "max_pool2d" not in offered()
    popup.field.setText("max pool")
    assert "max_pool2d" in offered(), "what was asked for by name is there, with the reason"
    popup.close()


def test_nothing_of_a_cancelled_layout_is_kept(bench: Any) -> None:
    before, steps = bench.graph, bench.session.history.labels
    bench.page.lay_out()
    assert bench.page.motion.running
    QTest.keyClick(bench.view, Qt.Key.Key_Escape)
    assert bench.graph is before and bench.session.history.labels == steps
    assert {card.id: card.rect.center().toTuple() for card in bench.scene.cards.values()} == {node.id: node.position for node in before}
