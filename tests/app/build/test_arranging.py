"""Bypass, frames, notes, aligning, layout that glides and can be taken back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt

from workbench.app.pages.build.arranging import load_settings
from workbench.app.pages.build.menus import menu_for
from workbench.graph import edit
from workbench.graph.bypass import is_bypassed
from workbench.graph.graph import Graph
from workbench.graph.remarks import remarks_of

CONTROL = Qt.KeyboardModifier.ControlModifier


def test_control_m_draws_a_layer_faint_and_again_takes_it_in(bench: Any) -> None:
    bench.session.select(("relu1",))
    bench.key(Qt.Key.Key_M, CONTROL)
    assert is_bypassed(bench.graph["relu1"])
    card = bench.scene.cards["relu1"]
    assert card.faint
    assert card.subtitle.startswith("bypassed")
    assert bench.session.inferred.ok
    bench.key(Qt.Key.Key_M, CONTROL)
    assert not bench.scene.cards["relu1"].faint


def test_a_bypassed_layer_costs_nothing(bench: Any) -> None:
    bench.page.commands.bypass(("conv1",))
    bench.page.settle()
    assert bench.page.book.costs["conv1"].parameters == 0
    assert bench.scene.cards["conv1"].parameters == ""


def test_a_problem_behind_a_bypassed_layer_offers_to_take_it_in(bench: Any) -> None:
    bench.page.commands.bypass(("side",))
    problem = next(problem for problem in bench.session.inferred.problems if problem.node == "merge")
    assert not is_bypassed(problem.fixes[-1].apply(bench.graph)["side"])


def test_a_frame_takes_its_cards_along(bench: Any) -> None:
    bench.session.select(("conv1", "relu1"))
    bench.page.frame_selection()
    bench.page.findChild(object, "build.remark").textValueSelected.emit("Stem")
    bench.page.findChild(object, "build.remark").reject()
    (frame,) = remarks_of(bench.graph)
    assert (frame.kind, frame.text) == ("frame", "Stem")
    title = bench.at(QPointF(frame.box[0] + 2, frame.box[1] + 100))
    before = bench.graph["conv1"].position
    bench.drag(title, title + QPoint(-160, 0))
    assert bench.graph["conv1"].position == (before[0] - 160, before[1])
    assert remarks_of(bench.graph)[0].box[0] == frame.box[0] - 160
    assert bench.graph["pool1"].position[0] == 0
    bench.session.undo()
    assert bench.graph["conv1"].position == before


def test_the_inside_of_a_frame_is_empty_ground(bench: Any) -> None:
    bench.page.commands.add_remark("frame", (300, 0, 200, 200))
    assert bench.scene.remarks.at(QPointF(400, 100)) is None
    assert bench.scene.remarks.at(QPointF(400, 5))[1] is False
    assert bench.scene.remarks.at(QPointF(498, 198))[1] is True


def test_a_note_is_resized_coloured_and_deleted(bench: Any) -> None:
    note = bench.page.commands.add_remark("note", (320, 64, 160, 96), "look here")
    corner = bench.at(QPointF(478, 158))
    bench.drag(corner, corner + QPoint(48, 32))
    assert remarks_of(bench.graph)[0].box == (320, 64, 208, 128)
    menu = menu_for(bench.page, remarks_of(bench.graph)[0], QPointF(), QPoint())
    colours = menu.actions()[1].menu()
    colours.actions()[4].trigger()
    assert remarks_of(bench.graph)[0].colour == "red"
    bench.click(bench.at(QPointF(400, 100)))
    assert bench.scene.remarks.selected == note
    bench.key(Qt.Key.Key_Delete)
    assert remarks_of(bench.graph) == ()


def test_align_and_distribute(bench: Any) -> None:
    bench.session.select(("conv2", "side", "merge"))
    bench.page.align("left")
    assert {bench.graph[node].position[0] for node in ("conv2", "side", "merge")} == {0}
    bench.session.undo()
    bench.page.distribute(False)
    assert sorted(bench.graph[node].position[0] for node in ("conv2", "side", "merge")) == [0, 120, 240]


def test_layout_glides_and_escape_takes_it_back(bench: Any) -> None:
    bench.page.commands.move({"head": (900.0, 40.0)})
    before = bench.graph
    bench.session.select(())
    bench.page.lay_out()
    assert bench.page.motion.running
    assert bench.scene.cards["head"].rect.center() == QPointF(900, 40)
    bench.key(Qt.Key.Key_Escape)
    assert bench.graph is before
    assert bench.scene.cards["head"].rect.center() == QPointF(900, 40)


def test_layout_ends_where_the_drawing_says(bench: Any, qtbot: Any) -> None:
    bench.page.commands.move({"head": (900.0, 40.0)})
    bench.session.select(())
    bench.page.lay_out()
    qtbot.waitUntil(lambda: not bench.page.motion.running)
    place = bench.graph["head"].position
    assert bench.scene.cards["head"].rect.center() == QPointF(*place)
    assert place != (900.0, 40.0)


def test_who_wants_nothing_to_move_sees_no_motion(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.app.pages.build.arranging.load_settings", lambda: replace(load_settings(), animate=False))
    bench.page.commands.move({"head": (900.0, 40.0)})
    bench.session.select(())
    bench.page.lay_out()
    assert not bench.page.motion.running


def test_a_long_layout_can_be_cancelled(make_bench: Any) -> None:
    graph = Graph()
    for index in range(320):
        graph, _ = edit.add_node(graph, "relu", id=f"r{index}", name=f"r{index}", position=(0, 10 * index))
    bench = make_bench(graph)
    bench.page.lay_out()
    assert bench.page.stop_layout()
    assert bench.graph is graph
