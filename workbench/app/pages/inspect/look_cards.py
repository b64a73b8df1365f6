"""Look inside: feature maps, attention heads, recurrent states. One card each."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QCheckBox, QComboBox, QScrollArea, QWidget

from workbench.app import theme
from workbench.app.language import tr
from workbench.app.pages.inspect.alignment_view import AlignmentView, is_alignment
from workbench.app.pages.inspect.state_view import StateView
from workbench.app.pages.inspect.tiles import Tile, TileGrid, indexed, pooled, ramp
from workbench.app.pages.inspect.trace_words import trace_words
from workbench.app.widgets import Card, quiet
from workbench.app.widgets.image_view import signed_colours, to_qimage
from workbench.explain.results import AttentionMaps, FeatureMaps, StateTrace

TILE_PX, MOST_TILE_PX = 58, 96


class FeatureCard(Card):
    """The channels of one layer.

    Signals:
        channel_chosen: A channel of the maps that are shown.
        node_wanted: The module path whose maps should be shown.
    """

    channel_chosen = Signal(int)
    node_wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("inspect.features", tr("Feature maps"), parent)
        self.node = QComboBox()
        self.node.setObjectName("inspect.features.node")
        self.node.setAccessibleName(tr("Layer"))
        self.node.setMinimumWidth(160)
        self.node.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.node.setToolTip(tr("The layer whose maps are shown"))
        self.node.activated.connect(lambda index: self.node_wanted.emit(self.node.itemData(index)))
        self.strongest = QCheckBox(tr("Strongest first"))
        self.strongest.setObjectName("inspect.features.strongest")
        self.strongest.setToolTip(tr("Order the channels by how strongly they answer to this row"))
        self.strongest.toggled.connect(lambda _on: self.show_maps(self.maps) if self.maps is not None else None)
        self.add_control(self.strongest)
        self.add_control(self.node)
        self._order = np.zeros(0, np.int64)
        self.grid = TileGrid("inspect.features.grid", tr("Feature maps"), self, side=64)
        self.grid.chosen.connect(lambda place: self.channel_chosen.emit(self.channel))
        self.content.addWidget(self.grid)
        self._key = quiet("")
        self.content.addWidget(self._key)
        self.maps: FeatureMaps | None = None

    @property
    def channel(self) -> int:
        """The channel of the chosen tile, or -1."""
        return int(self._order[self.grid.current]) if self.grid.current < len(self._order) else -1

    def set_nodes(self, nodes: list[str]) -> None:
        """Offers these layers."""
        if nodes != [self.node.itemData(index) for index in range(self.node.count())]:
            chosen = self.node.currentData()
            self.node.clear()
            for path in nodes:
                self.node.addItem(path, path)
            if chosen in nodes:
                self.node.setCurrentIndex(nodes.index(chosen))

    def show_maps(self, maps: FeatureMaps) -> None:
        """Shows all channels on one scale; signed layers in red and blue, others in one hue."""
        self.maps = maps
        index = self.node.findData(maps.node)
        if index >= 0:
            self.node.setCurrentIndex(index)
        scale = float(np.abs(maps.maps).max())
        signed = bool(maps.maps.min() < 0)
        table = ramp(theme.family_colour("convolution"))
        self._order = channel_order(maps.maps, strongest=self.strongest.isChecked())
        tiles = [self._tile(int(channel), maps, scale, signed, table) for channel in self._order]
        self.grid.show_tiles(tiles)
        dead = int(maps.dead.sum())
        height, width = maps.maps.shape[1:]
        self.set_facts(tr("{channels} channels of {height} × {width}", channels=len(tiles), height=height, width=width))
        note = tr("{count} channels never answer to any probe row: dead.", count=dead) if dead else tr("Same scale for all channels.")
        self._key.setText(note)

    def _tile(self, channel: int, maps: FeatureMaps, scale: float, signed: bool, table: list[int]) -> Tile:
        values, dead = maps.maps[channel], bool(maps.dead[channel])
        image: QImage = to_qimage(signed_colours(values, scale)) if signed else indexed(values, 0, scale, table)
        caption = tr("dead") if dead else str(channel)
        numbers = {"mean": f"{values.mean():.3g}", "largest": f"{values.max():.3g}"}
        tip = tr("Channel {channel}: mean {mean}, largest {largest}", channel=channel, **numbers)
        return Tile(image, caption, tip, dead)


def channel_order(maps: np.ndarray, *, strongest: bool) -> np.ndarray:
    """Returns the order in which channels are shown, int64 `(C,)`: as they are, or by their mean absolute answer, largest first.

    Args:
        maps: float `(C, H, W)`.
        strongest: Whether they are sorted.
    """
    if not strongest:
        return np.arange(len(maps))
    return np.argsort(-np.abs(maps).mean((1, 2)), kind="stable")


class AttentionCard(Card):
    """All heads of all layers as tiles on one scale.

    Signals:
        head_chosen: Layer and head.
    """

    head_chosen = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("inspect.attention", tr("Attention, all layers and heads"), parent, facts=tr("same scale · square-root colour"))
        self.grid = TileGrid("inspect.attention.grid", tr("Attention, all layers and heads"), self, side=TILE_PX)
        self.grid.chosen.connect(self._chosen)
        self.content.addWidget(self.grid)
        self.alignment = AlignmentView("inspect.attention.alignment", self)
        self.alignment.hide()
        self.content.addWidget(self.alignment)
        self._sides = quiet(tr("Each row is a place in what is written; it looks along the row at what was read."))
        self._sides.hide()
        self.content.addWidget(self._sides)
        self.content.addWidget(quiet(tr("Attention shows where the model looks, not why it decides.")))
        self.maps: AttentionMaps | None = None
        self._layers: tuple[str, ...] = ()

    def show_maps(self, maps: AttentionMaps) -> None:
        """Shows the heads of every layer as one row."""
        self.maps = maps
        table = ramp(theme.family_colour("attention"))
        heads = max(len(layer) for layer in maps.maps)
        tiles: list[Tile] = []
        names = layer_names(maps.layers)
        for name, layer in zip(names, maps.maps, strict=True):
            tiles += [self._tile(name, head, weights, table) for head, weights in enumerate(layer)]
            tiles += [Tile(indexed(np.zeros((1, 1)), 0, 1, table))] * (heads - len(layer))
        self.grid.show_tiles(tiles, per_row=heads, row_names=names)
        if maps.layers != self._layers:
            self._layers = maps.layers
            first = next((layer for layer in range(len(maps.layers)) if is_alignment(*maps.names_of(layer))), 0)
            if first:
                self.grid.choose(first * heads)
        self._show_alignment(*divmod(max(self.grid.current, 0), heads))

    def _show_alignment(self, layer: int, head: int) -> None:
        maps = self.maps
        there = maps is not None and layer < len(maps.maps) and head < len(maps.maps[layer]) and is_alignment(*maps.names_of(layer))
        self.alignment.setVisible(there)
        self._sides.setVisible(there)
        if there and maps is not None:
            self.alignment.show_weights(maps.maps[layer][head], *maps.names_of(layer))

    def _tile(self, name: str, head: int, weights: np.ndarray, table: list[int]) -> Tile:
        image = indexed(np.sqrt(pooled(weights, MOST_TILE_PX)), 0, 1, table)
        return Tile(image, tr("H{head}", head=head + 1), tr("{layer}, head {head}", layer=name, head=head + 1))

    def _chosen(self, index: int) -> None:
        if self.maps is not None:
            heads = max(len(layer) for layer in self.maps.maps)
            layer, head = divmod(index, heads)
            if layer < len(self.maps.maps) and head < len(self.maps.maps[layer]):
                self._show_alignment(layer, head)
                self.head_chosen.emit(layer, head)


def layer_names(paths: tuple[str, ...]) -> tuple[str, ...]:
    """Returns short names of attention layers: what tells their paths apart, or the node's own name."""
    parts = [path.split(".") for path in paths]
    nodes = list(dict.fromkeys(part[0] for part in parts))
    if len(nodes) == len(paths):
        return tuple(nodes)
    places = {node: list(dict.fromkeys(_block(part) for part in parts if part[0] == node)) for node in nodes}
    found = []
    for part in parts:
        number = places[part[0]].index(_block(part)) + 1
        name = tr("Layer {n}", n=number) if len(nodes) == 1 else part[0] if len(places[part[0]]) == 1 else f"{part[0]} {number}"
        found.append(tr("{layer}, across", layer=name) if part[-1] == "cross" else name)
    return tuple(found)


