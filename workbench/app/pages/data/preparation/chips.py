"""Tokens as chips that wrap like text: what changed is tinted, what is gone is struck through, numbers stand below."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QContextMenuEvent, QFontMetrics, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.app import theme
from workbench.app.pages.data.preparation.drawing import CHANGED, DROPPED, SPECIAL, Piece
from workbench.app.pages.inspect.saving import show_picture_menu
from workbench.app.pages.inspect.tokens import blend

CHIP_PX, NOTED_PX, GAP_PX, PAD_PX = 24, 38, 4, 6


class Chips(QWidget):
    """Pieces of a text."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.pieces: tuple[Piece, ...] = ()
        self._boxes: list[QRect] = []

    def show_pieces(self, pieces: Sequence[Piece]) -> None:
        """Shows pieces."""
        self.pieces = tuple(pieces)
        self.setAccessibleName(" ".join(piece.text for piece in self.pieces if piece.tone != DROPPED))
        self.setMinimumHeight(0)
        self._fit()
        self.updateGeometry()
        self.update()

    @property
    def _high(self) -> int:
        return NOTED_PX if any(piece.note for piece in self.pieces) else CHIP_PX

    def _placed(self, width: int) -> tuple[list[QRect], int]:
        metrics, notes, high = QFontMetrics(theme.text_font()), QFontMetrics(theme.small_font()), self._high
        boxes, x, y = [], 0, 0
        for piece in self.pieces:
            wide = max(metrics.horizontalAdvance(visible(piece.text)), notes.horizontalAdvance(piece.note)) + 2 * PAD_PX
            wide = min(wide, max(width, 24))
            if x and x + wide > width:
                x, y = 0, y + high + GAP_PX
            boxes.append(QRect(x, y, wide, high))
            x += wide + GAP_PX
        return boxes, y + high

    def _fit(self) -> None:
        self._boxes, height = self._placed(max(self.width(), 80))
        self.setMinimumHeight(height)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._placed(width)[1]

    def sizeHint(self) -> QSize:
        return QSize(240, self.heightForWidth(max(self.width(), 240)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for piece, box in zip(self.pieces, self._boxes, strict=False):
            paint_chip(painter, piece, box)
        painter.end()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self.pieces:
            show_picture_menu(self, event.globalPos(), text=" ".join(piece.text for piece in self.pieces if piece.tone != DROPPED))


def paint_chip(painter: QPainter, piece: Piece, box: QRect) -> None:
    """Paints one piece."""
    colours = theme.current()
    gone, changed = piece.tone == DROPPED, piece.tone == CHANGED
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colours.accent_wash) if changed else QColor(colours.surface) if gone else blend(colours.surface, colours.line, 0.55))
    painter.drawRoundedRect(box, 5, 5)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if changed or piece.tone in ("unknown", SPECIAL):
        ink = colours.doubtful if piece.tone == "unknown" else colours.accent if changed else colours.faint
        painter.setPen(QPen(QColor(ink), 1.2, Qt.PenStyle.SolidLine if changed else Qt.PenStyle.DashLine))
        painter.drawRoundedRect(QRectF(box).adjusted(0.6, 0.6, -0.6, -0.6), 5, 5)
    font = theme.text_font()
    font.setStrikeOut(gone)
    painter.setFont(font)
    painter.setPen(QColor(colours.quiet if gone or piece.tone == SPECIAL else colours.text))
    upper = box.adjusted(0, 0, 0, -14) if piece.note else box
    text = painter.fontMetrics().elidedText(visible(piece.text), Qt.TextElideMode.ElideRight, box.width() - PAD_PX)
    painter.drawText(upper, Qt.AlignmentFlag.AlignCenter, text)
    if piece.note:
        painter.setFont(theme.small_font())
        painter.setPen(QColor(colours.quiet))
        painter.drawText(box.adjusted(0, box.height() - 17, 0, -2), Qt.AlignmentFlag.AlignCenter, piece.note)


def visible(token: str) -> str:
    """Returns a token with its spaces to be seen."""
    return token.replace("\n", "⏎").replace("\t", "⇥").replace(" ", "·") or "∅"
