"""The canvas as a scene: cards and wires kept in step with the graph by changing only what differs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from PySide6.QtCore import QObject, QPointF, QRectF, QTimer, Signal
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QGraphicsScene

from workbench.app import theme
from workbench.app.language import say
from workbench.app.pages.build.card import Card
from workbench.app.pages.build.cards import Cards
from workbench.app.pages.build.differences import Marks
from workbench.app.pages.build.groups import Borders
from workbench.app.pages.build.painting import CanvasPainter, Detail, blocks, detail_at
from workbench.app.pages.build.remarks import RemarksLayer
from workbench.app.pages.build.wire import Wire
from workbench.app.pages.build.wiring import Wiring, ports_of
from workbench.graph.difference import difference
from workbench.graph.drawing import Drawing, drawn
from workbench.graph.graph import Edge, Graph
from workbench.graph.problem import Problem, Severity
from workbench.graph.remarks import remarks_of
from workbench.graph.repeat import repeats

EXTENT_PX = 2_000_000.0
PORT_REACH_PX = 11.0
_FEW = 64


class CanvasScene(QGraphicsScene):
    """Cards by node id and wires by edge.

    Attributes:
        graph: The graph as last shown.
        drawing: What of it shows: folded groups as one card, or the inside of one group.
        cards: By id of what shows.
        borders, remarks, marks: Frames of open groups; a person's frames and notes; marks of a comparison.
        selected: Ids of the selected cards.
        selected_edges: The selected wires' edges.

    Signals:
        selection_moved: The selection is another one, by the hand of the user on this canvas.
        repaint_wanted: Something looks different now.
    """

    selection_moved = Signal()
    repaint_wanted = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(-EXTENT_PX, -EXTENT_PX, 2 * EXTENT_PX, 2 * EXTENT_PX, parent)
        self.setItemIndexMethod(QGraphicsScene.ItemIndexMethod.NoIndex)
        self.graph, self.drawing = Graph(), Drawing()
        self.borders, self.remarks, self.marks = Borders(), RemarksLayer(), Marks()
        self._cards = Cards()
        self._wiring = Wiring(self._cards)
        self.cards: dict[str, Card] = self._cards.by_id
        self.selected: frozenset[str] = frozenset()
        self.selected_edges: tuple[Edge, ...] = ()
        self._inferred: Any = None
        self.canvas_painter = CanvasPainter()
        self._again = QTimer(self, singleShot=True, interval=0)
        self._again.timeout.connect(self.repaint_wanted)

    @property
    def wires(self) -> Iterable[Wire]:
        """All wires."""
        return self._wiring.by_key.values()

    def wire_of(self, edge: Edge) -> Wire | None:
        """Returns the wire of an edge."""
        return self._wiring.of_edge(edge)

    @property
    def chosen(self) -> tuple[str, ...]:
        """The nodes behind the selected cards, in the order of the cards."""
        return tuple(self.drawing.members(card for card in self.cards if card in self.selected))

    def show_graph(self, graph: Graph, inferred: Any, layers: Any, inside: str = "") -> None:
        """Shows a graph; whatever is the same object as before is left alone.

        Args:
            graph: The drawing.
            inferred: Its shapes and problems, as `workbench.graph.infer.infer` gives them.
            layers: The layer catalogue.
            inside: The group whose inside shows alone, or "".
        """
        before, drawing = self.drawing, drawn(graph, inside, self.drawing)
        change = difference(self.graph, graph)
        shapes = inferred.changed_since(self._inferred) if self._inferred is not None else None
        touched = None if shapes is None else {*change.added, *change.changed, *change.targets, *change.sources, *shapes} & graph.nodes.keys()
        if touched is not None:
            touched |= {node for card in before.groups.keys() & drawing.groups if before.groups[card] != drawing.groups[card]
                        for node in drawing.groups[card][:1]}
        changes = self._cards.show(before, drawing, graph, inferred, layers, touched)
        alike = before.hidden == drawing.hidden and before.outside == drawing.outside
        if alike or changes.gone or changes.cards or graph.edges is not self.graph.edges:
            self._wiring.show(graph, drawing, (change.gone, change.drawn) if alike else None, changes)
        self.graph, self.drawing, self._inferred = graph, drawing, inferred
        self.borders.repeats = repeats(graph)
        self._wiring.follow(changes)
        if changes.cards or changes.gone or before.inside != drawing.inside:
            self.borders.update(drawing, self.cards)
        self.remarks.show(remarks_of(graph) if not inside else ())
        self._wiring.show_shapes(inferred, graph, drawing)
        kept = frozenset(card for card in self.selected if card in self.cards)
        if kept != self.selected:
            self.select(kept)
        self.repaint_wanted.emit()

    def forget(self) -> None:
        """Has the next graph drawn from scratch: its layers may be others by the same name."""
        self._inferred = None

    def show_problems(self, problems: Iterable[Problem[Any]]) -> None:
        """Marks the cards and wires that have problems."""
        states: dict[str, str] = {}
        broken: dict[int, str] = {}
        for problem in problems:
            card = self.drawing.card_of(problem.node)
            if problem.severity is Severity.ERROR or card not in states:
                states[card] = "error" if problem.severity is Severity.ERROR else "warning"
            if problem.severity is Severity.ERROR:
                broken |= {id(edge): say(problem.message) for edge in _edges_of(self.graph, problem)}
        self._cards.mark(states)
        self._wiring.mark(broken)
        self.repaint_wanted.emit()

    def show_costs(self, costs: Mapping[str, Any]) -> None:
        """Writes parameter counts and draws the bars of cost."""
        self._cards.show_costs(costs, self.drawing.groups)
        self.repaint_wanted.emit()

    def select(self, nodes: Iterable[str], edges: Iterable[Edge] = ()) -> None:
        """Selects nodes and wires, and nothing else."""
        chosen, wires = frozenset(nodes), tuple(edges)
        self.remarks.selected = ""
        if chosen == self.selected and wires == self.selected_edges:
            return
        for node in chosen ^ self.selected:
            if node in self.cards:
                self.cards[node].selected = node in chosen
        self._wiring.select(self.selected_edges, wires)
        self.selected, self.selected_edges = chosen, wires
        self.selection_moved.emit()
        self.repaint_wanted.emit()

    def shift(self, places: Mapping[str, tuple[float, float]]) -> None:
        """Moves cards under the hand, without touching the graph."""
        for node, (x, y) in places.items():
            self._cards.put(self.cards[node], x, y)
        self._wiring.place(places)
        self.borders.follow({self.cards[card].node.group for card in places})
        self.repaint_wanted.emit()

    def bounds(self, nodes: Iterable[str] = ()) -> QRectF:
        """Returns the rectangle around some cards, or around all cards, frames and notes."""
        box = self._cards.bounds(nodes)
        return box if nodes else self.remarks.around(box)

    def cards_in(self, rect: QRectF) -> list[Card]:
        """Returns the cards that touch a rectangle."""
        return self._cards.within(rect)

    def free_place(self, place: QPointF) -> QPointF:
        """Returns where a new card finds room: there, or below what stands there."""
        return self._cards.free_place(place)

    def wires_in(self, rect: QRectF) -> list[Wire]:
        """Returns the wires whose bounds touch a rectangle."""
        return self._wiring.within(rect)

    def card_at(self, point: QPointF) -> Card | None:
        """Returns the topmost card under a point."""
        return self._cards.at(point)

    def wire_at(self, point: QPointF, reach: float = 6.0) -> Wire | None:
        """Returns the nearest wire within reach of a point."""
        return self._wiring.at(point, reach)

    def port_at(self, point: QPointF, reach: float = PORT_REACH_PX) -> tuple[Card, str, bool] | None:
        """Returns card, port name and whether it is an output, for the port within reach of a point."""
        box = QRectF(point.x() - reach, point.y() - reach, 2 * reach, 2 * reach)
        best, found = reach, None
        for card in self.cards_in(box):
            for name, place, output in ports_of(card):
                distance = (place - point).manhattanLength()
                if distance <= best:
                    best, found = distance, (card, name, output)
        return found

    def drawBackground(self, painter: QPainter, rect: QRectF) -> None:
        """Paints everything in bulk; there are no graphics items."""
        look, zoom = theme.current(), painter.worldTransform().m11()
        device = painter.device()
        self.canvas_painter.pictures.begin()
        self.canvas_painter.ground(painter, device.width(), device.height(), look)
        if detail_at(zoom) is Detail.BLOCK:
            self._draw_far(painter, zoom)
            self.marks.paint(painter, self.cards, look)
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.remarks.paint(painter, rect, zoom, look)
        self.borders.paint(painter, rect, zoom, look)
        self.canvas_painter.wires(painter, self.wires_in(rect), zoom, look)
        self.borders.paint_titles(painter, rect, zoom, look)
        self.canvas_painter.cards(painter, self.cards_in(rect), zoom, look)
        self.marks.paint(painter, self.cards, look)
        if self.canvas_painter.pictures.late:
            self.paint_again()

    def paint_again(self) -> None:
        """Asks for another frame, for what the last one had no time for."""
        self._again.start()

    def _draw_far(self, painter: QPainter, zoom: float) -> None:
        look = theme.current()
        self.remarks.paint(painter, painter.worldTransform().inverted()[0].mapRect(QRectF(painter.viewport())), zoom, look)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(QPen(QColor(look.faint), 0))
        painter.drawLines([wire.line for wire in self.wires])
        blocks(painter, self._cards.blocks(), look)
        chosen = [self.cards[node].rect for node in self.selected]
        blocks(painter, {look.accent: chosen, look.wrong: self._cards.wrong()}, look)


def _edges_of(graph: Graph, problem: Problem[Any]) -> list[Edge]:
    """Returns the wires that a problem is about: those into its port; `inputs.1` is the second wire into `inputs`."""
    port, _, number = problem.port.partition(".")
    edges = [edge for edge in graph.incoming(problem.node) if edge.target.port == port] if port else []
    return edges[int(number):int(number) + 1] if number.isdigit() else edges
