"""One live plot: a title with a legend, curves over steps, a read-out that follows the pointer.

Painting costs the training thread its lock, so nothing here is done twice: a curve is handed over only when it has new rows, ranges are
set by us to round numbers that change seldom, and axes are kept as pictures.
"""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, Signal
from PySide6.QtWidgets import QLabel, QWidget

from workbench.app import theme
from workbench.app.language import tr
from workbench.app.pages.train.axis import Axis
from workbench.app.pages.train.legend import DASHES, Entry, Legend
from workbench.app.pages.train.plot_menu import show_plot_menu
from workbench.app.pages.train.scales import step_range, value_range
from workbench.app.pages.train.series import Pyramid
from workbench.app.widgets import Card
from workbench.app.wording import number

POINTS = 1200
DASHED_POINTS = 400
SHORT, DOT_PX = 2, 6
MARKS = 24


@dataclass(slots=True)
class Curve:
    """One curve: its numbers and how it is drawn.

    Attributes:
        group: The key of the legend entry that hides it.
        dots: The points of a curve that is too short for a line, or None where there never were any.
    """

    key: str
    label: str
    colour: str
    item: Any
    dash: int = 0
    pyramid: Pyramid = field(default_factory=Pyramid)
    faint: bool = False
    group: str = ""
    stale: bool = True
    dots: Any = None


