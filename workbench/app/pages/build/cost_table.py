"""The Costs tab: what every layer costs, sortable, with bars; a click selects the layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QPainter, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from workbench.app import theme
from workbench.app.language import say, tr
from workbench.app.pages.build.figures import counted, percent, shortened, sized
from workbench.app.widgets import button
from workbench.graph.repeat import counts
from workbench.models.receptive import receptive_fields

if TYPE_CHECKING:
    from workbench.app.pages.build.page import BuildPage

_DELAY_MS = 80
_SHARE_ROLE = Qt.ItemDataRole.UserRole + 1
_WIDTHS = (124, 112, 88, 76, 100, 100, 100, 60, 90)
Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class CostRow:
    """One layer.

    Attributes:
        node: Its id.
        name, kind: As shown.
        numbers: Parameters, MACs, bytes of results, bytes kept for the backward pass, bytes moved, share of the MACs, receptive field.
        field: The receptive field as written.
    """

    node: str
    name: str
    kind: str
    numbers: tuple[float, ...]
    field: str


class CostModel(QAbstractTableModel):
    """Rows of costs; sorts itself."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.rows: list[CostRow] = []
        self._most: tuple[float, ...] = ()
        self._order = (-1, Qt.SortOrder.AscendingOrder)
        self.headings = (
            (tr("Name"), tr("The name of the layer")), (tr("Layer"), tr("Its kind")), (tr("Parameters"), tr("Numbers that are learned")),
            (tr("MACs"), tr("Multiply-accumulates for one row")), (tr("Forward"), tr("Memory of its results, for one batch")),
            (tr("Kept"), tr("Memory kept for the backward pass, for one batch")),
            (tr("Moved"), tr("Bytes read and written in a forward pass, for one batch")),
            (tr("Share"), tr("Its part of all multiply-accumulates")),
            (tr("Sees"), tr("Receptive field: how much of the input one position of its result depends on")),
        )

    def show_rows(self, rows: list[CostRow]) -> None:
        """Takes other rows, in the order that was chosen."""
        self.beginResetModel()
        self.rows = rows
        self._most = tuple(max(column, default=0.0) for column in zip(*(row.numbers for row in rows), strict=True))
        self._arrange()
        self.endResetModel()

    def _arrange(self) -> None:
        column, order = self._order
        if column >= 0:
            backwards = order == Qt.SortOrder.DescendingOrder
            self.rows = sorted(self.rows, key=lambda row: (row.name, row.kind)[column] if column < 2 else row.numbers[column - 2], reverse=backwards)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sorts by a column; the column -1 is the order of computation."""
        self.layoutAboutToBeChanged.emit()
        self._order = (column, order)
        self._arrange()
        self.layoutChanged.emit()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 (as Qt declares it)
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 (as Qt declares it)
        return 0 if parent.isValid() else len(self.headings)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row, column = self.rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(row, column)
        if role == _SHARE_ROLE and 2 <= column < 8:
            most = self._most[column - 2]
            return row.numbers[column - 2] / most if most else 0.0
        if role == Qt.ItemDataRole.TextAlignmentRole and column > 1:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def _text(self, row: CostRow, column: int) -> str:
        if column in (0, 1, 8):
            return {0: row.name, 1: row.kind, 8: row.field}[column]
        value = row.numbers[column - 2]
        if not value:
            return ""
        return counted(int(value)) if column == 2 else shortened(value) if column == 3 else percent(value) if column == 7 else sized(value)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is Qt.Orientation.Horizontal and role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self.headings[section][role == Qt.ItemDataRole.ToolTipRole]
        return None


class _BarDelegate(QStyledItemDelegate):
    """Paints a thin bar below each number."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        super().paint(painter, option, index)
        share = index.data(_SHARE_ROLE)
        if share:
            box = option.rect
            width = max(2.0, share * (box.width() - 12))
            painter.fillRect(QRectF(box.right() - 6 - width, box.bottom() - 3, width, 2), QColor(theme.current().accent))


