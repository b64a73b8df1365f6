"""The picture of rows before and after augmentation: images, spectrograms and curves in lines, texts as chips below each other."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.language import tr
from workbench.app.pages.data.preparation.chips import Chips
from workbench.app.pages.data.preparation.drawing import Cell, Drawing
from workbench.app.pages.data.tile_painting import mask_image, qimage
from workbench.app.pages.inspect.saving import show_picture_menu
from workbench.app.widgets import small

GAP_PX, HEAD_PX, LARGEST_PX, SMALLEST_PX = 6, 18, 128, 40
WRAP, WIDE_WRAP = 4, 2
_POINTS = 400


class Pictures(QWidget):
    """Cells in lines: what a row was, then its draws.

    Signals:
        heard: The samples of the cell that was pressed.
    """

    heard = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("data.preparation.preview.pictures")
        self.setAccessibleName(tr("Rows before and after augmentation"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.drawing: Drawing | None = None
        self._cells: list[tuple[QRect, Cell, Cell | None, str]] = []
        self._images: list[QImage | None] = []
        self._heads: list[tuple[QRect, str]] = []
        self._at = -1

    def show_drawing(self, drawing: Drawing | None) -> None:
        """Shows these rows."""
        self.drawing, self._at = drawing, -1
        self._images = []
        self._place()
        self.update()

    def _place(self) -> None:
        self._cells, self._heads, drawing = [], [], self.drawing
        if drawing is None or not drawing.lines:
            self.setFixedHeight(LARGEST_PX)
            return
        draws = min(len(drawing.lines[0].after), self._wrap)
        width, height, beside = self._cell_size(draws)
        group_px = (1 + draws) * (width + GAP_PX) + 2 * GAP_PX
        for number in range(min(beside, len(drawing.lines))):
            left = number * group_px
            self._heads.append((QRect(left, 0, width, HEAD_PX), tr("Before")))
            if draws:
                self._heads.append((QRect(left + width + 2 * GAP_PX, 0, group_px, HEAD_PX), tr("After")))
        bottom = 0
        for number, line in enumerate(drawing.lines):
            left, top = number % beside * group_px, HEAD_PX + number // beside * (height + GAP_PX)
            self._cells.append((QRect(left, top, width, height), line.before, None, tr("Row {row}", row=f"{line.row:,}")))
            for place, cell in enumerate(line.after):
                over, across = divmod(place, self._wrap)
                box = QRect(left + (across + 1) * (width + GAP_PX) + GAP_PX, top + over * (height + GAP_PX), width, height)
                words = tr("Row {row}, step {step}", row=f"{line.row:,}", step=f"{drawing.step + place:,}")
                self._cells.append((box, cell, line.before, " ".join(part for part in (words, line.notes[place]) if part)))
            bottom = self._cells[-1][0].bottom() + 1
        self.setFixedHeight(bottom + 2)

    @property
    def _wide(self) -> bool:
        """Whether cells are wide: series and sounds."""
        cell = self.drawing.lines[0].before if self.drawing is not None and self.drawing.lines else Cell()
        return cell.curve is not None or cell.samples is not None

    @property
    def _wrap(self) -> int:
        return WIDE_WRAP if self._wide else WRAP

    def _cell_size(self, draws: int) -> tuple[int, int, int]:
        """Returns width and height of a cell, and how many rows stand side by side."""
        assert self.drawing is not None
        cell = self.drawing.lines[0].before
        wide = self._wide
        beside = 1 if draws > 1 else max(1, self.width() // (2 * (96 if wide else 72) + 4 * GAP_PX))
        beside = min(beside, 3, len(self.drawing.lines))
        room = (self.width() - beside * 2 * GAP_PX) // (beside * (1 + draws)) - GAP_PX
        width = max(SMALLEST_PX, min(room, LARGEST_PX + (32 if wide else 0)))
        if wide:
            return width, max(40, round(width * 0.6)), beside
        if cell.pixels is None:
            return width, width, beside
        ratio = cell.pixels.shape[0] / max(cell.pixels.shape[1], 1)
        return width, max(20, min(round(width * ratio), LARGEST_PX)), beside

    def image_of(self, number: int) -> QImage | None:
        """Returns the picture of a cell in its own pixels."""
        if not self._images:
            self._images = [None] * len(self._cells)
        cell = self._cells[number][1]
        if self._images[number] is None and cell.pixels is not None:
            self._images[number] = _with_mask(cell)
        return self._images[number]

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, colours = QPainter(self), theme.current()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.small_font())
        painter.setPen(QColor(colours.quiet))
        for box, words in self._heads:
            painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, words)
        for number, (box, cell, before, _words) in enumerate(self._cells):
            image = self.image_of(number)
            if image is not None:
                painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, image.width() > box.width() or cell.samples is not None)
                painter.drawImage(_inside(box, image) if cell.samples is None else box, image)
            elif cell.curve is not None:
                paint_curves(painter, box, cell.curve, before.curve if before is not None else None)
            if number == self._at and self.hasFocus():
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(QColor(colours.accent), 2))
                painter.drawRect(box.adjusted(0, 0, -1, -1))
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        if event.size().width() != event.oldSize().width():
            self._images = []
            self._place()

    def _cell_at(self, point: QPointF) -> int:
        return next((number for number, (box, *_rest) in enumerate(self._cells) if box.contains(point.toPoint())), -1)

    def _go(self, number: int) -> None:
        if 0 <= number < len(self._cells):
            self._at = number
            self.setAccessibleDescription(self._cells[number][3])
            self.update()

    def _hear(self) -> None:
        if 0 <= self._at < len(self._cells) and self._cells[self._at][1].samples is not None:
            self.heard.emit(self._cells[self._at][1].samples)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._go(self._cell_at(event.position()))
        self._hear()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        draws = 1 + min(len(self.drawing.lines[0].after), self._wrap) if self.drawing is not None and self.drawing.lines else 1
        steps = {Qt.Key.Key_Right: 1, Qt.Key.Key_Left: -1, Qt.Key.Key_Down: draws, Qt.Key.Key_Up: -draws}
        step = steps.get(Qt.Key(event.key()))
        if step is not None:
            self._go(0 if self._at < 0 else self._at + step)
        elif event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._hear()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        number = self._cell_at(QPointF(event.pos()))
        image = self.image_of(number) if number >= 0 else None
        show_picture_menu(self, event.globalPos(), (lambda: image) if image is not None else None)

    def event(self, event: object) -> bool:
        if isinstance(event, QHelpEvent):
            number = self._cell_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), self._cells[number][3] if number >= 0 else "", self)
            return True
        return super().event(event)  # type: ignore[arg-type]

    def sizeHint(self) -> QSize:
        return QSize(320, max(self.height(), LARGEST_PX))


def _inside(box: QRect, image: QImage) -> QRect:
    size = image.size().scaled(box.size(), Qt.AspectRatioMode.KeepAspectRatio)
    return QRect(box.x() + (box.width() - size.width()) // 2, box.y(), size.width(), size.height())


def _with_mask(cell: Cell) -> QImage:
    assert cell.pixels is not None
    picture = qimage(cell.pixels)
    if cell.mask is None:
        return picture
    picture = picture.convertToFormat(QImage.Format.Format_RGB32)
    painter = QPainter(picture)
    painter.setOpacity(0.45)
    painter.drawImage(picture.rect(), mask_image(cell.mask))
    painter.end()
    return picture


def paint_curves(painter: QPainter, box: QRect, curve: np.ndarray, before: np.ndarray | None) -> None:
    """Paints a series, grey where it is what there was, coloured above it where it is a draw; both on one scale."""
    colours = theme.current()
    painter.setPen(QPen(QColor(colours.line), 1))
    painter.setBrush(QColor(colours.background))
    painter.drawRoundedRect(QRectF(box).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
    together = curve if before is None else np.concatenate([curve, before])
    finite = together[np.isfinite(together)]
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for feature in range(min(curve.shape[1], 3)):
        grey = curve if before is None else before
        painter.setPen(QPen(QColor(colours.faint), 1.2))
        painter.drawPolyline(_line(box, grey[:, feature], low, high))
        if before is not None:
            painter.setPen(QPen(QColor(colours.curves[feature]), 1.4))
            painter.drawPolyline(_line(box, curve[:, feature], low, high))


def _line(box: QRect, values: np.ndarray, low: float, high: float) -> QPolygonF:
    places = np.unique(np.linspace(0, len(values) - 1, min(len(values), _POINTS)).astype(np.int64)) if len(values) else np.zeros(0, np.int64)
    span, room = high - low or 1.0, box.adjusted(4, 4, -4, -4)
    return QPolygonF([
        QPointF(room.x() + room.width() * int(place) / max(len(values) - 1, 1),
                room.bottom() - room.height() * (float(np.nan_to_num(values[place], nan=low)) - low) / span)
        for place in places
    ])


class Texts(QWidget):
    """Texts as chips: what was read, then each draw below it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("data.preparation.preview.texts")
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(theme.SPACE_4)
        self.chips: list[Chips] = []

    def show_drawing(self, drawing: Drawing) -> None:
        """Shows these rows."""
        while self._layout.count():
            widget = self._layout.takeAt(0).widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.chips = []
        for line in drawing.lines:
            self._add(tr("Row {row}", row=f"{line.row:,}"), line.before)
            for place, cell in enumerate(line.after):
                self._add(tr("Step {step}", step=f"{drawing.step + place:,}"), cell, line.notes[place])
        self._layout.addStretch(1)

    def _add(self, words: str, cell: Cell, note: str = "") -> None:
        head = small(" · ".join(part for part in (words, note) if part), self)
        chips = Chips(f"data.preparation.preview.chips{len(self.chips)}", self)
        chips.show_pieces(cell.pieces or ())
        self.chips.append(chips)
        self._layout.addWidget(head)
        self._layout.addWidget(chips)


class Preview(QWidget):
    """Pictures or texts, whichever the data is."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("data.preparation.preview")
        self.pictures, self.texts = Pictures(self), Texts(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.pictures)
        layout.addWidget(self.texts)
        self.texts.hide()
        self.drawing: Drawing | None = None

    def show_drawing(self, drawing: Drawing) -> None:
        """Shows rows before and after."""
        self.drawing = drawing
        worded = bool(drawing.lines) and drawing.lines[0].before.pieces is not None
        self.texts.setVisible(worded)
        self.pictures.setVisible(not worded)
        if worded:
            self.texts.show_drawing(drawing)
        else:
            self.pictures.show_drawing(drawing)
