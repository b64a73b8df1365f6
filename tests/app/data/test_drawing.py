"""Rows as people read them: what leads, captions, tables, pairs, lists of small pictures; statistics that are right and can be pressed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QColor, QFont, QImage

from workbench.app import theme
from workbench.app.pages.data.cell_painting import LISTED_PX
from workbench.app.pages.data.filtering import Filter
from workbench.app.pages.data.rows import Rows
from workbench.app.pages.data.sample_view import SampleView
from workbench.app.pages.data.sound_picture import spectrogram
from workbench.app.pages.data.statistics import figures_of
from workbench.app.pages.data.statistics_view import Bars, Histogram
from workbench.app.pages.data.tile_painting import TilePainter
from workbench.data.open import open_dataset

PEOPLE = """name,age,joined,city,comment,class
Ann,31,2020-05-01,Berlin,likes long walks,a
Bob,,2021-06-02,上海,,b
Eve,44,2022-07-03,Berlin,came back twice,a
Zoe,25,2023-08-04,Paris,等了很久,b
""" + "".join(f"P{number},{20 + number},2024-01-{number % 12 + 10},Rome,nothing to say,a\n" for number in range(40))


@pytest.fixture
def people(tmp_path: Path) -> Rows:
    path = tmp_path / "people.csv"
    path.write_text(PEOPLE, encoding="utf-8")
    return Rows.of(open_dataset(str(path)), None, "class_")


def drawn(rows: Rows, size: tuple[int, int], row: int = 0) -> QImage:
    painter = TilePainter(rows, QSize(*size), 1.0, theme.current(), QFont(), QFont())
    return dict(painter.paint([row]))[row]


@pytest.mark.parametrize(("source", "target", "kind", "lines"), [
    ("generated:tones", "notes", "audio", 1), ("generated:questions", "answer", "image", 3), ("generated:road", "steering", "image", 2),
    ("generated:waves", "label", "series", 1), ("generated:dates", "iso", "text", 1),
])
def test_what_is_seen_leads_and_what_belongs_to_it_stands_below(source: str, target: str, kind: str, lines: int) -> None:
    rows = Rows.of(open_dataset(source), None, target)
    assert rows.lead is not None and rows.lead.kind == kind and rows.said.lines == lines
    said = rows.said.of(0)
    assert not rows.pictures or said.answer
    assert bool(said.beside) == (lines > 1)


def test_a_number_is_the_answer_where_it_is_learned() -> None:
    rows = Rows.of(open_dataset("generated:road"), None, "steering")
    assert rows.caption(0).endswith("°") and rows.said.of(0).beside in ("day", "night")
    assert Rows.of(open_dataset("generated:road"), None).caption(0) in ("day", "night")


def test_a_source_is_drawn_with_its_target() -> None:
    rows = Rows.of(open_dataset("generated:dates"), None, "iso")
    other = rows.other_text()
    assert other is not None and other.name == "iso"
    whole = drawn(rows, (300, 40))
    upper, lower = (whole.copy(0, top, 300, 20) for top in (0, 20))
    inks = [{QColor(part.pixel(x, y)).name() for x in range(300) for y in range(20)} for part in (upper, lower)]
    assert theme.current().accent.lower() in inks[1] and theme.current().accent.lower() not in inks[0]


def test_rows_of_a_table_are_read_value_by_value(people: Rows) -> None:
    assert people.table and not people.pictures
    values = dict(people.values(1))
    assert values["joined"] == "2021-06-02" and values["age"] == "–" and values["city"] == "上海"
    assert [people.select(Filter(words=words)).tolist() for words in ("paris", "等了", "zoe")] == [[3], [3], [3]]
    blank = drawn(people, (12, 34))
    assert drawn(people, (800, 34)).size() == QSize(800, 34) and blank.width() == 12
    assert bytes(drawn(people, (600, 400), 0).constBits()) != bytes(drawn(people, (600, 400), 1).constBits())


def test_a_hiss_does_not_fill_the_spectrogram() -> None:
    random = np.random.default_rng(0)
    sound = np.sin(np.arange(8000) * 0.6) + 0.05 * random.normal(size=8000)
    picture = spectrogram(sound.astype(np.float32), 60, False).astype(int).sum(2)
    assert np.median(picture) >= 740 and picture.min() < 400


def test_pictures_made_very_small_become_a_list(qtbot: Any) -> None:
    rows = Rows.of(open_dataset("sample:digits"), None)
    view = SampleView()
    qtbot.addWidget(view)
    view.resize(500, 400)
    view.show()
    view.set_rows(rows, rows.select(Filter()))
    columns = view._cells.columns
    while view._cell_px >= LISTED_PX:
        qtbot.keyClick(view, Qt.Key.Key_Minus, Qt.KeyboardModifier.ControlModifier)
    assert columns > 3 and view._cells.columns == 1 and not view.pictures
    view.grab()
    qtbot.waitUntil(lambda: view.tiles.pixmap(0) is not None, timeout=10_000)
    assert view.tiles.pixmap(0).height() <= view._line_px
    qtbot.keyClick(view, Qt.Key.Key_Plus, Qt.KeyboardModifier.ControlModifier)
    assert view.pictures and view._cells.columns > 3


def figure(rows: Rows, title: str) -> Any:
    return next(item for item in figures_of(rows, np.arange(len(rows.dataset)), lambda: False) if item.title == title)


def test_figures_of_a_table_count_what_stands_there(people: Rows) -> None:
    missing = figure(people, "Missing values")
    assert dict(missing.bars) == {"age": 1.0, "comment": 1.0}
    assert [wanted[1] for wanted in missing.chosen_by] == [(1,), (1,)]
    city = figure(people, "city")
    assert dict(city.bars)["Rome"] == 40 and city.chosen_by[[name for name, _ in city.bars].index("Paris")][1] == (3,)
    joined = figure(people, "joined")
    assert dict(joined.facts)["First"] == "2020-05-01" and dict(joined.facts)["Last"] == "2024-01-21"
    assert sum(figure(people, "age").counts) == 43


def test_bars_are_pressed_by_mouse_and_by_keys(people: Rows, qtbot: Any) -> None:
    bars = Bars(figure(people, "Missing values"), None)  # type: ignore[arg-type]
    histogram = Histogram(figure(people, "age"), None)  # type: ignore[arg-type]
    for widget in (bars, histogram):
        qtbot.addWidget(widget)
        widget.resize(300, widget.height())
        widget.show()
    with qtbot.waitSignal(bars.chosen) as pressed:
        qtbot.mouseClick(bars, Qt.MouseButton.LeftButton, pos=QPoint(20, 30))
    assert pressed.args[0][:2] == ("rows", (1,))
    qtbot.keyClick(bars, Qt.Key.Key_Down)
    with qtbot.waitSignal(bars.chosen):
        qtbot.keyClick(bars, Qt.Key.Key_Space)
    with qtbot.waitSignal(histogram.chosen) as pressed:
        qtbot.mouseClick(histogram, Qt.MouseButton.LeftButton, pos=QPoint(2, 20))
    kind, column, low, high = pressed.args[0]
    assert (kind, column, low) == ("range", "age", 20.0) and high > low


def test_sizes_of_pictures_lead_to_their_rows(tmp_path: Path) -> None:
    from PIL import Image

    for number, (width, height) in enumerate([(40, 30), (40, 30), (64, 20), (40, 30)]):
        folder = tmp_path / ("a" if number % 2 else "b")
        folder.mkdir(exist_ok=True)
        Image.fromarray(np.full((height, width, 3), 60 * number, np.uint8)).save(folder / f"{number}.png")
    rows = Rows.of(open_dataset(str(tmp_path)), None)
    sizes = next(item for item in figures_of(rows, np.arange(4), lambda: False) if dict(item.bars).get("64 × 20"))
    assert dict(sizes.bars) == {"40 × 30": 3.0, "64 × 20": 1.0}
    wanted = dict(zip(dict(sizes.bars), sizes.chosen_by, strict=True))["64 × 20"]
    assert [rows.image(row).shape[:2] for row in wanted[1]] == [(20, 64)]
