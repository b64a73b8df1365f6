"""Which written token looked at which token that was read: one row per query, one column per key, names on both sides."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QContextMenuEvent, QImage, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.app import theme
from workbench.app.language import tr
from workbench.app.pages.inspect.saving import show_picture_menu
from workbench.app.pages.inspect.tiles import indexed, ramp

CELL_PX, SMALLEST_CELL_PX, NAME_PX, HEAD_PX = 22, 12, 84, 22
MOST = 64


class AlignmentView(QWidget):
    """A matrix of attention weights between two texts."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(tr("Alignment"))
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._weights = np.zeros((0, 0))
        self._queries: tuple[str, ...] = ()
        self._keys: tuple[str, ...] = ()
        self._image: QImage | None = None

    def show_weights(self, weights: np.ndarray, queries: tuple[str, ...], keys: tuple[str, ...]) -> None:
        """Shows one head.

        Args:
            weights: float `(queries, keys)`, rows sum to 1.
            queries: What looks, one per row.
            keys: What is looked at, one per column.
        """
        self._weights, self._queries, self._keys = weights, queries, keys
        self._image = indexed(np.sqrt(weights), 0.0, 1.0, ramp(theme.family_colour("attention")))
        best = [keys[int(row.argmax())] for row in weights]
        self.setAccessibleDescription(", ".join(f"{query} → {key}" for query, key in zip(queries, best, strict=True)))
        self.setMinimumWidth(NAME_PX + SMALLEST_CELL_PX * len(keys))
        self.setFixedHeight(HEAD_PX + CELL_PX * len(queries) + 2)
        self.update()

    @property
    def _cell(self) -> int:
        return max(SMALLEST_CELL_PX, min(2 * CELL_PX, (self.width() - NAME_PX) // max(len(self._keys), 1)))

    def sizeHint(self) -> QSize:
        return QSize(NAME_PX + CELL_PX * len(self._keys), HEAD_PX + CELL_PX * len(self._queries) + 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._image is None:
            return
        painter, colours, cell = QPainter(self), theme.current(), self._cell
        painter.setFont(theme.small_font())
        painter.setPen(QColor(colours.text))
        metrics = painter.fontMetrics()
        for column, key in enumerate(self._keys):
            words = metrics.elidedText(key, Qt.TextElideMode.ElideRight, cell)
            painter.drawText(QRect(NAME_PX + column * cell, 0, cell, HEAD_PX), Qt.AlignmentFlag.AlignCenter, words)
        for row, query in enumerate(self._queries):
            words = metrics.elidedText(query, Qt.TextElideMode.ElideRight, NAME_PX - theme.SPACE_8)
            box = QRect(0, HEAD_PX + row * CELL_PX, NAME_PX - theme.SPACE_8, CELL_PX)
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, words)
        rect = QRect(NAME_PX, HEAD_PX, cell * len(self._keys), CELL_PX * len(self._queries))
        painter.drawImage(rect, self._image)
        painter.setPen(QColor(colours.line))
        painter.drawRect(rect)
        painter.end()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        point = event.position().toPoint()
        column, row = (point.x() - NAME_PX) // self._cell, (point.y() - HEAD_PX) // CELL_PX
        inside = 0 <= row < len(self._queries) and 0 <= column < len(self._keys)
        self.setToolTip(f"{self._queries[row]} → {self._keys[column]}: {self._weights[row, column] * 100:.1f} %" if inside else "")

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self._image is not None:
            show_picture_menu(self, event.globalPos(), lambda: self._image)  # type: ignore[arg-type, return-value]


def is_alignment(queries: tuple[str, ...], keys: tuple[str, ...]) -> bool:
    """Whether two different texts look at each other that are short enough to be written along a picture."""
    if queries == keys or len(queries) < 2 or max(len(queries), len(keys)) > MOST:
        return False
    return not any(names == tuple(str(place) for place in range(1, len(names) + 1)) for names in (queries, keys))
