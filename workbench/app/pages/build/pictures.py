"""The drawing as a file: SVG and PDF with text and lines, PNG in pixels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QMarginsF, QPointF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QColor, QImage, QPageSize, QPainter, QPdfWriter
from PySide6.QtSvg import QSvgGenerator

from workbench.app import theme
from workbench.app.pages.build.card import paint_card
from workbench.app.pages.build.scene import CanvasScene
from workbench.app.theme import Theme
from workbench.errors import ProjectError
from workbench.graph.graph import Graph
from workbench.text import Text

MARGIN_PX = 40.0
_LARGEST_PX = 8000.0
_PDF_DOTS_PER_PX = 4
_POINTS_PER_INCH = 72


def paint_drawing(painter: QPainter, scene: CanvasScene, look: Theme) -> None:
    """Paints everything that shows in scene pixels, as lines and text and not as kept pictures."""
    box = picture_box(scene)
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
    painter.fillRect(box, QColor(look.canvas))
    scene.remarks.paint(painter, box, 1.0, look)
    scene.borders.paint(painter, box, 1.0, look)
    scene.canvas_painter.wires(painter, list(scene.wires), 1.0, look)
    scene.borders.paint_titles(painter, box, 1.0, look)
    for card in scene.cards.values():
        painter.save()
        painter.translate(card.rect.topLeft())
        paint_card(painter, card, look)
        painter.restore()


def picture_box(scene: CanvasScene) -> QRectF:
    """Returns what a picture holds, in scene pixels."""
    box = scene.bounds()
    for remark in scene.remarks.remarks:
        box = box.united(scene.remarks.box(remark.id))
    for border in scene.borders.boxes.values():
        box = box.united(border)
    return box.adjusted(-MARGIN_PX, -MARGIN_PX, MARGIN_PX, MARGIN_PX)


def image_of(scene: CanvasScene, scale: float = 2.0, look: Theme | None = None) -> QImage:
    """Returns the drawing in pixels, at most 8,000 along its longer side."""
    box = picture_box(scene)
    scale = min(scale, _LARGEST_PX / max(box.width(), box.height(), 1.0))
    image = QImage(QSize(round(box.width() * scale), round(box.height() * scale)), QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    painter.scale(scale, scale)
    painter.translate(-box.topLeft())
    paint_drawing(painter, scene, look or theme.current())
    painter.end()
    return image


def save_picture(scene: CanvasScene, path: Path) -> None:
    """Writes the drawing as the ending of the file says: `.svg`, `.pdf` or `.png`. SVG and PDF are for paper, so always light.

    Raises:
        ProjectError: There is no such format, or the file cannot be written.
    """
    writers = {".svg": _write_svg, ".pdf": _write_pdf, ".png": _write_png}
    write = writers.get(path.suffix.casefold())
    if write is None:
        message = Text("A drawing cannot be saved as {ending}.", ending=path.suffix or path.name)
        raise ProjectError(message, Text("Choose a name that ends in .svg, .pdf or .png."))
    if not write(scene, path) or not path.is_file():
        raise ProjectError(Text("The picture could not be written to {path}.", path=str(path)), Text("Choose another folder."))


def _write_png(scene: CanvasScene, path: Path) -> bool:
    return image_of(scene).save(str(path))


def _write_svg(scene: CanvasScene, path: Path) -> bool:
    box = picture_box(scene)
    generator = QSvgGenerator()
    generator.setFileName(str(path))
    generator.setSize(box.size().toSize())
    generator.setViewBox(QRectF(QPointF(0, 0), box.size()))
    generator.setTitle(path.stem)
    return _painted(generator, scene, box, 1.0)


def _write_pdf(scene: CanvasScene, path: Path) -> bool:
    box = picture_box(scene)
    writer = QPdfWriter(str(path))
    writer.setTitle(path.stem)
    writer.setResolution(_POINTS_PER_INCH * _PDF_DOTS_PER_PX)
    writer.setPageMargins(QMarginsF(0, 0, 0, 0))
    writer.setPageSize(QPageSize(QSizeF(box.size()), QPageSize.Unit.Point, "", QPageSize.SizeMatchPolicy.ExactMatch))
    return _painted(writer, scene, box, _PDF_DOTS_PER_PX)


def _painted(device: Any, scene: CanvasScene, box: QRectF, scale: float) -> bool:
    painter = QPainter()
    if not painter.begin(device):
        return False
    painter.scale(scale, scale)
    painter.translate(-box.topLeft())
    paint_drawing(painter, scene, theme.LIGHT)
    return painter.end()


def save_drawing(graph: Graph, path: Path) -> None:
    """Writes a drawing to a file without a window; a QApplication must exist.

    Raises:
        ProjectError: There is no such format, or the file cannot be written.
    """
    from workbench.graph.infer import infer
    from workbench.layers import LAYERS
    from workbench.models.cost import costs

    scene, inferred = CanvasScene(), infer(graph, LAYERS)
    scene.show_graph(graph, inferred, LAYERS)
    scene.show_problems(inferred.problems)
    scene.show_costs(costs(inferred))
    save_picture(scene, path)
    scene.deleteLater()
