"""Chooses one of the rows that the model was not trained on."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.language import tr
from workbench.app.pages.inspect.question import RowSpin
from workbench.app.widgets import Heading, button


class RowPicker(QWidget):
    """A row of the data by its place; arrows and buttons go through them.

    Signals:
        row_chosen: A dataset row.
    """

    row_chosen = Signal(int)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self._rows = np.zeros(0, np.int64)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_4)
        layout.addWidget(Heading(tr("Or a row it was not trained on")))
        row = QHBoxLayout()
        row.setSpacing(theme.SPACE_4)
        self.place = RowSpin()
        self.place.setObjectName(f"{name}.place")
        self.place.setAccessibleName(tr("Place of the row"))
        self.place.setToolTip(tr("Any arrow key goes through the rows"))
        self.place.setKeyboardTracking(False)
        self.place.valueChanged.connect(lambda _place: self._choose())
        row.addWidget(self.place, 1)
        self.show_row = button(f"{name}.show", tr("Try this row"), self._choose, tip=tr("Give this row of the data to the bundle"))
        row.addWidget(self.show_row)
        layout.addLayout(row)

    def set_rows(self, rows: np.ndarray) -> None:
        """Offers these dataset rows, int64 `(n,)`; asks about none."""
        if np.array_equal(rows, self._rows):
            return
        self._rows = rows
        self.place.blockSignals(True)
        self.place.setRange(1, max(len(rows), 1))
        self.place.setValue(1)
        self.place.setSuffix(tr(" of {count}", count=f"{len(rows):,}"))
        self.place.blockSignals(False)

    @property
    def count(self) -> int:
        """How many rows are offered."""
        return len(self._rows)

    def _choose(self) -> None:
        place = self.place.value() - 1
        if 0 <= place < len(self._rows):
            self.row_chosen.emit(int(self._rows[place]))
