"""The points of the map: drawn once into a picture, lassoed by mouse or by keys; the row under the pointer shows beside it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QPolygonF
from PySide6.QtWidgets import QWidget

from workbench.app import theme
from workbench.app.language import tr
from workbench.app.pages.data.map_colours import CROSS, DIAMOND, DISC, SQUARE, Paint
from workbench.app.pages.data.tile_painting import TilePainter
from workbench.app.pages.data.tiles import Tiles
from workbench.app.pages.inspect.saving import show_picture_menu

if TYPE_CHECKING:
    from workbench.app.pages.data.rows import Rows

MARGIN_PX, NEAR_PX, POINT_PX, STEP_PX, FINE_PX = 16, 10, 7, 16, 2


class Points(QWidget):
    """Rows as points. Arrows go from point to point; Space sets a corner, arrows then move the next one, Enter closes the line.

    Signals:
        picked: The rows inside a lasso, int64.
        pointed: The row that was clicked or reached by a key.
        opened: The row that was confirmed by Enter or a double click.
    """

    picked = Signal(object)
    pointed = Signal(int)
    opened = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("data.map.points")
        self.setAccessibleName(tr("Rows as points"))
        self.setToolTip("")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumSize(160, 120)
        self._rows, self._points, self._codes = np.zeros(0, np.int64), np.zeros((0, 2), np.float32), np.zeros(0, np.int64)
        self._paints: list[Paint] = []
        self._picture: QPixmap | None = None
        self._drawn_as: object = None
        self._lasso: list[QPointF] = []
        self._corners: list[QPointF] = []
        self._pen_at = QPointF()
        self._at = -1
        self.glance = Glance(self)

    @property
    def rows(self) -> np.ndarray:
        """What the points stand for, int64 `(n,)`."""
        return self._rows

    def show_points(self, rows: np.ndarray, points: np.ndarray) -> None:
        """Shows points.

        Args:
            rows: What each stands for, int64 `(n,)`.
            points: Between 0 and 1, float `(n, 2)`.
        """
        self._rows, self._points = rows, points
        self._codes = np.full(len(rows), -1, np.int64)
        self._drawn_as, self._at, self._corners = None, -1, []
        self.glance.hide()
        self.update()

    def set_paints(self, codes: np.ndarray, paints: list[Paint]) -> None:
        """Colours the points: the number of each one's paint, and the paints."""
        self._codes, self._paints, self._drawn_as = codes, paints, None
        self.update()

    def on_screen(self) -> np.ndarray:
        """Returns where the points stand in the widget, float32 `(n, 2)`."""
        room = np.array([max(1, self.width() - 2 * MARGIN_PX), max(1, self.height() - 2 * MARGIN_PX)], np.float32)
        return self._points * room + MARGIN_PX

    def _draw(self) -> None:
        wanted = (self.size(), theme.current(), self.devicePixelRatioF())
        if wanted == self._drawn_as:
            return
        self._drawn_as, ratio = wanted, self.devicePixelRatioF()
        self._picture = QPixmap(self.size() * ratio)
        self._picture.setDevicePixelRatio(ratio)
        self._picture.fill(QColor(theme.current().surface))
        painter = QPainter(self._picture)
        spots = self.on_screen() - (POINT_PX + 2) / 2
        for code in np.unique(self._codes):
            known = 0 <= code < len(self._paints)
            stamp = mark(self._paints[int(code)] if known else Paint("", theme.current().faint), ratio)
            for x, y in spots[self._codes == code].tolist():
                painter.drawPixmap(QPointF(x, y), stamp)
        painter.end()

    def paintEvent(self, event: QPaintEvent) -> None:
        self._draw()
        painter = QPainter(self)
        if self._picture is not None:
            painter.drawPixmap(0, 0, self._picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(theme.current().accent), 1.5))
        if len(self._lasso) > 1:
            painter.drawPolygon(QPolygonF(self._lasso))
        if self._corners:
            self._paint_corners(painter)
        elif 0 <= self._at < len(self._points):
            x, y = self.on_screen()[self._at]
            painter.drawEllipse(QRectF(float(x) - 7, float(y) - 7, 14, 14))
        if self.hasFocus():
            painter.drawRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))
        painter.end()

    def _paint_corners(self, painter: QPainter) -> None:
        painter.drawPolygon(QPolygonF(self._outline([*self._corners, self._pen_at])))
        for corner in self._corners:
            painter.fillRect(QRectF(corner.x() - 3, corner.y() - 3, 6, 6), QColor(theme.current().accent))
        x, y = self._pen_at.x(), self._pen_at.y()
        painter.drawLine(QPointF(x - 8, y), QPointF(x + 8, y))
        painter.drawLine(QPointF(x, y - 8), QPointF(x, y + 8))

    @staticmethod
    def _outline(corners: list[QPointF]) -> list[QPointF]:
        """Returns the corners of an area; two of them span a rectangle."""
        if len(corners) != 2:
            return corners
        first, second = corners
        return [first, QPointF(second.x(), first.y()), second, QPointF(first.x(), second.y())]

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._corners = []
        self._lasso = [event.position()] if event.button() == Qt.MouseButton.LeftButton else []

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._lasso:
            self._lasso.append(event.position())
            self.update()
            return
        near = self._near(event.position())
        if near >= 0:
            self._look_at(near)
        else:
            self.glance.hide()

    def leaveEvent(self, event: QEvent) -> None:
        self.glance.hide()
        super().leaveEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.glance.hide()
        super().focusOutEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        lasso, self._lasso = self._lasso, []
        self.update()
        if len(lasso) > 4:
            self._pick(lasso)
        elif lasso and (near := self._near(lasso[0])) >= 0:
            self._point(near)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        near = self._near(event.position())
        if near >= 0:
            self.opened.emit(int(self._rows[near]))

    def _near(self, point: QPointF) -> int:
        """Returns the point under a place of the widget, or -1."""
        if not len(self._points):
            return -1
        away = np.abs(self.on_screen() - np.array([point.x(), point.y()])).max(1)
        return int(away.argmin()) if away.min() <= NEAR_PX else -1

    def _pick(self, corners: list[QPointF]) -> None:
        inside = within(self.on_screen(), np.array([[point.x(), point.y()] for point in corners]))
        if inside.any():
            self.picked.emit(self._rows[inside])

    def _point(self, index: int) -> None:
        self._at = index
        self._look_at(index)
        self.update()
        self.pointed.emit(int(self._rows[index]))

    def _look_at(self, index: int) -> None:
        x, y = self.on_screen()[index]
        self.glance.show_row(int(self._rows[index]), QPoint(int(x), int(y)))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        keys, key = Qt.Key, Qt.Key(event.key())
        ways = {keys.Key_Left: (-1, 0), keys.Key_Right: (1, 0), keys.Key_Up: (0, -1), keys.Key_Down: (0, 1)}
        if not len(self._points):
            super().keyPressEvent(event)
        elif key in ways:
            self._go(ways[key], FINE_PX if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else STEP_PX)
        elif key == keys.Key_Space:
            self._set_corner()
        elif key in (keys.Key_Return, keys.Key_Enter):
            self._close()
        elif key == keys.Key_Backspace and self._corners:
            self._take_back(len(self._corners) - 1)
        elif key == keys.Key_Escape and self._corners:
            self._take_back(0)
        else:
            super().keyPressEvent(event)

    def _go(self, way: tuple[int, int], step: int) -> None:
        if not self._corners:
            self._point(beside(self.on_screen(), max(self._at, 0), np.array(way)))
            return
        x, y = self._pen_at.x() + way[0] * step, self._pen_at.y() + way[1] * step
        self._pen_at = QPointF(min(max(x, 0), self.width()), min(max(y, 0), self.height()))
        self.update()

    def _set_corner(self) -> None:
        """Sets the first corner at the point under the cursor, every further one where the arrows led."""
        if not self._corners:
            x, y = self.on_screen()[max(self._at, 0)]
            self._pen_at = QPointF(float(x), float(y))
            self.glance.hide()
        self._corners.append(QPointF(self._pen_at))
        self.setAccessibleDescription(tr("{count} corners", count=len(self._corners)))
        self.update()

    def _take_back(self, left: int) -> None:
        self._corners = self._corners[:left]
        self.update()

    def _close(self) -> None:
        corners, self._corners = self._corners, []
        self.update()
        if corners:
            last = [] if self._pen_at == corners[-1] else [self._pen_at]
            self._pick(self._outline([*corners, *last]))
        elif self._at >= 0:
            self.opened.emit(int(self._rows[self._at]))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        show_picture_menu(self, event.globalPos())


