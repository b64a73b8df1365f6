"""Source in the window: a file is opened or dropped as a drawing, a class is pasted as nodes, its weights are taken along."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QPushButton

from workbench.app.commands.sources import fragment_of, is_class
from workbench.graph import edit
from workbench.graph.graph import Graph

CLASS = """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 2)

    def forward(self, x):
        return special(self.fc(x))
"""


def test_a_class_becomes_nodes() -> None:
    text, problem = fragment_of(CLASS)
    graph, ids = edit.paste_fragment(Graph(), text)
    assert [graph[node].name for node in ids][-3:] == ["fc", "special1", "output"]
    assert problem is not None and "Line 7" in problem.message


def test_other_text_stays() -> None:
    graph, node = edit.add_node(Graph(), "relu")
    copied = edit.copy_fragment(graph, [node])
    assert not is_class(copied)
    assert fragment_of(copied) == (copied, None)


FILE = "import torch\nfrom torch import nn\n\n\n" + CLASS


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CONFIG", "STATE", "DATA"):
        monkeypatch.setenv(f"WORKBENCH_{name}_DIR", str(tmp_path / name.lower()))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "net.py"
    path.write_text(FILE, encoding="utf-8")
    return path


def drawn(window: Any) -> list[str]:
    return [node.layer for node in window.session.project.graph]


def messages(window: Any) -> list[str]:
    return [str(row.message) for row in window.notices.rows()]


def chosen(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_arguments: (str(path), ""))


def test_the_file_menu_draws_a_file(window: Any, qtbot: Any, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen(monkeypatch, file)
    window.action("file.open-source").trigger()
    qtbot.waitUntil(lambda: "linear" in drawn(window), timeout=20_000)
    assert window.session.project.name == "Net" and window.session.folder is None
    assert any(message.startswith("Line 11: ") for message in messages(window))
    assert "Net begins with new weights." in messages(window)


def test_a_file_dropped_on_the_window_is_drawn(window: Any, qtbot: Any, file: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(file))])
    window.dropEvent(QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier))
    qtbot.waitUntil(lambda: "linear" in drawn(window), timeout=20_000)


def test_a_file_that_is_no_python_is_refused_in_a_sentence(window: Any, qtbot: Any, tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text("class Net(:", encoding="utf-8")
    window.files.open_path(path)
    qtbot.waitUntil(lambda: bool(messages(window)), timeout=20_000)
    assert "line 1" in messages(window)[0]


def test_all_messages_are_listed_with_their_lines_and_lead_to_the_node(window: Any, qtbot: Any, file: Path) -> None:
    source = FILE.replace("self.fc(x)", "another(self.fc(x))")
    file.write_text(source, encoding="utf-8")
    window.files.open_path(file)
    qtbot.waitUntil(lambda: "linear" in drawn(window), timeout=20_000)
    window.sources.show_messages()
    rows = window.sources._messages.strip.rows
    assert len(rows) >= 2 and sum(row.message.startswith("Line 11: ") for row in rows) >= 2
    row = next(row for row in rows if row.key)
    window.sources._messages.strip.activated.emit(row.key)
    assert window.session.selection == (row.key,)
    window.sources._messages.close()
    qtbot.waitUntil(lambda: window.sources._messages is None, timeout=5_000)


def test_a_pasted_class_becomes_nodes_on_the_canvas(window: Any, qtbot: Any) -> None:
    window.files.new_project()
    page = window.stack.currentWidget()
    before = drawn(window)
    QApplication.clipboard().setText(CLASS)
    page.view.setFocus()
    qtbot.keyClick(page.view, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: "linear" in drawn(window), timeout=20_000)
    assert len(window.session.selection) == len(drawn(window)) - len(before)
    window.session.undo()
    assert drawn(window) == before


def test_weights_of_the_class_land_in_the_project(
    window: Any, qtbot: Any, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch
    from safetensors.torch import save_file

    window.files.open_path(file)
    qtbot.waitUntil(lambda: "linear" in drawn(window), timeout=20_000)
    save_file({"fc.weight": torch.ones(2, 4), "fc.bias": torch.ones(2), "more": torch.ones(1)}, tmp_path / "given.safetensors")
    folder = tmp_path / "saved"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_arguments: (str(folder), ""))
    chosen(monkeypatch, tmp_path / "given.safetensors")
    button = next(button for button in window.notices.findChildren(QPushButton) if button.text().startswith("Load its weights"))
    button.click()
    qtbot.waitUntil(lambda: window.session.project.recipe.start_from == "weights.safetensors", timeout=20_000)
    assert (folder / "weights.safetensors").is_file()
    said = next(row for row in window.notices.rows() if "given.safetensors" in row.message)
    assert "more" in said.reason
    window.session.undo()
    assert window.session.project.recipe.start_from == ""


def test_a_pickle_is_refused_with_what_to_type(window: Any, qtbot: Any, file: Path, tmp_path: Path) -> None:
    import torch

    window.files.open_path(file)
    qtbot.waitUntil(lambda: "linear" in drawn(window), timeout=20_000)
    window.session.save_as(tmp_path / "saved")
    torch.save({}, tmp_path / "given.pt")
    window.sources._reading = window.sources._reading or pytest.fail("the reading is forgotten")
    window.sources.take_weights(tmp_path / "given.pt")
    qtbot.waitUntil(lambda: any("pickle" in message for message in messages(window)), timeout=20_000)
    assert "save_file" in next(row for row in window.notices.rows() if "pickle" in row.message).reason
