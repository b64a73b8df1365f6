"""Many small maps as tiles of one raster: feature maps, attention heads. One paint draws them all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QFontMetrics,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.app import theme
from workbench.app.pages.inspect.saving import show_picture_menu
from workbench.app.pages.inspect.tokens import blend

CAPTION_PX, GAP_PX, ROW_NAME_PX, MOST_NAME_PX = 15, 6, 64, 168


@dataclass(frozen=True, slots=True)
class Tile:
    """One map.

    Attributes:
        image: As drawn.
        caption: A few words below it.
        tip: What the tooltip says.
        struck: Whether it is marked as dead.
    """

    image: QImage
    caption: str = ""
    tip: str = ""
    struck: bool = False


class TileGrid(QWidget):
    """Tiles in rows; with `per_row` every row has so many and a name, else they wrap.

    Signals:
        chosen: The index of the tile that was clicked or moved to.
    """

    chosen = Signal(int)

    def __init__(self, name: str, label: str, parent: QWidget | None = None, *, side: int = 64) -> None:
        """Makes an empty grid.

        Args:
            name: `page.panel.control`.
            label: Accessible name, translated.
            parent: The owner.
            side: Pixels of a tile.
        """
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(label)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._side, self._tiles = side, list[Tile]()
        self._per_row, self._row_names = 0, tuple[str, ...]()
        self._chosen = 0

    def show_tiles(self, tiles: Sequence[Tile], *, per_row: int = 0, row_names: Sequence[str] = ()) -> None:
        """Shows these tiles; the chosen one keeps its place."""
        self._tiles, self._per_row, self._row_names = list(tiles), per_row, tuple(row_names)
        self._chosen = min(self._chosen, max(len(tiles) - 1, 0))
        self.updateGeometry()
        self.update()

    @property
    def current(self) -> int:
        """The chosen tile."""
        return self._chosen

    @property
    def count(self) -> int:
        """How many tiles there are."""
        return len(self._tiles)

    def choose(self, index: int) -> None:
        """Chooses a tile and says so."""
        if 0 <= index < len(self._tiles):
            self._chosen = index
            self.setAccessibleDescription(self._tiles[index].tip)
            self.update()
            self.chosen.emit(index)

    @property
    def _captions(self) -> int:
        return CAPTION_PX if any(tile.caption for tile in self._tiles) else 0

    def _columns(self, width: int) -> int:
        return self._per_row or max(1, (width + GAP_PX) // (self._side + GAP_PX))

    @property
    def _left(self) -> int:
        if not self._row_names:
            return 0
        metrics = QFontMetrics(theme.small_font())
        return min(max(ROW_NAME_PX, *(metrics.horizontalAdvance(name) + 12 for name in self._row_names)), MOST_NAME_PX)

    def _rect(self, index: int) -> QRect:
        row, column = divmod(index, self._columns(self.width()))
        pitch = self._side + self._captions + GAP_PX
        return QRect(self._left + column * (self._side + GAP_PX), row * pitch, self._side, self._side)

    def _at(self, point: QPoint) -> int:
        return next((index for index in range(len(self._tiles)) if self._rect(index).contains(point)), -1)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        rows = -(-len(self._tiles) // self._columns(width))
        return max(rows, 1) * (self._side + self._captions + GAP_PX)

    def sizeHint(self) -> QSize:
        return QSize(self._left + (self._per_row or 6) * (self._side + GAP_PX), self.heightForWidth(max(self.width(), 320)))

    def minimumSizeHint(self) -> QSize:
        least = self._left + self._per_row * (self._side + GAP_PX)
        return QSize(max(least, self._side), self.heightForWidth(max(self.width(), self._side)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.updateGeometry()

    def paintEvent(self, event: QPaintEvent) -> None:
        colours, painter = theme.current(), QPainter(self)
        painter.setFont(theme.small_font())
        for index, tile in enumerate(self._tiles):
            rect = self._rect(index)
            if rect.intersects(event.rect().adjusted(-200, -200, 200, 200)):
                self._paint_tile(painter, index, tile, rect, colours)
        painter.setPen(QColor(colours.quiet))
        for row, name in enumerate(self._row_names):
            rect = self._rect(row * self._columns(self.width()))
            words = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, self._left - 6)
            painter.drawText(QRect(0, rect.top(), self._left - 6, rect.height()), Qt.AlignmentFlag.AlignVCenter, words)
        painter.end()

    def _paint_tile(self, painter: QPainter, index: int, tile: Tile, rect: QRect, colours: theme.Theme) -> None:
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, tile.image.width() > rect.width())
        painter.drawImage(rect, tile.image)
        chosen = index == self._chosen
        painter.setPen(QPen(QColor(colours.accent if chosen else colours.line), 2 if chosen else 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(rect.adjusted(0, 0, -1, -1))
        if tile.struck:
            painter.setPen(QPen(QColor(colours.wrong), 1))
            painter.drawLine(rect.bottomLeft(), rect.topRight())
        if tile.caption:
            painter.setPen(QColor(colours.wrong if tile.struck else colours.quiet))
            box = QRect(rect.left(), rect.bottom() + 1, rect.width(), CAPTION_PX)
            words = QFontMetrics(painter.font()).elidedText(tile.caption, Qt.TextElideMode.ElideRight, rect.width())
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        index = self._at(event.position().toPoint())
        self.setToolTip(self._tiles[index].tip if index >= 0 else "")

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.choose(self._at(event.position().toPoint()))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        under = self._at(event.pos())
        index = under if under >= 0 else self._chosen
        if self._tiles:
            show_picture_menu(self, event.globalPos(), lambda: self._tiles[index].image)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        columns = self._columns(self.width())
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -columns, Qt.Key.Key_Down: columns}
        step = steps.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
        else:
            self.choose(max(0, min(len(self._tiles) - 1, self._chosen + step)))


def ramp(ink: str) -> list[int]:
    """Returns 256 colours from the surface up to `ink`, as Qt wants them in a colour table."""
    return [blend(theme.current().surface, ink, share / 255).rgb() for share in range(256)]


def indexed(values: np.ndarray, low: float, high: float, table: list[int]) -> QImage:
    """Returns float `(H, W)` as a picture in the colours of a table.

    Args:
        values: What is drawn.
        low, high: The values of the first and the last colour.
        table: 256 colours.
    """
    span = high - low
    shares = np.zeros(values.shape, np.uint8) if span <= 0 else (np.clip((values - low) / span, 0, 1) * 255).astype(np.uint8)
    height, width = shares.shape
    padded = np.zeros((height, -(-width // 4) * 4), np.uint8)
    padded[:, :width] = shares
    image = QImage(padded.data, width, height, padded.shape[1], QImage.Format.Format_Indexed8)
    image.setColorTable(table)
    return image.copy()


def pooled(weights: np.ndarray, most: int) -> np.ndarray:
    """Returns a map no larger than `most` on a side by taking the maximum of blocks, so that single strong links stay visible.

    Args:
        weights: float `(Q, K)`.
        most: The largest side.
    """
    for axis in (0, 1):
        size = weights.shape[axis]
        block = -(-size // most)
        if block > 1:
            weights = np.maximum.reduceat(weights, np.arange(0, size, block), axis=axis)
    return weights
