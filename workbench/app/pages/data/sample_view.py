"""All rows of a dataset as a grid of pictures or a list of texts; only what is visible is ever read or painted."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFontMetrics,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QToolTip, QWidget

from workbench.app import theme
from workbench.app.language import tr

if TYPE_CHECKING:
    from workbench.app.pages.data.rows import Rows

GAP_PX, CAPTION_PX, LINE_PX = 8, 18, 52
SMALLEST_PX, LARGEST_PX, USUAL_PX = 40, 256, 84
CACHED_PICTURES = 3000


class SampleView(QAbstractScrollArea):
    """Rows as cells of one size.

    A cell is found by arithmetic, so a million rows open as fast as ten. Pictures are kept as pixmaps, the oldest dropped.

    Signals:
        current_changed: The row (a dataset index) under the cursor, or -1.
        opened: A row that was double-clicked or confirmed by Enter.
        cell_size_changed: Pixels of a cell after zooming.
        menu_wanted: A menu for the current row, at a point of the screen.
    """

    current_changed = Signal(int)
    opened = Signal(int)
    cell_size_changed = Signal(int)
    menu_wanted = Signal(QPoint)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("data.grid.view")
        self.setAccessibleName(tr("Rows"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setMouseTracking(True)
        self._rows: Rows | None = None
        self._shown = np.zeros(0, dtype=np.int64)
        self._place = -1
        self._cell_px = USUAL_PX
        self._pixmaps: OrderedDict[int, QPixmap] = OrderedDict()

    @property
    def pictures(self) -> bool:
        """Whether cells are pictures; otherwise they are lines of text."""
        return self._rows is not None and self._rows.pictures

    @property
    def shown(self) -> np.ndarray:
        """The rows in view order, int64."""
        return self._shown

    @property
    def current(self) -> int:
        """The row under the cursor, or -1."""
        return int(self._shown[self._place]) if 0 <= self._place < len(self._shown) else -1

    def set_rows(self, rows: Rows | None, shown: np.ndarray) -> None:
        """Shows these rows of a dataset; the cursor stays on its row where that is still there."""
        before = self.current
        if rows is None or self._rows is None or rows.dataset is not self._rows.dataset:
            self._pixmaps.clear()
        self._rows, self._shown = rows, shown
        found = np.flatnonzero(shown == before)
        self._place = int(found[0]) if len(found) else (0 if len(shown) else -1)
        self._measure()
        self.viewport().update()
        if self.current != before:
            self.current_changed.emit(self.current)

    def set_cell_size(self, pixels: int) -> None:
        """Sets the height and width of picture cells."""
        pixels = max(SMALLEST_PX, min(LARGEST_PX, pixels))
        if pixels != self._cell_px:
            first = self._top_place()
            self._cell_px = pixels
            self._pixmaps.clear()
            self._measure()
            self.verticalScrollBar().setValue(self._rect(first).top() + self.verticalScrollBar().value())
            self.cell_size_changed.emit(pixels)
            self.viewport().update()

    def go_to(self, row: int) -> None:
        """Puts the cursor on a row and scrolls it into view."""
        found = np.flatnonzero(self._shown == row)
        if len(found):
            self._move_to(int(found[0]))

    @property
    def _columns(self) -> int:
        return max(1, (self.viewport().width() - GAP_PX) // (self._cell_px + GAP_PX)) if self.pictures else 1

    @property
    def _stride(self) -> float:
        """Pixels from one column to the next: what is left over widens the gaps."""
        room = self.viewport().width() - 2 * GAP_PX - self._cell_px
        return room / (self._columns - 1) if self._columns > 1 else float(self._cell_px + GAP_PX)

    @property
    def _pitch(self) -> int:
        return self._cell_px + (CAPTION_PX if self._captions else 0) + GAP_PX if self.pictures else LINE_PX

    @property
    def _captions(self) -> bool:
        return self._cell_px >= 56

    def _measure(self) -> None:
        lines = -(-len(self._shown) // self._columns)
        bar = self.verticalScrollBar()
        bar.setRange(0, max(0, lines * self._pitch + GAP_PX - self.viewport().height()))
        bar.setPageStep(self.viewport().height())
        bar.setSingleStep(max(16, self._pitch // 2))

    def _top_place(self) -> int:
        return self.verticalScrollBar().value() // self._pitch * self._columns

    def _rect(self, place: int) -> QRect:
        line, column = divmod(place, self._columns)
        top = GAP_PX + line * self._pitch - self.verticalScrollBar().value()
        if not self.pictures:
            return QRect(0, top - GAP_PX, self.viewport().width(), LINE_PX)
        return QRect(GAP_PX + int(column * self._stride), top, self._cell_px, self._pitch - GAP_PX)

    def place_at(self, point: QPoint) -> int:
        """Returns the position in view order of the cell at a point of the viewport, or -1."""
        line = (point.y() + self.verticalScrollBar().value() - (GAP_PX if self.pictures else 0)) // self._pitch
        column = int((point.x() - GAP_PX) // self._stride) if self.pictures else 0
        place = line * self._columns + column
        inside = 0 <= column < self._columns and 0 <= place < len(self._shown)
        return place if inside and self._rect(place).contains(point) else -1

    def _paint_picture(self, painter: QPainter, place: int, colours: theme.Theme) -> None:
        row, rect = int(self._shown[place]), self._rect(place)
        square = QRect(rect.topLeft(), QSize(self._cell_px, self._cell_px))
        pixmap = self._pixmap(row)
        painter.fillRect(square, QColor(colours.raised))
        size = pixmap.deviceIndependentSize().toSize()
        corner = QPoint(square.left() + (square.width() - size.width()) // 2, square.top() + (square.height() - size.height()) // 2)
        painter.drawPixmap(corner, pixmap)
        if place == self._place:
            painter.setPen(QPen(QColor(colours.accent), 2))
            painter.drawRect(square.adjusted(-2, -2, 1, 1))
        if self._captions and self._rows is not None:
            caption = QRect(rect.left(), square.bottom() + 2, rect.width(), CAPTION_PX - 2)
            painter.setPen(QColor(colours.text if place == self._place else colours.quiet))
            words = painter.fontMetrics().elidedText(self._rows.label_of(row), Qt.TextElideMode.ElideRight, caption.width())
            painter.drawText(caption, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, words)

    def _paint_line(self, painter: QPainter, place: int, colours: theme.Theme) -> None:
        assert self._rows is not None
        row, rect = int(self._shown[place]), self._rect(place)
        if place == self._place:
            painter.fillRect(rect, QColor(colours.accent_wash))
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, QColor(colours.line))
        label = self._rows.label_of(row)
        label_px = min(160, painter.fontMetrics().horizontalAdvance(label)) if label else 0
        body = rect.adjusted(theme.SPACE_16, 6, -theme.SPACE_24 - label_px, -6)
        painter.setPen(QColor(colours.text))
        words = _two_lines(self._rows.text(row), body, painter.fontMetrics())
        painter.drawText(body, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap, words)
        painter.setPen(QColor(colours.quiet))
        side = QRect(rect.right() - theme.SPACE_12 - label_px, rect.top(), label_px, rect.height())
        elided = painter.fontMetrics().elidedText(label, Qt.TextElideMode.ElideRight, label_px)
        painter.drawText(side, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, elided)

    def _pixmap(self, row: int) -> QPixmap:
        if row in self._pixmaps:
            self._pixmaps.move_to_end(row)
            return self._pixmaps[row]
        assert self._rows is not None
        pixmap = picture_pixmap(self._rows.image(row), self._cell_px, self.devicePixelRatioF())
        self._pixmaps[row] = pixmap
        if len(self._pixmaps) > CACHED_PICTURES:
            self._pixmaps.popitem(last=False)
        return pixmap

    def _move_to(self, place: int) -> None:
        if not len(self._shown):
            return
        place = max(0, min(len(self._shown) - 1, place))
        rect, bar = self._rect(place), self.verticalScrollBar()
        if rect.top() < 0:
            bar.setValue(bar.value() + rect.top() - GAP_PX)
        elif rect.bottom() > self.viewport().height():
            bar.setValue(bar.value() + rect.bottom() - self.viewport().height() + GAP_PX)
        changed = place != self._place
        self._place = place
        self.viewport().update()
        if changed:
            self.setAccessibleDescription(self._words(place))
            self.current_changed.emit(self.current)

    def _words(self, place: int) -> str:
        assert self._rows is not None
        row = int(self._shown[place])
        return tr("Row {row}, {label}, {split}", row=row, label=self._rows.label_of(row), split=tr(self._rows.split_of(row)))

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.current()
        painter = QPainter(self.viewport())
        painter.fillRect(event.rect(), QColor(colours.background if self.pictures else colours.surface))
        if self._rows is None:
            return
        painter.setFont(theme.small_font() if self.pictures else theme.text_font())
        paint = self._paint_picture if self.pictures else self._paint_line
        first = self._top_place()
        lines = self.viewport().height() // self._pitch + 2
        for place in range(first, min(len(self._shown), first + lines * self._columns)):
            paint(painter, place, colours)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._measure()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = self.place_at(event.position().toPoint())
        if place >= 0:
            self._move_to(place)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        place = self.place_at(event.position().toPoint())
        if place >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self._move_to(place)
            self.opened.emit(self.current)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_mouse = event.reason() == QContextMenuEvent.Reason.Mouse
        place = self.place_at(event.pos()) if by_mouse else self._place
        if place >= 0:
            self._move_to(place)
            spot = event.pos() if by_mouse else self._rect(place).center()
            self.menu_wanted.emit(self.viewport().mapToGlobal(spot))

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier and self.pictures:
            self.set_cell_size(self._cell_px + (8 if event.angleDelta().y() > 0 else -8))
            return
        super().wheelEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        keys, page = Qt.Key, max(1, self.viewport().height() // self._pitch) * self._columns
        moves = {
            keys.Key_Left: -1, keys.Key_Right: 1, keys.Key_Up: -self._columns, keys.Key_Down: self._columns, keys.Key_PageUp: -page,
            keys.Key_PageDown: page, keys.Key_Home: -len(self._shown), keys.Key_End: len(self._shown),
        }
        key = Qt.Key(event.key())
        if key in moves:
            self._move_to(self._place + moves[key])
        elif key in (keys.Key_Return, keys.Key_Enter) and self.current >= 0:
            self.opened.emit(self.current)
        else:
            super().keyPressEvent(event)

    def viewportEvent(self, event: QHelpEvent) -> bool:  # type: ignore[override]
        if event.type() == QHelpEvent.Type.ToolTip:
            place = self.place_at(event.pos())
            QToolTip.showText(event.globalPos(), self._words(place) if place >= 0 else "", self.viewport())
            return True
        return super().viewportEvent(event)


def picture_pixmap(image: np.ndarray, side: int, ratio: float = 1.0) -> QPixmap:
    """Returns a picture fitted into a square; small ones are enlarged pixel by pixel, large ones smoothed.

    Args:
        image: uint8 `(H, W, C)` with 1 or 3 channels.
        side: The square, in device-independent pixels.
        ratio: Device pixels per pixel.
    """
    height, width, channels = image.shape
    data = np.ascontiguousarray(image)
    kind = QImage.Format.Format_Grayscale8 if channels == 1 else QImage.Format.Format_RGB888
    picture = QImage(data.data, width, height, width * channels, kind).copy()
    edge = round(side * ratio)
    way = Qt.TransformationMode.FastTransformation if max(height, width) < edge else Qt.TransformationMode.SmoothTransformation
    scaled = picture.scaled(edge, edge, Qt.AspectRatioMode.KeepAspectRatio, way)
    pixmap = QPixmap.fromImage(scaled)
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


def _two_lines(text: str, box: QRect, metrics: QFontMetrics) -> str:
    flat = " ".join(text.split())
    return metrics.elidedText(flat, Qt.TextElideMode.ElideRight, max(box.width() * 2 - 48, 40))
