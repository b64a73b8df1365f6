"""Right-click menus of the canvas and the outline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF
from PySide6.QtWidgets import QApplication, QMenu

from workbench.app.language import say, tr
from workbench.app.pages.build.card import Card
from workbench.app.pages.build.layer_rows import by_family, family_label
from workbench.app.pages.build.view import LayerWanted
from workbench.app.pages.build.wire import Wire
from workbench.graph.arrange import SIDES
from workbench.graph.bypass import is_bypassed
from workbench.graph.drawing import GROUP_MARK, path_of_card
from workbench.graph.graph import Edge, PortRef
from workbench.graph.grouping import is_folded, members_of
from workbench.graph.remarks import COLOURS, Remark
from workbench.graph.repeat import repeat_of

if TYPE_CHECKING:
    from workbench.app.pages.build.page import BuildPage

_MOST_TARGETS = 24


def _menu(page: BuildPage, name: str) -> QMenu:
    menu = QMenu(page)
    menu.setObjectName(f"build.menu.{name}")
    for old in page.findChildren(QMenu):
        if old is not menu and old.objectName().startswith("build.menu.") and not old.isVisible():
            old.deleteLater()
    return menu


def menu_for(page: BuildPage, thing: object, place: QPointF, at: QPoint) -> QMenu:
    """Returns the menu for what is under the pointer."""
    if isinstance(thing, Remark):
        return remark_menu(page, thing)
    path = thing if isinstance(thing, str) else path_of_card(thing.id) if isinstance(thing, Card) else ""
    if path:
        return group_menu(page, path)
    if isinstance(thing, Card):
        return node_menu(page, thing.id, at)
    if isinstance(thing, Wire):
        return wire_menu(page, thing.edge, place, at)
    return canvas_menu(page, place, at)


def node_menu(page: BuildPage, node: str, at: QPoint) -> QMenu:
    """Returns the menu of a node; it works on the whole selection where the node is part of it."""
    commands = page.commands
    if node not in commands.session.selection:
        commands.select((node,))
    chosen = commands.session.selection
    menu = _menu(page, "node")
    menu.addAction(tr("Rename") + "\tF2", lambda: page.rename(node))
    if commands.output_ports(node):
        menu.addAction(tr("Add the usual next layer") + "\tEnter", lambda: commands.add_next(node))
        menu.addAction(tr("Add a layer after this...") + "\tTab", lambda: page.search(LayerWanted(QPointF(), at, after=node)))
        menu.addMenu(connect_menu(page, node, menu))
    menu.addMenu(_replace_menu(page, node, menu))
    menu.addSeparator()
    menu.addAction(tr("Cut") + "\tCtrl+X", lambda: commands.cut(chosen))
    menu.addAction(tr("Copy") + "\tCtrl+C", lambda: commands.copy(chosen))
    menu.addAction(tr("Duplicate") + "\tCtrl+D", lambda: commands.duplicate(chosen))
    _add_grouping(page, menu, chosen)
    menu.addSeparator()
    menu.addAction(tr("Delete and close the gap"), lambda: commands.delete(chosen, reconnect=True))
    menu.addAction(tr("Delete") + "\tDel", lambda: commands.delete(chosen))
    return menu


def _add_grouping(page: BuildPage, menu: QMenu, chosen: tuple[str, ...]) -> None:
    commands = page.commands
    bypassed = all(is_bypassed(commands.graph[node]) for node in chosen)
    menu.addAction((tr("Take in again") if bypassed else tr("Bypass")) + "\tCtrl+M", lambda: commands.bypass(chosen))
    menu.addSeparator()
    if len(page.canvas.selected) > 1:
        menu.addMenu(_align_menu(page, menu))
    menu.addAction(tr("Frame around it"), page.frame_selection)
    menu.addAction(tr("Group") + "\tCtrl+G", lambda: commands.group(chosen))
    path = commands.common_group(chosen)
    if path:
        menu.addAction(tr("Fold {name}", name=path.rpartition(".")[2]), lambda: commands.fold(path))
        menu.addAction(tr("Repeat {name}...", name=path.rpartition(".")[2]), page.repeat_group)
        menu.addAction(tr("Dissolve {name}", name=path.rpartition(".")[2]) + "\tCtrl+Shift+G", lambda: commands.dissolve(path))


def _align_menu(page: BuildPage, parent: QMenu) -> QMenu:
    menu = QMenu(tr("Align"), parent)
    words = (tr("Left"), tr("Centre"), tr("Right"), tr("Top"), tr("Middle"), tr("Bottom"))
    for side, word in zip(SIDES, words, strict=True):
        menu.addAction(word, lambda side=side: page.align(side))
    if len(page.canvas.selected) > 2:
        menu.addSeparator()
        menu.addAction(tr("Distribute across"), lambda: page.distribute(False))
        menu.addAction(tr("Distribute down"), lambda: page.distribute(True))
    return menu


def remark_menu(page: BuildPage, remark: Remark) -> QMenu:
    """Returns the menu of a frame or note."""
    commands, menu = page.commands, _menu(page, "remark")
    menu.addAction(tr("Edit the text..."), lambda: page.edit_remark(remark.id))
    colours = menu.addMenu(tr("Colour"))
    words = (tr("Grey"), tr("Blue"), tr("Green"), tr("Amber"), tr("Red"), tr("Violet"))
    for colour, word in zip(COLOURS, words, strict=True):
        action = colours.addAction(word, lambda colour=colour: commands.change_remark(remark.id, colour=colour))
        action.setCheckable(True)
        action.setChecked(colour == remark.colour)
    menu.addSeparator()
    menu.addAction(tr("Delete") + "\tDel", lambda: commands.remove_remark(remark.id))
    return menu


def group_menu(page: BuildPage, path: str) -> QMenu:
    """Returns the menu of a group."""
    commands = page.commands
    members = tuple(members_of(commands.graph, path))
    folded = is_folded(commands.graph, path)
    commands.select(members)
    menu = _menu(page, "group")
    menu.addAction(tr("Look inside"), lambda: page.levels.enter(path))
    menu.addAction(tr("Unfold in place") if folded else tr("Fold into one card"), lambda: commands.fold(path, not folded))
    if folded:
        menu.addAction(tr("Rename") + "\tF2", lambda: page.rename(f"{GROUP_MARK}{path}"))
    menu.addAction(tr("Parameters on the card..."), lambda: page.choose_exposed(path))
    menu.addAction(tr("Save as a block of my own..."), lambda: page.save_block(path))
    menu.addMenu(_repeat_menu(page, path, menu))
    menu.addSeparator()
    menu.addAction(tr("Cut") + "\tCtrl+X", lambda: commands.cut(members))
    menu.addAction(tr("Copy") + "\tCtrl+C", lambda: commands.copy(members))
    menu.addAction(tr("Duplicate") + "\tCtrl+D", lambda: commands.duplicate(members))
    menu.addSeparator()
    menu.addAction(tr("Group") + "\tCtrl+G", lambda: commands.group(members))
    menu.addAction(tr("Dissolve the group") + "\tCtrl+Shift+G", lambda: commands.dissolve(path))
    menu.addAction(tr("Delete") + "\tDel", lambda: commands.delete(members))
    return menu


def _repeat_menu(page: BuildPage, path: str, parent: QMenu) -> QMenu:
    """Returns the menu that says how often a group is repeated."""
    commands, menu = page.commands, QMenu(tr("Repeat"), parent)
    repeat = repeat_of(commands.graph, path)
    for times in sorted({1, 2, 3, 4, 6, 8, 12, repeat.times}):
        action = menu.addAction(tr("Once") if times == 1 else f"×{times}", lambda times=times: commands.repeat(path, times=times))
        action.setCheckable(True)
        action.setChecked(times == repeat.times)
    menu.addAction(tr("Another number..."), page.repeat_group)
    menu.addSeparator()
    shared = menu.addAction(tr("Same weights every time"), lambda: commands.repeat(path, shared=not repeat.shared))
    shared.setCheckable(True)
    shared.setChecked(repeat.shared)
    if repeat.times > 1:
        menu.addAction(tr("Write the repetitions out"), lambda: commands.write_out(path))
    return menu


def connect_menu(page: BuildPage, node: str, parent: QMenu) -> QMenu:
    """Returns a menu of the ports that this node's outputs may be wired to."""
    commands = page.commands
    menu = QMenu(tr("Connect to"), parent)
    linking, graph = commands.linking(), commands.graph
    for port in commands.output_ports(node):
        for other in graph:
            for target in commands.input_ports(other.id):
                edge = Edge(PortRef(node, port.name), PortRef(other.id, target.name))
                verdict = linking.verdict(edge)
                if not verdict.possible or len(menu.actions()) >= _MOST_TARGETS:
                    continue
                words = other.name if target.name in ("input", "inputs") else f"{other.name} · {target.name}"
                words = words if port.name == "output" else f"{port.name} → {words}"
                action = menu.addAction(words if verdict.fits else tr("{name} (with a problem to fix)", name=words))
                action.setToolTip(verdict.sentence)
                action.triggered.connect(lambda _=False, edge=edge: commands.connect(edge))
    menu.setEnabled(bool(menu.actions()))
    return menu


