"""All rows of a dataset as a grid of pictures or a list of lines; only what is visible is ever read, drawn or painted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFont,
    QHelpEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QToolTip, QWidget

from workbench.app import theme
from workbench.app.language import tr
from workbench.app.pages.data.cell_layout import CAPTION_PX, GAP_PX, HEADER_PX, CellLayout
from workbench.app.pages.data.cell_painting import LISTED_PX, SIDE_PX, Cell, CellPainter
from workbench.app.pages.data.grid_mouse import ByMouse, modifiers
from workbench.app.pages.data.grouping import Grouping
from workbench.app.pages.data.picking import Picking
from workbench.app.pages.data.tile_painting import TilePainter
from workbench.app.pages.data.tiles import LEAST_BYTES, Tiles

if TYPE_CHECKING:
    from workbench.app.pages.data.rows import Rows
    from workbench.app.pages.data.thumbnails import Thumbnails

SMALLEST_PX, LARGEST_PX, USUAL_PX = 32, 256, 84
_LINE_SHARE = 0.62
_FEWEST_LINE_PX = 44


class SampleView(ByMouse, QAbstractScrollArea):
    """Rows as cells of one size.

    Signals:
        current_changed: The row (a dataset index) under the cursor, or -1.
        picked_changed: Other rows are selected.
        opened: A row that was double-clicked or confirmed by Enter.
        cell_size_changed: Pixels of a cell after zooming.
        menu_wanted: A menu for the selected rows, at a point of the screen.
        key_pressed: A letter or digit that is no movement: the page may know what it does.
        play_wanted: The row whose play button was pressed.
    """

    current_changed = Signal(int)
    picked_changed = Signal()
    opened = Signal(int)
    cell_size_changed = Signal(int)
    menu_wanted = Signal(QPoint)
    key_pressed = Signal(str)
    play_wanted = Signal(int)

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
        self.grouping = Grouping()
        self._cell_px = USUAL_PX
        self._cells = CellLayout(0, USUAL_PX, USUAL_PX, 1, False)
        self.picking = Picking()
        self.tiles = Tiles(self)
        self.tiles.arrived.connect(self.viewport().update)
        self._cell_painter = CellPainter()
        self._drawn_as: object = None
        self._from_top = False

    @property
    def pictures(self) -> bool:
        """Whether cells are pictures; otherwise they are lines: always for texts and tables, and for pictures that are made very small."""
        return self._rows is not None and self._rows.pictures and self._cell_px >= LISTED_PX

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
        before, picked = self.current, self.picked if self.picking.count > 1 and not self._from_top else None
        self._take_source(rows)
        self._rows, self._shown = rows, self.grouping.take(shown, groups or [])
        shown = self._shown
        found = np.flatnonzero(shown == before)[: 0 if self._from_top else 1]
        self.picking.reset(int(found[0]) if len(found) else (0 if len(shown) else -1))
        if picked is not None:
            self.picking.pick(np.flatnonzero(np.isin(shown, picked)), len(shown))
        self._measure()
        if self._from_top:
            self._from_top = False
            self.verticalScrollBar().setValue(0)
        self.viewport().update()
        if self.current != before:
            self.current_changed.emit(self.current)
        self.picked_changed.emit()

    def start_over(self) -> None:
        """Lets the next rows begin at the top with the cursor on the first one: another order was asked for."""
        self._from_top = True

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

    def fold(self, group: int) -> None:
        """Folds a group, or unfolds it; the cursor goes on to the next row that is still there."""
        place = self.picking.place
        row, rows = self.current, self._shown
        self._shown = self.grouping.toggled(group)
        self._keep_cursor(row, rows, place)

    def fold_here(self) -> None:
        """Folds the group under the cursor; where every group is folded, unfolds them."""
        if self.grouping.groups:
            self.fold(self._cells.group_of(self.picking.place)) if self.picking.place >= 0 else self.unfold_all()

    def unfold_all(self) -> None:
        """Unfolds every group."""
        row, rows, place = self.current, self._shown, self.picking.place
        self._shown = self.grouping.unfolded()
        self._keep_cursor(row, rows, place)

    def _keep_cursor(self, row: int, before: np.ndarray, place: int) -> None:
        found = np.flatnonzero(np.isin(self._shown, before[max(place, 0):][:1]))
        self.picking.reset(int(found[0]) if len(found) else min(max(place, 0), len(self._shown) - 1))
        self._measure()
        self.viewport().update()
        if self.current != row:
            self.current_changed.emit(self.current)
        self.picked_changed.emit()

    @property
    def _captions(self) -> int:
        """How many lines stand below a picture."""
        return self._rows.said.lines if self._rows is not None and self.pictures and self._cell_px >= 56 else 0

    @property
    def _tile_size(self) -> QSize:
        if self.pictures:
            return QSize(self._cell_px, self._cell_px)
        if self._rows is not None and self._rows.pictures:
            return QSize(self._line_px - 6, self._line_px - 6)
        return QSize(max(64, self.viewport().width() - SIDE_PX - 2 * theme.SPACE_16), self._line_px - 10)

    @property
    def _face(self) -> QFont:
        """The face of texts, which grows with their lines."""
        face = QFont(theme.text_font())
        if self._rows is not None and not self._rows.table and not self._rows.pictures:
            share = max(1.0, self._line_px / (USUAL_PX * _LINE_SHARE)) ** 0.5
            face.setPixelSize(round(theme.TEXT_PX * share))
        return face

    @property
    def _line_px(self) -> int:
        return max(_FEWEST_LINE_PX, round(self._cell_px * _LINE_SHARE))

    def _measure(self) -> None:
        width = self.viewport().width()
        high = self._cell_px + CAPTION_PX * self._captions if self.pictures else self._line_px
        sizes = self.grouping.sizes
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
            made = TilePainter(self._rows, size, ratio, theme.current(), self._face, theme.small_font(), self._kept)
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
        if not len(self._shown) and not self.grouping.groups:
            painter.setPen(QColor(colours.quiet))
            painter.setFont(theme.text_font())
            painter.drawText(self.viewport().rect(), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, tr("No row fits this filter."))
            return
        scrolled, height = self.verticalScrollBar().value(), self.viewport().height()
        places = self._cells.visible(scrolled, height)
        for place in places:
            self._paint_cell(painter, place, self._cells.rect(place, scrolled))
        self._paint_headings(painter, scrolled, height)
        self._paint_band(painter, colours)
        self._want(places)

    def _paint_cell(self, painter: QPainter, place: int, rect: QRect) -> None:
        assert self._rows is not None
        row = int(self._shown[place])
        cell = Cell(row, rect, self.tiles.pixmap(row), self.picking.holds(place), place == self.picking.place, self.hasFocus())
        if self.pictures:
            self._cell_painter.picture(painter, self._rows, cell, self._cell_px, self._captions)
        elif self._rows.pictures:
            self._cell_painter.listed(painter, self._rows, cell)
        else:
            self._cell_painter.line(painter, self._rows, cell)

    def _paint_headings(self, painter: QPainter, scrolled: int, height: int) -> None:
        ground = theme.current().background if self.pictures else theme.current().surface
        for group, box in reversed(self._cells.headers(scrolled, height)):
            name, size = self.grouping.groups[group]
            self._cell_painter.heading(painter, box, name, size, self.grouping.is_folded(group), ground)

    def _want(self, places: range) -> None:
        """Asks for the visible rows that are missing, then for the screen that follows."""
        ahead = range(places.stop, min(len(self._shown), places.stop + len(places) // 2))
        rows = [int(row) for row in self._shown[places.start:places.stop]] + [int(row) for row in self._shown[ahead.start:ahead.stop]]
        missing = [row for row in rows if self.tiles.missing(row)]
        self.tiles.want(missing)

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
        covered = HEADER_PX if self.grouping.groups else 0
        if rect.top() < covered:
            bar.setValue(bar.value() + rect.top() - covered - 4)
        elif rect.bottom() > self.viewport().height():
            bar.setValue(bar.value() + rect.bottom() - self.viewport().height() + 8)

    def _words(self, place: int) -> str:
        assert self._rows is not None
        row = int(self._shown[place])
        said = self._rows.said.of(row)
        words = tr("Row {row}, {label}, {split}", row=row, label=said.answer, split=tr(self._rows.split_of(row) or "left out"))
        tone = {"wrong": tr("wrong"), "good": tr("right")}.get(said.tone, "")
        return ", ".join(part for part in (words, said.beside, tone) if part)

    def pick_all(self) -> None:
        """Selects every row that is shown."""
        self.picking.pick(np.arange(len(self._shown)), len(self._shown))
        self.viewport().update()
        self.picked_changed.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._measure()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        keys, key = Qt.Key, Qt.Key(event.key())
        extend, control = modifiers(event)
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
        elif key == keys.Key_F and not control and self.grouping.groups:
            self.unfold_all() if extend else self.fold_here()
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
            self._cell_painter.forget()
        super().changeEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()
