"""The context menu of rows: look closer, change them, take picture, text or id away, narrow the view to what they share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu, QWidget

from workbench.app.language import tr
from workbench.app.pages.data.rows import SPLIT_NAMES, Rows
from workbench.app.pages.inspect.saving import enlarged, save_image
from workbench.app.widgets.image_view import to_qimage

if TYPE_CHECKING:
    from workbench.app.pages.data.editing import Editing

MOST_CLASSES = 40


def show_row_menu(
    owner: QWidget, place: QPoint, rows: Rows, row: int, ids: list[str], editing: Editing, inspect: Callable[[], object],
    only_class: Callable[[int], object],
) -> QMenu:
    """Opens the menu of the selected rows.

    Args:
        owner: What the menu belongs to.
        place: Where, on the screen.
        rows: The data.
        row: The one under the cursor.
        ids: Those that are selected.
        editing: Changes them.
        inspect: Shows the row in Inspect.
        only_class: Narrows the view to a class.
    """
    menu = QMenu(owner)
    menu.setObjectName("data.grid.menu")
    menu.addAction(tr("Look at it in Inspect"), inspect)
    if rows.label_of(row) and rows.labels is not None:
        label = int(rows.labels[row])
        menu.addAction(tr("Show only {label}", label=rows.label_of(row)), lambda: only_class(label))
    menu.addSeparator()
    _add_edits(menu, rows, ids, editing)
    menu.addSeparator()
    _add_copies(menu, owner, rows, row, ids)
    menu.aboutToHide.connect(menu.deleteLater)
    menu.popup(place)
    return menu


def _add_edits(menu: QMenu, rows: Rows, ids: list[str], editing: Editing) -> None:
    out = all(rows.edits.of(name).excluded for name in ids)
    menu.addAction(tr("Take in again") if out else tr("Leave out"), lambda: editing.toggle(ids)).setShortcut("X")
    label = rows.label
    if label is not None:
        classes = menu.addMenu(tr("Class"))
        for number, name in enumerate(label.categories[:MOST_CLASSES]):
            words = f"{name}\t{number}" if number < 10 else name
            classes.addAction(words, lambda name=name: editing.relabel(ids, label.name, name))
        classes.addSeparator()
        classes.addAction(tr("As in the source"), lambda: editing.relabel(ids, label.name, None))
    add_splits(menu.addMenu(tr("Move to")), ids, editing)
    tags = list(rows.edits.tags())
    if tags:
        known = menu.addMenu(tr("Tag"))
        for tag in tags:
            known.addAction(tag, lambda tag=tag: editing.tag(ids, tag))
    if any(not rows.edits.of(name).empty for name in ids):
        menu.addAction(tr("Take every change back"), lambda: editing.forget(ids))


def add_splits(menu: QMenu, ids: list[str], editing: Editing) -> None:
    """Fills a menu with the splits that rows can be moved to."""
    for name in SPLIT_NAMES:
        menu.addAction(tr(name), lambda name=name: editing.move(ids, name))
    menu.addSeparator()
    menu.addAction(tr("By the rule"), lambda: editing.move(ids, ""))


def _add_copies(menu: QMenu, owner: QWidget, rows: Rows, row: int, ids: list[str]) -> None:
    clipboard = QGuiApplication.clipboard()
    if rows.pictures:
        menu.addAction(tr("Copy picture"), lambda: clipboard.setImage(enlarged(to_qimage(rows.image(row)))))
        menu.addAction(tr("Save picture..."), lambda: save_image(owner, to_qimage(rows.image(row))))
    else:
        menu.addAction(tr("Copy text"), lambda: clipboard.setText(rows.text(row)))
    menu.addAction(tr("Copy id"), lambda: clipboard.setText("\n".join(ids)))
    file = rows.file_of(row)
    if file is not None:
        menu.addAction(tr("Copy path"), lambda: clipboard.setText(str(file)))
