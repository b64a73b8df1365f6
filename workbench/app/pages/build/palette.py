"""The palette: the catalogue of layers by family, searched by any name, dragged onto the canvas."""

from __future__ import annotations

from html import escape
from typing import Any

from PySide6.QtCore import QByteArray, QEvent, QMimeData, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QDrag, QHelpEvent, QKeyEvent, QPainter, QPixmap
from PySide6.QtWidgets import QAbstractItemView, QFrame, QLineEdit, QListWidget, QListWidgetItem, QMenu, QToolTip, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.figure_painting import picture_html
from workbench.app.help_text import LAYER_MARK
from workbench.app.language import tr
from workbench.app.pages.build.blocks import BLOCK_MARK, delete_block, list_blocks
from workbench.app.pages.build.card import HEIGHT_PX, WIDTH_PX, Card, paint_card
from workbench.app.pages.build.gestures.drop import LAYER_MIME
from workbench.app.pages.build.layer_rows import LAYER_ROLE, LayerRowDelegate, block_item, by_family, family_label, heading_item, layer_item
from workbench.app.widgets import button
from workbench.graph.graph import Node


class LayerPalette(QWidget):
    """Search field and list.

    Signals:
        layer_chosen: The name of a layer to add where it makes most sense (double click, Enter).
        edit_wanted: The name of one of the user's own layers whose file shall show.
        new_wanted: A layer of the user's own shall be written.
    """

    layer_chosen = Signal(str)
    edit_wanted = Signal(str)
    new_wanted = Signal()

    def __init__(self, layers: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layers = layers
        self.setObjectName("build.palette")
        self.search = QLineEdit(self)
        self.search.setObjectName("build.palette.search")
        self.search.setPlaceholderText(tr("Search layers"))
        self.search.setToolTip(tr("Finds Keras, TensorFlow, ONNX and Chinese names too. On the canvas, press Tab."))
        self.search.setAccessibleName(tr("Search layers"))
        self.search.setClearButtonEnabled(True)
        self.list = _LayerList(layers, self)
        self.list.itemActivated.connect(self._choose)
        self.list.add_wanted.connect(self.layer_chosen)
        self.list.delete_wanted.connect(self._delete)
        self.list.edit_wanted.connect(self.edit_wanted)
        self.new_button = button(
            "build.palette.new", tr("New layer of my own...").replace("...", "…"), self.new_wanted.emit, kind="link", tip=tr("Write a layer in Python, checked as you go"),
        )
        self.search.textChanged.connect(self.show_matches)
        self.search.returnPressed.connect(self._choose_first)
        self.search.installEventFilter(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACE_4)
        field = QVBoxLayout()
        field.setContentsMargins(theme.SPACE_16, theme.SPACE_4, theme.SPACE_16, 0)
        field.addWidget(self.search)
        layout.addLayout(field)
        layout.addWidget(self.list, 1)
        layout.addWidget(self.new_button)
        self.show_matches("")

    def refresh(self) -> None:
        """Lists anew, with the blocks there are now."""
        self.show_matches(self.search.text())

    def show_matches(self, words: str) -> None:
        """Lists the layers that match, by family; all of them where nothing is typed."""
        self.list.clear()
        if words.strip():
            for layer in self._layers.search(words):
                remark = tr("my own") if layer.origin else family_label(layer.family)
                self.list.addItem(layer_item(layer, remark))
            for name in list_blocks():
                if words.strip().casefold() in name.casefold():
                    self.list.addItem(block_item(name))
            self.list.setCurrentRow(0)
        else:
            blocks = list_blocks()
            for item in [heading_item(tr("My blocks")), *map(block_item, blocks)] if blocks else ():
                self.list.addItem(item)
            own = [layer for layer in self._layers if layer.origin]
            for item in [heading_item(tr("My layers")), *map(layer_item, own)] if own else ():
                self.list.addItem(item)
            for family, group in by_family(layer for layer in self._layers if not layer.origin).items():
                self.list.addItem(heading_item(family_label(family)))
                for layer in group:
                    self.list.addItem(layer_item(layer))
        if not self.list.count():
            self.list.addItem(heading_item(tr("No layer is called that.")))

    def _delete(self, name: str) -> None:
        delete_block(name.removeprefix(BLOCK_MARK))
        self.refresh()

    def _choose(self, item: QListWidgetItem) -> None:
        if item.data(LAYER_ROLE):
            self.layer_chosen.emit(item.data(LAYER_ROLE))

    def _choose_first(self) -> None:
        item = self.list.currentItem() or self.list.item(0)
        if self.search.text().strip() and item is not None:
            self._choose(item)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.search and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() == Qt.Key.Key_Down:
                self.list.setFocus()
                return False
            if event.key() == Qt.Key.Key_Escape and self.search.text():
                self.search.clear()
                return True
        return super().eventFilter(watched, event)


class _LayerList(QListWidget):
    """The list itself; rows can be dragged out.

    Signals:
        add_wanted: A layer to add, from the context menu.
        delete_wanted: A block of the user's own to delete.
        help_wanted: The help page of a layer to open, `layer:conv2d`.
        edit_wanted: A layer of the user's own whose file shall show.
    """

    add_wanted = Signal(str)
    delete_wanted = Signal(str)
    help_wanted = Signal(str)
    edit_wanted = Signal(str)

    def __init__(self, layers: Any, parent: QWidget) -> None:
        super().__init__(parent)
        self._layers = layers
        self.setObjectName("build.palette.layers")
        self.setAccessibleName(tr("Layers"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setItemDelegate(LayerRowDelegate(self))
        self.setDragEnabled(True)
        self.setMouseTracking(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)

    def mimeData(self, items: list[QListWidgetItem]) -> QMimeData:  # type: ignore[override]
        """Returns the layer's name as the canvas expects it."""
        data = QMimeData()
        names = [item.data(LAYER_ROLE) for item in items if item.data(LAYER_ROLE)]
        if names:
            data.setData(LAYER_MIME, QByteArray(names[0].encode()))
        return data

    def startDrag(self, _actions: Qt.DropAction) -> None:
        item = self.currentItem()
        if item is None or not item.data(LAYER_ROLE):
            return
        drag = QDrag(self)
        drag.setMimeData(self.mimeData([item]))
        drag.setPixmap(_ghost(item, self._layers.get(item.data(LAYER_ROLE)), self.devicePixelRatioF()))
        drag.setHotSpot(QPoint(WIDTH_PX // 2, HEIGHT_PX // 2))
        drag.exec(Qt.DropAction.CopyAction)

    def layer_page_at(self, place: QPoint) -> tuple[str, dict[str, Any] | None]:
        """Returns the help page of the layer in the row at a place of the screen, or of the row in front."""
        item = self.itemAt(self.viewport().mapFromGlobal(place)) or self.currentItem()
        name = item.data(LAYER_ROLE) if item is not None else ""
        return (f"{LAYER_MARK}{name}", None) if name in self._layers else ("", None)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            item = self.itemAt(event.pos())
            picture = picture_html(item.data(LAYER_ROLE) or "") if item is not None else ""
            if item is not None and picture:
                QToolTip.showText(event.globalPos(), f"{escape(item.toolTip()).replace(chr(10), '<br>')}<br>{picture}", self.viewport())
                return True
        return super().viewportEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        item = self.itemAt(event.pos())
        if item is None or not item.data(LAYER_ROLE):
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        name = item.data(LAYER_ROLE)
        menu.addAction(tr("Add {layer}", layer=item.text())).triggered.connect(lambda: self.add_wanted.emit(name))
        if name in self._layers:
            menu.addAction(tr("Explain {layer}", layer=item.text())).triggered.connect(lambda: self.help_wanted.emit(f"{LAYER_MARK}{name}"))
        if name.startswith(BLOCK_MARK):
            menu.addAction(tr("Delete this block")).triggered.connect(lambda: self.delete_wanted.emit(name))
        layer = self._layers.get(name)
        if layer is not None and layer.origin:
            menu.addAction(tr("Edit and check this layer...").replace("...", "…")).triggered.connect(lambda: self.edit_wanted.emit(name))
        menu.popup(event.globalPos())


def _ghost(item: QListWidgetItem, layer: Any, ratio: float) -> QPixmap:
    picture = QPixmap(round(WIDTH_PX * ratio), round(HEIGHT_PX * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(QColor(0, 0, 0, 0))
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setOpacity(0.8)
    name = item.data(LAYER_ROLE)
    colour = theme.family_colour(layer.family) if layer is not None else theme.current().quiet
    card = Card(Node("", name, name), title=item.text(), colour=colour)
    paint_card(painter, card, theme.current())
    painter.end()
    return picture
