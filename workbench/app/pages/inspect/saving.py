"""The context menu of everything that is painted: copy it, save it as PNG."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from workbench.app.language import tr

LEAST_PX = 256


def show_picture_menu(
    owner: QWidget, place: QPoint, chosen: Callable[[], QImage] | None = None, text: str = "", extra: Sequence[tuple[str, Callable[[], object]]] = (),
) -> QMenu:
    """Opens the menu.

    Args:
        owner: The widget that is painted.
        place: Where, on the screen.
        chosen: Gives the one map under the pointer, where there are many.
        text: Words that can be copied, or "".
        extra: Further rows: label and what it does.
    """
    menu = QMenu(owner)
    menu.setObjectName(f"{owner.objectName()}.menu")
    for label, work in extra:
        menu.addAction(label, work)
    if text:
        menu.addAction(tr("Copy text"), lambda: QGuiApplication.clipboard().setText(text))
    if chosen is not None:
        menu.addAction(tr("Copy this map"), lambda: QGuiApplication.clipboard().setImage(enlarged(chosen())))
        menu.addAction(tr("Save this map..."), lambda: save_image(owner, enlarged(chosen())))
    menu.addAction(tr("Copy picture"), lambda: QGuiApplication.clipboard().setPixmap(owner.grab()))
    menu.addAction(tr("Save picture..."), lambda: save_image(owner, owner.grab().toImage()))
    menu.aboutToHide.connect(menu.deleteLater)
    menu.popup(place)
    return menu


def enlarged(image: QImage) -> QImage:
    """Returns a small map pixel by pixel larger, so that it can be used elsewhere."""
    factor = max(1, -(-LEAST_PX // max(image.width(), image.height(), 1)))
    size = image.size() * factor
    return image.convertToFormat(QImage.Format.Format_RGB32).scaled(size, mode=Qt.TransformationMode.FastTransformation)


def save_image(owner: QWidget, image: QImage) -> None:
    """Asks for a file and writes a picture."""
    path, _ = QFileDialog.getSaveFileName(owner, tr("Save picture"), "picture.png", "PNG (*.png)")
    if path:
        image.save(path)
