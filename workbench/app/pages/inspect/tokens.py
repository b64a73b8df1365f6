"""A sentence as a row of tokens on tinted grounds: blue speaks for the answer, red against it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.app import theme
from workbench.app.language import tr
from workbench.app.pages.inspect.saving import show_picture_menu

LINE_PX, PAD_PX, GAP_PX = 26, 6, 4
FOR, AGAINST = "#2166AC", "#D7301F"
FOR_DARK, AGAINST_DARK = "#6C9CFF", "#F0766E"


def blend(ground: str, ink: str, share: float) -> QColor:
    """Returns `share` of `ink` on `ground`."""
    low, high = QColor(ground), QColor(ink)
    mix = [round(a + (b - a) * share) for a, b in zip(low.getRgb()[:3], high.getRgb()[:3], strict=True)]
    return QColor(*mix)


def signed_ground(value: float) -> QColor:
    """Returns the ground of a token whose attribution is `value` between -1 and 1."""
    colours = theme.current()
    ink = (FOR_DARK if colours.dark else FOR) if value >= 0 else (AGAINST_DARK if colours.dark else AGAINST)
    return blend(colours.surface, ink, min(abs(value), 1.0) * (0.62 if colours.dark else 0.72))


class TokenStrip(QWidget):
    """Tokens that wrap like text.

    Signals:
        token_hovered: The index under the pointer, or -1.
        token_clicked: The index.
    """

    token_hovered = Signal(int)
    token_clicked = Signal(int)

    def __init__(self, name: str, parent: QWidget | None = None, *, walkable: bool = False) -> None:
        """Makes an empty strip.

        Args:
            name: `page.panel.control`.
            parent: The owner.
            walkable: Whether the arrow keys go from token to token, as the pointer does.
        """
        super().__init__(parent)
        self.setObjectName(name)
        self.setMouseTracking(True)
        if walkable:
            self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._tokens: tuple[str, ...] = ()
        self._values: np.ndarray | None = None
        self._positive = False
        self._unknown: tuple[bool, ...] = ()
        self._marked = -1
        self._boxes: list[QRect] = []

    def show_tokens(
        self, tokens: Sequence[str], values: np.ndarray | None = None, *, positive: bool = False, scale: float = 0.0,
        unknown: Sequence[bool] = (),
    ) -> None:
        """Shows tokens.

        Args:
            tokens: The words.
            values: One number each, float `(T,)`; None leaves the grounds plain.
            positive: Whether values have no sign (attention, saliency).
            scale: The value of full colour; 0 takes the largest.
            unknown: For every token, whether it was never seen in training; such tokens stand in a dashed frame.
        """
        self._tokens, self._unknown = tuple(tokens), tuple(unknown)
        top = scale or (float(np.abs(values).max()) if values is not None and len(values) else 0.0)
        self._values = None if values is None or top <= 0 else np.asarray(values) / top
        self._positive = positive
        self.setAccessibleName(" ".join(self._tokens))
        self._place(self.width())
        self.updateGeometry()
        self.update()

    def mark(self, index: int) -> None:
        """Puts a frame around one token; -1 for none."""
        self._marked = index
        self.update()

    def _place(self, width: int) -> int:
        metrics, x, y = QFontMetrics(theme.text_font()), 0, 0
        self._boxes = []
        for token in self._tokens:
            box_px = metrics.horizontalAdvance(_shown(token)) + 2 * PAD_PX
            if x and x + box_px > width:
                x, y = 0, y + LINE_PX + GAP_PX
            self._boxes.append(QRect(x, y, box_px, LINE_PX))
            x += box_px + GAP_PX
        return y + LINE_PX if self._tokens else LINE_PX

    def _at(self, point: QPoint) -> int:
        return next((index for index, box in enumerate(self._boxes) if box.contains(point)), -1)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        kept = self._boxes
        height = self._place(width)
        self._boxes = kept
        return height

    def sizeHint(self) -> QSize:
        return QSize(240, self.heightForWidth(max(self.width(), 240)))

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self.heightForWidth(max(self.width(), 80)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._place(event.size().width())

    def paintEvent(self, event: QPaintEvent) -> None:
        colours, painter = theme.current(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.text_font())
        for index, (token, box) in enumerate(zip(self._tokens, self._boxes, strict=False)):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._ground(index))
            painter.drawRoundedRect(box, 5, 5)
            if index == self._marked or self.is_unknown(index):
                marked = index == self._marked
                painter.setPen(QPen(QColor(colours.accent), 1) if marked else QPen(QColor(colours.doubtful), 1.4, Qt.PenStyle.DashLine))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(QRectF(box).adjusted(0.7, 0.7, -0.7, -0.7), 5, 5)
            painter.setPen(QColor(colours.text))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, _shown(token))
        painter.end()

    def is_unknown(self, index: int) -> bool:
        """Whether a token was never seen in training."""
        return index < len(self._unknown) and self._unknown[index]

    def _ground(self, index: int) -> QColor:
        colours = theme.current()
        if self._values is None:
            return QColor(colours.raised)
        value = float(self._values[index]) if index < len(self._values) else 0.0
        if self._positive:
            return blend(colours.surface, theme.family_colour("attention"), min(abs(value), 1) * 0.75)
        return signed_ground(value)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        index = self._at(event.position().toPoint())
        if self._values is not None and 0 <= index < len(self._values):
            unseen = f" · {tr('never seen in training')}" if self.is_unknown(index) else ""
            self.setToolTip(f"{self._tokens[index]}: {self._values[index]:+.2f}{unseen}")
        self.token_hovered.emit(index)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self._at(event.position().toPoint())
        if index >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self.token_clicked.emit(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        move = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        if not move or not self._tokens:
            super().keyPressEvent(event)
            return
        self._marked = max(0, min(len(self._tokens) - 1, self._marked + move))
        self.setAccessibleDescription(self._tokens[self._marked])
        self.token_hovered.emit(self._marked)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self._tokens:
            show_picture_menu(self, event.globalPos(), text=" ".join(self._tokens))

    def leaveEvent(self, event: object) -> None:
        self.token_hovered.emit(-1)


def _shown(token: str) -> str:
    return token.replace("\n", "⏎").replace(" ", "·") or "∅"
