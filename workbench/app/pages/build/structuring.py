"""Edits of structure: groups, blocks, bypassed layers, frames and notes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from workbench.app.language import tr
from workbench.graph import edit
from workbench.graph.block import Block, Exposed, expose, insert_block
from workbench.graph.bypass import bypass, is_bypassed
from workbench.graph.drawing import GROUP_MARK, drawn, ports_of_group
from workbench.graph.graph import Edge, Graph, PortRef, is_name
from workbench.graph.grouping import common_path, is_folded, members_of
from workbench.graph.remarks import Box, add_remark, change_remark, remove_remark
from workbench.graph.repeat import repeat_of, set_repeat
from workbench.graph.repetitions import written_out

Place = tuple[float, float]


class Structuring:
    """The part of `Commands` that changes how layers belong together."""

    graph: Graph
    inside: str
    refused: Any
    group_renamed: Any
    session: Any
    layers: Any
    select: Any
    _apply: Any
    _apply_moving: Any
    _names: Any
    _fresh_ports: Any

    def bypass(self, ids: Iterable[str]) -> None:
        """Leaves nodes out of the model without deleting them; where all are out already, takes them in again."""
        chosen = tuple(ids)
        out = not all(is_bypassed(self.graph[node]) for node in chosen)
        words = tr("Bypass {names}", names=self._names(chosen)) if out else tr("Take {names} in again", names=self._names(chosen))
        self._apply(words, bypass(self.graph, chosen, out))

    def align(self, places: Mapping[str, Place]) -> None:
        """Takes places that bring nodes in line."""
        self._apply_moving(tr("Align {names}", names=self._names(places)), edit.move(self.graph, places))

    def add_remark(self, kind: str, box: Box, text: str = "") -> str:
        """Adds a frame or a note; returns its id."""
        graph, remark = add_remark(self.graph, kind, box, text)
        self._apply(tr("Add a note") if kind == "note" else tr("Add a frame"), graph)
        return remark

    def change_remark(self, remark: str, **changes: Any) -> None:
        """Changes text or colour of a frame or note."""
        self._apply(tr("Change the note"), change_remark(self.graph, remark, **changes))

    def move_remark(self, remark: str, box: Box, places: Mapping[str, Place]) -> None:
        """Moves a frame or note, and what stands in it."""
        self._apply(tr("Move the note"), change_remark(edit.move(self.graph, places), remark, box=box))

    def remove_remark(self, remark: str) -> None:
        """Removes a frame or note."""
        self._apply(tr("Delete the note"), remove_remark(self.graph, remark))

    def group(self, ids: Iterable[str]) -> str:
        """Puts nodes into a group that shows as one card; returns its path."""
        chosen = tuple(ids)
        if not chosen:
            return ""
        graph, path = edit.group(self.graph, chosen)
        self._apply_moving(tr("Group {names}", names=self._names(chosen)), edit.fold(graph, path))
        self.select(chosen)
        return path

    def ungroup(self, ids: Iterable[str]) -> None:
        """Dissolves the innermost group that holds all these nodes."""
        path = self.common_group(ids)
        if path:
            self.dissolve(path)
        else:
            self.refused.emit(tr("These layers share no group."))

    def common_group(self, ids: Iterable[str]) -> str:
        """Returns the innermost group that holds all of some nodes and does not hold the entered one; "" where there is none."""
        path = common_path([self.graph[node].group for node in ids if node in self.graph])
        return path if path != self.inside and not self.inside.startswith(f"{path}.") else ""

    def dissolve(self, path: str) -> None:
        """Moves the members of a group one level up; repetitions stay, each as a group of its own."""
        graph = edit.fold(self.graph, path, False)
        graph = edit.ungroup(self._written_out(graph, path) if repeat_of(graph, path).times > 1 else graph, path)
        self._apply_moving(tr("Dissolve {name}", name=path.rpartition(".")[2]), graph)

    def fold(self, path: str, folded: bool = True) -> None:
        """Shows a group as one card, or its members in place."""
        words = tr("Fold {name}", name=path.rpartition(".")[2]) if folded else tr("Unfold {name}", name=path.rpartition(".")[2])
        self._apply_moving(words, edit.fold(self.graph, path, folded))

    def rename_group(self, path: str, name: str) -> str:
        """Renames a group; returns why that cannot be, or ""."""
        if not is_name(name):
            return tr("Names begin with a letter and hold letters, digits and underscores; words of Python are taken.")
        first = members_of(self.graph, path)[:1]
        graph = edit.rename_group(self.graph, path, name)
        if first and name != path.rpartition(".")[2]:
            self.group_renamed.emit(path, ".".join(graph[first[0]].group.split(".")[:path.count(".") + 1]))
            self._apply(tr("Rename {name}", name=path.rpartition(".")[2]), graph)
        return ""

    def repeat(self, path: str, **how: Any) -> None:
        """Says how a group is repeated: `times`, `shared` (the same weights every time) and `passed` (which input takes the result before)."""
        name, graph = path.rpartition(".")[2], set_repeat(self.graph, path, **how)
        times = repeat_of(graph, path).times
        words = tr("Repeat {name} {times} times", name=name, times=times) if times > 1 else tr("Let {name} stand once", name=name)
        self._apply(words, graph)

    def write_out(self, path: str) -> None:
        """Makes each repetition of a group a group of its own."""
        self._apply_moving(tr("Write out the repetitions of {name}", name=path.rpartition(".")[2]), self._written_out(self.graph, path))

    def _written_out(self, graph: Graph, path: str) -> Graph:
        inferred, known = self.session.inferred, dict[str, tuple[str, ...]]()
        for node in members_of(self.graph, path):
            layer, params, inputs = self.layers.get(self.graph[node].layer), inferred.params(node), inferred.input_shapes(node)
            if layer is not None and params is not None and inferred.output_shapes(node):
                known[node] = tuple(layer.parameters(params, inputs))
        return written_out(graph, (path,), known)

    def expose(self, path: str, exposed: Exposed) -> None:
        """Says which parameters of a group can be changed from its card."""
        self._apply(tr("Change {field} of {name}", field=tr("parameters"), name=path.rpartition(".")[2]), expose(self.graph, path, exposed))

    def add_block(self, block: Block, position: Place, source: PortRef | None = None, edge: Edge | None = None) -> tuple[str, ...]:
        """Copies a block in as a folded group, wired behind a port or into a wire, and selects it."""
        graph, ids, path = insert_block(self.graph, block, position, self.inside)
        inputs, outputs = ports_of_group(graph, ids, lambda node: self._port_names(graph, node))
        drawing, card = drawn(graph, self.inside), f"{GROUP_MARK}{path}"
        if edge is not None and inputs and outputs:
            graph = edit.disconnect(graph, edge)
            graph = edit.connect(graph, Edge(drawing.real(card, outputs[0]), edge.target))
            source = edge.source
        if source is not None and inputs:
            graph = edit.connect(graph, Edge(source, drawing.real(card, inputs[0])))
        self._apply(tr("Add {layer}", layer=block.name), graph)
        self.select(ids)
        return ids

    def _port_names(self, graph: Graph, node: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        inputs, outputs = self._fresh_ports(graph[node].layer)
        return tuple(port.name for port in inputs), tuple(port.name for port in outputs)

    def whole_group(self, ids: Iterable[str]) -> str:
        """Returns the group, folded or open, whose members are just these nodes, or ""."""
        chosen = tuple(ids)
        path = self.common_group(chosen) if chosen else ""
        return path if path and len(members_of(self.graph, path)) == len(chosen) else ""

    def folded_group(self, ids: Iterable[str]) -> str:
        """Returns the folded group whose members are just these nodes, or ""."""
        chosen = tuple(ids)
        path = self.common_group(chosen) if len(chosen) > 0 else ""
        while path and not (is_folded(self.graph, path) and len(members_of(self.graph, path)) == len(chosen)):
            path = path.rpartition(".")[0]
        return path
