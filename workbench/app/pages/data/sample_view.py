"""All rows of a dataset as a grid of pictures or a list of lines; only what is visible is ever read, drawn or painted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QToolTip, QWidget

from workbench.app import theme
from workbench.app.language import tr
from workbench.app.pages.data.cell_layout import CAPTION_PX, GAP_PX, CellLayout
from workbench.app.pages.data.picking import Picking
from workbench.app.pages.data.tile_painting import TilePainter
from workbench.app.pages.data.tiles import LEAST_BYTES, Tiles

if TYPE_CHECKING:
    from workbench.app.pages.data.rows import Rows
    from workbench.app.pages.data.thumbnails import Thumbnails

SMALLEST_PX, LARGEST_PX, USUAL_PX = 32, 256, 84
SIDE_PX = 168
_LINE_SHARE = 0.62
_FEWEST_LINE_PX = 44
_KEPT_WORDS = 4000


class SampleView(QAbstractScrollArea):
    """Rows as cells of one size.

    Signals:
        current_changed: The row (a dataset index) under the cursor, or -1.
        picked_changed: Other rows are selected.
        opened: A row that was double-clicked or confirmed by Enter.
        cell_size_changed: Pixels of a cell after zooming.
        menu_wanted: A menu for the selected rows, at a point of the screen.
        key_pressed: A letter or digit that is no movement: the page may know what it does.
    """

    current_changed = Signal(int)
    picked_changed = Signal()
    opened = Signal(int)
    cell_size_changed = Signal(int)
    menu_wanted = Signal(QPoint)
    key_pressed = Signal(str)

    def __init__(self, parent: QWidget | None = None, kept: Thumbnails | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("data.grid.view")
        self.setAccessibleName(tr("Rows"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setMouseTracking(True)
        self._rows: Rows | None = None
        self._kept = kept
        self._shown = np.zeros(0, dtype=np.int64)
        self._groups: list[tuple[str, int]] = []
        self._cell_px = USUAL_PX
        self._cells = CellLayout(0, USUAL_PX, USUAL_PX, 1, False)
        self.picking = Picking()
        self.tiles = Tiles(self)
        self.tiles.arrived.connect(self.viewport().update)
        self._elided: dict[tuple[str, int], str] = {}
        self._drawn_as: object = None

    @property
    def pictures(self) -> bool:
        """Whether cells are pictures; otherwise they are lines."""
        return self._rows is not None and self._rows.pictures

    @property
    def shown(self) -> np.ndarray:
        """The rows in view order, int64."""
        return self._shown

    @property
    def current(self) -> int:
        """The row under the cursor, or -1."""
        return int(self._shown[self.picking.place]) if 0 <= self.picking.place < len(self._shown) else -1

    @property
    def picked(self) -> np.ndarray:
        """The selected rows in view order, int64; the one under the cursor where none is selected."""
        return self._shown[self.picking.places(len(self._shown))]

    def set_rows(self, rows: Rows | None, shown: np.ndarray, groups: list[tuple[str, int]] | None = None) -> None:
        """Shows these rows of a dataset; cursor and selection stay on their rows where those are still there.

        Args:
            rows: The data.
            shown: Dataset indices in view order.
            groups: Names and sizes of the groups that follow each other in `shown`; None for no groups.
        """
        before, picked = self.current, self.picked if self.picking.count > 1 else None
        self._take_source(rows)
        self._rows, self._shown, self._groups = rows, shown, groups or []
        found = np.flatnonzero(shown == before)
        self.picking.reset(int(found[0]) if len(found) else (0 if len(shown) else -1))
        if picked is not None:
            self.picking.pick(np.flatnonzero(np.isin(shown, picked)), len(shown))
        self._measure()
        self.viewport().update()
        if self.current != before:
            self.current_changed.emit(self.current)
        self.picked_changed.emit()

    def _take_source(self, rows: Rows | None) -> None:
        from workbench.app.pages.data.rows import source_of

        if rows is None or self._rows is None or source_of(rows.dataset) is not source_of(self._rows.dataset):
            self.tiles.set_painter(None)
            self._drawn_as = None

    def set_cell_size(self, pixels: int) -> None:
        """Sets the height and width of picture cells; lines grow with it."""
        pixels = max(SMALLEST_PX, min(LARGEST_PX, pixels))
        if pixels != self._cell_px:
            first = max(self.picking.place, 0) if self._in_view(self.picking.place) else self._top_place()
            self._cell_px = pixels
            self._measure()
            bar = self.verticalScrollBar()
            bar.setValue(self._rect(first).top() + bar.value() - 4)
            self.cell_size_changed.emit(pixels)
            self.viewport().update()

    def go_to(self, row: int) -> None:
        """Puts the cursor on a row and scrolls it into view."""
        found = np.flatnonzero(self._shown == row)
        if len(found):
            self._move_to(int(found[0]))

    def redraw(self) -> None:
        """Has every row drawn anew (masks switched, another theme)."""
        self._drawn_as = None
        self.tiles.set_painter(None)
        self.viewport().update()

    @property
    def _captions(self) -> bool:
        return self.pictures and self._cell_px >= 56

    @property
    def _tile_size(self) -> QSize:
        if self.pictures:
            return QSize(self._cell_px, self._cell_px)
        return QSize(max(64, self.viewport().width() - SIDE_PX - 2 * theme.SPACE_16), self._line_px - 10)

    @property
    def _line_px(self) -> int:
        return max(_FEWEST_LINE_PX, round(self._cell_px * _LINE_SHARE))

    def _measure(self) -> None:
        width = self.viewport().width()
        high = self._cell_px + (CAPTION_PX if self._captions else 0) if self.pictures else self._line_px
        sizes = [size for _, size in self._groups]
        self._cells = CellLayout(len(self._shown), self._cell_px if self.pictures else width, high, width, not self.pictures, sizes)
        bar = self.verticalScrollBar()
        bar.setRange(0, max(0, self._cells.height - self.viewport().height()))
        bar.setPageStep(self.viewport().height())
        bar.setSingleStep(max(16, self._cells.pitch // 2))

    def _painter_for(self) -> None:
        """Draws tiles anew where their size, the theme or what they show is another; the old ones stand until then."""
        assert self._rows is not None
        size, ratio = self._tile_size, self.devicePixelRatioF()
        wanted = (size.width(), size.height(), ratio, theme.current(), id(self._rows.prepared))
        if wanted != self._drawn_as:
            stale = isinstance(self._drawn_as, tuple) and self._drawn_as[3] == wanted[3]
            made = TilePainter(self._rows, size, ratio, theme.current(), theme.text_font(), theme.small_font(), self._kept)
            self.tiles.set_painter(made, stale=stale)
            screen = self.viewport().width() * self.viewport().height() * 4
            self.tiles.most_bytes = max(LEAST_BYTES, int(2 * screen * ratio * ratio))
            self._drawn_as = wanted

    def _top_place(self) -> int:
        return max(0, self._cells.near(QPoint(0, GAP_PX), self.verticalScrollBar().value()))

    def _rect(self, place: int) -> QRect:
        return self._cells.rect(place, self.verticalScrollBar().value())

    def _in_view(self, place: int) -> bool:
        return place >= 0 and self.viewport().rect().intersects(self._rect(place))

    def place_at(self, point: QPoint) -> int:
        """Returns the position in view order of the cell at a point of the viewport, or -1."""
        return self._cells.at(point, self.verticalScrollBar().value())

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.current()
        painter = QPainter(self.viewport())
        painter.fillRect(event.rect(), QColor(colours.background if self.pictures else colours.surface))
        if self._rows is None:
            return
        self._painter_for()
        painter.setFont(theme.small_font() if self.pictures else theme.text_font())
        scrolled, height = self.verticalScrollBar().value(), self.viewport().height()
        places = self._cells.visible(scrolled, height)
        paint = self._paint_picture if self.pictures else self._paint_line
        for place in places:
            paint(painter, place, self._cells.rect(place, scrolled), colours)
        for group, box in self._cells.headers(scrolled, height):
            self._paint_header(painter, group, box, colours)
        self._paint_band(painter, colours)
        self._want(places)

    def _want(self, places: range) -> None:
        """Asks for the visible rows that are missing, then for the screen that follows."""
        ahead = range(places.stop, min(len(self._shown), places.stop + len(places) // 2))
        rows = [int(row) for row in self._shown[places.start:places.stop]] + [int(row) for row in self._shown[ahead.start:ahead.stop]]
        missing = [row for row in rows if self.tiles.missing(row)]
        self.tiles.want(missing)

    def _paint_picture(self, painter: QPainter, place: int, rect: QRect, colours: theme.Theme) -> None:
        assert self._rows is not None
        row = int(self._shown[place])
        square = QRect(rect.left(), rect.top(), self._cell_px, self._cell_px)
        if self.picking.holds(place):
            painter.fillRect(square.adjusted(-4, -4, 4, rect.height() - self._cell_px + 2), QColor(colours.accent_wash))
        painter.fillRect(square, QColor(colours.raised))
        self._paint_tile(painter, row, square)
        edit = self._rows.edit_of(row)
        if edit.excluded:
            self._paint_left_out(painter, square, colours)
        elif not edit.empty:
            painter.fillRect(square.right() - 8, square.top() + 3, 6, 6, QColor(colours.doubtful))
        if place == self.picking.place:
            painter.setPen(QPen(QColor(colours.accent), 2))
            painter.drawRect(square.adjusted(-2, -2, 1, 1))
        if self._captions:
            self._paint_caption(painter, row, QRect(rect.left(), square.bottom() + 2, rect.width(), CAPTION_PX - 2), place, colours)

    def _paint_caption(self, painter: QPainter, row: int, box: QRect, place: int, colours: theme.Theme) -> None:
        assert self._rows is not None
        words = self._rows.caption(row)
        wrong = "→" in words and self._rows.verdicts is not None
        painter.setPen(QColor(colours.wrong if wrong else colours.text if place == self.picking.place else colours.quiet))
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, self._short(painter, words, box.width()))

    def _short(self, painter: QPainter, words: str, width: int) -> str:
        """Returns words cut to a width; worked out once."""
        key = words, width
        if key not in self._elided:
            if len(self._elided) > _KEPT_WORDS:
                self._elided.clear()
            self._elided[key] = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, width)
        return self._elided[key]

    def _paint_tile(self, painter: QPainter, row: int, box: QRect) -> None:
        pixmap = self.tiles.pixmap(row)
        if pixmap is None:
            return
        size = pixmap.deviceIndependentSize().toSize()
        if self.pictures and max(size.width(), size.height()) != self._cell_px:
            size = size.scaled(self._cell_px, self._cell_px, Qt.AspectRatioMode.KeepAspectRatio)
        corner = QPoint(box.left() + (box.width() - size.width()) // 2, box.top() + (box.height() - size.height()) // 2)
        if self.pictures:
            painter.drawPixmap(QRect(corner, size), pixmap)
        else:
            painter.drawPixmap(QPoint(box.left(), box.top()), pixmap)

    @staticmethod
    def _paint_left_out(painter: QPainter, square: QRect, colours: theme.Theme) -> None:
        veil = QColor(colours.background)
        veil.setAlpha(170)
        painter.fillRect(square, veil)
        painter.setPen(QPen(QColor(colours.wrong), 1.5))
        painter.drawLine(square.topLeft() + QPoint(4, 4), square.bottomRight() - QPoint(4, 4))
        painter.drawLine(square.topRight() + QPoint(-4, 4), square.bottomLeft() + QPoint(4, -4))

    def _paint_line(self, painter: QPainter, place: int, rect: QRect, colours: theme.Theme) -> None:
        assert self._rows is not None
        row = int(self._shown[place])
        if self.picking.holds(place):
            painter.fillRect(rect, QColor(colours.accent_wash))
        if place == self.picking.place:
            painter.fillRect(rect.left(), rect.top(), 3, rect.height() - 1, QColor(colours.accent))
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, QColor(colours.line))
        body = rect.adjusted(theme.SPACE_16, 5, -theme.SPACE_16 - SIDE_PX, -5)
        self._paint_tile(painter, row, body)
        side = QRect(rect.right() - SIDE_PX - theme.SPACE_12, rect.top(), SIDE_PX, rect.height())
        edit, words = self._rows.edit_of(row), self._rows.caption(row)
        if edit.excluded:
            words = f"✕ {words}"
        elif not edit.empty:
            words = f"• {words}"
        painter.setPen(QColor(colours.wrong if edit.excluded or "→" in words else colours.quiet))
        painter.drawText(side, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, self._short(painter, words, SIDE_PX))

    def _paint_header(self, painter: QPainter, group: int, box: QRect, colours: theme.Theme) -> None:
        name, size = self._groups[group]
        painter.setPen(QColor(colours.text))
        painter.drawText(
            box.adjusted(theme.SPACE_8, 6, -theme.SPACE_8, 0), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft,
            f"{name or tr('none')}   {size:,}",
        )

    def _paint_band(self, painter: QPainter, colours: theme.Theme) -> None:
        band = self.picking.band(self.verticalScrollBar().value())
        if band is not None:
            wash = QColor(colours.accent)
            wash.setAlpha(40)
            painter.fillRect(band, wash)
            painter.setPen(QPen(QColor(colours.accent), 1))
            painter.drawRect(band)

    def _move_to(self, place: int, *, extend: bool = False, toggle: bool = False) -> None:
        if not len(self._shown):
            return
        place = max(0, min(len(self._shown) - 1, place))
        before = self.picking.place
        self._reveal(place)
        self.picking.move(place, len(self._shown), extend=extend, toggle=toggle)
        self.viewport().update()
        if place != before:
            self.setAccessibleDescription(self._words(place))
            self.current_changed.emit(self.current)
        self.picked_changed.emit()

    def _reveal(self, place: int) -> None:
        rect, bar = self._rect(place), self.verticalScrollBar()
        if rect.top() < 0:
            bar.setValue(bar.value() + rect.top() - 4)
        elif rect.bottom() > self.viewport().height():
            bar.setValue(bar.value() + rect.bottom() - self.viewport().height() + 8)

    def _words(self, place: int) -> str:
        assert self._rows is not None
        row = int(self._shown[place])
        return tr("Row {row}, {label}, {split}", row=row, label=self._rows.caption(row), split=tr(self._rows.split_of(row) or "left out"))

    def pick_all(self) -> None:
        """Selects every row that is shown."""
        self.picking.pick(np.arange(len(self._shown)), len(self._shown))
        self.viewport().update()
        self.picked_changed.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._measure()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        point = event.position().toPoint()
        place = self.place_at(point)
        extend, toggle = _modifiers(event)
        if event.button() == Qt.MouseButton.LeftButton:
            if place >= 0:
                self._move_to(place, extend=extend, toggle=toggle)
            self.picking.begin_band(point, self.verticalScrollBar().value(), adding=extend or toggle)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if not event.buttons() & Qt.MouseButton.LeftButton or not self.picking.drag(event.position().toPoint(), self.verticalScrollBar().value()):
            return
        point = event.position().toPoint()
        if not self.viewport().rect().contains(point):
            bar, step = self.verticalScrollBar(), self._cells.pitch // 3
            bar.setValue(bar.value() + (-step if point.y() < 0 else step if point.y() > self.viewport().height() else 0))
        self._pick_in_band()

    def _pick_in_band(self) -> None:
        scrolled = self.verticalScrollBar().value()
        band = self.picking.band(scrolled)
        if band is None:
            return
        first, last = self._cells.near(band.topLeft(), scrolled), self._cells.near(band.bottomRight(), scrolled)
        columns = self._cells.columns
        around = range(max(0, first - columns), min(len(self._shown), last + columns + 1))
        inside = [place for place in around if band.intersects(self._cells.rect(place, scrolled))]
        self.picking.pick_band(np.array(inside, dtype=np.int64), len(self._shown))
        self.viewport().update()
        self.picked_changed.emit()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()
        self.picking.end_band()
        self.viewport().update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        place = self.place_at(event.position().toPoint())
        if place >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self._move_to(place)
            self.opened.emit(self.current)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_mouse = event.reason() == QContextMenuEvent.Reason.Mouse
        place = self.place_at(event.pos()) if by_mouse else self.picking.place
        if place >= 0:
            if not self.picking.holds(place):
                self._move_to(place)
            spot = event.pos() if by_mouse else self._rect(place).center()
            self.menu_wanted.emit(self.viewport().mapToGlobal(spot))

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.set_cell_size(self._cell_px + (8 if event.angleDelta().y() > 0 else -8))
            return
        super().wheelEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        keys, key = Qt.Key, Qt.Key(event.key())
        extend, control = _modifiers(event)
        target = self._target(key)
        if target is not None:
            self._move_to(target, extend=extend)
        elif key in (keys.Key_Return, keys.Key_Enter) and self.current >= 0 and not control:
            self.opened.emit(self.current)
        elif key == keys.Key_A and control:
            self.pick_all()
        elif key in (keys.Key_Plus, keys.Key_Equal, keys.Key_Minus) and control:
            self.set_cell_size(self._cell_px + (-8 if key == keys.Key_Minus else 8))
        elif key == keys.Key_Escape and self.picking.count > 1:
            self._move_to(self.picking.place)
        elif not control and event.text().strip() and self.current >= 0:
            self.key_pressed.emit(event.text().casefold())
        else:
            super().keyPressEvent(event)

    def _target(self, key: Qt.Key) -> int | None:
        """Returns where a key moves the cursor, or None where it moves nothing."""
        keys, place, cells = Qt.Key, self.picking.place, self._cells
        page = max(1, self.viewport().height() // max(cells.pitch, 1))
        if key in (keys.Key_Up, keys.Key_Down, keys.Key_PageUp, keys.Key_PageDown):
            lines = {keys.Key_Up: -1, keys.Key_Down: 1, keys.Key_PageUp: -page, keys.Key_PageDown: page}[key]
            return cells.moved(max(place, 0), lines)
        steps = {keys.Key_Left: place - 1, keys.Key_Right: place + 1, keys.Key_Home: 0, keys.Key_End: len(self._shown) - 1}
        return steps.get(key)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            place = self.place_at(event.pos())
            QToolTip.showText(event.globalPos(), self._words(place) if place >= 0 else "", self.viewport())
            return True
        return super().viewportEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self._elided.clear()
        super().changeEvent(event)


def _modifiers(event: QMouseEvent | QKeyEvent) -> tuple[bool, bool]:
    held = event.modifiers()
    return bool(held & Qt.KeyboardModifier.ShiftModifier), bool(held & Qt.KeyboardModifier.ControlModifier)
