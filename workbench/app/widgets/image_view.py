"""Shows a numpy image or a signed or positive map, scaled without smoothing, and lets it be copied and saved."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QGuiApplication, QImage, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFileDialog, QMenu, QSizePolicy, QWidget

from workbench.app import theme
from workbench.app.language import tr

if TYPE_CHECKING:
    import numpy as np


class ImageView(QWidget):
    """One picture, as large as fits, pixels kept square and sharp.

    Signals:
        clicked: Column and row of the pixel under the pointer.
        hovered: The same while the pointer moves, (-1, -1) when it leaves.
    """

    clicked = Signal(int, int)
    hovered = Signal(int, int)

    def __init__(self, name: str, parent: QWidget | None = None, *, side: int = 0, label: str = "") -> None:
        """Makes an empty view.

        Args:
            name: `page.panel.control`.
            parent: The owner.
            side: Fixed side in pixels; 0 to grow with the layout.
            label: Accessible name, translated.
        """
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(label or tr("Picture"))
        self.setMouseTracking(True)
        self._image: QImage | None = None
        self._overlay: QImage | None = None
        self._opacity, self.smooth = 0.6, False
        self.marked: tuple[int, int] | None = None
        if side:
            self.setFixedSize(side, side)
        else:
            self.setMinimumSize(48, 48)
            self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def set_image(self, image: np.ndarray | QImage | None) -> None:
        """Shows uint8 `(H, W)`, `(H, W, 1)`, `(H, W, 3)` or `(H, W, 4)`, or nothing."""
        self._image = image if isinstance(image, QImage) or image is None else to_qimage(image)
        self.update()

    def set_signed(self, values: np.ndarray, scale: float | None = None) -> None:
        """Shows float `(H, W)` as red-white-blue centred at zero; `scale` is the value of full colour (default: the largest)."""
        self.set_image(signed_colours(values, scale))

    def set_magnitude(self, values: np.ndarray, low: float | None = None, high: float | None = None, colour: str = "") -> None:
        """Shows float `(H, W)` in one hue from the surface colour up."""
        self.set_image(magnitude_colours(values, low, high, colour))

    def set_overlay(self, image: np.ndarray | None, opacity: float = 0.6) -> None:
        """Lays a second image over the first."""
        self._overlay, self._opacity = (None if image is None else to_qimage(image)), opacity
        self.update()

    def image(self) -> QImage | None:
        """Returns the picture in its own pixels."""
        return self._image

    def picture_rect(self) -> QRect:
        """Returns where the picture stands in the widget."""
        if self._image is None:
            return QRect()
        size = self._image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        whole = size.width() // max(self._image.width(), 1)
        if whole >= 2 and not self.smooth:
            size = QSize(self._image.width() * whole, self._image.height() * whole)
        return QRect((self.width() - size.width()) // 2, (self.height() - size.height()) // 2, size.width(), size.height())

    def _pixel(self, event: QMouseEvent) -> tuple[int, int] | None:
        rect, point = self.picture_rect(), event.position().toPoint()
        if self._image is None or not rect.contains(point):
            return None
        return ((point.x() - rect.x()) * self._image.width() // rect.width(), (point.y() - rect.y()) * self._image.height() // rect.height())

    def save_as(self) -> None:
        """Asks for a file and writes the picture."""
        path, _ = QFileDialog.getSaveFileName(self, tr("Save picture"), "picture.png", "PNG (*.png)")
        if path and self._image is not None:
            self._image.save(path)

    def copy(self) -> None:
        """Copies the picture."""
        if self._image is not None:
            QGuiApplication.clipboard().setImage(self._image)

    def sizeHint(self) -> QSize:
        return QSize(160, 160)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._image is None:
            painter.fillRect(self.rect(), QColor(theme.current().raised))
            painter.end()
            return
        rect = self.picture_rect()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self.smooth or rect.width() < self._image.width())
        painter.drawImage(rect, self._image)
        if self._overlay is not None:
            painter.setOpacity(self._opacity)
            painter.drawImage(rect, self._overlay)
            painter.setOpacity(1.0)
        self._paint_mark(painter, rect)
        painter.end()

    def _paint_mark(self, painter: QPainter, rect: QRect) -> None:
        if self.marked is None or self._image is None:
            return
        wide, high = rect.width() / self._image.width(), rect.height() / self._image.height()
        painter.setPen(QColor(theme.current().accent))
        painter.drawRect(int(rect.x() + self.marked[0] * wide), int(rect.y() + self.marked[1] * high), max(int(wide), 1), max(int(high), 1))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pixel = self._pixel(event)
        if pixel is not None and event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit(*pixel)
        super().mouseReleaseEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.hovered.emit(*(self._pixel(event) or (-1, -1)))

    def leaveEvent(self, event: Any) -> None:
        self.hovered.emit(-1, -1)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self._image is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(tr("Copy picture"), self.copy)
        menu.addAction(tr("Save picture..."), self.save_as)
        menu.popup(event.globalPos())


def to_qimage(image: np.ndarray) -> QImage:
    """Returns a copy of uint8 `(H, W)` or `(H, W, C)` with C of 1, 3 or 4 as a QImage."""
    import numpy as np

    array = np.ascontiguousarray(image)
    if array.ndim == 3 and array.shape[2] == 1:
        array = np.ascontiguousarray(array[..., 0])
    height, width = array.shape[:2]
    channels = 1 if array.ndim == 2 else array.shape[2]
    formats = {1: QImage.Format.Format_Grayscale8, 3: QImage.Format.Format_RGB888, 4: QImage.Format.Format_RGBA8888}
    return QImage(array.data, width, height, width * channels, formats[channels]).copy()


def signed_colours(values: np.ndarray, scale: float | None = None) -> np.ndarray:
    """Returns float `(H, W)` as uint8 `(H, W, 3)`: red below zero, the surface colour at zero, blue above."""
    import numpy as np

    top = float(np.abs(values).max()) if scale is None else scale
    share = np.clip(values / top, -1, 1) if top > 0 else np.zeros_like(values)
    ground, low, high = (np.array(_rgb(colour), np.float32) for colour in (theme.current().surface, "#D7301F", "#2166AC"))
    amount = np.abs(share)[..., None]
    return (ground * (1 - amount) + np.where(share[..., None] < 0, low, high) * amount).astype(np.uint8)


def magnitude_colours(values: np.ndarray, low: float | None = None, high: float | None = None, colour: str = "") -> np.ndarray:
    """Returns float `(H, W)` as uint8 `(H, W, 3)` in one hue; "" takes the grey of the text colour."""
    import numpy as np

    bottom = float(values.min()) if low is None else low
    top = float(values.max()) if high is None else high
    share = np.clip((values - bottom) / (top - bottom), 0, 1)[..., None] if top > bottom else np.zeros((*values.shape, 1), np.float32)
    ground, full = (np.array(_rgb(item), np.float32) for item in (theme.current().surface, colour or theme.current().text))
    return (ground * (1 - share) + full * share).astype(np.uint8)


@cache
def _rgb(colour: str) -> tuple[int, int, int]:
    value = QColor(colour)
    return value.red(), value.green(), value.blue()
