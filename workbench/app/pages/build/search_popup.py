"""The search that opens on the canvas: type a name, Enter adds the layer."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QFrame, QLabel, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.language import say, tr
from workbench.app.pages.build.blocks import list_blocks
from workbench.app.pages.build.commands import Commands
from workbench.app.pages.build.layer_rows import LAYER_ROLE, LayerRowDelegate, block_item, common_first, family_label, layer_item
from workbench.app.pages.build.suggest import usual_next
from workbench.app.pages.build.view import LayerWanted
from workbench.graph.graph import PortRef

_WIDTH_PX, _HEIGHT_PX = 320, 380


class LayerSearch(QFrame):
    """A popup that lists layers; those that fit the port come first.

    Signals:
        chosen: The request and the name of the layer.
    """

    chosen = Signal(object, str)

    def __init__(self, commands: Commands, wanted: LayerWanted, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName("build.search")
        self.setAccessibleName(tr("Add a layer"))
        theme.mark(self, "popup")
        self._commands, self._wanted = commands, wanted
        self.field, self.list, self.about = QLineEdit(self), QListWidget(self), QLabel(self)
        self._build()
        self.show_matches("")

    def _build(self) -> None:
        self.field.setObjectName("build.search.field")
        self.field.setPlaceholderText(tr("Add a layer"))
        self.field.setAccessibleName(tr("Add a layer"))
        self.field.textChanged.connect(self.show_matches)
        self.field.installEventFilter(self)
        self.list.setObjectName("build.search.layers")
        self.list.setAccessibleName(tr("Layers"))
        self.list.setItemDelegate(LayerRowDelegate(self.list))
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setMouseTracking(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.itemClicked.connect(self._take)
        self.list.currentItemChanged.connect(self._tell)
        self.about.setWordWrap(True)
        self.about.setMinimumHeight(48)
        self.about.setAlignment(Qt.AlignmentFlag.AlignTop)
        theme.mark(self.about, "small")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_8, theme.SPACE_8, theme.SPACE_8, theme.SPACE_8)
        for widget in (self.field, self.list, self.about):
            layout.addWidget(widget)
        self.resize(_WIDTH_PX, _HEIGHT_PX)

    def _source(self) -> PortRef | None:
        wanted = self._wanted
        if wanted.after:
            ports = self._commands.output_ports(wanted.after)
            return PortRef(wanted.after, ports[0].name) if ports else None
        return wanted.edge.source if wanted.edge is not None else wanted.source

    def show_matches(self, words: str) -> None:
        """Lists the layers that fit the port, the usual one at the top; where words were typed also others that match, with the reason."""
        source, commands = self._source(), self._commands
        linking, found = commands.linking(), commands.layers.search(words) if words.strip() else common_first(commands.layers)
        usual = usual_next(commands.graph, commands.session.inferred, commands.layers, source.node, source.port) if source else ""
        rows = []
        for layer in found:
            if self._wanted.target is not None and not layer.outputs:
                continue
            verdict = linking.verdict_for_layer(source, layer) if source is not None else None
            fits = verdict is None or verdict.fits
            if verdict is not None and not (verdict.possible and (fits or words.strip())):
                continue
            first = layer.name == usual and not words.strip()
            remark = tr("usual next") if first else family_label(layer.family) if fits else verdict.sentence
            item = layer_item(layer, remark, dim=not fits)
            if verdict is not None and not fits:
                item.setToolTip(verdict.sentence)
            rows.append((not first, not fits, item))
        self.list.clear()
        for _, _, item in sorted(rows, key=lambda row: row[:2]):
            self.list.addItem(item)
        for name in list_blocks():
            if words.strip().casefold() in name.casefold():
                self.list.addItem(block_item(name))
        self.list.setCurrentRow(0)

    def _tell(self, item: QListWidgetItem | None) -> None:
        layer = self._commands.layers.get(item.data(LAYER_ROLE)) if item is not None else None
        about = item.toolTip() if item is not None else tr("No layer is called that.")
        self.about.setText(say(layer.summary) if layer is not None else about)

    def _take(self, item: QListWidgetItem | None) -> None:
        if item is not None and item.data(LAYER_ROLE):
            name = item.data(LAYER_ROLE)
            self.close()
            self.chosen.emit(self._wanted, name)

    def open_at(self, at: QPoint) -> None:
        """Shows the popup at a place of the screen, whole."""
        screen = QGuiApplication.screenAt(at) or QGuiApplication.primaryScreen()
        room = screen.availableGeometry()
        left = min(max(at.x() - 24, room.left()), room.right() - self.width())
        top = min(max(at.y() + 8, room.top()), room.bottom() - self.height())
        self.move(left, top)
        self.show()
        self.field.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.field and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8}.get(Qt.Key(event.key()))
            if step is not None:
                self.list.setCurrentRow(min(max(self.list.currentRow() + step, 0), self.list.count() - 1))
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._take(self.list.currentItem())
                return True
        return super().eventFilter(watched, event)
