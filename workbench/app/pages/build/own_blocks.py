"""What the Build page does with the user's own blocks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from workbench.app.language import tr
from workbench.app.pages.build.blocks import BLOCK_MARK, BlockDialog, list_blocks, save_block
from workbench.graph.block import Exposed, block_of
from workbench.graph.graph import Edge, PortRef
from workbench.layers import LAYERS


class OwnBlocks:
    """The part of the page that adds and saves blocks."""

    commands: Any
    view: Any
    palette_panel: Any
    say: Any

    def add_block(
        self, name: str, position: tuple[float, float], source: PortRef | None = None, edge: Edge | None = None,
    ) -> None:
        """Adds one of the user's own blocks."""
        block = list_blocks().get(name.removeprefix(BLOCK_MARK))
        if block is not None:
            ids = self.commands.add_block(block, position, source, edge)
            self.view.reveal(ids[0]) if ids else None

    def save_block(self, path: str) -> BlockDialog:
        """Asks for a name and saves a group as a block of the user's own."""
        dialog = BlockDialog(self.commands.graph, path, LAYERS, self)
        dialog.accepted.connect(lambda: self._take_block(path, dialog.name.text().strip(), dialog.chosen()))
        dialog.open()
        return dialog

    def _take_block(self, path: str, name: str, exposed: Exposed) -> None:
        self.commands.expose(path, exposed)
        try:
            save_block(replace(block_of(self.commands.graph, path), name=name))
        except OSError as error:
            self.say(tr("The block could not be written: {reason}", reason=str(error)))
            return
        self.palette_panel.refresh()
        self.say(tr("{name} is in the palette now, under My blocks.", name=name))

    def choose_exposed(self, path: str) -> BlockDialog:
        """Asks which parameters of a group can be changed from its card."""
        dialog = BlockDialog(self.commands.graph, path, LAYERS, self, naming=False)
        dialog.accepted.connect(lambda: self.commands.expose(path, dialog.chosen()))
        dialog.open()
        return dialog
