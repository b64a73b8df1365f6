"""Texts with their tokens marked, texts that stand for each other, and rows of a table, drawn on any thread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QTextLayout, QTextOption

from workbench.data.base import Field, FieldKind

if TYPE_CHECKING:
    from workbench.app.pages.data.rows import Rows
    from workbench.app.theme import Theme

LONGEST_TEXT = 1500
_UNKNOWN = ("[UNK]", "<unk>")
_NUMBER_PX, _CLASS_PX, _TEXT_PX, _GAP_PX, _MORE_PX = 78, 104, 190, 16, 44
_TALL_PX = 240


def draw_text(painter: QPainter, box: QRectF, text: str, face: QFont, colours: Theme, tokeniser: Any = None, ink: str = "",
              share: float = 0.5) -> None:
    """Draws a text into a box, in the middle of its height or elsewhere; every second token on a tinted ground, unknown ones on a red one.

    Args:
        painter: Draws.
        box: Where; what does not fit is left out, with an ellipsis.
        text: Any text; white space is drawn together.
        face: The font.
        colours: The theme.
        tokeniser: Gives the tokens of a text, or None for none.
        ink: The colour of the letters; "" for that of texts.
        share: How much of the room that is left stands above the text.
    """
    text = " ".join(text[:LONGEST_TEXT].split())
    layout = QTextLayout(text, face)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    height, whole = _laid_out(layout, box)
    corner = QPointF(box.left(), box.top() + max(0.0, (box.height() - height) * share))
    painter.save()
    painter.setClipRect(box)
    if tokeniser is not None:
        _draw_grounds(painter, layout, corner, tokeniser.tokens(text), colours)
    painter.setPen(QColor(ink or colours.text))
    layout.draw(painter, corner)
    if not whole:
        _draw_more(painter, box, corner.y() + height, face, colours)
    painter.restore()


def _draw_grounds(painter: QPainter, layout: QTextLayout, corner: QPointF, tokens: Sequence[Any], colours: Theme) -> None:
    """Draws the grounds of tokens line by line."""
    painter.setPen(Qt.PenStyle.NoPen)
    for number, token in enumerate(tokens):
        unknown = token.text in _UNKNOWN
        if not unknown and number % 2:
            continue
        ground = QColor(colours.wrong_wash if unknown else colours.line)
        ground.setAlpha(255 if unknown else 150)
        painter.setBrush(ground)
        for index in range(layout.lineCount()):
            line = layout.lineAt(index)
            start, end = max(token.start, line.textStart()), min(token.end, line.textStart() + line.textLength())
            if start < end:
                left, right = (_x(line, place) for place in (start, end))
                painter.drawRoundedRect(QRectF(corner.x() + left, corner.y() + line.y() + 1, max(right - left, 2), line.height() - 2), 3, 3)


def _x(line: Any, place: int) -> float:
    found = line.cursorToX(place)
    return float(found[0] if isinstance(found, tuple) else found)


def _draw_more(painter: QPainter, box: QRectF, bottom: float, face: QFont, colours: Theme) -> None:
    metrics = QFontMetricsF(face)
    width = metrics.horizontalAdvance(" …")
    spot = QRectF(box.right() - width - 2, bottom - metrics.height(), width + 2, metrics.height())
    painter.fillRect(spot, QColor(colours.surface))
    painter.setPen(QColor(colours.quiet))
    painter.drawText(spot, Qt.AlignmentFlag.AlignRight, "…")


def _laid_out(layout: QTextLayout, box: QRectF) -> tuple[float, bool]:
    """Breaks a text into the lines that fit into a box; returns their height, and whether that is all of it."""
    layout.beginLayout()
    height, whole = 0.0, True
    while (line := layout.createLine()).isValid():
        line.setLineWidth(box.width())
        if height and height + line.height() > box.height() + 1:
            # A line that was begun belongs to the layout; far away it is not seen.
            line.setPosition(QPointF(0, 1e5))
            whole = False
            break
        line.setPosition(QPointF(0, height))
        height += line.height()
    layout.endLayout()
    return height, whole


def draw_pair(painter: QPainter, box: QRectF, texts: tuple[str, str], face: QFont, colours: Theme, tokeniser: Any = None) -> None:
    """Draws a text and, below it behind an arrow, what it stands for."""
    half = QRectF(box.left(), box.top(), box.width(), box.height() / 2)
    # Where there is much room, the two stay beside each other.
    apart = box.height() >= _TALL_PX
    draw_text(painter, half.adjusted(0, 0, 0, -6) if apart else half, texts[0], face, colours, tokeniser, share=1.0 if apart else 0.5)
    metrics = QFontMetricsF(face)
    indent = metrics.horizontalAdvance("→ ")
    below = half.translated(0, box.height() / 2)
    painter.setFont(face)
    painter.setPen(QColor(colours.accent))
    below = below.adjusted(0, 6, 0, 0) if apart else below
    painter.drawText(below, Qt.AlignmentFlag.AlignTop if apart else Qt.AlignmentFlag.AlignVCenter, "→")
    draw_text(painter, below.adjusted(indent + 2, 0, 0, 0), texts[1], face, colours, ink=colours.accent, share=0.0 if apart else 0.5)


def draw_cells(painter: QPainter, box: QRectF, rows: Rows, row: int, faces: tuple[QFont, QFont], colours: Theme) -> None:
    """Draws the fields of a row side by side, the name small above the value: numbers and dates at the right, words at the left, missing ones faint.

    Args:
        painter: Draws.
        box: Where; where it is tall, fields go on in further lines.
        rows: The data.
        row: The dataset index.
        faces: For values and for names.
        colours: The theme.
    """
    fields = rows.fields_of_table()
    if box.height() >= _TALL_PX:
        _draw_sheet(painter, box, [rows.words_of(item, row) for item in fields], faces, colours)
        return
    values, names = QFontMetricsF(faces[0]), QFontMetricsF(faces[1])
    high = values.height() + names.height() + 4
    lines = max(1, int(box.height() // (high + 4)))
    x, y, line = box.left(), box.top() + max(0.0, (box.height() - lines * (high + 4)) / 2), 0
    for number, item in enumerate(fields):
        width = _width(item)
        last = line == lines - 1
        if x + width + (_MORE_PX if last and number + 1 < len(fields) else 0) > box.right() + 1 and x > box.left():
            if last:
                _draw_rest(painter, QRectF(x, y, _MORE_PX, high), len(fields) - number, faces[1], colours)
                return
            x, y, line = box.left(), y + high + 4, line + 1
        _draw_cell(painter, QRectF(x, y, width, high), rows.words_of(item, row), item, faces, colours)
        x += width + _GAP_PX


def _draw_sheet(painter: QPainter, box: QRectF, words: Sequence[tuple[str, str]], faces: tuple[QFont, QFont], colours: Theme) -> None:
    """Draws a row of a table from top to bottom: names at the left, values in full beside them."""
    metrics, y = QFontMetricsF(faces[0]), box.top()
    side = min(max((QFontMetricsF(faces[0]).horizontalAdvance(name) for name, _ in words), default=0.0) + 24, box.width() / 3)
    wrap = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignTop
    painter.setFont(faces[0])
    for name, value in words:
        room = QRectF(box.left() + side, y, box.width() - side, box.height())
        high = max(metrics.boundingRect(room, int(wrap), value or "–").height(), metrics.height())
        if y + high > box.bottom():
            return
        painter.setPen(QColor(colours.quiet))
        short = metrics.elidedText(name, Qt.TextElideMode.ElideRight, side - 12)
        painter.drawText(QRectF(box.left(), y, side - 12, high), Qt.AlignmentFlag.AlignTop, short)
        painter.setPen(QColor(colours.faint if value in ("–", "") else colours.text))
        painter.drawText(QRectF(room.left(), y, room.width(), high), int(wrap), value or "–")
        y += high + 8


def _draw_cell(painter: QPainter, box: QRectF, words: tuple[str, str], item: Field, faces: tuple[QFont, QFont], colours: Theme) -> None:
    name, value = words
    way = Qt.AlignmentFlag.AlignRight if item.kind == FieldKind.NUMBER else Qt.AlignmentFlag.AlignLeft
    missing = value in ("–", "")
    for face, text, ink, vertical in ((faces[1], name, colours.quiet, Qt.AlignmentFlag.AlignTop),
                                      (faces[0], value or "–", colours.faint if missing else colours.text, Qt.AlignmentFlag.AlignBottom)):
        painter.setFont(face)
        painter.setPen(QColor(ink))
        painter.drawText(box, way | vertical, QFontMetricsF(face).elidedText(text.replace("\n", " "), Qt.TextElideMode.ElideRight, box.width()))


def _draw_rest(painter: QPainter, box: QRectF, count: int, face: QFont, colours: Theme) -> None:
    painter.setFont(face)
    painter.setPen(QColor(colours.quiet))
    painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, f"+{count}")


def _width(item: Field) -> float:
    if item.kind == FieldKind.NUMBER:
        return _NUMBER_PX + (28 if item.type == "date" else 0)
    return _CLASS_PX if item.kind == FieldKind.CATEGORY else _TEXT_PX


def finite_bounds(values: np.ndarray) -> tuple[float, float]:
    """Returns the smallest and largest value that is a number; 0 and 1 where there is none."""
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
