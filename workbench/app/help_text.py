"""The text of the help: Markdown with our spacing; pages of layers with pictures that may move."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer, QUrl, Signal
from PySide6.QtGui import QHideEvent, QImage, QTextBlockFormat, QTextCursor, QTextDocument
from PySide6.QtWidgets import QTextBrowser, QWidget

from workbench.app import theme
from workbench.app.language import say
from workbench.settings import load_settings

if TYPE_CHECKING:
    from workbench.layers.base import Layer

LAYER_MARK = "layer:"
LINE_HEIGHT_PERCENT = 125
FIGURE_SCALE, FORMULA_PX, ROOM_PX = 1.5, 17.0, 540.0
STEP_MS = 700


class HelpText(QTextBrowser):
    """Shows one topic or the page of one layer.

    Attributes:
        topic: `layer:conv2d` while the page of a layer shows; "" otherwise.
        params: The parameters of the node that the page is about, where it is about one.

    Signals:
        topic_wanted: A link to another topic was followed.
    """

    topic_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("help.text")
        self.setOpenExternalLinks(False)
        self.setOpenLinks(False)
        self.anchorClicked.connect(self._follow)
        self.topic = ""
        self._layer: Layer | None = None
        self.params: Mapping[str, Any] | None = None
        self._images: dict[str, QImage] = {}
        self._step = 0
        self._timer = QTimer(self)
        self._timer.setInterval(STEP_MS)
        self._timer.timeout.connect(self.advance)
        theme.signals().changed.connect(self.refresh)

    def show_text(self, text: str) -> None:
        """Shows Markdown without pictures of its own."""
        self.topic, self._layer = "", None
        self._timer.stop()
        self._set(text)

    def show_layer(self, topic: str, params: Mapping[str, Any] | None = None) -> None:
        """Shows the page of a layer, with the parameters of a node where it is about one; motion begins where it is wanted."""
        from workbench.app.layer_help import layer_of
        from workbench.layers.guide import steps_of

        layer = layer_of(topic)
        if layer is None:
            return
        self.topic, self._layer, self.params, self._step = topic, layer, params, 0
        self._timer.stop()
        if steps_of(layer, params) > 1 and load_settings().animate:
            self._timer.start()
        self._render()
        self.moveCursor(QTextCursor.MoveOperation.Start)

    @property
    def moving(self) -> bool:
        """Whether the picture moves now."""
        return self._timer.isActive()

    def advance(self) -> None:
        """Goes to the next moment of the picture."""
        from workbench.layers.guide import steps_of

        if self._layer is not None:
            self._step = (self._step + 1) % steps_of(self._layer, self.params)
            self._draw_figure()
            self.viewport().update()

    def refresh(self) -> None:
        """Shows the page of the layer anew, in the language and theme in use."""
        self._render()

    def _render(self) -> None:
        from workbench.app.figure_painting import formula_picture, image_of
        from workbench.app.layer_help import FORMULA, page_text

        if self._layer is None:
            return
        place = self.verticalScrollBar().value()
        self._draw_figure()
        if self._layer.formula:
            self._images[FORMULA] = image_of(formula_picture(say(self._layer.formula), FORMULA_PX, ROOM_PX), 1.0, self.devicePixelRatioF())
        self._set(page_text(self._layer, self.params, moving=self.moving))
        self.verticalScrollBar().setValue(place)

    def _draw_figure(self) -> None:
        from workbench.app.figure_painting import image_of
        from workbench.app.layer_help import FIGURE
        from workbench.layers.guide import page_example, picture_of

        if self._layer is None:
            return
        example = page_example(self._layer)
        picture = picture_of(self._layer, self.params, example.inputs if example else None, self._step)
        if picture is not None:
            self._images[FIGURE] = image_of(picture, FIGURE_SCALE, self.devicePixelRatioF())
            self.document().addResource(QTextDocument.ResourceType.ImageResource, QUrl(FIGURE), self._images[FIGURE])

    def _set(self, text: str) -> None:
        self.document().setDocumentMargin(theme.SPACE_24)
        self.setMarkdown(text)
        space_paragraphs(self.document())
        self._size_images()

    def _size_images(self) -> None:
        """Gives pictures their size in pixels of the window; they hold more on a fine screen."""
        block = self.document().begin()
        while block.isValid():
            iterator = block.begin()
            while not iterator.atEnd():
                fragment = iterator.fragment()
                shape = fragment.charFormat()
                image = self._images.get(shape.toImageFormat().name()) if shape.isImageFormat() else None
                if image is not None:
                    wanted = shape.toImageFormat()
                    wanted.setWidth(image.deviceIndependentSize().width())
                    wanted.setHeight(image.deviceIndependentSize().height())
                    cursor = QTextCursor(self.document())
                    cursor.setPosition(fragment.position())
                    cursor.setPosition(fragment.position() + 1, QTextCursor.MoveMode.KeepAnchor)
                    cursor.setCharFormat(wanted)
                    _single(cursor)
                    break
                iterator += 1
            block = block.next()

    def _follow(self, url: QUrl) -> None:
        from workbench.app.layer_help import PLAY

        address = url.toString()
        if address == PLAY:
            self.toggle_motion()
        else:
            self.topic_wanted.emit(address if address.startswith(LAYER_MARK) else url.fileName().removesuffix(".md"))

    def toggle_motion(self) -> None:
        """Lets the picture move, or stops it."""
        if self._timer.isActive():
            self._timer.stop()
        else:
            self._timer.start()
        self._render()

    def loadResource(self, kind: int, name: QUrl) -> Any:
        return self._images.get(name.toString()) or super().loadResource(kind, name)

    def hideEvent(self, event: QHideEvent) -> None:
        self._timer.stop()
        super().hideEvent(event)


def _single(cursor: QTextCursor) -> None:
    """Gives a line with a picture no more height than the picture."""
    shape = cursor.blockFormat()
    shape.setLineHeight(0, QTextBlockFormat.LineHeightTypes.SingleHeight.value)
    cursor.setBlockFormat(shape)


def space_paragraphs(document: QTextDocument) -> None:
    """Sets the blocks of a document apart; Qt derives their margins from a size in points, and ours are in pixels."""
    cursor = QTextCursor(document)
    cursor.beginEditBlock()
    block = document.begin()
    while block.isValid():
        shape = block.blockFormat()
        near = theme.SPACE_4 if block.textList() is not None else theme.SPACE_8
        shape.setTopMargin(theme.SPACE_16 if shape.headingLevel() > 1 else near)
        shape.setBottomMargin(near)
        shape.setLineHeight(LINE_HEIGHT_PERCENT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        cursor.setPosition(block.position())
        cursor.setBlockFormat(shape)
        block = block.next()
    cursor.endEditBlock()
