"""One row as large as the centre allows; the arrow keys walk on, Escape goes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QFont, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from workbench.app import theme
from workbench.app.language import tr
from workbench.app.pages.data.tile_painting import TilePainter
from workbench.app.pages.data.tiles import Tiles

if TYPE_CHECKING:
    from workbench.app.pages.data.rows import Rows

FOOT_PX, MARGIN_PX, TEXT_PX = 28, 16, 17


class Loupe(QWidget):
    """The row under the cursor, large.

    Signals:
        closed: Back to the grid.
        stepped: To the row so many places on.
        key_pressed: A letter or digit; it does here what it does in the grid.
        menu_wanted: The menu of the row, at a point of the screen.
    """

    closed = Signal()
    stepped = Signal(int)
    key_pressed = Signal(str)
    menu_wanted = Signal(QPoint)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("data.loupe")
        self.setAccessibleName(tr("One row, large"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._rows: Rows | None = None
        self._row = -1
        self._drawn_as: object = None
        self.tiles = Tiles(self)
        self.tiles.arrived.connect(self.update)

    def show_row(self, rows: Rows | None, row: int) -> None:
        """Shows a row."""
        if rows is not self._rows:
            self._drawn_as = None
        self._rows, self._row = rows, row
        self.setAccessibleDescription(rows.caption(row) if rows is not None and row >= 0 else "")
        self.update()

    @property
    def _size(self) -> QSize:
        room = QSize(max(64, self.width() - 2 * MARGIN_PX), max(64, self.height() - FOOT_PX - 2 * MARGIN_PX))
        side = min(room.width(), room.height())
        lead = self._rows.lead if self._rows is not None else None
        return QSize(side, side) if lead is not None and lead.kind == "image" else room

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.current()
        painter = QPainter(self)
        painter.fillRect(event.rect(), QColor(colours.surface))
        if self._rows is None or self._row < 0:
            return
        self._draw_for(self._rows)
        pixmap = self.tiles.pixmap(self._row)
        if pixmap is not None:
            size = pixmap.deviceIndependentSize().toSize()
            painter.drawPixmap(QPoint((self.width() - size.width()) // 2, max(MARGIN_PX, (self.height() - FOOT_PX - size.height()) // 2)), pixmap)
        if self.hasFocus():
            painter.setPen(QColor(colours.accent))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.setPen(QColor(colours.quiet))
        foot = QRect(MARGIN_PX, self.height() - FOOT_PX, self.width() - 2 * MARGIN_PX, FOOT_PX)
        said = self._rows.said.of(self._row)
        words = "   ·   ".join(part for part in (said.beside, said.answer, self._rows.id_of(self._row)) if part)
        shown = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideMiddle, foot.width() - 220)
        painter.drawText(foot, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
        painter.drawText(foot, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, tr("← → walk · Esc back"))
        painter.end()

    def _draw_for(self, rows: Rows) -> None:
        wanted = (self._size, self.devicePixelRatioF(), theme.current(), id(rows.prepared))
        if wanted != self._drawn_as:
            face = QFont(theme.text_font())
            face.setPixelSize(TEXT_PX)
            painter = TilePainter(rows, self._size, self.devicePixelRatioF(), theme.current(), face, theme.small_font())
            self.tiles.set_painter(painter)
            self._drawn_as = wanted
        if self.tiles.missing(self._row):
            self.tiles.want([self._row])

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.closed.emit()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.menu_wanted.emit(event.globalPos())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        keys, key = Qt.Key, Qt.Key(event.key())
        steps = {keys.Key_Left: -1, keys.Key_Up: -1, keys.Key_Right: 1, keys.Key_Down: 1, keys.Key_Space: 1}
        if key in steps:
            self.stepped.emit(steps[key])
        elif key in (keys.Key_Escape, keys.Key_Return, keys.Key_Enter):
            self.closed.emit()
        elif event.text().strip() and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.key_pressed.emit(event.text().casefold())
        else:
            super().keyPressEvent(event)
