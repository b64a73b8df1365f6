"""What stands in words: a class by its name, one row in the singular, an empty view, a search that is let go of."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton, QToolButton

from workbench.app.pages.data.page import DataPage
from workbench.app.pages.data.rows import Rows
from workbench.app.pages.data.seen import tensor_words
from workbench.app.pages.data.statistics import figures_of
from workbench.app.widgets import KeyValue
from workbench.data.open import open_dataset


@pytest.fixture
def page(session: Any, qtbot: Any, project_folder: Callable[..., Path]) -> DataPage:
    made = DataPage(session)
    qtbot.addWidget(made)
    made.resize(1300, 800)
    made.show()
    session.open(project_folder())
    qtbot.waitUntil(lambda: session.prepared is not None, timeout=20_000)
    made.shown()
    return made


def test_a_class_is_said_by_its_name_and_a_number_as_it_is() -> None:
    assert tensor_words("label", torch.tensor([2]), ("cat", "dog", "owl")) == "label: owl (2)"
    assert tensor_words("label", torch.tensor([7]), ("cat", "dog", "owl")) == "label: 7"
    assert tensor_words("price", torch.tensor([[0.25]])) == "price: 0.25 after normalising"
    assert tensor_words("words", torch.tensor([[3, 9]])) == "words: 2, whole numbers 3 to 9"


def test_a_column_that_is_called_like_a_fact_keeps_its_own_value(qtbot: Any) -> None:
    facts = KeyValue("test.facts")
    qtbot.addWidget(facts)
    facts.set_rows([("Id", "1001"), ("City", "Bergen"), ("Id", "afe21f")])
    assert [label.text() for label in facts.findChildren(QLabel)] == ["Id", "1001", "City", "Bergen", "Id", "afe21f"]
    facts.set_rows([("Id", "1002"), ("City", "Bergen"), ("Id", "b0")])
    assert [label.text() for label in facts._values.values()] == ["1002", "Bergen", "b0"]


def test_a_step_about_one_row_is_called_in_the_singular(page: DataPage, session: Any) -> None:
    ids = [page.rows.id_of(row) for row in range(2)]  # type: ignore[union-attr]
    page.editing.tag(ids[:1], "odd")
    page.editing.tag(ids, "even")
    assert [label for label, _, _ in session.history.past()][-2:] == ["Tag a row", "Tag 2 rows"]


def test_letting_go_of_a_search_empties_its_field_and_its_cross(page: DataPage, qtbot: Any) -> None:
    search = page.browser.search
    qtbot.keyClicks(search, "no such words")
    qtbot.waitUntil(lambda: not len(page.view.shown))
    cross = search.findChild(QToolButton)
    assert cross.property("opacity") != 0.0 and cross.isEnabled()
    qtbot.mouseClick(page.findChild(QPushButton, "data.grid.all"), Qt.MouseButton.LeftButton)
    assert search.text() == "" and len(page.view.shown) and not page.browser._delay.isActive()
    qtbot.waitUntil(lambda: not cross.isVisible() or cross.property("opacity") == 0.0)


def test_another_order_begins_at_the_top(page: DataPage) -> None:
    page.view.go_to(700)
    assert page.view.verticalScrollBar().value() > 0
    combo = page.browser.sort
    combo.setCurrentIndex(combo.findData("label"))
    combo.activated.emit(combo.currentIndex())
    assert page.view.current == page.view.shown[0] and page.view.verticalScrollBar().value() == 0
    page.editing.tag([page.rows.id_of(700)], "odd")  # type: ignore[union-attr]
    page.view.go_to(700)
    page.refresh(None, page.session.project)
    assert page.view.current == 700


def test_rows_that_are_still_looked_through_are_not_called_right(page: DataPage, session: Any, qtbot: Any) -> None:
    said = lambda: [label.text() for label in page.found.strip.findChildren(QLabel) if not label.isHidden()]  # noqa: E731
    qtbot.waitUntil(lambda: not page.found.looking and said() == ["Nothing looks wrong."], timeout=20_000)
    before = session.prepared
    page.editing.exclude([page.rows.id_of(3)], True)  # type: ignore[union-attr]
    qtbot.waitUntil(lambda: session.prepared is not None and session.prepared is not before, timeout=20_000)
    page._take_data()
    assert page.found.looking and said() == ["Looking through the rows..."]
    qtbot.waitUntil(lambda: said() == ["Nothing looks wrong."], timeout=20_000)


def test_images_of_many_sizes_are_told_by_width_and_height(tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / "ab"[number % 2]).mkdir(exist_ok=True)
        Image.new("RGB", (40 + number, 90 - number)).save(tmp_path / "ab"[number % 2] / f"{number}.png")
    rows = Rows.of(open_dataset(str(tmp_path)), None)
    found = {figure.title: figure for figure in figures_of(rows, np.arange(30), lambda: False)}
    assert "Sizes of Image" not in found
    assert dict(found["Width of Image"].facts)["Largest"] == "69 pixels" and dict(found["Height of Image"].facts)["Least"] == "61 pixels"
