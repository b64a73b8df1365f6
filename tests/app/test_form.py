"""Forms made from Params: what a person types becomes a value of the right type, or is refused with a reason."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QPlainTextEdit

from workbench.app.form import ParamsForm
from workbench.app.values import out_of_range, show_value, step_value
from workbench.catalogue import Params, param
from workbench.layers import LAYERS
from workbench.training.optimizers import OPTIMIZERS


class Sample(Params):
    units: int = param(10, label="Units", help="How many.", unit="units", ge=1, le=100)
    rate: float = param(0.5, label="Rate", help="How much.", gt=0, lt=1)
    kind: str = param("same", label="Kind", help="Which.", choices=("same", "valid"))
    bias: bool = param(True, label="Bias", help="Whether.")
    size: tuple[int, int] = param((3, 5), label="Size", help="Both sides.", main=False)
    limit: int | None = param(None, label="Limit", help="None for none.", main=False)


@pytest.fixture
def form(qtbot: Any) -> ParamsForm:
    made = ParamsForm(Sample, name="test.form")
    qtbot.addWidget(made)
    made.set_values({})
    made.show()
    return made


def type_into(qtbot: Any, form: ParamsForm, name: str, text: str) -> QLineEdit:
    line = form.findChild(QLineEdit, f"test.form.{name}")
    line.setFocus()
    line.selectAll()
    qtbot.keyClicks(line, text)
    qtbot.keyClick(line, Qt.Key.Key_Return)
    return line


def test_defaults_are_shown_and_nothing_is_said(form: ParamsForm, qtbot: Any) -> None:
    with qtbot.assertNotEmitted(form.edited):
        form.set_values({"units": 7})
    assert form.values() == {"units": 7, "rate": 0.5, "kind": "same", "bias": True, "size": (3, 5), "limit": None}


@pytest.mark.parametrize(("name", "text", "value"), [
    ("units", "64", 64), ("units", "6e1", 60), ("rate", "0.25", 0.25), ("size", "7x9", [7, 9]), ("size", "7 × 9", [7, 9]), ("limit", "4", 4),
])
def test_what_is_typed_becomes_a_value(form: ParamsForm, qtbot: Any, name: str, text: str, value: Any) -> None:
    form._more.show()
    with qtbot.waitSignal(form.edited) as said:
        type_into(qtbot, form, name, text)
    assert said.args == [name, value]


@pytest.mark.parametrize(("name", "text"), [("units", "0"), ("units", "101"), ("units", "many"), ("units", "2.5"), ("rate", "1"), ("rate", "nan")])
def test_what_cannot_be_is_refused_and_the_old_value_comes_back(form: ParamsForm, qtbot: Any, name: str, text: str) -> None:
    before = form.values()[name]
    with qtbot.assertNotEmitted(form.edited):
        line = type_into(qtbot, form, name, text)
    assert form.values()[name] == before
    assert line.text() == show_value(before)


def test_a_wrong_value_says_why_while_it_is_typed(form: ParamsForm, qtbot: Any) -> None:
    line = form.findChild(QLineEdit, "test.form.units")
    line.setFocus()
    line.selectAll()
    qtbot.keyClicks(line, "1000")
    assert line.property("wrong") == "true"
    assert "100" in line.toolTip()
    qtbot.keyClick(line, Qt.Key.Key_Escape)
    assert line.text() == "10" and line.property("wrong") == "false"


def test_arrows_move_the_value_within_its_range(form: ParamsForm, qtbot: Any) -> None:
    line = form.findChild(QLineEdit, "test.form.units")
    with qtbot.waitSignal(form.edited) as said:
        qtbot.keyClick(line, Qt.Key.Key_Up)
    assert said.args == ["units", 11]
    form.set_values({"units": 100})
    with qtbot.assertNotEmitted(form.edited):
        qtbot.keyClick(line, Qt.Key.Key_Up)


def test_choices_and_unknown_values(form: ParamsForm) -> None:
    box = form.findChild(QComboBox, "test.form.kind")
    assert [box.itemText(row) for row in range(box.count())] == ["same", "valid"]
    form.set_values({"kind": "strange"})
    assert form.values()["kind"] == "strange"
    form.set_choices("kind", ["a", "b"])
    assert form.values()["kind"] == "strange"


@pytest.mark.parametrize("entry", [*LAYERS, *OPTIMIZERS], ids=lambda entry: entry.name)
def test_every_entry_has_a_form_that_gives_back_its_defaults(entry: Any, qtbot: Any) -> None:
    form = ParamsForm(entry.Params, name="test.entry")
    qtbot.addWidget(form)
    form.set_values({})
    values = form.values()
    parsed = entry.parse(values)
    assert all(getattr(parsed, name) == info.get_default(call_default_factory=True) for name, info in entry.Params.model_fields.items())
    labels = {label.text() for label in form.findChildren(QLabel)}
    assert {info.title for info in entry.Params.model_fields.values()} <= labels


@pytest.mark.parametrize(("value", "direction", "large", "log", "expected"), [
    (10, 1, False, False, 11), (10, -1, True, False, 0), (0.001, 1, False, True, 0.002), (0.004, -1, False, True, 0.002),
    (0.5, 1, False, False, 0.51),
])
def test_steps(value: float, direction: int, large: bool, log: bool, expected: float) -> None:
    assert step_value(value, direction, large, log) == pytest.approx(expected)


def test_limits_of_lists() -> None:
    assert out_of_range([1, 5], {"ge": 2}) and not out_of_range((3, 5), {"ge": 2, "le": 5})


@pytest.fixture
def formula(qtbot: Any) -> ParamsForm:
    made = ParamsForm(LAYERS["expression"].Params, name="test.form")
    qtbot.addWidget(made)
    made.resize(280, 400)
    made.set_values({"expression": "x * sigmoid(x)"})
    made.show()
    return made


def lines_of(form: ParamsForm, name: str = "expression") -> tuple[QPlainTextEdit, QLabel]:
    edit, below = form.findChild(QPlainTextEdit, f"test.form.{name}"), form.findChild(QLabel, f"test.form.{name}.below")
    assert edit is not None and below is not None
    return edit, below


def test_a_formula_is_taken_over_while_it_is_typed(formula: ParamsForm, qtbot: Any) -> None:
    edit, below = lines_of(formula)
    edit.setFocus()
    edit.selectAll()
    with qtbot.waitSignal(formula.edited) as said:
        qtbot.keyClicks(edit, "x * tanh(x)")
    assert said.args == ["expression", "x * tanh(x)"] and below.isHidden()
    edit.moveCursor(edit.textCursor().MoveOperation.End)
    with qtbot.assertNotEmitted(formula.edited, wait=450):
        qtbot.keyClicks(edit, " +")
    assert "missing at the end" in below.text() and edit.property("wrong") == "true"
    with qtbot.waitSignal(formula.edited):
        qtbot.keyClick(edit, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert formula.values()["expression"] == "x * tanh(x) +"


def test_a_formula_says_what_it_gives_and_grows_with_its_lines(formula: ParamsForm, qtbot: Any) -> None:
    edit, below = lines_of(formula)
    formula.set_outcome("gives batch N × channel 3")
    assert below.text() == "gives batch N × channel 3" and edit.property("wrong") == "false"
    formula.set_outcome("height 6 against 7", wrong=True)
    assert below.isVisible() and edit.property("wrong") == "true" and below.height() >= below.heightForWidth(edit.width())
    before = edit.height()
    formula.set_values({"expression": "x +\ny +\nz +\nx * y"})
    assert edit.height() > before and edit.toPlainText() == "x +\ny +\nz +\nx * y"
    parameters, wrong = lines_of(formula, "parameters")
    parameters.setPlainText("weight")
    parameters.setFocus()
    edit.setFocus()
    assert "declares no parameter" in wrong.text()


def test_escape_takes_typing_back(formula: ParamsForm, qtbot: Any) -> None:
    edit, _ = lines_of(formula)
    edit.setFocus()
    edit.selectAll()
    with qtbot.assertNotEmitted(formula.edited):
        qtbot.keyClicks(edit, "y")
        qtbot.keyClick(edit, Qt.Key.Key_Escape)
    assert edit.toPlainText() == "x * sigmoid(x)"


def test_several_words_stay_words_and_a_field_can_be_hidden(qtbot: Any) -> None:
    from workbench.app.form import ParamsForm
    from workbench.data.formats.table import TableParams

    form = ParamsForm(TableParams, name="test", skip=("types",))
    qtbot.addWidget(form)
    form.set_values({"missing": ("n/a", "max")})
    line = form.fields["missing"].focus_widget()
    assert line.text() == "n/a, max"
    got = []
    form.edited.connect(lambda name, value: got.append((name, value)))
    line.setText("-999, x")
    line.editingFinished.emit()
    assert got == [("missing", ["-999", "x"])] and TableParams(missing=got[0][1]).missing == ("-999", "x")
    form.show()
    form._fold.setChecked(True)
    form.show_field("rate", False)
    assert not form.fields["rate"].isVisible() and form.fields["group"].isVisible()
