"""The left column: what rows can be narrowed by, each value with its count, and bounds of numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.language import tr
from workbench.app.pages.data.counts import CountList
from workbench.app.pages.data.filtering import Facet, Filter
from workbench.app.pages.data.range_bars import RangeBars
from workbench.app.widgets import Heading

_QUIET_BARS = ("label", "predicted")


class FacetPanel(QWidget):
    """One list a facet; a click narrows the view, another click lets go.

    Signals:
        chosen: The name of a facet and the number of the value, or -1.
        bounded: The name of a number and its bounds.
    """

    chosen = Signal(str, int)
    bounded = Signal(str, float, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("data.facets")
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(theme.SPACE_4)
        self._headings: dict[str, Heading] = {}
        self.lists: dict[str, CountList] = {}
        self.ranges: dict[str, RangeBars] = {}
        self.range_row = RangeRow(self)
        self.range_row.bounded.connect(self.bounded)
        self._layout.addWidget(self.range_row)

    def show_facets(self, facets: Mapping[str, Facet], counts: Mapping[str, np.ndarray], wanted: Filter) -> None:
        """Shows facets with the counts that the other choices leave."""
        for name in [name for name in self.lists if name not in facets]:
            self._headings.pop(name).deleteLater()
            gone = self.lists.pop(name)
            gone.hide()
            gone.deleteLater()
        for place, (name, facet) in enumerate(facets.items()):
            if name not in self.lists:
                self._add(place, facet)
            self._headings[name].setText(facet.label)
            self.lists[name].set_items([(words, int(count)) for words, count in zip(facet.names, counts[name], strict=True)])
            self.lists[name].choose(wanted.of(name))

    def show_ranges(self, names: Sequence[tuple[str, str]], numbers: Callable[[str], np.ndarray], wanted: Filter) -> None:
        """Shows numbers as bars that a range can be drawn on.

        Args:
            names: Stable names and what people call them.
            numbers: Gives the values of one.
            wanted: The filter, for the ranges that are chosen.
        """
        kept = dict(names)
        for name in [name for name in self.ranges if name not in kept]:
            self._headings.pop(f"range {name}").deleteLater()
            gone = self.ranges.pop(name)
            gone.hide()
            gone.deleteLater()
        bounds = {item.column: (item.low, item.high) for item in wanted.ranges}
        for name, words in names:
            if name not in self.ranges:
                self._add_range(name, words)
            self.ranges[name].show_values(numbers(name))
            self.ranges[name].show_range(*bounds.get(name, (-math.inf, math.inf)))
            for widget in (self.ranges[name], self._headings[f"range {name}"]):
                widget.setVisible(self.ranges[name].useful)

    def _add_range(self, name: str, words: str) -> None:
        heading = Heading(words, self)
        heading.setContentsMargins(theme.SPACE_16, theme.SPACE_8, theme.SPACE_16, theme.SPACE_4)
        made = RangeBars(f"data.facets.range.{name.strip(':')}", words, self)
        made.bounded.connect(lambda low, high: self.bounded.emit(name, low, high))
        self._headings[f"range {name}"], self.ranges[name] = heading, made
        place = self._layout.indexOf(self.range_row)
        self._layout.insertWidget(place, heading)
        self._layout.insertWidget(place + 1, made)

    def _add(self, place: int, facet: Facet) -> None:
        colours = theme.current()
        heading = Heading(facet.label, self)
        heading.setContentsMargins(theme.SPACE_16, theme.SPACE_8, theme.SPACE_16, theme.SPACE_4)
        colour = colours.faint if facet.name in _QUIET_BARS else colours.accent
        made = CountList(f"data.facets.{facet.name}", facet.label, self, colour=colour)
        if facet.name == "verdict":
            made.set_colours([colours.wrong, colours.good, colours.doubtful])
        made.chosen.connect(lambda value, name=facet.name: self.chosen.emit(name, value))
        self._headings[facet.name], self.lists[facet.name] = heading, made
        self._layout.insertWidget(2 * place, heading)
        self._layout.insertWidget(2 * place + 1, made)


class RangeRow(QWidget):
    """A number and its bounds.

    Signals:
        bounded: Name, least and largest value; infinite where a side is open.
    """

    bounded = Signal(str, float, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_16, theme.SPACE_8, theme.SPACE_16, theme.SPACE_8)
        layout.setSpacing(theme.SPACE_4)
        layout.addWidget(Heading(tr("Number")))
        self.name = QComboBox(self)
        self.name.setObjectName("data.facets.number")
        self.name.setAccessibleName(tr("Number"))
        self.low, self.high = self._edit("low", tr("at least")), self._edit("high", tr("at most"))
        bounds = QHBoxLayout()
        bounds.setSpacing(theme.SPACE_8)
        bounds.addWidget(self.low)
        bounds.addWidget(self.high)
        layout.addWidget(self.name)
        layout.addLayout(bounds)
        self.name.activated.connect(lambda _index: self._clear())

    def _edit(self, name: str, hint: str) -> QLineEdit:
        edit = QLineEdit(self)
        edit.setObjectName(f"data.facets.{name}")
        edit.setAccessibleName(hint)
        edit.setPlaceholderText(hint)
        edit.editingFinished.connect(self._tell)
        return edit

    def set_names(self, names: list[tuple[str, str]]) -> None:
        """Offers these numbers; without any the row is hidden."""
        self.setVisible(bool(names))
        if names != [(self.name.itemData(index), self.name.itemText(index)) for index in range(self.name.count())]:
            chosen = self.name.currentData()
            self.name.clear()
            for name, label in names:
                self.name.addItem(label, name)
            self.name.setCurrentIndex(max(0, self.name.findData(chosen)))

    def _clear(self) -> None:
        self.low.clear()
        self.high.clear()

    def _tell(self) -> None:
        name = self.name.currentData()
        if name:
            self.bounded.emit(name, _number(self.low.text(), -math.inf), _number(self.high.text(), math.inf))


def _number(text: str, otherwise: float) -> float:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        return otherwise
    return value if math.isfinite(value) else otherwise


def link_line(link: QWidget, below_px: int) -> QHBoxLayout:
    """Returns a line in which the words of a link begin where the words above and below it do."""
    made = QHBoxLayout()
    made.setContentsMargins(theme.SPACE_12, 0, theme.SPACE_16, below_px)
    made.addWidget(link)
    made.addStretch(1)
    return made
