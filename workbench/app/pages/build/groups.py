"""What cards say, of layers and of folded groups, and the border around an open group."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from workbench.app import theme
from workbench.app.language import say, tr
from workbench.app.pages.build.card import Card, interface_font, text_width
from workbench.graph.bypass import is_bypassed
from workbench.graph.drawing import Drawing, ports_of_group
from workbench.graph.graph import Graph, Node
from workbench.graph.grouping import group_paths

_PADDING_PX = 14.0
_TITLE_PX = 8.0


def port_names(layer: Any, params: Any, side: str) -> tuple[str, ...]:
    """Returns the names of the input or output ports of a layer; an unknown one has the usual port."""
    if layer is None:
        return (side,)
    ports = layer.input_ports(params) if side == "input" else layer.output_ports(params)
    return tuple(port.name for port in ports)


def second_line(node: Node, layer: Any, params: Any) -> str:
    """Returns the small line of a layer's card: its kind and its main parameters."""
    if layer is None:
        return tr("unknown layer {name}", name=node.layer)
    line = say(layer.summary_line(params)) if params is not None else ""
    if is_bypassed(node):
        return f"{tr('bypassed')} · {say(layer.label)}"
    return f"{say(layer.label)} · {line}" if line else say(layer.label)


def describe_group(card: Card, node: Node, members: tuple[str, ...], graph: Graph, inferred: Any, layers: Any) -> None:
    """Writes on a card what the folded group behind it holds."""

    def ports(member: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        layer, params = layers.get(graph[member].layer), inferred.params(member)
        return port_names(layer, params, "input"), port_names(layer, params, "output")

    families = {layer.family for member in members if (layer := layers.get(graph[member].layer)) is not None}
    colour = theme.family_colour(next(iter(families))) if len(families) == 1 else theme.current().quiet
    inputs, outputs = ports_of_group(graph, members, ports)
    card.node = node
    card.change(
        title=node.name, subtitle=tr("{count} layers", count=len(members)), colour=colour, known=True, inputs=inputs, outputs=outputs,
        count=len(members), faint=False,
    )


class Borders:
    """The frames around open groups.

    Attributes:
        boxes: The frame of every open group that shows, outermost first.
    """

    def __init__(self) -> None:
        self.boxes: dict[str, QRectF] = {}

    def update(self, graph: Graph, drawing: Drawing, cards: Mapping[str, Card]) -> None:
        """Fits the frames around the cards."""
        self.boxes = {}
        for path in group_paths(graph) if any(node.group for node in graph) else ():
            if drawing.inside and not path.startswith(f"{drawing.inside}."):
                continue
            rects = [
                card.rect for card in cards.values()
                if card.id not in drawing.outside and (card.node.group == path or card.node.group.startswith(f"{path}."))
            ]
            if rects:
                depth = _depth_below(graph, path)
                self.boxes[path] = _around(rects, _PADDING_PX * depth, _TITLE_PX * depth)

    def title_at(self, point: QPointF) -> str:
        """Returns the group whose title is at a point, or ""."""
        inner = reversed(self.boxes.items())
        return next((path for path, box in inner if _title_box(path, box).contains(point)), "")

    def paint(self, painter: QPainter, rect: QRectF, zoom: float, look: theme.Theme) -> None:
        """Paints the frames that show."""
        for box in self.boxes.values():
            if not box.intersects(rect):
                continue
            wash = QColor(look.quiet)
            wash.setAlpha(14)
            painter.setBrush(wash)
            painter.setPen(QPen(QColor(look.faint), 0, Qt.PenStyle.DashLine))
            painter.drawRoundedRect(box, 10, 10)

    def paint_titles(self, painter: QPainter, rect: QRectF, zoom: float, look: theme.Theme) -> None:
        """Paints their names, over the wires."""
        if zoom < 0.3:
            return
        painter.setFont(interface_font(11, True))
        for path, box in self.boxes.items():
            if box.intersects(rect):
                place = _title_box(path, box)
                painter.fillRect(place, QColor(look.canvas))
                painter.setPen(QColor(look.quiet))
                painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, _title(path))


def _title(path: str) -> str:
    return "▾ " + path.rpartition(".")[2]


def _title_box(path: str, box: QRectF) -> QRectF:
    return QRectF(box.left() + 10, box.bottom() - 19, text_width(_title(path)) * 1.25 + 4, 16)


def _depth_below(graph: Graph, path: str) -> int:
    """Returns how many borders nest in this one, itself included."""
    inner = [node.group.count(".") for node in graph if node.group.startswith(f"{path}.")]
    return max(inner, default=path.count(".")) - path.count(".") + 1


def _around(rects: list[QRectF], padding: float, title: float) -> QRectF:
    left, top = min(rect.left() for rect in rects), min(rect.top() for rect in rects)
    right, bottom = max(rect.right() for rect in rects), max(rect.bottom() for rect in rects)
    return QRectF(left - padding, top - padding, right - left + 2 * padding, bottom - top + 2 * padding + title)
