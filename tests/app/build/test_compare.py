"""Now against a run, and two runs: what the Compare tab lists and what the canvas marks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from workbench.graph import edit
from workbench.project.file import save
from workbench.project.project import Project


@pytest.fixture
def two_runs(bench: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run `first` is the drawing as it is; run `second` has other filters."""
    from workbench.app.session import Session

    folders = {}
    for name, graph in (("first", bench.graph), ("second", edit.set_params(bench.graph, "conv1", filters=8))):
        folders[name] = tmp_path / "runs" / name
        save(Project(graph=graph), folders[name])
        (folders[name] / "run.json").write_text("{}")
    infos = [type("Info", (), {"name": name, "path": path}) for name, path in folders.items()]
    monkeypatch.setattr(Session, "runs", property(lambda _self: infos))
    bench.session.runs_changed.emit()
    bench.page.tabs.setCurrentWidget(bench.page.compare)
    return bench.page.compare


def rows(panel: Any) -> list[tuple[str, ...]]:
    items = [panel.list.topLevelItem(row) for row in range(panel.list.topLevelItemCount())]
    return [tuple(item.text(column) for column in range(4)) for item in items]


def test_nothing_differs_at_first(two_runs: Any) -> None:
    assert rows(two_runs) == [], two_runs.state.text()
    assert "same model" in two_runs.state.text()


def test_the_list_and_the_canvas_follow_the_drawing(bench: Any, two_runs: Any) -> None:
    bench.page.commands.set_param("conv2", "filters", 16)
    bench.page.commands.delete(("pool2",), reconnect=True)
    new = bench.page.commands.add_after("dropout", "relu1")
    bench.page.settle()
    found = rows(two_runs)
    assert ("added", "dropout1", "", "Dropout") in found
    assert ("removed", "pool2", "Global average", "") in found
    assert ("changed", "conv2 · filters", "64", "16") in found
    assert ("wire added", "dropout1 → pool1", "", "") in found
    marks = bench.scene.marks
    assert marks.cards[new] == "added"
    assert marks.cards["conv2"] == "changed"
    assert [name for name, _ in marks.ghosts] == ["pool2"]
    before = bench.view.grab().toImage()
    two_runs.end()
    bench.view.viewport().repaint()
    assert marks.cards == {}
    assert bench.view.grab().toImage() != before


def test_two_runs(two_runs: Any) -> None:
    two_runs.after.setCurrentIndex(2)
    two_runs.compare()
    assert rows(two_runs) == [("changed", "conv1 · filters", "default", "8")]


def test_a_click_goes_to_the_layer(bench: Any, two_runs: Any) -> None:
    bench.page.commands.set_param("conv2", "filters", 16)
    bench.page.settle()
    two_runs.list.itemClicked.emit(two_runs.list.topLevelItem(0), 0)
    assert bench.session.selection == ("conv2",)


def test_a_run_without_its_drawing_says_so(bench: Any, two_runs: Any) -> None:
    path = Path(two_runs.before.itemData(0))
    (path / "model.graph.json").unlink()
    two_runs._snapshots.clear()
    two_runs.compare()
    assert "drawing" in two_runs.state.text()
    assert two_runs.found is None


def test_without_runs_there_is_a_sentence(bench: Any) -> None:
    bench.page.tabs.setCurrentWidget(bench.page.compare)
    assert "no run yet" in bench.page.compare.state.text()
