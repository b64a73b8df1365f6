"""How one cell of the grid looks: its picture or its line, caption, marks of changes, selection, cursor; and the heading of a group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from workbench.app import theme
from workbench.app.language import tr
from workbench.app.pages.data.cell_layout import CAPTION_PX
from workbench.data.base import FieldKind

if TYPE_CHECKING:
    from PySide6.QtGui import QPixmap

    from workbench.app.pages.data.rows import Rows

SIDE_PX, PLAY_PX, LISTED_PX = 168, 22, 40
_KEPT_WORDS = 4000


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell to paint.

    Attributes:
        row: The dataset index.
        rect: Where.
        pixmap: What was drawn of the row, or None while it is being made.
        picked: Whether it is selected.
        at: Whether the cursor stands on it.
        focus: Whether the grid has the keyboard.
    """

    row: int
    rect: QRect
    pixmap: QPixmap | None
    picked: bool
    at: bool
    focus: bool


class CellPainter:
    """Paints cells of one set of rows. Shortened words are worked out once."""

    def __init__(self) -> None:
        self._elided: dict[tuple[str, int], str] = {}

    def forget(self) -> None:
        """Has words measured anew, for another face."""
        self._elided.clear()

    def picture(self, painter: QPainter, rows: Rows, cell: Cell, side: int, captions: int) -> None:
        """Paints a square picture with so many lines of caption below."""
        colours = theme.current()
        square = QRect(cell.rect.left(), cell.rect.top(), side, side)
        if cell.picked:
            painter.fillRect(square.adjusted(-4, -4, 4, cell.rect.height() - side + 2), QColor(colours.accent_wash))
        painter.fillRect(square, QColor(colours.raised))
        _paint_pixmap(painter, cell.pixmap, square)
        self._marks(painter, rows, cell.row, square)
        if rows.lead is not None and rows.lead.kind == FieldKind.AUDIO and side >= 64:
            _paint_play(painter, play_box(square), colours)
        if cell.at:
            painter.setPen(QPen(QColor(colours.accent if cell.focus else colours.faint), 2))
            painter.drawRect(square.adjusted(-2, -2, 1, 1))
        if captions:
            self._caption(painter, rows, cell, QRect(cell.rect.left(), square.bottom() + 2, side, CAPTION_PX - 2), captions)

    def _caption(self, painter: QPainter, rows: Rows, cell: Cell, box: QRect, lines: int) -> None:
        colours, said = theme.current(), rows.said.of(cell.row)
        painter.setPen(QColor(_tone(colours, said.tone) or (colours.text if cell.at else colours.quiet)))
        way = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(box, way, self._short(painter, said.answer, box.width()))
        if lines > 1:
            painter.setPen(QColor(colours.quiet))
            rest = lines - 1
            below = QRect(box.left(), box.bottom(), box.width(), rest * (CAPTION_PX - 3))
            words = self._short(painter, said.beside, box.width() * rest - (12 if rest > 1 else 0))
            painter.drawText(below, Qt.TextFlag.TextWordWrap if rest > 1 else way, words)

    def _marks(self, painter: QPainter, rows: Rows, row: int, square: QRect) -> None:
        edit, colours = rows.edit_of(row), theme.current()
        if edit.excluded:
            _paint_left_out(painter, square, colours)
        elif not edit.empty:
            painter.fillRect(square.right() - 8, square.top() + 3, 6, 6, QColor(colours.doubtful))

    def line(self, painter: QPainter, rows: Rows, cell: Cell) -> None:
        """Paints a row as a line: what it holds, what it answers at its right end."""
        self._ground(painter, cell)
        rect = cell.rect
        body = rect.adjusted(theme.SPACE_16, 5, -theme.SPACE_16 - SIDE_PX, -5)
        if cell.pixmap is not None:
            painter.drawPixmap(body.topLeft(), cell.pixmap)
        self._side(painter, rows, cell)

    def listed(self, painter: QPainter, rows: Rows, cell: Cell) -> None:
        """Paints a picture as a line: small, with its words beside it."""
        self._ground(painter, cell)
        rect, colours, said = cell.rect, theme.current(), rows.said.of(cell.row)
        side = rect.height() - 6
        square = QRect(rect.left() + theme.SPACE_16, rect.top() + 2, side, side)
        _paint_pixmap(painter, cell.pixmap, square)
        words = QRect(square.right() + theme.SPACE_12, rect.top(), rect.width() - square.right() - 2 * theme.SPACE_12 - SIDE_PX, rect.height())
        painter.setPen(QColor(colours.text))
        beside = said.beside or rows.id_of(cell.row)
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, self._short(painter, beside, words.width()))
        self._side(painter, rows, cell)

    def _ground(self, painter: QPainter, cell: Cell) -> None:
        colours, rect = theme.current(), cell.rect
        if cell.picked:
            painter.fillRect(rect, QColor(colours.accent_wash))
        if cell.at:
            painter.fillRect(rect.left(), rect.top(), 3, rect.height() - 1, QColor(colours.accent))
            if cell.focus:
                painter.setPen(QPen(QColor(colours.accent), 1))
                painter.drawRect(rect.adjusted(0, 0, -1, -2))
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, QColor(colours.line))

    def _side(self, painter: QPainter, rows: Rows, cell: Cell) -> None:
        colours, said, edit = theme.current(), rows.said.of(cell.row), rows.edit_of(cell.row)
        words = said.answer
        if edit.excluded:
            words = f"✕ {tr('left out')}" if not words else f"✕ {words}"
        elif not edit.empty:
            words = f"• {words}"
        box = QRect(cell.rect.right() - SIDE_PX - theme.SPACE_12, cell.rect.top(), SIDE_PX, cell.rect.height())
        painter.setPen(QColor(colours.wrong if edit.excluded else _tone(colours, said.tone) or colours.quiet))
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, self._short(painter, words, SIDE_PX))

    def heading(self, painter: QPainter, box: QRect, name: str, size: int, folded: bool, ground: str) -> None:
        """Paints the heading of a group."""
        colours = theme.current()
        painter.fillRect(box, QColor(ground))
        painter.fillRect(box.left(), box.bottom(), box.width(), 1, QColor(colours.line))
        inside = box.adjusted(theme.SPACE_8, 0, -theme.SPACE_8, 0)
        painter.setPen(QColor(colours.text))
        painter.drawText(inside, Qt.AlignmentFlag.AlignVCenter, f"{'▸' if folded else '▾'}  {name or tr('none')}")
        painter.setPen(QColor(colours.quiet))
        painter.drawText(inside, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, tr("{count} rows", count=f"{size:,}"))

    def _short(self, painter: QPainter, words: str, width: int) -> str:
        """Returns words cut to a width; worked out once."""
        key = words, width
        if key not in self._elided:
            if len(self._elided) > _KEPT_WORDS:
                self._elided.clear()
            self._elided[key] = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, width)
        return self._elided[key]


