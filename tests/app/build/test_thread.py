"""The page in the real window: actions, rebuilding in another language, and edits while another page shows."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from workbench.app import language
from workbench.app.actions import ACTIONS
from workbench.project.project import Project


@pytest.fixture
def build(window: Any, network: Any, qtbot: Any) -> Any:
    """The Build page in the window, over the small network."""
    window.session.new(Project(name="small", graph=network))
    window.view.show_build()
    page = window._pages["build"]
    qtbot.waitUntil(lambda: len(page.canvas.cards) == 10)
    return page


def test_every_action_of_the_page_has_its_method(build: Any) -> None:
    rows = [row for row in ACTIONS if row.page == "build"]
    assert rows and not [row.id for row in rows if not callable(getattr(build, row.slot_name, None))]


def test_keys_on_the_canvas_reach_it_in_the_window(build: Any, window: Any) -> None:
    window.session.select(("head",))
    QTest.keyClick(build.view, Qt.Key.Key_Return)
    assert len(window.session.project.graph) == 11
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert len(window.session.project.graph) == 10


def test_another_language_keeps_selection_and_place(build: Any, window: Any, qtbot: Any) -> None:
    window.session.select(("conv2",))
    build.view.zoom_to(0.7)
    before = build.view.visible_rect().center()
    with qtbot.waitSignal(window.rebuilt):
        language.set_language("zh_CN")
    page = window._pages["build"]
    assert page is not build
    assert page.view.zoom == pytest.approx(0.7)
    assert (page.view.visible_rect().center() - before).manhattanLength() < 40
    assert page.canvas.selected == {"conv2"}
    page.settle()
    assert page.tabs.tabText(1) == "大纲"
    with qtbot.waitSignal(window.rebuilt):
        language.set_language("en")


def test_edits_made_elsewhere_show_when_the_page_comes_back(build: Any, window: Any, qtbot: Any) -> None:
    window.view.show_data()
    build.commands.delete(("side",))
    window.view.show_build()
    qtbot.waitUntil(lambda: "side" not in build.canvas.cards)


def test_a_card_that_goes_while_it_is_dragged_ends_the_drag(build: Any, window: Any) -> None:
    port = build.view.viewport()
    centre = build.view.mapFromScene(build.canvas.cards["side"].rect.center())
    QTest.mousePress(port, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, centre)
    QTest.mouseMove(port, QPoint(-500, -400))
    build.commands.delete(("side",))
    QTest.mouseMove(port, QPoint(-400, -300))
    QTest.mouseRelease(port, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(-500, -400))
    assert "side" not in window.session.project.graph and build.view.gesture is None
    window.session.undo()
    assert build.canvas.cards["side"].rect.center().toTuple() == (240.0, 288.0)
