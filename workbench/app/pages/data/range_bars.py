"""A number as standing bars that a range can be drawn on: by mouse, or by the arrow keys with the two ends of the range."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from workbench.app import theme
from workbench.app.language import tr

BINS, HIGH_PX, FOOT_PX, MOST_COUNTED = 24, 58, 16, 200_000


class RangeBars(QWidget):
    """How a number is distributed, and which part of it the view is narrowed to.

    Arrows move the end in use by one bar, Space takes the other end, Home and End open an end, Escape lets go of the range.

    Signals:
        bounded: Least and largest value; infinite where a side is open.
    """

    bounded = Signal(float, float)

    def __init__(self, name: str, label: str, parent: QWidget | None = None) -> None:
        """Makes an empty one.

        Args:
            name: `page.panel.control`.
            label: What the number is called, translated.
            parent: The owner.
        """
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(label)
        self.setToolTip(tr("Drag over the bars, or use the arrow keys; Space takes the other end, Esc lets go"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(HIGH_PX)
        self._values: np.ndarray | None = None
        self._counts, self._edges = np.zeros(0, np.int64), np.zeros(1)
        self._low, self._high = -math.inf, math.inf
        self._end, self._from = 0, -1

    def show_values(self, values: np.ndarray) -> None:
        """Shows how these are distributed; NaN is left aside, many are counted in an even sample."""
        if values is self._values:
            return
        self._values = values
        part = values[:: max(1, len(values) // MOST_COUNTED)]
        finite = part[np.isfinite(part)].astype(np.float64)
        differ = len(finite) and finite.min() < finite.max()
        self._counts, self._edges = np.histogram(finite, bins=BINS) if differ else (np.zeros(0, np.int64), np.zeros(1))
        self.update()

    @property
    def useful(self) -> bool:
        """Whether there are different values to choose from."""
        return len(self._counts) > 0

    def show_range(self, low: float, high: float) -> None:
        """Shows a range without emitting."""
        if (low, high) != (self._low, self._high):
            self._low, self._high = low, high
            self._describe()
            self.update()

    def _describe(self) -> None:
        ends = tuple("…" if math.isinf(value) else f"{value:.4g}" for value in (self._low, self._high))
        self.setAccessibleDescription("" if ends == ("…", "…") else tr("{low} to {high}", low=ends[0], high=ends[1]))

    @property
    def _chosen(self) -> tuple[int, int]:
        """The first bar of the range, and the one behind its last."""
        first = 0 if math.isinf(self._low) else int(np.clip(np.searchsorted(self._edges, self._low, "right") - 1, 0, BINS - 1))
        last = BINS if math.isinf(self._high) else int(np.clip(np.searchsorted(self._edges, self._high, "left"), 1, BINS))
        return first, max(last, first + 1)

    def _take(self, first: int, last: int) -> None:
        """Narrows to bars; the ends of the whole are open, so that nothing falls out by rounding."""
        first, last = max(0, min(first, BINS - 1)), max(1, min(last, BINS))
        low = -math.inf if first <= 0 else float(self._edges[first])
        high = math.inf if last >= BINS else float(self._edges[last])
        self.show_range(low, high)
        self.bounded.emit(low, high)

    def sizeHint(self) -> QSize:
        return QSize(200, HIGH_PX)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, colours = QPainter(self), theme.current()
        left, width = theme.SPACE_16, self.width() - 2 * theme.SPACE_16
        base, largest = self.height() - FOOT_PX, max(int(self._counts.max(initial=0)), 1)
        first, last = self._chosen
        step = width / BINS
        for index, count in enumerate(self._counts.tolist()):
            high = max(round((base - 4) * count / largest), 1 if count else 0)
            painter.fillRect(QRectF(left + index * step, base - high, max(step - 1, 1), high),
                             QColor(colours.accent if first <= index < last else colours.line))
        painter.fillRect(QRectF(left, base, width, 1), QColor(colours.line))
        painter.setFont(theme.small_font())
        painter.setPen(QColor(colours.quiet))
        foot = QRectF(left, base + 1, width, FOOT_PX)
        ends = [self._edges[first], self._edges[min(last, len(self._edges) - 1)]] if len(self._counts) else [0, 0]
        painter.drawText(foot, Qt.AlignmentFlag.AlignLeft, f"{ends[0]:.3g}" if len(self._counts) else tr("none"))
        painter.drawText(foot, Qt.AlignmentFlag.AlignRight, f"{ends[1]:.3g}" if len(self._counts) else "")
        if self.hasFocus() and len(self._counts):
            painter.setPen(QPen(QColor(colours.accent), 2))
            at = left + (first if self._end == 0 else last) * step
            painter.drawLine(round(at), 2, round(at), base + 2)
            painter.setPen(QPen(QColor(colours.accent), 1))
            painter.drawRect(QRectF(self.rect()).adjusted(theme.SPACE_8, 0.5, -theme.SPACE_8, -0.5))
        painter.end()

    def _bar_at(self, x: float) -> int:
        width = max(self.width() - 2 * theme.SPACE_16, 1)
        return int(np.clip((x - theme.SPACE_16) / width * BINS, 0, BINS - 1))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if len(self._counts) and event.button() == Qt.MouseButton.LeftButton:
            self._from = self._bar_at(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._from >= 0:
            here = self._bar_at(event.position().x())
            first, last = sorted((self._from, here))
            self.show_range(float(self._edges[first]), float(self._edges[last + 1]))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._from >= 0:
            first, last = sorted((self._from, self._bar_at(event.position().x())))
            self._from = -1
            self._take(first, last + 1)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._take(0, BINS)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        keys, key = Qt.Key, Qt.Key(event.key())
        first, last = self._chosen
        if not len(self._counts):
            super().keyPressEvent(event)
        elif key in (keys.Key_Left, keys.Key_Right):
            step = 1 if key == keys.Key_Right else -1
            self._take(min(first + step, last - 1), last) if self._end == 0 else self._take(first, max(last + step, first + 1))
        elif key in (keys.Key_Home, keys.Key_End):
            self._take(0, last) if key == keys.Key_Home else self._take(first, BINS)
        elif key == keys.Key_Space:
            self._end = 1 - self._end
            self.update()
        elif key == keys.Key_Escape and (first, last) != (0, BINS):
            self._take(0, BINS)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()
