"""What floats over the canvas: the totals of the model and the small map."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from workbench.app import theme
from workbench.app.language import tr
from workbench.app.pages.build.costs import Totals
from workbench.app.pages.build.figures import counted, shortened, sized
from workbench.app.pages.build.view import CanvasView

_MAP_PX = (124, 144)
_MARGIN_PX = 10
_SHADOW_PX = 6


class TotalsCard(QWidget):
    """Parameters, multiply-accumulates and memory of the whole model."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("build.totals")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground, False)
        self._label = QLabel(self)
        self._label.setTextFormat(Qt.TextFormat.RichText)
        self._label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_12 + _SHADOW_PX, 7 + _SHADOW_PX, theme.SPACE_12 + _SHADOW_PX, 7 + _SHADOW_PX)
        layout.addWidget(self._label)

    def show_totals(self, totals: Totals) -> None:
        """Writes the figures."""
        look = theme.current()
        parts = (
            (counted(totals.cost.parameters), tr("parameters"), tr("Numbers that are learned")),
            (shortened(totals.cost.macs), tr("MACs per row"), tr("Multiply-accumulates for one row")),
            (
                sized(totals.memory_bytes), tr("training memory at batch {rows}", rows=totals.batch),
                tr("Estimated: weights, gradients, optimizer state, and what one batch keeps for the backward pass"),
            ),
        )
        self._label.setText("&nbsp;&nbsp; ".join(f'<b>{figure}</b> <span style="color:{look.quiet}">{unit}</span>' for figure, unit, _ in parts))
        self.setToolTip("\n".join(f"{figure} {unit}: {help_}" for figure, unit, help_ in parts))
        self.setAccessibleName(", ".join(f"{figure} {unit}" for figure, unit, _ in parts))
        self.adjustSize()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        _paint_panel(painter, self)
        painter.end()


class MiniMap(QWidget):
    """The whole drawing in small; a press or a drag goes there."""

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self.setObjectName("build.map")
        self.setAccessibleName(tr("Map of the drawing"))
        self.setToolTip(tr("Click or drag to go there"))
        self.setFixedSize(*_MAP_PX)
        self._view = view
        self._picture = QPixmap()
        self._scale, self._left, self._top = 1.0, 0.0, 0.0

    def refresh(self) -> None:
        """Takes the blocks anew from the scene."""
        scene = self._view.canvas
        box = scene.bounds().adjusted(-60, -60, 60, 60)
        room_x, room_y = self.width() - 28, self.height() - 28
        self._scale = min(room_x / max(box.width(), 400), room_y / max(box.height(), 400))
        self._left = box.center().x() - self.width() / 2 / self._scale
        self._top = box.center().y() - self.height() / 2 / self._scale
        groups: dict[str, list[QRectF]] = {}
        for card in scene.cards.values():
            groups.setdefault(card.colour, []).append(self._mapped(card.rect))
        self._picture = self._drawn(groups)
        self.setVisible(len(scene.cards) > 2)
        self.update()

    def _drawn(self, groups: dict[str, list[QRectF]]) -> QPixmap:
        ratio = self.devicePixelRatioF()
        picture = QPixmap(round(self.width() * ratio), round(self.height() * ratio))
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        _paint_panel(painter, self)
        painter.setClipRect(self.rect().adjusted(7, 7, -7, -7))
        painter.setPen(Qt.PenStyle.NoPen)
        for colour, rects in groups.items():
            painter.setBrush(QColor(colour))
            painter.drawRects(rects)
        painter.end()
        return picture

    def _mapped(self, rect: QRectF) -> QRectF:
        width, height = rect.width() * self._scale, rect.height() * self._scale
        return QRectF((rect.x() - self._left) * self._scale, (rect.y() - self._top) * self._scale, max(width, 2), max(height, 1.5))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._picture)
        frame = self._mapped(self._view.visible_rect()).intersected(QRectF(self.rect()).adjusted(9, 9, -9, -9))
        painter.setPen(QPen(QColor(theme.current().accent), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(frame, 3, 3)
        painter.end()

    def _go(self, event: QMouseEvent) -> None:
        place = event.position()
        self._view.centerOn(QPointF(place.x() / self._scale + self._left, place.y() / self._scale + self._top))
        self._view.view_moved.emit()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._go(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._go(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._view.fit()


def place_overlays(view: CanvasView, totals: TotalsCard, small_map: MiniMap) -> None:
    """Puts the totals into the upper and the map into the lower right corner."""
    totals.adjustSize()
    totals.move(view.width() - totals.width() - _MARGIN_PX, _MARGIN_PX)
    view.covered_px = totals.height() + _MARGIN_PX
    small_map.move(view.width() - small_map.width() - _MARGIN_PX, view.height() - small_map.height() - _MARGIN_PX)


@lru_cache(maxsize=16)
def _panel(width: int, height: int, ratio: float, look: theme.Theme) -> QPixmap:
    """Returns a card with a soft shadow, as a picture."""
    picture = QPixmap(round(width * ratio), round(height * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    box = QRectF(0, 0, width, height).adjusted(_SHADOW_PX, _SHADOW_PX, -_SHADOW_PX, -_SHADOW_PX)
    painter.setPen(Qt.PenStyle.NoPen)
    for step in range(_SHADOW_PX, 0, -1):
        painter.setBrush(QColor(0, 0, 0, 3))
        painter.drawRoundedRect(box.adjusted(-step, 1 - step, step, step), theme.RADIUS_CARD + step, theme.RADIUS_CARD + step)
    painter.setPen(QPen(QColor(look.line), 1))
    painter.setBrush(QColor(look.surface))
    painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), theme.RADIUS_CARD, theme.RADIUS_CARD)
    painter.end()
    return picture


def _paint_panel(painter: QPainter, widget: QWidget) -> None:
    painter.drawPixmap(0, 0, _panel(widget.width(), widget.height(), widget.devicePixelRatioF(), theme.current()))
