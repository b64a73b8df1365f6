"""The Build page: palette, canvas, inspector, and the tabs below."""

from __future__ import annotations

import time
from typing import Any

from PySide6.QtCore import QPoint, QPointF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QSplitter, QTabWidget, QToolTip, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.jobs import Job
from workbench.app.language import tr
from workbench.app.pages.build.arranging import Arranging
from workbench.app.pages.build.blocks import BLOCK_MARK
from workbench.app.pages.build.commands import Commands
from workbench.app.pages.build.cost_table import CostPanel
from workbench.app.pages.build.costs import CostBook
from workbench.app.pages.build.differences import ComparePanel
from workbench.app.pages.build.finder import Finder
from workbench.app.pages.build.inspector import Inspector
from workbench.app.pages.build.levels import Levels
from workbench.app.pages.build.menus import menu_for
from workbench.app.pages.build.motion import Motion
from workbench.app.pages.build.outline import OutlinePanel
from workbench.app.pages.build.overlays import MiniMap, TotalsCard, place_overlays
from workbench.app.pages.build.own.desk import OwnLayersDesk
from workbench.app.pages.build.own.strip import OwnLayersStrip
from workbench.app.pages.build.own_blocks import OwnBlocks
from workbench.app.pages.build.palette import LayerPalette
from workbench.app.pages.build.picturing import Picturing
from workbench.app.pages.build.placing import Placing
from workbench.app.pages.build.problems_panel import ProblemsPanel
from workbench.app.pages.build.scene import CanvasScene
from workbench.app.pages.build.source_panel import SourcePanel
from workbench.app.pages.build.view import CanvasView
from workbench.app.pages.page import Page
from workbench.app.widgets import EmptyState
from workbench.graph.grouping import members_of
from workbench.layers import LAYERS

_LATER_MS = 25
_LATEST_MS, _LONG_MS = 200, 100