class LivePlot(Card):
    """Curves that grow.

    Signals:
        range_chosen: First and last step after a person zoomed or panned.
        all_wanted: A person asked for everything again.
    """

    range_chosen = Signal(float, float)
    all_wanted = Signal()

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
        self._percent, self._log, self._following = percent, log, True
        self._curves: dict[str, Curve] = {}
        self._marks: list[Any] = []
        self.legend = Legend(f"{name}.legend", self)
        self.legend.toggled.connect(self._toggle)
        self.add_control(self.legend)
        self._left, self._bottom = Axis("left"), Axis("bottom")
        self._left.percent, self._bottom.unit = percent, tr("step")
        self._set_blank()
        self.widget = pg.PlotWidget(background=theme.current().surface, axisItems={"left": self._left, "bottom": self._bottom})
        self.widget.setObjectName(f"{name}.plot")
        self.widget.setAccessibleName(title)
        self.widget.setToolTip(tr("Drag to zoom, double-click to see everything"))
        self.widget.setMinimumHeight(90)
        self.widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.content.addWidget(self.widget, 1)
        self._plot = self.widget.getPlotItem()
        self._box = self._plot.getViewBox()
        self._style()
        self._add_read_out()
        self._box.sigRangeChangedManually.connect(self._zoomed)

    def _style(self) -> None:
        plot, box = self._plot, self._box
        plot.hideButtons()
        plot.setMenuEnabled(False)
        plot.showGrid(x=False, y=True, alpha=0.14)
        plot.setMouseEnabled(x=True, y=False)
        plot.setContentsMargins(0, theme.SPACE_4, theme.SPACE_16, 0)
        box.setMouseMode(pg.ViewBox.RectMode)
        box.disableAutoRange()
        box.setDefaultPadding(0)
        self._set_log_axis()
        self.widget.viewport().installEventFilter(self)
        self.widget.installEventFilter(self)

    def _add_read_out(self) -> None:
        self._cross = pg.InfiniteLine(angle=90, pen=pg.mkPen(theme.current().faint, width=1))
        self._cross.hide()
        self._plot.addItem(self._cross, ignoreBounds=True)
        self.read_out = QLabel(self.widget)
        self.read_out.setObjectName(f"{self.objectName()}.readout")
        self.read_out.setTextFormat(Qt.TextFormat.RichText)
        self.read_out.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.read_out.setContentsMargins(theme.SPACE_8, theme.SPACE_4, theme.SPACE_8, theme.SPACE_4)
        theme.mark(self.read_out, "popup")
        self.read_out.hide()

    def set_curve(
        self, key: str, label: str, x: np.ndarray, y: np.ndarray, *, colour: str, dash: int = 0, faint: bool = False, group: str = "",
    ) -> None:
        """Takes one curve, whole; `redraw` shows it. A curve without new rows costs nothing.

        Args:
            key: Tells curves apart.
            label: What the legend says, translated; "" leaves it out of the legend.
            x: Steps, float64 `(n,)`.
            y: Values, float64 `(n,)`.
            colour: Hex.
            dash: Index of the line pattern.
            faint: Whether it stands back (raw values behind smoothed ones).
            group: The key of the curve whose legend entry also hides this one; "" for its own.
        """
        curve = self._curves.get(key)
        if curve is None or (curve.colour, curve.label, curve.dash) != (colour, label, dash):
            curve = self._new_curve(key, label, colour, dash, faint, group or key)
        if len(x) != len(curve.pyramid):
            curve.pyramid.set_rows(x, y)
            curve.stale = True

    def _new_curve(self, key: str, label: str, colour: str, dash: int, faint: bool, group: str) -> Curve:
        self.remove_curve(key)
        pen = _pen(colour, dash, faint, round(self.devicePixelRatioF()))
        item = pg.PlotCurveItem(pen=pen, connect="finite", skipFiniteCheck=False, antialias=False)
        item.setZValue(-1 if faint else 1)
        item.setVisible(group not in self.legend.hidden)
        self._plot.addItem(item, ignoreBounds=True)
        curve = Curve(key, label, colour, item, dash, faint=faint, group=group)
        self._curves[key] = curve
        return curve

    def remove_curve(self, key: str) -> None:
        """Takes one curve away."""
        curve = self._curves.pop(key, None)
        if curve is not None:
            self._plot.removeItem(curve.item)
            if curve.dots is not None:
                self._plot.removeItem(curve.dots)

    def keep_only(self, keys: set[str]) -> None:
        """Takes away every curve but these."""
        for key in [key for key in self._curves if key not in keys]:
            self.remove_curve(key)

    def redraw(self) -> None:
        """Draws what has changed since the last time and follows the growing curves."""
        stale = [curve for curve in self._curves.values() if curve.stale]
        self._set_blank()
        self.legend.show_entries([Entry(curve.key, curve.label, curve.colour, curve.dash) for curve in self._curves.values() if curve.label])
        if stale:
            if self._following:
                self._follow()
            for curve in stale:
                self._draw(curve)
            self._fit()

    def _set_blank(self) -> None:
        blank = not any(len(curve.pyramid) for curve in self._curves.values())
        for axis in (self._left, self._bottom):
            axis.set_blank(blank)

    def set_log(self, log: bool) -> None:
        """Makes the vertical axis logarithmic, or not."""
        if log != self._log:
            self._log = log
            self._set_log_axis()
            self._draw_all()

    def _set_log_axis(self) -> None:
        self._left.setLogMode(self._log)
        self._left.picture = None

    def set_percent(self, percent: bool) -> None:
        """Shows values as shares in per cent, or as they are."""
        if percent != self._percent:
            self._percent = self._left.percent = percent
            self._left.picture = None
            self._left.update()

    def mark(self, step: float, label: str) -> None:
        """Marks a moment with a dotted line and a word (a change of the learning rate)."""
        pen = pg.mkPen(theme.current().doubtful, width=1, style=Qt.PenStyle.DotLine)
        options = {"position": 0.94, "color": theme.current().doubtful, "anchors": [(0, 0), (0, 0)]}
        item = pg.InfiniteLine(step, angle=90, pen=pen, label=label.replace("{", "{{").replace("}", "}}"), labelOpts=options)
        self._plot.addItem(item, ignoreBounds=True)
        self._marks.append(item)
        if len(self._marks) > MARKS:
            self._plot.removeItem(self._marks.pop(0))

    def clear_marks(self) -> None:
        """Takes all marks away."""
        while self._marks:
            self._plot.removeItem(self._marks.pop())

    @property
    def curves(self) -> dict[str, Curve]:
        """What is drawn, by key."""
        return dict(self._curves)

    @property
    def following(self) -> bool:
        """Whether everything is in view; otherwise a person zoomed."""
        return self._following

    def view_range(self) -> tuple[float, float]:
        """Returns the first and the last step in view."""
        low, high = self._box.viewRange()[0]
        return float(low), float(high)

    def _draw(self, curve: Curve) -> None:
        low, high = self.view_range()
        most = DASHED_POINTS if curve.dash else POINTS
        x, y = curve.pyramid.points(low, high, most)
        curve.item.setData(x, self._mapped(y))
        curve.stale = False
        self._draw_dots(curve, x, self._mapped(y))

    def _draw_dots(self, curve: Curve, x: np.ndarray, y: np.ndarray) -> None:
        """Shows the first points of a curve as dots: one point makes no line."""
        short = 0 < len(curve.pyramid) <= SHORT
        if curve.dots is None and short:
            curve.dots = pg.ScatterPlotItem(size=DOT_PX, pen=None, brush=curve.item.opts["pen"].color())
            self._plot.addItem(curve.dots, ignoreBounds=True)
        if curve.dots is not None:
            there = np.isfinite(y) if short else np.zeros(len(x), dtype=bool)
            curve.dots.setData(x[there], y[there])
            curve.dots.setVisible(curve.item.isVisible())

    def _draw_all(self) -> None:
        for curve in self._curves.values():
            self._draw(curve)
        self._fit()

    def _mapped(self, y: np.ndarray) -> np.ndarray:
        return np.log10(np.where(y > 0, y, np.nan)) if self._log else y

    def _follow(self) -> None:
        last = max((curve.pyramid.last for curve in self._curves.values()), default=0.0)
        low, high = step_range(last)
        if (low, high) != self.view_range():
            self._box.setXRange(low, high, padding=0)
            for curve in self._curves.values():
                curve.stale = curve.stale or len(curve.pyramid) > POINTS

    def _fit(self) -> None:
        low, high = self.view_range()
        extents = [curve.pyramid.extent(low, high, above=0.0 if self._log else -np.inf) for curve in self._curves.values() if curve.item.isVisible()]
        bottoms, tops = [item[0] for item in extents if item], [item[1] for item in extents if item]
        if bottoms:
            ends = (np.log10(min(bottoms)), np.log10(max(tops))) if self._log else (min(bottoms), max(tops))
            wanted = value_range(*ends)
            if wanted != tuple(self._box.viewRange()[1]):
                self._box.setYRange(*wanted, padding=0)

    def _toggle(self, key: str, shown: bool) -> None:
        for curve in self._curves.values():
            if curve.group == key:
                curve.item.setVisible(shown)
                if curve.dots is not None:
                    curve.dots.setVisible(shown)
        self._fit()

    def _zoomed(self, _axes: Any) -> None:
        self._following = False
        self._draw_all()
        self.range_chosen.emit(*self.view_range())

    def show_range(self, low: float, high: float) -> None:
        """Shows the part between two steps."""
        self._following = False
        self._box.setXRange(low, high, padding=0)
        self._draw_all()

    def show_all(self) -> None:
        """Shows everything again and follows the growing curve."""
        self._following = True
        self._follow()
        self._draw_all()

    def _zoom_by(self, factor: float, shift: float = 0.0) -> None:
        low, high = self.view_range()
        middle, half = (low + high) / 2 + shift * (high - low), (high - low) / 2 * factor
        self.show_range(middle - half, middle + half)
        self.range_chosen.emit(*self.view_range())

    def _point_at(self, point: QPoint) -> None:
        scene = self.widget.mapToScene(point)
        if not self._curves or not self._box.sceneBoundingRect().contains(scene):
            self._hide_read_out()
            return
        step = max(float(self._box.mapSceneToView(QPointF(scene)).x()), 0.0)
        self._cross.setPos(step)
        self._cross.show()
        self.read_out.setText(self._read_out_markup(step))
        self.read_out.adjustSize()
        right = point.x() + theme.SPACE_12 + self.read_out.width() > self.widget.width()
        self.read_out.move(point.x() - theme.SPACE_12 - self.read_out.width() if right else point.x() + theme.SPACE_12, theme.SPACE_8)
        self.read_out.show()

    def _hide_read_out(self) -> None:
        self._cross.hide()
        self.read_out.hide()

    def _values_at(self, step: float) -> list[tuple[Curve, str]]:
        found = [(curve, curve.pyramid.at(step)) for curve in self._curves.values() if curve.label and curve.item.isVisible()]
        return [(curve, f"{number(value * 100)} %" if self._percent else number(value)) for curve, value in found if value is not None]

    def _read_out_markup(self, step: float) -> str:
        lines = [tr("step {step}", step=f"{round(step):,}")]
        lines += [f'<span style="color:{curve.colour}">■</span> {html.escape(curve.label)} <b>{words}</b>' for curve, words in self._values_at(step)]
        return "<br>".join(lines)

    def words_at(self, step: float) -> str:
        """Returns every curve's value at a step, as the read-out shows it."""
        return "   ".join([tr("step {step}", step=f"{max(round(step), 0):,}"), *(f"{curve.label} {words}" for curve, words in self._values_at(step))])

    def eventFilter(self, watched: Any, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.MouseButtonDblClick:
            self.show_all()
            self.all_wanted.emit()
            return True
        if kind == QEvent.Type.MouseMove and watched is self.widget.viewport():
            self._point_at(event.position().toPoint())  # type: ignore[attr-defined]
        elif kind == QEvent.Type.Leave:
            self._hide_read_out()
        elif kind == QEvent.Type.ContextMenu:
            show_plot_menu(self, event.globalPos())  # type: ignore[attr-defined]
            return True
        elif kind == QEvent.Type.KeyPress and watched is self.widget:
            return self._key(event.key())  # type: ignore[attr-defined]
        return super().eventFilter(watched, event)

    def _key(self, key: int) -> bool:
        keys = Qt.Key
        moves = {keys.Key_Plus: (0.5, 0.0), keys.Key_Minus: (2.0, 0.0), keys.Key_Left: (1.0, -0.2), keys.Key_Right: (1.0, 0.2)}
        if key in moves:
            self._zoom_by(*moves[Qt.Key(key)])
        elif key in (keys.Key_Home, keys.Key_0):
            self.show_all()
            self.all_wanted.emit()
        else:
            return False
        return True


def _pen(colour: str, dash: int, faint: bool, width: int) -> Any:
    shade = pg.mkColor(colour)
    shade.setAlpha(80 if faint else 255)
    return pg.mkPen(shade, width=max(width, 1), style=DASHES[dash % len(DASHES)])
