"""Facets and orders over index arrays, kept thumbnails, edits by keyboard, what a run says, statistics, the map."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QFont

from workbench.app import theme
from workbench.app.pages.data.cell_layout import HEADER_PX, CellLayout
from workbench.app.pages.data.embedding import embedded, principal
from workbench.app.pages.data.filtering import Facet, Filter, Marks, Selector
from workbench.app.pages.data.map_points import within
from workbench.app.pages.data.page import DataPage
from workbench.app.pages.data.picking import Picking
from workbench.app.pages.data.rows import Rows
from workbench.app.pages.data.sound_picture import loudness, waveform
from workbench.app.pages.data.statistics import figures_of
from workbench.app.pages.data.thumbnails import Thumbnails, size_class
from workbench.app.pages.data.tile_painting import TilePainter

N = 500
KINDS = ["sample:digits", "generated:reviews", "generated:waves", "generated:tones", "generated:road", "generated:spirals"]


@pytest.fixture
def selector() -> Selector:
    random = np.random.default_rng(3)
    facets = [
        Facet("split", "Split", ["a", "b", "c"], random.integers(-1, 3, N)),
        Facet("label", "Class", [f"class {number}" for number in range(60)], random.integers(0, 60, N)),
        Marks("tag", "Tag", {"odd": np.arange(1, N, 2), "early": np.arange(10)}, N),
    ]
    values = random.normal(size=N).astype(np.float32)
    values[::50] = np.nan
    return Selector(N, facets, lambda _name: values, lambda words: np.arange(N) % len(words) == 0)


def passes(selector: Selector, wanted: Filter, row: int) -> bool:
    """The slow truth: one row, one condition after the other."""
    codes = {name: selector.facets[name].codes for name in ("split", "label")}
    marks = {"tag": [row % 2 == 1, row < 10]}
    value = selector._columns("x")[row]
    chosen = all(marks[name][number] if name in marks else codes[name][row] == number for name, number in wanted.chosen)
    return chosen and all(item.low <= value <= item.high for item in wanted.ranges) and (not wanted.words or row % len(wanted.words) == 0)


@pytest.mark.parametrize("wanted", [
    Filter(), Filter().choosing("split", 1), Filter().choosing("split", 2).choosing("tag", 0), Filter(words="abc").choosing("label", 7),
    Filter().within("x", -0.5, np.inf).choosing("tag", 1),
], ids=["all", "split", "split-tag", "words-label", "range-tag"])
def test_counts_are_what_the_next_click_would_leave(selector: Selector, wanted: Filter) -> None:
    shown = selector.select(wanted)
    assert shown.tolist() == [row for row in range(N) if passes(selector, wanted, row)]
    for name, counts in selector.counts(wanted).items():
        for value in range(0, len(counts), 7):
            clicked = wanted.choosing(name, -1).choosing(name, value)
            assert counts[value] == sum(passes(selector, clicked, row) for row in range(N)), (name, value)


def test_orders_hold_the_filter_and_put_missing_values_last(selector: Selector) -> None:
    shown = selector.select(Filter().choosing("tag", 0), "x", True)
    values = selector._columns("x")[shown]
    assert sorted(shown.tolist()) == list(range(1, N, 2)) and (np.diff(values[np.isfinite(values)]) <= 0).all()
    everything = selector._columns("x")[selector.select(Filter(), "x")]
    assert np.isnan(everything[-10:]).all() and not np.isnan(everything[:-10]).any()
    grouped = selector.select(Filter(), "x", False, "split")
    sizes = selector.groups(grouped, "split")
    assert sum(size for _, size in sizes) == N and sizes[-1][0] == ""
    assert set(selector.facets["split"].codes[grouped[: sizes[0][1]]].tolist()) == {0}


def test_letting_go_of_bounds_and_choices_gives_the_empty_filter() -> None:
    wanted = Filter().choosing("split", 1).within("x", 0, 1)
    assert wanted.choosing("split", -1).within("x", -np.inf, np.inf) == Filter()


@pytest.mark.parametrize("lines", [False, True], ids=["cells", "lines"])
def test_every_cell_of_every_group_is_found_where_it_stands(lines: bool) -> None:
    cells = CellLayout(23, 50, 60, 300, lines, (7, 1, 15))
    for place in range(23):
        assert cells.at(cells.rect(place, 40).center(), 40) == place
    assert cells.headers(0, cells.height)[1][1].height() == HEADER_PX
    assert cells.at(cells.headers(0, cells.height)[1][1].center(), 0) == -1
    place, seen = 0, [0]
    while (after := cells.moved(place, 1)) != place:
        place = after
        seen.append(place)
    assert seen[-1] >= 23 - cells.columns and len(set(seen)) == len(seen)


def test_shift_control_and_a_band_pick_rows() -> None:
    picking = Picking()
    picking.move(3, 20)
    picking.move(6, 20, extend=True)
    assert picking.places(20).tolist() == [3, 4, 5, 6]
    picking.move(10, 20, toggle=True)
    picking.move(4, 20, toggle=True)
    assert picking.places(20).tolist() == [3, 5, 6, 10]
    picking.begin_band(QPoint(0, 0), 0, adding=True)
    assert not picking.drag(QPoint(1, 1), 0) and picking.drag(QPoint(30, 30), 0)
    picking.pick_band(np.array([15]), 20)
    assert picking.places(20).tolist() == [3, 5, 6, 10, 15]
    picking.move(0, 20)
    assert picking.places(20).tolist() == [0] and picking.count == 1


def test_thumbnails_are_kept_by_file_and_state_and_stay_small(tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    file.write_bytes(b"one")
    kept = Thumbnails(tmp_path / "cache" / "pictures.sqlite")
    key = Thumbnails.key(file, 128)
    assert key is not None and size_class(100) == 128
    kept.keep([(key, b"picture")])
    kept.close()
    again = Thumbnails(tmp_path / "cache" / "pictures.sqlite", most_bytes=40)
    assert again.find([key]) == {key: b"picture"}
    file.write_bytes(b"other")
    assert Thumbnails.key(file, 128) != key and Thumbnails.key(tmp_path / "gone", 128) is None
    again.keep([(bytes([number]) * 16, b"x" * 10) for number in range(9)])
    again._prune()
    assert 0 < len(again.find([bytes([number]) * 16 for number in range(9)])) <= 4
    again.close()
    assert again.find([key]) == {}


def test_a_damaged_cache_is_no_error(tmp_path: Path) -> None:
    path = tmp_path / "pictures.sqlite"
    path.write_bytes(b"no database at all" * 100)
    kept = Thumbnails(path)
    kept.keep([(b"k", b"v")])
    assert kept.find([b"k"]) == {}


@pytest.mark.parametrize("source", KINDS)
def test_every_kind_is_drawn(qapp: Any, source: str) -> None:
    from workbench.data.open import open_dataset

    rows = Rows.of(open_dataset(source), None)
    painter = TilePainter(rows, QSize(120, 60), 2.0, theme.current(), QFont(), QFont())
    drawn = dict(painter.paint([0, 5]))
    for image in drawn.values():
        picture = image.convertToFormat(image.Format.Format_RGBA8888)
        assert len(set(bytes(picture.constBits()))) > 2 and image.devicePixelRatio() == 2.0
    assert bytes(drawn[0].constBits()) != bytes(drawn[5].constBits())


def test_a_tone_stands_at_its_pitch_and_a_wave_keeps_its_bounds() -> None:
    rate, pitch = 8000, 1000
    wave = np.sin(np.arange(rate) * 2 * np.pi * pitch / rate).astype(np.float32)
    bands = loudness(wave, 10)
    assert (np.abs((len(bands) - bands.argmax(0)) * rate / 2 / len(bands) - pitch) < rate / len(bands)).all()
    low, high = waveform(wave, 50)
    assert low.min() == pytest.approx(-1, abs=0.01) and high.max() == pytest.approx(1, abs=0.01)


def test_the_lasso_and_the_main_directions() -> None:
    points = np.array([[5, 5], [15, 5], [5, 15]], float)
    assert within(points, np.array([[0, 0], [10, 0], [10, 10], [0, 10]], float)).tolist() == [True, False, False]
    line = np.outer(np.linspace(-1, 1, 50), [3.0, 4.0, 0.0]) + np.random.default_rng(0).normal(0, 0.01, (50, 3))
    flat = principal(line, 2)
    assert abs(np.corrcoef(flat[:, 0], np.linspace(-1, 1, 50))[0, 1]) > 0.999 and flat[:, 1].std() < 0.05


@pytest.mark.parametrize("source", KINDS)
def test_every_kind_has_figures_and_a_place_on_the_map(source: str) -> None:
    from workbench.data.open import open_dataset

    rows = Rows.of(open_dataset(source), None)
    shown = np.arange(0, len(rows.dataset), 40)
    figures = figures_of(rows, shown, lambda: False)
    assert len(figures) >= 2 and all(figure.bars or figure.counts or figure.facts for figure in figures)
    splits = next(figure for figure in figures if figure.facet == "split")
    assert sum(value for _, value in splits.bars) == len(shown)
    places, points = embedded(rows, shown, "pca")
    assert len(places) == len(points) == len(shown) and points.min() >= 0 and points.max() <= 1 and points.std() > 0.01


@pytest.fixture
def page(session: Any, qtbot: Any, trained: Callable[..., Path]) -> DataPage:
    made = DataPage(session)
    qtbot.addWidget(made)
    made.resize(1300, 800)
    made.show()
    session.open(trained())
    qtbot.waitUntil(lambda: session.prepared is not None, timeout=20_000)
    made.shown()
    return made


def test_keys_change_rows_in_one_step_each(page: DataPage, session: Any, qtbot: Any) -> None:
    keys, view = Qt.Key, page.view
    view.go_to(0)
    for _ in range(2):
        qtbot.keyClick(view, keys.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    ids = page._picked_ids()
    assert len(ids) == 3
    qtbot.keyClick(view, keys.Key_7)
    assert [session.project.edits.of(name).labels["label"] for name in ids] == ["7"] * 3
    page.refresh(None, session.project)
    qtbot.keyClick(view, keys.Key_X)
    assert all(session.project.edits.of(name).excluded for name in ids) and page._picked_ids() == ids
    page.refresh(None, session.project)
    assert dict(page.facets.lists["changed"].items) == {"any change": 3, "left out": 3, "other class": 3}
    assert page._rows is not None and page._rows.label_of(0) == "7"
    session.undo()
    session.undo()
    assert len(session.project.edits) == 0


def test_tags_notes_and_splits_are_written_from_the_panel(page: DataPage, session: Any, qtbot: Any, tmp_path: Path) -> None:
    page.view.go_to(4)
    edits, name = page.row_panel.edits, page._picked_ids()[0]
    edits.tag.setText("look again")
    qtbot.keyClick(edits.tag, Qt.Key.Key_Return)
    edits.note.setText("smudged")
    qtbot.keyClick(edits.note, Qt.Key.Key_Return)
    page.editing.move([name], "test")
    edit = session.project.edits.of(name)
    assert (edit.tags, edit.note, edit.split) == (("look again",), "smudged", "test")
    page.refresh(None, session.project)
    assert dict(page.facets.lists["tag"].items) == {"look again": 1}
    page.facets.chosen.emit("tag", 0)
    assert page.view.shown.tolist() == [4]
    page.editing.write(tmp_path / "edits.csv")
    assert "look again" in (tmp_path / "edits.csv").read_text("utf-8")


def test_a_run_says_what_it_thinks_of_every_row(page: DataPage, session: Any, qtbot: Any) -> None:
    qtbot.waitUntil(lambda: page._rows is not None and page._rows.verdicts is not None, timeout=60_000)
    verdicts: Any = page._rows.verdicts
    counts = dict(page.facets.lists["verdict"].items)
    assert counts["wrong"] > 0 and counts["wrong"] + counts["right"] == int((verdicts.predicted >= 0).sum()) >= 500
    page.browser.sort.setCurrentIndex(page.browser.sort.findData("-:mistake"))
    page.browser.ordered.emit()
    page.facets.chosen.emit("verdict", 0)
    sure = verdicts.columns[":confidence"][page.view.shown]
    assert len(sure) == counts["wrong"] and (np.diff(sure) <= 0).all()
    row = page.view.current
    assert "→" in page._rows.caption(row)
    page.editing.relabel([page._rows.id_of(row)], "label", verdicts.names[int(verdicts.predicted[row])])
    page.refresh(None, session.project)
    assert dict(page.facets.lists["verdict"].items)["wrong"] == counts["wrong"] - 1


def test_statistics_and_map_follow_the_filter(page: DataPage, qtbot: Any) -> None:
    page.facets.chosen.emit("label", 3)
    page.browser.show_tab("statistics")
    qtbot.waitUntil(lambda: len(page.statistics._cards) > 3, timeout=20_000)
    page.browser.show_tab("map")
    qtbot.waitUntil(lambda: len(page.map.points._points) == len(page.view.shown), timeout=20_000)
    page.map.picked.emit(np.array([3, 13]))
    assert page.view.shown.tolist() == [3, 13] and page.browser.tab == "grid"
