"""One node on the canvas: what its card says, where its ports are, and how it is painted."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QPainter, QPen

from workbench.app.theme import Theme, text_font
from workbench.graph.graph import Node

WIDTH_PX, HEIGHT_PX, GRID_PX = 196, 46, 16
RADIUS_PX = 7
_TEXT_LEFT = 23
_FAINT = 0.4


@dataclass(slots=True, eq=False)
class Card:
    """What the canvas knows about one node.

    Attributes:
        node: The node as last shown.
        rect: The card in scene pixels; moved in place.
        title, subtitle: The two lines.
        colour: Of its family, as `#RRGGBB`.
        known: Whether the catalogue has its layer.
        parameters: The parameter count as written, or "".
        share: Its share of the whole cost, 0 to 1.
        state: `error`, `warning` or "".
        inputs, outputs: Port names from left to right.
        times: How often it is repeated, where it is a folded group.
        count: How many layers stand behind it, where it is a folded group; 0 for a layer.
        faint: Whether it is left out of the model, or stands outside the group that was entered.
        stamp: Raised whenever the look changes, so that pictures of it are made anew.
        selected: Whether it is selected.
    """

    node: Node
    rect: QRectF = field(default_factory=QRectF)
    title: str = ""
    subtitle: str = ""
    colour: str = "#94A3B8"
    known: bool = True
    parameters: str = ""
    share: float = 0.0
    state: str = ""
    inputs: tuple[str, ...] = ("input",)
    outputs: tuple[str, ...] = ("output",)
    times: int = 1
    count: int = 0
    faint: bool = False
    stamp: int = 0
    selected: bool = False

    @property
    def id(self) -> str:
        """The id of the node."""
        return self.node.id

    def place(self, x: float, y: float) -> None:
        """Moves the centre of the card."""
        self.rect.setRect(x - WIDTH_PX / 2, y - HEIGHT_PX / 2, WIDTH_PX, HEIGHT_PX)

    def change(self, **looks: object) -> None:
        """Sets attributes; pictures become stale only where one really differs."""
        for name, value in looks.items():
            if getattr(self, name) != value:
                setattr(self, name, value)
                self.stamp += 1

    def input_point(self, port: str) -> QPointF:
        """Returns where wires into a port end: spread over the upper edge."""
        return QPointF(self.rect.left() + WIDTH_PX * _fraction(self.inputs, port), self.rect.top())

    def output_point(self, port: str) -> QPointF:
        """Returns where wires out of a port begin: spread over the lower edge."""
        return QPointF(self.rect.left() + WIDTH_PX * _fraction(self.outputs, port), self.rect.bottom())


def _fraction(ports: tuple[str, ...], port: str) -> float:
    return (ports.index(port) + 1) / (len(ports) + 1) if port in ports else 0.5


@lru_cache(maxsize=32)
def interface_font(size_px: int, bold: bool = False) -> QFont:
    """Returns the interface font in a size, made once."""
    return text_font(size_px, bold=bold)


@lru_cache(maxsize=32)
def _metrics(size_px: int, bold: bool = False) -> QFontMetricsF:
    return QFontMetricsF(interface_font(size_px, bold))


@lru_cache(maxsize=4096)
def text_width(text: str, size_px: int = 11) -> float:
    """Returns how wide a text is, in pixels."""
    return _metrics(size_px).horizontalAdvance(text)


def paint_card(painter: QPainter, card: Card, theme: Theme) -> None:
    """Paints a whole card into (0, 0, WIDTH_PX, HEIGHT_PX)."""
    painter.setOpacity(_FAINT if card.faint else 1.0)
    _paint_frame(painter, card, theme)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(card.colour))
    painter.drawRoundedRect(QRectF(9, 9.5, 4, 27), 2, 2)
    right = WIDTH_PX - 10.0
    right = _paint_mark(painter, card, theme, right)
    if card.parameters:
        width = _metrics(11).horizontalAdvance(card.parameters) + 2
        _write(painter, QRectF(right - width, 6, width, 17), card.parameters, 11, False, theme.quiet, Qt.AlignmentFlag.AlignRight)
        right -= width + 6
    _write(painter, QRectF(_TEXT_LEFT, 4, right - _TEXT_LEFT, 20), card.title, 13, True, theme.text)
    colour = theme.quiet if card.known else theme.doubtful
    edge = _paint_times(painter, card, theme, WIDTH_PX - 10.0)
    _write(painter, QRectF(_TEXT_LEFT, 22, edge - _TEXT_LEFT, 17), card.subtitle, 11, False, colour)
    if card.share > 0:
        painter.fillRect(QRectF(_TEXT_LEFT, 41, max(2.0, card.share * (WIDTH_PX - _TEXT_LEFT - 14)), 2), QColor(card.colour))


def paint_name(painter: QPainter, card: Card, theme: Theme) -> None:
    """Paints the card as seen from further away: stripe and name alone."""
    painter.setOpacity(_FAINT if card.faint else 1.0)
    _paint_frame(painter, card, theme)
    painter.fillRect(QRectF(6, 6, 8, HEIGHT_PX - 12), QColor(card.colour))
    _write(painter, QRectF(_TEXT_LEFT, 0, WIDTH_PX - _TEXT_LEFT - 6, HEIGHT_PX), _with_times(card), 22, True, theme.text)


def _paint_frame(painter: QPainter, card: Card, theme: Theme) -> None:
    edge = theme.wrong if card.state == "error" else theme.accent if card.selected else theme.line
    strong = card.selected or card.state == "error"
    pen = QPen(QColor(edge), 2.0 if strong else 1.0)
    if not card.known:
        pen = QPen(QColor(theme.accent if card.selected else theme.doubtful), 1.5, Qt.PenStyle.DashLine)
    painter.setPen(pen)
    painter.setBrush(QBrush(QColor(theme.accent_wash if card.selected and card.state == "error" else theme.surface)))
    inset = pen.widthF() / 2
    painter.drawRoundedRect(QRectF(inset, inset, WIDTH_PX - 2 * inset, HEIGHT_PX - 2 * inset), RADIUS_PX, RADIUS_PX)
    if card.count:
        painter.setPen(QPen(QColor(edge), 1.0))
        painter.drawRoundedRect(QRectF(3.5, 3.5, WIDTH_PX - 7, HEIGHT_PX - 7), RADIUS_PX - 3, RADIUS_PX - 3)


def _with_times(card: Card) -> str:
    return f"{card.title} ×{card.times}" if card.times > 1 else card.title


def _paint_times(painter: QPainter, card: Card, theme: Theme, right: float) -> float:
    """Paints how often a group is repeated; returns what is left on the right."""
    if card.times < 2:
        return right
    text = f"×{card.times}"
    width = _metrics(11, True).horizontalAdvance(text) + 12
    box = QRectF(right - width, 22.5, width, 16)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(theme.accent_wash))
    painter.drawRoundedRect(box, 8, 8)
    _write(painter, box, text, 11, True, theme.accent, Qt.AlignmentFlag.AlignHCenter)
    return right - width - 6


def _paint_mark(painter: QPainter, card: Card, theme: Theme, right: float) -> float:
    """Paints a round `!` for errors and a triangle for warnings (so colour never stands alone); returns what is left on the right."""
    if not card.state:
        return right
    wrong = card.state == "error"
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(theme.wrong if wrong else theme.doubtful))
    box = QRectF(right - 13, 8, 13, 13)
    if wrong:
        painter.drawEllipse(box)
    else:
        painter.drawPolygon([QPointF(box.center().x(), box.top()), box.bottomRight(), box.bottomLeft()])
    _write(painter, box if wrong else box.adjusted(0, 2, 0, 1), "!", 10, True, theme.surface, Qt.AlignmentFlag.AlignHCenter)
    return right - 19


def _write(
    painter: QPainter, box: QRectF, text: str, size_px: int, bold: bool, colour: str,
    align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
) -> None:
    painter.setFont(interface_font(size_px, bold))
    painter.setPen(QColor(colour))
    shown = _metrics(size_px, bold).elidedText(text, Qt.TextElideMode.ElideRight, box.width() + 1)
    painter.drawText(box, align | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, shown)
