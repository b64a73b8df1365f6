"""What the Data page does by key, menu and palette: a slot for every row of the table of actions that is about rows."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from workbench.app.pages.data.row_menu import add_splits, show_row_menu
from workbench.data.base import FieldKind

ZOOM_STEP_PX = 8
SHORTCUT = Qt.FocusReason.ShortcutFocusReason


class RowCommands:
    """The slots of the page about rows; mixed into it.

    Attributes:
        browser, view, row_panel, found, docks, rows, editing: Of the page.
    """

    browser: Any
    view: Any
    row_panel: Any
    found: Any
    docks: Any
    rows: Any
    editing: Any
    _filter: Any
    _set_filter: Any
    _picked_ids: Any
    _inspect: Any

    def find_rows(self) -> None:
        """Puts the keyboard into the search field."""
        self.browser.search.setFocus(SHORTCUT)
        self.browser.search.selectAll()

    def select_all_rows(self) -> None:
        """Selects every row that is shown."""
        self.browser.show_tab("grid")
        self.view.pick_all()
        self.view.setFocus(SHORTCUT)

    def enlarge_row(self) -> None:
        """Shows the row under the cursor large."""
        if self.view.current >= 0:
            self.browser.show_tab("grid")
            self.view.opened.emit(self.view.current)

    def choose_class(self) -> None:
        """Puts the keyboard into the field for the class."""
        field = self.row_panel.edits.label
        if field.isVisible():
            field.setFocus(SHORTCUT)
            field.lineEdit().selectAll()

    def leave_out(self) -> None:
        """Leaves the selected rows out, or takes them in again."""
        self.view.key_pressed.emit("x")

    def tag_rows(self) -> None:
        """Puts the keyboard into the field for a tag."""
        self.view.key_pressed.emit("t")

    def note_rows(self) -> None:
        """Puts the keyboard into the field for a note."""
        self.view.key_pressed.emit("n")

    def move_rows(self) -> None:
        """Asks for the split that the selected rows move to."""
        self.view.key_pressed.emit("m")

    def inspect_row(self) -> None:
        """Shows the row under the cursor in Inspect."""
        self.view.key_pressed.emit("i")

    def play_row(self) -> None:
        """Plays the sound of the row under the cursor."""
        if self.rows is not None and self.rows.lead is not None and self.rows.lead.kind == FieldKind.AUDIO:
            self.row_panel.player.play()

    def fold_group(self) -> None:
        """Folds the group under the cursor, or unfolds it."""
        self.view.fold_here()

    def zoom_in(self) -> None:
        """Makes cells larger."""
        self.browser.zoom.setValue(self.browser.zoom.value() + ZOOM_STEP_PX)

    def zoom_out(self) -> None:
        """Makes cells smaller."""
        self.browser.zoom.setValue(self.browser.zoom.value() - ZOOM_STEP_PX)

    def show_grid(self) -> None:
        """Brings the grid to the front."""
        self.browser.show_tab("grid")
        self.view.setFocus(SHORTCUT)

    def show_statistics(self) -> None:
        """Brings the statistics to the front."""
        self.browser.show_tab("statistics")
        self.browser.pages.currentWidget().setFocus(SHORTCUT)

    def show_map(self) -> None:
        """Brings the map to the front."""
        self.browser.show_tab("map")
        self.browser.pages.currentWidget().points.setFocus(SHORTCUT)

    def go_on(self) -> None:
        """Puts the keyboard into the next part of the page."""
        self._go(1)

    def go_back(self) -> None:
        """Puts the keyboard into the previous part of the page."""
        self._go(-1)

    def _ask_split(self, ids: list[str]) -> None:
        menu = QMenu(self)  # type: ignore[call-overload]
        menu.setObjectName("data.grid.splits")
        add_splits(menu, ids, self.editing)
        menu.setActiveAction(menu.actions()[0])
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(QCursor.pos() if self.view.underMouse() else self.view.mapToGlobal(self.view.rect().center()))

    def _show_menu(self, place: QPoint) -> None:
        row = self.view.current
        if self.rows is not None and row >= 0:
            only = lambda label: self._set_filter(self._filter.choosing("label", label))  # noqa: E731
            show_row_menu(self, place, self.rows, row, self._picked_ids(), self.editing, lambda: self._inspect(row), only)

    def _go(self, way: int) -> None:
        parts = [self.docks["left"].widget(), self.browser.pages, self.found, self.docks["right"].widget()]
        at = QApplication.focusWidget()
        inside = next((number for number, part in enumerate(parts) if at is not None and (part is at or part.isAncestorOf(at))), -1 if way > 0 else 0)
        for step in range(1, len(parts) + 1):
            target = first_control(parts[(inside + way * step) % len(parts)])
            if target is not None:
                target.setFocus(Qt.FocusReason.TabFocusReason)
                return


def first_control(part: QWidget) -> QWidget | None:
    """Returns the first widget inside a part that takes the keyboard by Tab, in the order of the chain."""
    widget = part
    while True:
        if (part is widget or part.isAncestorOf(widget)) and takes_keyboard(widget):
            return widget
        widget = widget.nextInFocusChain()
        if widget is part:
            return None


def takes_keyboard(widget: QWidget) -> bool:
    """Whether Tab stops at a widget."""
    return (widget.focusPolicy() & Qt.FocusPolicy.TabFocus) == Qt.FocusPolicy.TabFocus and widget.isVisible() and widget.isEnabled()
