"""Palette, inspector, problems, source, totals."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QFocusEvent
from PySide6.QtTest import QTest

from workbench.app.pages.build.layer_rows import LAYER_ROLE
from workbench.graph.graph import Edge
from workbench.layers import LAYERS
from workbench.models.cost import costs


def test_the_palette_lists_every_layer_once(bench: Any) -> None:
    found = [bench.page.palette_panel.list.item(row).data(LAYER_ROLE) for row in range(bench.page.palette_panel.list.count())]
    assert sorted(name for name in found if name) == LAYERS.names()


def test_the_palette_finds_aliases_and_enter_adds(bench: Any) -> None:
    panel = bench.page.palette_panel
    alias = next(alias for alias in LAYERS["dropout"].aliases)
    panel.search.setText(alias)
    names = [panel.list.item(row).data(LAYER_ROLE) for row in range(panel.list.count())]
    assert "dropout" in names
    bench.session.select(("pool2",))
    panel.search.setText("dropout")
    QTest.keyClick(panel.search, Qt.Key.Key_Return)
    assert [edge.target.node for edge in bench.graph.outgoing(bench.id("dropout1"))] == ["head"]


def test_break_a_shape_click_the_fix_undo(bench: Any) -> None:
    sound = bench.graph
    bench.session.select(("side",))
    bench.page.settle()
    form = bench.page.inspector.form
    form.edited.emit("filters", 32)
    bench.page.settle()
    assert not bench.session.inferred.ok
    assert any(problem.node == "merge" for problem in bench.page.problems.shown)
    index = next(index for index, problem in enumerate(bench.page.problems.shown) if problem.node == "merge")
    button = bench.page.problems.fix_button(index)
    preview = bench.page.problems.preview(bench.page.problems.shown[index], 0)
    assert "N × 64 × 14 × 14" in preview, preview
    bench.qtbot.waitUntil(button.isVisible)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    bench.page.settle()
    assert bench.session.inferred.ok
    bench.session.undo()
    assert not bench.session.inferred.ok, "the fix was one step"
    bench.session.undo()
    assert bench.graph is sound


def test_a_warning_can_be_ignored_and_comes_back_with_undo(bench: Any) -> None:
    bench.page.commands.delete(("pool1",), reconnect=True)
    bench.page.commands.add_after("relu", "relu1")
    bench.page.settle()
    warnings = [(index, problem) for index, problem in enumerate(bench.page.problems.shown) if problem.severity == "warning" and problem.node]
    assert warnings, [str(problem.message) for problem in bench.page.problems.shown]
    count = len(bench.page.problems.shown)
    bench.page.problems._ignore(warnings[0][1])
    bench.page.settle()
    assert len(bench.page.problems.shown) == count - 1
    bench.session.undo()
    bench.page.settle()
    assert len(bench.page.problems.shown) == count


def test_an_ignored_warning_is_listed_and_can_be_told_again(bench: Any) -> None:
    bench.page.commands.delete(("pool1",), reconnect=True)
    bench.page.commands.add_after("relu", "relu1")
    bench.page.settle()
    panel = bench.page.problems
    warning = next(problem for problem in panel.shown if problem.severity == "warning" and problem.node)
    panel._ignore(warning)
    bench.page.settle()
    assert warning.kind in bench.graph[warning.node].extra["ignored"] and bench.session.checked.silenced
    rows = panel.strip.rows
    assert rows[-1].severity == "note" and "1" in rows[-1].message
    rows[-1].remedies[0].do()
    assert panel.strip.rows[-1].message == warning.message
    panel.strip.rows[-1].remedies[0].do()
    bench.page.settle()
    assert any(problem.kind == warning.kind and problem.node == warning.node for problem in panel.shown)
    assert "ignored" not in bench.graph[warning.node].extra and not bench.session.checked.silenced
    bench.session.undo()
    assert bench.session.checked.silenced, "telling again was one step"


def test_the_keyboard_sees_what_a_fix_would_do(bench: Any) -> None:
    bench.session.select(("side",))
    bench.page.settle()
    bench.page.inspector.form.edited.emit("filters", 32)
    bench.page.settle()
    index = next(index for index, problem in enumerate(bench.page.problems.shown) if problem.node == "merge")
    button = bench.page.problems.fix_button(index)
    bench.page.problems.eventFilter(button, QFocusEvent(QEvent.Type.FocusIn, Qt.FocusReason.TabFocusReason))
    assert "N × 64 × 14 × 14" in button.accessibleDescription()


def test_the_inspector_shows_named_axes_and_shares(bench: Any) -> None:
    bench.session.select(("conv2",))
    bench.page.settle()
    shown = [label.text() for label in bench.page.inspector.shapes._values.values()]
    assert any("channel\u00a064" in text for text in shown)
    assert bench.page.inspector.summary.text() == LAYERS["conv2d"].summary
    values = bench.page.inspector.cost._values["Parameters"].text()
    assert values.startswith("18,496") and "%" in values


def test_typing_in_a_field_is_one_step(bench: Any) -> None:
    before = bench.graph
    bench.session.select(("conv1",))
    bench.page.settle()
    for value in (1, 12, 128):
        bench.page.inspector.form.edited.emit("filters", value)
    assert bench.graph["conv1"].params["filters"] == 128
    bench.session.undo()
    assert bench.graph is before


def test_costs_equal_those_of_the_models_room_after_any_edit(bench: Any) -> None:
    for change in (
        lambda: bench.page.commands.set_param("conv2", "kernel", 5), lambda: bench.page.commands.add_after("relu", "conv2"),
        lambda: bench.page.commands.delete(("relu1",), reconnect=True), bench.session.undo,
    ):
        change()
        bench.page.settle()
        assert bench.page.book.costs == costs(bench.session.inferred)
    whole = f"{sum(cost.parameters for cost in costs(bench.session.inferred).values()):,}"
    assert whole in bench.page.totals.accessibleName()


def test_the_source_is_live_and_marks_the_selected_layer(bench: Any) -> None:
    from workbench.models.source import source

    bench.page.tabs.setCurrentWidget(bench.page.source)
    bench.session.select(("conv2",))
    bench.page.settle()
    text = bench.page.source.text
    assert text.toPlainText() == source(bench.graph)
    marked = [mark.cursor.block().text() for mark in text.extraSelections()]
    assert marked and all("conv2" in line for line in marked)
    bench.page.commands.disconnect((Edge.between("pool2", "head"),))
    bench.page.settle()
    assert not text.isEnabled() and bench.page.source.state.text()


def test_a_thousand_nodes_paint_in_every_detail(make_bench: Any) -> None:
    from tests.benchmarks.canvas import drawing

    bench = make_bench(drawing(1000))
    assert len(bench.scene.cards) == 1000 and len(list(bench.scene.wires)) == 968
    for zoom in (1.0, 0.5, 0.3, 0.1):
        bench.view.zoom_to(zoom)
        bench.view.centerOn(QPointF(3000, 1000))
        for _ in range(40):
            picture = bench.view.grab().toImage()
            if not bench.scene.canvas_painter.pictures.late:
                break
        colours = {picture.pixelColor(x, y).name() for x in range(0, picture.width(), 2) for y in range(0, picture.height(), 2)}
        assert {"#3b82f6", "#eab308"} <= colours, f"stripes show at {zoom:.0%}"


def test_after_any_edits_the_canvas_equals_one_drawn_anew(bench: Any) -> None:
    from workbench.app.pages.build.scene import CanvasScene

    bench.page.commands.add_after("batch_norm2d", "conv1")
    bench.page.commands.delete(("relu1",), reconnect=True)
    bench.page.commands.duplicate(("conv2", "side"))
    bench.session.undo()
    bench.page.commands.move({"head": (300.0, 500.0)})
    fresh = CanvasScene()
    fresh.show_graph(bench.graph, bench.session.inferred, LAYERS)

    def looks(scene: Any) -> tuple[Any, Any]:
        cards = {node: (card.title, card.subtitle, card.rect, card.inputs, card.outputs) for node, card in scene.cards.items()}
        return cards, {(wire.edge, wire.text, wire.quiet, wire.gathers): wire.line for wire in scene.wires}

    assert looks(bench.scene) == looks(fresh)
    fresh.deleteLater()
