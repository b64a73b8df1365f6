"""The keys of the canvas."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence

from workbench.app.pages.build.card import GRID_PX

if TYPE_CHECKING:
    from workbench.app.pages.build.view import CanvasView

_ARROWS = {
    Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1),
}


class CanvasKeys:
    """Turns key presses on the canvas into commands.

    Args:
        view: The canvas.
    """

    def __init__(self, view: CanvasView) -> None:
        self._view = view
        self._plain: dict[int, Callable[[], object]] = {
            Qt.Key.Key_Delete: self._delete, Qt.Key.Key_Backspace: self._delete, Qt.Key.Key_Tab: self.search,
            Qt.Key.Key_Return: self._next, Qt.Key.Key_Enter: self._next, Qt.Key.Key_Escape: self._escape,
            Qt.Key.Key_F: lambda: view.fit(view.canvas.selected), Qt.Key.Key_Period: lambda: view.fit(view.canvas.selected),
            Qt.Key.Key_Home: view.fit, Qt.Key.Key_F2: self._rename, Qt.Key.Key_Space: lambda: view.set_space(True),
            Qt.Key.Key_Plus: lambda: view.zoom_by(1.25), Qt.Key.Key_Minus: lambda: view.zoom_by(0.8),
            Qt.Key.Key_0: lambda: view.zoom_to(1.0), Qt.Key.Key_Menu: self._menu,
        }
        commands = view.commands
        self._sequences: tuple[tuple[QKeySequence.StandardKey, Callable[[], object]], ...] = (
            (QKeySequence.StandardKey.Copy, lambda: commands.copy(self._chosen())),
            (QKeySequence.StandardKey.Cut, lambda: commands.cut(self._chosen())),
            (QKeySequence.StandardKey.Paste, self.paste),
            (QKeySequence.StandardKey.SelectAll, lambda: view.canvas.select(view.canvas.cards)),
        )
        self._held: dict[tuple[int, bool], Callable[[], object]] = {
            (Qt.Key.Key_D, False): lambda: commands.duplicate(self._chosen()),
            (Qt.Key.Key_G, False): lambda: commands.group(self._chosen()),
            (Qt.Key.Key_M, False): lambda: commands.bypass(self._chosen()),
            (Qt.Key.Key_G, True): lambda: commands.ungroup(self._chosen()),
        }

    def press(self, event: QKeyEvent) -> bool:
        """Does what a key stands for; says whether it stands for anything."""
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        for sequence, act in self._sequences:
            if event.matches(sequence):
                act()
                return True
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        held = self._held.get((event.key(), shift)) if control else None
        if held is not None:
            held()
            return True
        if event.key() in _ARROWS:
            self._arrow(Qt.Key(event.key()), control)
            return True
        act = None if control else self._plain.get(event.key())
        if act is not None and not (event.isAutoRepeat() and event.key() == Qt.Key.Key_Space):
            act()
        return act is not None

    def paste(self) -> None:
        """Pastes at the pointer, or beside the original where the pointer is elsewhere."""
        inside = self._view.viewport().underMouse()
        place = self._view.pointer_place()
        self._view.commands.paste((round(place.x()), round(place.y())) if inside else None)

    def search(self) -> None:
        """Asks for a layer, behind the selected one where there is just one."""
        from workbench.app.pages.build.view import LayerWanted

        view, chosen = self._view, self._chosen()
        after = chosen[0] if len(chosen) == 1 and view.commands.output_ports(chosen[0]) else ""
        place = view.canvas.cards[after].rect.center() + QPointF(0, 46) if after in view.canvas.cards else view.pointer_place()
        at = view.viewport().mapToGlobal(view.mapFromScene(place))
        view.layer_wanted.emit(LayerWanted(place, at, after=after))

    def _chosen(self) -> tuple[str, ...]:
        return self._view.canvas.chosen

    def _delete(self) -> None:
        scene = self._view.canvas
        if scene.remarks.selected:
            self._view.commands.remove_remark(scene.remarks.selected)
            return
        self._view.commands.delete(self._chosen(), scene.selected_edges)

    def _next(self) -> None:
        chosen = self._chosen()
        if len(chosen) != 1:
            self.search()
        elif node := self._view.commands.add_next(chosen[0]):
            self._view.reveal(node)

    def _escape(self) -> None:
        view = self._view
        if not view.cancel_gesture() and not view.stop_wanted():
            view.canvas.select(()) if view.canvas.selected or view.canvas.selected_edges else view.leave_wanted.emit()

    def _rename(self) -> None:
        if len(self._view.canvas.selected) == 1:
            self._view.rename_wanted.emit(next(iter(self._view.canvas.selected)))

    def _menu(self) -> None:
        chosen = self._chosen()
        card = self._view.canvas.cards.get(self._view.canvas.drawing.card_of(chosen[0])) if chosen else None
        place = card.rect.center() if card is not None else self._view.visible_rect().center()
        self._view.menu_wanted.emit(card, place, self._view.viewport().mapToGlobal(self._view.mapFromScene(place)))

    def _arrow(self, key: Qt.Key, control: bool) -> None:
        """Goes to the neighbour in that direction, or with Ctrl moves the selected cards there."""
        across, down = _ARROWS[key]
        chosen = self._chosen()
        cards = [card for card in self._view.canvas.cards if card in self._view.canvas.selected]
        if control and chosen:
            self._view.commands.nudge(chosen, across * GRID_PX, down * GRID_PX)
        elif target := self._neighbour(cards[-1] if cards else "", across, down):
            self._view.canvas.select((target,))
            self._view.reveal(target)

    def _neighbour(self, node: str, across: int, down: int) -> str:
        scene = self._view.canvas
        if node not in scene.cards:
            return next(iter(scene.cards), "")
        graph = scene.graph
        if down:
            ends = [edge.target.node for edge in graph.outgoing(node)] if down > 0 else [edge.source.node for edge in graph.incoming(node)]
            ends = [card for card in map(scene.drawing.card_of, ends) if card in scene.cards]
            if ends:
                return ends[0]
        here = scene.cards[node].rect.center()
        best, found = 1e12, ""
        for other, card in scene.cards.items():
            step = card.rect.center() - here
            along, aside = step.x() * across + step.y() * down, abs(step.x() * down) + abs(step.y() * across)
            if other != node and along > 4 and along + 3 * aside < best:
                best, found = along + 3 * aside, other
        return found
