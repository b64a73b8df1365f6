"""Series as curves and sounds as wave and spectrogram, with axes where there is room, drawn on any thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QPolygonF

from workbench.app.pages.data.sound_picture import spectrogram, waveform
from workbench.app.pages.data.tile_text import finite_bounds

if TYPE_CHECKING:
    from workbench.app.theme import Theme
    from workbench.data.base import Field

AXES_FROM_PX = 110
_DASHES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine)


def draw_series(painter: QPainter, box: QRectF, values: np.ndarray, face: QFont, colours: Theme) -> None:
    """Draws `(T,)` or `(T, F)` as one curve a feature; from 110 px on with axes that say the least, the largest and the last step."""
    series = values.astype(np.float64).reshape(len(values), -1)
    low, high = finite_bounds(series)
    if box.height() >= AXES_FROM_PX:
        box = _axes(painter, box, (_short(high), _short(low)), ("0", f"{len(series) - 1:,}"), face, colours)
    span = (high - low) or 1.0
    if low < 0 < high:
        painter.setPen(QPen(QColor(colours.line), 1))
        zero = box.top() + 4 + high / span * (box.height() - 8)
        painter.drawLine(QPointF(box.left(), zero), QPointF(box.right(), zero))
    across = np.linspace(box.left() + 3, box.right() - 3, len(series))
    for feature in reversed(range(min(series.shape[1], len(colours.curves)))):
        down = box.top() + 4 + (high - np.nan_to_num(series[:, feature], nan=low)) / span * (box.height() - 8)
        painter.setPen(QPen(QColor(colours.curves[feature]), 1.3, _DASHES[feature % len(_DASHES)]))
        x, y = thinned(across, down, int(box.width()))
        painter.drawPolyline(QPolygonF([QPointF(*point) for point in zip(x.tolist(), y.tolist(), strict=True)]))


def draw_sound(painter: QPainter, box: QRectF, samples: np.ndarray, item: Field | None, face: QFont, colours: Theme) -> None:
    """Draws the wave above the loudness of every pitch; from 110 px on with seconds below and the highest pitch at the side."""
    from workbench.app.pages.data.tile_painting import qimage

    rate = item.rate if item is not None else 0
    if box.height() >= AXES_FROM_PX and rate:
        top = f"{rate / 2000:.3g} kHz"
        box = _axes(painter, box, ("", "0 Hz"), ("0 s", f"{len(samples) / rate:.3g} s"), face, colours, middle=top)
    width, top_px = max(int(box.width()), 8), int(box.height() * 2 // 5)
    low, high = waveform(samples, width)
    painter.setPen(QPen(QColor(colours.accent), 1))
    middle = box.top() + top_px / 2
    for x in range(width):
        at = box.left() + x
        painter.drawLine(QPointF(at, middle - high[x] * top_px / 2), QPointF(at, middle - low[x] * top_px / 2))
    picture = qimage(spectrogram(samples, width, colours.dark))
    painter.drawImage(QRectF(box.left(), box.top() + top_px + 2, box.width(), box.height() - top_px - 2), picture)


def _axes(
    painter: QPainter, box: QRectF, down: tuple[str, str], across: tuple[str, str], face: QFont, colours: Theme, middle: str = "",
) -> QRectF:
    """Draws two axes with the words at their ends and returns the room inside them."""
    metrics = QFontMetricsF(face)
    left = max(metrics.horizontalAdvance(words) for words in (*down, middle)) + 6
    inside = box.adjusted(left, 2, -2, -metrics.height() - 2)
    painter.setPen(QPen(QColor(colours.line), 1))
    painter.drawLine(inside.topLeft(), inside.bottomLeft())
    painter.drawLine(inside.bottomLeft(), inside.bottomRight())
    painter.setFont(face)
    painter.setPen(QColor(colours.quiet))
    right = Qt.AlignmentFlag.AlignRight
    side = QRectF(box.left(), inside.top(), left - 4, inside.height())
    painter.drawText(side, right | Qt.AlignmentFlag.AlignTop, down[0])
    painter.drawText(side, right | Qt.AlignmentFlag.AlignBottom, down[1])
    painter.drawText(side.adjusted(0, inside.height() * 2 / 5, 0, 0), right | Qt.AlignmentFlag.AlignTop, middle)
    foot = QRectF(inside.left(), inside.bottom() + 1, inside.width(), metrics.height())
    painter.drawText(foot, Qt.AlignmentFlag.AlignLeft, across[0])
    painter.drawText(foot, right, across[1])
    return inside


def _short(value: float) -> str:
    return f"{value:.3g}"


def thinned(across: np.ndarray, down: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns a curve with at most four points a pixel: smallest and largest of what falls together."""
    if len(down) <= 4 * width:
        return across, down
    parts = len(down) // (2 * width)
    cut = len(down) // parts * parts
    blocks = down[:cut].reshape(-1, parts)
    ends = np.stack([blocks.min(1), blocks.max(1)], axis=1).ravel()
    return np.repeat(across[:cut:parts], 2), ends
