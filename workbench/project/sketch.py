"""Draws networks in few lines, for starters and proposals."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from workbench.graph import edit
from workbench.graph.graph import Edge, Graph, PortRef
from workbench.graph.names import node_name
from workbench.layers import LAYERS

_FRAME_TITLE_PX, _FRAME_ABOVE_PX, _FRAME_PADDING_PX, _FRAME_GAP_PX = 26.0, 42.0, 12.0, 12.0
_NOTE_WIDTH_PX, _NOTE_GAP_PX, _NOTE_LINE_PX, _NOTE_LETTERS = 236.0, 36.0, 18.0, 34


@dataclass(slots=True)
class _Frame:
    """A frame or a note under way: what it says, and the layers it stands around or beside."""

    text: str
    colour: str
    nodes: list[str] = field(default_factory=list)


class Sketch:
    """A drawing under way. Node ids are the paths, so that the same sketch gives the same file.

    Args:
        language: What frames and notes are written in: `en` or `zh`.

    Attributes:
        graph: What was drawn so far.
        end: The port that the next layer of a chain continues from, or None at the beginning.
        group: The path of the group that the next layers go into.
    """

    def __init__(self, language: str = "en") -> None:
        self.graph = Graph()
        self.end: PortRef | None = None
        self.group = ""
        self._chinese = language.startswith("zh")
        self._frames: list[_Frame] = []
        self._notes: list[_Frame] = []
        self._open: _Frame | None = None

    @contextmanager
    def framed(self, english: str, chinese: str, colour: str = "blue") -> Generator[None]:
        """Puts a frame with a title around the layers that are added inside."""
        self._open = _Frame(self.said(english, chinese), colour)
        self._frames.append(self._open)
        yield
        self._open = None

    def note(self, english: str, chinese: str, colour: str = "amber") -> None:
        """Puts a note beside the layer that was added last."""
        assert self.end is not None
        self._notes.append(_Frame(self.said(english, chinese), colour, [self.end.node]))

    def said(self, english: str, chinese: str) -> str:
        """Returns the one that is in the language of the drawing."""
        return chinese if self._chinese else english

    def add(
        self, layer: str, name: str = "", *, after: PortRef | tuple[PortRef, ...] | None = None, port: str = "input",
        output: str = "output", **params: Any,
    ) -> PortRef:
        """Adds a layer and wires it to what came before.

        Args:
            layer: The name of a catalogue entry.
            name: The node's name; "" numbers it after the layer.
            after: Where its input comes from; several for a variadic port; None for the end of the chain.
            port: The input port.
            output: The output port that the chain goes on from.
            **params: Raw parameters.

        Returns:
            The output port.
        """
        sources = (after,) if isinstance(after, PortRef) else after or ((self.end,) if self.end else ())
        chosen = name or node_name(self.graph, layer, self.group)
        path = f"{self.group}.{chosen}" if self.group else chosen
        graph, node = edit.add_node(self.graph, layer, params=params, name=chosen, id=path, group=self.group)
        if self._open is not None:
            self._open.nodes.append(node)
        for source in sources if LAYERS[layer].role != "input" else ():
            graph = edit.connect(graph, Edge(source, PortRef(node, port)))
        self.graph, self.end = graph, PortRef(node, output)
        return self.end

    def wired(self, source: PortRef, target: PortRef) -> Graph:
        """Returns the drawing with one more wire."""
        return edit.connect(self.graph, Edge(source, target))

    def chain(self, *layers: str | tuple[str, dict[str, Any]]) -> PortRef:
        """Adds layers one after the other; each a name, or a name with parameters."""
        for item in layers:
            layer, params = (item, {}) if isinstance(item, str) else item
            self.add(layer, **params)
        assert self.end is not None
        return self.end

    def laid_out(self) -> Graph:
        """Returns the drawing with every card, frame and note in its place."""
        from workbench.graph.layout import layout

        places = layout(self.graph)
        rows = {place[1] for place in places.values()}
        begins = {min(places[node][1] for node in frame.nodes) for frame in self._frames}
        ends = {max(places[node][1] for node in frame.nodes) for frame in self._frames}
        lower = {row: sum(_FRAME_ABOVE_PX for y in begins if y <= row) + sum(_FRAME_GAP_PX for y in ends if y < row) for row in rows}
        places = {node: (x, y + lower[y]) for node, (x, y) in places.items()}
        return self._remarked(edit.move(self.graph, places), places)

    def _remarked(self, graph: Graph, places: dict[str, tuple[float, float]]) -> Graph:
        from workbench.graph.layout import CARD_HEIGHT_PX, CARD_WIDTH_PX
        from workbench.graph.remarks import add_remark

        for number, frame in enumerate(self._frames, 1):
            xs, ys = zip(*(places[node] for node in frame.nodes), strict=True)
            left, top = min(xs) - CARD_WIDTH_PX / 2 - _FRAME_PADDING_PX, min(ys) - CARD_HEIGHT_PX / 2 - _FRAME_TITLE_PX
            size = (max(xs) + CARD_WIDTH_PX / 2 + _FRAME_PADDING_PX - left, max(ys) + CARD_HEIGHT_PX / 2 + _FRAME_PADDING_PX - top)
            graph, _ = add_remark(graph, "frame", (left, top, *size), frame.text, frame.colour, id=f"frame{number}")
        right, lowest = max((x for x, _ in places.values()), default=0.0) + CARD_WIDTH_PX / 2 + _NOTE_GAP_PX, float("-inf")
        for number, note in enumerate(self._notes, 1):
            top = max(places[note.nodes[0]][1] - CARD_HEIGHT_PX / 2, lowest + _FRAME_GAP_PX)
            letters = sum(2 if letter > "\u2e80" else 1 for letter in note.text)
            lowest = top + 18 + _NOTE_LINE_PX * (letters // _NOTE_LETTERS + 1)
            graph, _ = add_remark(graph, "note", (right, top, _NOTE_WIDTH_PX, lowest - top), note.text, note.colour, id=f"note{number}")
        return graph
