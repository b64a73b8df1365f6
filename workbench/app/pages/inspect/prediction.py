"""What the model says: the classes with their shares, best first, and whether it is right."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.language import tr
from workbench.app.widgets import Bar, quiet

SHOWN = 5


class PredictionPanel(QWidget):
    """Bars of the best classes; clicking one asks why not that one.

    Signals:
        target_wanted: The class that should be explained.
    """

    target_wanted = Signal(int)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_4)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(theme.SPACE_8)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(1, 1)
        layout.addLayout(self._grid)
        self._rows = [self._row(index) for index in range(SHOWN)]
        self._words = quiet("")
        self._words.setObjectName(f"{name}.words")
        self._words.setTextFormat(Qt.TextFormat.PlainText)
        self._words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        layout.insertWidget(0, self._words)
        self._truth = quiet("")
        layout.addWidget(self._truth)
        self._order: list[int] = []
        self.clear()

    def _row(self, index: int) -> tuple[QPushButton, Bar, QLabel]:
        name = QPushButton()
        name.setObjectName(f"{self.objectName()}.class{index}")
        theme.mark(name, "plain")
        name.setStyleSheet("text-align: left;")
        name.setMaximumWidth(104)
        name.setToolTip(tr("Explain this class"))
        name.clicked.connect(lambda _checked=False: self._ask(index))
        bar, share = Bar(), QLabel()
        share.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        share.setMinimumWidth(52)
        for column, widget in enumerate((name, bar, share)):
            self._grid.addWidget(widget, index, column)
        return name, bar, share

    def clear(self) -> None:
        """Shows nothing."""
        self._order = []
        for row in self._rows:
            for widget in row:
                widget.hide()
        self._truth.setText("")
        self._truth.hide()
        self.show_words("")

    def show_words(self, words: str, right: bool | None = None) -> None:
        """Shows what the model said in words, above the bars.

        Args:
            words: What it said; "" for nothing.
            right: Whether it is right, or None where that is no yes or no.
        """
        self._words.setText(words)
        self._words.setVisible(bool(words))
        theme.mark(self._words, "quiet" if right is None else "good" if right else "wrong")

    def show_shares(self, shares: np.ndarray, labels: tuple[str, ...], target: int = -1, truth: int = -1) -> None:
        """Shows the best classes.

        Args:
            shares: float `(K,)`, sums to 1.
            labels: Their names, or () for numbers.
            target: The one that is explained.
            truth: The right one, or -1.
        """
        names = labels or tuple(str(index) for index in range(len(shares)))
        self._order = [int(index) for index in np.argsort(-shares, kind="stable")[:SHOWN]]
        best = self._order[0]
        for place, row in enumerate(self._rows):
            there = place < len(self._order)
            for widget in row:
                widget.setVisible(there)
            if there:
                self._fill(row, self._order[place], names, float(shares[self._order[place]]), target, best)
        self._say_truth(best, truth, names)

    def _fill(self, row: tuple[QPushButton, Bar, QLabel], index: int, names: tuple[str, ...], share: float, target: int, best: int) -> None:
        name, bar, label = row
        words = name.fontMetrics().elidedText(names[index], Qt.TextElideMode.ElideRight, 92)
        name.setText(words.replace("&", "&&"))
        name.setAccessibleName(f"{names[index]} {share:.0%}")
        name.setToolTip(tr("Explain {label}", label=names[index]))
        font = name.font()
        font.setBold(index == target)
        name.setFont(font)
        bar.set_value(share, theme.current().accent if index == best else theme.current().faint, text=f"{names[index]} {share * 100:.2f} %")
        label.setText(f"{share * 100:.1f} %")

    def _say_truth(self, best: int, truth: int, names: tuple[str, ...]) -> None:
        if truth < 0:
            self._truth.setText("")
        elif truth == best:
            self._truth.setText(tr("Right: it is {label}.", label=names[truth]))
        else:
            self._truth.setText(tr("Wrong: it is {label}.", label=names[truth]))
        self._truth.setVisible(bool(self._truth.text()))
        theme.mark(self._truth, "quiet" if truth < 0 else "good" if truth == best else "wrong")

    @property
    def best(self) -> int:
        """The class with the largest share, or -1."""
        return self._order[0] if self._order else -1

    def _ask(self, place: int) -> None:
        if place < len(self._order):
            self.target_wanted.emit(self._order[place])
