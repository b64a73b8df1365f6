"""What the mouse does in the grid: picking, rubber band, folding, playing, menu, zoom."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent, QWheelEvent

from workbench.app.pages.data.cell_painting import play_box


class ByMouse:
    """The events of the mouse; mixed into the grid, whose attributes it uses."""

    picking: Any
    opened: Any
    menu_wanted: Any
    play_wanted: Any
    picked_changed: Any
    pictures: bool
    current: int
    viewport: Any
    verticalScrollBar: Any
    place_at: Any
    set_cell_size: Any
    fold: Any
    _cells: Any
    _shown: Any
    _rows: Any
    _rect: Any
    _cell_px: int
    _move_to: Any

    def mousePressEvent(self, event: QMouseEvent) -> None:
        point = event.position().toPoint()
        place = self.place_at(point)
        extend, toggle = modifiers(event)
        if event.button() == Qt.MouseButton.LeftButton:
            heading = self._cells.header_at(point, self.verticalScrollBar().value(), self.viewport().height())
            if heading >= 0:
                self.fold(heading)
                return
            if place >= 0:
                self._move_to(place, extend=extend, toggle=toggle)
                if self._plays_at(place, point):
                    self.play_wanted.emit(self.current)
            self.picking.begin_band(point, self.verticalScrollBar().value(), adding=extend or toggle)

    def _plays_at(self, place: int, point: QPoint) -> bool:
        """Whether the play button of a sound is at a point."""
        sound = self._rows is not None and self._rows.lead is not None and self._rows.lead.kind == "audio"
        rect = self._rect(place)
        return sound and self.pictures and play_box(QRect(rect.left(), rect.top(), self._cell_px, self._cell_px)).contains(point)

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
        super().wheelEvent(event)  # type: ignore[misc]


def modifiers(event: QMouseEvent | QKeyEvent) -> tuple[bool, bool]:
    """Returns whether Shift and whether Control is held."""
    held = event.modifiers()
    return bool(held & Qt.KeyboardModifier.ShiftModifier), bool(held & Qt.KeyboardModifier.ControlModifier)
