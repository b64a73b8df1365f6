"""The Outline tab: the drawing as a tree that keyboard and screen reader can work with, and that can do all the canvas can."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QItemSelectionModel, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHBoxLayout, QHeaderView, QMenu, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.language import say, tr
from workbench.app.pages.build.figures import counted
from workbench.app.pages.build.menus import connect_menu, group_menu, node_menu, wire_menu
from workbench.app.pages.build.tips import named_axes
from workbench.app.pages.build.view import LayerWanted
from workbench.app.widgets import button
from workbench.graph.bypass import is_bypassed
from workbench.graph.drawing import GROUP_MARK, path_of_card
from workbench.graph.graph import Edge, Graph, Node
from workbench.graph.grouping import is_folded, members_of
from workbench.graph.problem import Severity
from workbench.graph.repeat import repeat_of

if TYPE_CHECKING:
    from workbench.app.pages.build.page import BuildPage

NODE_ROLE, EDGE_ROLE = Qt.ItemDataRole.UserRole + 1, Qt.ItemDataRole.UserRole + 2
GROUP_ROLE = Qt.ItemDataRole.UserRole + 3
_DELAY_MS = 60


class OutlinePanel(QWidget):
    """Tree and buttons.

    Attributes:
        tree: One row per layer in the order of computation; below it one row per wire into it.
    """

    def __init__(self, page: BuildPage) -> None:
        super().__init__(page)
        self.setObjectName("build.outline")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        theme.mark(self, "column")
        self._page, self._commands = page, page.commands
        self._graph: object = None
        self._filling = False
        self._rows: dict[str, tuple[QTreeWidgetItem, object]] = {}
        self._timer = QTimer(self, singleShot=True, interval=_DELAY_MS)
        self._timer.timeout.connect(self.refresh_now)
        self.tree = _OutlineTree(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(self._buttons())
        layout.addWidget(self.tree, 1)
        self.tree.itemSelectionChanged.connect(self._chosen)
        self.tree.itemChanged.connect(self._renamed)

    def _buttons(self) -> QHBoxLayout:
        bar = QHBoxLayout()
        bar.setContentsMargins(theme.SPACE_16, theme.SPACE_4, theme.SPACE_16, theme.SPACE_4)
        bar.setSpacing(theme.SPACE_8)
        rows = (
            ("add", tr("Add after..."), self.add, "Ins"), ("connect", tr("Connect to..."), self.connect_from, "C"),
            ("rename", tr("Rename"), self.rename, "F2"), ("up", tr("Earlier"), lambda: self.reorder(-1), "Alt+↑"),
            ("down", tr("Later"), lambda: self.reorder(1), "Alt+↓"), ("delete", tr("Delete"), self.delete, "Del"),
        )
        for name, text, slot, key in rows:
            bar.addWidget(button(f"build.outline.{name}", text, slot, tip=f"{text} ({key})"))
        bar.addStretch(1)
        return bar

    def refresh(self) -> None:
        """Fills the tree anew a moment later, where it shows."""
        if self.isVisible():
            self._timer.start()

    def refresh_now(self) -> None:
        """Fills the tree anew where the drawing changed, and selects what is selected."""
        graph = self._commands.graph
        if graph is not self._graph:
            self._graph = graph
            self._fill()
        self.show_selection()

    def _fill(self) -> None:
        """Changes the rows that differ; where nodes changed places, all of them."""
        self._filling = True
        kept = self.current_edge()
        graph, inferred = self._commands.graph, self._commands.session.inferred
        listed = set(inferred.order)
        order = _with_groups(graph, [*inferred.order, *(node for node in graph.nodes if node not in listed)])
        wanted = set(order)
        for gone in [node for node in self._rows if node not in wanted]:
            self.tree.takeTopLevelItem(self.tree.indexOfTopLevelItem(self._rows.pop(gone)[0]))
        if list(self._rows) != [node for node in order if node in self._rows]:
            self.tree.clear()
            self._rows.clear()
        rows: dict[str, tuple[QTreeWidgetItem, object]] = {}
        for index, node in enumerate(order):
            rows[node] = self._row(index, graph[node]) if node in graph else self._group_row(index, path_of_card(node))
        self._rows = rows
        self._filling = False
        if kept is not None:
            self._select_edge(kept)

    def _row(self, index: int, node: Node) -> tuple[QTreeWidgetItem, object]:
        """Returns the row of a node and what it was made from; an old row of the same making stays."""
        inferred, cost = self._commands.session.inferred, self._page.book.costs.get(node.id)
        made = (
            node, self._commands.graph.incoming(node.id), self._sources(node), inferred.output_shapes(node.id), cost,
            tuple(problem.message for problem in inferred.problems_of(node.id)),
        )
        old = self._rows.get(node.id)
        if old is not None and old[1] == made:
            return old
        item = self._node_item(node)
        if old is not None:
            self.tree.takeTopLevelItem(index)
        self.tree.insertTopLevelItem(index, item)
        item.setExpanded(True)
        return item, made

    def _group_row(self, index: int, path: str) -> tuple[QTreeWidgetItem, object]:
        graph, card = self._commands.graph, f"{GROUP_MARK}{path}"
        members, folded = members_of(graph, path), is_folded(graph, path)
        parameters = sum(cost.parameters for node in members if (cost := self._page.book.costs.get(node)) is not None)
        times = repeat_of(graph, path).times
        made = (path, tuple(members), folded, parameters, times)
        old = self._rows.get(card)
        if old is not None and old[1] == made:
            return old
        layers = tr("{count} layers", count=len(members))
        shown = tr("{layers}, repeated ×{times}", layers=layers, times=times) if times > 1 else layers
        words = [f"{'▸' if folded else '▾'} {path}", tr("Group"), "", shown, counted(parameters), ""]
        item = QTreeWidgetItem(words)
        item.setTextAlignment(4, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        item.setData(0, GROUP_ROLE, path)
        state = tr("folded") if folded else tr("open")
        item.setData(0, Qt.ItemDataRole.AccessibleTextRole, ", ".join((tr("Group"), path, words[3], state)))
        if old is not None:
            self.tree.takeTopLevelItem(index)
        self.tree.insertTopLevelItem(index, item)
        return item, made

    def _sources(self, node: Node) -> str:
        graph = self._commands.graph
        return ", ".join(graph[edge.source.node].name for edge in graph.incoming(node.id) if edge.source.node in graph)

    def _node_item(self, node: Node) -> QTreeWidgetItem:
        inferred, graph = self._commands.session.inferred, self._commands.graph
        layer = self._commands.layers.get(node.layer)
        cost = self._page.book.costs.get(node.id)
        shapes = list(inferred.output_shapes(node.id).values())
        words, problem = self._state(inferred.problems_of(node.id))
        words = words or (tr("bypassed") if is_bypassed(node) else "")
        sources = self._sources(node)
        item = QTreeWidgetItem([
            node.name, say(layer.label) if layer is not None else tr("unknown layer {name}", name=node.layer), sources,
            str(shapes[0]) if shapes else "", counted(cost.parameters) if cost is not None and cost.parameters else "", words,
        ])
        item.setData(0, NODE_ROLE, node.id)
        item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
        item.setTextAlignment(4, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        item.setToolTip(5, problem)
        item.setToolTip(3, named_axes(shapes[0]) if shapes else "")
        item.setData(0, Qt.ItemDataRole.AccessibleTextRole, ", ".join(part for part in (
            node.name, item.text(1), tr("from {names}", names=sources) if sources else "", named_axes(shapes[0]) if shapes else "", problem,
        ) if part))
        item.addChildren([self._edge_item(edge) for edge in graph.incoming(node.id)])
        return item

    def _edge_item(self, edge: Edge) -> QTreeWidgetItem:
        graph = self._commands.graph
        source = graph[edge.source.node].name if edge.source.node in graph else edge.source.node
        shape = self._commands.session.inferred.edge_shape(edge)
        item = QTreeWidgetItem([f"← {source}", edge.target.port, "", str(shape) if shape is not None else "", "", ""])
        item.setData(0, EDGE_ROLE, edge)
        item.setData(0, Qt.ItemDataRole.AccessibleTextRole, tr("wire from {source} into {port}", source=source, port=edge.target.port))
        return item

    def _state(self, problems: Any) -> tuple[str, str]:
        if not problems:
            return "", ""
        wrong = any(problem.severity is Severity.ERROR for problem in problems)
        return tr("Wrong") if wrong else tr("Doubtful"), say(problems[0].message)

    def current_node(self) -> str:
        """Returns the id of the node of the current row, "" where it is a wire."""
        item = self.tree.currentItem()
        return (item.data(0, NODE_ROLE) or "") if item is not None else ""

    def current_edge(self) -> Edge | None:
        """Returns the wire of the current row."""
        item = self.tree.currentItem()
        return item.data(0, EDGE_ROLE) if item is not None else None

    def current_group(self) -> str:
        """Returns the path of the group of the current row, or ""."""
        item = self.tree.currentItem()
        return (item.data(0, GROUP_ROLE) or "") if item is not None else ""

    def show_selection(self) -> None:
        """Selects the rows of the selected nodes."""
        chosen = set(self._commands.session.selection)
        if (self.current_edge() is not None and not chosen) or self._filling:
            return
        self._filling = True
        self.tree.clearSelection()
        items = [self._rows[node][0] for node in self._commands.session.selection if node in self._rows]
        first = items[0] if items else None
        for item in items:
            item.setSelected(True)
        if first is not None and self.current_node() not in chosen:
            self.tree.setCurrentItem(first, 0, QItemSelectionModel.SelectionFlag.NoUpdate)
        self._filling = False

    def _select_edge(self, edge: Edge) -> None:
        for index in range(self.tree.topLevelItemCount()):
            item = self.tree.topLevelItem(index)
            for row in range(item.childCount()):
                if item.child(row).data(0, EDGE_ROLE) == edge:
                    self.tree.setCurrentItem(item.child(row))

    def _chosen(self) -> None:
        if self._filling:
            return
        paths = [item.data(0, GROUP_ROLE) for item in self.tree.selectedItems() if item.data(0, GROUP_ROLE)]
        if paths:
            self._filling = True
            self._commands.select(node for path in paths for node in members_of(self._commands.graph, path))
            self._filling = False
        else:
            self._commands.select(item.data(0, NODE_ROLE) for item in self.tree.selectedItems() if item.data(0, NODE_ROLE))

    def _renamed(self, item: QTreeWidgetItem, column: int) -> None:
        node = item.data(0, NODE_ROLE)
        if self._filling or column != 0 or not node:
            return
        refusal = self._commands.rename(node, item.text(0).strip())
        if refusal:
            self._commands.refused.emit(refusal)
            self._filling = True
            item.setText(0, self._commands.graph[node].name)
            self._filling = False

    def _below(self) -> QPoint:
        item = self.tree.currentItem()
        box = self.tree.visualItemRect(item) if item is not None else self.tree.rect()
        return self.tree.viewport().mapToGlobal(box.bottomLeft() + QPoint(24, 0))

    def add(self) -> None:
        """Asks for a layer to add after the current one, or into the current wire."""
        node, edge = self.current_node(), self.current_edge()
        place = QPointF(*self._commands.graph[node].position) if node else self._page.view.visible_rect().center()
        after = node if node and self._commands.output_ports(node) else ""
        self._page.search(LayerWanted(place, self._below(), edge=edge, after=after))

    def connect_from(self) -> None:
        """Offers the ports that the current layer may be wired to."""
        node = self.current_node()
        if node:
            menu = connect_menu(self._page, node, QMenu(self))
            menu.setObjectName("build.menu.connect")
            menu.popup(self._below())

    def rename(self) -> None:
        """Edits the name in place; that of a group in the column on the right."""
        if self.current_group():
            self._page.rename(f"{GROUP_MARK}{self.current_group()}")
        if self.current_node():
            self.tree.editItem(self.tree.currentItem(), 0)

    def reorder(self, step: int) -> None:
        """Swaps the current layer with its neighbour, or moves the current wire in the order of its port."""
        edge, node = self.current_edge(), self.current_node()
        if edge is not None:
            self._commands.reorder_wire(edge, step)
        elif node:
            self._commands.reorder(node, step)

    def delete(self) -> None:
        """Deletes the selected layers, or the current wire."""
        edge = self.current_edge()
        if self.current_group():
            self._commands.delete(members_of(self._commands.graph, self.current_group()))
        elif edge is not None:
            self._commands.disconnect((edge,))
        else:
            self._commands.delete(self._commands.session.selection)

    def menu(self, at: QPoint) -> None:
        """Shows the menu of the current row."""
        edge, node = self.current_edge(), self.current_node()
        if path := self.current_group():
            group_menu(self._page, path).popup(at)
        elif node:
            node_menu(self._page, node, at).popup(at)
        elif edge is not None:
            wire_menu(self._page, edge, QPointF(), at).popup(at)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh_now()


def _with_groups(graph: Graph, order: list[str]) -> list[str]:
    """Puts the row of every group before that of its first member."""
    rows: dict[str, None] = {}
    for node in order:
        steps = graph[node].group.split(".") if graph[node].group else []
        rows.update((f"{GROUP_MARK}{'.'.join(steps[:count])}", None) for count in range(1, len(steps) + 1))
        rows[node] = None
    return list(rows)


class _OutlineTree(QTreeWidget):
    def __init__(self, panel: OutlinePanel) -> None:
        super().__init__(panel)
        self._panel = panel
        self.setObjectName("build.outline.tree")
        self.setAccessibleName(tr("Outline of the drawing"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHeaderLabels([tr("Name"), tr("Layer"), tr("From"), tr("Shape"), tr("Parameters"), tr("State")])
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed | QAbstractItemView.EditTrigger.SelectedClicked)
        self.setUniformRowHeights(True)
        for column, width in enumerate((150, 120, 130, 160, 84, 60)):
            self.setColumnWidth(column, width)
        self.header().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        alt = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        plain = event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        acts = {Qt.Key.Key_Delete: self._panel.delete, Qt.Key.Key_Insert: self._panel.add, Qt.Key.Key_C: self._panel.connect_from}
        if alt and event.key() in steps:
            self._panel.reorder(steps[Qt.Key(event.key())])
        elif plain and event.key() in acts:
            acts[Qt.Key(event.key())]()
        elif plain and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.state() != self.State.EditingState:
            path = self._panel.current_group()
            self._panel._page.levels.enter(path) if path else self._panel._page.add_next()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        item = self.itemAt(event.pos())
        if item is not None:
            self.setCurrentItem(item) if not item.isSelected() else None
            self._panel.menu(event.globalPos())
