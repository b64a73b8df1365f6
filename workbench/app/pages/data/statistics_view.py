"""The Statistics tab: cards of bars and figures about the rows that are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QScrollArea, QSizePolicy, QToolTip, QWidget

from workbench.app import theme
from workbench.app.jobs import Job, run_job
from workbench.app.language import tr
from workbench.app.pages.data.statistics import Figure, date_words, figures_of
from workbench.app.pages.inspect.saving import show_picture_menu
from workbench.app.widgets import Card, KeyValue, quiet

if TYPE_CHECKING:
    from workbench.app.pages.data.rows import Rows

BAR_PX, HISTOGRAM_PX, CARD_PX = 20, 110, 320


class StatisticsView(QScrollArea):
    """Cards in as many columns as fit.

    Signals:
        chosen: What was pressed: `("facet", name, value)`, `("range", column, low, high)` or `("rows", rows, words)`.
    """

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("data.statistics")
        self.setAccessibleName(tr("Statistics"))
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self._inside = QWidget()
        self._grid = QGridLayout(self._inside)
        self._grid.setContentsMargins(0, 0, theme.SPACE_8, theme.SPACE_8)
        self._grid.setSpacing(theme.SPACE_12)
        self._grid.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._wait = quiet(tr("Counting..."))
        self._grid.addWidget(self._wait, 0, 0)
        self.setWidget(self._inside)
        self._cards: list[Card] = []
        self._key: Any = None
        self._job: Job | None = None
        self._columns = 0

    def show_rows(self, rows: Rows, shown: np.ndarray) -> None:
        """Counts some rows aside and shows what they hold."""
        key = (rows, shown)
        if self._key is not None and self._key[0] is rows and self._key[1] is shown:
            return
        self._key = key
        if self._job is not None and self._job.running:
            self._job.cancel()
        self._wait.show()
        self._job = run_job(self, lambda _progress, cancelled: figures_of(rows, shown, cancelled), self.show_figures)

    def show_figures(self, figures: list[Figure]) -> None:
        """Shows these cards."""
        self._wait.hide()
        for card in self._cards:
            card.hide()
            card.deleteLater()
        self._cards = [self._card(number, figure) for number, figure in enumerate(figures)]
        self._columns = 0
        self._place()

    def _card(self, number: int, figure: Figure) -> Card:
        card = Card(f"data.statistics.{number}", figure.title, self._inside)
        if figure.bars:
            bars = Bars(figure, card)
            bars.chosen.connect(self.chosen)
            card.content.addWidget(bars)
        if figure.counts:
            histogram = Histogram(figure, card)
            histogram.chosen.connect(self.chosen)
            card.content.addWidget(histogram)
        if figure.facts:
            facts = KeyValue(f"data.statistics.{number}.facts", card, key_width=120)
            facts.set_rows(list(figure.facts))
            card.content.addWidget(facts)
        card.content.addStretch(1)
        return card

    def _place(self) -> None:
        columns = max(1, self.viewport().width() // CARD_PX)
        if columns != self._columns:
            self._columns = columns
            for index, card in enumerate(self._cards):
                self._grid.addWidget(card, 1 + index // columns, index % columns)
                card.show()
            for column in range(12):
                self._grid.setColumnStretch(column, int(column < columns))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()


class _Plot(QWidget):
    def __init__(self, figure: Figure, parent: QWidget) -> None:
        super().__init__(parent)
        self._figure = figure
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        pairs = self._figure.bars or zip((f"{edge:.6g}" for edge in self._figure.edges), self._figure.counts, strict=False)
        show_picture_menu(self, event.globalPos(), text="\n".join(f"{name}\t{value:g}" for name, value in pairs))


class Bars(_Plot):
    """Names with lying bars.

    Signals:
        chosen: What was pressed, as a part of a filter.
    """

    chosen = Signal(object)

    def __init__(self, figure: Figure, parent: QWidget) -> None:
        super().__init__(figure, parent)
        self.setObjectName("data.statistics.bars")
        self.setAccessibleName(", ".join(f"{name} {value:,.4g}" for name, value in figure.bars))
        self.setFixedHeight(len(figure.bars) * BAR_PX)
        self._cursor = 0
        if figure.chosen_by:
            self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            self.setCursor(Qt.CursorShape.PointingHandCursor)
            self.setToolTip(tr("Press a bar to show only its rows"))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, colours = QPainter(self), theme.current()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.small_font())
        largest, metrics = max(value for _, value in self._figure.bars) or 1, painter.fontMetrics()
        name_px = min(120, self.width() // 3)
        for index, (name, value) in enumerate(self._figure.bars):
            box = QRect(0, index * BAR_PX, self.width(), BAR_PX)
            painter.setPen(QColor(colours.text))
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, metrics.elidedText(name, Qt.TextElideMode.ElideRight, name_px - 8))
            painter.setPen(QColor(colours.quiet))
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, f"{value:,.4g}" if value % 1 else f"{value:,.0f}")
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.accent))
            room = self.width() - name_px - 64
            if value:
                painter.drawRoundedRect(name_px, box.center().y() - 2, max(2, round(room * value / largest)), 6, 3, 3)
            if self.hasFocus() and index == self._cursor:
                painter.setPen(QColor(colours.accent))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(box.adjusted(0, 0, -1, -1), 4, 4)
        painter.end()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._choose(int(event.position().y()) // BAR_PX)

    def _choose(self, index: int) -> None:
        if self._figure.chosen_by and 0 <= index < len(self._figure.bars):
            self.chosen.emit(self._figure.chosen_by[index])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()), 0)
        if step and 0 <= self._cursor + step < len(self._figure.bars):
            self._cursor += step
            self.update()
        elif event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._choose(self._cursor)
        else:
            super().keyPressEvent(event)


class Histogram(_Plot):
    """Standing bars over a range of numbers.

    Signals:
        chosen: What was pressed, as a part of a filter.
    """

    chosen = Signal(object)

    def __init__(self, figure: Figure, parent: QWidget) -> None:
        super().__init__(figure, parent)
        self.setObjectName("data.statistics.histogram")
        self.setAccessibleName(figure.title)
        self.setMouseTracking(True)
        self.setFixedHeight(HISTOGRAM_PX)
        self._cursor = 0
        if figure.column:
            self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            self.setCursor(Qt.CursorShape.PointingHandCursor)

    def _said(self, value: float) -> str:
        return date_words(value) if self._figure.dates else f"{value:.4g}"

    def sizeHint(self) -> QSize:
        return QSize(240, HISTOGRAM_PX)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, colours, figure = QPainter(self), theme.current(), self._figure
        painter.setFont(theme.small_font())
        base, largest = self.height() - 16, max(figure.counts) or 1
        step = self.width() / len(figure.counts)
        for index, count in enumerate(figure.counts):
            high = round((base - 4) * count / largest)
            painter.fillRect(int(index * step), base - high, max(1, int(step) - 1), high, QColor(colours.accent))
            if self.hasFocus() and index == self._cursor:
                painter.setPen(QColor(colours.text))
                painter.drawRect(int(index * step), 1, max(2, int(step) - 1), base - 1)
        painter.setPen(QColor(colours.line))
        painter.drawLine(0, base, self.width(), base)
        painter.setPen(QColor(colours.quiet))
        foot = QRect(0, base + 2, self.width(), 14)
        painter.drawText(foot, Qt.AlignmentFlag.AlignLeft, self._said(figure.edges[0]))
        painter.drawText(foot, Qt.AlignmentFlag.AlignRight, self._said(figure.edges[-1]))
        painter.end()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._choose(int(event.position().x() * len(self._figure.counts) / max(self.width(), 1)))

    def _choose(self, index: int) -> None:
        figure = self._figure
        if figure.column and 0 <= index < len(figure.counts):
            self.chosen.emit(("range", figure.column, figure.edges[index], figure.edges[index + 1]))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        if step and 0 <= self._cursor + step < len(self._figure.counts):
            self._cursor += step
            self.update()
        elif event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._choose(self._cursor)
        else:
            super().keyPressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        index = int(event.position().x() * len(self._figure.counts) / max(self.width(), 1))
        if 0 <= index < len(self._figure.counts):
            low, high = self._figure.edges[index], self._figure.edges[index + 1]
            words = tr("{low} to {high}: {count}", low=self._said(low), high=self._said(high), count=f"{self._figure.counts[index]:,}")
            QToolTip.showText(event.globalPosition().toPoint(), words, self)