class Glance(QWidget):
    """A small look at one row, beside its point."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("data.map.glance")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._rows: Rows | None = None
        self._row = -1
        self._drawn_as: object = None
        self.tiles = Tiles(self)
        self.tiles.arrived.connect(self.update)
        self.hide()

    def set_rows(self, rows: Rows) -> None:
        """Takes the data that rows are of."""
        self._rows, self._drawn_as = rows, None

    @property
    def row(self) -> int:
        """The row that shows, or -1."""
        return self._row if self.isVisible() else -1

    def show_row(self, row: int, spot: QPoint) -> None:
        """Shows a row beside a spot of the parent."""
        if self._rows is None:
            return
        size = QSize(112, 112) if self._rows.pictures else QSize(260, 64)
        self._row = row
        self.setFixedSize(size.width() + 12, size.height() + 30)
        wanted = (size, theme.current(), id(self._rows))
        if wanted != self._drawn_as:
            made = TilePainter(self._rows, size, self.devicePixelRatioF(), theme.current(), theme.text_font(), theme.small_font())
            self.tiles.set_painter(made)
            self._drawn_as = wanted
        if self.tiles.missing(row):
            self.tiles.want([row])
        around = self.parentWidget()
        left = spot.x() + 14 if spot.x() + 14 + self.width() < around.width() else spot.x() - 14 - self.width()
        self.move(left, max(4, min(around.height() - self.height() - 4, spot.y() - self.height() // 2)))
        self.show()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        colours, painter = theme.current(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(colours.line), 1))
        painter.setBrush(QColor(colours.raised))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        pixmap = self.tiles.pixmap(self._row)
        if pixmap is not None:
            size = pixmap.deviceIndependentSize().toSize()
            painter.drawPixmap(QPoint((self.width() - size.width()) // 2, 6 + (self.height() - 30 - size.height()) // 2), pixmap)
        if self._rows is not None:
            painter.setFont(theme.small_font())
            painter.setPen(QColor(colours.quiet))
            foot = QRect(8, self.height() - 22, self.width() - 16, 18)
            words = self._rows.caption(self._row) or self._rows.id_of(self._row)
            painter.drawText(foot, Qt.AlignmentFlag.AlignVCenter, painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, foot.width()))
        painter.end()


def mark(paint: Paint, ratio: float = 1.0) -> QPixmap:
    """Returns one point as it is drawn: its colour and its form."""
    side = POINT_PX + 2
    stamp = QPixmap(math.ceil(side * ratio), math.ceil(side * ratio))
    stamp.setDevicePixelRatio(ratio)
    stamp.fill(Qt.GlobalColor.transparent)
    painter = QPainter(stamp)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    colour, box = QColor(paint.colour), QRectF(1, 1, POINT_PX, POINT_PX)
    painter.setPen(QPen(colour, 1.8) if paint.form == CROSS else Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    centre = box.center()
    if paint.form == CROSS:
        painter.drawLine(box.topLeft(), box.bottomRight())
        painter.drawLine(box.topRight(), box.bottomLeft())
    elif paint.form == DISC:
        painter.drawEllipse(box.adjusted(0.5, 0.5, -0.5, -0.5))
    elif paint.form == SQUARE:
        painter.drawRect(box.adjusted(0.7, 0.7, -0.7, -0.7))
    else:
        top = [QPointF(centre.x(), box.top()), QPointF(box.right(), centre.y()), QPointF(centre.x(), box.bottom()), QPointF(box.left(), centre.y())]
        painter.drawPolygon(QPolygonF(top if paint.form == DIAMOND else [top[0], box.bottomRight(), box.bottomLeft()]))
    painter.end()
    return stamp


def within(points: np.ndarray, lasso: np.ndarray) -> np.ndarray:
    """Returns which points lie inside a closed line, bool `(n,)`; by counting how often a ray to the right crosses it."""
    inside = np.zeros(len(points), dtype=bool)
    for (x1, y1), (x2, y2) in zip(lasso, np.roll(lasso, -1, axis=0), strict=True):
        spans = (y1 > points[:, 1]) != (y2 > points[:, 1])
        with np.errstate(divide="ignore", invalid="ignore"):
            crossing = x1 + (points[:, 1] - y1) / (y2 - y1) * (x2 - x1)
        inside ^= spans & (points[:, 0] < crossing)
    return inside


def beside(points: np.ndarray, index: int, way: np.ndarray) -> int:
    """Returns the nearest point in a direction, or the same where there is none."""
    apart = points - points[index]
    along = apart @ way
    across = np.abs(apart @ way[::-1])
    cost = np.where(along > 0.5, along + 2 * across, np.inf)
    return int(cost.argmin()) if np.isfinite(cost).any() else index
