"""Comparing drawings: marks on the canvas, and the Compare tab with the list."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPen, QShowEvent
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QLabel, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.language import say, tr
from workbench.app.pages.build.card import HEIGHT_PX, RADIUS_PX, WIDTH_PX, Card, interface_font
from workbench.app.widgets import button, quiet
from workbench.errors import WorkbenchError
from workbench.graph.diff import GraphDiff, diff
from workbench.graph.graph import Edge, Graph
from workbench.graph.grouping import members_of

if TYPE_CHECKING:
    from workbench.app.pages.build.page import BuildPage

_NODE_ROLE = Qt.ItemDataRole.UserRole + 1
_NOW = ""


class Marks:
    """What the canvas marks while drawings are compared.

    Attributes:
        cards: `added` or `changed` by card.
        ghosts: Name and place of cards that are gone.
    """

    def __init__(self) -> None:
        self.cards: dict[str, str] = {}
        self.ghosts: list[tuple[str, QRectF]] = []

    def show(self, found: GraphDiff | None, before: Graph, card_of: Any) -> None:
        """Takes a difference; None ends the comparison."""
        self.cards, self.ghosts = {}, []
        if found is None:
            return
        self.cards |= {card_of(node): "changed" for node in found.changed}
        self.cards |= {card_of(edge.target.node): "changed" for edge in found.wires_added}
        self.cards |= {card_of(node): "added" for node in found.added}
        for node in found.removed:
            x, y = before[node].position
            self.ghosts.append((before[node].path, QRectF(x - WIDTH_PX / 2, y - HEIGHT_PX / 2, WIDTH_PX, HEIGHT_PX)))

    def paint(self, painter: QPainter, cards: Mapping[str, Card], look: theme.Theme) -> None:
        """Paints rings around cards, with a sign beside each, and the outlines of those that are gone."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(interface_font(13, True))
        for card, kind in self.cards.items():
            if card in cards:
                self._ring(painter, cards[card].rect.adjusted(-4, -4, 4, 4), look.good if kind == "added" else look.doubtful, kind)
        for name, box in self.ghosts:
            self._ring(painter, box, look.wrong, "removed")
            painter.setPen(QColor(look.wrong))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextSingleLine, name)

    def _ring(self, painter: QPainter, box: QRectF, colour: str, kind: str) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        style = Qt.PenStyle.SolidLine if kind == "added" else Qt.PenStyle.DashLine
        painter.setPen(QPen(QColor(colour), 2.5, style))
        painter.drawRoundedRect(box, RADIUS_PX + 3, RADIUS_PX + 3)
        sign = {"added": "+", "changed": "~", "removed": "−"}[kind]
        painter.drawText(QRectF(box.left() - 18, box.top(), 14, box.height()), Qt.AlignmentFlag.AlignCenter, sign)


