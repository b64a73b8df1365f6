"""Repeated groups in the window: the form, the menu, the badge on card and frame, the outline, undo."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt

from workbench.app.pages.build.menus import group_menu
from workbench.graph import edit
from workbench.graph.graph import Edge, Graph
from workbench.graph.repeat import Repeat, repeat_of, set_repeat

CARD = "group:blocks"


def drawing() -> Graph:
    graph = Graph()
    rows = (
        ("image", "image_input", {"channels": 4, "height": 8, "width": 8}, ""), ("conv1", "conv2d", {"filters": 4}, "blocks"),
        ("relu1", "relu", {}, "blocks"), ("label", "output", {}, ""),
    )
    for place, (name, layer, params, group) in enumerate(rows):
        graph, _ = edit.add_node(graph, layer, params=params, name=name, id=name, group=group, position=(0.0, 80.0 * place))
        if place:
            graph = edit.connect(graph, Edge.between(rows[place - 1][0], name))
    return graph


@pytest.fixture
def folded(bench: Any) -> Any:
    bench.show(edit.fold(drawing(), "blocks"))
    bench.session.select(("conv1", "relu1"))
    bench.page.settle()
    return bench


def choose(bench: Any, field: str, value: object) -> None:
    bench.page.inspector.repetition.form.edited.emit(field, value)
    bench.page.settle()


def test_the_form_repeats_the_folded_group_and_undo_takes_it_back(folded: Any) -> None:
    form = folded.page.inspector.repetition
    assert form.isVisibleTo(folded.page.inspector)
    assert set(form.form.fields) == {"times", "shared"}
    assert all(field.focusProxy() is None or field.focusProxy().accessibleName() for field in form.form.fields.values())
    alone = folded.page.book.costs["conv1"].parameters
    choose(folded, "times", 6)
    assert repeat_of(folded.graph, "blocks") == Repeat(6)
    assert folded.scene.cards[CARD].times == 6
    assert folded.page.book.costs["conv1"].parameters == 6 * alone
    choose(folded, "shared", True)
    assert repeat_of(folded.graph, "blocks") == Repeat(6, True)
    assert folded.page.book.costs["conv1"].parameters == alone
    assert form.form.values() == {"times": 6, "shared": True}
    folded.session.undo()
    folded.session.undo()
    folded.page.settle()
    assert repeat_of(folded.graph, "blocks") == Repeat()
    assert folded.scene.cards[CARD].times == 1


def test_frame_and_outline_of_the_open_group_say_it(bench: Any) -> None:
    bench.show(drawing())
    bench.page.commands.repeat("blocks", times=6)
    bench.page.settle()
    assert bench.scene.borders.title("blocks") == "▾ blocks  ×6"
    bench.page.tabs.setCurrentWidget(bench.page.outline)
    rows = [bench.page.outline.tree.topLevelItem(row) for row in range(bench.page.outline.tree.topLevelItemCount())]
    spoken = next(row.data(0, Qt.ItemDataRole.AccessibleTextRole) for row in rows if "blocks" in row.text(0) and "Group" in row.text(1))
    assert "repeated ×6" in spoken
    bench.session.select(("conv1", "relu1"))
    assert bench.page.inspector.repetition.isVisibleTo(bench.page.inspector)
    bench.session.select(("conv1",))
    assert not bench.page.inspector.repetition.isVisibleTo(bench.page.inspector)
    assert "6" in bench.page.inspector.kind.text()


def test_the_menu_repeats_shares_and_writes_out(folded: Any) -> None:
    menu = next(action.menu() for action in group_menu(folded.page, "blocks").actions() if action.menu() is not None and action.text() == "Repeat")
    actions = {action.text(): action for action in menu.actions()}
    assert actions["Once"].isChecked()
    actions["×3"].trigger()
    actions["Same weights every time"].trigger()
    assert repeat_of(folded.graph, "blocks") == Repeat(3, True)
    folded.page.commands.write_out("blocks")
    folded.page.settle()
    assert {node.group for node in folded.graph if node.group} == {"blocks.block0", "blocks.block1", "blocks.block2"}
    assert [tie.node for node in folded.graph for tie in node.ties] == ["conv1"] * 4
    assert not folded.session.inferred.problems


def test_dissolving_a_repeated_group_keeps_the_model(folded: Any) -> None:
    folded.page.commands.repeat("blocks", times=3)
    folded.page.settle()
    before = sum(cost.parameters for cost in folded.page.book.costs.values())
    folded.page.commands.dissolve("blocks")
    folded.page.settle()
    assert {node.group for node in folded.graph if node.group} == {"block0", "block1", "block2"}
    assert sum(cost.parameters for cost in folded.page.book.costs.values()) == before
    assert not folded.session.inferred.problems
    folded.session.undo()
    folded.page.settle()
    assert repeat_of(folded.graph, "blocks") == Repeat(3)


def test_the_command_groups_what_is_selected_and_asks_how_often(bench: Any) -> None:
    bench.show(edit.ungroup(drawing(), "blocks"))
    bench.session.select(("conv1", "relu1"))
    bench.page.repeat_group()
    bench.page.settle()
    assert len({bench.graph["conv1"].group, bench.graph["relu1"].group} - {""}) == 1
    assert bench.page.inspector.repetition.isVisibleTo(bench.page.inspector)


def test_a_group_with_two_inputs_asks_which_takes_the_result(bench: Any) -> None:
    graph = drawing()
    graph, _ = edit.add_node(graph, "image_input", params={"channels": 4, "height": 8, "width": 8}, name="other", id="other")
    graph, added = edit.add_node(graph, "add", name="sum", id="sum", group="blocks")
    for source in ("relu1", "other"):
        graph = edit.connect(graph, Edge.between(source, added, target_port="inputs"))
    graph = edit.connect(edit.disconnect(graph, Edge.between("relu1", "label")), Edge.between("sum", "label"))
    bench.show(set_repeat(graph, "blocks", 2))
    bench.session.select(("conv1", "relu1", "sum"))
    bench.page.settle()
    assert set(bench.page.inspector.repetition.form.fields) == {"times", "shared", "passed"}
    choose(bench, "passed", "sum.inputs")
    assert repeat_of(bench.graph, "blocks").passed == "sum.inputs"
    choose(bench, "passed", "conv1.input")
    assert repeat_of(bench.graph, "blocks").passed == ""