class CostPanel(QWidget):
    """The table and what can be done with it.

    Attributes:
        table: The view.
        model: Its rows.

    Signals:
        node_chosen: The id of the layer that was clicked.
    """

    node_chosen = Signal(str)

    def __init__(self, page: BuildPage) -> None:
        super().__init__(page)
        self.setObjectName("build.costs")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        theme.mark(self, "column")
        self._page = page
        self._shown: object = None
        self._timer = QTimer(self, singleShot=True, interval=_DELAY_MS)
        self._timer.timeout.connect(self.refresh_now)
        self.model, self.table = CostModel(self), QTableView(self)
        self._build_table()
        bar = QHBoxLayout()
        bar.setContentsMargins(theme.SPACE_16, theme.SPACE_4, theme.SPACE_16, theme.SPACE_4)
        bar.setSpacing(theme.SPACE_8)
        bar.addWidget(button("build.costs.markdown", tr("Copy as Markdown"), lambda: self.copy("markdown"), tip=tr("The layer table for a README")))
        bar.addWidget(button("build.costs.latex", tr("Copy as LaTeX"), lambda: self.copy("latex"), tip=tr("The layer table for a paper")))
        bar.addStretch(1)
        self.peak = QLabel(self)
        self.peak.setObjectName("build.costs.peak")
        self.peak.setAccessibleName(tr("Memory at most"))
        self.peak.setToolTip(tr("The most that is held at one moment: weights, gradients, the optimizer's state and what the passes keep"))
        theme.mark(self.peak, "quiet")
        bar.addWidget(self.peak)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(bar)
        layout.addWidget(self.table, 1)

    def _build_table(self) -> None:
        table = self.table
        table.setObjectName("build.costs.table")
        table.setAccessibleName(tr("Costs of the layers"))
        table.setModel(self.model)
        table.setItemDelegate(_BarDelegate(table))
        table.setFrameShape(QFrame.Shape.NoFrame)
        table.setShowGrid(False)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(24)
        table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        table.horizontalHeader().setSortIndicatorClearable(True)
        table.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        table.setSortingEnabled(True)
        for column, width in enumerate(_WIDTHS):
            table.setColumnWidth(column, width)
        table.clicked.connect(self._chosen)
        table.activated.connect(self._chosen)

    def _chosen(self, index: QModelIndex) -> None:
        self.node_chosen.emit(self.model.rows[index.row()].node)

    def refresh(self) -> None:
        """Fills the table anew a moment later, where it shows."""
        if self.isVisible():
            self._timer.start()

    def refresh_now(self) -> None:
        """Fills the table anew where something changed."""
        session = self._page.session
        batch, inferred = session.project.recipe.batch_size, session.inferred
        if self._shown != (id(inferred), batch):
            self._shown = (id(inferred), batch)
            self.model.show_rows(cost_rows(inferred, self._page.book.costs, batch))
            self.peak.setText(_peak(session.project, inferred))
        self.show_selection()

    def show_selection(self) -> None:
        """Selects the rows of the selected layers."""
        chosen = set(self._page.session.selection)
        self.table.clearSelection()
        rows = [index for index, row in enumerate(self.model.rows) if row.node in chosen]
        if len(rows) == 1:
            self.table.selectRow(rows[0])

    def copy(self, form: str) -> None:
        """Puts the layer table on the clipboard, as `markdown` or `latex`."""
        from workbench.models import table

        inferred = self._page.session.inferred
        QApplication.clipboard().setText(table.markdown(inferred) if form == "markdown" else table.latex(inferred))
        self._page.say(tr("Copied."))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh_now()


def _peak(project: Any, inferred: Any) -> str:
    """Returns the memory of a training step and of a prediction, in words."""
    from workbench.models.memory import forecast
    from workbench.training.optimizers import OPTIMIZERS

    choice, rows = project.recipe.optimizer, project.recipe.batch_size
    entry = OPTIMIZERS.get(choice.name)
    found = forecast(inferred, rows, moments=entry.moments(entry.Params.model_construct(**choice.params)) if entry else 2)
    return tr("Memory at most, {rows} rows at a time: {training} while training, {predicting} while predicting",
              rows=rows, training=sized(found.training), predicting=sized(found.predicting))


def cost_rows(inferred: Any, costs: Any, batch: int) -> list[CostRow]:
    """Returns the rows in the order of computation, memory for one batch."""
    fields, whole = receptive_fields(inferred), sum(cost.macs for cost in costs.values()) or 1
    rows = []
    for node in inferred.order:
        cost = costs.get(node)
        if cost is None:
            continue
        drawn = inferred.graph[node]
        layer = inferred.layers.get(drawn.layer)
        seen = fields.get(node, ())
        numbers = (
            cost.parameters, cost.macs, batch * cost.forward_bytes, batch * cost.kept_bytes, cost.moved_bytes(batch), cost.macs / whole,
            float(max(seen, default=0)),
        )
        runs = counts(inferred.graph, drawn.group)[0]
        name = f"{drawn.path} ×{runs}" if runs > 1 else drawn.path
        rows.append(CostRow(node, name, say(layer.label) if layer else drawn.layer, numbers, " × ".join(map(str, seen)) or "–"))
    return rows
