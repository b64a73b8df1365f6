"""A picture of a layer or a set formula as a widget; pictures with motion move while the pointer is on them."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QEnterEvent, QHideEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.app import theme
from workbench.app.figure_painting import colour_of, formula_picture, paint
from workbench.layers.figures.picture import WIDTH_PX, Picture, Tone
from workbench.settings import load_settings

STEP_MS, MARGIN_PX, LARGEST = 700, 6, 1.6


class FigureView(QWidget):
    """Shows a picture as wide as there is room.

    Signals:
        clicked: The picture was clicked, or Enter pressed on it.
    """

    clicked = Signal()

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._draw: Callable[[int], Picture] | None = None
        self._steps, self.step = 1, 0
        self._timer = QTimer(self)
        self._timer.setInterval(STEP_MS)
        self._timer.timeout.connect(self.advance)
        self.picture = Picture(WIDTH_PX, 0.0, ())

    def show_figure(self, draw: Callable[[int], Picture] | None, steps: int = 1) -> None:
        """Shows another picture.

        Args:
            draw: Returns the picture at a moment; None for no picture.
            steps: How many moments there are.
        """
        self._draw, self._steps = draw, steps
        self.step = min(self.step, max(0, steps - 1))
        self.setVisible(draw is not None)
        if draw is not None:
            before = self.picture.height
            self.picture = draw(self.step)
            if self.picture.height != before:
                self.updateGeometry()
            self.update()

    @property
    def moving(self) -> bool:
        """Whether the picture moves now."""
        return self._timer.isActive()

    def advance(self) -> None:
        """Goes to the next moment."""
        if self._draw is not None:
            self.step = (self.step + 1) % self._steps
            self.picture = self._draw(self.step)
            self.update()

    def _height_at(self, width: int) -> int:
        return round(self.picture.height * self._scale_at(width)) + 2 * MARGIN_PX if self.picture.height else 0

    def _scale_at(self, width: int) -> float:
        return min((width - 2 * MARGIN_PX) / self.picture.width, LARGEST)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._height_at(width)

    def sizeHint(self) -> QSize:
        width = max(160, min(self.width(), round(WIDTH_PX * LARGEST)))
        return QSize(width, self._height_at(width))

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self._height_at(max(120, self.width())))

    def resizeEvent(self, event: QEvent) -> None:
        self.updateGeometry()

    def enterEvent(self, event: QEnterEvent) -> None:
        if self._steps > 1 and load_settings().animate:
            self._timer.start()

    def leaveEvent(self, event: QEvent) -> None:
        self._timer.stop()

    def hideEvent(self, event: QHideEvent) -> None:
        self._timer.stop()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self.rect().contains(event.position().toPoint()):
            self.clicked.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.clicked.emit()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colour_of(Tone.LINE), 1))
        painter.setBrush(colour_of(Tone.GROUND))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), theme.RADIUS_CARD, theme.RADIUS_CARD)
        scale = self._scale_at(self.width())
        painter.translate((self.width() - self.picture.width * scale) / 2, MARGIN_PX)
        painter.scale(scale, scale)
        paint(painter, self.picture)
        if self.hasFocus():
            painter.resetTransform()
            painter.setPen(QPen(colour_of(Tone.BLUE), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), theme.RADIUS_CARD, theme.RADIUS_CARD)
        painter.end()


class FormulaView(QWidget):
    """Shows a formula, set in lines that fit the width."""

    SIZE_PX = 14.0

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = ""
        self._set: tuple[str, int, Picture] | None = None
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def text(self) -> str:
        """Returns the formula in the linear notation."""
        return self._text

    def setText(self, text: str) -> None:
        """Shows another formula; also what a screen reader says."""
        self._text = text
        self.setAccessibleName(text)
        self.setToolTip(text)
        self.updateGeometry()
        self.update()

    def _picture(self, width: int) -> Picture:
        if self._set is None or self._set[:2] != (self._text, width):
            self._set = (self._text, width, formula_picture(self._text, self.SIZE_PX, float(max(width, 80))))
        return self._set[2]

    def _height_at(self, width: int) -> int:
        if not self._text:
            return 0
        picture = self._picture(width)
        return round(picture.height * min(1.0, width / picture.width)) + 2

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._height_at(width)

    def sizeHint(self) -> QSize:
        return QSize(max(160, self.width()), self._height_at(max(160, self.width())))

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self._height_at(max(80, self.width())))

    def resizeEvent(self, event: QEvent) -> None:
        self.updateGeometry()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._text:
            return
        picture = self._picture(self.width())
        painter = QPainter(self)
        scale = min(1.0, self.width() / picture.width)
        painter.scale(scale, scale)
        paint(painter, picture)
        painter.end()
