"""Paints the whole canvas in bulk, in as much detail as the zoom has room for.

At 1,000 nodes one Python call per item and frame is too slow by half, so nothing here is a graphics item: cards are kept as
pictures, far views are a handful of calls for everything.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from enum import IntEnum

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap, QTransform

from workbench.app.pages.build.card import GRID_PX, HEIGHT_PX, WIDTH_PX, Card, interface_font, paint_card, paint_name, text_width
from workbench.app.pages.build.routing import lane_lines
from workbench.app.pages.build.wire import LABEL_PX, Wire
from workbench.app.theme import Theme

FRAME_BUDGET_S = 0.006
MOST_PICTURES = 4000
_MARGIN_PX = 1


class Detail(IntEnum):
    """How much a zoom has room for."""

    BLOCK = 0
    NAME = 1
    FULL = 2


def detail_at(zoom: float) -> Detail:
    """Returns the level of detail: below 40 % stripe and name, below 15 % coloured blocks."""
    return Detail.FULL if zoom >= 0.4 else Detail.NAME if zoom >= 0.15 else Detail.BLOCK


class CardPictures:
    """Pictures of cards at the zoom in use, made within a time budget per frame and kept while they hold.

    Attributes:
        late: Whether the last frame had to show stale pictures; then another frame is due.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[Card, tuple[tuple[object, ...], QPixmap]] = OrderedDict()
        self._deadline = 0.0
        self.late = False

    def begin(self) -> None:
        """Starts the time budget of a frame."""
        self._deadline = time.perf_counter() + FRAME_BUDGET_S
        self.late = False

    def clear(self) -> None:
        """Forgets all pictures (another theme, font or language)."""
        self._kept.clear()

    def of(self, card: Card, detail: Detail, scale: float, ratio: float, theme: Theme) -> tuple[QPixmap | None, bool]:
        """Returns a picture and whether it is fresh; a stale one is to be stretched, None is to be sketched."""
        key = (card.stamp, card.selected, scale, ratio)
        kept = self._kept.get(card)
        if kept is not None and kept[0] == key:
            return kept[1], True
        if time.perf_counter() > self._deadline:
            self.late = True
            return (kept[1] if kept else None), False
        picture = _picture(card, detail, scale, ratio, theme)
        self._kept[card] = (key, picture)
        if len(self._kept) > MOST_PICTURES:
            self._kept.popitem(last=False)
        return picture, True


