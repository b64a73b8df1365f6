"""The canvas as a view: zoom and pan, keys, tooltips, and the gesture in progress."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QGraphicsView, QMenu, QToolTip, QWidget

from workbench.app import theme
from workbench.app.help_text import LAYER_MARK
from workbench.app.language import say, tr
from workbench.app.pages.build.card import Card
from workbench.app.pages.build.commands import Commands
from workbench.app.pages.build.gestures.drop import LAYER_MIME, DropGesture
from workbench.app.pages.build.gestures.gesture import Gesture
from workbench.app.pages.build.gestures.link import LinkGesture
from workbench.app.pages.build.gestures.move import MoveGesture
from workbench.app.pages.build.gestures.pan import PanGesture
from workbench.app.pages.build.gestures.remark import RemarkGesture
from workbench.app.pages.build.gestures.select import SelectGesture
from workbench.app.pages.build.keys import CanvasKeys
from workbench.app.pages.build.scene import CanvasScene
from workbench.app.pages.build.tips import tip_at
from workbench.app.pages.build.wiring import ports_of
from workbench.graph.drawing import path_of_card
from workbench.graph.graph import Edge, PortRef

SMALLEST_ZOOM, LARGEST_ZOOM, LEGIBLE_ZOOM = 0.02, 3.0, 0.8
_FIT_MARGIN_PX = 48


@dataclass(frozen=True, slots=True)
class LayerWanted:
    """A search for a layer to add.

    Attributes:
        place: Where it goes, in scene pixels.
        at: Where the search shows, on the screen.
        source, target: The port that a wire was drawn from.
        edge: The wire it goes into.
        after: The node it goes behind.
    """

    place: QPointF
    at: QPoint
    source: PortRef | None = None
    target: PortRef | None = None
    edge: Edge | None = None
    after: str = ""


class CanvasView(QGraphicsView):
    """Shows the scene and takes mouse and keys.

    Attributes:
        canvas: The scene.
        commands: What edits the drawing.
        covered_px: How much of the upper edge the totals cover.

    Signals:
        layer_wanted: The user asks for a layer to add (`LayerWanted`).
        rename_wanted: The id of a node whose name is to be edited.
        menu_wanted: A right click: the card, wire or None under it, the place in the scene, the place on the screen.
        view_moved: Another part of the scene shows.
        enter_wanted: The path of a group to look into.
        leave_wanted: The user wants back out of the group.
        remark_wanted: The id of a frame or note whose text is to be edited.
        block_dropped: One of the user's blocks, where it goes, and the wire it goes into or None.
    """

    layer_wanted = Signal(object)
    rename_wanted = Signal(str)
    menu_wanted = Signal(object, QPointF, QPoint)
    view_moved = Signal()
    enter_wanted = Signal(str)
    leave_wanted = Signal()
    block_dropped = Signal(str, QPointF, object)
    remark_wanted = Signal(str)

    def __init__(self, canvas: CanvasScene, commands: Commands, parent: QWidget | None = None) -> None:
        super().__init__(canvas, parent)
        self.canvas, self.commands = canvas, commands
        self.setObjectName("build.canvas.view")
        self.setAccessibleName(tr("Canvas"))
        self.setAccessibleDescription(tr("The drawing. The outline below can do all that the canvas can."))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.FullViewportUpdate)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setResizeAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setOptimizationFlags(
            QGraphicsView.OptimizationFlag.DontSavePainterState | QGraphicsView.OptimizationFlag.DontAdjustForAntialiasing
        )
        self.setMouseTracking(True)
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._gesture: Gesture | None = None
        self._hovered: Card | None = None
        self._space, self.covered_px = False, 0
        self._pointer = QPointF()
        self.keys = CanvasKeys(self)
        self.label_of: Callable[[str], tuple[str, str]] = lambda layer: (layer, theme.current().faint)
        self.stop_wanted: Callable[[], bool] = lambda: False
        canvas.repaint_wanted.connect(self.viewport().update)

    @property
    def zoom(self) -> float:
        """The scale: 1 is 100 %."""
        return self.transform().m11()

    @property
    def gesture(self) -> Gesture | None:
        """The gesture in progress."""
        return self._gesture

    def visible_rect(self) -> QRectF:
        """Returns what shows, in scene pixels."""
        return self.mapToScene(self.viewport().rect()).boundingRect()

    def pan(self, dx: int, dy: int) -> None:
        """Moves the paper by pixels of the screen."""
        across, down = self.horizontalScrollBar(), self.verticalScrollBar()
        across.setValue(across.value() - dx)
        down.setValue(down.value() - dy)
        self.view_moved.emit()

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Zooms about a point of the viewport, the middle where none is given."""
        factor = min(max(self.zoom * factor, SMALLEST_ZOOM), LARGEST_ZOOM) / self.zoom
        centre = at if at is not None else QPointF(self.viewport().rect().center())
        before = self.mapToScene(centre.toPoint())
        self.scale(factor, factor)
        after = self.mapFromScene(before)
        self.pan(round(centre.x() - after.x()), round(centre.y() - after.y()))

    def zoom_to(self, zoom: float) -> None:
        """Zooms to a scale about the middle."""
        self.zoom_by(zoom / self.zoom)

    def fit(self, nodes: frozenset[str] | tuple[str, ...] = ()) -> None:
        """Brings some nodes, or all, into view; never larger than 100 %."""
        box = self.canvas.bounds(nodes)
        view, top = self.viewport().rect(), max(_FIT_MARGIN_PX, self.covered_px)
        width, height = max(view.width() - 2 * _FIT_MARGIN_PX, 64), max(view.height() - top - _FIT_MARGIN_PX, 64)
        zoom = min(1.0, width / max(box.width(), 1.0), height / max(box.height(), 1.0))
        self.resetTransform()
        self.scale(max(zoom, SMALLEST_ZOOM), max(zoom, SMALLEST_ZOOM))
        self.centerOn(box.center() - QPointF(0, (top - _FIT_MARGIN_PX) / 2 / self.zoom))
        self.view_moved.emit()

    def show_from_top(self) -> None:
        """Shows the drawing at a legible size, from its beginning where it does not fit whole."""
        self.fit()
        if self.zoom < LEGIBLE_ZOOM and self.canvas.cards:
            self.resetTransform()
            self.scale(LEGIBLE_ZOOM, LEGIBLE_ZOOM)
            first = min(self.canvas.cards.values(), key=lambda card: card.rect.top()).rect
            half = (self.viewport().height() / 2 - max(_FIT_MARGIN_PX, self.covered_px)) / LEGIBLE_ZOOM
            self.centerOn(QPointF(self._middle_near(first.center().x()), first.top() + half))
            self.view_moved.emit()

    def _middle_near(self, across: float) -> float:
        """Returns the middle of a view that shows as much of the drawing's width as it can, and `across` in any case."""
        box = self.canvas.bounds()
        half = max(self.viewport().width() / 2 - _FIT_MARGIN_PX, 32) / self.zoom
        if box.width() <= 2 * half:
            return box.center().x()
        return min(max(across, box.left() + half), box.right() - half)

    def reveal(self, node: str) -> None:
        """Brings a node into view where it is not."""
        card = self.canvas.cards.get(self.canvas.drawing.card_of(node))
        if card is not None and not self.visible_rect().contains(card.rect):
            self.centerOn(card.rect.center())
            self.view_moved.emit()

    def hint(self, active: bool) -> None:
        """Shows by the pointer that letting go here does something of its own."""
        self.viewport().setCursor(Qt.CursorShape.DragCopyCursor if active else Qt.CursorShape.ArrowCursor)

    def pointer_place(self) -> QPointF:
        """Returns the pointer's place in the scene, or the middle of the view where the pointer is elsewhere."""
        inside = self.viewport().underMouse()
        return self._pointer if inside else self.visible_rect().center()

    def ask_for_layer(self, place: QPointF, at: QPoint, source: PortRef | None = None, target: PortRef | None = None) -> None:
        """Asks for a layer to add, wired to a port."""
        self.layer_wanted.emit(LayerWanted(place, at, source, target))

    def offer_repairs(self, edge: Edge, moved: Edge | None, sentence: str, at: QPoint) -> None:
        """Says why a wire does not fit and offers what would make it fit."""
        menu = QMenu(self)
        menu.setObjectName("build.canvas.repairs")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(sentence).setEnabled(False)
        menu.addSeparator()
        if moved is None:
            for label, graph in self.commands.repairs(edge):
                action = menu.addAction(label)
                action.triggered.connect(lambda _=False, label=label, graph=graph: self.commands.take_repair(label, graph))
        menu.addAction(tr("Connect anyway")).triggered.connect(lambda: self.commands.connect(edge, moved))
        menu.popup(at)

    def cancel_gesture(self) -> bool:
        """Gives up the gesture in progress; says whether there was one."""
        if self._gesture is None:
            return False
        self._gesture.cancel()
        self._end_gesture()
        return True

    def _begin(self, gesture: Gesture) -> None:
        self._gesture = gesture
        self.viewport().setCursor(gesture.cursor)

    def _end_gesture(self) -> None:
        self._gesture = None
        self.viewport().setCursor(Qt.CursorShape.OpenHandCursor if self._space else Qt.CursorShape.ArrowCursor)
        self.viewport().update()

    def _press(self, event: QMouseEvent, point: QPointF) -> None:
        at = event.globalPosition().toPoint()
        middle = event.button() == Qt.MouseButton.MiddleButton
        if middle or (self._space and event.button() == Qt.MouseButton.LeftButton):
            self._begin(PanGesture(self, point, at))
        elif event.button() == Qt.MouseButton.LeftButton:
            self._press_left(point, event.modifiers())

    def _press_left(self, point: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        port = self.canvas.port_at(point) if self.zoom >= 0.4 else None
        card, wire = self.canvas.card_at(point), None
        if port is None and card is None:
            wire = self.canvas.wire_at(point, 6.0 / self.zoom)
        if port is not None:
            self._begin(LinkGesture(self, point, *port))
        elif card is not None:
            self._begin(MoveGesture(self, point, card, modifiers))
        elif wire is not None:
            self.canvas.select((), (wire.edge,))
        elif remark := self.canvas.remarks.at(point):
            self._begin(RemarkGesture(self, point, *remark))
        else:
            self._begin(SelectGesture(self, point, modifiers))

    def _hover(self, point: QPointF) -> None:
        card = self.canvas.card_at(point)
        port = self.canvas.port_at(point) if self.zoom >= 0.4 else None
        card = port[0] if port is not None else card
        self.viewport().setCursor(
            Qt.CursorShape.OpenHandCursor if self._space else Qt.CursorShape.CrossCursor if port else Qt.CursorShape.ArrowCursor
        )
        if card is not self._hovered:
            self._hovered = card
            self.viewport().update()

    def set_space(self, down: bool) -> None:
        """Says whether the space bar is held, so that the left button drags the paper."""
        self._space = down
        self.viewport().setCursor(Qt.CursorShape.OpenHandCursor if down else Qt.CursorShape.ArrowCursor)

    def _paint_ports(self, painter: QPainter, card: Card) -> None:
        look = theme.current()
        painter.setPen(QPen(QColor(look.accent if card.selected else look.quiet), 1.5))
        painter.setBrush(QColor(look.surface))
        for _, place, _ in ports_of(card):
            painter.drawEllipse(place, 4, 4)

    def drawForeground(self, painter: QPainter, rect: QRectF) -> None:
        """Paints ports under the pointer and the gesture in progress."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._gesture is None and self.zoom >= 0.4 and self._hovered is not None and self._hovered.id in self.canvas.cards:
            self._paint_ports(painter, self._hovered)
        if self._gesture is not None:
            self._gesture.paint(painter, theme.current())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._gesture is None:
            self._press(event, self.mapToScene(event.position().toPoint()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        point = self._pointer = self.mapToScene(event.position().toPoint())
        if self._gesture is not None:
            self._gesture.drag(point, event.modifiers(), event.globalPosition().toPoint())
            self.viewport().update()
        else:
            self._hover(point)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        gesture = self._gesture
        if gesture is not None:
            self._end_gesture()
            gesture.finish(self.mapToScene(event.position().toPoint()), event.modifiers(), event.globalPosition().toPoint())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        point, at = self.mapToScene(event.position().toPoint()), event.globalPosition().toPoint()
        card, wire = self.canvas.card_at(point), self.canvas.wire_at(point, 6.0 / self.zoom)
        self.cancel_gesture()
        path = path_of_card(card.id) if card is not None else self.canvas.borders.title_at(point)
        if path and card is not None:
            self.enter_wanted.emit(path)
        elif path:
            self.commands.fold(path)
        elif card is not None:
            self.rename_wanted.emit(card.id)
        elif wire is None and (remark := self.canvas.remarks.at(point)):
            self.remark_wanted.emit(remark[0].id)
        else:
            self.layer_wanted.emit(LayerWanted(point, at, edge=wire.edge if wire is not None else None))

    def wheelEvent(self, event: QWheelEvent) -> None:
        turn = event.angleDelta()
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.pan(turn.y() or turn.x(), 0)
        else:
            self.zoom_by(1.0015 ** turn.y(), event.position())
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self.keys.press(event):
            event.ignore()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self.set_space(False)

    def focusNextPrevChild(self, forward: bool) -> bool:
        return False if forward else super().focusNextPrevChild(False)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.set_space(False)
        super().focusOutEvent(event)

    def layer_page_at(self, place: QPoint) -> tuple[str, dict[str, Any] | None]:
        """Returns the help page of the layer under a place of the screen, or of the one that is selected, and its parameters."""
        card = self.canvas.card_at(self.mapToScene(self.viewport().mapFromGlobal(place)))
        chosen = [card.id] if card is not None and not card.count else list(self.commands.session.selection)
        node = self.commands.graph[chosen[0]] if len(chosen) == 1 and chosen[0] in self.commands.graph else None
        return (f"{LAYER_MARK}{node.layer}", dict(node.params)) if node is not None else ("", None)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        point = self.mapToScene(event.pos())
        card = self.canvas.card_at(point)
        remark = self.canvas.remarks.at(point)
        thing = card or self.canvas.wire_at(point, 6.0 / self.zoom) or self.canvas.borders.title_at(point) or (remark and remark[0])
        self.menu_wanted.emit(thing, point, event.globalPos())

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), tip_at(self.canvas, self.commands, self.mapToScene(event.pos()), self.zoom), self)
            return True
        if event.type() == QEvent.Type.Leave and self._hovered is not None:
            self._hovered = None
            self.viewport().update()
        return super().viewportEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.view_moved.emit()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasFormat(LAYER_MIME):
            layer = bytes(event.mimeData().data(LAYER_MIME).data()).decode()
            label, colour = self.label_of(layer)
            self._gesture = DropGesture(self, self.mapToScene(event.position().toPoint()), layer, say(label), colour)
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        if isinstance(self._gesture, DropGesture):
            self._gesture.follow(self.mapToScene(event.position().toPoint()))
            event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._end_gesture()

    def dropEvent(self, event: QDropEvent) -> None:
        gesture = self._gesture
        if isinstance(gesture, DropGesture):
            gesture.follow(self.mapToScene(event.position().toPoint()))
            self._end_gesture()
            gesture.drop()
            event.acceptProposedAction()
            self.setFocus()
