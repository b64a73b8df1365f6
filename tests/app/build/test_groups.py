"""Groups on the canvas: folding, entering, wiring across the border, renaming, the outline."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from workbench.graph import edit
from workbench.graph.graph import Edge

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
CARD = "group:block"


def folded(bench: Any) -> None:
    bench.session.select((bench.id("conv1"), bench.id("relu1")))
    bench.key(Qt.Key.Key_G, CONTROL)
    bench.page.settle()


def test_control_g_makes_one_card_with_summed_costs(bench: Any) -> None:
    costs = bench.page.book.costs
    alone = costs["conv1"].parameters + costs["relu1"].parameters
    folded(bench)
    card = bench.scene.cards[CARD]
    assert "conv1" not in bench.scene.cards
    assert (card.count, card.parameters, card.inputs, card.outputs) == (2, str(alone), ("conv1/input",), ("relu1/output",))
    assert len(list(bench.scene.wires)) == len(bench.graph.edges) - 1
    assert set(bench.session.selection) == {"conv1", "relu1"}
    assert bench.scene.selected == {CARD}


def test_control_shift_g_dissolves_and_undo_brings_back(bench: Any) -> None:
    before = bench.graph
    folded(bench)
    bench.key(Qt.Key.Key_G, CONTROL | SHIFT)
    assert "conv1" in bench.scene.cards
    assert bench.graph == before
    bench.session.undo()
    assert CARD in bench.scene.cards
    bench.session.undo()
    assert bench.graph == before
    assert all(wire.source.id in bench.scene.cards for wire in bench.scene.wires)


def test_dragging_the_card_moves_the_members(bench: Any) -> None:
    folded(bench)
    before = bench.graph["relu1"].position
    start = bench.at(bench.scene.cards[CARD].rect.center())
    bench.session.select(())
    bench.drag(start, start.__class__(start.x() - 200, start.y()))
    assert bench.graph["relu1"].position[0] < before[0] - 150
    assert bench.graph["relu1"].position[1] - bench.graph["conv1"].position[1] == 72


def test_double_click_enters_and_the_breadcrumb_leads_back(bench: Any) -> None:
    folded(bench)
    QTest.mouseDClick(bench.view.viewport(), Qt.MouseButton.LeftButton, pos=bench.at(bench.scene.cards[CARD].rect.center()))
    assert bench.page.levels.inside == "block"
    assert set(bench.scene.cards) == {"image", "conv1", "relu1", "pool1"}
    assert bench.scene.cards["image"].faint
    assert not bench.scene.cards["conv1"].faint
    assert bench.page.levels.crumbs.isVisible()
    node = bench.page.commands.add_after("dropout", "relu1")
    assert bench.graph[node].group == "block"
    assert node in bench.scene.cards
    bench.session.select(())
    bench.key(Qt.Key.Key_Escape)
    assert bench.page.levels.inside == ""
    assert bench.scene.cards[CARD].count == 3


def test_wires_are_drawn_to_ports_of_the_card(bench: Any) -> None:
    folded(bench)
    bench.page.commands.disconnect((bench.graph.incoming("conv1")[0],))
    card = bench.scene.cards[CARD]
    assert card.inputs == ("conv1/input",)
    bench.drag(bench.port("image"), bench.at(card.input_point("conv1/input")))
    assert Edge.between("image", "conv1") in bench.graph.edges


def test_the_wire_of_a_card_can_be_taken_along(bench: Any) -> None:
    folded(bench)
    port = bench.at(bench.scene.cards[CARD].input_point("conv1/input"))
    bench.drag(port, port - type(port)(260, 0))
    assert not bench.graph.incoming("conv1")


def test_a_problem_of_a_member_shows_on_the_card(bench: Any) -> None:
    folded(bench)
    bench.page.commands.set_param("conv1", "filters", 0)
    bench.page.settle()
    assert bench.scene.cards[CARD].state == "error"


def test_going_to_a_hidden_layer_enters_its_group(bench: Any) -> None:
    folded(bench)
    bench.page.go_to("conv1")
    assert bench.page.levels.inside == "block"
    assert bench.session.selection == ("conv1",)
    bench.page.go_to("head")
    assert bench.page.levels.inside == ""


def test_renaming_a_group_in_the_inspector_while_inside(bench: Any) -> None:
    folded(bench)
    bench.page.rename(CARD)
    inspector = bench.page.inspector
    assert inspector.name.text() == "block"
    inspector.name.setText("stem")
    inspector.name.editingFinished.emit()
    assert bench.graph["conv1"].path == "stem.conv1"
    assert "group:stem" in bench.scene.cards
    bench.page.levels.enter("stem")
    bench.page.commands.rename_group("stem", "root")
    assert bench.page.levels.inside == "root"
    bench.session.undo()
    bench.session.undo()
    bench.session.undo()
    assert bench.page.levels.inside == ""


def test_unfolding_in_place_draws_a_border_whose_title_folds(bench: Any) -> None:
    folded(bench)
    bench.page.commands.fold("block", False)
    assert set(bench.scene.borders.boxes) == {"block"}
    box = bench.scene.borders.boxes["block"]
    assert box.contains(bench.scene.cards["conv1"].rect)
    assert box.contains(bench.scene.cards["relu1"].rect)
    bench.view.fit()
    place = bench.at(box.bottomLeft() + type(box.topLeft())(24, -11))
    QTest.mouseDClick(bench.view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert CARD in bench.scene.cards


def test_layout_with_a_folded_group_keeps_its_inside(bench: Any) -> None:
    folded(bench)
    bench.session.select(())
    bench.page.lay_out()
    bench.page.settle()
    assert bench.graph["relu1"].position[1] - bench.graph["conv1"].position[1] == 72
    cards = bench.scene.cards
    assert cards["image"].rect.bottom() < cards[CARD].rect.top() < cards["pool1"].rect.top()


def test_the_outline_lists_groups(bench: Any) -> None:
    folded(bench)
    bench.page.tabs.setCurrentWidget(bench.page.outline)
    tree = bench.page.outline.tree
    words = [tree.topLevelItem(row).text(0) for row in range(tree.topLevelItemCount())]
    assert words[:4] == ["image", "▸ block", "conv1", "relu1"]
    tree.setCurrentItem(tree.topLevelItem(1))
    assert set(bench.session.selection) == {"conv1", "relu1"}
    QTest.keyClick(tree, Qt.Key.Key_Return)
    assert bench.page.levels.inside == "block"


def test_find_looks_into_folded_groups(bench: Any) -> None:
    folded(bench)
    bench.page.finder.start()
    bench.page.finder.setText("relu1")
    bench.page.finder.find_next()
    assert bench.page.levels.inside == "block"
    assert bench.session.selection == ("relu1",)


def test_a_group_inside_the_entered_one(bench: Any) -> None:
    folded(bench)
    bench.page.levels.enter("block")
    bench.page.commands.group(("relu1",))
    assert edit.LAYER_PITCH_PX
    assert "group:block.block1" in bench.scene.cards or "group:block.block" in bench.scene.cards
