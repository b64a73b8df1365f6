"""The Map tab: rows as points, alike ones near each other, by their features or as a layer of a run sees them; a lasso shows what lies in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.jobs import Job, run_job
from workbench.app.language import say_error, tr
from workbench.app.pages.data.embedding import MOST_LAYER_ROWS, Layer, Vectors, can_neighbour, embedded, layers_of
from workbench.app.pages.data.map_colours import Paint, choices_of, painted
from workbench.app.pages.data.map_points import Points, mark
from workbench.app.widgets import button
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from workbench.app.pages.data.rows import Rows
    from workbench.app.session import Session
    from workbench.project.runs import RunFolder

LEGEND_PX, LINE_PX, MOST_NAMES = 128, 20, 24


class MapView(QWidget):
    """Points with a choice of what they say, how they are laid out and what their colour means.

    Signals:
        picked: The rows inside a lasso, int64.
        pointed: The row that was clicked.
        opened: The row that should be shown in the grid.
    """

    picked = Signal(object)
    pointed = Signal(int)
    opened = Signal(int)

    def __init__(self, parent: QWidget | None = None, session: Session | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("data.map")
        self._session = session
        self._rows: Rows | None = None
        self._run: RunFolder | None = None
        self._shown = np.zeros(0, np.int64)
        self._made_of: object = None
        self._job: Job | None = None
        self._listing: Job | None = None
        self._listed: object = None
        self._vectors = Vectors()
        self._build()
        if session is not None:
            session.selected_run_changed.connect(self._take_run)
            session.runs_changed.connect(self._take_run)

    def _build(self) -> None:
        self.what = self._combo("what", tr("What rows are laid out by"))
        self.what.addItem(tr("Raw features"), "")
        self.layer = self._combo("layer", tr("Layer"))
        self.layer.hide()
        self.way = self._combo("way", tr("How points are laid out"))
        self.way.addItem(tr("Principal components"), "pca")
        self.way.addItem(tr("Neighbourhoods (t-SNE)"), "tsne")
        self.colour = self._combo("colour", tr("What the colour says"))
        self.what.activated.connect(lambda _index: self._choose_run())
        self.layer.activated.connect(lambda _index: self._make())
        self.way.activated.connect(lambda _index: self._make())
        self.colour.activated.connect(lambda _index: self._paint())
        self.stop = button("data.map.stop", tr("Cancel"), self.cancel, tip=tr("Stop laying out; the points stay as they are"), parent=self)
        self.stop.hide()
        self._words = QLabel(self)
        self._words.setObjectName("data.map.words")
        self._words.setWordWrap(True)
        theme.mark(self._words, "quiet")
        self.points, self.legend = Points(self), Legend(self)
        for name in ("picked", "pointed", "opened"):
            getattr(self.points, name).connect(getattr(self, name))
        self._lay_out()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_8)
        for widget in (self.what, self.layer, self.way, self.colour, self.stop):
            row.addWidget(widget)
        row.addStretch(1)
        body = QHBoxLayout()
        body.setSpacing(theme.SPACE_8)
        body.addWidget(self.points, 1)
        body.addWidget(self.legend)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, theme.SPACE_8)
        layout.addLayout(row)
        layout.addWidget(self._words)
        layout.addLayout(body, 1)

    def _combo(self, name: str, label: str) -> QComboBox:
        made = QComboBox(self)
        made.setObjectName(f"data.map.{name}")
        made.setAccessibleName(label)
        made.setToolTip(label)
        made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        made.setMaximumWidth(220)
        return made

    def show_rows(self, rows: Rows, shown: np.ndarray) -> None:
        """Lays rows out, aside; rows that lie there already are only coloured anew."""
        again = self._rows is None or not np.array_equal(shown, self._shown) or len(rows.dataset) != len(self._rows.dataset)
        self._rows, self._shown = rows, shown
        self.points.glance.set_rows(rows)
        self._offer_colours(rows)
        self._take_run()
        if again or self._made_of is None:
            self._make()
        else:
            self._paint()

    def _offer_colours(self, rows: Rows) -> None:
        items = choices_of(rows)
        if items == [(self.colour.itemData(index), self.colour.itemText(index)) for index in range(self.colour.count())]:
            return
        chosen = self.colour.currentData()
        self.colour.clear()
        for name, words in items:
            self.colour.addItem(tr("Colour: {name}", name=words), name)
        self.colour.setCurrentIndex(max(0, self.colour.findData(chosen)))

    def _take_run(self) -> None:
        """Offers the layers of the selected run where it has learned from this data."""
        run = self._session.selected_run if self._session is not None else None
        if self._rows is None or not self.isVisible():
            return
        best = run.best() if run is not None else None
        key = (str(run.path), best.step) if run is not None and best is not None else None
        if key == self._listed:
            return
        self._listed = key
        if run is None or key is None:
            self._offer(None, (), "")
            return
        source = self._session.project.data.source if self._session is not None else ""
        self._listing = run_job(
            self, lambda _progress, _cancelled: layers_of(run) if run.snapshot().data.source == source else ((), ""),
            lambda found: self._offer(run, *found), lambda _error: self._offer(None, (), ""),
        )

    def _offer(self, run: RunFolder | None, layers: tuple[tuple[str, str], ...], best: str) -> None:
        was = bool(self.what.currentData())
        self._run = run
        while self.what.count() > 1:
            self.what.removeItem(1)
        self.layer.clear()
        if run is not None and layers:
            self.what.addItem(tr("Run: {name}", name=self._name_of(run)), "run")
            for path, kind in layers:
                self.layer.addItem(tr("layer {name} · {kind}", name=path, kind=tr(kind)), path)
            self.layer.setCurrentIndex(max(0, self.layer.findData(best)))
        self.what.setCurrentIndex(1 if was and self.what.count() > 1 else 0)
        if was:
            self._choose_run()

    def _name_of(self, run: RunFolder) -> str:
        infos: Any = self._session.runs if self._session is not None else ()
        return next((info.name for info in infos if info.path == run.path), run.path.name)

    def _choose_run(self) -> None:
        self.layer.setVisible(bool(self.what.currentData()))
        self._make()

    @property
    def chosen_layer(self) -> Layer | None:
        """The layer that rows are laid out by, or None for their own features."""
        if not self.what.currentData() or self._run is None:
            return None
        return Layer(self._run, str(self.layer.currentData()))

    def cancel(self) -> None:
        """Stops laying out; the points stay as they are."""
        if self._job is not None and self._job.running:
            self._job.cancel()
            self._words.setText(tr("Cancelled."))
        self.stop.hide()

    def _make(self) -> None:
        if self._rows is None or not len(self._shown):
            self.points.show_points(np.zeros(0, np.int64), np.zeros((0, 2), np.float32))
            return
        self.cancel()
        rows, shown, way, layer, vectors = self._rows, self._shown, str(self.way.currentData()), self.chosen_layer, self._vectors
        self._made_of = (layer.key if layer else None, way)
        if way == "tsne" and not can_neighbour():
            self._words.setText(tr("Neighbourhoods need scikit-learn, which is not installed: pip install scikit-learn."))
            return
        self._words.setText(tr("Laying out..."))
        self.stop.show()
        self._job = run_job(
            self, lambda progress, cancelled: embedded(rows, shown, way, layer, vectors, progress, cancelled), self._take, self._miss, self._tell,
        )

    def _tell(self, share: float, word: str) -> None:
        self._words.setText(tr("Laying out: {part}, {percent} %", part=word, percent=round(share * 100)))

    def _take(self, found: tuple[np.ndarray, np.ndarray] | None) -> None:
        self.stop.hide()
        if found is None:
            return
        places, points = found
        counts = {"count": f"{len(places):,}", "rows": f"{len(self._shown):,}"}
        every = len(places) == len(self._shown)
        sample = tr("{count} rows", count=counts["count"]) if every else tr("{count} of {rows} rows", **counts)
        self._words.setText(tr("{rows} · drag a lasso, or Space, arrows and Enter, to show what lies in it", rows=sample))
        self._words.setToolTip(tr("A layer is asked about {count} rows at most.", count=f"{MOST_LAYER_ROWS:,}"))
        self.points.show_points(places, points)
        self._paint()

    def _paint(self) -> None:
        if self._rows is not None and len(self.points.rows):
            codes, paints = painted(self._rows, self.points.rows, str(self.colour.currentData() or ""))
            self.points.set_paints(codes, paints)
            there = set(np.unique(codes).tolist())
            self.legend.show_paints([paint for number, paint in enumerate(paints) if number in there])

    def _miss(self, error: Exception) -> None:
        self.stop.hide()
        reason = say_error(error) if isinstance(error, WorkbenchError) else str(error)
        self._words.setText(tr("The rows cannot be laid out: {reason}", reason=reason))


class Legend(QWidget):
    """What the colours and forms of the points mean."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("data.map.legend")
        self.setFixedWidth(LEGEND_PX)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.paints: list[Paint] = []

    def show_paints(self, paints: list[Paint]) -> None:
        """Shows what these mean."""
        self.paints = paints
        self.setAccessibleName(tr("What the colour says") + ": " + ", ".join(paint.name for paint in paints))
        self.setVisible(bool(paints))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(LEGEND_PX, LINE_PX * min(len(self.paints), MOST_NAMES))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, colours = QPainter(self), theme.current()
        painter.setFont(theme.small_font())
        for number, paint in enumerate(self.paints[:MOST_NAMES]):
            top = number * LINE_PX
            painter.drawPixmap(2, top + 6, mark(paint, self.devicePixelRatioF()))
            painter.setPen(QColor(colours.text))
            words = painter.fontMetrics().elidedText(paint.name, Qt.TextElideMode.ElideRight, self.width() - 20)
            painter.drawText(18, top, self.width() - 18, LINE_PX, Qt.AlignmentFlag.AlignVCenter, words)
        if len(self.paints) > MOST_NAMES:
            painter.setPen(QColor(colours.quiet))
            more = tr("and {count} more", count=len(self.paints) - MOST_NAMES)
            painter.drawText(18, MOST_NAMES * LINE_PX, self.width() - 18, LINE_PX, Qt.AlignmentFlag.AlignVCenter, more)
        painter.end()
