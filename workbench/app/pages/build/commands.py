"""Every edit of the drawing that the Build page offers, each one step of the history.

Canvas, palette, outline, menus and panels all call these, so that they can do the same things.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication

from workbench.app.commands.sources import fragment_of
from workbench.app.language import say, tr
from workbench.app.pages.build.linking import Linking, Verdict
from workbench.app.pages.build.structuring import Structuring
from workbench.app.pages.build.suggest import usual_next
from workbench.errors import CatalogueError, GraphError
from workbench.graph import edit
from workbench.graph.following import follow
from workbench.graph.graph import Edge, Graph, PortRef, is_name
from workbench.graph.names import taken_names
from workbench.graph.ports import Port
from workbench.graph.rewiring import follow_ports

if TYPE_CHECKING:
    from workbench.app.session import Session

Place = tuple[float, float]


class Commands(Structuring, QObject):
    """Edits of one session's drawing.

    Attributes:
        inside: The group that the canvas has entered; new layers go there.

    Signals:
        refused: Something was not done; the sentence says why.
        laid_out: Nodes were placed anew and should be brought into view.
        group_renamed: The path of a group before and after.
    """

    refused = Signal(str)
    laid_out = Signal()
    group_renamed = Signal(str, str)

    def __init__(self, session: Session, layers: Any, parent: QObject) -> None:
        super().__init__(parent)
        self.session, self.layers = session, layers
        self.inside = ""

    @property
    def graph(self) -> Graph:
        """The drawing."""
        return self.session.project.graph

    def linking(self) -> Linking:
        """Returns what says whether wires of this drawing fit."""
        return Linking(self.graph, self.session.inferred, self.layers)

    def _apply_moving(self, label: str, graph: Graph) -> None:
        """Takes a drawing in which cards made room or were placed anew; frames and notes follow them."""
        self._apply(label, follow(self.graph, graph))

    def _apply(self, label: str, graph: Graph, merge_key: str = "") -> None:
        self.session.edit(label, replace(self.session.project, graph=graph), merge_key)

    def _label(self, layer: str) -> str:
        entry = self.layers.get(layer)
        return say(entry.label) if entry is not None else layer

    def _names(self, ids: Iterable[str]) -> str:
        names = [self.graph[node].name for node in ids if node in self.graph]
        return names[0] if len(names) == 1 else tr("{count} layers", count=len(names))

    def input_ports(self, node: str) -> tuple[Port, ...]:
        """Returns the input ports of a node."""
        layer = self.layers.get(self.graph[node].layer)
        return layer.input_ports(self.session.inferred.params(node)) if layer is not None else (Port("input"),)

    def output_ports(self, node: str) -> tuple[Port, ...]:
        """Returns the output ports of a node."""
        layer = self.layers.get(self.graph[node].layer)
        return layer.output_ports(self.session.inferred.params(node)) if layer is not None else (Port("output"),)

    def select(self, ids: Iterable[str]) -> None:
        """Selects nodes."""
        self.session.select(tuple(ids))

    def add(self, layer: str, position: Place, source: PortRef | None = None, target: PortRef | None = None) -> str:
        """Adds a layer, wired to the port it was drawn from, and selects it."""
        graph, node = edit.add_node(self.graph, layer, position=position, group=self.inside)
        inputs, outputs = self._fresh_ports(layer)
        if source is not None and inputs:
            graph = edit.connect(graph, Edge(source, PortRef(node, inputs[0].name)))
        if target is not None and outputs:
            graph = edit.connect(graph, Edge(PortRef(node, outputs[0].name), target), replacing=not self._variadic(target))
        self._apply(tr("Add {layer}", layer=self._label(layer)), graph)
        self.select((node,))
        return node

    def _fresh_ports(self, layer: str) -> tuple[tuple[Port, ...], tuple[Port, ...]]:
        entry = self.layers.get(layer)
        return (entry.inputs, entry.outputs) if entry is not None else ((Port("input"),), (Port("output"),))

    def _variadic(self, target: PortRef) -> bool:
        return any(port.variadic for port in self.input_ports(target.node) if port.name == target.port)

    def add_after(self, layer: str, node: str) -> str:
        """Adds a layer behind a node; what the node fed, the new layer feeds now."""
        inputs, outputs = self._fresh_ports(layer)
        own = self.output_ports(node)
        if not inputs or not own:
            x, y = self.graph[node].position
            return self.add(layer, (x, y + edit.LAYER_PITCH_PX) if own else (x, y - edit.LAYER_PITCH_PX))
        ports = (inputs[0].name, outputs[0].name if outputs else "output")
        if not outputs or self.layers[layer].family == "input/output":
            x, y = self._free_below(node)
            return self.add(layer, (x, y), PortRef(node, own[0].name))
        graph, new = edit.insert_after(self.graph, node, layer, port=own[0].name, ports=ports)
        self._apply_moving(tr("Add {layer}", layer=self._label(layer)), graph)
        self.select((new,))
        return new

    def _free_below(self, node: str) -> Place:
        x, y = self.graph[node].position
        taken = {(round(other.position[0]), round(other.position[1])) for other in self.graph}
        y += edit.LAYER_PITCH_PX
        while any(abs(left - x) < 200 and abs(top - y) < 50 for left, top in taken):
            x += 224
        return x, y

    def add_next(self, node: str) -> str:
        """Adds what usually follows a node; returns its id, or "" where nothing fits."""
        own = self.output_ports(node)
        layer = usual_next(self.graph, self.session.inferred, self.layers, node, own[0].name) if own else ""
        if not layer:
            self.refused.emit(tr("Nothing usually follows {name}.", name=self.graph[node].name))
            return ""
        return self.add_after(layer, node)

    def add_on_edge(self, layer: str, edge: Edge) -> str:
        """Puts a new layer into a wire."""
        inputs, outputs = self._fresh_ports(layer)
        if not inputs or not outputs:
            self.refused.emit(tr("{layer} cannot stand within a wire.", layer=self._label(layer)))
            return ""
        graph, node = edit.insert_on_edge(self.graph, edge, layer, ports=(inputs[0].name, outputs[0].name))
        self._apply_moving(tr("Insert {layer}", layer=self._label(layer)), graph)
        self.select((node,))
        return node

    def put_on_edge(self, node: str, edge: Edge, position: Place) -> None:
        """Moves a loose node into a wire."""
        inputs, outputs = self.input_ports(node), self.output_ports(node)
        graph = edit.move(self.graph, {node: position})
        index = graph.edges.index(edge)
        into, out = Edge(edge.source, PortRef(node, inputs[0].name)), Edge(PortRef(node, outputs[0].name), edge.target)
        graph = replace(graph, edges=(*graph.edges[:index], out, *graph.edges[index + 1:], into))
        self._apply(tr("Insert {name}", name=self.graph[node].name), graph)

    def connect(self, edge: Edge, moved: Edge | None = None) -> bool:
        """Draws a wire, or moves one there; says why where that cannot be."""
        verdict = self.verdict(edge)
        if not verdict.possible:
            self.refused.emit(verdict.sentence)
            return False
        graph = edit.disconnect(self.graph, moved) if moved is not None else self.graph
        self._apply(tr("Connect {source} to {target}", **self._ends(edge)), self._connected(graph, edge))
        return True

    def _connected(self, graph: Graph, edge: Edge) -> Graph:
        return edit.connect(graph, edge, replacing=not self._variadic(edge.target))

    def _ends(self, edge: Edge) -> dict[str, str]:
        return {"source": self.graph[edge.source.node].name, "target": self.graph[edge.target.node].name}

    def verdict(self, edge: Edge) -> Verdict:
        """Says whether a wire may be drawn."""
        return self.linking().verdict(edge)

    def repairs(self, edge: Edge) -> list[tuple[str, Graph]]:
        """Returns what would make a wire fit: the label of each fix and the drawing with wire and fix."""
        from workbench.graph.infer import infer

        graph = self._connected(self.graph, edge)
        inferred = infer(graph, self.layers, previous=self.session.inferred)
        found = [fix for problem in inferred.problems if problem.node == edge.target.node for fix in problem.fixes]
        return [(say(fix.label), fix.apply(graph)) for fix in found[:3]]

    def take_repair(self, label: str, graph: Graph) -> None:
        """Applies one of `repairs` as one step."""
        self._apply(label, graph)

    def disconnect(self, edges: Iterable[Edge]) -> None:
        """Removes wires."""
        graph = self.graph
        for edge in edges:
            graph = edit.disconnect(graph, edge)
        self._apply(tr("Remove wire"), graph)

    def delete(self, ids: Iterable[str], edges: Iterable[Edge] = (), reconnect: bool = False) -> None:
        """Removes nodes and wires; with `reconnect`, neighbours are joined again."""
        chosen, wires = tuple(ids), tuple(edges)
        if not chosen:
            return self.disconnect(wires) if wires else None
        graph = self.graph
        for edge in wires:
            graph = edit.disconnect(graph, edge)
        return self._apply(tr("Delete {names}", names=self._names(chosen)), edit.remove_nodes(graph, chosen, reconnect))

    def rename(self, node: str, name: str) -> str:
        """Renames a node; returns why that cannot be, or ""."""
        if name == self.graph[node].name:
            return ""
        if not is_name(name):
            return tr("Names begin with a letter and hold letters, digits and underscores; words of Python are taken.")
        if name in taken_names(self.graph, self.graph[node].group, (node,)):
            return tr("Another layer is called {name} already.", name=name)
        self._apply(tr("Rename {name}", name=self.graph[node].name), edit.rename(self.graph, node, name))
        return ""

    def set_param(self, node: str, name: str, value: Any) -> None:
        """Changes one parameter; typing on merges into one step."""
        label = tr("Change {field} of {name}", field=name, name=self.graph[node].name)
        self._apply(label, self._rewired(edit.set_params(self.graph, node, **{name: value}), node), f"{node}.{name}")

    def _rewired(self, graph: Graph, node: str) -> Graph:
        """Returns a drawing whose wires follow the ports of a node that have other names now."""
        layer = self.layers.get(graph[node].layer)
        try:
            params = layer.parse(dict(graph[node].params)) if layer is not None else None
        except CatalogueError:
            return graph
        return graph if layer is None else follow_ports(graph, node, [port.name for port in layer.input_ports(params)])

    def set_params(self, places: Iterable[tuple[str, str]], value: Any) -> None:
        """Changes one parameter of several nodes, given as (node, parameter), as one step; typing on merges."""
        graph, pairs = self.graph, tuple(places)
        for node, name in pairs:
            graph = edit.set_params(graph, node, **{name: value})
        label = tr("Change {field} of {name}", field=pairs[0][1], name=self._names(node for node, _ in pairs))
        self._apply(label, graph, ",".join(f"{node}.{name}" for node, name in pairs))

    def replace_layer(self, node: str, layer: str) -> None:
        """Makes a node another layer; its wires stay."""
        self._apply(tr("Replace by {layer}", layer=self._label(layer)), edit.replace_layer(self.graph, node, layer))

    def move(self, places: Mapping[str, Place]) -> None:
        """Puts nodes elsewhere."""
        self._apply(tr("Move {names}", names=self._names(places)), edit.move(self.graph, places))

    def nudge(self, ids: Iterable[str], dx: float, dy: float) -> None:
        """Moves nodes a little; keeping the key down is one step."""
        places = {node: (self.graph[node].position[0] + dx, self.graph[node].position[1] + dy) for node in ids}
        self._apply(tr("Move {names}", names=self._names(places)), edit.move(self.graph, places), "nudge" + ",".join(sorted(places)))

    def copy(self, ids: Iterable[str]) -> None:
        """Puts nodes and the wires between them on the clipboard."""
        chosen = tuple(ids)
        if chosen:
            QApplication.clipboard().setText(edit.copy_fragment(self.graph, chosen))

    def cut(self, ids: Iterable[str]) -> None:
        """Copies nodes and removes them."""
        chosen = tuple(ids)
        self.copy(chosen)
        if chosen:
            self._apply(tr("Cut {names}", names=self._names(chosen)), edit.remove_nodes(self.graph, chosen))

    def paste(self, position: Place | None = None) -> None:
        """Adds what the clipboard holds: nodes, or a class of PyTorch source, which is drawn."""
        try:
            text, problem = fragment_of(QApplication.clipboard().text())
            graph, ids = edit.paste_fragment(self.graph, text, position)
        except GraphError as error:
            self.refused.emit(say(error.message))
            return
        self._apply(tr("Paste"), graph)
        self.select(ids)
        if problem is not None:
            self.refused.emit(say(problem.message))

    def duplicate(self, ids: Iterable[str]) -> None:
        """Adds copies of nodes and of the wires between them."""
        chosen = tuple(ids)
        if chosen:
            label = tr("Duplicate {names}", names=self._names(chosen))
            graph, new = edit.duplicate(self.graph, chosen)
            self._apply(label, graph)
            self.select(new)

    def reorder(self, node: str, step: int) -> None:
        """Swaps a node with the one before (-1) or after (1) it in its chain."""
        neighbour = self._neighbour(node, step)
        if neighbour is None:
            self.refused.emit(tr("{name} cannot change places there: its wires fork or end.", name=self.graph[node].name))
            return
        first, second = (neighbour, node) if step < 0 else (node, neighbour)
        self._apply(tr("Move {names}", names=self._names((node,))), _swapped(self.graph, first, second))

    def _neighbour(self, node: str, step: int) -> str | None:
        edges = self.graph.incoming(node) if step < 0 else self.graph.outgoing(node)
        if len(edges) != 1:
            return None
        other = edges[0].source.node if step < 0 else edges[0].target.node
        first, second = (other, node) if step < 0 else (node, other)
        chain = len(self.graph.outgoing(first)) == 1 == len(self.graph.incoming(second))
        ends = len(self.graph.incoming(first)) == 1 and self.output_ports(second)
        return other if chain and ends else None

    def reorder_wire(self, edge: Edge, step: int) -> None:
        """Moves a wire up or down among the wires into the same port."""
        same = [other for other in self.graph.edges if other.target == edge.target]
        place = same.index(edge) + step
        if not 0 <= place < len(same):
            return
        other = same[place]
        swap = {id(edge): other, id(other): edge}
        edges = tuple(swap.get(id(each), each) for each in self.graph.edges)
        self._apply(tr("Reorder wires"), replace(self.graph, edges=edges))

    def take_layout(self, places: Mapping[str, Place]) -> None:
        """Takes the positions of an automatic layout."""
        self._apply_moving(tr("Lay out"), edit.move(self.graph, places))
        self.laid_out.emit()



def _swapped(graph: Graph, first: str, second: str) -> Graph:
    """Returns the drawing with two neighbours of a chain in the other order, each at the other's place."""
    (into,), (between,), out = graph.incoming(first), graph.incoming(second), graph.outgoing(second)
    edges = {
        into: Edge(into.source, PortRef(second, between.target.port)),
        between: Edge(PortRef(second, out[0].source.port if out else "output"), PortRef(first, into.target.port)),
        **{edge: Edge(PortRef(first, between.source.port), edge.target) for edge in out},
    }
    graph = replace(graph, edges=tuple(edges.get(edge, edge) for edge in graph.edges))
    return edit.move(graph, {first: graph[second].position, second: graph[first].position})