class BuildPage(Arranging, Placing, OwnBlocks, OwnLayersDesk, Picturing, Page):
    """Draws the model.

    Attributes:
        commands: The edits that canvas, outline and panels share.
        canvas: The scene.
        view: The canvas as a view.
        book: Costs by node.
    """

    page_name = "build"

    def __init__(self, session: Any, parent: QWidget | None = None) -> None:
        super().__init__(session, parent)
        self.commands = Commands(session, LAYERS, self)
        self.book = CostBook()
        self.canvas = CanvasScene(self)
        self.view = CanvasView(self.canvas, self.commands)
        self.view.label_of = _label_of
        self.palette_panel = LayerPalette(LAYERS)
        self.inspector = Inspector(self.commands, self.book)
        self.totals, self.map = TotalsCard(self.view), MiniMap(self.view)
        self.empty = EmptyState("build.empty", tr("A model is layers joined by wires: begin with what it reads."), tr("Add an input"), self.view)
        self.finder = Finder(self.view, self.go_to)
        self.levels = Levels(self.commands, self.view)
        self._fitted = self._showing = False
        self.motion = Motion(self.canvas, self)
        self.view.stop_wanted = self.stop_layout
        self._layout_job: Job | None = None
        self._later = QTimer(self, singleShot=True, interval=_LATER_MS)
        self._later.timeout.connect(self._refresh_slow_parts)
        self.set_columns(
            self.palette_panel, self._centre(), self.inspector, left_title=tr("Layers"), right_title=tr("Layer"), left_width=200, right_width=300
        )
        self._connect()
        self.start_own_layers()

    def _centre(self) -> QWidget:
        self.problems, self.source = ProblemsPanel(self.commands), SourcePanel(self.commands)
        self.outline, self.costs, self.compare = OutlinePanel(self), CostPanel(self), ComparePanel(self)
        self.tabs = QTabWidget()
        self.tabs.setObjectName("build.tabs")
        self.tabs.setDocumentMode(True)
        panels = (self.problems, self.outline, self.source, self.costs, self.compare)
        for name, panel in zip((tr("Problems"), tr("Outline"), tr("Source"), tr("Costs"), tr("Compare")), panels, strict=True):
            self.tabs.addTab(panel, name)
        self.tabs.tabBar().setDrawBase(False)
        self.tabs.setIconSize(QSize(8, 8))
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.setObjectName("build.centre")
        splitter.setHandleWidth(1)
        splitter.addWidget(self.view)
        splitter.addWidget(self.tabs)
        splitter.setStretchFactor(0, 1)
        splitter.setSizes([660, 150])
        self.tabs.setMinimumHeight(96)
        holder = QWidget()
        holder.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        theme.mark(holder, "column")
        layout = QVBoxLayout(holder)
        layout.setContentsMargins(0, 0, 0, 0)
        self.own_strip = OwnLayersStrip(holder)
        layout.addWidget(self.own_strip)
        layout.addWidget(splitter, 1)
        self._splitter = splitter
        return holder

    def _connect(self) -> None:
        self.session.selection_changed.connect(self._selection_changed)
        self.session.dataset_changed.connect(self._later.start)
        self.canvas.selection_moved.connect(self._canvas_selection)
        self.view.layer_wanted.connect(self.search)
        self.view.rename_wanted.connect(self.rename)
        self.view.menu_wanted.connect(self._show_menu)
        self.view.view_moved.connect(self._view_moved)
        self.view.enter_wanted.connect(self.levels.enter)
        self.view.remark_wanted.connect(self.edit_remark)
        self.view.leave_wanted.connect(self.levels.leave)
        self.view.block_dropped.connect(lambda name, place, edge: self.add_block(name, (place.x(), place.y()), edge=edge))
        self.levels.entered.connect(self._entered)
        self.commands.group_renamed.connect(self.levels.rename)
        self.palette_panel.layer_chosen.connect(self.add_layer)
        self.problems.node_chosen.connect(self.go_to)
        self.problems.count_changed.connect(self._show_count)
        self.source.node_chosen.connect(self.go_to)
        self.costs.node_chosen.connect(self.go_to)
        self.compare.node_chosen.connect(self.go_to)
        self.compare.compared.connect(self._mark)
        self.inspector.finished.connect(self.view.setFocus)
        self.inspector.help_wanted.connect(self.explain_layer)
        self.palette_panel.list.help_wanted.connect(self.explain_layer)
        self.commands.refused.connect(self.say)
        self.commands.laid_out.connect(lambda: self.view.fit())
        self.empty.clicked.connect(self.add_input)

    def refresh(self, old: Any, new: Any) -> None:
        """Shows the drawing where it differs."""
        if old is None or old.graph is not new.graph:
            self.view.cancel_gesture()
            self.motion.finish()
            self.levels.follow()
            self._show_drawing()
            self.empty.setVisible(not new.graph.nodes)
            self.totals.setVisible(bool(new.graph.nodes))
        if old is None or not self._fitted:
            self._fitted = False
            QTimer.singleShot(0, self, self._first_fit)
        self._later.start()

    def _show_drawing(self) -> None:
        inferred = self.session.inferred
        self.canvas.show_graph(self.session.project.graph, inferred, LAYERS, self.levels.inside)
        self.canvas.show_problems(inferred.problems)
        self._show_selection()

    def _mark(self, found: Any, before: Any) -> None:
        self.canvas.marks.show(found, before, self.canvas.drawing.card_of)
        self.canvas.paint_again()

    def _entered(self) -> None:
        self._show_drawing()
        self.canvas.show_costs(self.book.costs)
        self.view.fit()
        self._later.start()

    def shown(self) -> None:
        """Gives the canvas the keyboard."""
        self.view.setFocus()
        if not self._fitted:
            QTimer.singleShot(0, self, self._first_fit)

    def _first_fit(self) -> None:
        if not self._fitted and self.isVisible():
            self._fitted = bool(self.canvas.cards)
            self.view.show_from_top()

    def _refresh_slow_parts(self) -> None:
        """Brings the rest up to date a moment after the edit, so that the canvas answers at once."""
        began, project = time.perf_counter(), self.session.project
        self.book.update(self.session.inferred)
        self.canvas.show_costs(self.book.costs)
        self.totals.show_totals(self.book.totals(project.recipe.batch_size))
        self.problems.refresh()
        self.canvas.show_problems(self.problems.shown)
        self.inspector.show_selection()
        self.outline.refresh()
        self.source.refresh()
        self.costs.refresh()
        self.compare.follow()
        self.map.refresh()
        self._place()
        # Where this takes long, it waits for a pause in what the hand does.
        took = 1000 * (time.perf_counter() - began)
        self._later.setInterval(_LATER_MS if took < _LONG_MS else _LATEST_MS)

    def settle(self) -> None:
        """Does at once what would be done a moment later."""
        self.motion.finish()
        self._later.stop()
        self._refresh_slow_parts()
        for panel in (self.outline, self.source, self.costs):
            if panel.isVisible():
                panel.refresh_now()

    def _place(self) -> None:
        place_overlays(self.view, self.totals, self.map)
        self.finder.place()
        self.levels.crumbs.place()
        self.empty.setGeometry(self.view.rect().adjusted(40, 40, -40, -40))

    def _view_moved(self) -> None:
        self._place()
        self.map.update()

    def _canvas_selection(self) -> None:
        if not self._showing:
            self.commands.select(self.canvas.chosen)

    def _show_selection(self) -> None:
        """Selects the cards of the selected nodes, without this counting as a choice made on the canvas."""
        cards = {self.canvas.drawing.card_of(node) for node in self.session.selection}
        self._showing = True
        self.canvas.select(card for card in cards if card in self.canvas.cards)
        self._showing = False

    def _selection_changed(self) -> None:
        self._show_selection()
        self.inspector.show_selection()
        if self.outline.isVisible():
            self.outline.show_selection()
        if self.source.isVisible():
            self.source.mark_selection()
        if self.costs.isVisible():
            self.costs.show_selection()

    def _show_count(self, errors: int, warnings: int) -> None:
        look, count = theme.current(), errors + warnings
        self.tabs.setTabText(0, f"{tr('Problems')} {count}" if count else tr("Problems"))
        self.tabs.setTabToolTip(0, tr("{errors} wrong, {warnings} doubtful", errors=errors, warnings=warnings))
        self.tabs.setTabIcon(0, _dot(look.wrong if errors else look.doubtful) if count else QIcon())

    def say(self, sentence: str) -> None:
        """Says something at the edge of the canvas for a moment."""
        QToolTip.showText(self.view.mapToGlobal(QPoint(24, 16)), sentence, self.view, self.view.rect(), 4000)

    def _show_menu(self, thing: object, place: QPointF, at: QPoint) -> None:
        menu_for(self, thing, place, at).popup(at)

    def go_to(self, node: str) -> None:
        """Selects a node and brings it into view; where it is hidden, enters its group."""
        drawing = self.canvas.drawing
        if node in self.session.project.graph and (drawing.card_of(node) != node or node in drawing.outside):
            self.levels.enter(self.session.project.graph[node].group)
        self.commands.select((node,))
        self.view.reveal(node)

    def rename(self, node: str) -> None:
        """Puts the cursor into the name of a node, or of the group whose card it is."""
        self.commands.select(self.canvas.drawing.members((node,)))
        if "right" in self.docks:
            self.docks["right"].show()
        self.inspector.edit_name()

    def select_all(self) -> None:
        """Selects every layer."""
        self.canvas.select(self.canvas.cards)

    def fit_view(self) -> None:
        """Brings the selection, or everything, into view."""
        self.view.fit(self.canvas.selected)

    def group(self) -> None:
        """Puts the selected layers into a group that shows as one card."""
        self.commands.group(self.session.selection)

    def repeat_group(self) -> None:
        """Groups the selected layers, where they are no group yet, and puts the cursor into how often they are repeated."""
        chosen = [node for node in self.session.selection if node in self.commands.graph]
        path = self.commands.whole_group(chosen) or self.commands.common_group(chosen) or self.commands.group(chosen)
        if path:
            self.commands.select(members_of(self.commands.graph, path))
            self.inspector.edit_repeat()

    def ungroup(self) -> None:
        """Dissolves the group of the selected layers."""
        self.commands.ungroup(self.session.selection)

    def bypass(self) -> None:
        """Leaves the selected layers out of the model, or takes them in again."""
        if self.session.selection:
            self.commands.bypass(self.session.selection)

    def search_layer(self) -> None:
        """Asks for a layer to add, behind the selected one where there is one."""
        self.view.keys.search()

    def find_in_drawing(self) -> None:
        """Asks for a name and goes to that layer."""
        self.finder.start()

    def show_source(self) -> None:
        """Shows the drawing as PyTorch."""
        self.tabs.setCurrentWidget(self.source)

    def page_state(self) -> Any:
        place = self.view.transform(), self.view.visible_rect().center()
        return *place, self.tabs.currentIndex(), self._splitter.saveState(), self.levels.inside

    def restore_state(self, state: Any) -> None:
        if state:
            transform, centre, tab, sizes, inside = state
            self.levels.enter(inside)
            self.view.setTransform(transform)
            self.view.centerOn(centre)
            self.tabs.setCurrentIndex(tab)
            self._splitter.restoreState(sizes)
            self._fitted = True


def _dot(colour: str) -> QIcon:
    picture = QPixmap(16, 16)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colour))
    painter.drawEllipse(1, 1, 14, 14)
    painter.end()
    return QIcon(picture)


def _label_of(layer: str) -> tuple[str, str]:
    if layer.startswith(BLOCK_MARK):
        return layer.removeprefix(BLOCK_MARK), theme.current().quiet
    entry = LAYERS.get(layer)
    return (entry.label, theme.family_colour(entry.family)) if entry is not None else (layer, theme.family_colour(""))
