"""The wires of one canvas, kept in step with what shows by touching only what differs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from PySide6.QtCore import QPointF, QRectF

from workbench.app.pages.build.buckets import Buckets
from workbench.app.pages.build.card import Card
from workbench.app.pages.build.cards import Cards
from workbench.app.pages.build.changes import Changes
from workbench.app.pages.build.routing import LONG_PX
from workbench.app.pages.build.wire import Wire
from workbench.graph.drawing import Drawing
from workbench.graph.graph import Edge, Graph

_FEW = 64


class Wiring:
    """Wires by the identity of their edge.

    Args:
        cards: What the wires join.

    Attributes:
        by_key: All wires.
    """

    def __init__(self, cards: Cards) -> None:
        self._cards = cards
        self.by_key: dict[int, Wire] = {}
        self._of_card: dict[str, dict[int, Wire]] = {}
        self._index: Buckets[Wire] = Buckets()
        self._inferred: Any = None
        self._fresh: set[int] = set()
        self._entered: set[str] = set()
        self._broken: dict[int, str] = {}

    def of_edge(self, edge: Edge) -> Wire | None:
        """Returns the wire of an edge."""
        near = self.of_card(edge.target.node) if edge.target.node in self._of_card else self.by_key.values()
        return self.by_key.get(id(edge)) or next((wire for wire in near if wire.edge == edge), None)

    def of_card(self, card: str) -> Iterable[Wire]:
        """Returns the wires that begin or end at a card."""
        return self._of_card.get(card, {}).values()

    def show(self, graph: Graph, drawing: Drawing, changed: tuple[list[Edge], list[Edge]] | None, changes: Changes) -> None:
        """Takes the wires of another drawing.

        Args:
            graph: The whole drawing.
            drawing: What shows of it.
            changed: The edges that are gone and those that are new, where every card stands for the same nodes as before; None to look at all.
            changes: What changed among the cards; new wires are noted in it.
        """
        for card in changes.gone:
            changes.areas.append(card.rect)
            for key in list(self._of_card.pop(card.id, ())):
                self._drop(key)
        if changed is None:
            self._show_all(graph, drawing, changes)
            return
        gone, drawn = changed
        for edge in gone:
            self._drop(id(edge))
        came = [card for card in changes.cards if card not in self._of_card]
        others = [edge for card in came for edge in (*graph.incoming(card), *graph.outgoing(card))]
        for edge in (*drawn, *others):
            if id(edge) not in self.by_key and (not drawing.hidden or drawing.shows(edge)):
                self._add(edge, drawing, changes)

    def _show_all(self, graph: Graph, drawing: Drawing, changes: Changes) -> None:
        wanted = {id(edge): edge for edge in graph.edges if not drawing.hidden or drawing.shows(edge)}
        for key in [key for key, wire in self.by_key.items() if key not in wanted or self._strayed(wire, drawing)]:
            self._drop(key)
        for key, edge in wanted.items():
            if key not in self.by_key:
                self._add(edge, drawing, changes)

    def _strayed(self, wire: Wire, drawing: Drawing) -> bool:
        """Whether a wire shows between other cards now."""
        cards, edge = self._cards.by_id, wire.edge
        if cards.get(wire.source.id) is not wire.source or cards.get(wire.target.id) is not wire.target:
            return True
        return (drawing.end(edge.source), drawing.end(edge.target)) != ((wire.source.id, wire.leaves), (wire.target.id, wire.enters))

    def _add(self, edge: Edge, drawing: Drawing, changes: Changes) -> None:
        (start, leaves), (end, enters) = drawing.end(edge.source), drawing.end(edge.target)
        source, target = self._cards.by_id.get(start), self._cards.by_id.get(end)
        if source is None or target is None:
            return
        key = id(edge)
        wire = self.by_key[key] = Wire(edge, source, target, leaves, enters)
        self._of_card.setdefault(source.id, {})[key] = wire
        self._of_card.setdefault(target.id, {})[key] = wire
        changes.wires.add(key)
        self._fresh.add(key)
        self._entered.add(target.id)

    def _drop(self, key: int) -> None:
        wire = self.by_key.pop(key, None)
        if wire is None:
            return
        self._index.remove(wire)
        self._fresh.discard(key)
        self._entered.add(wire.target.id)
        for card in (wire.source, wire.target):
            self._of_card.get(card.id, {}).pop(key, None)

    def follow(self, changes: Changes) -> None:
        """Places the wires of changed cards, and lets long wires look anew for their way where cards came, went or moved.

        Where all moved by the same step, what was between them still is: their wires slide along.
        """
        moved, step = changes.cards, changes.step
        touched = {key for node in moved for key in self._of_card.get(node, ())} | changes.wires
        for key in touched:
            self.by_key[key].place()
        near = {id(wire.edge) for area in changes.wide(_FEW) for wire in self.within(area)}
        for key in touched | near:
            wire = self.by_key[key]
            if step is not None and key not in changes.wires and wire.source.id in moved and wire.target.id in moved:
                wire.slide(step[0])
                self._index.put(wire, *wire.bounds())
            elif wire.lane is not None or wire.line.dy() >= LONG_PX:
                self._route(wire)
            elif key in touched:
                self._index.put(wire, *wire.bounds())

    def place(self, moved: Iterable[str]) -> None:
        """Lets the wires of some cards follow them."""
        for wire in {id(wire): wire for card in moved for wire in self.of_card(card)}.values():
            wire.place()
            self._route(wire)

    def _route(self, wire: Wire) -> None:
        wire.route(lambda area: [card.rect for card in self._cards.within(area) if card is not wire.source and card is not wire.target])
        self._index.put(wire, *wire.bounds())

    def show_shapes(self, inferred: Any, graph: Graph, drawing: Drawing) -> None:
        """Writes on wires what travels along them, where that may be another shape than before."""
        changed = inferred.changed_since(self._inferred) if self._inferred is not None else None
        entering = graph.wires_by_target()
        entered: Collection[str] = self._cards.by_id.keys() if self._inferred is None else self._entered
        for wire in [wire for card in entered for wire in self.of_card(card)]:
            wire.gathers = len(entering.get(wire.edge.target.node, ())) > 1
        if changed is None:
            wires: Iterable[Wire] = self.by_key.values()
        else:
            cards = {drawing.card_of(node) for node in changed}
            wires = {id(wire): wire for card in cards for wire in self.of_card(card)} | {key: self.by_key[key] for key in self._fresh}
            wires = wires.values()
        for wire in wires:
            _write_shape(wire, inferred)
        self._inferred, self._fresh, self._entered = inferred, set(), set()

    def mark(self, broken: Mapping[int, str]) -> None:
        """Marks the wires that cannot be, with the reason, and no others."""
        for key in {*broken, *self._broken}:
            if key in self.by_key:
                self.by_key[key].reason = broken.get(key, "")
        self._broken = dict(broken)

    def select(self, before: Iterable[Edge], now: Iterable[Edge]) -> None:
        """Selects some wires in place of others."""
        for edges, selected in ((before, False), (now, True)):
            for edge in edges:
                if (wire := self.of_edge(edge)) is not None:
                    wire.selected = selected

    def within(self, rect: QRectF) -> list[Wire]:
        """Returns the wires whose bounds touch a rectangle."""
        left, top, right, bottom = rect.left(), rect.top(), rect.right(), rect.bottom()
        found = []
        for wire in self._index.within(left, top, right, bottom):
            bounds = wire.bounds()
            if bounds[0] <= right and bounds[2] >= left and bounds[1] <= bottom and bounds[3] >= top:
                found.append(wire)
        return found

    def at(self, point: QPointF, reach: float) -> Wire | None:
        """Returns the nearest wire within reach of a point."""
        box = QRectF(point.x() - reach, point.y() - reach, 2 * reach, 2 * reach)
        near = [(wire.distance(point), index, wire) for index, wire in enumerate(self.within(box))]
        best = min(near, default=None, key=lambda entry: entry[:2])
        return best[2] if best is not None and best[0] <= reach else None


def _write_shape(wire: Wire, inferred: Any) -> None:
    source = wire.edge.source
    known = inferred.output_shapes(source.node)
    if known is not wire.known:
        wire.known, wire.shape = known, known.get(source.port)
        wire.text = str(wire.shape) if wire.shape is not None else ""
        before = list(inferred.input_shapes(source.node).values())
        wire.quiet = len(before) == 1 and before[0] == wire.shape


def ports_of(card: Card) -> list[tuple[str, QPointF, bool]]:
    """Returns name, place and whether it is an output for every port of a card."""
    inputs = [(name, card.input_point(name), False) for name in card.inputs]
    return inputs + [(name, card.output_point(name), True) for name in card.outputs]