def _block(part: list[str]) -> str:
    """Returns what stands for one block of a layer: its path without what tells its self-attention from the one across."""
    return ".".join(part[:-1]) if part[-1] in ("attention", "cross") else ".".join(part)


class StateCard(Card):
    """Hidden state, cell state and gates of a recurrent layer, step by step, aligned with the tokens.

    Signals:
        step_hovered: The time step under the pointer, or -1.
        step_chosen: The time step that was clicked.
    """

    step_hovered = Signal(int)
    step_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("inspect.states", tr("States and gates over time"), parent)
        self.which = QComboBox()
        self.which.setObjectName("inspect.states.which")
        self.which.setAccessibleName(tr("State or gate"))
        self.which.activated.connect(lambda _index: self._draw())
        self.add_control(self.which)
        self.view = StateView("inspect.states.view", self)
        self.view.step_hovered.connect(self.step_hovered)
        self.view.step_chosen.connect(self.step_chosen)
        area = QScrollArea()
        area.setObjectName("inspect.states.scroll")
        area.setWidgetResizable(True)
        area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(self.view)
        area.setMinimumHeight(250)
        theme.mark(area, "column")
        theme.mark(self.view, "column")
        self.content.addWidget(area)
        self._key = quiet("")
        self.content.addWidget(self._key)
        self.trace: StateTrace | None = None

    def show_trace(self, trace: StateTrace) -> None:
        """Shows a trace; the state that was chosen stays chosen."""
        self.trace = trace
        names = list(trace.traces)
        if names != [self.which.itemData(index) for index in range(self.which.count())]:
            self.which.clear()
            for name in names:
                self.which.addItem(trace_words(name), name)
        units = next(iter(trace.traces.values())).shape[1]
        self.set_facts(tr("{node} · {units} units · {steps} steps", node=trace.node, units=units, steps=len(trace.tokens)))
        self._draw()

    def _draw(self) -> None:
        if self.trace is None or self.which.currentData() is None:
            return
        name = self.which.currentData()
        gate = "gate" in name
        self.view.show_trace(self.trace.traces[name], self.trace.tokens, gate=gate)
        open_closed = tr("A gate is between 0 (closed) and 1 (open).")
        self._key.setText(open_closed if gate else tr("Blue is above zero, red below; units that move alike stand together."))
