"""The centre of the Data page: what the view is narrowed to, how it is sorted, the grid, one row large, statistics, the map."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QSlider, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.language import tr
from workbench.app.pages.data.loupe import Loupe
from workbench.app.pages.data.sample_view import LARGEST_PX, SMALLEST_PX, USUAL_PX, SampleView
from workbench.app.pages.data.thumbnails import Thumbnails
from workbench.app.widgets import button

SEARCH_DELAY_MS = 200
GRID, LOUPE = 0, 1


class Browser(QWidget):
    """Rows as a grid, with everything that narrows and orders them.

    Signals:
        searched: The words in the search field, a moment after typing.
        ordered: Another order or grouping was chosen.
        freed: A chip was closed: what it stands for.
        tab_changed: The name of the tab that shows.
    """

    searched = Signal(str)
    ordered = Signal()
    freed = Signal(object)
    tab_changed = Signal(str)

    def __init__(self, kept: Thumbnails | None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._delay = QTimer(self)
        self._delay.setSingleShot(True)
        self._delay.setInterval(SEARCH_DELAY_MS)
        self._delay.timeout.connect(lambda: self.searched.emit(self.search.text().strip()))
        self.view, self.loupe = SampleView(self, kept), Loupe(self)
        self.tabs, self.pages = QTabBar(self), QStackedWidget(self)
        self.tabs.setUsesScrollButtons(False)
        self._names: list[str] = []
        self._grid = QStackedWidget(self)
        self._grid.addWidget(self.view)
        self._grid.addWidget(self.loupe)
        self._tools = QWidget(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_12, theme.SPACE_8, theme.SPACE_12, 0)
        layout.setSpacing(theme.SPACE_8)
        layout.addLayout(self._first_line())
        layout.addWidget(self._tools)
        self._fill_tools()
        layout.addWidget(self.pages, 1)
        self.add_tab("grid", tr("Grid"), self._grid)
        self.tabs.currentChanged.connect(self._show_tab)
        self.loupe.closed.connect(self.close_loupe)
        self.view.cell_size_changed.connect(self.zoom.setValue)

    def _first_line(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_8)
        self.tabs.setObjectName("data.tabs")
        self.tabs.setAccessibleName(tr("What the centre shows"))
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.search = QLineEdit(self)
        self.search.setObjectName("data.grid.search")
        self.search.setAccessibleName(tr("Filter rows by text or id"))
        self.search.setPlaceholderText(tr("Filter rows by text or id"))
        self.search.setClearButtonEnabled(True)
        self.search.setMaximumWidth(240)
        self.search.textChanged.connect(lambda _text: self._delay.start())
        self.count = QLabel(self)
        theme.mark(self.count, "quiet")
        row.addWidget(self.tabs)
        row.addStretch(1)
        row.addWidget(self.count)
        row.addWidget(self.search, 1)
        return row

    def _fill_tools(self) -> None:
        row = QHBoxLayout(self._tools)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACE_8)
        self._chips = QHBoxLayout()
        self._chips.setSpacing(theme.SPACE_4)
        self.all = button("data.grid.all", tr("Show all"), lambda: self.freed.emit(None), kind="link", tip=tr("Let go of every filter"))
        self.sort, self.group = self._combo("sort", tr("Sort by")), self._combo("group", tr("Group by"))
        self.zoom = QSlider(Qt.Orientation.Horizontal, self)
        self.zoom.setObjectName("data.grid.zoom")
        self.zoom.setAccessibleName(tr("Size of the pictures"))
        self.zoom.setToolTip(tr("Size of the pictures"))
        self.zoom.setRange(SMALLEST_PX, LARGEST_PX)
        self.zoom.setValue(USUAL_PX)
        self.zoom.setFixedWidth(100)
        self.zoom.valueChanged.connect(self.view.set_cell_size)
        row.addLayout(self._chips)
        row.addWidget(self.all)
        row.addStretch(1)
        for widget in (self.sort, self.group, self.zoom):
            row.addWidget(widget)

    def _combo(self, name: str, label: str) -> QComboBox:
        made = QComboBox(self)
        made.setObjectName(f"data.grid.{name}")
        made.setAccessibleName(label)
        made.setToolTip(label)
        made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        made.setMaximumWidth(200)
        made.activated.connect(lambda _index: self.ordered.emit())
        return made

    def add_tab(self, name: str, label: str, widget: QWidget) -> None:
        """Adds a tab."""
        self._names.append(name)
        self.pages.addWidget(widget)
        self.tabs.addTab(label)

    def _show_tab(self, index: int) -> None:
        self.pages.setCurrentIndex(index)
        grid = self._names[index] == "grid"
        for widget in (self.sort, self.group, self.zoom):
            widget.setVisible(grid)
        self.tab_changed.emit(self._names[index])

    @property
    def tab(self) -> str:
        """The name of the tab that shows."""
        return self._names[self.tabs.currentIndex()]

    def show_tab(self, name: str) -> None:
        """Brings a tab to the front."""
        self.tabs.setCurrentIndex(self._names.index(name))

    def set_orders(self, orders: list[tuple[str, str]], groups: list[tuple[str, str]]) -> None:
        """Offers these orders and groupings, each as a stable name and its words; a choice is kept where it is still offered."""
        for combo, items in ((self.sort, orders), (self.group, groups)):
            if items != [(combo.itemData(index), combo.itemText(index)) for index in range(combo.count())]:
                chosen = combo.currentData()
                combo.clear()
                for name, label in items:
                    combo.addItem(label, name)
                combo.setCurrentIndex(max(0, combo.findData(chosen)))

    @property
    def order(self) -> tuple[str, bool, str]:
        """What rows are sorted by, whether downwards, and what they are grouped by."""
        key = str(self.sort.currentData() or "")
        return key.lstrip("-"), key.startswith("-"), str(self.group.currentData() or "")

    def show_chips(self, chips: list[tuple[str, object]]) -> None:
        """Shows what the view is narrowed to; pressing a chip lets go of it."""
        while self._chips.count():
            widget = self._chips.takeAt(0).widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for number, (words, key) in enumerate(chips):
            self._chips.addWidget(self._chip(number, words, lambda key=key: self.freed.emit(key)))
        self.all.setVisible(bool(chips))

    def _chip(self, number: int, words: str, let_go: Callable[[], object]) -> QWidget:
        made = button(f"data.grid.chip{number}", f"{words} ×", let_go, tip=tr("Let go of this filter"), parent=self)
        made.setAccessibleName(tr("Let go of {filter}", filter=words))
        return made

    def open_loupe(self) -> None:
        """Shows the row under the cursor large."""
        self._grid.setCurrentIndex(LOUPE)
        self.loupe.setFocus()

    def close_loupe(self) -> None:
        """Goes back to the grid."""
        self._grid.setCurrentIndex(GRID)
        self.view.setFocus()

    @property
    def enlarged(self) -> bool:
        """Whether one row is shown large."""
        return self._grid.currentIndex() == LOUPE

    def set_search(self, words: str) -> None:
        """Puts words into the search field without searching."""
        self.search.setText(words)
        self._delay.stop()
