"""The cards of one canvas, kept in step with what shows by touching only what differs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from PySide6.QtCore import QPointF, QRectF

from workbench.app import theme
from workbench.app.pages.build.buckets import Buckets
from workbench.app.pages.build.card import HEIGHT_PX, WIDTH_PX, Card
from workbench.app.pages.build.changes import Changes, looks_same
from workbench.app.pages.build.figures import counted
from workbench.app.pages.build.groups import describe_group, port_names, second_line, wired_ports
from workbench.graph.bypass import is_bypassed
from workbench.graph.difference import other_values
from workbench.graph.drawing import Drawing
from workbench.graph.graph import Graph, Node
from workbench.graph.layout import LAYER_PITCH_PX


class Cards:
    """Cards by id.

    Attributes:
        by_id: In the order in which they came.
        states: `error` or `warning` by card.
    """

    def __init__(self) -> None:
        self.by_id: dict[str, Card] = {}
        self.states: dict[str, str] = {}
        self._index: Buckets[Card] = Buckets()
        self._blocks: dict[str, list[QRectF]] | None = None

    def show(self, before: Drawing, drawing: Drawing, graph: Graph, inferred: Any, layers: Any, touched: Collection[str] | None) -> Changes:
        """Takes what shows of another drawing.

        Args:
            before: What showed until now.
            drawing: What shows now.
            graph: The whole drawing.
            inferred: Its shapes.
            layers: The catalogue.
            touched: Nodes of which something other than their value changed; None where any may have.
        """
        changes = Changes()
        for gone in self.by_id.keys() - drawing.nodes.keys():
            changes.gone.append(self._drop(gone))
        told = {drawing.card_of(node) for node in touched} if touched is not None else drawing.nodes.keys()
        for card_id in other_values(before.nodes, drawing.nodes):
            self._take(card_id, drawing, graph, inferred, layers, changes)
        for card_id in told & drawing.nodes.keys() - changes.cards:
            node, card = drawing.nodes[card_id], self.by_id[card_id]
            if card_id in drawing.groups:
                describe_group(card, node, drawing.groups[card_id], graph, inferred, layers)
                changes.cards.add(card_id)
            elif not card.known:
                self._describe(card, node, graph, inferred, layers)
                changes.cards.add(card_id)
        return changes

    def _take(self, card_id: str, drawing: Drawing, graph: Graph, inferred: Any, layers: Any, changes: Changes) -> None:
        node, card = drawing.nodes[card_id], self.by_id.get(card_id)
        fresh = card is None
        if card is None:
            card = self.by_id[card_id] = Card(node)
            self._blocks = None
        else:
            changes.areas.append(QRectF(card.rect))
            changes.saw(node.position[0] - card.rect.center().x(), node.position[1] - card.rect.center().y())
        if card_id in drawing.groups:
            describe_group(card, node, drawing.groups[card_id], graph, inferred, layers)
        elif fresh or not looks_same(card.node, node):
            self._describe(card, node, graph, inferred, layers)
        card.node = node
        card.change(faint=card_id in drawing.outside or is_bypassed(node))
        self.put(card, *node.position)
        changes.areas.append(card.rect)
        changes.cards.add(card_id)

    def _describe(self, card: Card, node: Node, graph: Graph, inferred: Any, layers: Any) -> None:
        layer = layers.get(node.layer)
        params = inferred.params(node.id) if layer is not None and inferred is not None else None
        colour = theme.family_colour(layer.family if layer is not None else "")
        if colour != card.colour:
            self._blocks = None
        card.node = node
        inputs, outputs = wired_ports(graph, node.id) if layer is None else (port_names(layer, params, "input"), port_names(layer, params, "output"))
        card.change(
            title=node.label or node.name, subtitle=second_line(node, layer, params), colour=colour, known=layer is not None,
            inputs=inputs, outputs=outputs,
        )

    def _drop(self, card_id: str) -> Card:
        card = self.by_id.pop(card_id)
        self._index.remove(card)
        self._blocks = None
        return card

    def put(self, card: Card, x: float, y: float) -> None:
        """Moves the centre of a card."""
        card.place(x, y)
        rect = card.rect
        self._index.put(card, rect.left(), rect.top(), rect.right(), rect.bottom())

    def mark(self, states: dict[str, str]) -> None:
        """Marks the cards that have problems, and no others."""
        for card in {*states, *self.states}:
            if card in self.by_id:
                self.by_id[card].change(state=states.get(card, ""))
        self.states = states

    def show_costs(self, costs: Mapping[str, Any], groups: Mapping[str, tuple[str, ...]]) -> None:
        """Writes parameter counts and draws the bars of cost."""
        whole = sum(cost.macs for cost in costs.values()) or 1
        for card_id, card in self.by_id.items():
            own = [costs[node] for node in groups.get(card_id, (card_id,)) if node in costs]
            parameters = sum(cost.parameters for cost in own)
            card.change(parameters=counted(parameters) if parameters else "", share=sum(cost.macs for cost in own) / whole)

    def bounds(self, some: Iterable[str] = ()) -> QRectF:
        """Returns the rectangle around some cards, or around all."""
        cards = [self.by_id[card] for card in some if card in self.by_id] or list(self.by_id.values())
        if not cards:
            return QRectF(-WIDTH_PX, -HEIGHT_PX, 2 * WIDTH_PX, 2 * HEIGHT_PX)
        left, top = min(card.rect.left() for card in cards), min(card.rect.top() for card in cards)
        right, bottom = max(card.rect.right() for card in cards), max(card.rect.bottom() for card in cards)
        return QRectF(left, top, right - left, bottom - top)

    def within(self, rect: QRectF) -> list[Card]:
        """Returns the cards that touch a rectangle."""
        near = self._index.within(rect.left(), rect.top(), rect.right(), rect.bottom())
        return [card for card in near if card.rect.intersects(rect)]

    def at(self, point: QPointF) -> Card | None:
        """Returns the topmost card under a point."""
        near = self._index.within(point.x(), point.y(), point.x(), point.y())
        return next((card for card in reversed(near) if card.rect.contains(point)), None)

    def free_place(self, place: QPointF) -> QPointF:
        """Returns the centre for a new card: there, or below the cards that stand there."""
        place = QPointF(place)
        while taken := self.within(QRectF(place.x() - WIDTH_PX / 2, place.y() - HEIGHT_PX / 2, WIDTH_PX, HEIGHT_PX)):
            place.setY(max(card.rect.center().y() for card in taken) + LAYER_PITCH_PX)
        return place

    def blocks(self) -> dict[str, list[QRectF]]:
        """Returns the rectangles of all cards by colour."""
        if self._blocks is None:
            self._blocks = {}
            for card in self.by_id.values():
                self._blocks.setdefault(card.colour, []).append(card.rect)
        return self._blocks

    def wrong(self) -> list[QRectF]:
        """Returns the rectangles of the cards that are wrong."""
        return [self.by_id[card].rect for card, state in self.states.items() if state == "error" and card in self.by_id]
