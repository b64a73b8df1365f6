"""What a hand does on the canvas, each a step of the history."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from workbench.app.pages.build.gestures.drop import LAYER_MIME
from workbench.app.pages.build.search_popup import LayerSearch
from workbench.graph import edit
from workbench.graph.graph import Edge, Graph, PortRef

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def drop(bench: Any, layer: str, place: QPoint) -> None:
    """Drops a layer of the palette onto the viewport."""
    data = QMimeData()
    data.setData(LAYER_MIME, layer.encode())
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    bench.view.dragEnterEvent(QDragEnterEvent(place, Qt.DropAction.CopyAction, data, buttons, keys))
    bench.view.dropEvent(QDropEvent(QPointF(place), Qt.DropAction.CopyAction, data, buttons, keys))


def test_a_layer_dropped_from_the_palette_stands_where_it_was_dropped(bench: Any) -> None:
    place = bench.at(QPointF(480, 160))
    drop(bench, "dropout", place)
    node = bench.graph.named("dropout1")
    assert node is not None and node.position == (480.0, 160.0)
    assert bench.session.selection == (node.id,)
    assert node.id in bench.scene.cards


def test_a_layer_dropped_on_a_wire_goes_into_it(bench: Any) -> None:
    wire = bench.scene.wire_of(Edge.between("pool2", "head"))
    drop(bench, "dropout", bench.at(wire.line.center()))
    new = bench.id("dropout1")
    assert [edge.source.node for edge in bench.graph.incoming(new)] == ["pool2"]
    assert [edge.source.node for edge in bench.graph.incoming("head")] == [new]


def test_a_wire_dragged_between_ports_connects(bench: Any) -> None:
    bench.page.commands.disconnect((Edge.between("head", "label"),))
    bench.drag(bench.port("head"), bench.port("label", output=False))
    assert Edge.between("head", "label") in bench.graph.edges


def test_a_wire_back_is_refused_in_a_sentence(bench: Any) -> None:
    before, said = bench.graph, []
    bench.page.commands.refused.connect(said.append)
    bench.drag(bench.port("pool2"), bench.port("conv1", output=False))
    assert bench.graph is before
    assert said == ["pool2 comes after conv1: a wire back would make a circle."]


def test_a_wire_that_does_not_fit_offers_what_would_make_it_fit(bench: Any, network: Graph) -> None:
    bench.page.commands.delete(("pool2",))
    bench.page.settle()
    linking = bench.page.commands.linking()
    verdict = linking.verdict(Edge.between("merge", "head"))
    assert not verdict.fits and verdict.possible and verdict.sentence
    bench.drag(bench.port("merge"), bench.port("head", output=False))
    menu = bench.view.findChild(QMenu, "build.canvas.repairs")
    assert menu is not None and menu.actions()[0].text() == verdict.sentence
    menu.actions()[2].trigger()
    menu.close()
    assert bench.session.inferred.output_shapes("head"), "the first repair makes the wire fit"


def test_a_wire_dropped_on_empty_ground_asks_for_a_layer(bench: Any) -> None:
    bench.drag(bench.port("head"), bench.port("head") + QPoint(260, 60))
    popup = bench.page.findChild(LayerSearch)
    assert popup is not None
    popup.field.setText("softmax")
    popup.field.setText("relu")
    before = len(bench.graph)
    QTest.keyClick(popup.field, Qt.Key.Key_Return)
    assert len(bench.graph) == before + 1
    new = bench.session.selection[0]
    assert [edge.source.node for edge in bench.graph.incoming(new)] == ["head"]
    bench.session.undo()
    assert len(bench.graph) == before and not bench.graph.outgoing("head")[1:], "layer and wire are one step"


def test_a_wire_pulled_off_its_input_and_let_go_is_removed(bench: Any) -> None:
    bench.drag(bench.port("label", output=False), bench.port("label", output=False) + QPoint(300, 90))
    assert not bench.graph.incoming("label")


def test_moving_snaps_and_is_one_step(bench: Any) -> None:
    before = bench.graph
    bench.drag(bench.centre("side"), bench.centre("side") + QPoint(83, 41))
    x, y = bench.graph["side"].position
    assert (x % 16, y % 8) == (0.0, 0.0) and (x, y) != before["side"].position
    bench.session.undo()
    assert bench.graph is before
    assert bench.scene.cards["side"].rect.center() == QPointF(240, 288)


def test_escape_gives_a_move_up(bench: Any) -> None:
    port = bench.view.viewport()
    QTest.mousePress(port, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, bench.centre("side"))
    QTest.mouseMove(port, bench.centre("side") + QPoint(90, 60))
    bench.key(Qt.Key.Key_Escape)
    QTest.mouseRelease(port, Qt.MouseButton.LeftButton)
    assert bench.scene.cards["side"].rect.center() == QPointF(240, 288)
    assert not bench.session.history.can_undo


def test_a_rubber_band_selects_what_it_touches(bench: Any) -> None:
    box = bench.scene.bounds(("conv2", "side"))
    bench.drag(bench.at(box.topLeft() + QPointF(-30, -8)), bench.at(box.bottomRight() + QPointF(30, 6)))
    assert set(bench.session.selection) == {"conv2", "side"}


def test_delete_and_undo(bench: Any) -> None:
    before = bench.graph
    bench.click(bench.centre("relu1"))
    bench.key(Qt.Key.Key_Delete)
    assert "relu1" not in bench.graph and "relu1" not in bench.scene.cards
    bench.session.undo()
    assert bench.graph is before and "relu1" in bench.scene.cards
    assert bench.scene.wire_of(Edge.between("conv1", "relu1")) is not None


def test_a_selected_wire_is_deleted_alone(bench: Any) -> None:
    wire = bench.scene.wire_of(Edge.between("pool2", "head"))
    bench.click(bench.at(wire.line.center()))
    bench.key(Qt.Key.Key_Delete)
    assert not bench.graph.incoming("head") and len(bench.graph) == 10


def test_copy_paste_cut_duplicate(bench: Any) -> None:
    bench.scene.select(("conv1", "relu1"))
    bench.key(Qt.Key.Key_C, CTRL)
    bench.key(Qt.Key.Key_V, CTRL)
    assert len(bench.graph) == 12 and len(bench.session.selection) == 2
    pasted = set(bench.session.selection)
    assert sum(edge.source.node in pasted and edge.target.node in pasted for edge in bench.graph.edges) == 1
    bench.key(Qt.Key.Key_D, CTRL)
    assert len(bench.graph) == 14
    bench.key(Qt.Key.Key_X, CTRL)
    assert len(bench.graph) == 12
    bench.key(Qt.Key.Key_A, CTRL)
    assert len(bench.session.selection) == 12


def test_pasting_something_else_says_so(bench: Any) -> None:
    said: list[str] = []
    bench.page.commands.refused.connect(said.append)
    QApplication.clipboard().setText("no drawing")
    before = bench.graph
    bench.key(Qt.Key.Key_V, CTRL)
    assert bench.graph is before and len(said) == 1


def test_wheel_zooms_at_the_pointer(bench: Any) -> None:
    place = QPointF(300, 200)
    before = bench.view.mapToScene(place.toPoint())
    bench.view.zoom_by(1.5, place)
    after = bench.view.mapToScene(place.toPoint())
    assert bench.view.zoom == 1.5
    assert (after - before).manhattanLength() < 2.5


def test_zoom_stays_within_bounds(bench: Any) -> None:
    for factor in (1e-9, 1e9):
        for _ in range(3):
            bench.view.zoom_by(factor)
        assert 0.01 < bench.view.zoom < 4


def test_middle_drag_pans(bench: Any) -> None:
    before = bench.view.visible_rect().center()
    bench.drag(QPoint(300, 300), QPoint(360, 340), Qt.MouseButton.MiddleButton)
    moved = before - bench.view.visible_rect().center()
    assert (moved - QPointF(60, 40)).manhattanLength() < 3


def test_fit_shows_everything(bench: Any) -> None:
    bench.view.pan(4000, 4000)
    bench.key(Qt.Key.Key_F)
    assert bench.view.visible_rect().contains(bench.scene.bounds())


def test_every_branch_of_the_right_click_menu_has_actions(bench: Any) -> None:
    from workbench.app.pages.build.menus import menu_for

    wire = bench.scene.wire_of(Edge.between("pool2", "head"))
    for thing in (bench.scene.cards["conv1"], wire, None):
        menu = menu_for(bench.page, thing, QPointF(0, 0), QPoint(0, 0))
        assert len([action for action in menu.actions() if action.text()]) >= 2


def test_shapes_stand_on_the_wires_and_broken_ones_say_why(bench: Any) -> None:
    wire = bench.scene.wire_of(Edge.between("pool1", "side"))
    assert wire.text == "N × 32 × 14 × 14" and not wire.reason
    bench.page.commands.set_param("side", "filters", 32)
    broken = [wire for wire in bench.scene.wires if wire.reason]
    assert broken and all(wire.target.id == "merge" for wire in broken)
    assert bench.scene.cards["merge"].state == "error"


def test_an_unknown_layer_is_a_visible_placeholder(bench: Any) -> None:
    graph = edit.replace_layer(bench.graph, "side", "from_the_future", {"depth": 3})
    bench.show(graph)
    card = bench.scene.cards["side"]
    assert not card.known and "from_the_future" in card.subtitle and card.state == "error"
    assert dict(bench.graph["side"].params) == {"depth": 3}
    bench.session.select(("side",))
    bench.page.settle()
    assert bench.page.inspector.form is None


def test_dangling_edges_and_cycles_open(bench: Any) -> None:
    graph = edit.connect(bench.graph, Edge(PortRef("head", "output"), PortRef("merge", "inputs")))
    bench.show(graph)
    bench.view.viewport().repaint()
    assert any("circle" in str(problem.message).lower() or "cycle" in problem.kind for problem in bench.session.inferred.problems)


def test_layout_places_everything_anew_as_one_step(bench: Any) -> None:
    before = bench.graph
    bench.page.lay_out()
    assert {node.position for node in bench.graph} != {node.position for node in before}
    bench.session.undo()
    assert bench.graph is before


def test_an_empty_drawing_offers_one_action(make_bench: Any) -> None:
    bench = make_bench(Graph())
    assert bench.page.empty.isVisible()
    bench.page.empty.button.click()
    popup = bench.page.findChild(LayerSearch)
    assert popup is not None and popup.list.count()
    QTest.keyClick(popup.field, Qt.Key.Key_Return)
    assert len(bench.graph) == 1 and not bench.page.empty.isVisible()


def test_the_picture_holds_the_drawing(bench: Any) -> None:
    image = bench.page.picture(1.0)
    colours = {image.pixelColor(x, y).name() for x in range(0, image.width(), 3) for y in range(0, image.height(), 3)}
    assert "#3b82f6" in colours, "the stripe of a convolution"
