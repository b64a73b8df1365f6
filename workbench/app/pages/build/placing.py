"""Where the Build page puts new layers: behind what is selected, into a wire, or where there is room."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QWidget

from workbench.app.pages.build.blocks import BLOCK_MARK
from workbench.app.pages.build.search_popup import LayerSearch
from workbench.app.pages.build.view import LayerWanted
from workbench.graph.graph import PortRef
from workbench.layers import LAYERS


class Placing:
    """The part of the page that adds layers."""

    session: Any
    canvas: Any
    view: Any
    commands: Any
    palette_panel: Any
    add_block: Any

    def search(self, wanted: LayerWanted) -> LayerSearch:
        """Opens the search for a layer."""
        assert isinstance(self, QWidget)
        popup = LayerSearch(self.commands, wanted, self)
        popup.chosen.connect(self._add_wanted)
        popup.open_at(wanted.at)
        return popup

    def _add_wanted(self, wanted: LayerWanted, layer: str) -> None:
        commands = self.commands
        if layer.startswith(BLOCK_MARK):
            source = PortRef(wanted.after, commands.output_ports(wanted.after)[0].name) if wanted.after else wanted.source
            self.add_block(layer, _snapped(wanted.place, source is not None), source, wanted.edge)
            return
        if wanted.edge is not None and wanted.edge in commands.graph.edges:
            node = commands.add_on_edge(layer, wanted.edge)
        elif wanted.after in commands.graph:
            node = commands.add_after(layer, wanted.after)
        else:
            place = self._free(_snapped(wanted.place, wanted.source is not None, wanted.target is not None))
            node = commands.add(layer, place, wanted.source, wanted.target)
        if node:
            self.view.reveal(node)

    def add_layer(self, layer: str) -> None:
        """Adds a layer from the palette: behind the selected one, or in the middle of the view."""
        chosen = self.session.selection
        if layer.startswith(BLOCK_MARK):
            self.add_block(layer, self._free(_snapped(self.view.visible_rect().center())))
            return
        if len(chosen) == 1 and self.commands.output_ports(chosen[0]) and LAYERS[layer].inputs:
            node = self.commands.add_after(layer, chosen[0])
        else:
            node = self.commands.add(layer, self._free(_snapped(self.view.visible_rect().center())))
        self.view.reveal(node)

    def _free(self, place: tuple[float, float]) -> tuple[float, float]:
        return self.canvas.free_place(QPointF(*place)).toTuple()

    def add_input(self) -> None:
        """Adds the input that the data asks for; without data, asks which."""
        from workbench.project.feeding import input_for, likely_target

        dataset = self.session.dataset
        learned = likely_target(dataset) if dataset is not None else None
        fields = [field for field in dataset.fields if field != learned] if dataset is not None else []
        name = next((layer for field in fields if (layer := input_for(field.kind))), "")
        centre = self.view.visible_rect().center()
        if name in LAYERS:
            self.commands.add(name, _snapped(QPointF(centre.x(), centre.y() - self.view.height() / 3)))
            return
        self.palette_panel.search.clear()
        self.search(LayerWanted(centre, self.view.mapToGlobal(self.view.rect().center()))).field.setText("input")

    def add_next(self) -> None:
        """Adds what usually follows the selected layer."""
        chosen = self.session.selection
        if len(chosen) == 1:
            self.view.reveal(self.commands.add_next(chosen[0]))


def _snapped(place: QPointF, below: bool = False, above: bool = False) -> tuple[float, float]:
    """Returns a place on the grid for the centre of a card whose port is where a wire was let go."""
    y = place.y() + (23 if below else -23 if above else 0)
    return round(place.x() / 16) * 16.0, round(y / 8) * 8.0
