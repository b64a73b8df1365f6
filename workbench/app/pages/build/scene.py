"""The canvas as a scene: cards and wires kept in step with the graph by changing only what differs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from PySide6.QtCore import QObject, QPointF, QRectF, QTimer, Signal
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QGraphicsScene

from workbench.app import theme
from workbench.app.language import say
from workbench.app.pages.build.buckets import Buckets
from workbench.app.pages.build.card import HEIGHT_PX, WIDTH_PX, Card
from workbench.app.pages.build.changes import Changes, looks_same
from workbench.app.pages.build.differences import Marks
from workbench.app.pages.build.figures import counted
from workbench.app.pages.build.groups import Borders, describe_group, port_names, second_line
from workbench.app.pages.build.painting import CanvasPainter, Detail, blocks, detail_at
from workbench.app.pages.build.remarks import RemarksLayer
from workbench.app.pages.build.routing import LONG_PX
from workbench.app.pages.build.wire import Wire
from workbench.graph.bypass import is_bypassed
from workbench.graph.drawing import Drawing, drawn
from workbench.graph.graph import Edge, Graph, Node
from workbench.graph.problem import Problem, Severity
from workbench.graph.remarks import remarks_of

EXTENT_PX = 2_000_000.0
PORT_REACH_PX = 11.0
_FEW = 64


class CanvasScene(QGraphicsScene):
    """Cards by node id and wires by edge.

    Attributes:
        graph: The graph as last shown.
        drawing: What of it shows: folded groups as one card, or the inside of one group.
        cards: By id of what shows, in the order of the graph.
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
        self.graph = Graph()
        self.drawing = Drawing()
        self.borders, self.remarks, self.marks = Borders(), RemarksLayer(), Marks()
        self.cards: dict[str, Card] = {}
        self.selected: frozenset[str] = frozenset()
        self.selected_edges: tuple[Edge, ...] = ()
        self._wires: dict[int, Wire] = {}
        self._of_card: dict[str, dict[int, Wire]] = {}
        self._card_index: Buckets[Card] = Buckets()
        self._wire_index: Buckets[Wire] = Buckets()
        self._blocks: dict[str, list[QRectF]] | None = None
        self._states: dict[str, str] = {}
        self._broken: dict[int, str] = {}
        self._inferred: Any = None
        self.canvas_painter = CanvasPainter()
        self._again = QTimer(self, singleShot=True, interval=0)
        self._again.timeout.connect(self.repaint_wanted)

    @property
    def wires(self) -> Iterable[Wire]:
        """All wires."""
        return self._wires.values()

    def wire_of(self, edge: Edge) -> Wire | None:
        """Returns the wire of an edge."""
        return self._wires.get(id(edge)) or next((wire for wire in self.wires if wire.edge == edge), None)

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
        drawing = drawn(graph, inside, self.drawing)
        others = drawing.nodes.keys() != self.cards.keys() or drawing.hidden != self.drawing.hidden
        self.drawing = drawing
        changes = self._show_nodes(graph, inferred, layers)
        if others or graph.edges is not self.graph.edges:
            changes.wires |= self._show_edges(graph)
        self._take_changes(changes)
        self.graph = graph
        self.borders.update(graph, drawing, self.cards)
        self.remarks.show(remarks_of(graph) if not inside else ())
        if inferred is not self._inferred:
            self._inferred = inferred
            self._show_shapes(inferred)
        kept = frozenset(card for card in self.selected if card in self.cards)
        if kept != self.selected:
            self.select(kept)
        self.repaint_wanted.emit()

    def _show_nodes(self, graph: Graph, inferred: Any, layers: Any) -> Changes:
        changes, drawing = Changes(), self.drawing
        for gone in [card for card in self.cards if card not in drawing.nodes]:
            changes.areas.append(self._drop_card(gone).rect)
        for node_id, node in drawing.nodes.items():
            card, folded = self.cards.get(node_id), node_id in drawing.groups
            fresh = card is None
            if card is not None and card.node is node:
                if folded:
                    describe_group(card, node, drawing.groups[node_id], graph, inferred, layers)
                    changes.cards.add(node_id)
                continue
            if card is None:
                card = self.cards[node_id] = Card(node)
                self._of_card[node_id] = {}
            else:
                changes.areas.append(QRectF(card.rect))
                changes.saw(node.position[0] - card.rect.center().x(), node.position[1] - card.rect.center().y())
            if folded:
                describe_group(card, node, drawing.groups[node_id], graph, inferred, layers)
            elif fresh or not looks_same(card.node, node):
                self._describe(card, node, inferred, layers)
            card.node = node
            card.change(faint=node_id in drawing.outside or is_bypassed(node))
            card.place(*node.position)
            self._index_card(card)
            changes.areas.append(card.rect)
            changes.cards.add(node_id)
        return changes

    def _describe(self, card: Card, node: Node, inferred: Any, layers: Any) -> None:
        layer = layers.get(node.layer)
        params = inferred.params(node.id) if layer is not None and inferred is not None else None
        colour = theme.family_colour(layer.family if layer is not None else "")
        if colour != card.colour or card.node is node:
            self._blocks = None
        card.node = node
        card.change(
            title=node.label or node.name, subtitle=second_line(node, layer, params), colour=colour, known=layer is not None,
            inputs=port_names(layer, params, "input"), outputs=port_names(layer, params, "output"),
        )

    def _drop_card(self, node_id: str) -> Card:
        card = self.cards.pop(node_id)
        self._card_index.remove(card)
        self._blocks = None
        for key in list(self._of_card.pop(node_id)):
            self._drop_wire(key)
        return card

    def _show_edges(self, graph: Graph) -> set[int]:
        drawing = self.drawing
        plain = not drawing.hidden
        wanted = {id(edge): edge for edge in graph.edges if plain or drawing.shows(edge)}
        for gone in [key for key, wire in self._wires.items() if key not in wanted or (not plain and self._strayed(wire)) or self._dangles(wire)]:
            self._drop_wire(gone)
        fresh = {key for key, edge in wanted.items() if key not in self._wires and self._add_wire(key, edge)}
        self._inferred = None
        return fresh

    def _strayed(self, wire: Wire) -> bool:
        """Whether a wire shows between other cards now."""
        ends = self.drawing.end(wire.edge.source), self.drawing.end(wire.edge.target)
        return ends != ((wire.source.id, wire.leaves), (wire.target.id, wire.enters))

    def _dangles(self, wire: Wire) -> bool:
        return self.cards.get(wire.source.id) is not wire.source or self.cards.get(wire.target.id) is not wire.target

    def _place_wires(self, moved: Iterable[str]) -> None:
        for wire in {id(wire): wire for node in moved for wire in self._of_card.get(node, {}).values()}.values():
            wire.place()
            self._route(wire)

    def _take_changes(self, changes: Changes) -> None:
        """Places the wires of changed cards, and lets long wires look anew for their way where cards came, went or moved.

        Where all moved by the same step, what was between them still is: their wires slide along.
        """
        moved, step = changes.cards, changes.step
        touched = {key for node in moved for key in self._of_card.get(node, ())} | changes.wires
        for key in touched:
            self._wires[key].place()
        near = {id(wire.edge) for area in changes.wide(_FEW) for wire in self.wires_in(area)}
        for key in touched | near:
            wire = self._wires[key]
            if step is not None and key not in changes.wires and wire.source.id in moved and wire.target.id in moved:
                wire.slide(step[0])
                self._wire_index.put(wire, *wire.bounds())
            elif wire.lane is not None or wire.line.dy() >= LONG_PX:
                self._route(wire)
            elif key in touched:
                self._wire_index.put(wire, *wire.bounds())

    def _add_wire(self, key: int, edge: Edge) -> bool:
        (start, leaves), (end, enters) = self.drawing.end(edge.source), self.drawing.end(edge.target)
        source, target = self.cards.get(start), self.cards.get(end)
        if source is None or target is None:
            return False
        wire = self._wires[key] = Wire(edge, source, target, leaves, enters)
        self._of_card[source.id][key] = wire
        self._of_card[target.id][key] = wire
        return True

    def _drop_wire(self, key: int) -> None:
        wire = self._wires.pop(key, None)
        if wire is None:
            return
        self._wire_index.remove(wire)
        for card in (wire.source, wire.target):
            self._of_card.get(card.id, {}).pop(key, None)

    def _index_card(self, card: Card) -> None:
        rect = card.rect
        self._card_index.put(card, rect.left(), rect.top(), rect.right(), rect.bottom())

    def _route(self, wire: Wire) -> None:
        wire.route(lambda area: [card.rect for card in self.cards_in(area) if card is not wire.source and card is not wire.target])
        self._wire_index.put(wire, *wire.bounds())

    def _show_shapes(self, inferred: Any) -> None:
        entering, shapes_of = self.graph.wires_by_target(), inferred.output_shapes
        for wire in self._wires.values():
            edge = wire.edge
            wire.gathers = len(entering[edge.target.node]) > 1
            known = shapes_of(edge.source.node)
            if known is not wire.known:
                wire.known, wire.shape = known, known.get(edge.source.port)
                wire.text = str(wire.shape) if wire.shape is not None else ""
                before = list(inferred.input_shapes(edge.source.node).values())
                wire.quiet = len(before) == 1 and before[0] == wire.shape

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
        for node in {*states, *self._states}:
            if node in self.cards:
                self.cards[node].change(state=states.get(node, ""))
        for wire in self.wires:
            wire.reason = broken.get(id(wire.edge), "")
        self._states, self._broken = states, broken
        self.repaint_wanted.emit()

    def show_costs(self, costs: Mapping[str, Any]) -> None:
        """Writes parameter counts and draws the bars of cost."""
        whole = sum(cost.macs for cost in costs.values()) or 1
        groups = self.drawing.groups
        for node_id, card in self.cards.items():
            own = [costs[node] for node in groups.get(node_id, (node_id,)) if node in costs]
            parameters = sum(cost.parameters for cost in own)
            card.change(parameters=counted(parameters) if parameters else "", share=sum(cost.macs for cost in own) / whole)
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
        self.selected, self.selected_edges = chosen, wires
        for wire in self.wires:
            wire.selected = wire.edge in wires if wires else False
        self.selection_moved.emit()
        self.repaint_wanted.emit()

    def shift(self, places: Mapping[str, tuple[float, float]]) -> None:
        """Moves cards under the hand, without touching the graph."""
        for node, (x, y) in places.items():
            card = self.cards[node]
            card.place(x, y)
            self._index_card(card)
        self._place_wires(places)
        self.borders.update(self.graph, self.drawing, self.cards)
        self.repaint_wanted.emit()

    def bounds(self, nodes: Iterable[str] = ()) -> QRectF:
        """Returns the rectangle around some cards, or around all."""
        cards = [self.cards[node] for node in nodes if node in self.cards] or list(self.cards.values())
        if not cards:
            return QRectF(-WIDTH_PX, -HEIGHT_PX, 2 * WIDTH_PX, 2 * HEIGHT_PX)
        left, top = min(card.rect.left() for card in cards), min(card.rect.top() for card in cards)
        right, bottom = max(card.rect.right() for card in cards), max(card.rect.bottom() for card in cards)
        return QRectF(left, top, right - left, bottom - top)

    def cards_in(self, rect: QRectF) -> list[Card]:
        """Returns the cards that touch a rectangle."""
        near = self._card_index.within(rect.left(), rect.top(), rect.right(), rect.bottom())
        return [card for card in near if card.rect.intersects(rect)]

    def wires_in(self, rect: QRectF) -> list[Wire]:
        """Returns the wires whose bounds touch a rectangle."""
        left, top, right, bottom = rect.left(), rect.top(), rect.right(), rect.bottom()
        found = []
        for wire in self._wire_index.within(left, top, right, bottom):
            bounds = wire.bounds()
            if bounds[0] <= right and bounds[2] >= left and bounds[1] <= bottom and bounds[3] >= top:
                found.append(wire)
        return found

    def card_at(self, point: QPointF) -> Card | None:
        """Returns the topmost card under a point."""
        return next((card for card in reversed(self._card_index.within(point.x(), point.y(), point.x(), point.y()))
                     if card.rect.contains(point)), None)

    def wire_at(self, point: QPointF, reach: float = 6.0) -> Wire | None:
        """Returns the nearest wire within reach of a point."""
        box = QRectF(point.x() - reach, point.y() - reach, 2 * reach, 2 * reach)
        near = [(wire.distance(point), index, wire) for index, wire in enumerate(self.wires_in(box))]
        best = min(near, default=None, key=lambda entry: entry[:2])
        return best[2] if best is not None and best[0] <= reach else None

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
        if self._blocks is None:
            self._blocks = {}
            for card in self.cards.values():
                self._blocks.setdefault(card.colour, []).append(card.rect)
        blocks(painter, self._blocks, look)
        chosen = [self.cards[node].rect for node in self.selected]
        wrong = [self.cards[node].rect for node, state in self._states.items() if state == "error" and node in self.cards]
        blocks(painter, {look.accent: chosen, look.wrong: wrong}, look)


def ports_of(card: Card) -> list[tuple[str, QPointF, bool]]:
    """Returns name, place and whether it is an output for every port of a card."""
    inputs = [(name, card.input_point(name), False) for name in card.inputs]
    return inputs + [(name, card.output_point(name), True) for name in card.outputs]


def _edges_of(graph: Graph, problem: Problem[Any]) -> list[Edge]:
    """Returns the wires that a problem is about: those into its port; `inputs.1` is the second wire into `inputs`."""
    port, _, number = problem.port.partition(".")
    edges = [edge for edge in graph.incoming(problem.node) if edge.target.port == port] if port else []
    return edges[int(number):int(number) + 1] if number.isdigit() else edges