def _picture(card: Card, detail: Detail, scale: float, ratio: float, theme: Theme) -> QPixmap:
    width, height = round(WIDTH_PX * scale) + 2 * _MARGIN_PX, round(HEIGHT_PX * scale) + 2 * _MARGIN_PX
    picture = QPixmap(round(width * ratio), round(height * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
    painter.translate(_MARGIN_PX, _MARGIN_PX)
    painter.scale(scale, scale)
    (paint_card if detail is Detail.FULL else paint_name)(painter, card, theme)
    painter.end()
    return picture


class DotGrid:
    """The dotted ground, kept as one row of dots per zoom and width."""

    def __init__(self) -> None:
        self._key: tuple[object, ...] = ()
        self._row = QPixmap()

    def paint(self, painter: QPainter, place: QTransform, width: int, height: int, ratio: float, theme: Theme) -> None:
        """Fills the device area; the dots keep their place in the scene."""
        spacing = GRID_PX * place.m11()
        while spacing < 9:
            spacing *= 4
        key = (spacing, width, ratio, theme.name)
        if key != self._key:
            self._key, self._row = key, _dots(spacing, width, ratio, theme)
        painter.fillRect(0, 0, width, height, QColor(theme.canvas))
        left, top = round(place.dx() % spacing - spacing), place.dy() % spacing
        for row in range(int(height / spacing) + 2):
            painter.drawPixmap(left, round(top + row * spacing) - 1, self._row)


def _dots(spacing: float, width: int, ratio: float, theme: Theme) -> QPixmap:
    columns = int(width / spacing) + 3
    picture = QPixmap(round(columns * spacing * ratio), round(3 * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(QColor(theme.canvas))
    painter = QPainter(picture)
    pen = QPen(QColor(theme.dots), 2.0)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(pen)
    painter.drawPoints([QPointF(column * spacing + 1, 1.0) for column in range(columns)])
    painter.end()
    return picture


class CanvasPainter:
    """Paints ground, wires and cards of one scene.

    Attributes:
        pictures: The kept pictures of cards.
    """

    def __init__(self) -> None:
        self.pictures = CardPictures()
        self._grid = DotGrid()

    def ground(self, painter: QPainter, width: int, height: int, theme: Theme) -> None:
        """Paints the dotted ground in device pixels."""
        place = painter.worldTransform()
        painter.setWorldMatrixEnabled(False)
        self._grid.paint(painter, place, width, height, painter.device().devicePixelRatioF(), theme)
        painter.setWorldMatrixEnabled(True)

    def wires(self, painter: QPainter, wires: list[Wire], zoom: float, theme: Theme) -> None:
        """Paints wires and, where there is room, what they carry."""
        full = detail_at(zoom) is Detail.FULL
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, full or len(wires) < 400)
        plain = QPen(QColor(theme.faint), 1.5 if full else max(1.0, 1.2 / zoom * 0.8))
        painter.setPen(plain)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        special = [wire for wire in wires if wire.reason or wire.selected]
        ordinary = [wire for wire in wires if not (wire.reason or wire.selected)] if special else wires
        if full:
            painter.drawLines([wire.line for wire in ordinary if wire.straight])
            _each(painter.drawPath, [wire.path for wire in ordinary if not wire.straight])
        elif ordinary:
            painter.drawLines([wire.line for wire in ordinary if wire.lane is None])
            painter.drawLines([line for wire in ordinary if wire.lane is not None for line in lane_lines(wire.line, wire.lane)])
        for wire in special:
            painter.setPen(_special_pen(wire, zoom, theme))
            painter.drawPath(wire.path)
        if zoom >= 0.55:
            _labels(painter, wires, theme)

    def cards(self, painter: QPainter, cards: list[Card], zoom: float, theme: Theme) -> None:
        """Paints cards from their pictures, sharp on device pixels."""
        place, ratio, detail = painter.worldTransform(), painter.device().devicePixelRatioF(), detail_at(zoom)
        scale, left, top = place.m11(), place.dx(), place.dy()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.setWorldMatrixEnabled(False)
        sketched: list[Card] = []
        for card in cards:
            rect = card.rect
            x, y = round(rect.x() * scale + left) - _MARGIN_PX, round(rect.y() * scale + top) - _MARGIN_PX
            picture, fresh = self.pictures.of(card, detail, scale, ratio, theme)
            if picture is None:
                sketched.append(card)
            elif fresh:
                painter.drawPixmap(x, y, picture)
            else:
                painter.drawPixmap(x, y, round(WIDTH_PX * scale) + 2, round(HEIGHT_PX * scale) + 2, picture)
        painter.setWorldMatrixEnabled(True)
        blocks(painter, {theme.line: [card.rect for card in sketched]}, theme)


def blocks(painter: QPainter, groups: dict[str, list[QRectF]], _theme: Theme) -> None:
    """Paints cards as plain blocks, one call per colour."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setPen(Qt.PenStyle.NoPen)
    for colour, rects in groups.items():
        if rects:
            painter.setBrush(QColor(colour))
            painter.drawRects(rects)


def _special_pen(wire: Wire, zoom: float, theme: Theme) -> QPen:
    width = max(1.8, 1.2 / zoom)
    if wire.reason:
        pen = QPen(QColor(theme.wrong), width + (0.6 if wire.selected else 0))
        pen.setDashPattern([3.0, 2.0])
        return pen
    return QPen(QColor(theme.accent), width)


def _each(draw: Callable[..., object], things: list[object]) -> None:
    for thing in things:
        draw(thing)


def _labels(painter: QPainter, wires: list[Wire], theme: Theme) -> None:
    painter.setFont(interface_font(11))
    ground = QColor(theme.canvas)
    rightward = {wire.source.id for wire in wires if wire.line.dx() > 20}
    for broken, colour in ((False, theme.quiet), (True, theme.wrong)):
        painter.setPen(QColor(colour))
        for wire in wires:
            if wire.text and bool(wire.reason) is broken and (broken or wire.selected or not wire.quiet):
                _label(painter, wire, wire.source.id in rightward, ground)


def _label(painter: QPainter, wire: Wire, forks: bool, ground: QColor) -> None:
    if wire.straight and wire.line.dy() < 15:
        return
    anchor, ends = wire.label_anchor(forks)
    box = QRectF(anchor.x() - LABEL_PX if ends else anchor.x(), anchor.y() - 8, LABEL_PX, 16)
    width = text_width(wire.text) + 2
    painter.fillRect(QRectF(anchor.x() - width if ends else anchor.x(), anchor.y() - 6, width, 12), ground)
    side = Qt.AlignmentFlag.AlignRight if ends else Qt.AlignmentFlag.AlignLeft
    painter.drawText(box, side | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine | Qt.TextFlag.TextDontClip, wire.text)
