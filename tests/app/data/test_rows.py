"""Rows and filters, the grid of a million rows, counts, what is known about one row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QMenu

from workbench.app.pages.data.counts import ROW_PX, CountList
from workbench.app.pages.data.editing import Editing
from workbench.app.pages.data.filtering import Filter
from workbench.app.pages.data.page import DataPage
from workbench.app.pages.data.row_panel import RowPanel
from workbench.app.pages.data.rows import Rows
from workbench.app.pages.data.sample_view import SampleView
from workbench.data.base import Dataset, Field, FieldKind


class Plain(Dataset):
    """Any number of tiny images of two classes; notes which rows were read."""

    fields = (Field("image", FieldKind.IMAGE, channels=1, height=2, width=2), Field("label", FieldKind.CATEGORY, categories=("even", "odd")))

    def __init__(self, count: int) -> None:
        self.count, self.read = count, 0

    def __len__(self) -> int:
        return self.count

    def ids(self) -> Sequence[str]:
        return [f"r{row}" for row in range(self.count)] if self.count < 1000 else range(self.count)  # type: ignore[return-value]

    def column(self, name: str, rows: np.ndarray | None = None) -> Any:
        wanted = np.arange(self.count) if rows is None else np.asarray(rows)
        if name == "label":
            return (wanted % 2).astype(np.int64)
        self.read += len(wanted)
        return np.repeat((wanted % 251).astype(np.uint8), 4).reshape(-1, 2, 2, 1)


class Split:
    """Enough of prepared data for the grid."""

    def __init__(self, count: int) -> None:
        rows = np.arange(count)
        self.splits = {"train": rows[: count // 2], "validation": rows[count // 2: count * 3 // 4], "test": rows[count * 3 // 4:]}
        self.preprocessors: dict[str, Any] = {}


@pytest.fixture
def view(qtbot: Any) -> SampleView:
    made = SampleView()
    qtbot.addWidget(made)
    made.resize(420, 300)
    made.show()
    return made


def rows_of(count: int) -> Rows:
    return Rows.of(Plain(count), Split(count), "label")  # type: ignore[arg-type]


def test_filters_narrow_by_split_class_and_words() -> None:
    rows = rows_of(40)
    assert rows.split_of(39) == "test" and rows.label_of(3) == "odd"
    assert rows.select(Filter()).tolist() == list(range(40))
    assert rows.select(Filter().choosing("split", 1).choosing("label", 1)).tolist() == [21, 23, 25, 27, 29]
    assert rows.select(Filter(words="R39")).tolist() == [39]
    assert rows.select(Filter((("split", 2),), words="odd")).tolist() == [31, 33, 35, 37, 39]
    assert rows.select(Filter(rows=(3, 1))).tolist() == [1, 3]
    assert rows.rows_of(["r7", "gone", "r2"]) == (2, 7)


def test_texts_are_searched_in_themselves(project_folder: Callable[..., Path]) -> None:
    from workbench.data.open import open_dataset

    rows = Rows.of(open_dataset("generated:reviews"), None)
    word = rows.text(0).split()[-1]
    found = rows.select(Filter(words=word.upper()))
    assert 0 in found and all(word.casefold() in rows.text(int(row)).casefold() for row in found)


def test_a_million_rows_open_and_jump_without_reading_columns(view: SampleView, qtbot: Any) -> None:
    rows = rows_of(1_000_000)
    dataset: Any = rows.dataset
    view.set_rows(rows, rows.select(Filter()))
    view.grab()
    qtbot.waitUntil(lambda: not view.tiles.pending, timeout=10_000)
    assert 0 < dataset.read < 100 and view.tiles.pixmap(0) is not None
    view.go_to(777_777)
    view.grab()
    qtbot.waitUntil(lambda: not view.tiles.pending, timeout=10_000)
    assert view.current == 777_777 and dataset.read < 200 and view.tiles.pixmap(777_777) is not None
    view.set_rows(rows, rows.select(Filter().choosing("label", 1)))
    assert view.current == 777_777


def test_cells_and_places_fit_each_other(view: SampleView) -> None:
    rows = rows_of(100)
    view.set_rows(rows, rows.select(Filter()))
    for place in (0, 1, 3, 4, 7):
        assert view.place_at(view._rect(place).center()) == place
    assert view.place_at(QPoint(1, 1)) == -1
    assert view._rect(3).right() <= view.viewport().width()


def test_a_click_chooses_and_a_double_click_opens(view: SampleView, qtbot: Any) -> None:
    rows = rows_of(100)
    view.set_rows(rows, np.array([10, 20, 30]))
    chosen, opened = [], []
    view.current_changed.connect(chosen.append)
    view.opened.connect(opened.append)
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=view._rect(2).center())
    qtbot.mouseDClick(view.viewport(), Qt.MouseButton.LeftButton, pos=view._rect(1).center())
    assert chosen == [30, 20]
    assert opened == [20]


def test_the_keyboard_reaches_every_row(view: SampleView, qtbot: Any) -> None:
    rows = rows_of(100)
    view.set_rows(rows, rows.select(Filter()))
    keys, columns = Qt.Key, view._cells.columns
    seen = []
    for key in (keys.Key_Right, keys.Key_Down, keys.Key_Left, keys.Key_Up, keys.Key_End, keys.Key_Home, keys.Key_PageDown):
        qtbot.keyClick(view, key)
        seen.append(view.current)
    page = view.viewport().height() // view._cells.pitch * columns
    assert seen == [1, 1 + columns, columns, 0, 99, 0, page]
    assert view._rect(view.current).bottom() <= view.viewport().height()
    with qtbot.waitSignal(view.opened):
        qtbot.keyClick(view, keys.Key_Return)
    assert "even" in view.accessibleDescription()


def test_zooming_keeps_the_place(view: SampleView, qtbot: Any) -> None:
    rows = rows_of(5000)
    view.set_rows(rows, rows.select(Filter()))
    view.verticalScrollBar().setValue(view._cells.pitch * 200)
    first = view._top_place()
    sizes: list[int] = []
    view.cell_size_changed.connect(sizes.append)
    view.set_cell_size(120)
    assert view._top_place() <= first < view._top_place() + view._cells.columns
    view.set_cell_size(9999)
    assert sizes == [120, 256]


def test_texts_are_shown_as_lines(view: SampleView) -> None:
    from workbench.data.open import open_dataset

    rows = Rows.of(open_dataset("generated:reviews"), None)
    view.set_rows(rows, rows.select(Filter()))
    assert not view.pictures and view._cells.columns == 1
    assert not view.grab().isNull()
    assert view.place_at(QPoint(50, view._rect(2).center().y())) == 2


def test_counts_are_chosen_and_let_go_by_mouse_and_keyboard(qtbot: Any) -> None:
    counts, chosen = CountList("test.counts", "Classes"), []
    qtbot.addWidget(counts)
    counts.set_items([("a", 3), ("b with a very long name that cannot fit", 0)])
    counts.resize(200, 60)
    counts.show()
    counts.grab()
    counts.chosen.connect(chosen.append)
    qtbot.mouseClick(counts, Qt.MouseButton.LeftButton, pos=QPoint(20, ROW_PX + 4))
    qtbot.keyClick(counts, Qt.Key.Key_Up)
    qtbot.keyClick(counts, Qt.Key.Key_Space)
    qtbot.keyClick(counts, Qt.Key.Key_Space)
    qtbot.mouseClick(counts, Qt.MouseButton.LeftButton, pos=QPoint(20, 5 * ROW_PX))
    assert chosen == [1, 0, -1]
    counts.choose(1)
    counts.set_items([("a", 3)])
    assert counts._chosen == -1


@pytest.fixture
def panel(qtbot: Any, session: Any) -> RowPanel:
    made = RowPanel(Editing(session))
    qtbot.addWidget(made)
    made.show()
    return made


def prepared_of(source: str, field: str) -> Rows:
    from workbench.data.open import open_dataset
    from workbench.data.prepare import prepare
    from workbench.project.project import DataChoice

    dataset = open_dataset(source)
    target = next(item.name for item in dataset.fields if item.kind == FieldKind.CATEGORY)
    return Rows.of(dataset, prepare(dataset, DataChoice(source=source), [field], [target]), target)


def test_a_row_of_pictures_is_shown_as_it_came_and_as_the_model_sees_it(panel: RowPanel) -> None:
    rows = prepared_of("sample:digits", "image")
    panel.show_row(rows, 5)
    assert panel._picture.isVisible() and not panel._text.isVisible()
    assert panel._picture.image().width() == 8
    assert panel.seen._picture.isVisible() and "normalising" in panel.seen._facts.text()
    assert "Row 5" in panel._title.text()
    panel.show_row(None, -1)
    assert not panel._picture.isVisible()


def test_a_row_of_text_shows_its_tokens(panel: RowPanel, qtbot: Any) -> None:
    rows = prepared_of("generated:reviews", "text")
    panel.show_row(rows, 3)
    assert panel._text.text() == rows.text(3) and not panel._picture.isVisible()
    assert rows.text(3).split()[0].casefold() in panel.seen._tokens.accessibleName().casefold()
    with qtbot.waitSignal(panel.inspect_wanted) as asked:
        panel._inspect.click()
    assert asked.args == [3]


@pytest.fixture
def page(session: Any, qtbot: Any, project_folder: Callable[..., Path]) -> DataPage:
    made = DataPage(session)
    qtbot.addWidget(made)
    made.resize(1100, 700)
    made.show()
    made.refresh(None, session.project)
    assert made._stack.currentIndex() == 0 and made.empty.button.isVisible()
    session.open(project_folder())
    qtbot.waitUntil(lambda: session.prepared is not None, timeout=20_000)
    made.shown()
    return made


def test_the_page_filters_and_says_how_many(page: DataPage, qtbot: Any) -> None:
    assert [name for name, _ in page.facets.lists["split"].items] == ["train", "validation", "test", "left out"]
    assert sum(count for _, count in page.facets.lists["split"].items) == 1797
    page.facets.lists["label"].chosen.emit(3)
    page.facets.lists["split"].chosen.emit(0)
    shown = page.view.shown
    assert page.browser.count.text().startswith(f"{len(shown):,} ") and 100 < len(shown) < 150
    assert dict(page.facets.lists["label"].items)["3"] == len(shown) == dict(page.facets.lists["split"].items)["train"]
    assert sum(count for _, count in page.facets.lists["label"].items) > 1000
    page.browser.search.setText("no such id")
    qtbot.waitUntil(lambda: len(page.view.shown) == 0, timeout=2000)
    page.show_all()
    assert len(page.view.shown) == 1797 and not page.browser.all.isVisible()


def test_a_double_click_enlarges_and_a_key_asks_inspect(page: DataPage, qtbot: Any) -> None:
    qtbot.mouseDClick(page.view.viewport(), Qt.MouseButton.LeftButton, pos=page.view._rect(2).center())
    assert page.browser.enlarged
    page.browser.loupe.grab()
    qtbot.waitUntil(lambda: page.browser.loupe.tiles.pixmap(2) is not None, timeout=10_000)
    qtbot.keyClick(page.browser.loupe, Qt.Key.Key_Right)
    with qtbot.waitSignal(page.session.row_wanted) as asked:
        qtbot.keyClick(page.browser.loupe, Qt.Key.Key_I)
    assert asked.args == [3]
    qtbot.keyClick(page.browser.loupe, Qt.Key.Key_Escape)
    assert not page.browser.enlarged and page.view.current == 3


def test_the_menu_of_a_row_copies_and_narrows(page: DataPage, qtbot: Any) -> None:
    point = page.view._rect(4).center()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, point, page.view.viewport().mapToGlobal(point))
    QApplication.sendEvent(page.view.viewport(), event)
    menu = page.findChild(QMenu, "data.grid.menu")
    actions = {action.text(): action for action in menu.actions()}
    actions["Copy id"].trigger()
    assert QGuiApplication.clipboard().text() == page._rows.dataset.ids()[4]
    actions["Copy picture"].trigger()
    assert QGuiApplication.clipboard().image().width() >= 256
    actions["Show only 4"].trigger()
    assert page._filter.of("label") == 4 and (page._rows.labels[page.view.shown] == 4).all()
    menu.close()


def test_findings_lead_to_their_rows(page: DataPage) -> None:

    page.found.rows_wanted.emit((page._rows.dataset.ids()[8], page._rows.dataset.ids()[6]))
    assert page.view.shown.tolist() == [6, 8]


def test_filter_cursor_and_size_outlive_a_rebuild(page: DataPage, session: Any, qtbot: Any) -> None:
    page.facets.chosen.emit("label", 7)
    page.browser.set_search("7")
    page.browser.searched.emit("7")
    page.view.go_to(int(page.view.shown[5]))
    page.browser.zoom.setValue(160)
    again = DataPage(session)
    qtbot.addWidget(again)
    again.resize(1100, 700)
    again.show()
    again.restore_state(page.page_state())
    assert again._filter == page._filter and again.view.current == page.view.current
    assert again.browser.search.text() == "7" and again.browser.zoom.value() == 160 == again.view._cell_px


def test_data_that_cannot_be_opened_says_why_where_it_stands(page: DataPage, session: Any, qtbot: Any) -> None:
    from dataclasses import replace

    session.edit("Move", replace(session.project, data=replace(session.project.data, source="/nowhere/at/all", format="")))
    qtbot.waitUntil(lambda: session.dataset_error is not None, timeout=10_000)
    page.refresh(None, session.project)
    assert page._stack.currentIndex() == 0 and "/nowhere/at/all" in page.empty._sentence.text()


def test_what_is_wrong_with_the_data_is_looked_for_aside_and_once(page: DataPage, session: Any, qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    from workbench.data.base import DataProblem

    where: list[int] = []

    def find(*_: Any) -> list[DataProblem]:
        where.append(threading.get_ident())
        return [DataProblem("duplicate", "Two rows are equal.", (page._rows.dataset.ids()[3],))]

    monkeypatch.setattr("workbench.data.summary.find_problems", find)
    page.found._looked = None
    page.found.show_rows(page._rows)
    qtbot.waitUntil(lambda: any("equal" in row.message for row in page.findings.rows), timeout=10_000)
    page._take_data()
    assert len(where) == 1 and where[0] != threading.get_ident()
    page.findings.rows[-1].remedies[-1].do()
    assert page.view.shown.tolist() == [3]


def test_a_finding_is_mended_by_one_click_and_brought_back_by_one_undo(page: DataPage, session: Any, qtbot: Any) -> None:
    from workbench.data.base import DataProblem

    ids = page._rows.dataset.ids()
    row = page.found._finding(DataProblem("copies", "Two rows are equal.", (ids[3], ids[9])))
    assert [remedy.main for remedy in row.remedies] == [True, False]
    row.remedies[0].do()
    assert {name for name, edit in session.project.edits.rows.items() if edit.excluded} == {ids[3], ids[9]}
    qtbot.waitUntil(lambda: session.dataset.left_out() is not None, timeout=10_000)
    assert session.dataset.left_out().tolist() == [3, 9]
    session.undo()
    assert not len(session.project.edits)


def test_large_data_is_searched_aside(page: DataPage, qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.app.pages.data.page.LARGE", 10)
    page.browser.search.setText(page._rows.dataset.ids()[5])
    qtbot.waitUntil(lambda: page.view.current == 5, timeout=10_000)
    page.show_all()
    assert len(page.view.shown) == 1797
