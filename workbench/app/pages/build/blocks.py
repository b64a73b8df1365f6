"""The user's own blocks: one file each in the settings folder, and the dialog that saves one."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from workbench.app import theme
from workbench.app.language import say, tr
from workbench.errors import GraphError
from workbench.graph.block import Block, Exposed, exposed_of, read_block
from workbench.graph.graph import Graph, is_name
from workbench.graph.grouping import members_of
from workbench.settings import config_folder

BLOCK_MARK = "block:"
_LOG = logging.getLogger(__name__)
_PAIR_ROLE = Qt.ItemDataRole.UserRole + 1


def blocks_folder() -> Path:
    """Returns where the user's blocks are kept."""
    return config_folder() / "blocks"


def list_blocks() -> dict[str, Block]:
    """Returns the user's blocks by name; a file that cannot be read is passed over."""
    found: dict[str, Block] = {}
    for path in sorted(blocks_folder().glob("*.json")):
        try:
            found[path.stem] = read_block(path.read_bytes().decode())
        except (OSError, UnicodeError, GraphError) as error:
            _LOG.warning("block %s cannot be read: %s", path.name, error)
    return found


def save_block(block: Block) -> Path:
    """Writes a block in one step; one of the same name is replaced.

    Raises:
        OSError: The folder cannot be written.
    """
    path = blocks_folder() / f"{block.name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_text(block.dumps(), "utf-8")
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    return path


def delete_block(name: str) -> None:
    """Removes a block's file."""
    (blocks_folder() / f"{name}.json").unlink(missing_ok=True)


def parameters_of(graph: Graph, path: str, layers: Any) -> list[tuple[str, str, str]]:
    """Returns all parameters in a group as (path of the node in it, parameter, what to call it)."""
    rows = []
    for node_id in members_of(graph, path):
        node, layer = graph[node_id], layers.get(graph[node_id].layer)
        inner = node.path[len(path) + 1:]
        for name, info in layer.Params.model_fields.items() if layer is not None else ():
            rows.append((inner, name, f"{inner} · {say(info.title or name)}"))
    return rows


class BlockDialog(QDialog):
    """Asks what a block is called and which parameters may be changed from its card.

    Attributes:
        name: The name.
        list: The parameters, with a mark before each.
    """

    def __init__(self, graph: Graph, path: str, layers: Any, parent: QWidget, naming: bool = True) -> None:
        super().__init__(parent)
        self.setObjectName("build.block")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Save as a block of my own") if naming else tr("Parameters on the card"))
        self.name, self.list = QLineEdit(path.rpartition(".")[2], self), QListWidget(self)
        self.name.setObjectName("build.block.name")
        self.name.setAccessibleName(tr("Name"))
        self.name.setVisible(naming)
        self.list.setObjectName("build.block.parameters")
        self.list.setAccessibleName(tr("Parameters on the card"))
        self._fill(parameters_of(graph, path, layers), exposed_of(graph, path))
        self._refusal = QLabel(self)
        theme.mark(self._refusal, "wrong")
        self._refusal.setVisible(False)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel, self)
        buttons.button(QDialogButtonBox.StandardButton.Ok).setText(tr("Save") if naming else tr("Apply"))
        buttons.button(QDialogButtonBox.StandardButton.Cancel).setText(tr("Cancel"))
        buttons.accepted.connect(self._try)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self.name)
        layout.addWidget(QLabel(tr("Which parameters can be changed without opening it:"), self))
        for widget in (self.list, self._refusal, buttons):
            layout.addWidget(widget)
        self.resize(420, 420)

    def _fill(self, rows: Iterable[tuple[str, str, str]], exposed: Exposed) -> None:
        for inner, name, label in rows:
            item = QListWidgetItem(label, self.list)
            item.setData(_PAIR_ROLE, (inner, name))
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked if (inner, name) in exposed else Qt.CheckState.Unchecked)

    def chosen(self) -> Exposed:
        """Returns the marked parameters."""
        items = [self.list.item(row) for row in range(self.list.count())]
        return tuple(tuple(item.data(_PAIR_ROLE)) for item in items if item.checkState() is Qt.CheckState.Checked)

    def _try(self) -> None:
        if is_name(self.name.text().strip()):
            self.accept()
            return
        self._refusal.setText(tr("Names begin with a letter and hold letters, digits and underscores; words of Python are taken."))
        self._refusal.setWordWrap(True)
        self._refusal.setVisible(True)
