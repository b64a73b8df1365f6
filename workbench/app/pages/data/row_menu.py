"""The context menu of a row: look at it in Inspect, take its picture or its text away, narrow the view to its class."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu, QWidget

from workbench.app.language import tr
from workbench.app.pages.data.rows import Rows
from workbench.app.pages.inspect.saving import enlarged, save_image
from workbench.app.widgets.image_view import to_qimage


def show_row_menu(
    owner: QWidget, place: QPoint, rows: Rows, row: int, inspect: Callable[[], None], only_class: Callable[[int], None],
) -> QMenu:
    """Opens the menu of a row.

    Args:
        owner: What the menu belongs to.
        place: Where, on the screen.
        rows: The data.
        row: Which one.
        inspect: Shows it in Inspect.
        only_class: Narrows the view to a class.
    """
    menu = QMenu(owner)
    menu.setObjectName("data.grid.menu")
    menu.addAction(tr("Look at it in Inspect"), inspect)
    if rows.label_of(row) and rows.labels is not None:
        label = int(rows.labels[row])
        menu.addAction(tr("Show only {label}", label=rows.label_of(row)), lambda: only_class(label))
    menu.addSeparator()
    clipboard = QGuiApplication.clipboard()
    if rows.pictures:
        menu.addAction(tr("Copy picture"), lambda: clipboard.setImage(enlarged(to_qimage(rows.image(row)))))
        menu.addAction(tr("Save picture..."), lambda: save_image(owner, to_qimage(rows.image(row))))
    else:
        menu.addAction(tr("Copy text"), lambda: clipboard.setText(rows.text(row)))
    menu.addAction(tr("Copy id"), lambda: clipboard.setText(str(rows.dataset.ids()[row])))
    menu.aboutToHide.connect(menu.deleteLater)
    menu.popup(place)
    return menu
