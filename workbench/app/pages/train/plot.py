"""One live plot: a title with a legend, curves over steps, a read-out that follows the pointer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from workbench.app import theme
from workbench.app.language import tr
from workbench.app.pages.train.series import Pyramid
from workbench.app.widgets import Card
from workbench.app.wording import number

POINTS = 1500
DASHES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine)


@dataclass(slots=True)
class Curve:
    """One curve: its numbers and how it is drawn."""

    key: str
    label: str
    colour: str
    item: Any
    dash: int = 0
    pyramid: Pyramid = field(default_factory=Pyramid)
    faint: bool = False


class LivePlot(Card):
    """Curves that grow.

    Signals:
        range_chosen: First and last step after a person zoomed or panned.
    """

    range_chosen = Signal(float, float)

    def __init__(self, name: str, title: str, parent: QWidget | None = None, *, percent: bool = False, log: bool = False) -> None:
        """Makes an empty plot.

        Args:
            name: `page.panel.control`.
            title: Translated.
            parent: The owner.
            percent: Whether values are shares shown in per cent.
            log: Whether the vertical axis is logarithmic.
        """
        super().__init__(name, title, parent)
        self._percent, self._log = percent, log
        self._curves: dict[str, Curve] = {}
        self._legend = QHBoxLayout()
        self._legend.setSpacing(theme.SPACE_12)
        holder = QWidget()
        holder.setLayout(self._legend)
        self._legend.setContentsMargins(0, 0, 0, 0)
        self.add_control(holder)
        self.widget = pg.PlotWidget(background=theme.current().surface)
        self.widget.setObjectName(f"{name}.plot")
        self.widget.setAccessibleName(title)
        self.widget.setMinimumHeight(110)
        self.content.addWidget(self.widget, 1)
        self._plot = self.widget.getPlotItem()
        self._style()
        self._cross = pg.InfiniteLine(angle=90, pen=pg.mkPen(theme.current().faint, width=1))
        self._cross.hide()
        self._plot.addItem(self._cross, ignoreBounds=True)
        self.widget.scene().sigMouseMoved.connect(self._read_out)
        self.widget.viewport().installEventFilter(self)
        self._plot.sigXRangeChanged.connect(self._range_changed)

    def _style(self) -> None:
        colours, plot = theme.current(), self._plot
        plot.hideButtons()
        plot.setMenuEnabled(True)
        plot.setLogMode(x=False, y=self._log)
        plot.showGrid(x=False, y=True, alpha=0.12)
        plot.setMouseEnabled(x=True, y=False)
        plot.getViewBox().setMouseMode(pg.ViewBox.RectMode)
        plot.getViewBox().setDefaultPadding(0.01)
        plot.enableAutoRange(y=True)
        plot.setAutoVisible(y=True)
        for side in ("left", "bottom"):
            axis = plot.getAxis(side)
            axis.setPen(pg.mkPen(colours.line))
            axis.setTextPen(pg.mkPen(colours.quiet))
            axis.setStyle(tickFont=theme.small_font(), tickLength=-4, maxTickLevel=0)
        plot.getAxis("left").setWidth(52)
        if self._percent:
            plot.getAxis("left").setScale(100)

    def set_curve(self, key: str, label: str, x: np.ndarray, y: np.ndarray, *, colour: str, dash: int = 0, faint: bool = False) -> None:
        """Draws or extends one curve.

        Args:
            key: Tells curves apart.
            label: What the legend says, translated; "" leaves it out of the legend.
            x: Steps, float64 `(n,)`.
            y: Values, float64 `(n,)`.
            colour: Hex.
            dash: Index of the line pattern.
            faint: Whether it stands back (raw values behind smoothed ones).
        """
        curve = self._curves.get(key)
        if curve is None or (curve.colour, curve.label, curve.dash) != (colour, label, dash):
            curve = self._new_curve(key, label, colour, dash, faint)
        curve.pyramid.set_rows(x, y)
        self._draw(curve)

    def _new_curve(self, key: str, label: str, colour: str, dash: int, faint: bool) -> Curve:
        self.remove_curve(key)
        shade = pg.mkColor(colour)
        shade.setAlpha(70 if faint else 255)
        pen = pg.mkPen(shade, width=1, style=DASHES[dash % len(DASHES)])
        item = self._plot.plot([], [], pen=pen, connect="finite")
        item.setZValue(-1 if faint else 1)
        curve = Curve(key, label, colour, item, dash, faint=faint)
        self._curves[key] = curve
        self._rebuild_legend()
        return curve

    def remove_curve(self, key: str) -> None:
        """Takes one curve away."""
        curve = self._curves.pop(key, None)
        if curve is not None:
            self._plot.removeItem(curve.item)
            self._rebuild_legend()

    def keep_only(self, keys: set[str]) -> None:
        """Takes away every curve but these."""
        for key in [key for key in self._curves if key not in keys]:
            self.remove_curve(key)

    def set_log(self, log: bool) -> None:
        """Makes the vertical axis logarithmic, or not."""
        self._log = log
        self._plot.setLogMode(x=False, y=log)

    def set_percent(self, percent: bool) -> None:
        """Shows values as shares in per cent, or as they are."""
        if percent != self._percent:
            self._percent = percent
            self._plot.getAxis("left").setScale(100 if percent else 1)

    def mark(self, step: float, label: str) -> None:
        """Marks a moment with a dotted line and a word (a change of the learning rate)."""
        pen = pg.mkPen(theme.current().doubtful, width=1, style=Qt.PenStyle.DotLine)
        options = {"position": 0.94, "color": theme.current().doubtful, "anchors": [(0, 0), (0, 0)]}
        item = pg.InfiniteLine(step, angle=90, pen=pen, label=label, labelOpts=options)
        self._plot.addItem(item, ignoreBounds=True)

    @property
    def curves(self) -> dict[str, Curve]:
        """What is drawn, by key."""
        return dict(self._curves)

    def _rebuild_legend(self) -> None:
        while self._legend.count():
            widget = self._legend.takeAt(0).widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        patterns = ("━━", "╍╍", "┅┅", "╍┅")
        for curve in self._curves.values():
            if curve.label:
                label = QLabel(f'<span style="color:{curve.colour}">{patterns[curve.dash % 4]}</span>&nbsp;{curve.label}')
                theme.mark(label, "quiet")
                self._legend.addWidget(label)

    def _draw(self, curve: Curve) -> None:
        low, high = self._visible(curve)
        x, y = curve.pyramid.points(low, high, POINTS)
        curve.item.setData(x, y)

    def _visible(self, curve: Curve) -> tuple[float, float]:
        box = self._plot.getViewBox()
        if box.autoRangeEnabled()[0]:
            return -np.inf, np.inf
        (low, high), _ = box.viewRange()
        return low, high

    def _range_changed(self, _box: Any, span: tuple[float, float]) -> None:
        if not self._plot.getViewBox().autoRangeEnabled()[0]:
            for curve in self._curves.values():
                if len(curve.pyramid) > 2 * POINTS:
                    self._draw(curve)
            self.range_chosen.emit(*span)

    def show_range(self, low: float, high: float) -> None:
        """Shows the part between two steps."""
        self._plot.setXRange(low, high, padding=0)

    def show_all(self) -> None:
        """Shows everything again and follows the growing curve."""
        self._plot.enableAutoRange()
        for curve in self._curves.values():
            self._draw(curve)

    def _read_out(self, point: QPointF) -> None:
        inside = self._plot.sceneBoundingRect().contains(point) and bool(self._curves)
        self._cross.setVisible(inside)
        if not inside:
            self.set_facts("")
            return
        step = self._plot.getViewBox().mapSceneToView(point).x()
        self._cross.setPos(step)
        self.set_facts(self.words_at(step))

    def words_at(self, step: float) -> str:
        """Returns every curve's value at a step, as the read-out shows it."""
        parts = [tr("step {step}", step=f"{max(round(step), 0):,}")]
        for curve in self._curves.values():
            value = curve.pyramid.at(step)
            if curve.label and value is not None:
                parts.append(f"{curve.label} {number(value * 100) + ' %' if self._percent else number(value)}")
        return "   ".join(parts)

    def eventFilter(self, watched: Any, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseButtonDblClick:
            self.show_all()
            return True
        if event.type() == QEvent.Type.Leave:
            self._cross.hide()
            self.set_facts("")
        return super().eventFilter(watched, event)
