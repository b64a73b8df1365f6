"""Everything without a mouse: on the canvas, and through the outline."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu

from workbench.app.pages.build.search_popup import LayerSearch
from workbench.graph.graph import Edge, Graph

ALT = Qt.KeyboardModifier.AltModifier


def choose(bench: Any, words: str) -> None:
    """Types into the search that is open, and takes the first."""
    popup = bench.page.findChildren(LayerSearch)[-1]
    popup.field.setText("")
    QTest.keyClicks(popup.field, words)
    QTest.keyClick(popup.field, Qt.Key.Key_Return)


def test_a_stack_is_built_by_keys_alone(make_bench: Any) -> None:
    bench = make_bench(Graph())
    bench.key(Qt.Key.Key_Tab)
    choose(bench, "image input")
    for _ in range(3):
        bench.key(Qt.Key.Key_Return)
    assert [node.layer for node in bench.graph] == ["image_input", "conv2d", "relu", "max_pool2d"]
    bench.key(Qt.Key.Key_Tab)
    choose(bench, "flatten")
    bench.key(Qt.Key.Key_Return)
    bench.key(Qt.Key.Key_Tab)
    choose(bench, "output")
    layers = [bench.graph[node].layer for node in bench.session.inferred.order]
    assert layers == ["image_input", "conv2d", "relu", "max_pool2d", "flatten", "linear", "output"]
    assert bench.session.inferred.ok, [str(problem.message) for problem in bench.session.inferred.problems]
    for _ in range(7):
        bench.session.undo()
    assert not bench.graph.nodes


def test_arrows_follow_the_wires(bench: Any) -> None:
    bench.session.select(("image",))
    for expected in ("conv1", "relu1", "pool1", "conv2"):
        bench.key(Qt.Key.Key_Down)
        assert bench.session.selection == (expected,)
    bench.key(Qt.Key.Key_Right)
    assert bench.session.selection == ("side",)


def test_keeping_an_arrow_down_with_ctrl_is_one_step(bench: Any) -> None:
    before = bench.graph
    bench.session.select(("side",))
    for _ in range(4):
        bench.key(Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    assert bench.graph["side"].position == (304.0, 288.0)
    bench.session.undo()
    assert bench.graph is before


def test_f2_goes_to_the_name(bench: Any) -> None:
    bench.page.activateWindow()
    bench.session.select(("conv1",))
    bench.key(Qt.Key.Key_F2)
    assert bench.page.inspector.name.selectedText() == "conv1"
    bench.page.inspector.name.setText("stem")
    bench.page.inspector.name.editingFinished.emit()
    assert bench.graph["conv1"].name == "stem"
    bench.page.inspector.name.setText("1 no name")
    bench.page.inspector.name.editingFinished.emit()
    assert bench.graph["conv1"].name == "stem" and bench.page.inspector.refusal.text()


def test_find_goes_from_one_match_to_the_next(bench: Any) -> None:
    bench.page.find_in_drawing()
    QTest.keyClicks(bench.page.finder, "conv")
    seen = [bench.session.selection]
    for _ in range(3):
        QTest.keyClick(bench.page.finder, Qt.Key.Key_Return)
        seen.append(bench.session.selection)
    assert seen == [("conv1",), ("conv2",), ("side",), ("conv1",)]
    QTest.keyClick(bench.page.finder, Qt.Key.Key_Escape)
    assert not bench.page.finder.isVisible()


def outline(bench: Any) -> Any:
    """Returns the outline, shown."""
    bench.page.tabs.setCurrentWidget(bench.page.outline)
    bench.page.settle()
    return bench.page.outline


def rows(panel: Any) -> list[str]:
    """Returns the names in the outline from top to bottom."""
    return [panel.tree.topLevelItem(index).text(0) for index in range(panel.tree.topLevelItemCount())]


def test_the_outline_says_what_the_canvas_shows(bench: Any) -> None:
    panel = outline(bench)
    assert sorted(rows(panel)) == sorted(bench.names())
    wires = sum(panel.tree.topLevelItem(index).childCount() for index in range(panel.tree.topLevelItemCount()))
    assert wires == len(bench.graph.edges)
    merge = panel._rows["merge"][0]
    assert merge.text(2) == "conv2, side" and merge.text(3) == "N × 64 × 14 × 14"


def test_the_outline_follows_every_edit_without_being_rebuilt(bench: Any) -> None:
    panel = outline(bench)
    kept = panel._rows["image"][0]
    bench.page.commands.rename("head", "classify")
    bench.page.commands.add_after("relu", "conv2")
    bench.page.commands.delete(("side",))
    bench.page.settle()
    assert panel._rows["image"][0] is kept
    assert rows(panel) == [bench.graph[node].name for node in bench.session.inferred.order]
    bench.session.undo()
    bench.page.settle()
    assert rows(panel) == [bench.graph[node].name for node in bench.session.inferred.order]


def test_the_outline_adds_renames_reorders_connects_and_deletes(bench: Any) -> None:
    panel = outline(bench)
    bench.session.select(("head",))
    panel.add()
    choose(bench, "dropout")
    new = bench.session.selection[0]
    assert [edge.target.node for edge in bench.graph.outgoing(new)] == ["label"]
    bench.page.settle()
    QTest.keyClick(panel.tree, Qt.Key.Key_Up, ALT)
    assert [edge.source.node for edge in bench.graph.incoming("head")] == [new]
    bench.page.settle()
    panel._rows[new][0].setText(0, "calm")
    assert bench.graph[new].name == "calm"
    bench.page.settle()
    bench.session.select((new,))
    QTest.keyClick(panel.tree, Qt.Key.Key_Delete)
    assert new not in bench.graph
    bench.page.settle()
    bench.session.select(("pool2",))
    panel.connect_from()
    menu = panel.findChildren(QMenu)[-1]
    target = next(action for action in menu.findChild(QMenu).actions() if action.text() == "head") if menu.findChild(QMenu) else next(
        action for action in menu.actions() if action.text() == "head")
    target.trigger()
    menu.close()
    assert Edge.between("pool2", "head") in bench.graph.edges


def test_wires_into_one_port_change_places_in_the_outline(bench: Any) -> None:
    panel = outline(bench)
    merge = panel._rows["merge"][0]
    panel.tree.setCurrentItem(merge.child(1))
    panel.reorder(-1)
    assert [edge.source.node for edge in bench.graph.incoming("merge")] == ["side", "conv2"]


def test_a_name_that_cannot_be_is_put_back_in_the_outline(bench: Any) -> None:
    panel = outline(bench)
    said: list[str] = []
    bench.page.commands.refused.connect(said.append)
    panel._rows["head"][0].setText(0, "conv1")
    assert panel._rows["head"][0].text(0) == "head" and said


def test_every_control_has_a_name_that_can_be_said(bench: Any) -> None:
    from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QLineEdit

    controls = bench.page.findChildren(QAbstractButton) + bench.page.findChildren(QLineEdit) + bench.page.findChildren(QAbstractItemView)
    own = [control for control in controls if control.objectName().startswith("build.") and control.isVisible()]
    silent = [control.objectName() for control in own if not (control.accessibleName() or getattr(control, "text", str)())]
    assert own and not silent
