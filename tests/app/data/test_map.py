"""The map: vectors of a run's layer, colours and forms, the lasso by mouse and by keys, cancelling, what is missing said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from workbench.app.pages.data import map_view
from workbench.app.pages.data.embedding import Layer, Vectors, embedded, layers_of, neighbourhoods
from workbench.app.pages.data.map_colours import CROSS, choices_of, painted
from workbench.app.pages.data.map_points import Points
from workbench.app.pages.data.page import DataPage
from workbench.app.pages.data.rows import Rows

CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.5, 0.5]], np.float32)


@pytest.fixture
def points(qtbot: Any) -> Points:
    made = Points()
    qtbot.addWidget(made)
    made.resize(432, 332)
    made.show()
    made.show_points(np.array([10, 11, 12, 13, 14]), CORNERS)
    return made


def press(qtbot: Any, widget: Any, *keys: Qt.Key) -> None:
    for key in keys:
        qtbot.keyClick(widget, key)


def test_two_corners_by_keys_span_a_rectangle(points: Points, qtbot: Any) -> None:
    keys = Qt.Key
    asked: list[int] = []
    points.pointed.connect(asked.append)
    press(qtbot, points, keys.Key_Right)
    assert asked == [14] or asked == [11]
    points.show_points(np.array([10, 11, 12, 13, 14]), CORNERS)
    press(qtbot, points, keys.Key_Space)
    for _ in range(14):
        press(qtbot, points, keys.Key_Right)
    for _ in range(11):
        press(qtbot, points, keys.Key_Down)
    points.grab()
    with qtbot.waitSignal(points.picked) as picked:
        press(qtbot, points, keys.Key_Return)
    assert 14 in picked.args[0] and 13 not in picked.args[0]


def test_three_corners_are_an_area_and_escape_lets_go(points: Points, qtbot: Any) -> None:
    keys = Qt.Key
    press(qtbot, points, keys.Key_Space, keys.Key_Right, keys.Key_Space)
    press(qtbot, points, keys.Key_Backspace)
    assert len(points._corners) == 1
    press(qtbot, points, keys.Key_Escape)
    assert points._corners == []
    with qtbot.assertNotEmitted(points.picked):
        press(qtbot, points, keys.Key_Return)


def test_a_lasso_by_mouse_takes_what_lies_in_it(points: Points, qtbot: Any) -> None:
    with qtbot.waitSignal(points.picked) as picked:
        qtbot.mousePress(points, Qt.MouseButton.LeftButton, pos=QPoint(150, 100))
        for spot in ((300, 100), (300, 240), (150, 240), (140, 180), (150, 110)):
            qtbot.mouseMove(points, QPoint(*spot))
        qtbot.mouseRelease(points, Qt.MouseButton.LeftButton, pos=QPoint(150, 110))
    assert picked.args[0].tolist() == [14]


def test_rows_are_laid_out_as_a_layer_sees_them(trained: Callable[..., Path]) -> None:
    from workbench.data.open import open_dataset
    from workbench.project.runs import RunFolder, list_runs

    run = RunFolder(list_runs(trained())[0].path)
    layers, best = layers_of(run)
    assert best in [path for path, _ in layers]
    rows, said = Rows.of(open_dataset("sample:digits"), None), []
    kept = Vectors()
    found = embedded(rows, np.arange(1797), "pca", Layer(run, best), kept, lambda share, _word: said.append(share))
    assert found is not None and said[-1] == 1.0
    places, spots = found
    assert len(places) == 600 and spots.min() >= 0 and spots.max() <= 1
    said.clear()
    again = embedded(rows, np.arange(1797), "pca", Layer(run, best), kept, lambda share, _word: said.append(share))
    assert again is not None and not said and np.array_equal(again[1], spots)


def test_neighbours_stay_together_and_the_job_can_be_cancelled() -> None:
    random = np.random.default_rng(0)
    groups = np.repeat(np.arange(3), 30)
    values = random.normal(size=(90, 8)) + 12 * np.eye(8)[groups]
    spots = neighbourhoods(values, lambda _share, _word: None, lambda: False)
    assert spots is not None
    apart = ((spots[:, None] - spots[None]) ** 2).sum(2)
    np.fill_diagonal(apart, np.inf)
    assert (groups[apart.argmin(1)] == groups).mean() > 0.95
    asked: list[float] = []
    assert neighbourhoods(values, lambda share, _word: asked.append(share), lambda: len(asked) > 1) is None and len(asked) == 2


@pytest.fixture
def page(session: Any, qtbot: Any, trained: Callable[..., Path]) -> DataPage:
    made = DataPage(session)
    qtbot.addWidget(made)
    made.resize(1300, 800)
    made.show()
    session.open(trained())
    qtbot.waitUntil(lambda: session.prepared is not None, timeout=20_000)
    made.shown()
    made.browser.show_tab("map")
    qtbot.waitUntil(lambda: made.map.what.count() > 1 and len(made.map.points.rows) == 1797, timeout=30_000)
    return made


def test_the_selected_run_offers_its_layers_and_the_last_hidden_one_first(page: DataPage, qtbot: Any) -> None:
    view = page.map
    view.what.setCurrentIndex(1)
    view.what.activated.emit(1)
    qtbot.waitUntil(lambda: len(view.points.rows) == 600, timeout=30_000)
    assert view.chosen_layer is not None and view.chosen_layer.path == layers_of(view.chosen_layer.run)[1]
    assert view.layer.isVisible() and "600" in view._words.text()
    view.points.glance.grab()
    with qtbot.waitSignal(view.points.pointed):
        qtbot.keyClick(view.points, Qt.Key.Key_Right)
    assert page.view.current == view.points.glance.row
    row = page.view.current
    qtbot.keyClick(view.points, Qt.Key.Key_Return)
    assert page.browser.tab == "grid" and page.view.current == row


def test_colours_say_class_verdict_and_numbers(page: DataPage, qtbot: Any) -> None:
    qtbot.waitUntil(lambda: page._rows is not None and page._rows.verdicts is not None, timeout=60_000)
    rows = page._rows
    assert rows is not None and {"label", "split", "verdict", "#:loss"} <= {name for name, _ in choices_of(rows)}
    places = np.arange(0, 1797, 3)
    codes, paints = painted(rows, places, "verdict")
    assert paints[0].form == CROSS != paints[1].form and set(np.unique(codes)) <= {-1, 0, 1}
    codes, paints = painted(rows, places, "label")
    assert (codes == rows.labels[places]).all() and len({(paint.colour, paint.form) for paint in paints}) == 10
    loss = rows.numbers(":loss")[places]
    codes, _ = painted(rows, places, "#:loss")
    assert (codes[np.isnan(loss)] == -1).all() and codes[np.nanargmax(loss)] == 7


def test_without_scikit_learn_the_page_says_so(page: DataPage, qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(map_view, "can_neighbour", lambda: False)
    page.map.way.setCurrentIndex(1)
    page.map.way.activated.emit(1)
    assert "scikit-learn" in page.map._words.text() and not page.map.stop.isVisible()
