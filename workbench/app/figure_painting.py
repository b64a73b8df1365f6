"""Paints pictures of layers and set formulas in the theme in use, at any scale."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QGuiApplication, QImage, QPainter, QPen, QPolygonF

from workbench.app import language, theme
from workbench.app.language import say
from workbench.layers.figures.formula import typeset
from workbench.layers.figures.picture import Box, Item, Label, Path, Picture, Tone
from workbench.layers.figures.svg import arrow_head

_SERIES = {Tone.BLUE: 0, Tone.AMBER: 1, Tone.GREEN: 2, Tone.PINK: 3, Tone.VIOLET: 4, Tone.SLATE: 5}
_SERIFS = ("STIX Two Text", "Cambria", "Times New Roman", "Noto Serif", "DejaVu Serif")


def colour_of(tone: Tone, strength: float = 1.0) -> QColor:
    """Returns a tone in the theme in use; weaker ones let the ground through."""
    look = theme.current()
    plain = {
        Tone.TEXT: look.text, Tone.QUIET: look.quiet, Tone.FAINT: look.faint, Tone.LINE: look.line, Tone.GROUND: look.surface, Tone.ON: look.on_accent
    }
    colour = QColor(plain[tone] if tone in plain else look.curves[_SERIES[tone]])
    colour.setAlphaF(min(1.0, max(0.0, strength)))
    return colour


def spoken(picture: Picture) -> Picture:
    """Returns a picture with its words in the language in use."""
    return picture.translated(lambda template: say(template))


def paint(painter: QPainter, picture: Picture) -> None:
    """Paints a picture at its own size; the painter is scaled beforehand."""
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
    for item in spoken(picture).items:
        _paint_item(painter, item)


def _paint_item(painter: QPainter, item: Item) -> None:
    if isinstance(item, Label):
        _paint_label(painter, item)
        return
    painter.setPen(_pen(item))
    painter.setBrush(colour_of(item.fill, item.strength) if item.fill else Qt.BrushStyle.NoBrush)
    if isinstance(item, Box):
        painter.drawRoundedRect(QRectF(item.x, item.y, item.width, item.height), item.radius, item.radius)
        return
    points = QPolygonF([QPointF(x, y) for x, y in item.points])
    (painter.drawPolygon if item.fill else painter.drawPolyline)(points)
    if item.arrow and item.stroke:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour_of(item.stroke))
        painter.drawPolygon(QPolygonF([QPointF(x, y) for x, y in arrow_head(item.points)]))


def _pen(item: Box | Path) -> QPen:
    if item.stroke is None:
        return QPen(Qt.PenStyle.NoPen)
    pen = QPen(colour_of(item.stroke), item.line)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin if isinstance(item, Path) else Qt.PenJoinStyle.MiterJoin)
    if item.dashed:
        pen.setDashPattern([4 / item.line, 3 / item.line])
    return pen


def _paint_label(painter: QPainter, label: Label) -> None:
    font = font_of(label.size, italic=label.italic, bold=label.bold, serif=label.serif)
    painter.setFont(font)
    painter.setPen(colour_of(label.tone))
    metrics = QFontMetricsF(font)
    wide = metrics.horizontalAdvance(label.text)
    x = -{"start": 0.0, "middle": wide / 2, "end": wide}[label.align]
    down = 0.36 * label.size if label.serif else (metrics.ascent() - metrics.descent()) / 2
    painter.save()
    painter.translate(label.x, label.y)
    if label.turned:
        painter.rotate(-90)
    painter.drawText(QPointF(x, down), label.text)
    painter.restore()


def font_of(size: float, *, italic: bool = False, bold: bool = False, serif: bool = False) -> QFont:
    """Returns the font of a label; sizes need not be whole pixels."""
    font = theme.text_font(max(1, round(size)), bold=bold)
    if serif:
        font.setFamilies([*_SERIFS, *font.families()])
    font.setPixelSize(max(1, round(size)))
    font.setItalic(italic)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return font


@cache
def _advance(text: str, size: int, italic: bool) -> float:
    return QFontMetricsF(font_of(size, italic=italic, serif=True)).horizontalAdvance(text)


def formula_picture(text: str, size: float, width: float) -> Picture:
    """Returns a formula set with the fonts at hand."""
    return typeset(text, size, width, lambda word, pixels, italic: _advance(word, round(pixels), italic))


def image_of(picture: Picture, scale: float, ratio: float = 0.0) -> QImage:
    """Returns a picture as an image with a clear ground, crisp on the screen.

    Args:
        picture: What to paint.
        scale: Pixels per unit.
        ratio: Device pixels per pixel; 0: as the screen has.
    """
    screen = QGuiApplication.primaryScreen()
    ratio = ratio or (screen.devicePixelRatio() if screen else 1.0)
    size = QSize(round(picture.width * scale * ratio), round(picture.height * scale * ratio))
    image = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(ratio)
    image.fill(0)
    painter = QPainter(image)
    painter.scale(scale, scale)
    paint(painter, picture)
    painter.end()
    return image


_small: dict[tuple[str, str, str], str] = {}


def picture_html(name: str, scale: float = 0.8) -> str:
    """Returns the small figure of a layer with usual parameters for a tooltip, kept for the next time; "" where it has none."""
    from workbench.layers import LAYERS
    from workbench.layers.guide import picture_of

    layer = LAYERS.get(name)
    picture = picture_of(layer) if layer is not None else None
    if picture is None:
        return ""
    key = (name, theme.current().name, language.language())
    if key not in _small:
        data = QByteArray()
        buffer = QBuffer(data)
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        image_of(picture, scale, 1.0).save(buffer, "PNG")
        _small[key] = f'<img src="data:image/png;base64,{bytes(data.toBase64().data()).decode()}">'
    return _small[key]
