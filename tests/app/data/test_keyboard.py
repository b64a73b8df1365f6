"""The Data page by key events alone: from an empty project to data, a filter, tags, rows left out, undo, one row large, and back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLineEdit, QSlider, QTabBar, QWidget

from workbench.app.actions import ACTIONS
from workbench.app.pages.data.counts import CountList
from workbench.app.pages.data.page import DataPage
from workbench.app.pages.data.page_commands import takes_keyboard
from workbench.app.window import Window

KEYS, NONE, SHIFT, CONTROL, ALT = (
    Qt.Key, Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier,
)


def press(key: Qt.Key, held: Any = NONE, times: int = 1) -> None:
    """Sends a key to whatever has the keyboard."""
    for _ in range(times):
        target = QApplication.focusWidget()
        assert target is not None
        QTest.keyClick(target, key, held)


def type_words(words: str) -> None:
    QTest.keyClicks(QApplication.focusWidget(), words)


def tab_to(wanted: Callable[[QWidget], bool], most: int = 80) -> None:
    """Presses Tab until the keyboard is where it should be."""
    for _ in range(most):
        at = QApplication.focusWidget()
        if at is not None and wanted(at):
            return
        press(KEYS.Key_Tab)
    raise AssertionError(f"Tab does not lead there; it stands on {QApplication.focusWidget()!r}")


def named(name: str) -> Callable[[QWidget], bool]:
    return lambda widget: widget.objectName() == name


def test_from_nothing_to_tagged_rows_by_keys_alone(window: Window, qtbot: Any, tmp_path: Path, project_folder: Callable[..., Path]) -> None:
    window.activateWindow()
    window.session.open(project_folder("blank"))
    window.show_page("data")
    window.setFocus()
    tab_to(lambda widget: widget.objectName().startswith("data.empty"))
    press(KEYS.Key_Space)
    chooser = window.findChild(QWidget, "data.chooser")
    chooser.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is chooser, timeout=5000)
    listed: Any = chooser.findChild(QWidget, "data.chooser.sources")
    assert QApplication.focusWidget() is listed
    wanted = next(row for row in range(listed.count()) if "digits" in (listed.item(row).toolTip() or ""))
    while listed.currentRow() < wanted:
        press(KEYS.Key_Down)
    new: Any = chooser.findChild(QAbstractButton, "data.chooser.new")
    if new.isChecked():
        tab_to(lambda widget: widget is new)
        press(KEYS.Key_Space)
    tab_to(named("data.chooser.open"))
    press(KEYS.Key_Space)
    page: Any = window.page_named("data")
    qtbot.waitUntil(lambda: page.rows is not None and page.view.current >= 0, timeout=30_000)
    qtbot.waitUntil(lambda: window.session.prepared is not None or window.session.prepared_error is not None, timeout=30_000)
    window.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is window, timeout=5000)
    _work_on_rows(window, page, qtbot)


def _work_on_rows(window: Window, page: Any, qtbot: Any) -> None:
    page.view.setFocus()
    press(KEYS.Key_F6, SHIFT)
    tab_to(named("data.facets.label"))
    press(KEYS.Key_Down, times=4)
    press(KEYS.Key_Space)
    assert len(page.view.shown) > 100 and (page.rows.labels[page.view.shown] == 4).all()
    press(KEYS.Key_F6)
    tab_to(lambda widget: widget is page.view)
    press(KEYS.Key_Home)
    press(KEYS.Key_Right, SHIFT, 2)
    ids = page._picked_ids()
    assert len(ids) == 3
    press(KEYS.Key_T)
    assert QApplication.focusWidget().objectName() == "data.row.tag"
    type_words("odd")
    press(KEYS.Key_Return)
    edits = lambda: window.session.project.edits  # noqa: E731
    assert [edits().of(name).tags for name in ids] == [("odd",)] * 3 and QApplication.focusWidget() is page.view
    press(KEYS.Key_Home)
    press(KEYS.Key_X)
    assert edits().of(ids[0]).excluded and not edits().of(ids[1]).excluded
    press(KEYS.Key_Z, CONTROL)
    assert not edits().of(ids[0]).excluded and edits().of(ids[0]).tags == ("odd",)
    press(KEYS.Key_Return)
    assert page.browser.enlarged and QApplication.focusWidget() is page.browser.loupe
    row = page.view.current
    press(KEYS.Key_Right)
    assert page.view.current != row
    press(KEYS.Key_Escape)
    assert not page.browser.enlarged and QApplication.focusWidget() is page.view


@pytest.fixture
def opened(window: Window, qtbot: Any, project_folder: Callable[..., Path]) -> Window:
    window.session.open(project_folder())
    window.show_page("data")
    qtbot.waitUntil(lambda: window.session.prepared is not None, timeout=30_000)
    window.activateWindow()
    page: Any = window.page_named("data")
    page.view.setFocus()
    return window


def test_tab_reaches_every_control_of_the_page(opened: Window, qtbot: Any) -> None:
    page: Any = opened.page_named("data")
    kinds = (QAbstractButton, QComboBox, QLineEdit, QSlider, QTabBar, CountList)
    wanted = {child for kind in kinds for child in page.findChildren(kind) if takes_keyboard(child) and not isinstance(child.parent(), QComboBox)}
    wanted |= {page.view}
    seen: set[QWidget] = set()
    for _ in range(200):
        at = QApplication.focusWidget()
        seen.add(at)
        press(KEYS.Key_Tab)
        if QApplication.focusWidget() is page.view and len(seen) > 10:
            break
    assert {child.objectName() for child in wanted - seen} == set()


def test_the_focus_is_seen_wherever_it_stands(opened: Window, qtbot: Any) -> None:
    page: Any = opened.page_named("data")
    for widget in (page.view, page.browser.tabs, page.browser.search, page.browser.sort, page.browser.zoom, page.facets.lists["split"],
                   page.row_panel.edits.out):
        (page.row_panel.edits.note if widget is not page.row_panel.edits.note else page.view).setFocus()
        without = widget.grab().toImage()
        widget.setFocus(Qt.FocusReason.TabFocusReason)
        assert widget.grab().toImage() != without, widget.objectName()


def test_tabs_parts_and_sizes_have_keys(opened: Window, qtbot: Any) -> None:
    page: Any = opened.page_named("data")
    for key, name in ((KEYS.Key_2, "statistics"), (KEYS.Key_3, "map"), (KEYS.Key_1, "grid")):
        press(key, ALT)
        assert page.browser.tab == name
    assert QApplication.focusWidget() is page.view
    before = page.browser.zoom.value()
    press(KEYS.Key_Plus, CONTROL)
    press(KEYS.Key_Plus, CONTROL)
    press(KEYS.Key_Minus, CONTROL)
    assert page.browser.zoom.value() == before + 8
    press(KEYS.Key_F, CONTROL)
    assert QApplication.focusWidget() is page.browser.search
    press(KEYS.Key_X)
    assert page.browser.search.text() == "x" and not len(opened.session.project.edits)
    press(KEYS.Key_Backspace)
    page.view.setFocus()
    press(KEYS.Key_A, CONTROL)
    assert len(page._picked_ids()) == 1797


def test_menus_and_palette_show_the_plain_keys(opened: Window) -> None:
    entries = {entry.label: entry.shortcut for entry in opened.view.palette_entries()}
    assert entries["Leave rows out, or take them in"] == "X" and entries["Find rows…"] == "Ctrl+F"
    assert opened.action("data.tag").text().endswith("\tT")
    assert [row.id for row in ACTIONS if row.page == "data" and opened.slot_of(row) is None] == []


def test_groups_fold_by_key_and_their_headings_stay(opened: Window, qtbot: Any) -> None:
    page: Any = opened.page_named("data")
    page.browser.group.setCurrentIndex(page.browser.group.findData("label"))
    page.browser.ordered.emit()
    view = page.view
    view.setFocus()
    press(KEYS.Key_Home)
    first = view.grouping.groups[0]
    press(KEYS.Key_F)
    assert view.grouping.is_folded(0) and len(view.shown) == 1797 - first[1]
    assert page.rows.label_of(view.current) == view.grouping.groups[1][0]
    view.verticalScrollBar().setValue(view.verticalScrollBar().maximum() // 2)
    group, box = view._cells.headers(view.verticalScrollBar().value(), view.viewport().height())[0]
    assert group > 1 and box.top() <= 0 < box.bottom()
    view.grab()
    press(KEYS.Key_F, SHIFT)
    assert len(view.shown) == 1797 and not any(view.grouping.is_folded(number) for number in range(10))


def test_a_heading_is_pressed_to_fold(opened: Window, qtbot: Any) -> None:
    page: Any = opened.page_named("data")
    assert isinstance(page, DataPage)
    page.browser.group.setCurrentIndex(page.browser.group.findData("split"))
    page.browser.ordered.emit()
    qtbot.mouseClick(page.view.viewport(), Qt.MouseButton.LeftButton, pos=page.view._cells.headers(0, 600)[0][1].center())
    assert page.view.grouping.is_folded(0)
    assert "train" not in {page.rows.split_of(int(row)) for row in page.view.shown}