def _replace_menu(page: BuildPage, node: str, parent: QMenu) -> QMenu:
    """Returns a menu of the layers of the same family, or of all families where the layer is unknown."""
    commands = page.commands
    menu = QMenu(tr("Replace by"), parent)
    own = commands.layers.get(commands.graph[node].layer)
    for family, layers in by_family(commands.layers).items():
        if own is not None and family != own.family:
            continue
        for layer in layers:
            if layer is not own:
                words = say(layer.label) if own is not None else f"{family_label(family)} · {say(layer.label)}"
                menu.addAction(words, lambda layer=layer: commands.replace_layer(node, layer.name))
    menu.setEnabled(bool(menu.actions()))
    return menu


def wire_menu(page: BuildPage, edge: Edge, place: QPointF, at: QPoint) -> QMenu:
    """Returns the menu of a wire."""
    commands = page.commands
    menu = _menu(page, "wire")
    menu.addAction(tr("Insert a layer here..."), lambda: page.search(LayerWanted(place, at, edge=edge)))
    shape = commands.session.inferred.edge_shape(edge)
    if shape is not None:
        menu.addAction(tr("Copy the shape"), lambda: QApplication.clipboard().setText(str(shape)))
    same = [other for other in commands.graph.edges if other.target == edge.target]
    if len(same) > 1:
        menu.addAction(tr("Earlier in the order"), lambda: commands.reorder_wire(edge, -1))
        menu.addAction(tr("Later in the order"), lambda: commands.reorder_wire(edge, 1))
    menu.addSeparator()
    menu.addAction(tr("Remove wire") + "\tDel", lambda: commands.disconnect((edge,)))
    return menu


def canvas_menu(page: BuildPage, place: QPointF, at: QPoint) -> QMenu:
    """Returns the menu of empty ground."""
    menu = _menu(page, "canvas")
    menu.addAction(tr("Add a layer here...") + "\tTab", lambda: page.search(LayerWanted(place, at)))
    menu.addAction(tr("Paste") + "\tCtrl+V", lambda: page.commands.paste((round(place.x()), round(place.y()))))
    menu.addAction(tr("Add a note here"), lambda: page.add_note(place))
    menu.addAction(tr("Select all") + "\tCtrl+A", page.select_all)
    menu.addSeparator()
    menu.addAction(tr("Lay out") + "\tShift+L", page.lay_out)
    menu.addAction(tr("Fit into view") + "\tF", page.fit_view)
    menu.addAction(tr("Original size") + "\t0", lambda: page.view.zoom_to(1.0))
    menu.addSeparator()
    menu.addAction(tr("Save as picture..."), page.save_picture)
    return menu