class ComparePanel(QWidget):
    """Two choices and the list of what differs.

    Attributes:
        before, after: Which drawings: now, or a run.
        list: What differs; a row of a layer selects it.
        found: The difference that shows, or None.

    Signals:
        node_chosen: The id of a layer that was clicked.
        compared: Another difference shows (or none), and the drawing before.
    """

    node_chosen = Signal(str)
    compared = Signal(object, object)

    def __init__(self, page: BuildPage) -> None:
        super().__init__(page)
        self.setObjectName("build.compare")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        theme.mark(self, "column")
        self._page = page
        self._snapshots: dict[str, Graph] = {}
        self._compared: tuple[Graph, Graph] | None = None
        self.found: GraphDiff | None = None
        self.before, self.after = self._choice("before", tr("Before")), self._choice("after", tr("After"))
        self.state = quiet("", self)
        self.legend = QLabel(self)
        self.list = QTreeWidget(self)
        self._build_list()
        self._build_layout()
        page.session.runs_changed.connect(self._fill_choices)
        self._fill_choices()

    def _choice(self, name: str, words: str) -> QComboBox:
        box = QComboBox(self)
        box.setObjectName(f"build.compare.{name}")
        box.setAccessibleName(words)
        box.setToolTip(words)
        box.activated.connect(self.compare)
        return box

    def _build_list(self) -> None:
        self.list.setObjectName("build.compare.list")
        self.list.setAccessibleName(tr("What differs"))
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setHeaderLabels([tr("What"), tr("Where"), tr("Before"), tr("After")])
        for column, width in enumerate((110, 200, 200, 200)):
            self.list.setColumnWidth(column, width)
        self.list.itemClicked.connect(self._chosen)
        self.list.itemActivated.connect(self._chosen)

    def _build_layout(self) -> None:
        bar = QHBoxLayout()
        bar.setContentsMargins(theme.SPACE_16, theme.SPACE_4, theme.SPACE_16, theme.SPACE_4)
        bar.setSpacing(theme.SPACE_8)
        self.stop = button("build.compare.stop", tr("Stop comparing"), self.end, tip=tr("Take the marks off the canvas"))
        for widget in (self.before, QLabel("→", self), self.after, self.legend, self.stop):
            bar.addWidget(widget)
        bar.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(bar)
        layout.addWidget(self.state)
        layout.addWidget(self.list, 1)
        self.state.setContentsMargins(theme.SPACE_16, 0, theme.SPACE_16, theme.SPACE_4)

    def _fill_choices(self) -> None:
        runs = [(info.name or info.path.name, str(info.path)) for info in self._page.session.runs]
        for box, rows in ((self.before, runs), (self.after, [(tr("Now"), _NOW), *runs])):
            kept = box.currentData()
            box.clear()
            for name, path in rows:
                box.addItem(name, path)
            box.setCurrentIndex(max(0, box.findData(kept)))
        self._snapshots.clear()
        self.end()
        self.state.setText("" if runs else tr("There is no run yet to compare with."))

    def _graph(self, path: str) -> Graph:
        from workbench.project.runs import RunFolder

        if path == _NOW:
            return self._page.session.project.graph
        if path not in self._snapshots:
            self._snapshots[path] = RunFolder(Path(path)).snapshot().graph
        return self._snapshots[path]

    def compare(self, *_: object) -> None:
        """Compares what is chosen, lists what differs and marks it on the canvas."""
        if self.before.currentData() is None:
            return
        try:
            before, after = self._graph(self.before.currentData()), self._graph(self.after.currentData())
        except (WorkbenchError, OSError) as error:
            self.end()
            self.state.setText(say(error.message) if isinstance(error, WorkbenchError) else str(error))
            return
        self.found = diff(before, after)
        self._compared = (before, after)
        self._fill(before, after, self.found)
        look = theme.current()
        self.legend.setText(
            f'<span style="color:{look.good}">+ {tr("added")}</span>&nbsp; <span style="color:{look.doubtful}">~ {tr("changed")}</span>&nbsp; '
            f'<span style="color:{look.wrong}">− {tr("removed")}</span>'
        )
        self.stop.setVisible(True)
        self.legend.setVisible(True)
        self.state.setText(tr("The two make the same model.") if self.found.empty else "")
        self.compared.emit(self.found, before)

    def follow(self) -> None:
        """Compares anew where the drawing of now has changed."""
        if self.found is not None and self._compared is not None and self._graph(self.after.currentData()) is not self._compared[1]:
            self.compare()

    def end(self) -> None:
        """Takes list and marks away."""
        self.found = self._compared = None
        self.list.clear()
        self.legend.setVisible(False)
        self.stop.setVisible(False)
        self.compared.emit(None, Graph())

    def _fill(self, before: Graph, after: Graph, found: GraphDiff) -> None:
        self.list.clear()
        for node in found.added:
            self._row(tr("added"), after[node].path, "", self._kind(after[node].layer), node)
        for node in found.removed:
            self._row(tr("removed"), before[node].path, self._kind(before[node].layer), "", "")
        for node, changes in found.changed.items():
            for name, old, new in changes:
                self._row(tr("changed"), f"{after[node].path} · {tr(name)}", _shown(old), _shown(new), node)
        for path, changes in found.groups.items():
            for name, old, new in changes:
                self._row(tr("changed"), f"{path} · {tr(name)}", _shown(old), _shown(new), members_of(after, path)[0])
        for edge in found.wires_added:
            self._row(tr("wire added"), _ends(after, edge), "", "", edge.target.node)
        for edge in found.wires_removed:
            self._row(tr("wire removed"), _ends(before, edge), "", "", "")

    def _kind(self, layer: str) -> str:
        entry = self._page.commands.layers.get(layer)
        return say(entry.label) if entry is not None else layer

    def _row(self, what: str, where: str, before: str, after: str, node: str) -> None:
        item = QTreeWidgetItem([what, where, before, after])
        item.setData(0, _NODE_ROLE, node)
        self.list.addTopLevelItem(item)

    def _chosen(self, item: QTreeWidgetItem) -> None:
        node = item.data(0, _NODE_ROLE)
        if node and node in self._page.session.project.graph:
            self.node_chosen.emit(node)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self.found is None:
            self.compare()


def _shown(value: Any) -> str:
    return tr("default") if value is None else tr("yes") if value is True else tr("no") if value is False else str(value)


def _ends(graph: Graph, edge: Edge) -> str:
    names = [graph[end].path if end in graph else end for end in (edge.source.node, edge.target.node)]
    return " → ".join(names)