def play_box(square: QRect) -> QRect:
    """Returns where the play button of a sound stands in its picture."""
    return QRect(square.right() - PLAY_PX - 2, square.top() + 3, PLAY_PX, PLAY_PX)


def _tone(colours: theme.Theme, tone: str) -> str:
    return {"wrong": colours.wrong, "good": colours.good}.get(tone, "")


def _paint_pixmap(painter: QPainter, pixmap: QPixmap | None, box: QRect) -> None:
    if pixmap is None:
        return
    size = pixmap.deviceIndependentSize().toSize()
    if max(size.width(), size.height()) != box.width():
        size = size.scaled(box.width(), box.height(), Qt.AspectRatioMode.KeepAspectRatio)
    corner = QPoint(box.left() + (box.width() - size.width()) // 2, box.top() + (box.height() - size.height()) // 2)
    painter.drawPixmap(QRect(corner, size), pixmap)


def _paint_play(painter: QPainter, box: QRect, colours: theme.Theme) -> None:
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(colours.line), 1))
    painter.setBrush(QColor(colours.surface))
    painter.drawEllipse(box)
    x, y = box.center().x() + 1, box.center().y() + 0.5
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colours.accent))
    painter.drawPolygon(QPolygonF([QPointF(x - 3.5, y - 5), QPointF(x - 3.5, y + 5), QPointF(x + 5, y)]))
    painter.restore()


def _paint_left_out(painter: QPainter, square: QRect, colours: theme.Theme) -> None:
    veil = QColor(colours.background)
    veil.setAlpha(170)
    painter.fillRect(square, veil)
    painter.setPen(QPen(QColor(colours.wrong), 1.5))
    painter.drawLine(square.topLeft() + QPoint(4, 4), square.bottomRight() - QPoint(4, 4))
    painter.drawLine(square.topRight() + QPoint(-4, 4), square.bottomLeft() + QPoint(4, -4))
