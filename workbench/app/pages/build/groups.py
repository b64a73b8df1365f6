"""What cards say, of layers and of folded groups, and the border around an open group."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from workbench.app import theme
from workbench.app.language import say, tr
from workbench.app.pages.build.card import Card, interface_font, text_width
from workbench.graph.bypass import is_bypassed
from workbench.graph.drawing import Drawing, path_of_card, ports_of_group
from workbench.graph.graph import Graph, Node
from workbench.graph.grouping import group_steps
from workbench.graph.layout import GROUP_PADDING_PX, GROUP_TITLE_PX
from workbench.graph.repeat import Repeat, repeat_of

_BEYOND_PX = 24.0
_DASHED_ZOOM = 0.4


def port_names(layer: Any, params: Any, side: str) -> tuple[str, ...]:
    """Returns the names of the input or output ports of a layer; an unknown one has the usual port."""
    if layer is None:
        return (side,)
    ports = layer.input_ports(params) if side == "input" else layer.output_ports(params)
    return tuple(port.name for port in ports)


def wired_ports(graph: Graph, node: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Returns the ports of a node whose layer nobody knows: those at which wires end, or else the usual ones."""
    inputs = dict.fromkeys(edge.target.port for edge in graph.incoming(node))
    outputs = dict.fromkeys(edge.source.port for edge in graph.outgoing(node))
    return tuple(inputs) or ("input",), tuple(outputs) or ("output",)


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
        if layer is None:
            return wired_ports(graph, member)
        return port_names(layer, params, "input"), port_names(layer, params, "output")

    families = {layer.family for member in members if (layer := layers.get(graph[member].layer)) is not None}
    colour = theme.family_colour(next(iter(families))) if len(families) == 1 else theme.current().quiet
    inputs, outputs = ports_of_group(graph, members, ports)
    card.node = node
    times = repeat_of(graph, path_of_card(node.id)).times
    card.change(
        title=node.name, subtitle=tr("{count} layers", count=len(members)), colour=colour, times=times, known=True, inputs=inputs, outputs=outputs,
        count=len(members), faint=False,
    )


class Borders:
    """The frames around open groups, each tight around its cards and the frames within it.

    Attributes:
        boxes: The frame of every open group that shows, outermost first.
        repeats: How groups are repeated, by path.
    """

    def __init__(self) -> None:
        self.boxes: dict[str, QRectF] = {}
        self.repeats: Mapping[str, Repeat] = {}
        self._inner: dict[str, list[str]] = {}
        self._cards: dict[str, list[Card]] = {}

    def update(self, drawing: Drawing, cards: Mapping[str, Card]) -> None:
        """Takes what shows, and fits the frames around it."""
        inside = f"{drawing.inside}." if drawing.inside else ""
        self._cards, self._inner = {}, {}
        for card_id, node in drawing.nodes.items():
            if node.group and node.group.startswith(inside) and card_id not in drawing.outside:
                self._cards.setdefault(node.group, []).append(cards[card_id])
        open_groups = group_steps(self._cards, drawing.inside)
        for path in open_groups:
            self._inner.setdefault(path.rpartition(".")[0], []).append(path)
        self.boxes = dict.fromkeys(open_groups, QRectF())
        for path in reversed(open_groups):
            self._fit(path)

    def follow(self, moved: Iterable[str]) -> None:
        """Fits the frames of some groups and those around them anew, as cards in them moved.

        Args:
            moved: Paths of groups.
        """
        above = {path for group in moved for path in group_steps((group,)) if path in self.boxes}
        for path in sorted(above, key=len, reverse=True):
            self._fit(path)

    def _fit(self, path: str) -> None:
        rects = [card.rect for card in self._cards.get(path, ())] + [self.boxes[inner] for inner in self._inner.get(path, ())]
        left, top = min(rect.left() for rect in rects) - GROUP_PADDING_PX, min(rect.top() for rect in rects) - GROUP_PADDING_PX
        right, bottom = max(rect.right() for rect in rects) + GROUP_PADDING_PX, max(rect.bottom() for rect in rects) + GROUP_PADDING_PX
        self.boxes[path] = QRectF(left, top, right - left, bottom + GROUP_TITLE_PX - top)

    def title_at(self, point: QPointF) -> str:
        """Returns the group whose title is at a point, or ""."""
        inner = reversed(self.boxes.items())
        return next((path for path, box in inner if self._title_box(path, box).contains(point)), "")

    def paint(self, painter: QPainter, rect: QRectF, zoom: float, look: theme.Theme) -> None:
        """Paints the frames that show."""
        near, far = rect.adjusted(-_BEYOND_PX, -_BEYOND_PX, _BEYOND_PX, _BEYOND_PX), zoom < _DASHED_ZOOM
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, not far)
        wash = QColor(look.quiet)
        wash.setAlpha(14)
        painter.setBrush(Qt.BrushStyle.NoBrush if far else wash)
        painter.setPen(QPen(QColor(look.faint if far else look.faint), 0, Qt.PenStyle.SolidLine if far else Qt.PenStyle.DashLine))
        for box in self.boxes.values():
            if box.intersects(rect):
                # Only what shows: dashes along thousands of pixels outside would cost more than all the cards.
                painter.drawRect(box & near) if far else painter.drawRoundedRect(box & near, 10, 10)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)

    def paint_titles(self, painter: QPainter, rect: QRectF, zoom: float, look: theme.Theme) -> None:
        """Paints their names, over the wires."""
        if zoom < 0.3:
            return
        painter.setFont(interface_font(11, True))
        for path, box in self.boxes.items():
            if box.intersects(rect):
                place = self._title_box(path, box)
                painter.fillRect(place, QColor(look.canvas))
                painter.setPen(QColor(look.quiet))
                painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, self.title(path))

    def title(self, path: str) -> str:
        """Returns what stands on the frame of a group: its name, and how often it is repeated."""
        times = self.repeats[path].times if path in self.repeats else 1
        return f"▾ {path.rpartition('.')[2]}" + (f"  ×{times}" if times > 1 else "")

    def _title_box(self, path: str, box: QRectF) -> QRectF:
        return QRectF(box.left() + 10, box.bottom() - 19, text_width(self.title(path)) * 1.25 + 4, 16)
