"""The Costs tab, and the drawing as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QFileDialog

from workbench.app.pages.build.pictures import save_drawing, save_picture
from workbench.errors import ProjectError
from workbench.graph import edit


@pytest.fixture
def panel(bench: Any) -> Any:
    bench.page.tabs.setCurrentWidget(bench.page.costs)
    return bench.page.costs


def test_a_row_for_every_layer_with_what_the_model_says(bench: Any, panel: Any) -> None:
    rows = {row.node: row for row in panel.model.rows}
    assert list(rows) == bench.session.inferred.order
    cost = bench.page.book.costs["conv2"]
    batch = bench.session.project.recipe.batch_size
    assert rows["conv2"].numbers[:2] == (cost.parameters, cost.macs)
    assert rows["conv2"].numbers[3] == batch * cost.kept_bytes
    assert rows["conv2"].field == "8 × 8"
    assert rows["head"].field == "–"
    assert sum(row.numbers[5] for row in rows.values()) == pytest.approx(1)


def test_sorting_by_cost_and_back(bench: Any, panel: Any) -> None:
    panel.table.sortByColumn(3, Qt.SortOrder.DescendingOrder)
    macs = [row.numbers[1] for row in panel.model.rows]
    assert macs == sorted(macs, reverse=True)
    assert panel.model.rows[0].node in ("conv2", "side")
    panel.model.sort(-1)
    panel._shown = None
    panel.refresh_now()
    assert [row.node for row in panel.model.rows] == bench.session.inferred.order


def test_a_click_selects_the_layer(bench: Any, panel: Any) -> None:
    panel.table.clicked.emit(panel.model.index(4, 0))
    assert bench.session.selection == (panel.model.rows[4].node,)
    bench.session.select(("head",))
    rows = panel.table.selectionModel().selectedRows()
    assert [panel.model.rows[index.row()].node for index in rows] == ["head"]


def test_it_follows_the_drawing(bench: Any, panel: Any) -> None:
    bench.page.commands.set_param("conv1", "filters", 8)
    bench.page.settle()
    row = next(row for row in panel.model.rows if row.node == "conv1")
    assert row.numbers[0] == 80


def test_the_table_is_copied(panel: Any) -> None:
    panel.copy("markdown")
    assert QApplication.clipboard().text().startswith("| Layer |")
    panel.copy("latex")
    assert "tabular" in QApplication.clipboard().text()


def test_svg_holds_text_and_is_well_formed(bench: Any, tmp_path: Path) -> None:
    path = tmp_path / "model.svg"
    save_picture(bench.scene, path)
    tree = ElementTree.parse(path)
    words = "".join(tree.getroot().itertext())
    assert all(name in words for name in ("conv1", "merge", "label"))


def test_pdf_and_png(bench: Any, tmp_path: Path) -> None:
    save_picture(bench.scene, tmp_path / "model.pdf")
    assert (tmp_path / "model.pdf").read_bytes().startswith(b"%PDF")
    save_picture(bench.scene, tmp_path / "model.png")
    image = QImage(str(tmp_path / "model.png"))
    assert image.width() > 2 * 400
    assert len({image.pixel(x, image.height() // 2) for x in range(0, image.width(), 3)}) > 3


def test_another_ending_is_refused(bench: Any, tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="cannot be saved"):
        save_picture(bench.scene, tmp_path / "model.doc")
    with pytest.raises(ProjectError, match="could not be written"):
        save_picture(bench.scene, tmp_path / "nowhere" / "model.png")


def test_the_menu_writes_what_was_chosen(bench: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "drawn"), "SVG (*.svg)"))
    bench.page.save_picture()
    assert (tmp_path / "drawn.svg").is_file()


def test_a_drawing_is_saved_without_a_page(network: Any, tmp_path: Path, qapp: Any) -> None:
    graph, _ = edit.group(network, ("conv1", "relu1"))
    save_drawing(edit.fold(graph, "block"), tmp_path / "a.svg")
    words = "".join(ElementTree.parse(tmp_path / "a.svg").getroot().itertext())
    assert "block" in words
    assert "conv1" not in words
