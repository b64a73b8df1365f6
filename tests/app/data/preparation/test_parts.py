"""Fields, reading, tokens, splits, balance and made rows: set by a person, one step each, taken back by undo, in both languages."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLineEdit, QWidget

from workbench.app import language
from workbench.app.pages.data.preparation.field_facts import field_facts, number_words
from workbench.app.pages.data.preparation.shares import class_shares, class_weights, rows_in_epoch, split_counts
from workbench.app.pages.data.preparation.splitting import SharesBar, kept_apart
from workbench.app.pages.data.preparation.tokens import chosen_tokenizer
from workbench.data.base import Field, FieldKind
from workbench.project.project import DataChoice, SplitChoice

PLANTED = 7


def choose(at: Any, name: str, value: Any) -> None:
    """Takes one entry of a box as a person does."""
    box: QComboBox = at.find(name)
    index = box.findData(value)
    assert index >= 0, (name, value, [box.itemData(place) for place in range(box.count())])
    box.setCurrentIndex(index)
    box.activated.emit(index)
    at.settle()


@pytest.fixture
def houses(tmp_path: Path) -> Path:
    """A table with dates, numbers, missing values, categories and texts."""
    random = np.random.default_rng(4)
    path = tmp_path / "houses.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["sold", "area", "rooms", "district", "price"])
        for row in range(160):
            area = "" if row < PLANTED else f"{random.normal(90, 20):.1f}"
            sold = f"2023-{row % 12 + 1:02}-{row % 28 + 1:02}"
            writer.writerow([sold, area, row % 4 + 1, ("north", "south", "harbour")[row % 3], f"{200 + row % 4 * 30 + random.normal():.2f}"])
    return path


@pytest.fixture
def table(desk: Callable[..., Any], houses: Path) -> Any:
    """The table, open on its fields."""
    at = desk("auto", str(houses))
    at.open("fields")
    section: Any = at.tab.sections["fields"]
    at.qtbot.waitUntil(lambda: section.table.rowCount() == 5, timeout=10_000)
    at.settle()
    return at


def row_of(at: Any, name: str) -> list[str]:
    """Returns what the table says of a field."""
    shown: Any = at.tab.sections["fields"].table
    found = [row for row in range(shown.rowCount()) if shown.item(row, 0).text() == name]
    shown.setCurrentCell(found[0], 0)
    return [shown.item(found[0], column).text() for column in range(shown.columnCount())]


def test_every_column_shows_type_role_examples_and_missing_values(table: Any) -> None:
    assert row_of(table, "area")[1:3] == ["number", "read"] and row_of(table, "area")[4] == str(PLANTED)
    assert row_of(table, "sold")[1] == "date" and "2023-01-01" in row_of(table, "sold")[3]
    assert row_of(table, "district")[1] == "category" and "harbour" in row_of(table, "district")[3]
    assert [row[2] for row in (row_of(table, name) for name in ("sold", "area", "rooms", "district", "price"))].count("learned") == 1


def test_another_type_of_a_column_is_one_step_and_undone(table: Any) -> None:
    before = table.session.project
    row_of(table, "rooms")
    choose(table, "fields.type", "category")
    table.qtbot.waitUntil(lambda: dict(table.data.params.get("types", {})) == {"rooms": "category"}, timeout=20_000)
    table.settle()
    assert table.session.dataset.field("rooms").kind == FieldKind.CATEGORY
    table.undone()
    assert table.session.project == before and table.session.dataset.field("rooms").kind == FieldKind.NUMBER


def test_another_field_is_learned_by_one_click(table: Any) -> None:
    before = table.session.project
    assert before.objectives[0].target == "price" and row_of(table, "area")[2] == "read"
    table.click("fields.learn")
    table.qtbot.waitUntil(lambda: table.session.project.objectives[0].target == "area", timeout=20_000)
    table.settle()
    table.qtbot.waitUntil(lambda: row_of(table, "area")[2] == "learned" and row_of(table, "price")[2] == "read", timeout=10_000)
    table.undone()
    assert table.session.project == before


def test_a_field_that_the_drawing_reads_is_not_learned_behind_its_back(table: Any) -> None:
    before = table.session.project
    assert row_of(table, "district")[2] == "read"
    table.click("fields.learn")
    table.qtbot.waitUntil(lambda: bool(table.session.opening.notes), timeout=20_000)
    assert table.session.project == before and "district" in str(table.session.opening.notes[0])
    table.session.opening.apply(table.session.opening.fixes[0])
    table.settle()
    assert table.session.project.objectives[0].target == "district" and table.session.checked.ok


def test_the_preparation_of_a_field_is_set_by_its_own_form(table: Any) -> None:
    row_of(table, "area")
    box = table.find("fields.form.standardise")
    box.click()
    assert dict(table.data.preprocessing["area"]) == {"standardise": False}
    table.settle()
    assert table.session.prepared.preprocessors["area"].mean == 0.0
    table.undone()
    assert "standardise" not in dict(table.data.preprocessing.get("area", {}))


def test_what_marks_missing_values_is_typed_as_words(table: Any) -> None:
    table.open("reading")
    table.click("reading.form.more")
    table.type("reading.form.missing", "-999, none")
    table.qtbot.waitUntil(lambda: list(table.data.params.get("missing", ())) == ["-999", "none"], timeout=20_000)


def test_a_wrong_parameter_of_the_format_is_refused_with_its_reason(table: Any) -> None:
    table.open("reading")
    before = table.session.project
    section: Any = table.tab.sections["reading"]
    section._take("group", "no such column")
    table.qtbot.waitUntil(lambda: bool(section._wrong.text()), timeout=20_000)
    assert table.session.project == before and section._form.values()["group"] == ""


def test_images_are_brought_to_another_size(desk: Callable[..., Any]) -> None:
    at = desk()
    at.open("fields")
    at.qtbot.waitUntil(lambda: at.tab.sections["fields"].table.rowCount() == 2, timeout=10_000)
    at.settle()
    at.type("fields.form.height", "16")
    at.type("fields.form.width", "16")
    assert dict(at.data.preprocessing["image"]) == {"height": 16, "width": 16}
    at.qtbot.waitUntil(lambda: bool(at.tab._strip.rows), timeout=10_000)
    at.tab._strip.rows[0].remedies[0].do()
    at.settle()
    assert not at.tab._strip.rows and at.session.checked.ok


def test_dates_are_said_as_dates() -> None:
    field = Field("sold", FieldKind.NUMBER, type="date")
    assert number_words(field, 19_358.0) == "2023-01-01" and number_words(field, 19_358.5) == "2023-01-01 12:00"


def test_facts_survive_a_column_that_cannot_be_read(desk: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    at = desk()
    dataset = at.session.dataset
    source = type(dataset)

    def broken(self: Any, name: str, rows: Any = None) -> Any:
        raise OSError("disk is gone")

    monkeypatch.setattr(source, "column", broken)
    facts = {fact.name: fact for fact in field_facts(at.session.project, dataset)}
    assert facts["label"].missing is None and "disk is gone" in facts["label"].examples[0]


@pytest.mark.parametrize("spoken", ["en", "zh"])
def test_another_tokeniser_shows_its_vocabulary_and_the_row(desk: Callable[..., Any], spoken: str) -> None:
    from dataclasses import replace

    at = desk("reviews-lstm")
    project = at.session.project
    at.session.edit("language", replace(project, data=replace(project.data, params={"rows": 300, "language": spoken})))
    at.settle()
    at.open("text")
    section: Any = at.tab.sections["text"]
    choose(at, "text.tokenizer.entry", "character")
    assert at.data.preprocessing["text"]["tokenizer"] == "character"
    at.qtbot.waitUntil(lambda: section._view is not None and section._view.facts.tokenizer == "character", timeout=20_000)
    prepared = at.session.prepared
    assert section.model.rowCount() == prepared.preprocessors["text"].vocabulary
    text = at.session.dataset.column("text", np.array([0]))[0]
    tokens = prepared.preprocessors["text"].tokens(text)
    assert [piece.note for piece in section.chips.pieces] == [str(token.id) for token in tokens]
    assert section.model.index(0, 0).data() and int(section.model.index(0, 2).data().replace(",", "")) > 0
    at.find("text.search").setText("zzzz")
    assert section.model.rowCount() == 0
    at.find("text.search").setText("的" if spoken == "zh" else "e")
    assert 0 < section.model.rowCount() < prepared.preprocessors["text"].vocabulary
    at.undone()
    assert at.data.preprocessing["text"].get("tokenizer", "word") == "word"


def test_the_length_at_which_texts_are_cut_is_marked_and_counted(desk: Callable[..., Any]) -> None:
    at = desk("reviews-lstm")
    at.open("text")
    section: Any = at.tab.sections["text"]
    at.type("text.tokenizer.word.maximum_length", "6")
    at.qtbot.waitUntil(lambda: section._view is not None and section._view.facts.maximum_length == 6, timeout=20_000)
    view = section._view
    assert view.lengths.edges[-1] > 7 and 0.1 < view.cut < 1 and "lose their end" in section._cut.text()


def test_the_tokeniser_offers_only_what_it_heeds() -> None:
    choice = chosen_tokenizer(DataChoice(preprocessing={"text": {"tokenizer": "file", "file": "x.json", "vocabulary": 9}}), "text")
    assert choice.name == "file" and dict(choice.params) == {"file": "x.json"}


def test_shares_are_typed_dragged_and_moved_by_keys(desk: Callable[..., Any]) -> None:
    at = desk()
    at.open("split")
    before, rows = at.data.split, len(at.session.dataset)
    at.type("split.form.validation", "0.25")
    assert at.data.split.validation == 0.25 and abs(at.session.prepared.count("validation") - rows / 4) < 12
    bar: SharesBar = at.find("split.bar")
    border = bar._borders()[1]
    at.qtbot.mousePress(bar, Qt.MouseButton.LeftButton, pos=bar.rect().topLeft() + bar.mapFromParent(bar.pos()) * 0 + _point(border))
    at.qtbot.mouseMove(bar, _point(round(bar.width() * 0.7)))
    at.qtbot.mouseRelease(bar, Qt.MouseButton.LeftButton, pos=_point(round(bar.width() * 0.7)))
    at.settle()
    assert abs(at.data.split.test - 0.3) < 0.02
    bar.setFocus()
    at.qtbot.keyClick(bar, Qt.Key.Key_Left)
    at.settle()
    assert at.data.split.validation > 0.1
    for _ in range(3):
        at.undone()
        if at.data.split == before:
            break
    assert at.data.split == before


def _point(x: int) -> Any:
    from PySide6.QtCore import QPoint

    return QPoint(x, 6)


def test_shares_that_leave_nothing_to_train_on_give_way() -> None:
    assert kept_apart(SplitChoice(validation=0.6, test=0.6), ("test",)).validation == pytest.approx(0.35)
    assert kept_apart(SplitChoice(validation=0.6, test=0.6), ("validation",)).test == pytest.approx(0.35)
    assert kept_apart(SplitChoice(), ("test",)) == SplitChoice()


def test_group_time_and_limit_are_set_and_taken_back(table: Any) -> None:
    table.open("split")
    choose(table, "split.form.group", "district")
    assert table.data.split.group == "district"
    prepared, dataset = table.session.prepared, table.session.dataset
    sides = [set(np.asarray(dataset.column("district", rows)).tolist()) for rows in prepared.splits.values()]
    assert not sides[0] & sides[1] and not sides[0] & sides[2]
    choose(table, "split.form.group", None)
    assert table.data.split.group == ""
    choose(table, "split.form.time", "sold")
    assert table.data.split.time == "sold" and "no leak through time" in table.find("split.words").text()
    table.click("split.form.more")
    table.type("split.form.limit", "80")
    assert table.data.limit == 80 and sum(len(rows) for rows in table.session.prepared.splits.values()) == 80
    for _ in range(4):
        table.undone()
    assert table.data.split == SplitChoice() and table.data.limit == 0


def test_classes_of_each_split_and_what_they_count_are_told(desk: Callable[..., Any]) -> None:
    at = desk()
    at.open("split", "balance")
    rows = at.page._rows
    found = class_shares(rows)
    assert found is not None and found.counts.sum(0).tolist() == list(split_counts(rows))
    training = np.bincount(rows.labels[at.session.prepared.splits["train"]], minlength=10)
    assert found.counts[:, 0].tolist() == training.tolist()
    shown: Any = at.find("split.classes")
    assert shown.rowCount() == 10 and shown.item(3, 1).text().startswith(f"{training[3]:,} ")
    choose(at, "balance.form.balance", "weights")
    assert at.data.balance == "weights"
    weights: Any = at.find("balance.classes")
    assert weights.item(0, 3).text() == f"{class_weights(training)[0]:.3g} ×"
    at.undone()
    assert at.data.balance == "none"


def test_weights_and_repeats_are_those_of_training() -> None:
    import torch

    from workbench.data.balance import oversampled
    from workbench.objectives import OBJECTIVES

    training = np.array([40, 10, 0, 5])
    classes = np.repeat(np.arange(4), training)
    entry: Any = OBJECTIVES["classification"]
    loss = entry.loss_function(entry.parse({"class_weights": "balanced"}), classes, torch.device("cpu"))
    scores = torch.zeros(2, 4)
    for one, other in ((0, 1), (1, 3)):
        pair = torch.tensor([one, other])
        scores[:] = torch.tensor([[3.0, 1.0, 0.0, -1.0], [0.5, -2.0, 0.0, 1.0]])
        parts = torch.nn.functional.cross_entropy(scores, pair, reduction="none")
        weights = torch.tensor(class_weights(training)[[one, other]], dtype=torch.float32)
        assert float(loss(scores, pair)) == pytest.approx(float((parts * weights).sum() / weights.sum()), rel=1e-5)
    assert class_weights(training)[2] == 0
    often = rows_in_epoch(training)
    assert often.tolist() == np.bincount(classes[oversampled(np.arange(len(classes)), classes, 7)], minlength=4).tolist() == [40, 40, 0, 40]


def test_rows_are_made_used_and_taken_out_again(desk: Callable[..., Any]) -> None:
    at = desk()
    at.open("made")
    assert not at.find("made.make").isEnabled() and "augmentation first" in at.find("made.words").text()
    at.tab.sections["augmentation"].propose()
    at.settle()
    before = len(at.session.dataset)
    at.click("made.make")
    at.qtbot.waitUntil(lambda: at.data.made == ("made-1",), timeout=30_000)
    at.settle()
    training = at.session.prepared.count("train")
    assert len(at.session.dataset) > before and split_counts(at.page._rows)[0] < training
    at.qtbot.waitUntil(lambda: bool(at.page.findChildren(QWidget, "data.preparation.made.use.made-1")), timeout=10_000)
    at.settle()
    at.find("made.use.made-1").click()
    at.settle()
    assert at.data.made == () and len(at.session.dataset) == before
    at.undone()
    assert at.data.made == ("made-1",)


def test_a_run_that_writes_texts_writes_rows(desk: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    from types import SimpleNamespace

    from workbench.app.pages.data.preparation import made

    at = desk("text-gpt")
    at.open("made")
    assert not at.find("made.write").isEnabled(), "there is no run yet"
    run, asked = SimpleNamespace(name="first", path=Path(), best=Path, state=SimpleNamespace(over=False)), []

    def written(project: Any, dataset: Any, folder: Path, by: Any, count: int) -> Any:
        from workbench.data.making.sets import MadeSet
        from workbench.project.making import keep

        asked.append((by, count))
        texts = [f"a text of its own {number}" for number in range(count)]
        numbers = np.arange(1, count + 1)
        return keep(project, folder, MadeSet("made-1", [""] * count, numbers, {dataset.fields[0].name: texts}, {"how": "writing"}, []), count)

    monkeypatch.setattr(made, "written_by", written)
    monkeypatch.setattr(type(at.session), "selected_run", property(lambda _session: run))
    section = at.tab.sections["made"]
    section.refresh(section.shown)
    at.find("made.count").setValue(7)
    before = len(at.session.dataset)
    at.click("made.write")
    at.qtbot.waitUntil(lambda: at.data.made == ("made-1",), timeout=30_000)
    at.settle()
    assert asked == [(run, 7)] and len(at.session.dataset) == before + 7
    at.undone()
    assert at.data.made == ()


def test_every_control_has_a_name_and_folding_outlives_a_rebuild(desk: Callable[..., Any]) -> None:
    at = desk("reviews-lstm")
    at.open(*at.tab.sections)
    nameless = [
        control.objectName() or type(control).__name__
        for kind in (QAbstractButton, QLineEdit, QComboBox) for control in at.tab.findChildren(kind)
        if control.isVisible() and control.focusPolicy() != Qt.FocusPolicy.NoFocus
        and not (control.accessibleName() and control.objectName().startswith("data."))
    ]
    assert not nameless
    at.open("split")
    state = at.page.page_state()
    at.page.restore_state(state)
    assert at.tab.state() == ("split",)


def test_the_tab_speaks_chinese(desk: Callable[..., Any]) -> None:
    language.set_language("zh_CN")
    at = desk("reviews-lstm")
    at.open(*at.tab.sections)
    words = [section.accessibleName() for section in at.tab.sections.values() if section.isVisible()]
    assert words and all(any("\u4e00" <= letter <= "\u9fff" for letter in word) for word in words)


def test_data_that_was_prepared_anew_while_the_page_was_away_is_taken_in(desk: Callable[..., Any]) -> None:
    from dataclasses import replace

    at = desk()
    at.open("split", "augmentation")
    before = at.session.prepared
    at.page.hide()
    project = at.session.project
    at.session.changed.disconnect(at.page.refresh)
    at.session.edit("seed", replace(project, data=replace(project.data, split=replace(project.data.split, seed=99))))
    at.qtbot.waitUntil(lambda: at.session.prepared is not None, timeout=20_000)
    assert at.session.prepared is not before and at.session.prepared != before
    at.page.show()
    at.page.shown()
    assert at.page._rows.prepared is at.session.prepared
    at.session.changed.connect(at.page.refresh)


def test_damaged_rows_are_asked_about_where_rows_are_read_while_training(desk: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.data.prepare.memory_budget", lambda: 0)
    at = desk()
    at.open("balance")
    streams = at.session.prepared.streams
    assert streams is not None and "None was damaged" in at.find("balance.damaged").text()
    streams.note({3: "it is torn"})
    choose(at, "balance.form.bad_rows", "stop")
    assert at.data.bad_rows == "stop" and "1 could not be read" in at.find("balance.damaged").text()
    at.undone()
    assert at.data.bad_rows == "skip"


def test_what_was_changed_elsewhere_shows_when_the_page_comes_back(desk: Callable[..., Any]) -> None:
    at = desk()
    at.open("augmentation")
    at.click("augmentation.suggest")
    at.page.hide()
    at.session.undo()
    at.page.show()
    assert not at.tab.sections["augmentation"].list.items
