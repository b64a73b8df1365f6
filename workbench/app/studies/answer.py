"""One answer: its sentences, its picture where there is one, its numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHeaderView, QLabel, QSizePolicy, QStackedWidget, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.language import say, tr
from workbench.app.pages.train.run_words import metric_words
from workbench.app.widgets import quiet

if TYPE_CHECKING:
    from workbench.app.studies.plots import BudgetPlot, PairedPlot
    from workbench.training.studies.record import Record

MOST_ROWS = 7


class AnswerView(QWidget):
    """What a finished study says, or why there is no answer yet."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("studies.answer")
        self._plots: dict[str, BudgetPlot | PairedPlot] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_8)
        self.sentence = QLabel()
        self.sentence.setObjectName("studies.answer.sentence")
        self.sentence.setWordWrap(True)
        self.sentence.setTextFormat(Qt.TextFormat.PlainText)
        self.sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        theme.mark(self.sentence, "subject")
        self.more = quiet("")
        self.more.setObjectName("studies.answer.more")
        self._stack = QStackedWidget()
        self._stack.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.table = self._table()
        for widget in (self.sentence, self.more):
            layout.addWidget(widget)
        layout.addWidget(self._stack, 4)
        layout.addWidget(self.table)
        layout.addStretch(1)

    def _table(self) -> QTreeWidget:
        table = QTreeWidget()
        table.setObjectName("studies.answer.table")
        table.setAccessibleName(tr("Numbers"))
        table.setRootIsDecorated(False)
        table.setUniformRowHeights(True)
        table.setSelectionMode(QTreeWidget.SelectionMode.ExtendedSelection)
        return table

    def show_nothing(self, sentence: str) -> None:
        """Says why there is no answer."""
        self.sentence.hide()
        self.more.setText(sentence)
        self._stack.hide()
        self.table.hide()

    def show_record(self, record: Record) -> None:
        """Shows a finished study."""
        from workbench.training.studies import STUDIES

        entry = STUDIES[record.kind]
        first, *others = [say(text) for text in entry.sentences(record.result)] or [""]
        self.sentence.setText(first)
        self.sentence.show()
        self.more.setText("\n".join(others))
        self._fill([[_cell(cell) for cell in line] for line in entry.table(record.result)])
        plot = self._plot(record.kind)
        if plot is not None:
            plot.show_result(record.result)
            self._stack.setCurrentWidget(plot)
        self._stack.setVisible(plot is not None)

    def _plot(self, kind: str) -> Any:
        from workbench.app.studies.plots import BudgetPlot, PairedPlot

        maker = {"budget": BudgetPlot, "paired": PairedPlot}.get(kind)
        if maker is not None and kind not in self._plots:
            self._plots[kind] = maker(self)
            self._stack.addWidget(self._plots[kind])
        return self._plots.get(kind)

    def _fill(self, lines: list[list[str]]) -> None:
        head, *rows = lines
        self.table.clear()
        self.table.setColumnCount(len(head))
        self.table.setHeaderLabels(head)
        for row in rows:
            item = QTreeWidgetItem(row)
            for column in range(1, len(row)):
                item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.table.addTopLevelItem(item)
        for column in range(1, len(head)):
            self.table.headerItem().setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.table.header().setStretchLastSection(False)
        self.table.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.table.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.table.show()
        shown = min(len(rows), MOST_ROWS) * max(self.table.sizeHintForRow(0), 1)
        self.table.setFixedHeight(self.table.header().sizeHint().height() + shown + 2 * self.table.frameWidth() + theme.SPACE_4)


def _cell(text: str) -> str:
    """Returns a cell in the language in use; metric tags in words."""
    said = say(text)
    return metric_words(said) if said.endswith(("/val", "/test")) else said
