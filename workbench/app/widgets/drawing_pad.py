"""A pad to draw a sign on, and what a model is given of it: brought to size and place the way its training images were."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QKeySequence, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.app import theme
from workbench.app.language import tr

if TYPE_CHECKING:
    import numpy as np

Stroke = list[tuple[float, float]]
THROTTLE_MS = 60
BLOCK_SIDE = 32
BLOCK_PEN = 4.2
SMALLEST_SIGN = 0.12


class DrawingPad(QWidget):
    """White ink on a dark ground, by mouse, pen or finger.

    Signals:
        drawn: uint8 `(H, W, 1)` while the pen moves (at most every 60 ms) and when it lifts; None once the pad is empty.
    """

    drawn = Signal(object)

    def __init__(self, name: str, parent: QWidget | None = None, *, height: int = 8, width: int = 8, side: int = 192) -> None:
        """Makes an empty pad.

        Args:
            name: `page.panel.control`.
            parent: The owner.
            height, width: Size of the images that the model was trained on.
            side: Side of the pad in pixels.
        """
        self.strokes: list[Stroke] = []
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(tr("Drawing pad"))
        self.setToolTip(tr("Draw with the pointer; Delete clears, Ctrl+Z takes the last stroke back."))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setFixedSize(side, side)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_AcceptTouchEvents, False)
        self._size = (height, width)
        self._drawing = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(THROTTLE_MS)
        self._timer.timeout.connect(self._say)

    def set_size(self, height: int, width: int) -> None:
        """Takes another image size and says the drawing anew."""
        if (height, width) != self._size:
            self._size = (height, width)
            if self.strokes:
                self._say()

    def image(self) -> np.ndarray | None:
        """Returns what the model is given, uint8 `(H, W, 1)`, or None while the pad is empty."""
        if not any(self.strokes):
            return None
        return sign_image(self.strokes, *self._size)

    def clear(self) -> None:
        """Empties the pad."""
        self.strokes = []
        self._after_edit()

    def undo_stroke(self) -> None:
        """Takes the last stroke back."""
        self.strokes = self.strokes[:-1]
        self._after_edit()

    def set_strokes(self, strokes: list[Stroke]) -> None:
        """Shows strokes given in shares of the pad's side (a demonstration, a test)."""
        self.strokes = [list(stroke) for stroke in strokes]
        self._after_edit()

    def _after_edit(self) -> None:
        self._timer.stop()
        self.update()
        self._say()

    def _say(self) -> None:
        self.drawn.emit(self.image())

    def sizeHint(self) -> QSize:
        return self.size()

    def _point(self, event: QMouseEvent) -> tuple[float, float]:
        place = event.position()
        return min(max(place.x() / self.width(), 0.0), 1.0), min(max(place.y() / self.height(), 0.0), 1.0)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._drawing = True
            self.strokes.append([self._point(event)])
            self._moved()
        elif event.button() == Qt.MouseButton.RightButton:
            self.clear()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._drawing and self.strokes:
            self.strokes[-1].append(self._point(event))
            self._moved()

    def _moved(self) -> None:
        self.update()
        if not self._timer.isActive():
            self._timer.start()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._drawing and event.button() == Qt.MouseButton.LeftButton:
            self._drawing = False
            self._after_edit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace, Qt.Key.Key_Escape):
            self.clear()
        elif event.matches(QKeySequence.StandardKey.Undo) and self.strokes:
            self.undo_stroke()
        else:
            super().keyPressEvent(event)

    def event(self, event: Any) -> bool:
        if self.strokes and event.type() == QEvent.Type.ShortcutOverride and event.matches(QKeySequence.StandardKey.Undo):
            event.accept()
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(theme.current().accent if self.hasFocus() else theme.current().line), 1))
        painter.setBrush(QColor("#101318"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), theme.RADIUS_CONTROL, theme.RADIUS_CONTROL)
        if not self.strokes:
            painter.setPen(QColor("#8A94A6"))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, tr("Draw here"))
        paint_strokes(painter, self.strokes, QRectF(self.rect()), self.width() * BLOCK_PEN / BLOCK_SIDE * 0.8)
        painter.end()


def paint_strokes(painter: QPainter, strokes: list[Stroke], place: QRectF, pen_width: float) -> None:
    """Paints strokes given in shares of a side into a rectangle."""
    painter.setPen(QPen(QColor(Qt.GlobalColor.white), pen_width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
    for stroke in strokes:
        points = [QPointF(place.x() + x * place.width(), place.y() + y * place.height()) for x, y in stroke]
        if len(points) == 1:
            painter.drawPoint(points[0])
        else:
            painter.drawPolyline(QPolygonF(points))


def sign_image(strokes: list[Stroke], height: int, width: int) -> np.ndarray:
    """Returns strokes as an image like those of the training data, uint8 `(H, W, 1)`.

    8 x 8: as the UCI digits were made: the sign fills a bitmap of 32 x 32 from top to bottom, and each 4 x 4 block counts its ink.
    Any other size: as MNIST was made: the sign fits a box of 20/28 of the side and is centred by its mass.
    """
    if (height, width) == (8, 8):
        from workbench.data.formats.digits import counts_of_drawing, grey_of_counts

        ink = _painted(_fitted(strokes, BLOCK_SIDE - BLOCK_PEN, BLOCK_SIDE, BLOCK_SIDE), BLOCK_SIDE, BLOCK_SIDE, BLOCK_PEN, smooth=False)
        return grey_of_counts(counts_of_drawing(ink))[..., None]
    side = min(height, width)
    pen = side * 2.2 / 28
    ink = _painted(_fitted(strokes, side * 20 / 28 - pen, height, width), height, width, pen, smooth=True)
    return _centred_by_mass(ink)[..., None]


def _fitted(strokes: list[Stroke], box: float, height: int, width: int) -> list[Stroke]:
    """Returns strokes in pixels, scaled so that the larger side of the sign is `box`, centred. A mere dot keeps its size."""
    xs = [x for stroke in strokes for x, _ in stroke]
    ys = [y for stroke in strokes for _, y in stroke]
    largest = max(max(xs) - min(xs), max(ys) - min(ys))
    scale = box / max(largest, SMALLEST_SIGN)
    middle_x, middle_y = (max(xs) + min(xs)) / 2, (max(ys) + min(ys)) / 2
    return [[((x - middle_x) * scale + width / 2, (y - middle_y) * scale + height / 2) for x, y in stroke] for stroke in strokes]


def _painted(strokes: list[Stroke], height: int, width: int, pen: float, *, smooth: bool) -> np.ndarray:
    """Returns strokes given in pixels as ink, uint8 `(height, width)`; without `smooth` each pixel is inked or not."""
    import numpy as np

    image = QImage(width, height, QImage.Format.Format_Grayscale8)
    image.fill(0)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    paint_strokes(painter, strokes, QRectF(0, 0, 1, 1), pen)
    painter.end()
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(height, image.bytesPerLine())[:, :width].copy()
    return rows if smooth else ((rows > 127) * 255).astype(np.uint8)


def _centred_by_mass(ink: np.ndarray) -> np.ndarray:
    import numpy as np

    mass = ink.astype(np.float64)
    total = mass.sum()
    if total == 0:
        return ink
    height, width = ink.shape
    down = round((height - 1) / 2 - float((mass.sum(1) * np.arange(height)).sum() / total))
    right = round((width - 1) / 2 - float((mass.sum(0) * np.arange(width)).sum() / total))
    return np.roll(ink, (down, right), (0, 1))
