"""The Map tab: rows as points, alike ones near each other; a lasso shows what lies in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QPolygonF
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.jobs import Job, run_job
from workbench.app.language import tr
from workbench.app.pages.data.embedding import can_neighbour, embedded
from workbench.app.pages.inspect.saving import show_picture_menu

if TYPE_CHECKING:
    from workbench.app.pages.data.rows import Rows

MARGIN_PX, NEAR_PX = 16, 10
PAINTS = ("#3B82F6", "#F59E0B", "#10B981", "#EC4899", "#8B5CF6", "#0EA5A4", "#EAB308", "#F97316", "#84A59D", "#94A3B8")


class MapView(QWidget):
    """Points with a choice of how they are laid out.

    Signals:
        picked: The rows inside a lasso, int64.
        pointed: The row that was clicked.
    """

    picked = Signal(object)
    pointed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("data.map")
        self.way = QComboBox(self)
        self.way.setObjectName("data.map.way")
        self.way.setAccessibleName(tr("How points are laid out"))
        self.way.addItem(tr("Principal components"), "pca")
        if can_neighbour():
            self.way.addItem(tr("Neighbourhoods (t-SNE)"), "tsne")
        self.way.activated.connect(lambda _index: self._make())
        self._words = QLabel(self)
        theme.mark(self._words, "quiet")
        self.points = Points(self)
        self.points.picked.connect(self.picked)
        self.points.pointed.connect(self.pointed)
        row = QHBoxLayout()
        row.addWidget(self.way)
        row.addWidget(self._words)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, theme.SPACE_8)
        layout.addLayout(row)
        layout.addWidget(self.points, 1)
        self._rows: Rows | None = None
        self._shown = np.zeros(0, np.int64)
        self._job: Job | None = None

    def show_rows(self, rows: Rows, shown: np.ndarray) -> None:
        """Lays rows out, aside."""
        if rows is not self._rows or shown is not self._shown:
            self._rows, self._shown = rows, shown
            self._make()

    def _make(self) -> None:
        if self._rows is None or not len(self._shown):
            return
        if self._job is not None and self._job.running:
            self._job.cancel()
        rows, shown, way = self._rows, self._shown, str(self.way.currentData())
        self._words.setText(tr("Laying out..."))
        self._job = run_job(self, lambda _progress, _cancelled: embedded(rows, shown, way), self._take, self._miss)

    def _take(self, found: tuple[np.ndarray, np.ndarray]) -> None:
        assert self._rows is not None
        places, points = found
        labels = self._rows.labels[places] if self._rows.labels is not None else np.zeros(len(places), np.int64)
        counts = {"count": f"{len(places):,}", "rows": f"{len(self._shown):,}"}
        self._words.setText(tr("{count} of {rows} rows · drag a lasso to show what lies in it", **counts))
        self.points.show_points(places, points, labels)

    def _miss(self, error: Exception) -> None:
        self._words.setText(tr("The rows cannot be laid out: {reason}", reason=str(error)))


class Points(QWidget):
    """The points themselves, drawn once into a picture.

    Signals:
        picked: The rows inside a lasso, int64.
        pointed: The row that was clicked.
    """

    picked = Signal(object)
    pointed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("data.map.points")
        self.setAccessibleName(tr("Rows as points"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._rows, self._points, self._labels = np.zeros(0, np.int64), np.zeros((0, 2), np.float32), np.zeros(0, np.int64)
        self._picture: QPixmap | None = None
        self._drawn_as: object = None
        self._lasso: list[QPointF] = []
        self._at = -1

    def show_points(self, rows: np.ndarray, points: np.ndarray, labels: np.ndarray) -> None:
        """Shows points.

        Args:
            rows: What each stands for, int64 `(n,)`.
            points: Between 0 and 1, float `(n, 2)`.
            labels: Their classes, which give the colours.
        """
        self._rows, self._points, self._labels = rows, points, labels
        self._drawn_as, self._at = None, -1
        self.update()

    def _on_screen(self) -> np.ndarray:
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
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        spots = self._on_screen()
        for label in np.unique(self._labels):
            pen = QPen(QColor(PAINTS[int(label) % len(PAINTS)] if label >= 0 else theme.current().faint), 5)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            painter.setPen(pen)
            painter.drawPoints(QPolygonF([QPointF(float(x), float(y)) for x, y in spots[self._labels == label]]))
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
        if 0 <= self._at < len(self._points):
            x, y = self._on_screen()[self._at]
            painter.drawEllipse(QRectF(float(x) - 6, float(y) - 6, 12, 12))
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._lasso = [event.position()] if event.button() == Qt.MouseButton.LeftButton else []

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._lasso:
            self._lasso.append(event.position())
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        lasso, self._lasso = self._lasso, []
        self.update()
        if len(lasso) > 4:
            inside = within(self._on_screen(), np.array([[point.x(), point.y()] for point in lasso]))
            if inside.any():
                self.picked.emit(self._rows[inside])
        elif lasso and len(self._points):
            away = np.abs(self._on_screen() - np.array([lasso[0].x(), lasso[0].y()])).max(1)
            if away.min() <= NEAR_PX:
                self._point(int(away.argmin()))

    def _point(self, index: int) -> None:
        self._at = index
        self.update()
        self.pointed.emit(int(self._rows[index]))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        ways = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}
        way = ways.get(Qt.Key(event.key()))
        if way is None or not len(self._points):
            super().keyPressEvent(event)
            return
        self._point(beside(self._on_screen(), max(self._at, 0), np.array(way)))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        show_picture_menu(self, event.globalPos())


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
