"""The user's own blocks, exposed parameters, and one parameter of many layers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPointF, Qt

from workbench.app.pages.build.blocks import BLOCK_MARK, BlockDialog, blocks_folder, list_blocks
from workbench.app.pages.build.layer_rows import LAYER_ROLE
from workbench.graph.graph import Edge


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_CONFIG_DIR", str(tmp_path))


def saved(bench: Any) -> None:
    path = bench.page.commands.group(("conv1", "relu1"))
    dialog = bench.page.save_block(path)
    for row in range(dialog.list.count()):
        item = dialog.list.item(row)
        item.setCheckState(Qt.CheckState.Checked if "ilters" in item.text() else Qt.CheckState.Unchecked)
    dialog.name.setText("stem")
    dialog.accept()


def rows(bench: Any) -> list[str]:
    items = [bench.page.palette_panel.list.item(row) for row in range(bench.page.palette_panel.list.count())]
    return [item.text() for item in items]


def test_a_saved_block_is_in_the_palette_and_in_the_file(bench: Any) -> None:
    assert "My blocks" not in rows(bench)
    saved(bench)
    assert rows(bench)[:2] == ["My blocks", "stem"]
    assert (blocks_folder() / "stem.json").is_file()
    assert list_blocks()["stem"].exposed == (("conv1", "filters"),)
    bench.page.palette_panel.search.setText("ste")
    assert "stem" in rows(bench)


def test_a_name_that_cannot_be_is_refused(bench: Any) -> None:
    dialog = BlockDialog(bench.graph, bench.page.commands.group(("conv1",)), bench.page.commands.layers, bench.page)
    dialog.name.setText("two words")
    dialog._try()
    assert dialog.result() == 0
    dialog.reject()


def test_a_block_goes_into_a_wire_and_shows_what_it_exposes(bench: Any) -> None:
    saved(bench)
    edge = Edge.between("pool1", "conv2")
    bench.page.add_block(f"{BLOCK_MARK}stem", (0, 250), edge=edge)
    assert edge not in bench.graph.edges
    (conv,) = [node for node in bench.graph if node.path == "stem.conv1"]
    assert bench.graph.incoming(conv.id)[0].source.node == "pool1"
    assert "group:stem" in bench.scene.cards
    form = bench.page.inspector.form
    assert [bench.page.inspector.form.model.model_fields[name].title for name in form.fields] == ["conv1 · Filters"]
    form.edited.emit("exposed0", 48)
    assert bench.graph[conv.id].params["filters"] == 48
    assert bench.page.inspector.form is form


def test_a_block_dropped_from_the_palette(bench: Any) -> None:
    saved(bench)
    before = len(bench.graph)
    bench.view.block_dropped.emit(f"{BLOCK_MARK}stem", QPointF(600, 100), None)
    assert len(bench.graph) == before + 2
    assert bench.scene.cards["group:stem"].rect.center() == QPointF(600, 100)


def test_a_block_can_be_deleted_and_a_broken_file_is_passed_over(bench: Any) -> None:
    saved(bench)
    (blocks_folder() / "broken.json").write_text("{")
    assert list(list_blocks()) == ["stem"]
    item = bench.page.palette_panel.list.item(1)
    bench.page.palette_panel.list.delete_wanted.emit(item.data(LAYER_ROLE))
    assert "stem" not in rows(bench)


def test_one_parameter_of_many_layers_is_one_step(bench: Any) -> None:
    bench.session.select(("conv1", "conv2", "side"))
    form = bench.page.inspector.form
    assert "filters" in form.fields
    form.edited.emit("filters", 24)
    assert [bench.graph[node].params["filters"] for node in ("conv1", "conv2", "side")] == [24, 24, 24]
    bench.session.undo()
    assert bench.graph["side"].params["filters"] == 64


def test_layers_of_different_kinds_share_what_is_the_same(bench: Any) -> None:
    bench.session.select(("conv1", "pool1"))
    assert set(bench.page.inspector.form.fields) <= {"kernel", "stride", "padding", "dilation"}
    bench.session.select(("conv1", "relu1"))
    assert bench.page.inspector.form is None
