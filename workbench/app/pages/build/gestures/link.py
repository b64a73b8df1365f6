"""Drawing a wire: ports that fit light up, others say why not; on empty ground it asks for a layer."""

from __future__ import annotations

import time

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QToolTip

from workbench.app.pages.build.card import Card
from workbench.app.pages.build.gestures.gesture import Gesture
from workbench.app.pages.build.linking import FITS, Verdict
from workbench.app.pages.build.wire import curve
from workbench.app.theme import Theme
from workbench.graph.graph import Edge, PortRef

_REACH_PX = 26.0
_BUDGET_S = 0.006


class LinkGesture(Gesture):
    """Draws a wire from a port, in either direction; from an input that has a wire, it takes that wire along.

    Args:
        view: The canvas.
        origin: Where it began.
        card: The card of the port.
        port: Its name.
        output: Whether it is an output.
    """

    cursor = Qt.CursorShape.CrossCursor

    def __init__(self, view, origin: QPointF, card: Card, port: str, output: bool) -> None:
        super().__init__(view, origin)
        self._moved_edge: Edge | None = None
        if not output:
            card, port, output = self._picked_up(card, port)
        self._start, self._port, self._output = card, port, output
        self._end = origin
        self._over: tuple[Card, str] | None = None
        self._verdict = FITS
        self._linking = view.commands.linking()
        self._verdicts: dict[tuple[str, str], Verdict] = {}

    def _picked_up(self, card: Card, port: str) -> tuple[Card, str, bool]:
        wires = [wire for wire in self.scene.wires if wire.target is card and wire.enters == port]
        if len(wires) != 1:
            return card, port, False
        self._moved_edge = wires[0].edge
        return wires[0].source, wires[0].leaves, True

    def _edge(self, card: Card, port: str) -> Edge:
        own, other = self._own(), self.scene.drawing.real(card.id, port)
        return Edge(own, other) if self._output else Edge(other, own)

    def _own(self) -> PortRef:
        return self.scene.drawing.real(self._start.id, self._port)

    def _judge(self, card: Card, port: str) -> Verdict:
        key = (card.id, port)
        if key not in self._verdicts:
            edge = self._edge(card, port)
            self._verdicts[key] = FITS if edge == self._moved_edge else self._linking.verdict(edge)
        return self._verdicts[key]

    def _ports(self, card: Card) -> tuple[str, ...]:
        return card.inputs if self._output else card.outputs

    def _place(self, card: Card, port: str) -> QPointF:
        return card.input_point(port) if self._output else card.output_point(port)

    def drag(self, point: QPointF, modifiers: Qt.KeyboardModifier, at: QPoint) -> None:
        """Follows the pointer, holds on to ports nearby, and says why one does not fit."""
        self._end = point
        self._over = self._target(point)
        self._verdict = self._judge(*self._over) if self._over else FITS
        if self._over:
            self._end = self._place(*self._over)
        QToolTip.showText(at + QPoint(14, 10), self._verdict.sentence, self.view) if self._verdict.sentence else QToolTip.hideText()
        self.scene.repaint_wanted.emit()

    def _target(self, point: QPointF) -> tuple[Card, str] | None:
        """Returns the port meant: the nearest within reach, or the best one of the card under the pointer."""
        reach = max(_REACH_PX, _REACH_PX / self.view.zoom * 0.6)
        box = QRectF(point.x() - reach, point.y() - reach, 2 * reach, 2 * reach)
        near = []
        for card in self.scene.cards_in(box):
            for port in self._ports(card) if card is not self._start else ():
                distance = (self._place(card, port) - point).manhattanLength()
                if distance <= reach or card.rect.contains(point):
                    near.append((not card.rect.contains(point), not self._judge(card, port).fits, distance, card.id, port))
        if not near:
            return None
        best = min(near)
        return self.scene.cards[best[3]], best[4]

    def finish(self, point: QPointF, modifiers: Qt.KeyboardModifier, at: QPoint) -> None:
        """Draws the wire, offers repairs where it does not fit, or asks what to add on empty ground."""
        QToolTip.hideText()
        if self._over is not None:
            self._join(self._edge(*self._over), at)
        elif (point - self.origin).manhattanLength() * self.view.zoom < 12:
            self.scene.select({self._start.id})
        elif self._moved_edge is not None:
            self.view.commands.disconnect((self._moved_edge,))
        else:
            own = self._own()
            self.view.ask_for_layer(point, at, source=own if self._output else None, target=None if self._output else own)

    def _join(self, edge: Edge, at: QPoint) -> None:
        if edge == self._moved_edge:
            return
        if self._verdict.fits or not self._verdict.possible:
            self.view.commands.connect(edge, self._moved_edge)
        else:
            self.view.offer_repairs(edge, self._moved_edge, self._verdict.sentence, at)

    def cancel(self) -> None:
        """Leaves everything as it was."""
        QToolTip.hideText()

    def paint(self, painter: QPainter, theme: Theme) -> None:
        """Paints the wire in the making and the ports that it could join."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        deadline, late = time.perf_counter() + _BUDGET_S, False
        for card in self.scene.cards_in(self.view.visible_rect()):
            known = all((card.id, port) in self._verdicts for port in self._ports(card))
            if card is not self._start and (known or time.perf_counter() < deadline):
                self._paint_ports(painter, card, theme)
            late |= not known and card is not self._start
        if late:
            self.scene.paint_again()
        pen = QPen(QColor(theme.accent if self._verdict.fits else theme.wrong), 2)
        if not self._verdict.fits:
            pen.setDashPattern([3.0, 2.0])
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        own = self._start.output_point(self._port) if self._output else self._start.input_point(self._port)
        painter.drawPath(curve(own, self._end) if self._output else curve(self._end, own))

    def _paint_ports(self, painter: QPainter, card: Card, theme: Theme) -> None:
        verdicts = [(port, self._judge(card, port)) for port in self._ports(card)]
        if not any(verdict.fits for _, verdict in verdicts):
            veil = QColor(theme.canvas)
            veil.setAlpha(150)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(veil)
            painter.drawRoundedRect(card.rect.adjusted(-1, -1, 1, 1), 7, 7)
        for port, verdict in verdicts:
            if verdict.fits:
                here = self._over == (card, port)
                painter.setPen(QPen(QColor(theme.accent), 2))
                painter.setBrush(QColor(theme.accent if here else theme.surface))
                painter.drawEllipse(self._place(card, port), 7 if here else 5, 7 if here else 5)
