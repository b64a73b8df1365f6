"""Own layers in the window: nothing runs before it is trusted, and what is written here is in the palette at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QPushButton

from tests.app.build.conftest import Bench
from workbench.app.pages.build.layer_rows import LAYER_ROLE
from workbench.app.pages.build.own import editor as editing
from workbench.app.pages.build.own.editor import OwnLayerEditor
from workbench.export.checking.file import TITLES
from workbench.graph import edit
from workbench.graph.graph import Edge, Graph
from workbench.layers import LAYERS
from workbench.layers.own import OWN, OwnState
from workbench.layers.own_writing import OwnKind, layer_file

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def own_bench(own_folder: Path, make_bench: Callable[[Graph], Bench], network: Graph) -> Bench:
    """The page over the small network and an empty folder of own layers."""
    return make_bench(network)


def text(extra: str = "") -> str:
    return layer_file("pulse", "", OwnKind.KEEP) + extra


def listed_in(bench: Bench) -> list[str]:
    rows = bench.page.palette_panel.list
    return [rows.item(row).data(LAYER_ROLE) or rows.item(row).text() for row in range(rows.count())]


def press(bench: Bench, words: str) -> None:
    found = [item for item in bench.page.own_strip.findChildren(QPushButton) if item.text() == words and item.isVisible()]
    assert len(found) == 1, [item.text() for item in bench.page.own_strip.findChildren(QPushButton)]
    bench.qtbot.mouseClick(found[0], LEFT)


def test_a_new_file_asks_and_runs_only_when_trusted(own_bench: Bench, own_folder: Path, tmp_path: Path) -> None:
    strip, marker = own_bench.page.own_strip, tmp_path / "marker"
    assert strip.isHidden()
    (own_folder / "pulse.py").write_text(text(f"\nopen({str(marker)!r}, 'w').close()\n"), "utf-8")
    own_bench.qtbot.waitUntil(strip.isVisible, timeout=10_000)
    assert "pulse.py is new" in strip.strip.rows[0].message
    assert "pulse" not in LAYERS and not marker.exists()
    press(own_bench, "Trust it")
    own_bench.qtbot.waitUntil(lambda: "pulse" in LAYERS, timeout=60_000)
    assert strip.isHidden() and marker.exists()
    rows = listed_in(own_bench)
    assert rows[rows.index("My layers") + 1] == "pulse"
    own_bench.page.palette_panel.search.setText("pulse")
    assert "pulse" in listed_in(own_bench)


def test_not_now_is_remembered_until_the_file_changes(own_bench: Bench, own_folder: Path) -> None:
    strip, path = own_bench.page.own_strip, own_folder / "pulse.py"
    path.write_text(text(), "utf-8")
    own_bench.page.reload_layers()
    press(own_bench, "Not now")
    assert strip.isHidden()
    own_bench.page.reload_layers()
    assert strip.isHidden()
    path.write_text(text("# more\n"), "utf-8")
    own_bench.page.reload_layers()
    assert strip.isVisible() and "pulse" not in LAYERS


def test_a_file_that_does_not_load_is_not_trusted_and_says_where(own_bench: Bench, own_folder: Path) -> None:
    (own_folder / "pulse.py").write_text("x = 1\nraise SystemExit(3)\n", "utf-8")
    own_bench.page.reload_layers()
    press(own_bench, "Trust it")
    rows = own_bench.page.own_strip.strip
    own_bench.qtbot.waitUntil(lambda: rows.rows[0].severity == "error", timeout=60_000)
    assert "line 2" in rows.rows[0].message and OWN.listed[0].state is OwnState.NEW


def test_a_drawing_follows_the_new_shape_rule(own_bench: Bench, own_folder: Path) -> None:
    from workbench.layers.own import trust
    from workbench.layers.own_file import read_own_file

    path, first = own_folder / "pulse.py", text()
    graph, node = edit.add_node(own_bench.graph, "pulse", name="mine")
    own_bench.show(edit.connect(graph, Edge.between("pool1", node)))
    assert any(problem.kind == "layer.unknown" for problem in own_bench.session.inferred.problems)
    for rule, fits in (('given.dtype != "float32"', True), ("given.rank != 9", False)):
        path.write_text(first.replace('given.dtype != "float32"', rule), "utf-8")
        trust(path, read_own_file(path).digest)
        own_bench.page.reload_layers()
        own_bench.page.settle()
        assert bool(own_bench.session.inferred.output_shapes(node)) is fits
        assert own_bench.scene.cards[node].title == "mine"
    assert any(problem.node == node and "known count" in problem.message for problem in own_bench.session.problems)


def test_the_form_writes_a_layer_that_is_checked_and_in_the_palette(
    own_bench: Bench, own_folder: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    wizard = own_bench.page.new_layer()
    write = wizard.findChild(QPushButton, "build.newlayer.write")
    wizard.name.setText("conv2d")
    own_bench.qtbot.mouseClick(write, LEFT)
    assert wizard.isVisible() and not list(own_folder.iterdir())
    wizard.name.setText("pulse")
    wizard.kind.setCurrentIndex(2)
    wizard.add_param("rate")
    wizard.add_param("steps", "int")
    own_bench.qtbot.mouseClick(write, LEFT)
    assert sorted(path.name for path in own_folder.iterdir()) == ["pulse.py", "test_pulse.py"]
    assert "pulse" in LAYERS and "pulse" in listed_in(own_bench) and own_bench.page.own_strip.isHidden()
    assert set(LAYERS["pulse"].Params.model_fields) == {"rate", "steps"}
    editor = next(widget for widget in QApplication.topLevelWidgets() if isinstance(widget, OwnLayerEditor))
    own_bench.qtbot.waitUntil(lambda: editor.checked is not None, timeout=120_000)
    assert editor.checked.ok and len(editor.results.rows) == len(TITLES)
    editor.text.setPlainText(editor.text.toPlainText().replace("share * first +", "share.nothing +"))
    editor.save_and_check()
    own_bench.qtbot.waitUntil(lambda: editor.checked is not None, timeout=120_000)
    wrong = [row for row in editor.results.rows if row.severity == "error"]
    assert wrong and "line" in wrong[0].reason and wrong[0].remedies
    wrong[0].remedies[0].do()
    assert "share.nothing" in editor.text.textCursor().block().text()
    assert editing._line_of("no text") == 0
    editor.close()


def test_closing_the_editor_ends_the_check(own_bench: Bench, own_folder: Path) -> None:
    path = own_folder / "pulse.py"
    path.write_text("while True: pass\n", "utf-8")
    editor = own_bench.page.edit_layer_file(path, is_trusted=False)
    assert editor.trust_button.isVisible()
    editor.check()
    job = editor._job
    assert job is not None and job.running
    editor.close()
    assert job.cancelled and "pulse" not in LAYERS
